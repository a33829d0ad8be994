"""How far apart agents are, pair by pair, in mean return: matches of one deal counted together, corrected for the number of pairs; and the ranks that follow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.record import Record

from .arguments import check_level, finite_array
from .deals import FEWEST_FOR_MEANS, Sample, Uncertainty, t_interval, uncertainty
from .match_table import MatchTable
from .share import copies, few
from .stats import NO_INTERVAL, Interval, cohens_d, holm

__all__ = ["Contrast", "contrasts", "mean_gap", "rank_spans"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two agents compared.

    Attributes:
        first: Name of the agent with the larger mean return.
        second: Name of the other.
        difference: Mean return of `first` minus that of `second`, in the game's unit.
        interval: Interval of the difference, for this pair by itself; nan where there is none.
        t: Its size in standard errors; nan without an interval, like `df` and the p values.
        df: Degrees of freedom.
        p: Two-sided p value.
        p_holm: The same after Holm's correction for all pairs that have one.
        d: Cohen's d over matches, for the size of the effect.
        deals: Deals behind it.
        reason: Why there is no interval; "" where there is one.
    """

    first: str
    second: str
    difference: float
    interval: Interval
    t: float
    df: float
    p: float
    p_holm: float
    d: float
    deals: int
    reason: str = ""


class Gap(NamedTuple):
    """Result of `mean_gap`: the difference of two means, its interval, t, degrees of freedom, p and number of deals."""

    difference: float
    interval: Interval
    t: float
    df: float
    p: float
    deals: int


def mean_gap(a: np.ndarray, deals_a: np.ndarray, b: np.ndarray, deals_b: np.ndarray, level: float = 0.95) -> Gap:
    """The difference of two means with its interval, t, degrees of freedom, p and number of deals.

    Values of one deal may be related, within an agent and between the two. Where both played each deal once this is the
    paired t test, where they share none it is Welch's; in between the deals of one, of the other and of both are strata
    (`deals.uncertainty`).

    Args:
        a: Shape (E,), values of one agent.
        deals_a: Shape (E,), the deal of each.
        b: Shape (E',), values of the other.
        deals_b: Shape (E',).
        level: Coverage.

    Returns:
        nan for interval, t, df and p with fewer than two deals, or where nothing varies.

    Raises:
        UsageError: An agent has no values, a value is not finite, or shapes differ.

    >>> gap = mean_gap(np.array([2.0, 3.0, 4.0]), np.arange(3), np.array([1.0, 1.0, 1.0]), np.arange(3))
    >>> gap.difference, round(gap.t, 4), round(gap.df, 4)
    (2.0, 3.4641, 2.0)
    """
    check_level(level)
    samples = [Sample.of(finite_array(name, x), deals) for name, x, deals in (("a", a, deals_a), ("b", b, deals_b))]
    for sample in samples:
        if sample.values.ndim != 1 or sample.deals.shape != sample.values.shape:
            raise UsageError(f"need values and deals of one shape (E,), got {sample.values.shape} and {sample.deals.shape}")
        if len(sample.values) == 0:
            raise UsageError("an agent has no values to compare")
    first, second = samples
    return _gap(first, second, uncertainty(first, second)._replace(skew=0.0), level)


def _gap(a: Sample, b: Sample, error: Uncertainty, level: float, reach: float = math.inf) -> Gap:
    """With a skew the interval is longer on one side, and t is measured to the end on the side of 0: p agrees with the interval."""
    from scipy.special import stdtr

    difference = float(a.values.mean() - b.values.mean())
    if error.df <= 0:
        return Gap(difference, NO_INTERVAL, math.nan, math.nan, math.nan, error.deals)
    longer = 1 + max(0.0, -error.skew if difference > 0 else error.skew)  # the end towards 0
    t = difference / (error.se * longer)
    return Gap(
        difference, t_interval(difference, error, level, -reach, reach), t, error.df, float(2 * stdtr(error.df, -abs(t))), error.deals
    )


def contrasts(records: MatchTable | Iterable[Record], *, level: float = 0.95) -> tuple[Contrast, ...]:
    """Every pair of agents compared in mean return, larger differences in standard errors first, pairs without an interval last.

    As `mean_gap`, with deals of different seatings as strata and the longer end of `deals.t_interval` for skewed returns; t is
    measured to the end on the side of 0, so that p < 1 - level exactly where the interval leaves 0 out.

    Args:
        records: Matches of one game, or their table.
        level: Coverage of the intervals, for each pair by itself.

    Raises:
        UsageError: There are no records, they are of different games, or the level is out of range.
    """
    check_level(level)
    table = records if isinstance(records, MatchTable) else MatchTable.of(records)
    values = {agent: sample for agent in range(len(table.agents)) if len((sample := table.returns_of(agent)).values)}
    pairs = []
    for i in values:
        for j in range(i + 1, len(table.agents)):
            if j in values:
                one, other = (i, j) if values[i].values.mean() >= values[j].values.mean() else (j, i)
                pairs.append(_contrast(table, one, other, values[one], values[other], level))
    known = [c.p for c in pairs if not math.isnan(c.p)]
    corrected = iter(holm(known))
    pairs = [c if math.isnan(c.p) else replace(c, p_holm=float(next(corrected))) for c in pairs]
    return tuple(sorted(pairs, key=lambda c: (math.isnan(c.t), -c.t if not math.isnan(c.t) else 0.0, c.first, c.second)))


def _contrast(table: MatchTable, one: int, other: int, a: Sample, b: Sample, level: float) -> Contrast:
    low, high = table.possible
    reason = few(min(len(np.unique(a.deals)), len(np.unique(b.deals))), FEWEST_FOR_MEANS)
    reason = reason or copies(table, np.asarray((table.held(one) | table.held(other)).any(1)))
    gap = _gap(a, b, uncertainty(a, b), level, high - low)
    if math.isnan(gap.t):
        reason = reason or f"all {gap.deals} deals gave the same result"
    if reason:
        gap = gap._replace(interval=NO_INTERVAL, t=math.nan, df=math.nan, p=math.nan)
    d = cohens_d(a.values, b.values) if min(len(a.values), len(b.values)) > 1 else math.nan
    names = table.agents[one], table.agents[other]
    return Contrast(
        *names, gap.difference, gap.interval, gap.t, gap.df, gap.p, gap.p, d if math.isfinite(d) else math.nan, gap.deals, reason
    )


def rank_spans(pairs: Iterable[Contrast], agents: Sequence[str], level: float = 0.95) -> list[tuple[int, int]]:
    """The best and the worst rank in mean return that each agent may have, all spans at once.

    An agent is ahead of another where their contrast, corrected by Holm's method for all pairs, says so; the chance that any of
    these findings is wrong, and so that any span misses, is at most 1 - level. A pair without an interval decides nothing.

    Args:
        pairs: Of `contrasts`.
        agents: Names, in the order of the result.
        level: Simultaneous coverage.

    >>> sure = Contrast("a", "b", 1.0, Interval(0.5, 1.5), 4.0, 30.0, 0.001, 0.001, 1.0, 31)
    >>> rank_spans([sure], ["a", "b"]), rank_spans([], ["a", "b"])
    ([(1, 1), (2, 2)], [(1, 2), (1, 2)])
    """
    check_level(level)
    sure = [pair for pair in pairs if pair.p_holm < 1 - level]
    ahead = {name: sum(pair.second == name for pair in sure) for name in agents}
    behind = {name: sum(pair.first == name for pair in sure) for name in agents}
    return [(1 + ahead[name], len(agents) - behind[name]) for name in agents]
