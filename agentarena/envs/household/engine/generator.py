"""Households out of a seed: layouts, objects in them, and a task that can be solved.

A game is a function of its split and number alone. The validation split `valid_seen` has the layouts and the object-receptacle pairs
of `train`, with objects placed anew; `valid_unseen` has held-out layouts and held-out pairs.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TypeVar

from .goal import TEMPLATES, tree_of
from .problem import Fact, Problem
from .tables import (
    APPLIANCES,
    CLEANABLE,
    CONTAINERS,
    COOLABLE,
    FITS,
    HEATABLE,
    OBJECT_TYPES,
    OPENABLE,
    PAIRS,
    ROOMS,
    SLICEABLE,
    SPLIT_COUNTS,
    TRAIN_WEIGHTS,
)

__all__ = ["LAYOUTS", "SPLITS", "TRAIN_GAMES", "Layout", "generate", "is_unseen_pair", "kind_of", "layout_of", "layouts", "split_size"]

T = TypeVar("T")

SPLITS = ("train", "valid_seen", "valid_unseen")
TRAIN_GAMES = 1_000_000
"""Number of the games of `train`."""
LAYOUTS = 30
"""Layouts of each kind of room; the last ones are unseen in training."""
_UNSEEN_LAYOUTS = 4
_SHARED_PLACE = 0.06
"""How often a receptacle is reached from the place of the one before it."""
_CONSTANTS = ("sinkbasintype", "microwavetype", "fridgetype", "knifetype", "butterknifetype")


def split_size(split: str) -> int:
    """How many games a split has."""
    return TRAIN_GAMES if split == "train" else sum(SPLIT_COUNTS[split].values())


@dataclass(frozen=True, slots=True)
class Layout:
    """A room: ids of its receptacles with their types, and the place of each.

    Attributes:
        room: E.g. "kitchen".
        number: 0 to `LAYOUTS` - 1.
        receptacles: Pairs of id and type.
        places: Id of the place of each.
        entry: Where the agent starts.
    """

    room: str
    number: int
    receptacles: tuple[tuple[str, str], ...]
    places: tuple[str, ...]
    entry: str


@lru_cache(maxsize=256)
def layout_of(room: str, number: int) -> Layout:
    """The layout with this number; the same for ever."""
    rng = Random(f"household layout {room} {number}")
    receptacles: list[tuple[str, str]] = []
    for kind, (low, high) in ROOMS[room].items():
        for _ in range(low + int(rng.random() * (high - low + 1))):
            part = kind.removesuffix("Basin")
            inner = f"|{kind}" if part != kind else ""
            receptacles.append((_escaped(f"{part}|{_coordinates(rng, 3)}{inner}"), kind))
    places: list[str] = []
    for _ in receptacles:
        place = _escaped(f"loc|{_grid(rng)}|{_grid(rng)}|{int(rng.random() * 4)}|{_pick(rng, (0, 15, 30, 45, 60))}")
        fresh = not places or (rng.random() >= _SHARED_PLACE and place not in places)
        places.append(place if fresh else places[-1])
    return Layout(room, number, tuple(receptacles), tuple(places), _escaped(f"loc|{_grid(rng)}|{_grid(rng)}|9|30"))


def layouts(room: str, split: str) -> range:
    """Numbers of the layouts that a split uses."""
    first_unseen = LAYOUTS - _UNSEEN_LAYOUTS
    return range(first_unseen, LAYOUTS) if split == "valid_unseen" else range(first_unseen)


def is_unseen_pair(thing: str, place: str) -> bool:
    """Whether no game of `train` or `valid_seen` asks for this object at this receptacle (or under this lamp)."""
    return zlib.crc32(f"{thing} at {place}".encode()) % 5 == 0


def kind_of(split: str, number: int) -> str:
    """The task type of a game."""
    if split == "train":
        kinds, weights = list(TRAIN_WEIGHTS), list(TRAIN_WEIGHTS.values())
        mark = Random(f"household kind {number}").random() * sum(weights)
        for kind, weight in zip(kinds, weights, strict=True):
            mark -= weight
            if mark < 0:
                return kind
        return kinds[-1]
    return _kinds(split)[number]


@lru_cache(maxsize=4)
def _kinds(split: str) -> tuple[str, ...]:
    """Task types in the order of the games: mixed, so that any first part of a split has all of them."""
    marks = [((at + 0.5) / count, kind) for kind, count in SPLIT_COUNTS[split].items() for at in range(count)]
    return tuple(kind for _, kind in sorted(marks))


@lru_cache(maxsize=64)
def _tasks(kind: str, split: str) -> tuple[tuple[str, str, str, int], ...]:
    """Room, object, receptacle or lamp, and layout of every task of a type in a split."""
    tasks = []
    for room, thing, place in PAIRS[kind]:
        if is_unseen_pair(thing, place) != (split == "valid_unseen"):
            continue
        for number in layouts(room, split):
            present = {kind for _, kind in layout_of(room, number).receptacles}
            fits = place in present if kind != "look" else any(place in FITS[other] for other in present)
            if fits and any(thing in FITS[other] for other in present - {place}):
                tasks.append((room, thing, place, number))
    return tuple(tasks)


def generate(split: str, number: int, distractors: int = -1) -> tuple[Problem, str]:
    """A game and its task in words.

    Args:
        split: One of `SPLITS`.
        number: 0 to `split_size(split) - 1`.
        distractors: Objects that the task does not ask for; -1 draws 12 to 32 of them.
    """
    kind = kind_of(split, number)
    rng = Random(f"household game {split} {number}")
    groups = _by_pair(kind, split)
    room, thing, place, layout_number = _pick(rng, _pick(rng, groups))
    layout = layout_of(room, layout_number)
    words = {"object": thing.lower(), "receptacle": place.lower(), "lamp": place.lower()}
    task = f"Your task is to: {_pick(rng, TEMPLATES[kind]).format(**words)}."
    goal = tree_of(kind, thing.lower(), "" if kind == "look" else place.lower(), place.lower() if kind == "look" else "")
    placed = _placed(rng, layout, kind, thing, place, distractors)
    return _problem(layout, placed, goal), task


@lru_cache(maxsize=64)
def _by_pair(kind: str, split: str) -> tuple[tuple[tuple[str, str, str, int], ...], ...]:
    """The tasks in groups of one object and receptacle, so that rare receptacles are asked for as often as common ones."""
    groups: dict[tuple[str, str, str], list[tuple[str, str, str, int]]] = {}
    for task in _tasks(kind, split):
        groups.setdefault(task[:3], []).append(task)
    return tuple(map(tuple, groups.values()))


def _placed(rng: Random, layout: Layout, kind: str, thing: str, place: str, distractors: int) -> list[tuple[str, str, int]]:
    """Id, type and receptacle of every object. The objects asked for are not yet where they belong."""
    placed: list[tuple[str, str, int]] = []

    def put(what: str, barred: str = "") -> None:
        fitting = [at for at, (_, other) in enumerate(layout.receptacles) if what in FITS[other] and other != barred]
        if fitting:
            placed.append((_escaped(f"{what}|{_coordinates(rng, 3)}"), what, _pick(rng, fitting)))

    for _ in range((2 if kind == "two" else 1) + int(rng.random() * 2)):
        put(thing, "" if kind == "look" else place)
    if kind == "look":
        put(place)
    others = [other for other in OBJECT_TYPES[layout.room] if other not in (thing, "DeskLamp")]
    for _ in range(distractors if distractors >= 0 else 12 + int(rng.random() * 21)):
        put(_pick(rng, others))
    return placed


def _problem(layout: Layout, placed: list[tuple[str, str, int]], goal: list[object]) -> Problem:
    kinds = {kind for _, kind in layout.receptacles}
    things = {what for _, what, _ in placed}
    types = {"agent1": "agent", **dict.fromkeys(_CONSTANTS[:3], "rtype"), **dict.fromkeys(_CONSTANTS[3:], "otype")}
    types |= {f"{kind.lower()}type": "rtype" for kind in sorted(kinds)} | {f"{what.lower()}type": "otype" for what in sorted(things)}
    types |= {one: "receptacle" for one, _ in layout.receptacles} | {one: "object" for one, _, _ in placed}
    types |= dict.fromkeys((*layout.places, layout.entry), "location")
    facts: list[Fact] = [("atlocation", "agent1", layout.entry)]
    for kind in sorted(kinds):
        facts += [("cancontain", f"{kind.lower()}type", f"{what.lower()}type") for what in sorted(things & FITS[kind])]
    for (one, kind), where in zip(layout.receptacles, layout.places, strict=True):
        facts += [("receptacletype", one, f"{kind.lower()}type"), ("receptacleatlocation", one, where)]
        if kind in OPENABLE:
            facts.append(("openable", one))
    for one, what, at in placed:
        facts += [("objecttype", one, f"{what.lower()}type"), ("inreceptacle", one, layout.receptacles[at][0])]
        facts.append(("objectatlocation", one, layout.places[at]))
        facts += [(name, one) for name, whole in _PROPERTIES.items() if what in whole]
        if what != "DeskLamp":
            facts.append(("pickupable", one))
    return Problem(types, tuple(facts), goal)


_PROPERTIES = {
    "cleanable": CLEANABLE,
    "coolable": COOLABLE,
    "heatable": HEATABLE,
    "isreceptacleobject": CONTAINERS,
    "sliceable": SLICEABLE,
    "toggleable": frozenset(("DeskLamp",)),
}
assert set(APPLIANCES.values()) <= set(FITS)


def _pick(rng: Random, options: Sequence[T]) -> T:
    return options[int(rng.random() * len(options))]


def _grid(rng: Random) -> int:
    return int(rng.random() * 25) - 12


def _coordinates(rng: Random, count: int) -> str:
    return "|".join(f"{rng.random() * 8 - 4:+06.2f}" for _ in range(count))


def _escaped(text: str) -> str:
    """An id as planners accept it."""
    for char, escape in (("-", "_minus_"), ("|", "_bar_"), ("+", "_plus_"), (".", "_dot_")):
        text = text.replace(char, escape)
    return text.lower()
