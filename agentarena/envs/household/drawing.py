"""The household as a map: a cell for each receptacle in the order of the list, the agent, and what has been seen where.

| colour of a cell | meaning |
|---|---|
| grey | not yet looked into |
| white | looked into, nothing left in it |
| pale blue | something was seen in it |
| amber frame | a receptacle that the task names |

A red disc is the agent, filled when it holds something; a blue one stands for each object seen there, up to nine.
A cross lies over doors that are closed. Only what the agent knows is shown.

`draw` paints it, `screen` says it in blocks for replays, terminals and the browser.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.canvas import BLUE, DARK, PAPER, RED, YELLOW, Grid
from agentarena.core.screen import Block, Item, Screen, bounded

from .engine.house import bits
from .engine.scene import admissible

__all__ = ["COLUMNS", "ROWS", "draw", "screen"]

ROWS, COLUMNS = 6, 8
"""Cells of the map: receptacles beyond 48 are left out."""
_CELL = 60
_UNSEEN, _FILLED = (205, 205, 205), (222, 234, 250)


def draw(game: Any, state: Any, seats: tuple[int, ...]) -> np.ndarray:
    """The map: uint8 of shape (360, 480, 3)."""
    house, scene = state.house, state.scene
    grid = Grid(ROWS, COLUMNS, PAPER, cell=_CELL)
    reachable = [at for at, place in enumerate(house.place_of) if place >= 0]
    for number, at in enumerate(reachable[: ROWS * COLUMNS]):
        row, column = divmod(number, COLUMNS)
        bit = 1 << at
        seen, inside = bool(state.seen & bit), scene.inside[at]
        _cell(grid, row, column, _UNSEEN if not seen else _FILLED if inside else PAPER)
        if at in house.target_receptacles:
            _frame(grid, row, column)
        if house.openable & bit & ~scene.opened and state.visited & bit:
            grid.cross(row, column, DARK, radius=0.12, width=0.03)
        if seen:
            _dots(grid, row, column, min(9, inside.bit_count()))
        if house.place_of[at] == scene.place:
            grid.disc(row, column, RED, radius=0.2, hole=0.0 if scene.held else 0.12)
    grid.lines(width=2)
    return grid.pixels


def _cell(grid: Grid, row: int, column: int, colour: tuple[int, int, int]) -> None:
    grid.pixels[row * _CELL : (row + 1) * _CELL, column * _CELL : (column + 1) * _CELL] = colour


def _frame(grid: Grid, row: int, column: int) -> None:
    top, left, width = row * _CELL, column * _CELL, 4
    cell = grid.pixels[top : top + _CELL, left : left + _CELL]
    cell[:width], cell[-width:], cell[:, :width], cell[:, -width:] = YELLOW, YELLOW, YELLOW, YELLOW


def _dots(grid: Grid, row: int, column: int, count: int) -> None:
    """Small discs along the lower edge of a cell."""
    y, x = np.mgrid[0:_CELL, 0:_CELL]
    cell = grid.pixels[row * _CELL : (row + 1) * _CELL, column * _CELL : (column + 1) * _CELL]
    for number in range(count):
        cell[np.hypot(y - (_CELL - 9), x - 7 - 6 * number) <= 2.4] = BLUE


def screen(game: Any, state: Any, seat: int) -> Screen:
    """The task, what is in hand, and the map: what the agent knows of each receptacle; choosing one goes there."""
    house, scene = state.house, state.scene
    held = ", ".join(house.objects[at] for at in bits(scene.held)) or "nothing"
    step = f"{state.turn} of {game.max_steps}"
    facts = (Item("Task", house.task.removeprefix("Your task is to: ")), Item("Steps taken", step), Item("In hand", held))
    here = [name for name, at in zip(house.receptacles, house.place_of, strict=True) if at == scene.place]
    commands = frozenset(admissible(house, scene)) if game.admissible and game.to_move(state) else frozenset()
    places = [_place(state, at, commands) for at, place in enumerate(house.place_of) if place >= 0]
    title = f"You are at {' and '.join(here)}" if here else "You are in the middle of the room"
    return bounded((Block("facts", facts), Block("map", tuple(places), title)))


def _place(state: Any, at: int, commands: frozenset[str]) -> Item:
    """A receptacle, as far as the agent knows it."""
    house, scene, bit = state.house, state.scene, 1 << at
    name, detail, mark = house.receptacles[at], "", "not seen"
    if state.seen & bit:
        detail, mark = ", ".join(house.objects[thing] for thing in bits(scene.inside[at])) or "empty", ""
    if state.visited & bit and house.openable & bit and not scene.opened & bit:
        mark = "closed"
    command = f"go to {name}"
    return Item(name, detail, command if command in commands else "", house.place_of[at] == scene.place, mark)
