"""The field drawn: `screen` in blocks for replays and pages, `table` in characters for terminals, `draw` as an image.

Everybody sees all players. Who plays what, and so who has the ball and which target counts, is drawn for seats that know the type,
and for all once the match is over; to others every possible one is drawn alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.screen import Block, Item, Screen, bounded

from .facts import ball, known_type, names, time_line
from .field import field_marks, sheet
from .grid import grid

__all__ = ["draw", "screen", "table"]


def screen(game: Any, state: Any, seat: int) -> Screen:
    """What a seat sees: the time and the ball, the field, and beliefs and chances as charts."""
    knows = known_type(game, state, (seat,))
    facts = [Item("Step", f"{int(state.step)} of {game.steps}")]
    if knows is not None:
        facts.append(Item("Play", game.system.type_name(knows)))
    if carrier := ball(game, knows):
        facts.append(Item("Ball", carrier))
    picture = Block(
        "picture",
        (Item(grid(game, state, knows)),),
        marks=field_marks(game, state, knows),
        size=sheet(game).size,
    )
    return bounded((Block("facts", tuple(facts)), picture, *_charts(game, state, seat)))


def table(game: Any, state: Any, seats: tuple[int, ...]) -> str:
    """The field in characters, with what `seats` know together."""
    knows = known_type(game, state, seats)
    lines = [time_line(game, state, knows), grid(game, state, knows)]
    charts = {block.title: block for seat in seats for block in _charts(game, state, seat)}
    for title, block in charts.items():
        lines.append(f"{title}: " + ", ".join(f"{item.text} {item.detail}" for item in block.items))
    return "\n".join(lines)


def draw(game: Any, state: Any, seats: tuple[int, ...]) -> np.ndarray:
    """The field as an image, uint8 of shape (height, width, 3).

    Raises:
        MissingExtra: Pillow, which draws it, is not installed.
    """
    from agentarena.core.pixels import pixels

    return pixels(field_marks(game, state, known_type(game, state, seats)), sheet(game).size)


def _charts(game: Any, state: Any, seat: int) -> tuple[Block, ...]:
    """The values that a seat knows: beliefs, and the chance that the play goes on."""
    series = []
    if game.layout.states_strategy:
        series.append(("Public belief", state.belief))
    if game.layout.reports(seat):
        series.append(("Defenders' report", state.report))
    if game.system.least_alive:
        series.append(("Chance that the play goes on", state.alive))
    return tuple(
        Block("chart", tuple(Item(name, f"{float(value):.4f}") for name, value in zip(names(game), values, strict=True)), title)
        for title, values in series
    )
