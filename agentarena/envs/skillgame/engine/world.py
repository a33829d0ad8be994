"""One sampled game: its rooms, objects and task, what never changes in it, and its commands."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .spec import Kind, Skill, Spec

__all__ = ["Command", "Key", "Target", "World", "bits"]

_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """What a game is made from, besides the specification: see `generator.generate`."""

    split: str
    number: int
    rooms: int = -1
    goals: int = -1
    depth: int = -1
    distractors: int = -1
    longest: int = 100


@dataclass(frozen=True, slots=True)
class Target:
    """What the task asks of one object: states, the room where it must lie (-1 for none; the station's name for the words), or to be held."""

    thing: int
    states: int
    room: int
    at: str
    held: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it does ("go", "take", "drop", "look", "inventory", "skill"), and the room, or the object, skill and tool."""

    does: str
    thing: int = -1
    skill: int = -1
    tool: int = -1


def bits(mask: int) -> list[int]:
    """The positions of the ones of an int.

    >>> bits(0b1010)
    [1, 3]
    """
    positions = []
    while mask:
        low = mask & -mask
        positions.append(low.bit_length() - 1)
        mask ^= low
    return positions


@dataclass(frozen=True, eq=False)
class World:
    """A game. Places are the rooms, then the objects that are containers: place `len(rooms) + thing`.

    Attributes:
        spec: The specification.
        source: Where the specification comes from, as the option names it.
        key: What the game was made from.
        rooms: Names of the rooms.
        doors: For each room, the rooms that it leads to.
        stations: For each room, the names of its stations.
        objects: Names of the objects.
        kinds: The kind of each object.
        places: Where each object is at the start.
        start: The room where the agent starts.
        targets: The task.
        maker: The function of a source and a key that makes this game again, for copies and other processes.
    """

    spec: Spec
    source: str
    key: Key
    rooms: tuple[str, ...]
    doors: tuple[tuple[int, ...], ...]
    stations: tuple[tuple[str, ...], ...]
    objects: tuple[str, ...]
    kinds: tuple[Kind, ...]
    places: tuple[int, ...]
    start: int
    targets: tuple[Target, ...]
    maker: Any

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.maker, (self.source, self.key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and (self.spec, self.key) == (other.spec, other.key)

    def __hash__(self) -> int:
        return hash((self.spec.digest, self.key))

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was worked out for scenes; emptied when it is full."""
        return {}

    def remember(self, key: Any, value: Any) -> None:
        """Keep something worked out."""
        if len(self.memo) >= _MOST_REMEMBERED:
            self.memo.clear()
        self.memo[key] = value

    @cached_property
    def portable(self) -> int:
        return sum(1 << at for at, kind in enumerate(self.kinds) if kind.portable)

    @cached_property
    def containers(self) -> tuple[int, ...]:
        return tuple(at for at, kind in enumerate(self.kinds) if kind.opens)

    @cached_property
    def container_mask(self) -> int:
        return sum(1 << at for at in self.containers)

    @cached_property
    def of_kind(self) -> dict[str, int]:
        """For each kind, its objects as a set."""
        masks = dict.fromkeys(self.spec.kinds, 0)
        for at, kind in enumerate(self.kinds):
            masks[kind.name] |= 1 << at
        return masks

    @cached_property
    def rooms_of_station(self) -> dict[str, tuple[int, ...]]:
        """For each station, the rooms that have it."""
        return {name: tuple(at for at, names in enumerate(self.stations) if name in names) for name in self.spec.stations}

    @cached_property
    def usable(self) -> tuple[tuple[tuple[tuple[int, Skill, int], ...], ...], ...]:
        """For each room and object, the skills that the room has the station for: number, skill, and the tools as a set (-1 for none)."""
        rows = []
        for names in self.stations:
            of_room = []
            for kind in self.kinds:
                skills = [(at, self.spec.skills[at]) for at in self.spec.of_kind[kind.name]]
                here = [(at, skill) for at, skill in skills if not skill.station or skill.station in names]
                of_room.append(tuple((at, skill, self.of_kind[skill.tool] if skill.tool else -1) for at, skill in here))
            rows.append(tuple(of_room))
        return tuple(rows)

    @cached_property
    def names(self) -> dict[tuple[int, int, int], str]:
        """The command of a skill on an object with a tool (-1 for none)."""
        words = {}
        for thing, kind in enumerate(self.kinds):
            for at in self.spec.of_kind[kind.name]:
                skill = self.spec.skills[at]
                plain = f"{skill.verb} {self.objects[thing]}"
                if not skill.tool:
                    words[at, thing, -1] = plain
                for tool in bits(self.of_kind[skill.tool] if skill.tool else 0):
                    if tool != thing:
                        words[at, thing, tool] = f"{plain} with {self.objects[tool]}"
        return words

    @cached_property
    def commands(self) -> dict[str, tuple[Command, ...]]:
        """Every command that may ever be admissible, and what it may do: several skills may share one command."""
        table: dict[str, tuple[Command, ...]] = {"look": (Command("look"),), "inventory": (Command("inventory"),)}
        for room, name in enumerate(self.rooms):
            table[f"go to {name}"] = (Command("go", room),)
        for thing in bits(self.portable):
            table[f"take {self.objects[thing]}"] = (Command("take", thing),)
            table[f"drop {self.objects[thing]}"] = (Command("drop", thing),)
        for (skill, thing, tool), text in self.names.items():
            table[text] = (*table.get(text, ()), Command("skill", thing, skill, tool))
        return table

    @cached_property
    def steps_to(self) -> tuple[tuple[int, ...], ...]:
        """For each goal room and room, the next room on a shortest way (the room itself when there)."""
        return tuple(_ways(self.doors, goal) for goal in range(len(self.rooms)))


def _ways(doors: tuple[tuple[int, ...], ...], goal: int) -> tuple[int, ...]:
    towards = {goal: goal}
    queue = deque([goal])
    while queue:
        room = queue.popleft()
        for other in doors[room]:
            if other not in towards:
                towards[other] = room
                queue.append(other)
    return tuple(towards[room] for room in range(len(doors)))
