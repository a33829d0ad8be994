"""The replay buffer of the masked DQN, and the decisions that still wait for what comes of them.

Axis letters: N transitions, R rows, C slots, K streams of a slot, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = ["MaskedReplay", "Pending", "Transitions"]


class Transitions(NamedTuple):
    """Decisions and what came of them.

    Attributes:
        observations: What the seat saw. Shape (R, D), float32.
        actions: What it did. Shape (R,), int64.
        rewards: What it gained up to its next decision. Shape (R,), float32.
        next_observations: What it saw then; anything where the match had ended. Shape (R, D), float32.
        next_masks: What was legal then. Shape (R, A), bool.
        ended: Whether the match ended before a next decision. Shape (R,), bool.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray
    next_masks: np.ndarray
    ended: np.ndarray


class MaskedReplay:
    """The newest transitions, with the legal actions of the next decision. Its arguments are those of Stable-Baselines3's buffers.

    Args:
        buffer_size: N.
        observation_space: A `Box` of shape (D,).
        action_space: A `Discrete` of A.
    """

    def __init__(self, buffer_size: int, observation_space: Any, action_space: Any, **_: Any) -> None:
        width, actions = observation_space.shape[0], int(action_space.n)
        self._columns = Transitions(
            np.zeros((buffer_size, width), np.float32),
            np.zeros(buffer_size, np.int64),
            np.zeros(buffer_size, np.float32),
            np.zeros((buffer_size, width), np.float32),
            np.zeros((buffer_size, actions), bool),
            np.zeros(buffer_size, bool),
        )
        self.buffer_size, self.pos, self.count = buffer_size, 0, 0

    def __len__(self) -> int:
        return self.count

    def append(self, rows: Transitions) -> None:
        """Add R transitions in order; the oldest leave."""
        size = len(rows.actions)
        if size > self.buffer_size:
            rows, size = Transitions(*(column[-self.buffer_size :] for column in rows)), self.buffer_size
        where = (self.pos + np.arange(size)) % self.buffer_size
        for column, new in zip(self._columns, rows, strict=True):
            column[where] = new
        self.pos = int((self.pos + size) % self.buffer_size)
        self.count = min(self.count + size, self.buffer_size)

    def draw(self, size: int, rng: np.random.Generator) -> Transitions:
        """`size` transitions, each drawn from all."""
        rows = rng.integers(self.count, size=size)
        return Transitions(*(column[rows] for column in self._columns))

    def arrays(self) -> dict[str, np.ndarray]:
        """All that is in it, for a checkpoint."""
        columns = {name: column[: self.count] for name, column in self._columns._asdict().items()}
        return {**columns, "pos": np.array([self.pos], np.int64)}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put it where `arrays` was taken; the buffer must be of the same size.

        Raises:
            ValueError: The arrays do not fit.
        """
        self.count = len(arrays["actions"])
        for name, column in self._columns._asdict().items():
            column[: self.count] = arrays[name]
        self.pos = int(arrays["pos"][0])


class Pending:
    """Each stream's last decision, until the stream decides again or its match ends.

    Args:
        slots: C.
        streams: K.
        width: D.
        actions: A.
    """

    def __init__(self, slots: int, streams: int, width: int, actions: int) -> None:
        self._rows = np.arange(slots)
        self._width, self._actions = width, actions
        self._waiting = np.zeros((slots, streams), bool)
        self._observations = np.zeros((slots, streams, width), np.float32)
        self._chosen = np.zeros((slots, streams), np.int64)
        self._rewards = np.zeros((slots, streams))

    def completed(self, observations: np.ndarray, masks: np.ndarray, streams: np.ndarray) -> Transitions:
        """The decisions that are completed by these questions: those of the streams that decide again. Shapes (C, ...)."""
        decides = streams >= 0
        rows, numbers = self._rows[decides], streams[decides]
        again = self._waiting[rows, numbers]
        rows, numbers = rows[again], numbers[again]
        return self._transitions((rows, numbers), observations[rows], masks[rows], False)

    def decided(self, observations: np.ndarray, actions: np.ndarray, streams: np.ndarray) -> None:
        """The streams' decisions. Shapes (C, D), (C,), (C,)."""
        decides = streams >= 0
        at = (self._rows[decides], streams[decides])
        self._observations[at], self._chosen[at], self._rewards[at] = observations[decides], actions[decides], 0.0
        self._waiting[at] = True

    def gained(self, gains: np.ndarray, ended: np.ndarray) -> Transitions:
        """Rewards of all streams, (C, K), and the decisions that are completed by the end of their match, (C,)."""
        self._rewards += gains
        at = np.nonzero(self._waiting & ended[:, None])
        nothing = np.zeros((len(at[0]), self._width), np.float32)
        return self._transitions(at, nothing, np.zeros((len(at[0]), self._actions), bool), True)

    def _transitions(self, at: tuple[Any, ...], observations: np.ndarray, masks: np.ndarray, ended: bool) -> Transitions:
        self._waiting[at] = False
        return Transitions(
            self._observations[at],
            self._chosen[at],
            self._rewards[at].astype(np.float32),
            observations,
            masks,
            np.full(len(at[0]), ended),
        )
