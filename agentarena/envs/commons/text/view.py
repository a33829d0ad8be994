"""What a seat sees now, and the question to a seat that is to move."""

from __future__ import annotations

from collections.abc import Callable

from agentarena.core.speech import signal
from agentarena.core.text import quote
from agentarena.envs.commons.observation import known_harvests
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.rules import dynamics
from agentarena.envs.commons.state import HARVEST, OVER, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Round, State, last_note

from .events import ending
from .vocabulary import VOCABULARY, listed, number, times

__all__ = ["look", "question"]

_RECENT_ROUNDS = 4


def look(options: CommonsOptions, state: State, seat: int) -> str:
    """What a seat sees now."""
    words = VOCABULARY[options.scenario]
    lines = [_head(options, state)]
    if state.norm >= 0 and state.phase != OVER:
        lines.append(f"The norm: nobody should {words.take} more than {number(state.norm)} {words.unit} a {words.span}.")
    if not state.alive[seat]:
        lines.append("You have starved and take no part any more.")
    elif not options.has_joined(seat, state.number) and state.phase != OVER:
        lines.append(f"You have not joined yet; you do in {words.span} {options.newcomer}.")
    lines.append(f"You have {number(state.wealth[seat])} {'cents' if options.resource == 'static' else words.unit} so far.")
    if options.universalization and state.phase == HARVEST:
        part = dynamics.share(int(state.stock), len(state.to_move), options.factor)
        lines.append(f"If every player {words.took} more than {part} {words.unit} now, there would be less the next {words.span}.")
    note = state.current.notes[seat] or last_note(state, seat)
    if note:
        lines.append(f"Your last note: {quote(note, options.words)}")
    played = state.past[-_RECENT_ROUNDS:]
    if state.current.is_harvested:
        played = (*played, state.current)[-_RECENT_ROUNDS:]
    if played and state.phase not in (WATCH, SANCTION):  # there the events have just said so
        lines.append(f"Last {words.span}s, latest first:")
        lines += [f"- {_round_line(options, done, seat)}" for done in reversed(played)]
    return "\n".join(lines)


def _head(options: CommonsOptions, state: State) -> str:
    words = VOCABULARY[options.scenario]
    if state.phase == OVER:
        return ending(options, state.cause, len(state.past))
    now = f"{words.span.capitalize()} {state.number} of at most {options.rounds}."
    if options.resource == "static":
        return now
    verb = "At its beginning there were" if state.current.is_harvested else "There are"
    where = "" if options.scenario == "commons" else f" in {words.pool}"
    return f"{now} {verb} {number(state.stock)} {words.unit}{where}."


def _round_line(options: CommonsOptions, done: Round, seat: int) -> str:
    words = VOCABULARY[options.scenario]
    before = "" if options.resource == "static" else f"there were {number(done.stock)}, "
    parts = [f"{words.span} {done.number}: {before}all {words.took} {number(done.total)}"]
    known = known_harvests(options, done, seat)
    if known:
        parts.append(listed(known, seat))
    if done.norm >= 0:
        parts.append(f"norm {number(done.norm)}")
    fines = [other for other in done.punished if other >= 0]
    if fines:
        parts.append(f"{len(fines)} punished" + (f", you {times(fines.count(seat))}" if seat in fines else ""))
    if done.cost[seat]:
        parts.append(f"watching and punishing cost you {number(done.cost[seat])}")
    return "; ".join(parts)


# --- the question -----------------------------------------------------------------------------------------------------------


def question(options: CommonsOptions, state: State, seat: int) -> str:
    """What a seat that is to move is asked."""
    return _QUESTIONS[state.phase](options, state, seat)


def _ask_talk(options: CommonsOptions, state: State, seat: int) -> str:
    turn = f" (utterance {state.turn + 1} of at most {options.talk})" if options.floor == "turns" else ""
    if options.latent:
        moves = ", ".join(signal(move.symbol, "player 1" if move.names_seat else "") for move in options.latent)
        return f"What do you say{turn}? Free words in a say tag, if any; and a signal: {moves}."
    cap = "level 3" if options.levels else "a number"
    return f"What do you say{turn}? Free words in a say tag, if any; and a move: pass, {cap} to name a cap, yes to agree, or player 1 to blame player 1."


def _ask_harvest(options: CommonsOptions, state: State, seat: int) -> str:
    words = VOCABULARY[options.scenario]
    if options.resource == "doubling":
        return f"How many {words.unit} do you want to {words.take}? A whole number from 0 to {number(state.stock)}."
    if options.resource == "static":
        return f"How many tokens do you invest in the group account? A whole number from 0 to {options.tokens}."
    return f"How much effort? level 0 to level {options.levels}." if options.levels else "How much effort? A number from 0 to 1."


def _ask_watch(options: CommonsOptions, state: State, seat: int) -> str:
    return "Do you watch another player, drawn at random? yes or pass."


def _ask_sanction(options: CommonsOptions, state: State, seat: int) -> str:
    if options.sanction == "chosen":
        return "Whom do you punish? A player such as player 1, or pass."
    words = VOCABULARY[options.scenario]
    other = state.current.watched[seat]
    norm = f" (the norm is {number(state.norm)})" if state.norm >= 0 else ""
    return f"You watched player {other}, who {words.took} {number(state.current.harvested[other])}{norm}. Do you punish it? yes or pass."


def _ask_reflect(options: CommonsOptions, state: State, seat: int) -> str:
    return (
        "What do you note: your strategy from now on, and what you believe about the resource and the others? Words in a say tag, and pass."
    )


def _ask_propose(options: CommonsOptions, state: State, seat: int) -> str:
    words = VOCABULARY[options.scenario]
    top = f"level 0 to level {options.levels}" if options.levels else f"A number from 0 to {number(options.highest_cap)}"
    return f"Which cap do you propose on what one player should {words.take} in a {words.span}? {top}."


def _ask_vote(options: CommonsOptions, state: State, seat: int) -> str:
    caps = {other: cap for other, cap in enumerate(state.current.proposed) if cap >= 0}
    return f"Proposed: {listed(caps, seat)}. Whose proposal do you vote for? A player such as player {seat} (yourself)."


_QUESTIONS: dict[int, Callable[[CommonsOptions, State, int], str]] = {
    TALK: _ask_talk,
    HARVEST: _ask_harvest,
    WATCH: _ask_watch,
    SANCTION: _ask_sanction,
    REFLECT: _ask_reflect,
    PROPOSE: _ask_propose,
    VOTE: _ask_vote,
}
