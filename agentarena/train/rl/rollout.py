"""A rollout of slots, and advantages along each stream: a decision is credited with its own seat's rewards up to its next decision.

Axis letters: T decisions of a slot, C slots, K streams of a slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from sb3_contrib.common.maskable.buffers import MaskableRolloutBuffer, MaskableRolloutBufferSamples

from agentarena.core.errors import UsageError

__all__ = ["SeatRolloutBuffer", "stream_advantages"]


def stream_advantages(
    values: np.ndarray,
    streams: np.ndarray,
    gains: np.ndarray,
    ended: np.ndarray,
    last_values: np.ndarray,
    last_streams: np.ndarray,
    gamma: float,
    gae_lambda: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Generalized advantage estimates of decisions that streams take in turn within slots.

    With n(t) the next decision of the same stream in the same match, and R(t) the rewards of that stream from the step after t up to
    the step before n(t), or to the match's end:

        delta(t) = R(t) + gamma * V(n(t)) - V(t),      A(t) = delta(t) + gamma * lambda * A(n(t))

    and V(n(t)) = A(n(t)) = 0 where the match ends first; a match that is cut short ends, too, as its return does. Where the
    rollout ends first, V of the questions that stand then is used for the streams that they are put to. The last decision of any other
    stream has no outcome yet: it is left out, and the one before it takes its V.

    Args:
        values: V of each decision. Shape (T, C).
        streams: Who decided, -1 for nobody. Shape (T, C), int.
        gains: Rewards of every stream in the step after each decision. Shape (T, C, K).
        ended: Whether the match ended with that step. Shape (T, C), bool.
        last_values: V of the questions after the last step. Shape (C,).
        last_streams: Whom they are put to, -1 for nobody. Shape (C,), int.
        gamma: Discount from a stream's decision to its next.
        gae_lambda: lambda.

    Returns:
        (advantages, valid): shape (T, C), float64, 0 where not valid; and shape (T, C), bool.

    Reference: Schulman et al., "High-dimensional continuous control using generalized advantage estimation" (arXiv 1506.02438).

    >>> advantages, valid = stream_advantages(  # two seats in turn; seat 1 wins with its move
    ...     np.array([[0.5], [0.25]]), np.array([[0], [1]]), np.array([[[0., 0.]], [[-1., 1.]]]), np.array([[False], [True]]),
    ...     np.zeros(1), np.zeros(1, int), 1.0, 1.0)
    >>> advantages.ravel().tolist(), valid.all()
    ([-1.5, 0.75], np.True_)
    """
    steps, slots, count = gains.shape
    rows = np.arange(slots)
    advantages, valid = np.zeros((steps, slots)), np.zeros((steps, slots), bool)
    # of each stream, as seen from the present step: rewards so far, V and A of the next decision, whether these are known
    reward, next_value, next_advantage = (np.zeros((slots, count)) for _ in range(3))
    known = np.zeros((slots, count), bool)
    deciding = last_streams >= 0
    next_value[rows[deciding], last_streams[deciding]] = last_values[deciding]
    known[rows[deciding], last_streams[deciding]] = True
    for t in range(steps - 1, -1, -1):
        over = ended[t]
        reward[over] = next_value[over] = next_advantage[over] = 0.0
        known[over] = True
        reward += gains[t]
        decided = streams[t] >= 0
        at = (rows[decided], streams[t][decided])
        value = values[t][decided]
        advantage = reward[at] + gamma * next_value[at] - value + gamma * gae_lambda * next_advantage[at]
        advantage = np.where(known[at], advantage, 0.0)
        advantages[t][decided], valid[t][decided] = advantage, known[at]
        reward[at], next_value[at], next_advantage[at], known[at] = 0.0, value, advantage, True
    return advantages, valid


class SeatRolloutBuffer(MaskableRolloutBuffer):
    """sb3-contrib's buffer with streams: `stream_advantages` instead of one line of time a slot, and batches of valid decisions alone.

    Attributes:
        valid: Decisions whose outcome is known. Shape (T, C), bool.
        rng: Draws the batches.
    """

    def __init__(self, *args: Any, streams: int = 1, rng: np.random.Generator | None = None, **kwargs: Any) -> None:
        self.count = streams
        self.rng = np.random.default_rng(0) if rng is None else rng
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        super().reset()
        shape = (self.buffer_size, self.n_envs)
        self.streams = np.zeros(shape, np.intp)
        self.gains = np.zeros((*shape, self.count))
        self.ended = np.zeros(shape, bool)
        self.valid = np.zeros(shape, bool)

    def add_step(
        self,
        observations: np.ndarray,
        actions: np.ndarray,
        values: torch.Tensor,
        log_probs: torch.Tensor,
        masks: np.ndarray,
        streams: np.ndarray,
        gains: np.ndarray,
        ended: np.ndarray,
    ) -> None:
        """One decision of each slot and what came of it. Shapes (C, ...); `gains` (C, K)."""
        self.streams[self.pos], self.gains[self.pos], self.ended[self.pos] = streams, gains, ended
        idle = np.zeros(self.n_envs, np.float32)  # rewards and episode starts stand in gains and ended
        self.add(observations, actions.reshape(-1, 1), idle, idle, values, log_probs, action_masks=masks)

    def finish(self, last_values: np.ndarray, last_streams: np.ndarray) -> None:
        """Compute advantages and returns, once the buffer is full. Shapes (C,)."""
        advantages, self.valid = stream_advantages(
            self.values, self.streams, self.gains, self.ended, last_values, last_streams, self.gamma, self.gae_lambda
        )
        self.advantages = advantages.astype(np.float32)
        self.returns = self.advantages + self.values
        if not self.valid.any():
            raise UsageError(f"no decision of a round of n_steps={self.buffer_size} saw its seat move again: raise n_steps")

    def get(self, batch_size: int | None = None) -> Iterator[MaskableRolloutBufferSamples]:  # type: ignore[override]
        """The valid decisions in random order, in batches of about `batch_size`, all of nearly the same size."""
        if not self.generator_ready:
            for name in ("observations", "actions", "values", "log_probs", "advantages", "returns", "action_masks"):
                setattr(self, name, self.swap_and_flatten(getattr(self, name)))
            self.generator_ready = True
        indices = self.rng.permutation(np.flatnonzero(self.valid.T))
        batches = max(1, round(len(indices) / (batch_size or len(indices))))
        for part in np.array_split(indices, batches):
            yield self._get_samples(part)
