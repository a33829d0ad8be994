"""Does a policy play as well under settings that it was not trained on? Two lists of settings, the same agents on each, and the gap.

The protocol of VGC-Bench ("Towards Mastering Diverse Team Strategies in Competitive Pokémon", AAMAS 2026), which tests policies trained
on k teams on teams that they have not seen, for any game with options: settings are rule variants or numbers of seats. Every setting
counts equally. Intervals are over deals; the settings are
taken as they are, so that a gap speaks of these settings and not of all there could be.

Axis letters: E matches, S seats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.intervals import NO_INTERVAL, Interval
from agentarena.core.record import Record

from .arguments import check_level
from .deals import FEWEST_FOR_MEANS, Sample, Uncertainty, t_interval, uncertainty
from .match_table import MatchTable
from .share import few

__all__ = ["Generalization", "Measure", "SettingMean", "SideMean", "generalization_gaps"]

Measure = Literal["win_share", "relative_win_share", "return"]
"""What is averaged: the share of the win; that share times the number of sides, which is 1 for equal players whatever their number; or
the return, in the game's unit, where settings pay alike."""

_BOUNDS = {"win_share": (0.0, 1.0), "relative_win_share": (0.0, math.inf), "return": (-math.inf, math.inf)}


@dataclass(frozen=True, slots=True)
class SettingMean:
    """What one agent achieved under one setting.

    Attributes:
        setting: Its name.
        held_out: Whether the agent was not trained on it.
        matches: Matches that the agent played.
        deals: Different deals among them.
        mean: Mean over matches, in the measure's unit.
        interval: Student's t over deals; nan where there is none.
        reason: Why there is none; "" where there is one.
    """

    setting: str
    held_out: bool
    matches: int
    deals: int
    mean: float
    interval: Interval
    reason: str


@dataclass(frozen=True, slots=True)
class SideMean:
    """The mean over the settings of one list, each counted equally.

    Attributes:
        settings: How many settings.
        matches: Matches in all of them.
        mean: In the measure's unit.
        interval: Over deals, with the settings as they are; nan where there is none.
    """

    settings: int
    matches: int
    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Generalization:
    """What one agent achieved under settings it was trained on and under others.

    Attributes:
        agent: Its name.
        measure: What was averaged.
        train: Over the settings it was trained on.
        held_out: Over the others.
        gap: `train.mean - held_out.mean`: positive where it plays worse under what it has not seen.
        gap_interval: Of the gap, by Welch; nan where there is none.
        reason: Why there is no interval; "" where there is one.
        settings: Setting by setting, in the order of the lists.
    """

    agent: str
    measure: Measure
    train: SideMean
    held_out: SideMean
    gap: float
    gap_interval: Interval
    reason: str
    settings: tuple[SettingMean, ...]


def generalization_gaps(
    train: Mapping[str, Iterable[Record]],
    held_out: Mapping[str, Iterable[Record]],
    *,
    measure: Measure = "win_share",
    level: float = 0.95,
) -> tuple[Generalization, ...]:
    """Means and gaps of the agents of some matches.

        mean of a list = sum over its k settings of the setting's mean / k,   se^2 = sum of the settings' se^2 / k^2
        gap = mean(train) - mean(held out),   se^2 = the sum of both,   df by Welch and Satterthwaite

    Args:
        train: Matches under each setting that was trained on, by the setting's name. Deals of different settings must be independent:
            play each setting with a seed of its own.
        held_out: Matches under each of the other settings.
        measure: "win_share", "relative_win_share" or "return" (`Measure`).
        level: Coverage of the intervals, each by itself.

    Returns:
        One row for each agent that played under every setting, by falling mean over the trained settings, then by name. No intervals
        where a setting has fewer than 15 deals of an agent, or its deals all gave the same result.

    Raises:
        UsageError: A list is empty, a setting has no matches or stands in both lists, no agent played under all settings, there is
            nothing to win, or an argument is out of range.
    """
    check_level(level)
    if measure not in _BOUNDS:
        raise UsageError(f"measure is {measure!r:.100}; allowed: {', '.join(map(repr, _BOUNDS))}")
    if not train or not held_out or set(train) & set(held_out):
        both = sorted(set(train) & set(held_out))
        raise UsageError(f"need settings to train on and other ones held out, got {len(train)} and {len(held_out)}, in both: {both!r:.200}")
    tables = {name: (MatchTable.of(records), name in held_out) for name, records in [*train.items(), *held_out.items()]}
    if measure != "return" and not all(table.has_wins for table, _ in tables.values()):
        raise UsageError("there is nothing to win under some setting; measure='return' compares returns")
    common = set.intersection(*(set(table.agents) for table, _ in tables.values()))
    if not common:
        raise UsageError("no agent played under every setting; the same agents must play all of them, under the same names")
    rows = [_row(agent, tables, measure, level) for agent in common]
    return tuple(sorted(rows, key=lambda row: (-row.train.mean, row.agent)))


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A mean with its error; `reason` says why the error is not known."""

    mean: float
    error: Uncertainty
    reason: str

    def interval(self, level: float, low: float, high: float) -> Interval:
        return NO_INTERVAL if self.reason else t_interval(self.mean, self.error, level, low, high)


def _row(agent: str, tables: Mapping[str, tuple[MatchTable, bool]], measure: Measure, level: float) -> Generalization:
    low, high = _BOUNDS[measure]
    settings: list[SettingMean] = []
    sides: tuple[list[_Estimate], list[_Estimate]] = ([], [])
    for name, (table, is_held_out) in tables.items():
        sample = _sample(table, table.agents.index(agent), measure)
        one = _estimate(sample, name)
        sides[is_held_out].append(one)
        deals = len(np.unique(sample.deals))
        settings.append(SettingMean(name, is_held_out, len(sample.values), deals, one.mean, one.interval(level, low, high), one.reason))
    trained, others = (_mean(side) for side in sides)
    gap = _combined([trained, others], [1.0, -1.0])
    matches = [sum(one.matches for one in settings if one.held_out == side) for side in (False, True)]
    return Generalization(
        agent,
        measure,
        SideMean(len(sides[0]), matches[0], trained.mean, trained.interval(level, low, high)),
        SideMean(len(sides[1]), matches[1], others.mean, others.interval(level, low, high)),
        gap.mean,
        gap.interval(level, low - high, high - low),
        gap.reason,
        tuple(settings),
    )


def _sample(table: MatchTable, agent: int, measure: Measure) -> Sample:
    """The agent's values, one a match; the mean over its seats where it held several."""
    if measure == "return":
        return table.returns_of(agent)
    held = table.held(agent)
    played = held.any(1)
    held = held[played]
    shares = np.where(held, table.wins[played], 0.0).sum(1) / held.sum(1)
    if measure == "relative_win_share":
        shares = shares * (table.sides[played].max(1) + 1)
    return Sample(shares, table.deals[played], table.strata[played])


def _estimate(sample: Sample, setting: str) -> _Estimate:
    error = uncertainty(sample)
    reason = few(error.deals, FEWEST_FOR_MEANS)
    if not reason and error.df <= 0:
        reason = f"all {error.deals} deals gave the same result"
    return _Estimate(float(sample.values.mean()), error, reason and f"{setting}: {reason}")


def _mean(estimates: Sequence[_Estimate]) -> _Estimate:
    return _combined(estimates, [1.0 / len(estimates)] * len(estimates))


def _combined(estimates: Sequence[_Estimate], weights: Sequence[float]) -> _Estimate:
    """A weighted sum of independent estimates; degrees of freedom by Welch and Satterthwaite, skewness by its cumulants."""
    mean = sum(weight * one.mean for weight, one in zip(weights, estimates, strict=True))
    reason = next((one.reason for one in estimates if one.reason), "")
    parts = [(weight * one.error.se) ** 2 for weight, one in zip(weights, estimates, strict=True)]
    variance = sum(parts)
    if reason or variance <= 0:
        return _Estimate(mean, Uncertainty(0.0, 0.0, 0.0, 0), reason or "nothing varies")
    df = variance**2 / sum(part**2 / one.error.df for part, one in zip(parts, estimates, strict=True))
    third = sum((weight * one.error.se) ** 3 * one.error.skew for weight, one in zip(weights, estimates, strict=True))
    deals = sum(one.error.deals for one in estimates)
    return _Estimate(mean, Uncertainty(math.sqrt(variance), df, third / variance**1.5, deals), "")
