"""What a seat knows, as an information key, and resampling what it does not know.

Everybody knows the stock, the total harvest, who watches and punishes whom, every proposal and every ballot. Harvests of others are known to those who
watched or learned from them, or to all; what a seat wanted of an exhausted pool, its notes, and from whom it learned are its own.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter

import numpy as np

from .observation import heard_utterances, knows_harvest, knows_request
from .options import CommonsOptions
from .rules import dynamics
from .rules.harvest import gains
from .rules.institutions import chance_of_learning
from .state import PROPOSE, REFLECT, VOTE, Round, State, Utterance

__all__ = ["information", "resample", "sample_with_sum"]

_SWEEPS = 3
_UNKNOWN = -2.0
_round_values = attrgetter(*(field.name for field in fields(Round)))
_utterance_values = attrgetter(*(field.name for field in fields(Utterance)))


def _own(values: tuple[str, ...], seat: int) -> tuple[str, ...]:
    """Texts by seat with those of others blanked."""
    return tuple(value if other == seat else "" for other, value in enumerate(values))


def _known(options: CommonsOptions, done: Round, seat: int) -> Round:
    """A round with what `seat` does not know replaced by one mark."""
    seats = options.all_seats
    return replace(
        done,
        requested=tuple(done.requested[other] if knows_request(options, done, seat, other) else _UNKNOWN for other in seats),
        harvested=tuple(done.harvested[other] if knows_harvest(options, done, seat, other) else _UNKNOWN for other in seats),
        model=tuple(done.model[other] if other == seat else -2 for other in seats),
        model_note=_own(done.model_note, seat),
        notes=_own(done.notes, seat),
    )


def information(options: CommonsOptions, state: State, seat: int) -> str:
    """A key that two states share exactly when `seat` cannot tell them apart."""
    rounds = tuple(_round_values(_known(options, done, seat)) for done in (*state.past, state.current))
    utterances = tuple(map(_utterance_values, heard_utterances(options, state, seat)))
    own = (state.wealth[seat], state.alive, state.cause)
    return repr((seat, state.phase, state.to_move, state.turn, state.stock, state.norm, *own, rounds, utterances))


# --- resampling --------------------------------------------------------------------------------------------------------------


def sample_with_sum(count: int, total: float, high: float, rng: np.random.Generator, whole: bool = False) -> list[float]:
    """Numbers from 0 to `high` with a given sum, (nearly) uniform among all such lists.

    Begins with equal parts and redraws neighbours in pairs given their sum, which leaves the uniform distribution as it is.

    Args:
        count: How many, n.
        total: Their sum, S; brought into [0, n high].
        high: Greatest value.
        rng: Source of the draws.
        whole: Whether they are integers; S and `high` are then rounded.

    >>> rng = np.random.default_rng(0)
    >>> round(sum(sample_with_sum(4, 2.5, 1.0, rng)), 6), sample_with_sum(2, 20, 10, rng, whole=True)
    (2.5, [10.0, 10.0])
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


def resample(options: CommonsOptions, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; see `core.game.Resample`.

    Harvests the seat does not know are drawn uniformly among those with the known total, wants of an exhausted pool uniformly above what was
    got, and others' models by the rule of learning. Others' notes, which are free words, become silence.
    """
    past = tuple(_resampled_round(options, done, seat, _has_learned(options, state, done), rng) for done in state.past)
    current = _resampled_round(options, state.current, seat, state.phase in (REFLECT, PROPOSE, VOTE), rng)
    played = [*past, current]
    worth = [gains(options, done) if done.is_harvested else options.no_rewards for done in played]
    wealth = tuple(
        state.wealth[other]
        if other == seat
        else options.endowment + sum(gain[other] - done.cost[other] for gain, done in zip(worth, played, strict=True))
        for other in options.all_seats
    )
    rewards = state.rewards
    if state.news and state.news[0][0] == "harvest":
        drawn = worth[state.news[0][1] - 1]
        rewards = tuple(rewards[other] if other == seat else drawn[other] for other in options.all_seats)
    utterances = state.utterances
    if options.is_newcomer(seat):
        unheard = options.newcomer
        utterances = tuple(Utterance(u.number, u.seat, 0.0, 0, "") if u.number < unheard else u for u in utterances)
    return replace(state, past=past, current=current, wealth=wealth, rewards=rewards, utterances=utterances)


def _has_learned(options: CommonsOptions, state: State, done: Round) -> bool:
    """Whether social learning took place in a finished round; everybody knows."""
    skipped = state.cause == "starved" or (state.cause == "collapse" and options.resource == "doubling")
    return done.number < options.rounds and not (skipped and done.number == len(state.past))


def _resampled_round(options: CommonsOptions, done: Round, seat: int, learned: bool, rng: np.random.Generator) -> Round:
    playing = [other for other, got in enumerate(done.harvested) if got >= 0]
    if not playing:
        return done
    harvested, requested = list(done.harvested), list(done.requested)
    unknown = [other for other in playing if not knows_harvest(options, done, seat, other)]
    rest = done.total - sum(harvested[other] for other in playing if other not in unknown)
    if options.resource == "logistic":
        base = done.stock
        if options.order == "grow_then_harvest":
            base = max(0.0, dynamics.grow(done.stock, options.growth, options.capacity))
        unit = options.alpha * base
        scale = float(options.levels or 1)
        sum_of_efforts = rest / unit if unit > 0 else len(unknown) / 2
        efforts = sample_with_sum(len(unknown), sum_of_efforts * scale, scale, rng, bool(options.levels))
        for other, value in zip(unknown, efforts, strict=True):
            requested[other], harvested[other] = value / scale, unit * value / scale
    else:
        high = options.tokens if options.resource == "static" else done.stock
        for other, value in zip(unknown, sample_with_sum(len(unknown), rest, high, rng, True), strict=True):
            requested[other] = harvested[other] = value
        _resample_requests(options, done, seat, requested, harvested, rng)
    drawn = replace(done, requested=tuple(requested), harvested=tuple(harvested))
    model = _resampled_models(options, drawn, seat, playing, rng) if learned else done.model
    return replace(drawn, model=model, model_note=_own(done.model_note, seat), notes=_own(done.notes, seat))


def _resample_requests(
    options: CommonsOptions, done: Round, seat: int, requested: list[float], harvested: list[float], rng: np.random.Generator
) -> None:
    """Draw what others wanted of a doubling pool: what they got, or anything above it where the pool was exhausted."""
    if options.resource != "doubling":
        return
    exhausted = done.total >= done.stock
    for other, got in enumerate(harvested):
        if got >= 0 and not knows_request(options, done, seat, other):
            requested[other] = float(rng.integers(int(got), int(done.stock) + 1)) if exhausted else got


def _resampled_models(options: CommonsOptions, done: Round, seat: int, playing: list[int], rng: np.random.Generator) -> tuple[int, ...]:
    if options.learning == "none":
        return done.model
    earned = [gain - cost for gain, cost in zip(gains(options, done), done.cost, strict=True)]
    models = list(done.model)
    draws = rng.random((options.players, 2)).tolist()
    for other in playing:
        if other == seat or len(playing) < 2:
            continue
        peers = [peer for peer in playing if peer != other]
        peer = peers[int(draws[other][0] * len(peers))]
        if options.learning == "better":
            learns = earned[peer] > earned[other]
        else:
            learns = draws[other][1] < chance_of_learning(earned[other], earned[peer], options.intensity)
        models[other] = peer if learns else -1
    return tuple(models)
