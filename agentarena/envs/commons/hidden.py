"""What a seat knows, as a key, and redrawing what it does not know.

Everybody knows the stock, the total harvest, who watches and punishes whom, every proposal and every ballot. Harvests of others are known to those who
watched or learned from them, or to all; what a seat wanted of an exhausted pool, its notes, and from whom it learned are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import dynamics
from .phases import chance_of_learning, gains
from .state import PROPOSE, REFLECT, VOTE, Round, Said, State

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["heard", "information", "knows_asked", "knows_taken", "resample", "slice_of_box"]

_SWEEPS = 3
_UNKNOWN = -2.0


def knows_taken(game: Commons, done: Round, seat: int, other: int) -> bool:
    """Whether `seat` knows what `other` took in a round."""
    return game.open or other in (seat, done.watched[seat], done.model[seat])


def knows_asked(game: Commons, done: Round, seat: int, other: int) -> bool:
    """Whether `seat` knows the effort, the units wanted or the tokens of `other`."""
    if game.resource == "doubling":
        return other == seat or game.allocation == "proportional"
    return knows_taken(game, done, seat, other)


def heard(game: Commons, state: State, seat: int) -> tuple[Said, ...]:
    """What a seat has heard: everything said since it joined."""
    if not game.newcomer or seat < game.players - 1:
        return state.speech
    return tuple(said for said in state.speech if said.number >= game.newcomer)


def _known(game: Commons, done: Round, seat: int) -> Round:
    seats = range(game.players)
    return done._replace(
        asked=tuple(done.asked[other] if knows_asked(game, done, seat, other) else _UNKNOWN for other in seats),
        taken=tuple(done.taken[other] if knows_taken(game, done, seat, other) else _UNKNOWN for other in seats),
        model=tuple(done.model[other] if other == seat else -2 for other in seats),
        told=tuple(done.told[other] if other == seat else "" for other in seats),
        notes=tuple(done.notes[other] if other == seat else "" for other in seats),
    )


def information(game: Commons, state: State, seat: int) -> str:
    """A key that two states share exactly when `seat` cannot tell them apart."""
    rounds = tuple(tuple(_known(game, done, seat)) for done in (*state.past, state.now))
    said = tuple(tuple(one) for one in heard(game, state, seat))
    return repr(
        (seat, state.phase, state.asked, state.turn, state.stock, state.norm, state.wealth[seat], state.alive, state.cause, rounds, said)
    )


# --- redrawing ---------------------------------------------------------------------------------------------------------------


def slice_of_box(count: int, total: float, high: float, rng: np.random.Generator, whole: bool = False) -> list[float]:
    """Numbers from 0 to `high` with a given sum, (nearly) uniform among all such lists.

    Begins with equal parts and redraws neighbours in pairs given their sum, which leaves the uniform distribution as it is.

    Args:
        count: How many, n.
        total: Their sum, S; brought into [0, n high].
        high: Greatest value.
        rng: Source of the draws.
        whole: Whether they are integers; S and `high` are then rounded.

    >>> [round(x, 6) for x in (sum(slice_of_box(4, 2.5, 1.0, np.random.default_rng(0))), *slice_of_box(2, 20, 10, np.random.default_rng(0), True))]
    [2.5, 10.0, 10.0]
    """
    if not count:
        return []
    if whole:
        total, high = float(round(total)), float(int(high))
    total = min(max(total, 0.0), count * high)
    first, rest = divmod(int(total), count) if whole else (total / count, 0)
    values = [float(first + (k < rest)) for k in range(count)]
    draws = iter(rng.random(_SWEEPS * count).tolist())
    for sweep in range(_SWEEPS):
        for i in range(count):
            j, u = (i + 1 + sweep) % count, next(draws)
            if i == j:
                continue
            both = values[i] + values[j]
            least, most = max(0.0, both - high), min(high, both)
            values[i] = least + (float(int(u * (most - least + 1))) if whole else u * (most - least))
            values[j] = both - values[i]
    return values


def resample(game: Commons, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; see `core.game.Resample`.

    Harvests the seat does not know are drawn uniformly among those with the known total, wants of an exhausted pool uniformly above what was
    got, and others' models by the rule of learning. Others' notes, which are free words, become silence.
    """
    past = tuple(_redrawn(game, done, seat, _learned(game, state, done), rng) for done in state.past)
    now = _redrawn(game, state.now, seat, state.phase in (REFLECT, PROPOSE, VOTE), rng)
    played = [*past, now]
    worth = [gains(game, done) if max(done.taken) >= 0 else game.nothing for done in played]
    wealth = tuple(
        state.wealth[other] if other == seat else game.endowment + sum(w[other] - r.cost[other] for w, r in zip(worth, played, strict=True))
        for other in range(game.players)
    )
    paid = state.paid
    if state.fresh and state.fresh[0][0] == "harvest":
        drawn = worth[state.fresh[0][1] - 1]
        paid = tuple(paid[other] if other == seat else drawn[other] for other in range(game.players))
    speech = state.speech
    if game.newcomer and seat == game.players - 1:
        silence = (Said(said.number, said.seat, 0.0, 0, "") if said.number < game.newcomer else said for said in speech)
        speech = tuple(silence)
    return state._replace(past=past, now=now, wealth=wealth, paid=paid, speech=speech)


def _learned(game: Commons, state: State, done: Round) -> bool:
    """Whether social learning took place in a finished round; everybody knows."""
    cut = state.cause == "starved" or (state.cause == "collapse" and game.resource == "doubling")
    return done.number < game.rounds and not (cut and done.number == len(state.past))


def _redrawn(game: Commons, done: Round, seat: int, learned: bool, rng: np.random.Generator) -> Round:
    playing = [other for other, got in enumerate(done.taken) if got >= 0]
    if not playing:
        return done
    taken, asked = list(done.taken), list(done.asked)
    missing = [other for other in playing if not knows_taken(game, done, seat, other)]
    rest = done.total - sum(taken[other] for other in playing if other not in missing)
    if game.resource == "logistic":
        base = max(0.0, dynamics.grow(done.stock, game.growth, game.capacity)) if game.order == "grow_then_harvest" else done.stock
        unit = game.alpha * base
        scale = float(game.levels or 1)
        sum_of_efforts = rest / unit if unit > 0 else len(missing) / 2
        for other, value in zip(missing, slice_of_box(len(missing), sum_of_efforts * scale, scale, rng, bool(game.levels)), strict=True):
            asked[other], taken[other] = value / scale, unit * value / scale
    else:
        high = game.tokens if game.resource == "static" else done.stock
        for other, value in zip(missing, slice_of_box(len(missing), rest, high, rng, True), strict=True):
            asked[other] = taken[other] = value
        _redraw_wants(game, done, seat, asked, taken, rng)
    made = done._replace(asked=tuple(asked), taken=tuple(taken))
    silent = tuple(done.notes[other] if other == seat else "" for other in range(game.players))
    told = tuple(done.told[other] if other == seat else "" for other in range(game.players))
    return made._replace(model=_models(game, made, seat, playing, rng) if learned else done.model, told=told, notes=silent)


def _redraw_wants(game: Commons, done: Round, seat: int, asked: list[float], taken: list[float], rng: np.random.Generator) -> None:
    """What others wanted of a doubling pool: what they got, or anything above it where the pool was exhausted."""
    if game.resource != "doubling":
        return
    exhausted = done.total >= done.stock
    for other, got in enumerate(taken):
        if got >= 0 and not knows_asked(game, done, seat, other):
            asked[other] = float(rng.integers(int(got), int(done.stock) + 1)) if exhausted else got


def _models(game: Commons, done: Round, seat: int, playing: list[int], rng: np.random.Generator) -> tuple[int, ...]:
    if game.learning == "none":
        return done.model
    earned = [gain - cost for gain, cost in zip(gains(game, done), done.cost, strict=True)]
    models = list(done.model)
    draws = rng.random((game.players, 2)).tolist()
    for other in playing:
        if other == seat or len(playing) < 2:
            continue
        peers = [peer for peer in playing if peer != other]
        peer = peers[int(draws[other][0] * len(peers))]
        if game.learning == "better":
            learns = earned[peer] > earned[other]
        else:
            learns = draws[other][1] < chance_of_learning(earned[other], earned[peer], game.intensity)
        models[other] = peer if learns else -1
    return tuple(models)
