"""Marks and charts of screens as SVG: one string that needs no script, font or file. Every word in it is escaped.

Colours are variables: `STYLE` carries them for a file of its own, light and dark; a page that has them draws in its own theme.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence

from .marks import Mark, mark_data
from .screen import Block, Screen

__all__ = ["COLOURS", "SERIES", "STYLE", "chart_frame", "element", "inline", "shape", "values"]

COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#181e25"),
    "ground": ("#e4efdf", "#1c2b21"),
    "rule": ("#b4ccae", "#3a5643"),
    "ink": ("#1c2430", "#e6eaf0"),
    "soft": ("#566070", "#a3adba"),
    "first": ("#1f5fa8", "#7db4f2"),
    "second": ("#a8431a", "#f2a06e"),
    "target": ("#6b4fa0", "#bda4f4"),
    "ball": ("#7a3b12", "#f0c27a"),
    "alert": ("#b8142a", "#ff8088"),
    "series-0": ("#6b4fa0", "#bda4f4"),
    "series-1": ("#0b6e75", "#4cc2c4"),
    "series-2": ("#8a6a00", "#dcbc4c"),
    "series-3": ("#a8325e", "#f08ab4"),
}
"""Tone -> its colour on light and on dark ground."""
SERIES = 4
"""Colours of a chart's series; a fifth series begins again, dashed."""
_RULES = """
.picture text{font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,Arial,sans-serif;font-weight:600;text-anchor:middle}.picture text[class]{stroke:none}
.picture .disc,.picture .square{stroke:var(--tone-ground)}
.picture .letters{fill:var(--tone-paper)}.picture .start{text-anchor:start}.picture .end{text-anchor:end}.picture .plain{font-weight:400}
.picture .line,.picture .ring,.picture .cross{fill:none}
"""


def _variables(which: int) -> str:
    return "".join(f"--tone-{tone}:{both[which]};" for tone, both in COLOURS.items())


def _tones() -> str:
    return "".join(f".picture .{tone}{{fill:var(--tone-{tone});stroke:var(--tone-{tone})}}" for tone in COLOURS)


RULES = _tones() + _RULES
"""The rules of marks, on the variables."""
STYLE = f"svg{{{_variables(0)}}}@media (prefers-color-scheme:dark){{svg{{{_variables(1)}}}}}{RULES}"
"""Colours and rules for a file of its own."""


def number(value: float) -> str:
    """A coordinate in short.

    >>> number(12.04), number(-0.04)
    ('12', '0')
    """
    return f"{round(value, 1) + 0.0:g}"


def shape(mark: Mark, x: float, y: float) -> str:
    """What a mark looks like with its (first) point at (x, y): elements without a group, its letters among them."""
    drawn = _SHAPES[mark.shape](mark, x, y)
    if mark.words and mark.shape != "words":
        drawn += f'<text class="letters" x="{number(x)}" y="{number(y + 3.8)}"{_small(mark)}>{html.escape(mark.words)}</text>'
    return drawn


def element(mark: Mark, at: tuple[float, float] | None = None) -> str:
    """A mark as a group, at its own place or at `at`."""
    x, y = mark.points[0] if at is None else at
    faded = f' opacity="{mark_data(mark)["strength"]}"' if mark.strength < 1 else ""
    title = f"<title>{html.escape(mark.title)}</title>" if mark.title else ""
    return f"<g{faded}>{title}{shape(mark, x, y)}</g>"


def _small(mark: Mark) -> str:
    """Three letters and more are set narrower, so that they stay inside."""
    return f' textLength="{number(1.55 * mark.size)}" lengthAdjust="spacingAndGlyphs"' if len(mark.words) > 2 else ""


def _classes(mark: Mark, name: str) -> str:
    dash = f' stroke-dasharray="{" ".join(f"{length:.4g}" for length in mark.dash)}"' if mark.dash else ""
    return f'class="{name} {mark.tone}"{dash}'


def _line(mark: Mark, x: float, y: float) -> str:
    left, top = mark.points[0]
    caps = 'stroke-linecap="round" stroke-linejoin="round"'
    points = " ".join(f"{number(a - left + x)},{number(b - top + y)}" for a, b in mark.points)
    return f'<polyline {_classes(mark, "line")} stroke-width="{number(mark.size)}" {"" if mark.dash else caps} points="{points}"/>'


def _box(mark: Mark, x: float, y: float) -> str:
    (left, top), (right, bottom) = mark.points[:2]
    return f'<rect {_classes(mark, "box")} x="{number(x)}" y="{number(y)}" width="{number(right - left)}" height="{number(bottom - top)}"/>'


def _disc(mark: Mark, x: float, y: float) -> str:
    return f'<circle {_classes(mark, mark.shape)} cx="{number(x)}" cy="{number(y)}" r="{number(mark.size)}" stroke-width="{2 if mark.shape == "ring" else 1}"/>'


def _square(mark: Mark, x: float, y: float) -> str:
    side, half = number(2 * mark.size * 0.9), mark.size * 0.9
    return f'<rect {_classes(mark, "square")} x="{number(x - half)}" y="{number(y - half)}" width="{side}" height="{side}" rx="2.5"/>'


def _diamond(mark: Mark, x: float, y: float) -> str:
    r = mark.size
    ends = " ".join(f"{number(x + a * r)},{number(y + b * r)}" for a, b in ((0, -1), (1, 0), (0, 1), (-1, 0)))
    return f'<polygon {_classes(mark, "diamond")} points="{ends}"/>'


def _cross(mark: Mark, x: float, y: float) -> str:
    r = mark.size
    a, b, c, d = number(x - r), number(y - r), number(x + r), number(y + r)
    return f'<path {_classes(mark, "cross")} stroke-width="3" stroke-linecap="round" d="M{a} {b}L{c} {d}M{a} {d}L{c} {b}"/>'


def _words(mark: Mark, x: float, y: float) -> str:
    return (
        f'<text {_classes(mark, "words")} x="{number(x)}" y="{number(y)}" font-size="{number(mark.size)}">{html.escape(mark.words)}</text>'
    )


_SHAPES: dict[str, Callable[[Mark, float, float], str]] = {
    "line": _line,
    "box": _box,
    "disc": _disc,
    "ring": _disc,
    "square": _square,
    "diamond": _diamond,
    "cross": _cross,
    "words": _words,
}

# --- charts -------------------------------------------------------------------------------------------------------------


def values(block: Block) -> dict[str, float]:
    """The values of a chart's block by name; what is no number from 0 to 1 is left out.

    >>> from .screen import Item
    >>> values(Block("chart", (Item("run", "0.25"), Item("pass", "soon"))))
    {'run': 0.25}
    """
    named = {}
    for item in block.items:
        try:
            value = float(item.detail)
        except ValueError:
            continue
        if math.isfinite(value):
            named[item.text] = min(1.0, max(0.0, value))
    return named


def chart_frame(title: str, names: Sequence[str], box: tuple[float, float, float, float]) -> str:
    """The empty frame of a chart within (left, top, width, height): title, lines at 0, 1/2 and 1, and the names of its series."""
    left, top, width, height = box
    parts = [f'<text class="ink start" x="{number(left)}" y="{number(top - 8)}">{html.escape(title)}</text>']
    for share, words in ((0.0, "0"), (0.5, "½"), (1.0, "1")):
        y = top + height * (1 - share)
        parts.append(f'<line class="rule" x1="{number(left)}" x2="{number(left + width)}" y1="{number(y)}" y2="{number(y)}"/>')
        parts.append(f'<text class="soft end plain" x="{number(left - 5)}" y="{number(y + 4)}">{words}</text>')
    for at, name in enumerate(names):
        x, y = left + (at % 2) * width / 2, top + height + 17 + 15 * (at // 2)
        parts.append(
            f'<line class="series-{at % SERIES}"{_dash(at)} stroke-width="3" x1="{number(x)}" x2="{number(x + 14)}" y1="{number(y - 4)}" y2="{number(y - 4)}"/>'
        )
        short = name if len(name) <= 14 else name[:13] + "…"
        parts.append(f'<text class="ink start plain" x="{number(x + 19)}" y="{number(y)}">{html.escape(short)}</text>')
    return "".join(parts)


def _dash(at: int) -> str:
    return ' stroke-dasharray="5 3"' if at >= SERIES else ""


def curve(at: int, points: Sequence[tuple[float, float]]) -> str:
    """The line of a chart's series `at` through points of the sheet."""
    ends = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polyline class="line series-{at % SERIES}"{_dash(at)} stroke-width="{max(1.5, 4.5 - 1.5 * at):g}" points="{ends}"/>'


def inline(block: Block) -> str:
    """A picture as an element for a page that has the variables; "" for a block of another kind, or an empty one."""
    if block.kind != "picture" or not block.marks:
        return ""
    width, height = block.size
    label = html.escape(block.title or "picture")
    marks = "".join(map(element, block.marks))
    return f'<svg class="picture" font-size="11" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{marks}</svg>'


def picture_of(screen: Screen) -> Block | None:
    """The first picture of a screen; `None` where it has none."""
    return next((block for block in screen if block.kind == "picture" and block.marks), None)
