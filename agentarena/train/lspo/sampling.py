"""Tabular MCCFR on array rules: regrets and averages by what a seat sees, many traversals in lockstep.

Within an iteration all traversals of a seat meet the same policies; regrets of iteration t count t times (linear CFR).

Axis letters: R decisions, A actions, I observations met.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from agentarena.agents.search.array_tree import row_bytes
from agentarena.core.batch import ListedBatch
from agentarena.train.deep_cfr.lockstep import traverse_arrays
from agentarena.train.deep_cfr.traversal import Sampling

__all__ = ["MCCFRTables"]


class _Table:
    """One seat's regrets and averages, by the bytes of an observation. Arrays have shape (I, A)."""

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self._latest: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.observations: list[np.ndarray] = []
        self.masks = np.zeros((0, 0), bool)
        self.regrets = np.zeros((0, 0))
        self.totals = np.zeros((0, 0))

    def rows(self, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The row of each decision; new ones begin with zeros. Shape (R,)."""
        known = self._latest.get(id(observations))
        if known is not None and known[0] is observations:  # they were asked about a moment ago
            return known[1]
        places, before = self.places, len(self.places)
        rows = np.array([places.setdefault(key, len(places)) for key in row_bytes(observations)], np.intp)
        if len(places) > before:
            fresh, first = np.unique(rows, return_index=True)
            first = first[fresh >= before]
            self._grow(observations[first], masks[first])
        self._latest[id(observations)] = (observations, rows)
        return rows

    def forget_latest(self) -> None:
        """No array of observations is asked about again."""
        self._latest.clear()

    def _grow(self, observations: np.ndarray, masks: np.ndarray) -> None:
        self.observations.extend(observations)
        missing = len(self.places) - len(self.regrets)
        if missing > 0:
            size = max(len(self.places), 2 * len(self.regrets))
            for name in ("regrets", "totals", "masks"):
                old = getattr(self, name)
                new = np.zeros((size, masks.shape[1]), old.dtype)
                new[: len(old)] = old.reshape(len(old), masks.shape[1])
                setattr(self, name, new)
        self.masks[len(self.places) - len(masks) : len(self.places)] = masks

    def policy(self, rows: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Regret matching, uniform where no regret is positive. Shape (R, A)."""
        return _normalised(np.maximum(self.regrets[rows], 0.0), masks)


def _normalised(weights: np.ndarray, masks: np.ndarray) -> np.ndarray:
    weights = np.where(masks, weights, 0.0)
    total = weights.sum(1, keepdims=True)
    return np.asarray(np.where(total > 0.0, weights, masks) / np.where(total > 0.0, total, masks.sum(1, keepdims=True)))


class MCCFRTables:
    """MCCFR under way.

    Args:
        rules: Array rules of the game.
        seats: Number of seats.
        sampling: "external" or "outcome".
    """

    def __init__(self, rules: ListedBatch[Any], seats: int, sampling: Sampling) -> None:
        self.rules, self.sampling, self.iteration = rules, sampling, 0
        self.tables = [_Table() for _ in range(seats)]

    @property
    def sets(self) -> int:
        """Observations met, over all seats."""
        return sum(len(table.places) for table in self.tables)

    def iterate(self, traversals: int, rng: np.random.Generator) -> None:
        """Every seat, in turn, traverses so many times and learns."""
        self.iteration += 1
        for seat, table in enumerate(self.tables):
            advantages, strategies = traverse_arrays(self.rules, seat, traversals, self._decide, rng, self.sampling)
            for samples in advantages:
                np.add.at(table.regrets, table.rows(samples.observations, samples.masks), self.iteration * samples.targets)
            for other, batches in strategies.items():
                for samples in batches:
                    rows = self.tables[other].rows(samples.observations, samples.masks)
                    np.add.at(self.tables[other].totals, rows, self.iteration * samples.targets)
            for one in self.tables:
                one.forget_latest()

    def _decide(self, seat: int, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        table = self.tables[seat]
        return table.policy(table.rows(observations, masks), masks)

    def averages(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Seat, observation and average policy of everything that was met."""
        for seat, table in enumerate(self.tables):
            size = len(table.places)
            policies = _normalised(table.totals[:size], table.masks[:size])
            yield from ((seat, observation, row) for observation, row in zip(table.observations, policies, strict=True))
