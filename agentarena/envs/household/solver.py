"""The expert that sees everything: the shortest way to do a task, found by trying every object, tool and place that would do."""

from __future__ import annotations

from collections.abc import Iterator

from .engine.house import House, bits
from .engine.scene import Scene, won
from .engine.scene import start as scene_of
from .engine.words import verb_of_put

__all__ = ["next_command", "optimal_length", "plan"]

Errand = tuple[int, bool, str]
"""A receptacle to be at, whether it must be open, and the command to be given there; `""` for none."""


def plan(house: House, scene: Scene) -> list[str] | None:
    """A shortest list of commands that does the task from here; `None` where there is none of the kinds that are tried.

    From the start of a game, with empty hands, no list is shorter: each errand needs its commands, one walk where it is elsewhere and one
    opening where the receptacle is closed, and all choices of errands are compared. Goals of another form are not planned for.
    """
    if won(house, scene):
        return []
    best: list[str] | None = None
    for errands in _errands(house, scene):
        commands = _commands(house, scene, errands, len(best) if best is not None else 10_000)
        if commands is not None:
            best = commands
    return best


def next_command(house: House, scene: Scene) -> str:
    """The first command of the plan; "look" where there is none."""
    commands = plan(house, scene)
    return commands[0] if commands else "look"


def optimal_length(house: House) -> int:
    """Number of commands of the plan from the start; -1 where there is none. Worked out once for each house."""
    length = house.memo.get("optimal length")
    if length is None:
        commands = plan(house, scene_of(house))
        length = house.remember("optimal length", -1 if commands is None else len(commands))
    return int(length)


def _commands(house: House, scene: Scene, errands: list[Errand], shorter_than: int) -> list[str] | None:
    """The commands that run these errands; `None` where they are no fewer than `shorter_than`."""
    place, opened = scene.place, scene.opened
    commands: list[str] = []
    for at, must_be_open, command in errands:
        bit = 1 << at
        if house.place_of[at] != place:
            place = house.place_of[at]
            commands.append(f"go to {house.receptacles[at]}")
        if must_be_open and house.openable & bit & ~opened:
            opened |= bit
            commands.append(f"open {house.receptacles[at]}")
        if command:
            commands.append(command)
        if len(commands) >= shorter_than:
            return None
    return commands


def _errands(house: House, scene: Scene) -> Iterator[list[Errand]]:
    """Every sensible list of errands."""
    held = next(bits(scene.held), -1)
    if held >= 0 and not house.target_objects >> held & 1:
        for at in _reachable(house, house.fits[held]):
            yield from ([_put(house, held, at), *rest] for rest in _with_free_hands(house, scene))
        return
    if held < 0:
        yield from _with_free_hands(house, scene)
    elif house.goal.kind == "two":
        for at in _goals(house, held):
            others = scene.inside[at] & house.target_objects & ~(1 << held)
            if others:
                yield [_put(house, held, at)]
            for thing, source in _sources(house, scene, at):
                yield [_put(house, held, at), _take(house, thing, source), _put(house, thing, at)]
    else:
        yield from _finish(house, scene, held)


def _with_free_hands(house: House, scene: Scene) -> Iterator[list[Errand]]:
    if house.goal.kind == "two":
        for at in _reachable(house, -1):
            if at not in house.target_receptacles:
                continue
            there = bool(scene.inside[at] & house.target_objects)
            sources = list(_sources(house, scene, at))
            for thing, source in sources:
                first = [_take(house, thing, source), _put(house, thing, at)]
                if there:
                    yield first
                    continue
                for other, other_source in sources:
                    if other != thing:
                        yield [*first, _take(house, other, other_source), _put(house, other, at)]
        return
    for thing, source in _sources(house, scene, -1):
        for rest in _finish(house, scene, thing):
            yield [_take(house, thing, source), *rest]


def _finish(house: House, scene: Scene, thing: int) -> Iterator[list[Errand]]:
    """What is left to do with an object in hand."""
    kind = house.goal.kind
    if kind == "look":
        for lamp in bits(house.lamps):
            for at in _reachable(house, -1):
                if scene.inside[at] >> lamp & 1:
                    yield [(at, False, "" if scene.toggled >> lamp & 1 else f"use {house.objects[lamp]}")]
        return
    for steps in _treatments(house, scene, thing, kind):
        for at in _goals(house, thing):
            yield [*steps, _put(house, thing, at)]


def _treatments(house: House, scene: Scene, thing: int, kind: str) -> Iterator[list[Errand]]:
    """The ways to bring an object into the state that the goal asks for."""
    able, tools, state = {
        "clean": (house.cleanable, house.sinks, scene.clean),
        "heat": (house.heatable, house.microwaves, scene.hot),
        "cool": (house.coolable, house.fridges, scene.cool),
    }.get(kind, (-1, 0, -1))
    if not able >> thing & 1:
        return
    if state >> thing & 1:
        yield []
        return
    for at in _reachable(house, tools):
        yield [(at, False, f"{kind} {house.objects[thing]} with {house.receptacles[at]}")]


def _sources(house: House, scene: Scene, goal: int) -> Iterator[tuple[int, int]]:
    """Objects that would do and can be taken, each with a receptacle that it is in, other than `goal`."""
    for at in _reachable(house, -1):
        if at != goal:
            for thing in bits(scene.inside[at] & house.target_objects & house.movable):
                yield thing, at


def _goals(house: House, thing: int) -> Iterator[int]:
    return (at for at in house.target_receptacles if house.place_of[at] >= 0 and house.fits[thing] >> at & 1)


def _reachable(house: House, among: int) -> Iterator[int]:
    return (at for at, place in enumerate(house.place_of) if place >= 0 and among >> at & 1)


def _take(house: House, thing: int, at: int) -> Errand:
    return (at, True, f"take {house.objects[thing]} from {house.receptacles[at]}")


def _put(house: House, thing: int, at: int) -> Errand:
    put, into = verb_of_put(house.profile)
    return (at, True, f"{put} {house.objects[thing]} {into} {house.receptacles[at]}")
