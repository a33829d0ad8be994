"""Line plots as inline SVG, for the figures that a game offers to reports (see `agentarena.leaderboard.report`).

A plot is one string that needs nothing else: no script, no font, no file. Every word in it is escaped. Colours are the
page's own where it has them (`var(--accent)` and so on), with fallbacks for other pages.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

__all__ = ["COLOURS", "lines", "ticks"]

COLOURS = ("#0b6e75", "#b0560f", "#6b4fa0", "#3b7a2a", "#a8325e", "#5b6675", "#1f5fa8", "#8a7a00")
"""Colours of the series, in order; a ninth series begins again."""

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 12, 42
_ROW = 16

Series = Sequence[tuple[float, float]]


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers between two values, about `count` of them.

    >>> ticks(0.0, 97.0)
    [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def lines(series: Mapping[str, Series], *, x: str, y: str, steps: bool = False, low: float | None = None, high: float | None = None) -> str:
    """Some series of points as lines in one frame, with a legend.

    Args:
        series: Points (x, y) of each named series, in order of x. Points that are not finite are left out.
        x: What the horizontal axis shows.
        y: What the vertical axis shows.
        steps: Draw stairs: a value holds until the next point.
        low: Least value of the vertical axis; by default the least there is.
        high: Greatest value of the vertical axis.

    Returns:
        An `<svg>` element; `""` when there is no point at all.

    >>> lines({"rate": [(1, 20.0), (2, 30.0)]}, x="year", y="percent").count("<path")
    1
    """
    curves = {name: [(a, b) for a, b in points if math.isfinite(a) and math.isfinite(b)] for name, points in series.items()}
    curves = {name: points for name, points in curves.items() if points}
    if not curves:
        return ""
    xs = [a for points in curves.values() for a, _ in points]
    ys = [b for points in curves.values() for _, b in points]
    across, up = (
        _Scale(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT),
        _Scale(min(ys) if low is None else low, max(ys) if high is None else high, _HEIGHT - _BOTTOM, _TOP),
    )
    rows = -(-len(curves) // 3)
    height = _HEIGHT + rows * _ROW
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{html.escape(f"{y} by {x}")}" style="width:100%;max-width:760px;height:auto;font-size:12px">',
        *_grid(across, up, x, y),
    ]
    for index, (name, points) in enumerate(curves.items()):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(f'<path d="{_path(points, across, up, steps)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(points) == 1:
            parts.append(f'<circle cx="{across(points[0][0])}" cy="{up(points[0][1])}" r="3" fill="{colour}"/>')
        column, row = index % 3, index // 3
        left, top = _LEFT + column * 195, _HEIGHT + row * _ROW
        parts.append(f'<rect x="{left}" y="{top}" width="14" height="4" fill="{colour}"/>')
        parts.append(_words(name if len(name) <= 28 else name[:27] + "...", left + 19, top + 7))
    return "".join([*parts, "</svg>"])


class _Scale:
    """Where values lie on one axis, in pixels to a tenth."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        spread = high - low or abs(high) or 1.0
        self.low, self.high = (low, high) if high > low else (low - spread / 2, low + spread / 2)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return round(self.start + share * (self.end - self.start), 1)


def _grid(across: _Scale, up: _Scale, x: str, y: str) -> list[str]:
    parts = []
    for value in ticks(up.low, up.high):
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{up(value)}" y2="{up(value)}" stroke="var(--line, #dfe4ea)"/>')
        parts.append(_words(_short(value), _LEFT - 6, up(value) + 4, "end"))
    parts += [_words(_short(value), across(value), _HEIGHT - _BOTTOM + 16, "middle") for value in ticks(across.low, across.high, 8)]
    parts.append(_words(x, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - _BOTTOM + 32, "middle"))
    parts.append(_words(y, _LEFT, _TOP - 2))
    return parts


def _path(points: Series, across: _Scale, up: _Scale, steps: bool) -> str:
    words = [f"M{across(points[0][0])} {up(points[0][1])}"]
    for a, b in points[1:]:
        if steps:
            words.append(f"H{across(a)}V{up(b)}")
        else:
            words.append(f"L{across(a)} {up(b)}")
    return "".join(words)


def _words(text: str, x: float, y: float, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="var(--soft, #5b6675)">{html.escape(text)}</text>'


def _short(value: float) -> str:
    """A number on an axis.

    >>> _short(120000.0), _short(2500000.0), _short(0.25)
    ('120k', '2.5M', '0.25')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size or (abs(value) >= size and size > 1e3):
            return f"{value / size:g}{letter}"
    return f"{value:g}"
