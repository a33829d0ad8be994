"""Preference pairs: which of two utterances a model should rather say, given a policy over the clusters they fall in.

Two rules. "odds" (default) draws two candidates of a prompt from different clusters, and the one preferred among them with odds

    P(i preferred to j) = r_i / (r_i + r_j),    r = (policy probability / frequency with which the model says it) ** power

These are Bradley-Terry preferences with reward log r. DPO with beta = 1 and power = 1 then has its optimum where

    tuned(i) = model(i) * r_i = policy(i),

the policy itself, mixed as it is; where the model already speaks as the policy, both orders are equally likely and nothing is learned.
"best-worst" takes the most and the least probable candidate of each prompt, as reproductions of the paper do: no pair where all are
equal, and a model that collapses on whatever is a little better.

Probability, never "regret", decides the direction: with regrets defined as u(a) - u(policy), larger is better, and reports that
prefer lower regret teach the worst move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

__all__ = ["BETA", "RULES", "Frequencies", "Pair", "draw_pairs"]

RULES = ("odds", "best-worst")
BETA = {"odds": 1.0, "best-worst": 0.1}
"""DPO's beta that goes with each rule; see the module for "odds"."""
_FLOOR = 1e-6
"""Least probability that odds are computed with."""


class Pair(NamedTuple):
    """Two candidates of a prompt, by their places in its list.

    Attributes:
        chosen: The preferred one.
        rejected: The other.
    """

    chosen: int
    rejected: int


class Frequencies:
    """How often a model says each move when it is asked once, by situation, drawn towards how often it does so anywhere.

        frequency(move | situation) = (count in the situation + weight * frequency(move)) / (all in the situation + weight)

    and frequency(move) itself with one count of `moves` added, so that nothing has frequency 0.

    Args:
        weight: Observations that the overall frequency counts as.

    >>> frequencies = Frequencies()
    >>> for move in (0, 0, 0, 1):
    ...     frequencies.add("opening", move)
    >>> round(frequencies("opening", 0, moves=2), 3)
    0.69
    """

    def __init__(self, weight: float = 10.0) -> None:
        self._weight = weight
        self._everywhere: Counter[Hashable] = Counter()
        self._within: dict[Hashable, Counter[Hashable]] = {}

    def add(self, situation: Hashable, move: Hashable) -> None:
        """Count one utterance that was asked for without others being listed."""
        self._everywhere[move] += 1
        self._within.setdefault(situation, Counter())[move] += 1

    def __call__(self, situation: Hashable, move: Hashable, moves: int) -> float:
        """The frequency of a move among `moves` different ones; positive."""
        overall = (self._everywhere[move] + 1.0) / (self._everywhere.total() + max(1, moves))
        within = self._within.get(situation, Counter())
        return (within[move] + self._weight * overall) / (within.total() + self._weight)


def draw_pairs(
    moves: Sequence[Hashable],
    probabilities: Sequence[float],
    frequencies: Sequence[float],
    rng: np.random.Generator,
    *,
    rule: str = "odds",
    power: float = 1.0,
    count: int = 1,
) -> list[Pair]:
    """Preference pairs of one prompt.

    Args:
        moves: The latent move of each candidate; `None` for one that is no move now, which is left out. Length C.
        probabilities: The policy's, of each candidate's move, length C.
        frequencies: With which the model makes the move, length C, positive.
        rng: The draws.
        rule: One of `RULES`.
        power: Exponent of the odds; above 1 sharper than the policy.
        count: Pairs to draw by "odds". There is one at most by "best-worst".

    Returns:
        Pairs whose candidates are different moves; none where all are the same move (or, by "best-worst", equally good).

    >>> draw_pairs(["win", "draw", "lose"], [1.0, 0.0, 0.0], [1 / 3] * 3, np.random.default_rng(0), rule="best-worst")
    [Pair(chosen=0, rejected=1)]
    """
    if rule not in RULES:
        raise BadOption(f"lspo: the rule of pairs is {shown(rule)}; expected one of {', '.join(RULES)}")
    places = [place for place, move in enumerate(moves) if move is not None]
    if rule == "best-worst":
        return _best_worst(places, probabilities)
    contrasts = [(i, j) for i in places for j in places if i < j and moves[i] != moves[j]]
    if not contrasts:
        return []
    rewards = np.log(np.maximum(np.asarray(probabilities, float), _FLOOR) / np.maximum(np.asarray(frequencies, float), _FLOOR)) * power
    pairs = []
    for index in rng.integers(len(contrasts), size=count):
        i, j = contrasts[int(index)]
        preferred = 1.0 / (1.0 + np.exp(np.clip(rewards[j] - rewards[i], -50.0, 50.0)))
        pairs.append(Pair(i, j) if rng.random() < preferred else Pair(j, i))
    return pairs


def _best_worst(places: Sequence[int], probabilities: Sequence[float]) -> list[Pair]:
    if not places:
        return []
    best, worst = (
        max(places, key=lambda place: (probabilities[place], -place)),
        min(places, key=lambda place: (probabilities[place], place)),
    )
    return [Pair(best, worst)] if probabilities[best] > probabilities[worst] else []
