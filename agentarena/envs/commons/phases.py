"""What happens in each phase of a round. Every function takes a state and the moves of all seats asked, and returns the next state.

A round goes: (talk) harvest (talk) watch, sanction, social learning, reflect, propose, vote, regrowth. Phases that the options leave out,
or that nobody can take part in, are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from . import dynamics
from .state import HARVEST, OVER, PHASES, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Move, Round, Said, State, blank

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["STEPS", "chance_of_learning", "enter", "gains", "lower_median", "plurality", "take"]

Moves = Mapping[int, Move]


def lower_median(values: list[float]) -> float:
    """The middle of the sorted values, of an even number the lower of the two.

    >>> lower_median([5.0, 1.0, 3.0]), lower_median([4.0, 1.0, 2.0, 9.0])
    (3.0, 2.0)
    """
    return sorted(values)[(len(values) - 1) // 2]


def plurality(proposed: tuple[float, ...], ballots: tuple[int, ...]) -> float:
    """The cap with the most votes, equal caps counted together; of tied caps the lowest. -1 without a vote.

    >>> plurality((5.0, 3.0, 5.0), (0, 1, 2)), plurality((5.0, 3.0, 4.0), (0, 1, -1))
    (5.0, 3.0)
    """
    votes: dict[float, int] = {}
    for chosen in ballots:
        if chosen >= 0:
            votes[proposed[chosen]] = votes.get(proposed[chosen], 0) + 1
    return min(votes, key=lambda cap: (-votes[cap], cap)) if votes else -1.0


def chance_of_learning(own: float, other: float, intensity: float) -> float:
    """The Fermi rule: how likely a seat learns from another that gained `other` while it gained `own`.

        P = 1 / (1 + exp(-s (pi_other - pi_own)))

    >>> f"{chance_of_learning(0.0, 1.0, 1.0):.6f}", f"{chance_of_learning(0.0, 2.0, 1.0):.6f}"
    ('0.731059', '0.880797')
    """
    return 1.0 / (1.0 + math.exp(-min(700.0, max(-700.0, intensity * (other - own)))))


# --- from phase to phase ---------------------------------------------------------------------------------------------------


def enter(game: Commons, state: State, phase: int, rng: np.random.Generator) -> State:
    """The state in which the first phase from `phase` on that somebody takes part in waits for its seats."""
    active = game.active(state)
    last = state.number >= game.rounds
    for step in range(phase, OVER):
        if step == TALK and game.talk_when == "before" and game.talks(state.number):
            return state._replace(phase=TALK, turn=0, asked=game.speakers(active, state.number, 0))
        if step == HARVEST and state.now.taken == (-1.0,) * game.players:
            return state._replace(phase=HARVEST, asked=active)
        if step == WATCH:
            if game.sanction == "random" and len(active) > 1:
                return state._replace(phase=WATCH, asked=active)
        elif step == SANCTION:
            asked = tuple(seat for seat in active if state.now.watched[seat] >= 0) if game.sanction == "random" else active
            if game.sanction != "none" and asked and len(active) > 1:
                return state._replace(phase=SANCTION, asked=asked)
            if not last:
                state = learn(game, state, rng)
        elif step == REFLECT and game.reflection and not last:
            return state._replace(phase=REFLECT, asked=active)
        elif step == PROPOSE and game.voting != "none" and not last:
            return state._replace(phase=PROPOSE, asked=active)
    return close(game, state, rng)


def after_harvest(game: Commons, state: State, rng: np.random.Generator) -> State:
    """Talk, if that is when one talks, and the rest of the round."""
    if game.talk_when == "after" and state.number < game.rounds and game.talks(state.number):
        return state._replace(phase=TALK, turn=0, asked=game.speakers(game.active(state), state.number, 0))
    return enter(game, state, WATCH, rng)


def close(game: Commons, state: State, rng: np.random.Generator) -> State:
    """The end of a round: the resource regrows, and the next round begins unless the match is over."""
    done = state.now
    stock = done.left
    if game.resource == "doubling":
        stock = min(game.capacity, game.factor * done.left)
    cause = state.cause or ("collapse" if game.collapsed(done.left) else "time" if done.number >= game.rounds else "")
    if not any(state.alive):
        cause = "starved"
    past = (*state.past, done)
    if cause == "collapse" and game.resource == "doubling":
        stock = done.left
    now = blank(done.number + 1, stock, state.norm, game.players)
    state = state._replace(past=past, now=now, stock=stock, cause=cause)
    if cause:
        return state._replace(phase=OVER, asked=(), fresh=(*state.fresh, ("end", done.number)))
    return enter(game, state._replace(fresh=(*state.fresh, ("round", now.number))), TALK, rng)


# --- the phases ----------------------------------------------------------------------------------------------------------------


def take(game: Commons, now: Round, moves: Moves, rng: np.random.Generator) -> Round:
    """The round with everybody's harvest and what is left."""
    seats = list(moves)
    wanted = np.array([moves[seat].amount for seat in seats])
    left = now.stock
    if game.resource == "logistic":
        left, caught = dynamics.harvest_and_regrow(
            now.stock, wanted, alpha=game.alpha, rate=game.growth, capacity=game.capacity, order=game.growth_order
        )
    elif game.resource == "doubling":
        units = wanted.astype(np.int64)
        stochastic = game.allocation == "stochastic"
        caught = dynamics.allocate(units, int(now.stock), rng) if stochastic else dynamics.proportional(units, int(now.stock))
        left = now.stock - float(caught.sum())
    else:
        caught = wanted
    asked, taken = [-1.0] * game.players, [-1.0] * game.players
    for seat, want, got in zip(seats, wanted.tolist(), caught.tolist(), strict=True):
        asked[seat], taken[seat] = want, float(got)
    return now._replace(asked=tuple(asked), taken=tuple(taken), total=float(caught.sum()), left=float(left))


def gains(game: Commons, done: Round) -> tuple[float, ...]:
    """What the harvest of a round is worth to each seat, after its consumption and before sanctions; 0 where it did not harvest."""
    if game.resource == "static":
        worth = tuple(
            game.outside * (game.tokens - x) + x * (game.pool_a - game.pool_b * done.total) if x >= 0 else game.consumption
            for x in done.taken
        )
    else:
        worth = tuple(got if got >= 0 else game.consumption for got in done.taken)
    return tuple(value - game.consumption for value in worth)


def _harvest(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    now = take(game, state.now, moves, rng)
    paid = gains(game, now)
    wealth = tuple(have + got for have, got in zip(state.wealth, paid, strict=True))
    alive = state.alive
    fresh: tuple[tuple[str, int], ...] = (("harvest", now.number),)
    if game.starvation:
        alive = tuple(lives and have >= 0 for lives, have in zip(state.alive, wealth, strict=True))
        if alive != state.alive:
            fresh = (*fresh, ("starved", now.number))
    state = state._replace(now=now, paid=paid, wealth=wealth, alive=alive, fresh=fresh)
    doomed = game.resource == "doubling" and (game.collapsed(now.left) or now.number >= game.rounds)
    if doomed or not any(alive):
        return close(game, state, rng)
    return after_harvest(game, state, rng)


def _talk(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    said = tuple(Said(state.number, seat, move.amount, move.choice, move.words) for seat, move in moves.items())
    turn = state.turn + 1
    state = state._replace(speech=state.speech + said, turn=turn, paid=game.nothing, fresh=(("said", len(said)),))
    active = game.active(state)
    recent = state.speech[-len(active) :]
    # a conversation in turns ends early once everybody has been silent in a row
    quiet = game.floor == "turns" and turn >= len(active) and not any(one.amount or one.choice or one.words for one in recent)
    if turn < game.talk and not quiet:
        return state._replace(asked=game.speakers(active, state.number, turn))
    return enter(game, state, HARVEST if game.talk_when == "before" else WATCH, rng)


def _pay(game: Commons, state: State, cost: list[float]) -> State:
    """Costs of this step, added to those of the round."""
    wealth = tuple(have - price for have, price in zip(state.wealth, cost, strict=True))
    now = state.now._replace(cost=tuple(old + price for old, price in zip(state.now.cost, cost, strict=True)))
    return state._replace(now=now, wealth=wealth, paid=tuple(0.0 - price for price in cost))


def _watch(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    active = game.active(state)
    watched, cost = [-1] * game.players, [0.0] * game.players
    for seat, move in moves.items():
        if move.choice:
            watched[seat] = _another(active, seat, rng)
            cost[seat] = game.watch_cost
    state = _pay(game, state, cost)
    fresh = (("watch", state.number),)
    return enter(game, state._replace(now=state.now._replace(watched=tuple(watched)), fresh=fresh), SANCTION, rng)


def _another(active: tuple[int, ...], seat: int, rng: np.random.Generator) -> int:
    others = [other for other in active if other != seat]
    return others[int(rng.integers(len(others)))]


def _sanction(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    fined, cost = [-1] * game.players, [0.0] * game.players
    offences = game.offences(state)
    for seat, move in moves.items():
        if move.choice:
            target = state.now.watched[seat] if game.sanction == "random" else move.choice - 2
            fined[seat] = target
            cost[seat] += game.sanction_cost
            cost[target] += game.fine * (1.0 + game.graduation * offences[target])
    state = _pay(game, state, cost)
    state = state._replace(now=state.now._replace(fined=tuple(fined)), fresh=(("sanction", state.number),))
    if state.number < game.rounds:
        state = learn(game, state, rng)
    return enter(game, state, REFLECT, rng)


def learn(game: Commons, state: State, rng: np.random.Generator) -> State:
    """Payoff-biased social learning: who is told of whose ways, drawn for each seat."""
    active = game.active(state)
    if game.learning == "none" or len(active) < 2:
        return state
    earned = [gain - cost for gain, cost in zip(gains(game, state.now), state.now.cost, strict=True)]
    model, told = [-1] * game.players, [""] * game.players
    for seat in active:
        other = _another(active, seat, rng)
        if game.learning == "better":
            learns = earned[other] > earned[seat]
        else:
            learns = rng.random() < chance_of_learning(earned[seat], earned[other], game.intensity)
        if learns:
            model[seat], told[seat] = other, game.note(state, other)
    now = state.now._replace(model=tuple(model), told=tuple(told))
    return state._replace(now=now, fresh=(*state.fresh, ("learned", state.number)))


def _reflect(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    notes = tuple(moves[seat].words if seat in moves else "" for seat in range(game.players))
    state = state._replace(now=state.now._replace(notes=notes), paid=game.nothing, fresh=())
    return enter(game, state, PROPOSE, rng)


def _propose(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    proposed = tuple(moves[seat].amount if seat in moves else -1.0 for seat in range(game.players))
    state = state._replace(now=state.now._replace(proposed=proposed), paid=game.nothing, fresh=(("proposed", state.number),))
    if game.voting == "plurality":
        return state._replace(phase=VOTE, asked=game.active(state))
    return _agree(game, state, lower_median([cap for cap in proposed if cap >= 0]), rng)


def _vote(game: Commons, state: State, moves: Moves, rng: np.random.Generator) -> State:
    ballots = tuple(moves[seat].choice - 2 if seat in moves else -1 for seat in range(game.players))
    state = state._replace(now=state.now._replace(ballots=ballots), paid=game.nothing, fresh=())
    return _agree(game, state, plurality(state.now.proposed, ballots), rng)


def _agree(game: Commons, state: State, norm: float, rng: np.random.Generator) -> State:
    return close(game, state._replace(norm=norm, fresh=(*state.fresh, ("norm", state.number))), rng)


STEPS: dict[int, Callable[[Commons, State, Moves, np.random.Generator], State]] = {
    TALK: _talk,
    HARVEST: _harvest,
    WATCH: _watch,
    SANCTION: _sanction,
    REFLECT: _reflect,
    PROPOSE: _propose,
    VOTE: _vote,
}
assert set(STEPS) == set(range(len(PHASES) - 1))
