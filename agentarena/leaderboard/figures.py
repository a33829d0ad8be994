"""Numbers for the report's small figures: axes of interval bars, shades of a heat map."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Axis", "axis", "shade"]


@dataclass(frozen=True, slots=True)
class Axis:
    """A range that a column's bars share.

    Attributes:
        low: Value at the left end.
        high: Value at the right end.
        mark: Value of the reference line; `None` for none.
    """

    low: float
    high: float
    mark: float | None

    def at(self, value: float) -> float:
        """Where a value lies, in percent of the width, kept within the figure.

        >>> Axis(0.0, 2.0, None).at(0.5)
        25.0
        """
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 2)


def axis(values: Iterable[float], mark: float | None) -> Axis:
    """The axis that holds all finite values and, where it is near them, the reference mark.

    >>> axis([1.0, 3.0], 0.0)
    Axis(low=-0.09, high=3.09, mark=0.0)
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Axis(0.0, 1.0, None)
    low, high = min(finite), max(finite)
    spread = high - low or abs(high) or 1.0
    if mark is not None and low - 2 * spread <= mark <= high + 2 * spread:
        low, high = min(low, mark), max(high, mark)
    else:
        mark = None
    margin = 0.03 * ((high - low) or 1.0)
    return Axis(low - margin, high + margin, mark)


def shade(score: float) -> tuple[str, float]:
    """Which colour and how much of it a score gets: "up" above one half, "down" below; small edges already show.

        amount = 0.7 (2 |score - 1/2|)^(2/3)

    >>> shade(0.5625), shade(0.0), shade(0.5)
    (('up', 0.17), ('down', 0.7), ('level', 0.0))
    """
    if math.isnan(score) or score == 0.5:
        return "level", 0.0
    return ("up" if score > 0.5 else "down"), round(0.7 * (2 * abs(score - 0.5)) ** (2 / 3), 2)
