"""What a side sees as one vector of numbers in named slices; `engine/layout.json` names each number of the engine's.

| slice | shape | what |
|---|---|---|
| `features` | (F,) | the field, then the own six in the order of the team, then the other side's six |
| `options` | (2, 16, K) | for each slot, each of four moves at each of four targets: what it does there |
| `ids` | (12, 7) | species, ability, item and four moves of the twelve, for embeddings; 0 unknown |
| `status` | (S,) | what is asked, and what was chosen so far at the preview and at team building; `STATUS` names them |
| `offer` | (N, 7) | with `team_building`: the offered sets, as in `ids` |

`split` takes such vectors, one or many, apart again. Everything is computed from the side's own request and its own channel.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from . import rules
from .actions import OPTIONS
from .engine import shared
from .options import TEAM_SIZE, VGCOptions
from .state import State

__all__ = ["FIELDS", "MEMBERS", "STATUS", "field_column", "layout", "member_slice", "observe", "option_column", "slices", "space", "split"]

MEMBERS, FIELDS = 12, 7
"""Pokemon of both sides, and the numbers of each in `ids`."""
_KINDS = ("build", "preview", "move", "switch", "wait", "over")
STATUS = (
    *(f"kind_{kind}" for kind in _KINDS),
    "again",
    "turn",
    "turns_left",
    "pick",
    "must_pass",
    *(f"lineup_{place}" for place in range(1, TEAM_SIZE + 1)),
    *(f"picked_{place}" for place in range(1, TEAM_SIZE + 1)),
)
"""Names of the numbers of `status`: one of six kinds of question, whether it is asked again, turns, how many are brought, how many must
pass (-1: free), the members chosen at the preview and the sets taken at team building, from 1, 0 for none yet."""


@functools.cache
def layout() -> Mapping[str, Any]:
    """The table of the engine's numbers: names, places, ranges, meanings."""
    path = Path(__file__).parent / "engine" / "layout.json"
    table: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


@functools.cache
def option_column(name: str) -> int:
    """Where a number of an option stands, e.g. "damage"."""
    return _column(layout()["options"]["numbers"], name)


@functools.cache
def field_column(name: str) -> int:
    """Where a number of the field stands in `features`, e.g. "own_left"."""
    return _column(layout()["features"]["field"], name)


@functools.cache
def member_slice(index: int, name: str) -> int:
    """Where a number of one of the twelve stands in `features`: 0 to 5 the own six, 6 to 11 the other side's."""
    features = layout()["features"]
    return int(features["slices"][1 + index]["start"]) + _column(features["member"], name)


def _column(numbers: Sequence[Mapping[str, Any]], name: str) -> int:
    return next(place for place, number in enumerate(numbers) if number["name"] == name)


@functools.cache
def shapes(offered: int) -> Mapping[str, tuple[int, ...]]:
    """The shape of each slice, in order.

    Args:
        offered: Sets that a side is offered (`team_building`).
    """
    table = layout()
    parts: dict[str, tuple[int, ...]] = {
        "features": (int(table["features"]["size"]),),
        "options": (2, OPTIONS, int(table["options"]["size"])),
        "ids": (MEMBERS, FIELDS),
        "status": (len(STATUS),),
    }
    return parts | ({"offer": (offered, FIELDS)} if offered else {})


@functools.cache
def slices(offered: int = 0) -> Mapping[str, slice]:
    """Where each slice stands in the vector."""
    out, at = {}, 0
    for name, shape in shapes(offered).items():
        out[name] = slice(at, at + math.prod(shape))
        at += math.prod(shape)
    return out


def split(observation: np.ndarray, offered: int = 0) -> dict[str, np.ndarray]:
    """The slices of vectors, as views. Shapes (..., n) -> (..., shape of the slice); tensors of torch are taken, too."""
    parts = shapes(offered)
    return {name: observation[..., at].reshape(*observation.shape[:-1], *parts[name]) for name, at in slices(offered).items()}


def space(options: VGCOptions) -> gymnasium.spaces.Box:
    """Where observations lie."""
    table = layout()
    numbers = [*table["features"]["field"], *table["features"]["member"] * MEMBERS]
    words = max(table["ids"]["vocabulary"].values())
    ranges = {
        "features": _range(numbers, 1),
        "options": _range(table["options"]["numbers"], 2 * OPTIONS),
        "ids": (0.0, words),
        "status": (-1.0, 2000.0),
        "offer": (0.0, words),
    }
    places = slices(options.team_building)
    low, high = (np.zeros(max(place.stop for place in places.values()), np.float32) for _ in range(2))
    for name, place in places.items():
        low[place], high[place] = ranges[name]
    return gymnasium.spaces.Box(low, high, low.shape, np.float32)


def _range(numbers: Sequence[Mapping[str, Any]], times: int) -> tuple[Any, Any]:
    low, high = (np.tile(np.array([number[end] for number in numbers], np.float32), times) for end in ("low", "high"))
    return low, high


def observe(options: VGCOptions, state: State, seat: int) -> np.ndarray:
    """What a seat sees; see the module. Shape (n,), float32, fresh."""
    places = slices(options.team_building)
    observation = np.zeros(places["status"].stop + options.team_building * FIELDS, np.float32)
    update = state.update
    if update is not None:
        side = update.sides[seat]
        observation[places["features"]] = side.features
        observation[places["options"]] = side.options.reshape(-1)
        observation[places["ids"]] = side.ids.reshape(-1)
    observation[places["status"]] = _status(options, state, seat)
    if options.team_building and state.offers[seat]:
        observation[places["offer"]] = _ids(
            options.processes, options.patch, options.format_id, tuple(one.packed for one in state.offers[seat])
        ).reshape(-1)
    return observation


def _status(options: VGCOptions, state: State, seat: int) -> np.ndarray:
    status = np.zeros(len(STATUS), np.int16)
    status[_KINDS.index(rules.side_kind(options, state, seat))] = 1
    at, update = len(_KINDS), state.update
    status[at + 4] = -1
    if update is not None:
        side = update.sides[seat]
        left = max(0, options.max_turns - update.turn)
        status[at : at + 5] = (side.again is not None, update.turn, left, side.pick, -1 if side.passes is None else side.passes)
    lineup, picks = state.lineups[seat], state.picks[seat]
    status[at + 5 : at + 5 + len(lineup)] = lineup
    status[at + 5 + TEAM_SIZE : at + 5 + TEAM_SIZE + len(picks)] = picks
    return status


@functools.lru_cache(maxsize=256)
def _ids(processes: int, patch: bool, format_id: str, sets: tuple[str, ...]) -> np.ndarray:
    """The numbers of sets; the engine has the vocabulary."""
    return shared(processes, patch).set_ids(format_id, sets)
