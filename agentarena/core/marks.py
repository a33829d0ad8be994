"""Marks of a picture: discs, squares and lines with letters in them, as data that every viewer draws its own way.

A game says what is where and in which tone; `svg` turns it into pictures, a page's script into elements, `pixels` into an image.
Words in it are data, and every viewer escapes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .display import shown

__all__ = ["SHAPES", "TONES", "Mark", "mark_data"]

SHAPES = ("line", "box", "disc", "ring", "square", "diamond", "cross", "words")
"""What a mark can be. A line runs through all its points, a box lies between two; the others are at one point."""
TONES = ("ground", "rule", "ink", "soft", "first", "second", "target", "ball", "alert")
"""Colours by what they stand for: the first side and the second, targets, the ball, what matters now; a viewer knows the colours."""
_FARTHEST = 1e4


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark.

    Attributes:
        shape: One of `SHAPES`.
        points: Where it is, (x, y) each, in the picture's units from its upper left corner.
        tone: One of `TONES`.
        words: Letters in it, or the words that it is.
        title: What it is, for those who point at it or cannot see it.
        size: Radius, or width of a line, or size of words; in the picture's units.
        strength: From 0, not to be seen, to 1.
        track: A name under which a viewer that knows earlier pictures finds it there and moves it; discs and squares leave a trail. "" for none.
        dash: Lengths of the dashes of its outline and of the gaps between them; `()` for none.
    """

    shape: str
    points: tuple[tuple[float, float], ...]
    tone: str = "ink"
    words: str = ""
    title: str = ""
    size: float = 1.0
    strength: float = 1.0
    track: str = ""
    dash: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"a mark is of shape {shown(self.shape)}; allowed: {', '.join(SHAPES)}")
        if self.tone not in TONES:
            raise ValueError(f"a mark has the tone {shown(self.tone)}; allowed: {', '.join(TONES)}")
        least = 2 if self.shape in ("line", "box") else 1
        if len(self.points) < least:
            raise ValueError(f"a mark of shape {self.shape} has {len(self.points)} points; it needs {least}")
        numbers = [value for point in self.points for value in point] + [self.size, self.strength, *self.dash]
        if not all(math.isfinite(value) and abs(value) <= _FARTHEST for value in numbers):
            raise ValueError(f"a mark is at {shown(self.points)}; allowed: finite numbers up to {_FARTHEST:g}")


def mark_data(mark: Mark) -> dict[str, Any]:
    """The mark as JSON, without what is empty, to a tenth of a unit.

    >>> mark_data(Mark("disc", ((1.26, 2.0),), "first", "QB", size=9))
    {'shape': 'disc', 'points': [[1.3, 2.0]], 'tone': 'first', 'size': 9, 'words': 'QB'}
    """
    data: dict[str, Any] = {
        "shape": mark.shape,
        "points": [[round(float(x), 1), round(float(y), 1)] for x, y in mark.points],
        "tone": mark.tone,
        "size": round(mark.size, 1),
    }
    data |= {name: value for name in ("words", "title", "track") if (value := getattr(mark, name))}
    data |= {"dash": [round(length, 2) for length in mark.dash]} if mark.dash else {}
    return data if mark.strength >= 1 else {**data, "strength": round(max(0.0, mark.strength), 2)}
