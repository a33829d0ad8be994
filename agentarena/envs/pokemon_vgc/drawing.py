"""A battle as a picture of neutral shapes: the other side above, the own side below, no sprites.

| shape | meaning |
|---|---|
| large disc | a Pokemon in battle, halves in the colours of its types |
| bar beside it | hit points: green, yellow below a half, red below a fifth |
| small square on the bar | a status condition |
| small disc in the outer rows | a member of the team: filled where it is brought, pale where that is not known, crossed where fainted |
| strip in the middle | weather (left) and terrain (right) |

Only what the seat knows is shown; of several seats what the first one knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agentarena.core.canvas import BLUE, DARK, PAPER, RED, YELLOW, Grid

from .state import views

__all__ = ["TYPE_COLOURS", "draw"]

Colour = tuple[int, int, int]
_CELL, _ROWS, _COLUMNS = 60, 6, 8
_PALE: Colour = (215, 215, 215)
_GREEN: Colour = (88, 172, 96)
TYPE_COLOURS: Mapping[str, Colour] = {
    "Normal": (168, 168, 140),
    "Fire": (226, 112, 56),
    "Water": (84, 132, 214),
    "Electric": (232, 196, 60),
    "Grass": (104, 176, 80),
    "Ice": (140, 204, 208),
    "Fighting": (176, 60, 52),
    "Poison": (150, 76, 152),
    "Ground": (206, 176, 104),
    "Flying": (160, 148, 220),
    "Psychic": (226, 96, 134),
    "Bug": (156, 172, 48),
    "Rock": (172, 148, 72),
    "Ghost": (108, 90, 144),
    "Dragon": (98, 70, 214),
    "Dark": (104, 86, 76),
    "Steel": (172, 172, 196),
    "Fairy": (224, 150, 180),
    "Stellar": (60, 150, 150),
}
"""A colour for each type; our own choice."""
_WEATHER: Mapping[str, Colour] = {
    "raindance": (84, 132, 214),
    "primordialsea": (60, 90, 170),
    "sunnyday": (236, 170, 70),
    "desolateland": (210, 110, 40),
    "sandstorm": (200, 176, 120),
    "snow": (190, 220, 230),
    "snowscape": (190, 220, 230),
    "hail": (190, 220, 230),
}
_TERRAIN: Mapping[str, Colour] = {
    "electricterrain": (232, 210, 100),
    "grassyterrain": (140, 196, 120),
    "mistyterrain": (232, 180, 204),
    "psychicterrain": (208, 140, 200),
}


def draw(game: Any, state: Any, seats: tuple[int, ...]) -> np.ndarray:
    """The picture: uint8 of shape (360, 480, 3)."""
    grid = Grid(_ROWS, _COLUMNS, PAPER, cell=_CELL)
    if state.update is not None:
        view = views(state)[seats[0]]
        _field(grid, view)
        _team(grid, view.get("foe", {}), bench_row=0, row=1, colour=RED)
        _team(grid, view.get("own", {}), bench_row=5, row=4, colour=BLUE)
    return grid.pixels


def _field(grid: Grid, view: Mapping[str, Any]) -> None:
    middle, half = _ROWS * _CELL // 2, _COLUMNS * _CELL // 2
    grid.pixels[middle - 1 : middle + 1] = _PALE
    for name, colours, columns in (("weather", _WEATHER, slice(0, half)), ("terrain", _TERRAIN, slice(half, None))):
        effect = view.get(name)
        if effect:
            grid.pixels[middle - 8 : middle + 8, columns] = colours.get(str(effect["id"]), _PALE)


def _team(grid: Grid, side: Mapping[str, Any], *, bench_row: int, row: int, colour: Colour) -> None:
    for number, mon in enumerate(side.get("team", ())[:6]):
        _member(grid, bench_row, number + 1, mon, colour)
        if mon.get("slot") is not None and not mon.get("fainted"):
            _active(grid, row, 2 + 4 * int(mon["slot"]), mon)


def _member(grid: Grid, row: int, column: int, mon: Mapping[str, Any], colour: Colour) -> None:
    brought = mon.get("brought")
    filled = colour if brought else _PALE
    grid.disc(row, column, filled, radius=0.22, hole=0.0 if brought is not False else 0.18)
    if mon.get("fainted"):
        grid.cross(row, column, DARK, radius=0.2, width=0.05)


def _active(grid: Grid, row: int, column: int, mon: Mapping[str, Any]) -> None:
    types = [str(one) for one in mon.get("types") or ()] or ["Normal"]
    first, second = TYPE_COLOURS.get(types[0], DARK), TYPE_COLOURS.get(types[-1], DARK)
    grid.disc(row, column, first, radius=0.42)
    left, top = column * _CELL, row * _CELL
    cell = grid.pixels[top : top + _CELL, left + _CELL // 2 : left + _CELL]
    cell[(cell == first).all(-1)] = second
    if mon.get("terastallized"):
        grid.disc(row, column, YELLOW, radius=0.46, hole=0.41)
    _bar(grid, top + _CELL // 2 - 6, left + _CELL + 4, mon)


def _bar(grid: Grid, top: int, left: int, mon: Mapping[str, Any]) -> None:
    width = _CELL - 8
    percent = float(mon.get("percent") or 0)
    colour = _GREEN if percent >= 50 else YELLOW if percent >= 20 else RED
    grid.pixels[top : top + 12, left : left + width] = _PALE
    grid.pixels[top : top + 12, left : left + round(width * min(percent, 100.0) / 100.0)] = colour
    if mon.get("status"):
        grid.pixels[top + 14 : top + 22, left : left + 8] = TYPE_COLOURS["Poison"]
