"""Rankers side by side: accuracies with intervals, and all differences paired over questions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.envs.consensus.solver.arguments import Strength
from agentarena.evaluate.pair_contrasts import mean_gap
from agentarena.evaluate.stats import Interval, holm, wilson

from .mix import mixed
from .rankers import RANKERS, correctness, rankings
from .scored import Scored

__all__ = ["Accuracy", "Comparison", "Difference", "compare"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a ranker's first candidate is correct.

    Attributes:
        ranker: One of `RANKERS`.
        accuracy: Share of the questions.
        interval: Wilson's.
    """

    ranker: str
    accuracy: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of one ranker less that of another on the same questions.

    Attributes:
        first: The one.
        second: The other.
        difference: first - second.
        interval: Of the paired difference, for this pair alone; nan where both are right at the same questions.
        p: Two-sided p value of the paired t test; 1 where both are right at the same questions.
        p_holm: The same after Holm's correction for all pairs.
    """

    first: str
    second: str
    difference: float
    interval: Interval
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rankers on one set of questions.

    Attributes:
        questions: Number of questions.
        possible: Share of the questions with a correct candidate: what a perfect ranker reaches.
        chance: Accuracy of a random order.
        accuracies: One a ranker, in the order of `RANKERS`.
        differences: Every pair, in the same order.
        topics: Accuracy of each ranker by topic, and the number of its questions; empty without topics.
        level: Coverage of the intervals.
    """

    questions: int
    possible: float
    chance: float
    accuracies: tuple[Accuracy, ...]
    differences: tuple[Difference, ...]
    topics: Mapping[str, tuple[int, Mapping[str, float]]]
    level: float

    def difference(self, first: str, second: str) -> Difference:
        """One ranker less another."""
        for one in self.differences:
            if (one.first, one.second) == (first, second):
                return one
            if (one.first, one.second) == (second, first):
                ends = Interval(-one.interval.high, -one.interval.low)
                return Difference(first, second, -one.difference, ends, one.p, one.p_holm)
        raise UsageError(f"no difference of {first!r:.50} and {second!r:.50}; rankers: {', '.join(one.ranker for one in self.accuracies)}")


def compare(
    rows: Sequence[Scored],
    *,
    length: str = "sum",
    eta: Strength = 0.1,
    lam: Strength = 0.1,
    iterations: int = 5000,
    seeds: int = 5,
    level: float = 0.95,
) -> Comparison:
    """All rankers on the same questions.

    Args:
        rows: What a model gave the candidates.
        length: See `rankers.LENGTHS`.
        eta: See `equilibrium_ranking`.
        lam: Likewise.
        iterations: Likewise.
        seeds: Random halvings of the learned mix; 0 leaves it out.
        level: Coverage.

    Raises:
        UsageError: No rows, or a number out of range.
    """
    if not rows:
        raise UsageError("there are no questions to compare rankers on")
    scores = rankings(rows, length=length, eta=eta, lam=lam, iterations=iterations)
    right = {name: correctness(values, rows) for name, values in scores.items()}
    if seeds > 0 and len(rows) > 1:
        right["learned mix"] = mixed(rows, length=length, seeds=seeds)
    right = {name: right[name] for name in RANKERS if name in right}
    accuracies = tuple(Accuracy(name, float(one.mean()), wilson(float(one.sum()), len(one), level)) for name, one in right.items())
    chance = float(np.mean([len(row.answers) / len(row.candidates) if row.candidates else 0.0 for row in rows]))
    possible = float(np.mean([bool(row.answers) for row in rows]))
    return Comparison(len(rows), possible, chance, accuracies, _differences(right, level), _topics(rows, right), level)


def _differences(right: Mapping[str, np.ndarray], level: float) -> tuple[Difference, ...]:
    names = list(right)
    out = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            places = np.arange(len(right[first]))
            gap = mean_gap(right[first], places, right[second], places, level)
            out.append((first, second, gap.difference, gap.interval, 1.0 if math.isnan(gap.p) else gap.p))
    corrected = holm([one[-1] for one in out]) if out else np.zeros(0)
    return tuple(Difference(*one, float(p)) for one, p in zip(out, corrected, strict=True))


def _topics(rows: Sequence[Scored], right: Mapping[str, np.ndarray]) -> dict[str, tuple[int, dict[str, float]]]:
    out = {}
    for topic in sorted({row.topic for row in rows if row.topic}):
        places = [place for place, row in enumerate(rows) if row.topic == topic]
        out[topic] = (len(places), {name: float(one[places].mean()) for name, one in right.items()})
    return out
