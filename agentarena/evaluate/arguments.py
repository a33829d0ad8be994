"""Checks of arguments that every estimator shares: numbers in their range, whole numbers, lists of player numbers."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

__all__ = ["array_of_numbers", "check_level", "finite_array", "number", "random_generator", "whole_number", "whole_numbers"]


def number(name: str, value: Any, *, least: float = -math.inf, above: float = -math.inf, infinite: bool = False) -> float:
    """`value` as a float, if it is a number in its range; never nan, and infinite only where that means something.

    >>> number("k", 32, above=0)
    32.0
    """
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    allowed = f" of at least {least:g}" if least > -math.inf else f" above {above:g}" if above > -math.inf else ""
    try:
        as_float = float(value) if real else math.nan
    except OverflowError:
        as_float = math.nan
    if math.isnan(as_float) or (math.isinf(as_float) and not infinite) or as_float < least or (as_float <= above > -math.inf):
        raise UsageError(f"{name} is {shown(value)}; expected a {'' if infinite else 'finite '}number{allowed}")
    return as_float


def whole_number(name: str, value: Any, least: int, most: int = 10**9) -> int:
    """`value` as an int, if it is a whole number from `least` to `most`."""
    try:
        whole = operator.index(value)
    except TypeError:
        whole = None
    if whole is None or isinstance(value, bool | np.bool_) or not least <= whole <= most:
        raise UsageError(f"{name} is {shown(value)}; expected a whole number from {least} to {most:,}")
    return whole


def check_level(level: Any) -> None:
    """Refuse a coverage that is not between 0 and 1."""
    if isinstance(level, bool) or not isinstance(level, int | float | np.integer | np.floating) or not 0.0 < level < 1.0:
        raise UsageError(f"level is {shown(level)}; expected a coverage between 0 and 1, e.g. 0.95")


def random_generator(rng: Any) -> np.random.Generator:
    """The generator that `rng` is, or the one of a seed."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(whole_number("rng", rng, 0, 2**128))


def array_of_numbers(name: str, values: npt.ArrayLike) -> np.ndarray:
    """`values` in float64, nan and infinite ones among them."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} must be an array of numbers, got {shown(values)}") from None


def finite_array(name: str, values: npt.ArrayLike) -> np.ndarray:
    """`values` in float64, if they are finite numbers."""
    array = array_of_numbers(name, values)
    if not np.all(np.isfinite(array)):
        raise UsageError(f"{name} must be finite numbers, got {shown(array[~np.isfinite(array)].ravel()[:3])} among them")
    return array


def whole_numbers(name: str, values: npt.ArrayLike) -> np.ndarray:
    """`values` in int64, if they are whole numbers; `[0.9]` is refused, not cut to 0."""
    array = finite_array(name, values)
    if np.any(array != np.rint(array)) or np.any(np.abs(array) > 2**53):
        raise UsageError(f"{name} must be whole numbers, got {shown(array.ravel()[:5])}")
    return array.astype(np.int64)
