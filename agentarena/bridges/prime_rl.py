"""Advantages of turns as prime-rl takes them: one number a token of each trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.errors import UsageError

__all__ = ["token_advantages"]


def token_advantages(advantages: Any, lengths: Sequence[Sequence[int]]) -> list[list[float]]:
    """The advantage of every sampled token: that of its turn.

        out[e] = [A[e, 0]] * lengths[e][0] + [A[e, 1]] * lengths[e][1] + ...

    Args:
        advantages: Of the turns, by any estimator of `agentarena.train.advantages`, e.g. `marshal`. Shape (E, K): E trajectories
            of up to K turns; numpy or torch.
        lengths: Sampled tokens of each turn of each trajectory, prompts and what others said left out; 0 where a turn has none.
            Row e has as many entries as trajectory e has turns, at most K.

    Returns:
        One list a trajectory, as long as its sampled tokens together: what prime-rl's `assign_advantages(trace, list)` takes.

    Raises:
        UsageError: The shapes do not fit, or a length is negative.

    >>> token_advantages([[0.5, -1.0]], [[2, 1]])
    [[0.5, 0.5, -1.0]]
    """
    rows = np.asarray(advantages, float)
    if rows.ndim != 2 or len(rows) != len(lengths):
        raise UsageError(f"advantages must have shape ({len(lengths)}, K), one row a trajectory of lengths, got {rows.shape}")
    for e, row in enumerate(lengths):
        if len(row) > rows.shape[1] or any(length < 0 for length in row):
            raise UsageError(f"lengths[{e}] must hold at most {rows.shape[1]} numbers of at least 0, got {list(row)}")
    return [np.repeat(rows[e, : len(row)], list(row)).tolist() for e, row in enumerate(lengths)]
