"""Marks as an image, through Pillow: what `svg` draws, on light ground."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .errors import MissingExtra
from .marks import Mark
from .svg import COLOURS

__all__ = ["pixels"]

_FINER = 2
"""Lines are drawn on a sheet that is finer by this factor, and made smooth by shrinking it."""
Place = tuple[float, float]


def pixels(marks: Iterable[Mark], size: tuple[int, int]) -> np.ndarray:
    """The marks on a sheet of `size`, width and height in pixels.

    Returns:
        uint8 of shape (height, width, 3).

    Raises:
        MissingExtra: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtra("Pillow, which draws the field as an image,", "render") from None
    image = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), COLOURS["paper"][0])
    sheet = ImageDraw.Draw(image)
    ground = _rgb("ground")
    for mark in marks:
        colour = _mixed(_rgb(mark.tone), ground, mark.strength)
        points = [(x * _FINER, y * _FINER) for x, y in mark.points]
        _SHAPES[mark.shape](sheet, mark, points, colour)
        if mark.words and mark.shape != "words":
            _letters(sheet, mark, points[0], _rgb("paper"), _letter_size(mark))
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def _letter_size(mark: Mark) -> float:
    """So that the letters stay inside the mark, down to what can still be drawn."""
    return max(4.0, min(11.0, 2.4 * mark.size / max(2, len(mark.words))))


def _rgb(tone: str) -> tuple[int, int, int]:
    code = COLOURS[tone][0]
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _mixed(colour: tuple[int, int, int], ground: tuple[int, int, int], share: float) -> tuple[int, ...]:
    """A colour that lets the ground through."""
    share = min(1.0, max(0.0, share))
    return tuple(round(share * a + (1 - share) * b) for a, b in zip(colour, ground, strict=True))


def _around(mark: Mark, at: Place, share: float = 1.0) -> list[float]:
    x, y, r = *at, mark.size * _FINER * share
    return [x - r, y - r, x + r, y + r]


def _line(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    width = max(1, round(mark.size * _FINER))
    for a, b in pairwise(points):
        for start, end in _dashes(mark, np.asarray(a), np.asarray(b)):
            sheet.line([*start, *end], fill=colour, width=width)


def _dashes(mark: Mark, a: np.ndarray, b: np.ndarray) -> list[tuple[Any, Any]]:
    """The pieces of a line that are drawn."""
    length = float(np.hypot(*(b - a)))
    if not mark.dash or not length:
        return [(a, b)]
    on, off = (mark.dash[0] * _FINER, mark.dash[-1] * _FINER)
    starts = np.arange(0.0, length, max(1.0, on + off))
    return [(a + (b - a) * s / length, a + (b - a) * min(length, s + on) / length) for s in starts]


def _box(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    sheet.rectangle([*points[0], *points[1]], fill=colour)


def _disc(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    sheet.ellipse(_around(mark, points[0]), fill=colour, outline=_rgb("ground"), width=_FINER)


def _ring(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    turn = 360.0 if not mark.dash else 28.0
    for start in np.arange(0.0, 360.0, 45.0) if mark.dash else (0.0,):
        sheet.arc(_around(mark, points[0]), start, start + turn, fill=colour, width=2 * _FINER)


def _square(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    sheet.rectangle(_around(mark, points[0], 0.9), fill=colour, outline=_rgb("ground"), width=_FINER)


def _diamond(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    left, top, right, bottom = _around(mark, points[0])
    x, y = points[0]
    sheet.polygon([(x, top), (right, y), (x, bottom), (left, y)], fill=colour)


def _cross(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    left, top, right, bottom = _around(mark, points[0])
    for ends in ([left, top, right, bottom], [left, bottom, right, top]):
        sheet.line(ends, fill=colour, width=3 * _FINER)


def _words(sheet: Any, mark: Mark, points: Sequence[Place], colour: Any) -> None:
    _letters(sheet, mark, points[0], colour, mark.size, "ms")


def _letters(sheet: Any, mark: Mark, at: Place, colour: Any, size: float, anchor: str = "mm") -> None:
    from PIL import ImageFont

    sheet.text(at, mark.words, fill=colour, font=ImageFont.load_default(max(4.0, size) * _FINER), anchor=anchor)


_SHAPES: dict[str, Callable[[Any, Mark, Sequence[Place], Any], None]] = {
    "line": _line,
    "box": _box,
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "diamond": _diamond,
    "cross": _cross,
    "words": _words,
}
