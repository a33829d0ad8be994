"""Arguments of the solvers: numbers in their range, one for both players or one for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

__all__ = ["Pair", "Strength", "number", "pair", "whole"]

Pair = tuple[float, float]
Strength = float | Pair
"""One number for both players, or one for the generator and one for the discriminator."""


def number(name: str, value: Any, *, above: bool = False, most: float = 1e9) -> float:
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not real or not 0.0 <= value <= most or (above and value == 0):
        bounds = f"{'greater than' if above else 'of at least'} 0 and at most {most:g}"
        raise UsageError(f"{name} is {shown(value)}; expected a number {bounds}")
    return float(value)


def pair(name: str, value: Any, *, above: bool = False) -> Pair:
    """One number for both players, or two."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise UsageError(f"{name} is {shown(value)}; expected one number, or two: (generator, discriminator)")
        return (number(name, value[0], above=above), number(name, value[1], above=above))
    both = number(name, value, above=above)
    return (both, both)


def whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise UsageError(f"{name} is {shown(value)}; expected a whole number from {least} to {most:,}")
    return int(value)
