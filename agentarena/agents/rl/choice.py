"""From a network's outputs to actions: probabilities over legal actions, and draws from them.

Axis letters: R decisions, A actions.
"""

from __future__ import annotations

import numpy as np

__all__ = ["drawn", "probabilities"]


def probabilities(scores: np.ndarray, masks: np.ndarray, *, greedy: bool = False, temperature: float = 1.0) -> np.ndarray:
    """Probability of each action: the softmax of the legal scores, or all on the greatest one.

        p[r, a] = exp(scores[r, a] / temperature) / sum over legal a' of exp(scores[r, a'] / temperature)

    Args:
        scores: Logits or Q-values. Shape (R, A), finite where legal.
        masks: Nonzero where legal, at least one a row. Shape (R, A).
        greedy: Whether the legal action with the greatest score, the first among equals, has probability 1.
        temperature: Above 0.

    Returns:
        Shape (R, A), float64; 0 where illegal, rows add up to 1. A row does not depend on the others.

    >>> probabilities(np.array([[0.0, 9.0, 0.0]]), np.array([[1, 0, 1]])).tolist()
    [[0.5, 0.0, 0.5]]
    """
    legal = np.where(np.asarray(masks) != 0, np.asarray(scores, np.float64), -np.inf)
    best = legal.argmax(-1)
    if greedy:
        return np.eye(legal.shape[1])[best]
    weights = np.exp((legal - legal[np.arange(len(legal)), best][:, None]) / temperature)
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def drawn(chances: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """One action a row, by the cumulated probabilities.

    Args:
        chances: Shape (R, A).
        uniforms: Numbers in [0, 1). Shape (R,).

    Returns:
        Shape (R,), int64.

    >>> drawn(np.array([[0.5, 0.0, 0.5]] * 2), np.array([0.2, 0.5])).tolist()
    [0, 2]
    """
    totals = chances.cumsum(-1)
    return np.asarray((totals > uniforms[:, None] * totals[:, -1:]).argmax(-1))
