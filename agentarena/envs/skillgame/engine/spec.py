"""A specification in plain types: kinds of objects, skills, goals. States are bits of an int."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Goal", "Kind", "Skill", "Spec", "chain", "opening", "spec_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of objects.

    Attributes:
        name: Its name.
        names: The names of its objects.
        portable: Whether they can be taken.
        found_in: Rooms and kinds of containers where they may be at the start; `()` for any room.
        opens: The state in which they show what is in them; 0 for what is no container.
        start: Their states at the start.
    """

    name: str
    names: tuple[str, ...]
    portable: bool
    found_in: tuple[str, ...]
    opens: int
    start: int


@dataclass(frozen=True, slots=True)
class Skill:
    """What can be done to an object of a kind.

    Attributes:
        verb: Its command.
        kind: Of the object.
        tool: Kind of what must be in hand; `""` for nothing.
        station: What must be in the room; `""` for nothing.
        needs: States that the object must have.
        lacks: States that it must not have.
        adds: States that it gains.
        removes: States that it loses.
        reward: Points for the first time that a task needs it.
        says: The answer; `{object}`, `{tool}` and `{station}` stand for names.
    """

    verb: str
    kind: str
    tool: str
    station: str
    needs: int
    lacks: int
    adds: int
    removes: int
    reward: float
    says: str

    def fits(self, states: int) -> bool:
        """Whether an object in these states can be treated so."""
        return states & self.needs == self.needs and not states & self.lacks

    def after(self, states: int) -> int:
        """The states afterwards."""
        return states & ~self.removes | self.adds


@dataclass(frozen=True, slots=True)
class Goal:
    """What a task may ask of an object of a kind: states, and to lie at a station or be held."""

    kind: str
    states: int
    at: str
    held: bool


@dataclass(frozen=True)
class Spec:
    """A world. See `schema.SKILLS_SCHEMA` for what each part means."""

    name: str
    introduction: str
    rooms: tuple[str, ...]
    stations: Mapping[str, tuple[str, ...]]
    states: tuple[str, ...]
    kinds: Mapping[str, Kind]
    skills: tuple[Skill, ...]
    goals: tuple[Goal, ...]
    reward: float
    hands: int
    digest: str

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.digest == other.digest

    def words(self, states: int) -> str:
        """The names of states, e.g. "washed and chopped"."""
        names = [name for bit, name in enumerate(self.states) if states >> bit & 1]
        return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

    @functools.cached_property
    def of_kind(self) -> dict[str, tuple[int, ...]]:
        """For each kind, the numbers of the skills on it."""
        return {name: tuple(at for at, skill in enumerate(self.skills) if skill.kind == name) for name in self.kinds}


def spec_of(data: Mapping[str, Any]) -> Spec:
    """The specification of JSON that fits the schema and whose names are declared (see `validation`)."""
    bits = {name: 1 << at for at, name in enumerate(data.get("states", ()))}

    def mask(names: Iterable[str]) -> int:
        return sum(bits[name] for name in set(names))

    kinds = {
        name: Kind(
            name,
            tuple(kind["names"]),
            kind.get("portable", "opens" not in kind),
            tuple(kind.get("found_in", ())),
            bits[kind["opens"]] if "opens" in kind else 0,
            mask(kind.get("start", ())),
        )
        for name, kind in data["objects"].items()
    }
    groups = [mask(group) for group in data.get("exclusive", ())]
    skills = []
    for row in data.get("skills", ()):
        adds = mask(row["adds"])
        removes = mask(row.get("removes", ()))
        for group in groups:  # what excludes the new state goes with it
            removes |= group & ~adds if group & adds else 0
        part = {key: mask(row.get(key, ())) for key in ("needs", "lacks")}
        says = row.get("says", "You {verb} the {object}.".replace("{verb}", row["verb"]))
        place = (row.get("tool", ""), row.get("station", ""))
        skills.append(
            Skill(row["verb"], row["object"], *place, part["needs"], part["lacks"], adds, removes, float(row.get("reward", 0)), says)
        )
    goals = tuple(Goal(g["object"], mask(g.get("states", ())), g.get("at", ""), g.get("held", False)) for g in data["goals"])
    digest = hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=8).hexdigest()
    stations = {name: tuple(rooms) for name, rooms in data.get("stations", {}).items()}
    words = (data["name"], data.get("introduction", ""), tuple(data["rooms"]), stations, tuple(bits))
    return Spec(*words, kinds, tuple(skills), goals, float(data.get("reward", 1)), data.get("hands", 3), digest)


@functools.lru_cache(maxsize=4096)
def chain(spec: Spec, kind: str, start: int, target: int, without: frozenset[str] = frozenset()) -> tuple[int, ...] | None:
    """The shortest order of skills that brings an object from its states to all of `target`; `None` where there is none.

    Args:
        spec: The world.
        kind: Of the object.
        start: Its states.
        target: States that it must have.
        without: Kinds of tools that cannot be had.
    """
    queue, came = deque([start]), {start: (-1, -1)}
    while queue:
        states = queue.popleft()
        if states & target == target:
            order = []
            while came[states][0] >= 0:
                order.append(came[states][0])
                states = came[states][1]
            return tuple(reversed(order))
        for at in spec.of_kind[kind]:
            skill = spec.skills[at]
            after = skill.after(states)
            if skill.fits(states) and after not in came and skill.tool not in without:
                came[after] = (at, states)
                queue.append(after)
    return None


def opening(spec: Spec, container: str) -> tuple[int, ...] | None:
    """The skills that open a container of this kind from its start."""
    kind = spec.kinds[container]
    return chain(spec, container, kind.start, kind.opens)
