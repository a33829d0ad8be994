"""Events, the present and the question to a seat, as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from agentarena.core.events import Event
from agentarena.core.text import quote

from . import dynamics
from .hidden import knows_taken
from .state import HARVEST, OVER, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Round, State
from .words import VOCABULARY, number, times

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["look", "number", "question", "tell"]

_SHOWN_ROUNDS = 4
_SHOWN_SEATS = 40


def _who(other: int, seat: int, start: bool = False) -> str:
    name = "you" if other == seat else f"player {other}"
    return name[0].upper() + name[1:] if start else name


def _listed(values: Mapping[str, Any], seat: int) -> str:
    shown = list(values.items())[:_SHOWN_SEATS]
    more = f" and {len(values) - len(shown)} more" if len(values) > len(shown) else ""
    return ", ".join(f"{_who(int(other), seat)} {number(value)}" for other, value in shown) + more


# --- events ------------------------------------------------------------------------------------------------------------


def tell(game: Commons, event: Event, seat: int) -> str:
    """One event as a sentence."""
    return _SENTENCES[event.kind](game, event.data, seat)


def _round(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    joins = f" {_who(data['joins'], seat, True)} join{'' if data['joins'] == seat else 's'}." if "joins" in data else ""
    stock = "" if game.resource == "static" else f" There are {number(data['stock'])} {words.unit}."
    return f"{words.span.capitalize()} {data['number']} begins.{stock}{joins}"


def _own(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    if game.resource == "static":
        return f"You invested {number(data['taken'])} tokens and earned {number(data['gain'])} cents."
    effort = f"with effort {number(data['asked'])}" if game.resource == "logistic" else f"of {number(data['asked'])} wanted"
    return f"You {words.took} {number(data['taken'])} {words.unit} {effort}."


def _harvest(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    each = f": {_listed(data['taken'], seat)}" if "taken" in data else ""
    left = f" {number(data['left'])} {words.unit} are left." if "left" in data else ""
    wanted = f" Wanted: {_listed(data['asked'], seat)}." if "asked" in data else ""
    return f"All together {words.took} {number(data['total'])} {words.unit} in {words.span} {data['number']}{each}.{wanted}{left}"


def _starved(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    return " ".join(f"{_who(other, seat, True)} starved." for other in data["seats"])


def _said(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    who, acts = _who(data["seat"], seat, True), []
    if data["amount"]:
        acts.append(f"named a cap of {number(data['amount'])}")
    if data["choice"] == 1:
        acts.append("agreed")
    if data["choice"] >= 2:
        acts.append(f"blamed {_who(data['choice'] - 2, seat)}")
    if data["words"].strip():
        acts.append(f"said: {quote(data['words'], game.words)}")
    return f"{who} {' and '.join(acts)}{'' if data['words'].strip() else '.'}" if acts else f"{who} said nothing."


def _pairs(pairs: list[list[int]], seat: int, verb: str) -> str:
    return ", ".join(f"{_who(by, seat)} {verb} {_who(other, seat)}" for by, other in pairs[:_SHOWN_SEATS])


def _watch(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    return f"Watching: {_pairs(data['pairs'], seat, 'watched')}." if data["pairs"] else "Nobody watched."


def _seen(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    norm = f"; the norm is {number(data['norm'])}" if data["norm"] >= 0 else ""
    return f"You watched {_who(data['seat'], seat)}, who {words.took} {number(data['taken'])} {words.unit}{norm}."


def _sanction(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    if not data["pairs"]:
        return "Nobody was punished."
    own = data["cost"][seat]
    return f"Punished: {_pairs(data['pairs'], seat, 'punished')}." + (
        f" Watching and punishing cost you {number(own)} this {VOCABULARY[game.scenario].span}." if own else ""
    )


def _learned(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    effort = f" with effort {number(data['effort'])}" if game.resource == "logistic" else ""
    cap = f" It last proposed a norm of {number(data['proposed'])}." if data["proposed"] >= 0 else ""
    note = f" Its last note: {quote(data['note'], game.words)}" if data["note"] else ""
    change = f"gained {number(data['gain'])}" if data["gain"] >= 0 else f"lost {number(-data['gain'])}"
    return f"You learn from player {data['seat']}, who {words.took} {number(data['taken'])} {words.unit}{effort} and {change} in all.{cap}{note}"


def _proposed(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    return f"Proposed norms: {_listed(data['caps'], seat)}."


def _norm(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    votes = (
        f" Votes: {', '.join(f'{_who(int(by), seat)} for {_who(other, seat)}' for by, other in data['ballots'].items())}."
        if data["ballots"]
        else ""
    )
    return f"{votes.strip()} The norm is now that nobody should {words.take} more than {number(data['norm'])} {words.unit} a {words.span}.".strip()


def _end(game: Commons, data: Mapping[str, Any], seat: int) -> str:
    words = VOCABULARY[game.scenario]
    why = {
        "collapse": f"{words.pool[0].upper()}{words.pool[1:]} has collapsed after {data['rounds']} {words.span}{'s' if data['rounds'] != 1 else ''}.",
        "time": f"All {data['rounds']} {words.span}s are over.",
        "starved": "Nobody is left.",
    }
    return why[data["cause"]]


_SENTENCES: dict[str, Callable[[Commons, Mapping[str, Any], int], str]] = {
    "round": _round,
    "own": _own,
    "harvest": _harvest,
    "starved": _starved,
    "said": _said,
    "watch": _watch,
    "seen": _seen,
    "sanction": _sanction,
    "learned": _learned,
    "proposed": _proposed,
    "norm": _norm,
    "end": _end,
}


# --- the present ----------------------------------------------------------------------------------------------------------


def look(game: Commons, state: State, seat: int) -> str:
    """What a seat sees now."""
    words = VOCABULARY[game.scenario]
    lines = [_head(game, state)]
    if state.norm >= 0 and state.phase != OVER:
        lines.append(f"The norm: nobody should {words.take} more than {number(state.norm)} {words.unit} a {words.span}.")
    if not state.alive[seat]:
        lines.append("You have starved and take no part any more.")
    elif not game.present(seat, state.number) and state.phase != OVER:
        lines.append(f"You have not joined yet; you do in {words.span} {game.newcomer}.")
    lines.append(f"You have {number(state.wealth[seat])} {'cents' if game.resource == 'static' else words.unit} so far.")
    if game.universalization and state.phase == HARVEST:
        part = dynamics.share(int(state.stock), len(state.asked), game.factor)
        lines.append(f"If every player {words.took} more than {part} {words.unit} now, there would be less the next {words.span}.")
    note = next((done.notes[seat] for done in (state.now, *state.past[::-1]) if done.notes[seat]), "")
    if note:
        lines.append(f"Your last note: {quote(note, game.words)}")
    played = [*state.past, state.now] if max(state.now.taken) >= 0 else list(state.past)
    if played and state.phase not in (WATCH, SANCTION):  # there one has just been told
        lines.append(f"Last {words.span}s, latest first:")
        lines += [f"- {_line(game, done, seat)}" for done in played[: -_SHOWN_ROUNDS - 1 : -1]]
    return "\n".join(lines)


def _head(game: Commons, state: State) -> str:
    words = VOCABULARY[game.scenario]
    if state.phase == OVER:
        return _end(game, {"cause": state.cause, "rounds": len(state.past)}, -1)
    now = f"{words.span.capitalize()} {state.number} of at most {game.rounds}."
    if game.resource == "static":
        return now
    seen = "At its beginning there were" if max(state.now.taken) >= 0 else "There are"
    return (
        f"{now} {seen} {number(state.stock)} {words.unit} in {words.pool}."
        if game.scenario != "commons"
        else f"{now} {seen} {number(state.stock)} units."
    )


def _line(game: Commons, done: Round, seat: int) -> str:
    words = VOCABULARY[game.scenario]
    before = "" if game.resource == "static" else f"there were {number(done.stock)}, "
    parts = [f"{words.span} {done.number}: {before}all {words.took} {number(done.total)}"]
    known = {str(other): got for other, got in enumerate(done.taken) if got >= 0 and knows_taken(game, done, seat, other)}
    if known:
        parts.append(_listed(known, seat))
    if done.norm >= 0:
        parts.append(f"norm {number(done.norm)}")
    fines = [other for other in done.fined if other >= 0]
    if fines:
        parts.append(f"{len(fines)} punished" + (f", you {times(fines.count(seat))}" if seat in fines else ""))
    if done.cost[seat]:
        parts.append(f"watching and punishing cost you {number(done.cost[seat])}")
    return "; ".join(parts)


# --- the question -----------------------------------------------------------------------------------------------------------


def question(game: Commons, state: State, seat: int) -> str:
    """What a seat that is to move is asked."""
    return _QUESTIONS[state.phase](game, state, seat)


def _ask_talk(game: Commons, state: State, seat: int) -> str:
    turn = f" (utterance {state.turn + 1} of at most {game.talk})" if game.floor == "turns" else ""
    cap = "level 3" if game.levels else "a number"
    return f"What do you say{turn}? Free words in a say tag, if any; and a move: pass, {cap} to name a cap, yes to agree, or player 1 to blame player 1."


def _ask_harvest(game: Commons, state: State, seat: int) -> str:
    words = VOCABULARY[game.scenario]
    if game.resource == "doubling":
        return f"How many {words.unit} do you want to {words.take}? A whole number from 0 to {number(state.stock)}."
    if game.resource == "static":
        return f"How many tokens do you invest in the group account? A whole number from 0 to {game.tokens}."
    return f"How much effort? level 0 to level {game.levels}." if game.levels else "How much effort? A number from 0 to 1."


def _ask_watch(game: Commons, state: State, seat: int) -> str:
    return "Do you watch another player, drawn at random? yes or pass."


def _ask_sanction(game: Commons, state: State, seat: int) -> str:
    if game.sanction == "chosen":
        return "Whom do you punish? A player such as player 1, or pass."
    words = VOCABULARY[game.scenario]
    other = state.now.watched[seat]
    norm = f" (the norm is {number(state.norm)})" if state.norm >= 0 else ""
    return f"You watched player {other}, who {words.took} {number(state.now.taken[other])}{norm}. Do you punish it? yes or pass."


def _ask_reflect(game: Commons, state: State, seat: int) -> str:
    return (
        "What do you note: your strategy from now on, and what you believe about the resource and the others? Words in a say tag, and pass."
    )


def _ask_propose(game: Commons, state: State, seat: int) -> str:
    words = VOCABULARY[game.scenario]
    top = f"level 0 to level {game.levels}" if game.levels else f"A number from 0 to {number(game.top)}"
    return f"Which cap do you propose on what one player should {words.take} in a {words.span}? {top}."


def _ask_vote(game: Commons, state: State, seat: int) -> str:
    caps = {str(other): cap for other, cap in enumerate(state.now.proposed) if cap >= 0}
    return f"Proposed: {_listed(caps, seat)}. Whose proposal do you vote for? A player such as player {seat} (yourself)."


_QUESTIONS: dict[int, Callable[[Commons, State, int], str]] = {
    TALK: _ask_talk,
    HARVEST: _ask_harvest,
    WATCH: _ask_watch,
    SANCTION: _ask_sanction,
    REFLECT: _ask_reflect,
    PROPOSE: _ask_propose,
    VOTE: _ask_vote,
}
