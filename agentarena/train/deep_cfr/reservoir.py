"""A uniform sample, of bounded size, of all rows ever added."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["Reservoir"]

_FIRST = 1024
_COLUMNS = ("observations", "targets", "masks", "iterations")


class Reservoir:
    """Rows of (observation, target, mask, iteration). Every row ever added is in it with the same probability.

    A buffer that drops its oldest rows would forget early iterations, and the average over iterations with them.

    Args:
        capacity: Most rows.
        inputs: D, numbers of an observation.
        actions: A.

    Attributes:
        seen: Rows ever added.

    Reference: J. S. Vitter, "Random sampling with a reservoir" (1985), algorithm R, many rows at once.
    """

    def __init__(self, capacity: int, inputs: int, actions: int) -> None:
        self.capacity, self.seen = capacity, 0
        rows = min(capacity, _FIRST)
        self.observations = np.zeros((rows, inputs), np.float32)
        self.targets = np.zeros((rows, actions), np.float32)
        self.masks = np.zeros((rows, actions), bool)
        self.iterations = np.zeros(rows, np.float32)

    def __len__(self) -> int:
        return min(self.seen, self.capacity)

    def add(self, observations: np.ndarray, targets: np.ndarray, masks: np.ndarray, iteration: int, rng: np.random.Generator) -> None:
        """Offer rows, in order. Shapes (R, D), (R, A), (R, A)."""
        ordinals = self.seen + np.arange(len(observations))
        places = np.where(ordinals < self.capacity, ordinals, (rng.random(len(ordinals)) * (ordinals + 1)).astype(np.int64))
        stays = places < self.capacity
        self.seen += len(ordinals)
        self._grow(len(self))
        places = places[stays]
        self.observations[places] = observations[stays]  # of rows for one place the last one stays
        self.targets[places] = targets[stays]
        self.masks[places] = masks[stays]
        self.iterations[places] = iteration

    def _grow(self, rows: int) -> None:
        if rows <= len(self.iterations):
            return
        size = min(self.capacity, max(rows, 2 * len(self.iterations)))
        for name in _COLUMNS:
            old = getattr(self, name)
            new = np.zeros((size, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def arrays(self) -> dict[str, np.ndarray]:
        """The rows, and `seen`."""
        return {**{name: getattr(self, name)[: len(self)] for name in _COLUMNS}, "seen": np.array([self.seen], np.int64)}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """The inverse of `arrays`."""
        self.seen = int(arrays["seen"][0])
        for name in _COLUMNS:
            setattr(self, name, np.array(arrays[name]))
