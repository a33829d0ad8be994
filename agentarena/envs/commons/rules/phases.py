"""The phases of a round, in order. Every function takes a state and the moves of the seats to move, and returns the next state.

A round goes: (talk) harvest (talk) watch, sanction, social learning, reflect, propose, vote, regrowth. Phases that the options leave out,
or that nobody can take part in, are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import (
    HARVEST,
    OVER,
    PHASES,
    PROPOSE,
    REFLECT,
    SANCTION,
    TALK,
    VOTE,
    WATCH,
    Move,
    State,
    Utterance,
    active_seats,
    empty_round,
    speakers,
)

from .harvest import gains, harvest
from .institutions import draw_other, learn, lower_median, offences, plurality

__all__ = ["PHASE_STEPS", "first_state"]

Moves = Mapping[int, Move]


def first_state(options: CommonsOptions, rng: np.random.Generator) -> State:
    """A fresh match."""
    norm = float(options.norm)
    current = empty_round(1, options.first_stock, norm, options.players)
    state = State(
        phase=HARVEST,
        to_move=(),
        stock=current.stock,
        norm=norm,
        wealth=(float(options.endowment),) * options.players,
        alive=(True,) * options.players,
        past=(),
        current=current,
        utterances=(),
        turn=0,
        rewards=options.no_rewards,
        news=(("round", 1),),
        cause="",
    )
    return enter(options, state, TALK, rng)


# --- from phase to phase ---------------------------------------------------------------------------------------------------


def enter(options: CommonsOptions, state: State, phase: int, rng: np.random.Generator) -> State:
    """The state in which the first phase from `phase` on that somebody takes part in waits for its seats."""
    active = active_seats(options, state)
    last = state.number >= options.rounds
    for step in range(phase, OVER):
        if step == TALK and options.talk_when == "before" and options.has_talk(state.number):
            return replace(state, phase=TALK, turn=0, to_move=speakers(options, active, state.number, 0))
        if step == HARVEST and not state.current.is_harvested:
            return replace(state, phase=HARVEST, to_move=active)
        if step == WATCH:
            if options.sanction == "random" and len(active) > 1:
                return replace(state, phase=WATCH, to_move=active)
        elif step == SANCTION:
            to_move = tuple(seat for seat in active if state.current.watched[seat] >= 0) if options.sanction == "random" else active
            if options.sanction != "none" and to_move and len(active) > 1:
                return replace(state, phase=SANCTION, to_move=to_move)
            if not last:
                state = learn(options, state, rng)
        elif step == REFLECT and options.reflection and not last:
            return replace(state, phase=REFLECT, to_move=active)
        elif step == PROPOSE and options.voting != "none" and not last:
            return replace(state, phase=PROPOSE, to_move=active)
    return close(options, state, rng)


def after_harvest(options: CommonsOptions, state: State, rng: np.random.Generator) -> State:
    """Talk, where that follows the harvest, and the rest of the round."""
    if options.talk_when == "after" and state.number < options.rounds and options.has_talk(state.number):
        return replace(state, phase=TALK, turn=0, to_move=speakers(options, active_seats(options, state), state.number, 0))
    return enter(options, state, WATCH, rng)


def close(options: CommonsOptions, state: State, rng: np.random.Generator) -> State:
    """The end of a round: the resource regrows, and the next round begins unless the match is over."""
    done = state.current
    stock = done.left
    if options.resource == "doubling":
        stock = min(options.capacity, options.factor * done.left)
    cause = state.cause or ("collapse" if options.has_collapsed(done.left) else "time" if done.number >= options.rounds else "")
    if not any(state.alive):
        cause = "starved"
    if cause == "collapse" and options.resource == "doubling":
        stock = done.left
    current = empty_round(done.number + 1, stock, state.norm, options.players)
    news = (*state.news, ("end", done.number) if cause else ("round", current.number))
    state = replace(state, past=(*state.past, done), current=current, stock=stock, cause=cause, news=news)
    return replace(state, phase=OVER, to_move=()) if cause else enter(options, state, TALK, rng)


# --- the phases ----------------------------------------------------------------------------------------------------------------


def _harvest(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    current = harvest(options, state.current, moves, rng)
    rewards = gains(options, current)
    wealth = tuple(have + got for have, got in zip(state.wealth, rewards, strict=True))
    alive = state.alive
    news: tuple[tuple[str, int], ...] = (("harvest", current.number),)
    if options.starvation:
        alive = tuple(lives and have >= 0 for lives, have in zip(state.alive, wealth, strict=True))
        if alive != state.alive:
            news = (*news, ("starved", current.number))
    state = replace(state, current=current, rewards=rewards, wealth=wealth, alive=alive, news=news)
    doomed = options.resource == "doubling" and (options.has_collapsed(current.left) or current.number >= options.rounds)
    if doomed or not any(alive):
        return close(options, state, rng)
    return after_harvest(options, state, rng)


def _talk(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    latest = tuple(Utterance(state.number, seat, move.amount, move.choice, move.words) for seat, move in moves.items())
    turn = state.turn + 1
    state = replace(state, utterances=state.utterances + latest, turn=turn, rewards=options.no_rewards, news=(("said", len(latest)),))
    active = active_seats(options, state)
    # a conversation in turns ends early once everybody has been silent in a row
    all_silent = all(utterance.is_silence for utterance in state.utterances[-len(active) :])
    ended = options.floor == "turns" and turn >= len(active) and all_silent
    if turn < options.talk and not ended:
        return replace(state, to_move=speakers(options, active, state.number, turn))
    return enter(options, state, HARVEST if options.talk_when == "before" else WATCH, rng)


def _charge(state: State, cost: list[float], news: str, watched: tuple[int, ...], punished: tuple[int, ...]) -> State:
    """The state after a step of watching or punishing, whose costs are added to those of the round."""
    wealth = tuple(have - price for have, price in zip(state.wealth, cost, strict=True))
    total = tuple(old + price for old, price in zip(state.current.cost, cost, strict=True))
    current = replace(state.current, cost=total, watched=watched, punished=punished)
    return replace(state, current=current, wealth=wealth, rewards=tuple(0.0 - price for price in cost), news=((news, state.number),))


def _watch(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    active = active_seats(options, state)
    watched, cost = [-1] * options.players, [0.0] * options.players
    for seat, move in moves.items():
        if move.choice:
            watched[seat] = draw_other(active, seat, rng)
            cost[seat] = options.watch_cost
    return enter(options, _charge(state, cost, "watch", tuple(watched), state.current.punished), SANCTION, rng)


def _sanction(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    punished, cost = [-1] * options.players, [0.0] * options.players
    earlier = offences(options, state)
    for seat, move in moves.items():
        if move.choice:
            target = state.current.watched[seat] if options.sanction == "random" else move.choice - 2
            punished[seat] = target
            cost[seat] += options.sanction_cost
            cost[target] += options.fine * (1.0 + options.graduation * earlier[target])
    state = _charge(state, cost, "sanction", state.current.watched, tuple(punished))
    if state.number < options.rounds:
        state = learn(options, state, rng)
    return enter(options, state, REFLECT, rng)


def _reflect(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    notes = tuple(moves[seat].words if seat in moves else "" for seat in options.all_seats)
    state = replace(state, current=replace(state.current, notes=notes), rewards=options.no_rewards, news=())
    return enter(options, state, PROPOSE, rng)


def _propose(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    proposed = tuple(moves[seat].amount if seat in moves else -1.0 for seat in options.all_seats)
    current, news = replace(state.current, proposed=proposed), ("proposed", state.number)
    if options.voting == "plurality":
        voters = active_seats(options, state)
        return replace(state, phase=VOTE, to_move=voters, current=current, rewards=options.no_rewards, news=(news,))
    norm = lower_median([cap for cap in proposed if cap >= 0])
    state = replace(state, current=current, rewards=options.no_rewards, norm=norm, news=(news, ("norm", state.number)))
    return close(options, state, rng)


def _vote(options: CommonsOptions, state: State, moves: Moves, rng: np.random.Generator) -> State:
    ballots = tuple(moves[seat].choice - 2 if seat in moves else -1 for seat in options.all_seats)
    current, norm = replace(state.current, ballots=ballots), plurality(state.current.proposed, ballots)
    state = replace(state, current=current, rewards=options.no_rewards, norm=norm, news=(("norm", state.number),))
    return close(options, state, rng)


PHASE_STEPS: dict[int, Callable[[CommonsOptions, State, Moves, np.random.Generator], State]] = {
    TALK: _talk,
    HARVEST: _harvest,
    WATCH: _watch,
    SANCTION: _sanction,
    REFLECT: _reflect,
    PROPOSE: _propose,
    VOTE: _vote,
}
"""What happens in each phase."""
assert set(PHASE_STEPS) == set(range(len(PHASES) - 1))
