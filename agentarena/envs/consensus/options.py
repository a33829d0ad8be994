"""Candidate sets: what a language model gives each candidate, checked, the initial policies that follow, and presets.

Axis letters: Y candidates; leading axes are instances. Index 0 of a value axis is "correct", 1 is "incorrect".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

__all__ = ["CORRECT", "INCORRECT", "MOST_CANDIDATES", "PRESETS", "VALUES", "checked", "initial_policies"]

CORRECT, INCORRECT = 0, 1
VALUES = ("correct", "incorrect")
"""Names of the two values that nature draws."""
MOST_CANDIDATES = 1000
"""Most candidates of one set."""
_TOLERANCE = 1e-6
"""Greatest accepted distance of a sum of probabilities from 1."""

PRESETS: dict[str, dict[str, Any]] = {
    "example_a": {
        "question": "",
        "candidates": ("A", "B", "C"),
        "generator": ((0.5, 0.3, 0.2), (0.4, 0.2, 0.4)),
        "discriminator": (0.4, 0.7, 0.2),
    },
    "uniform": {
        "question": "",
        "candidates": ("A", "B"),
        "generator": ((0.5, 0.5), (0.5, 0.5)),
        "discriminator": (0.5, 0.5),
    },
    "product": {
        "question": "What is 7 times 8?",
        "candidates": ("54", "56", "63", "78"),
        "generator": ((0.4, 0.35, 0.2, 0.05), (0.35, 0.15, 0.2, 0.3)),
        "discriminator": (0.45, 0.6, 0.4, 0.3),
    },
}
"""Ready candidate sets: three without words, two that are all alike, and one of a question in words."""


def checked(generator: npt.ArrayLike, discriminator: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of a language model as float64 arrays, if they are ones.

    Args:
        generator: P(y | correct) and P(y | incorrect). Shape (..., 2, Y); each row adds up to 1 within 1e-6.
        discriminator: P(correct | y). Shape (..., Y), each in [0, 1].

    Returns:
        Arrays of shapes (..., 2, Y) and (..., Y) with the same leading axes.

    Raises:
        UsageError: A shape does not fit, a number is not finite or no probability, or a row does not add up to 1.

    >>> checked([[0.5, 0.5], [0.25, 0.75]], [0.5, 0.5])[0].shape
    (2, 2)
    """
    first, second = _numbers("generator", generator), _numbers("discriminator", discriminator)
    if first.ndim < 2 or first.shape[-2] != 2 or not 2 <= first.shape[-1] <= MOST_CANDIDATES:
        raise UsageError(
            f"generator has shape {first.shape}; expected (..., 2, Y): P(y | correct) and P(y | incorrect) of 2 to {MOST_CANDIDATES} candidates"
        )
    if second.ndim < 1 or second.shape[-1] != first.shape[-1]:
        raise UsageError(f"discriminator has shape {second.shape}; expected (..., {first.shape[-1]}): P(correct | y) of each candidate")
    try:
        lead = np.broadcast_shapes(first.shape[:-2], second.shape[:-1])
    except ValueError:
        raise UsageError(f"generator has shape {first.shape} and discriminator {second.shape}; their leading axes must agree") from None
    sums = first.sum(axis=-1)
    wrong = np.abs(sums - 1.0) > _TOLERANCE
    if wrong.any():
        raise UsageError(
            f"generator has a row that adds up to {float(sums[wrong][0]):.6g}; expected 1 over the candidates. Divide each row by its sum, "
            "or take the softmax of log-probabilities"
        )
    return np.broadcast_to(first, (*lead, *first.shape[-2:])), np.broadcast_to(second, (*lead, second.shape[-1]))


def _numbers(name: str, values: npt.ArrayLike) -> np.ndarray:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} must be an array of probabilities, got {shown(values)}") from None
    if not np.all((array >= 0.0) & (array <= 1.0)):  # so that NaN is refused
        bad = array[~((array >= 0.0) & (array <= 1.0))]
        raise UsageError(f"{name} holds {shown(bad.ravel()[:3].tolist())}; expected probabilities between 0 and 1")
    return array


def initial_policies(generator: npt.ArrayLike, discriminator: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The policies that both players are anchored to.

        pi_G(y | v) ~ P(y | v) / sum_v' P(y | v')      over y
        pi_D(v | y) ~ P(v | y) / sum_y' P(v | y')      over v

    What the model likes whatever the value is divided out, so the generator's policy ranks by how much more likely a candidate
    is as a correct answer than as an incorrect one. A quotient 0 / 0 counts as 0: a candidate of probability 0 under both
    values is never picked.

    Args:
        generator: P(y | correct) and P(y | incorrect). Shape (..., 2, Y).
        discriminator: P(correct | y). Shape (..., Y).

    Returns:
        pi_G, shape (..., 2, Y), rows adding up to 1; and pi_D(correct | y), shape (..., Y).

    Raises:
        UsageError: As `checked`.

    >>> generator, discriminator = initial_policies([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], [0.4, 0.7, 0.2])
    >>> generator.round(4).tolist()[0], discriminator.round(4).tolist()
    ([0.3731, 0.403, 0.2239], [0.4658, 0.7532, 0.2464])
    """
    first, second = checked(generator, discriminator)
    share = _divided(first, first.sum(axis=-2, keepdims=True))
    values = np.stack([second, 1.0 - second], axis=-2)
    weight = _divided(values, values.sum(axis=-1, keepdims=True))
    return _divided(share, share.sum(axis=-1, keepdims=True)), _divided(weight[..., CORRECT, :], weight.sum(axis=-2))


def _divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b with 0 where both are 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b > 0)
