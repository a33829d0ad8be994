"""Coordinates of the pages' drawings: an agent's rating over time, and the response graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agentarena.leaderboard.figures import Axis, axis
from agentarena.leaderboard.rows import BoardRow

from .analysis import Response

__all__ = ["Arrow", "Graph", "History", "Node", "history", "response_graph"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720.0, 240.0, 58.0, 16.0, 14.0, 30.0
MOST_NODES = 14
"""Agents of a response graph that are drawn; the best ones where there are more."""


@dataclass(frozen=True)
class Point:
    """One rating in the drawing: x, y, the interval's ends (nan where there is none), and what it is called."""

    x: float
    y: float
    low: float
    high: float
    row: BoardRow
    label: str


@dataclass(frozen=True)
class History:
    """A line with its band.

    Attributes:
        points: Oldest first.
        band: Corners of the interval's band, as SVG takes them; "" where fewer than two points have one.
        ticks: Height and value of the horizontal lines.
        width: Of the drawing.
        height: Of the drawing.
    """

    points: tuple[Point, ...]
    band: str
    ticks: tuple[tuple[float, float], ...]
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = _WIDTH - _RIGHT

    @property
    def line(self) -> str:
        """Corners of the line."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def history(rows: Sequence[tuple[str, BoardRow]]) -> History | None:
    """The rating of an agent over time: labels and rows, oldest first; `None` where it has none."""
    rated = [(label, row) for label, row in rows if math.isfinite(row.rating)]
    if not rated:
        return None
    scale = axis([value for _, row in rated for value in (row.rating, *row.interval)], None)
    wide = (_WIDTH - _LEFT - _RIGHT) / max(1, len(rated) - 1)
    points = []
    for number, (label, row) in enumerate(rated):
        x = _LEFT + (number * wide if len(rated) > 1 else (_WIDTH - _LEFT - _RIGHT) / 2)
        points.append(Point(round(x, 1), _y(scale, row.rating), _y(scale, row.interval[0]), _y(scale, row.interval[1]), row, label))
    known = [point for point in points if not math.isnan(point.low)]
    corners = [(point.x, point.high) for point in known] + [(point.x, point.low) for point in reversed(known)]
    band = " ".join(f"{x},{y}" for x, y in corners) if len(known) > 1 else ""
    return History(tuple(points), band, tuple((_y(scale, value), value) for value in _ticks(scale)))


def _y(scale: Axis, value: float) -> float:
    return math.nan if math.isnan(value) else round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - scale.at(value) / 100), 1)


def _ticks(scale: Axis) -> list[float]:
    """Three to six round values within an axis.

    >>> _ticks(Axis(0.0, 100.0, None))
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    rough = (scale.high - scale.low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.8)
    first = math.ceil(scale.low / step - 1e-9)
    return [round(step * k, 10) for k in range(first, math.floor(scale.high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Node:
    """An agent of the response graph: where it is drawn, how large, and its share of alpha-Rank (nan where none was computed)."""

    agent: str
    number: int
    x: float
    y: float
    radius: float
    share: float


@dataclass(frozen=True)
class Arrow:
    """From the worse of two agents to the better one: its ends, its width and the margin; level pairs have no direction."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    level: bool
    label: str


@dataclass(frozen=True)
class Graph:
    """A drawing of a response graph in a square of `size`."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    size: float
    hidden: int


def response_graph(response: Response) -> Graph:
    """The drawing: agents on a circle, the best at the top; an arrow from each agent to those that do better against it."""
    count = min(len(response.agents), MOST_NODES)
    size, ring = 420.0, 160.0
    nodes = []
    for number, name in enumerate(response.agents[:count]):
        angle = -math.pi / 2 + 2 * math.pi * number / count
        share = response.shares.get(name, math.nan)
        radius = 15 + 15 * math.sqrt(0.0 if math.isnan(share) else share)
        nodes.append(
            Node(
                name,
                number + 1,
                round(size / 2 + ring * math.cos(angle), 1),
                round(size / 2 + ring * math.sin(angle), 1),
                round(radius, 1),
                share,
            )
        )
    arrows = []
    for i, one in enumerate(nodes):
        for j in range(i + 1, count):
            margin = float(response.margins[i, j])
            if not math.isnan(margin):
                arrows.append(_arrow(nodes[j], one, margin) if margin >= 0 else _arrow(one, nodes[j], -margin))
    return Graph(tuple(nodes), tuple(arrows), size, len(response.agents) - count)


def _arrow(worse: Node, better: Node, margin: float) -> Arrow:
    dx, dy = better.x - worse.x, better.y - worse.y
    length = math.hypot(dx, dy)
    start, end = (worse.radius + 2) / length, 1 - (better.radius + 7) / length
    label = f"{better.agent} against {worse.agent}: +{margin:.1%} of the range" if margin else f"{better.agent} and {worse.agent}: level"
    x1, y1 = round(worse.x + dx * start, 1), round(worse.y + dy * start, 1)
    x2, y2 = round(worse.x + dx * end, 1), round(worse.y + dy * end, 1)
    return Arrow(x1, y1, x2, y2, width=round(1 + 5 * min(1.0, margin), 2), level=margin == 0, label=label)
