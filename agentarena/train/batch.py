"""Trajectories of an update as arrays, and the operations on them that the advantage estimators share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.errors import UsageError

__all__ = ["Array", "Baselines", "Batch", "arrays", "as_numpy", "like", "pairs", "pools", "returns_to_go", "standardised"]

Array = Any
"""A numpy array or a torch tensor."""
Baselines = dict[tuple[Hashable, Hashable], float]
"""(game, seat) -> moving average of its returns."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Trajectories of one update.

    Attributes:
        rewards: Reward credited to each turn, in the game's unit. Shape (E, K); numpy or torch. Ignored where the mask is 0.
        mask: 1 where the trajectory has that turn, 0 after its end. Shape (E, K).
        seats: Which seat each trajectory played. Shape (E,).
        games: Name of its game, or any other hashable. Shape (E,).
        groups: Trajectories of one group share a deal or prompt. Shape (E,).
        anchors: What each turn's decision looked like, e.g. its information key; compared for equality. Shape (E, K).
        truncated: Whether the match was cut short, so that its end decided nothing. Shape (E,); nowhere by default.

    Raises:
        UsageError: The shapes do not fit, or a reward under the mask is not finite.
    """

    rewards: Array
    mask: Array
    seats: Sequence[Hashable]
    games: Sequence[Hashable]
    groups: Sequence[Hashable]
    anchors: Sequence[Sequence[Hashable]] | None = None
    truncated: Sequence[bool] | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.rewards.shape) if hasattr(self.rewards, "shape") else np.shape(self.rewards)
        if len(shape) != 2:
            raise UsageError(f"rewards must have shape (E, K), got {shape}")
        if np.shape(as_numpy(self.mask)) != shape:
            raise UsageError(f"mask must have the shape of rewards, {shape}, got {np.shape(as_numpy(self.mask))}")
        for name in ("seats", "games", "groups", "anchors", "truncated"):
            column = getattr(self, name)
            if column is not None and len(column) != shape[0]:
                raise UsageError(f"{name} must have {shape[0]} entries, one a trajectory, got {len(column)}")
        if self.anchors is not None and any(len(row) != shape[1] for row in self.anchors):
            raise UsageError(f"every row of anchors must have {shape[1]} entries, one a turn")
        if not np.isfinite(np.where(as_numpy(self.mask) > 0, as_numpy(self.rewards), 0.0)).all():
            raise UsageError("rewards must be finite where the mask is 1")


def arrays(b: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards with 0 where they do not count, the mask, and the mask without truncated trajectories."""
    mask = as_numpy(b.mask) > 0
    valid = mask if b.truncated is None else mask & ~np.asarray(b.truncated, bool)[:, None]
    return np.where(valid, as_numpy(b.rewards), 0.0), mask, valid


def returns_to_go(rewards: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """Discounted sums of this and all later rewards. Shape (E, K). Masked rewards are 0, so gaps between turns are none."""
    out, later = np.zeros_like(rewards), np.zeros(len(rewards))
    for k in reversed(range(rewards.shape[1])):
        later = rewards[:, k] + gamma * later
        out[:, k] = later
    return out


def standardised(values: np.ndarray, std: bool) -> np.ndarray:
    """Values minus their mean, divided by their population standard deviation where that is asked for and not 0."""
    if np.ptp(values) == 0:
        return np.zeros_like(values)
    centred = values - values.mean()
    return centred / values.std() if std else centred


def pairs(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[Hashable, Hashable]]:
    return [(_plain(a), _plain(b)) for a, b in zip(first, second, strict=True)]


def pools(keys: Sequence[Hashable], counted: np.ndarray) -> list[np.ndarray]:
    """Indices of equal keys, without those that do not count."""
    pools: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        if counted[index]:
            pools.setdefault(_plain(key), []).append(index)
    return [np.array(members) for members in pools.values()]


def _plain(key: Any) -> Hashable:
    """Scalars of arrays as Python's own, so that equal keys are equal."""
    return key.item() if hasattr(key, "item") else key


def as_numpy(array: Array) -> np.ndarray:
    if hasattr(array, "detach"):
        array = array.detach().cpu().numpy()
    return np.asarray(array, np.float64)


def like(advantage: np.ndarray, rewards: Array) -> Array:
    """The advantages as the kind of array that the rewards are: a tensor of their type and device, or float64."""
    if hasattr(rewards, "detach"):
        import torch

        kind = rewards.dtype if rewards.dtype.is_floating_point else torch.float32
        return torch.as_tensor(advantage, dtype=kind, device=rewards.device)
    return advantage
