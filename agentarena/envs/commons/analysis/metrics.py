"""What became of a society: survival, gain, efficiency, equality, over-use, norms, sanctions and compliance, from finished rounds.

Axis letters: N seats. Where a paper's text and its code disagree, the definition used here is stated with the number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from agentarena.core.intervals import mean_interval, wilson
from agentarena.core.replay import states
from agentarena.envs.commons.game import Commons
from agentarena.envs.commons.rules import dynamics
from agentarena.envs.commons.state import OVER, Round, State

__all__ = [
    "Outcome",
    "Summary",
    "best_total",
    "equality",
    "final_state",
    "gini",
    "measure",
    "measure_records",
    "norm_similarity",
    "summarise",
]

_SLACK = 1e-6  # observations are float32, so who keeps to a cap may exceed it in the last place


def gini(values: Sequence[float]) -> float:
    """Gini coefficient: half the mean absolute difference of all pairs over the mean.

        G = sum_ij |x_i - x_j| / (2 N sum_i x_i)

    Args:
        values: One non-negative number a seat, shape (N,).

    Returns:
        In [0, 1 - 1/N]; 0 when all are 0.

    >>> gini([1, 1, 1]), gini([0, 0, 0, 1]), gini([1, 3])
    (0.0, 0.75, 0.25)
    """
    x = np.sort(np.asarray(values, np.float64))
    total, n = float(x.sum()), len(x)
    if n == 0 or total <= 0:
        return 0.0
    # with sorted values sum_ij |x_i - x_j| = 2 sum_k (2 k - n - 1) x_k, k = 1..n
    return float((2 * np.arange(1, n + 1) - n - 1) @ x) / (n * total)


def equality(values: Sequence[float]) -> float:
    """1 minus the Gini coefficient: GovSim's e = 1 - sum_ij |R_i - R_j| / (2 N sum R).

    >>> equality([24, 24, 24, 24, 24])
    1.0
    """
    return 1.0 - gini(values)


def norm_similarity(proposals: Iterable[Sequence[float]], top: float) -> float:
    """How alike the caps are that seats propose: 1 minus the mean difference of two proposals of a round, over the highest cap.

        1 - mean over rounds of [ mean over pairs i < j of |g_i - g_j| ] / top

    The norm paper names such a measure and does not define it; this is ours. [PROP]

    Args:
        proposals: The caps proposed in each round, by seats.
        top: The highest cap there is.

    Returns:
        In [0, 1]; nan without two proposals of one round.

    >>> norm_similarity([(5.0, 5.0), (0.0, 10.0)], 10.0)
    0.5
    """
    gaps = []
    for caps in proposals:
        x = np.asarray(caps, np.float64)
        if len(x) > 1:
            gaps.append(float(np.abs(x[:, None] - x).sum()) / (len(x) * (len(x) - 1)))
    return 1.0 - float(np.mean(gaps)) / top if gaps else math.nan


def best_total(game: Commons) -> float:
    """The total harvest that efficiency is measured by.

    Doubling pools: T f(0), a threshold's worth of the first stock every month (600 for GovSim's default). Logistic stocks: T r K / 4, the greatest
    sustainable yield. Tokens: the greatest rent of the group account, T max_X (a X - b X^2 - w X), in cents.

    >>> best_total(Commons.build("govsim_fishery")), best_total(Commons(rounds=100)), best_total(Commons.build("owg10", rounds=1))
    (600.0, 12500.0, 324.0)
    """
    if game.resource == "doubling":
        return float(game.rounds * dynamics.threshold(int(game.first_stock), game.factor))
    if game.resource == "logistic":
        return game.rounds * dynamics.msy(game.growth, game.capacity, game.growth_order)[1]
    x = np.arange(game.players * game.tokens + 1)
    return game.rounds * float(dynamics.rent(x, game.pool_a, game.pool_b, game.outside).max())


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one match. nan where a figure does not apply.

    Attributes:
        survival_time: Rounds up to the collapse, that round included; all rounds without one. A doubling pool that is emptied in the last
            round counts as having survived, as in GovSim.
        survived: Whether it lasted all rounds.
        gain: Mean harvest of a seat in the whole match, in units; in the laboratory mean earnings in cents.
        efficiency: Total harvest over `best_total`, at most 1; in the laboratory the share of the greatest rent, which can be negative.
        net_efficiency: The same after the costs of watching, punishing and being punished.
        equality: 1 - Gini of the harvests of all seats.
        over_usage: Share of harvests above an equal part of what can be taken for ever: f(t) / N of a doubling pool; of a logistic stock the
            surplus growth r R (1 - R / K) / N at that stock; in the laboratory the symmetric optimum.
        norm: The last cap in force.
        norm_similarity: See `norm_similarity`.
        compliance: Share of harvests within the cap in force.
        watch_rate: Share of seats and rounds that watched another.
        punish_rate: Punishments a seat and round.
        punished_violations: Share of harvests above the cap that were punished at least once.
        sanction_cost: Everybody's costs of sanctions, in units or cents, a round.
        final_stock: Stock at the end, after regrowth.
    """

    survival_time: float
    survived: bool
    gain: float
    efficiency: float
    net_efficiency: float
    equality: float
    over_usage: float
    norm: float
    norm_similarity: float
    compliance: float
    watch_rate: float
    punish_rate: float
    punished_violations: float
    sanction_cost: float
    final_stock: float


def final_state(record: Any) -> State:
    """Where a recorded match (`agentarena.matches.Record`) ended; the state remembers every round."""
    state: State | None = None
    for reached in states(record):
        state = reached
    assert state is not None
    return state


def measure_records(records: Iterable[Any]) -> list[Outcome]:
    """The figures of recorded matches, e.g. of `agentarena.play("Commons-v0", ...).records`."""
    return [measure(record.game(), final_state(record)) for record in records]


def measure(game: Commons, state: State) -> Outcome:
    """The figures of a match, from its last state.

    >>> from agentarena.core.episode import Episode
    >>> game = Commons.build("govsim_silent")
    >>> play = Episode(game, np.random.default_rng(0))
    >>> while not play.over:
    ...     _ = play.step({seat: 10 if play.state.phase == 1 else game.num_amounts for seat in play.to_move})
    >>> outcome = measure(game, play.state)
    >>> outcome.survival_time, outcome.gain, outcome.efficiency
    (12.0, 120.0, 1.0)
    """
    past = state.past
    cost = sum(sum(done.cost) for done in past)
    worth = _worth(game, past)
    best = best_total(game)
    share = 1.0 if game.resource != "static" else math.inf
    harvests = [sum(done.harvested[seat] for done in past if done.harvested[seat] >= 0) for seat in range(game.players)]
    earned = _earned(game, past)
    early = state.phase == OVER and state.cause != "time" and len(past) < game.rounds
    bound, punished = _violations(past)
    seats_rounds = sum(got >= 0 for done in past for got in done.harvested)
    proposals = [[cap for cap in done.proposed if cap >= 0] for done in past]
    return Outcome(
        survival_time=float(len(past)),
        survived=not early and not (state.cause == "collapse" and game.resource == "logistic"),
        gain=sum(earned) / game.players,
        efficiency=min(share, worth / best) if best else math.nan,
        net_efficiency=min(share, (worth - cost) / best) if best else math.nan,
        equality=equality(harvests),
        over_usage=_over_usage(game, past),
        norm=state.norm if state.norm >= 0 else math.nan,
        norm_similarity=norm_similarity(proposals, game.highest_cap),
        compliance=_ratio(sum(ok for _, ok in bound), len(bound)),
        watch_rate=_ratio(sum(other >= 0 for done in past for other in done.watched), seats_rounds),
        punish_rate=_ratio(sum(other >= 0 for done in past for other in done.punished), seats_rounds),
        punished_violations=_ratio(punished, sum(not ok for _, ok in bound)),
        sanction_cost=_ratio(cost, len(past)),
        final_stock=state.stock if game.resource != "static" else math.nan,
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _worth(game: Commons, past: Sequence[Round]) -> float:
    """Everybody's harvest, or in the laboratory everybody's rent."""
    if game.resource == "static":
        return sum(float(dynamics.rent(done.total, game.pool_a, game.pool_b, game.outside)) for done in past)
    return sum(done.total for done in past)


def _earned(game: Commons, past: Sequence[Round]) -> list[float]:
    if game.resource != "static":
        return [sum(done.harvested[seat] for done in past if done.harvested[seat] >= 0) for seat in range(game.players)]
    pay = [dynamics.laboratory_pay(np.array(done.harvested), game.tokens, game.pool_a, game.pool_b, game.outside) for done in past]
    return [float(total) for total in np.sum(pay, axis=0)] if pay else [0.0] * game.players


def _violations(past: Sequence[Round]) -> tuple[list[tuple[int, bool]], int]:
    """For each harvest under a cap its seat and whether it kept to it; and how many that did not were punished."""
    bound, punished = [], 0
    for done in past:
        if done.norm < 0:
            continue
        for seat, got in enumerate(done.harvested):
            if got >= 0:
                complies = got <= done.norm * (1 + _SLACK) + _SLACK
                bound.append((seat, complies))
                punished += not complies and seat in done.punished
    return bound, punished


def _over_usage(game: Commons, past: Sequence[Round]) -> float:
    over = count = 0
    for done in past:
        seats = [got for got in done.harvested if got >= 0]
        if not seats:
            continue
        if game.resource == "doubling":
            part = dynamics.threshold(int(done.stock), game.factor) / len(seats)
        elif game.resource == "logistic":
            part = game.growth * done.stock * (1 - done.stock / game.capacity) / len(seats)
        else:
            part = (game.pool_a - game.outside) / (2 * game.pool_b) / len(seats) if game.pool_b else math.inf
        over += sum(got > part + _SLACK for got in seats)
        count += len(seats)
    return _ratio(over, count)


@dataclass(frozen=True, slots=True)
class Summary:
    """A figure over matches: its mean, a 95 % interval (Student's t; Wilson's for shares of yes and no), and how many matches had it."""

    mean: float
    low: float
    high: float
    count: int


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Summary]:
    """Every figure of `Outcome` over matches, by name; "survived" becomes the survival rate.

    Matches in which a figure does not apply are left out of it, and counted so.
    """
    summaries = {}
    for field in fields(Outcome):
        values = [float(value) for outcome in outcomes if not math.isnan(value := getattr(outcome, field.name))]
        if field.name == "survived":
            low, high = wilson(sum(values), len(values))
        else:
            low, high = mean_interval(values)
        summaries[field.name] = Summary(float(np.mean(values)) if values else math.nan, low, high, len(values))
    return summaries
