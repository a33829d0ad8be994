"""A house: one problem made into tables, names and numbers, so that a turn takes microseconds.

Receptacles, objects and places have indices in the order of their ids; sets of objects and of receptacles are ints, one bit each.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .goal import goal_of
from .problem import BadProblem, Fact, Problem

__all__ = ["House", "bits", "listed", "mask_of", "names_of"]

_ESCAPES = (("_bar_", "|"), ("_minus_", "-"), ("_plus_", "+"), ("_dot_", "."), ("_comma_", ","))
_MOST_MEMO = 4096


def bits(mask: int) -> Iterator[int]:
    """The indices in a set, in increasing order.

    >>> list(bits(0b1010))
    [1, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def mask_of(indices: Iterable[int]) -> int:
    """The set of these indices.

    >>> mask_of([1, 3]) == 0b1010
    True
    """
    mask = 0
    for index in indices:
        mask |= 1 << index
    return mask


def listed(names: list[str]) -> str:
    """Names with articles, the way the grammar of the original joins them.

    >>> listed(["mug 1", "pan 2"]), listed([])
    ('a mug 1, and a pan 2', 'nothing')
    """
    if len(names) < 2:
        return f"a {names[0]}" if names else "nothing"
    return ", ".join([f"a {name}" for name in names[:-1]]) + f", and a {names[-1]}"


def names_of(ids: Iterable[str], shuffle: random.Random | None = None) -> dict[str, str]:
    """The name of each id: its type and a number. Ids are sorted and the first of a type has its highest number.

    Args:
        ids: Every id that stands in a fact.
        shuffle: Draws the order of the numbers instead.

    >>> names_of(["mug_bar_1", "mug_bar_2", "sink_bar_1_bar_sinkbasin"])
    {'mug_bar_1': 'mug 2', 'mug_bar_2': 'mug 1', 'sink_bar_1_bar_sinkbasin': 'sinkbasin 1'}
    """
    ordered = sorted(ids)
    if shuffle is not None:
        shuffle.shuffle(ordered)
    words = {one: one.split("_bar_", 1)[0] + ("basin" if "basin" in one else "") if "_bar_" in one else "" for one in ordered}
    left = Counter(word for word in words.values() if word)
    names = {}
    for one in ordered:
        word = words[one]
        if word:
            names[one] = f"{_plain(word)} {left[word]}"
            left[word] -= 1
        else:
            names[one] = f"{_plain(one)} "
    return names


def _plain(text: str) -> str:
    for escape, char in _ESCAPES:
        text = text.replace(escape, char)
    return text


class House:
    """One game: what never changes in it, and how it starts. Read by everyone and changed by nobody; equal where `key` is.

    Attributes:
        key: What it was made from; with `build`, the function that makes it, all that a pickle carries.
        task: The task in words.
        profile: Which wording: "0.3" or "0.4".
        goal: What is to be done.
        receptacles: Names of the receptacles, in the order of their ids.
        objects: Names of the objects, in the order of their ids.
        places: Names of the places, e.g. "loc 7", in the order of their ids.
        place_of: Place of each receptacle; -1 where it has none and cannot be reached.
        here: The receptacles of each place, and the same as a set in `here_mask`.
        openable, sinks, microwaves, fridges: Sets of receptacles.
        movable, containers, cleanable, heatable, coolable, toggleable, sliceable, knives: Sets of objects; movable are those that can be
            picked up, containers those that can hold others.
        fits: For each object the set of receptacles that it can be put in.
        nested: What stands in a container: a set of objects for each of them.
    """

    def __init__(
        self, problem: Problem, key: Any, build: Callable[[Any], House], *, task: str, profile: str, shuffle: random.Random | None = None
    ) -> None:
        self.key, self.build, self.task, self.profile = key, build, task, profile
        self.goal = goal_of(problem.goal)
        self.types = problem.types
        self.facts = problem.facts
        by: dict[str, list[Fact]] = defaultdict(list)
        for fact in problem.facts:
            by[fact[0]].append(fact[1:])
        names = names_of({name for fact in problem.facts for name in fact[1:]}, shuffle)
        self._index(by, problem, names)
        self._receptacles(by)
        self._objects(by)
        self._start(by)
        self._targets()
        self.memo: dict[Any, Any] = {}
        self.lists: dict[int, str] = {}

    def _index(self, by: dict[str, list[Fact]], problem: Problem, names: dict[str, str]) -> None:
        kinds = problem.types
        self.receptacle_ids = tuple(sorted(one for one in names if kinds.get(one) == "receptacle"))
        self.object_ids = tuple(sorted(one for one in names if kinds.get(one) == "object"))
        self.place_ids = tuple(sorted(one for one in names if kinds.get(one) == "location"))
        self.receptacles = tuple(names[one] for one in self.receptacle_ids)
        self.objects = tuple(names[one] for one in self.object_ids)
        self.places = tuple(names[one] for one in self.place_ids)
        self.r_at = {one: at for at, one in enumerate(self.receptacle_ids)}
        self.o_at = {one: at for at, one in enumerate(self.object_ids)}
        self.l_at = {one: at for at, one in enumerate(self.place_ids)}
        self.receptacle_named = _first(self.receptacles)
        self.object_named = _first(self.objects)
        agents = [one for one, kind in kinds.items() if kind == "agent"]
        if len(agents) != 1:
            raise BadProblem(f"the problem has {len(agents)} agents, expected 1")
        if not any(fact[0] in self.r_at for fact in by["receptacleatlocation"]):
            raise BadProblem("no receptacle has a place: expected facts (receptacleAtLocation r l)")

    def _set(self, facts: Iterable[Fact], index: dict[str, int]) -> int:
        return mask_of(index[fact[0]] for fact in facts if fact and fact[0] in index)

    def _receptacles(self, by: dict[str, list[Fact]]) -> None:
        places = {fact[0]: self.l_at[fact[1]] for fact in by["receptacleatlocation"] if len(fact) == 2 and fact[1] in self.l_at}
        self.place_of = tuple(places.get(one, -1) for one in self.receptacle_ids)
        here: list[list[int]] = [[] for _ in self.place_ids]
        for at, place in enumerate(self.place_of):
            if place >= 0:
                here[place].append(at)
        self.here = tuple(map(tuple, here))
        self.here_mask = tuple(map(mask_of, here))
        self.openable = self._set(by["openable"], self.r_at)
        kinds: dict[str, set[str]] = defaultdict(set)
        for fact in by["receptacletype"]:
            kinds[fact[0]].add(fact[1])
        self.receptacle_types: tuple[tuple[str, ...], ...] = tuple(tuple(sorted(kinds[one])) for one in self.receptacle_ids)

        def of(kind: str) -> int:
            return mask_of(at for at, types in enumerate(self.receptacle_types) if kind in types)

        self.sinks, self.microwaves, self.fridges = of("sinkbasintype"), of("microwavetype"), of("fridgetype")
        self.receptacles_of = of

    def _objects(self, by: dict[str, list[Fact]]) -> None:
        index = self.o_at
        self.movable, self.containers = self._set(by["pickupable"], index), self._set(by["isreceptacleobject"], index)
        self.cleanable, self.heatable, self.coolable = (self._set(by[name], index) for name in ("cleanable", "heatable", "coolable"))
        self.toggleable, self.sliceable = self._set(by["toggleable"], index), self._set(by["sliceable"], index)
        kinds: dict[str, set[str]] = defaultdict(set)
        for fact in by["objecttype"]:
            kinds[fact[0]].add(fact[1])
        self.object_types: tuple[tuple[str, ...], ...] = tuple(tuple(sorted(kinds[one])) for one in self.object_ids)

        def of(kind: str) -> int:
            return mask_of(at for at, types in enumerate(self.object_types) if kind in types)

        self.objects_of = of
        self.knives = of("knifetype") | of("butterknifetype")
        holds: dict[str, int] = defaultdict(int)
        for fact in by["cancontain"]:
            holds[fact[1]] |= self.receptacles_of(fact[0])
        self.fits = tuple(_union(holds[kind] for kind in types) for types in self.object_types)
        nested: dict[int, list[int]] = defaultdict(list)
        for fact in by["inreceptacleobject"]:
            if fact[0] in index and fact[1] in index:
                nested[index[fact[1]]].append(index[fact[0]])
        self.nested = {outer: mask_of(inner) for outer, inner in nested.items()}

    def _start(self, by: dict[str, list[Fact]]) -> None:
        standing = [self.l_at[fact[1]] for fact in by["atlocation"] if len(fact) == 2 and fact[1] in self.l_at]
        if len(standing) != 1:
            raise BadProblem(f"the agent stands at {len(standing)} places, expected 1: (atLocation agent1 l)")
        self.start_place = standing[0]
        self.start_opened = self._set(by["opened"], self.r_at)
        self.start_held = mask_of(self.o_at[fact[1]] for fact in by["holds"] if len(fact) == 2 and fact[1] in self.o_at)
        inside = [0] * len(self.receptacle_ids)
        for fact in by["inreceptacle"]:
            if fact[0] in self.o_at and fact[1] in self.r_at:
                inside[self.r_at[fact[1]]] |= 1 << self.o_at[fact[0]]
        self.start_inside = tuple(inside)
        spots = [0] * len(self.place_ids)
        for fact in by["objectatlocation"]:
            if fact[0] in self.o_at and fact[1] in self.l_at:
                spots[self.l_at[fact[1]]] |= 1 << self.o_at[fact[0]]
        self.start_spots = tuple(spots)
        self.start_states = tuple(self._set(by[name], self.o_at) for name in ("isclean", "ishot", "iscool", "issliced", "istoggled"))

    def _targets(self) -> None:
        goal = self.goal
        self.target_objects = self.objects_of(f"{goal.object}type") if goal.object else 0
        self.target_receptacles = tuple(bits(self.receptacles_of(f"{goal.receptacle}type"))) if goal.receptacle else ()
        self.lamps = self.objects_of(f"{goal.lamp}type") & self.toggleable if goal.lamp else 0

    # --- words that are worked out once -----------------------------------------------------------------------------------

    def contents(self, mask: int) -> str:
        """A set of objects as it is read out: "a mug 1, and a pan 2", or "nothing"."""
        words = self.lists.get(mask)
        if words is None:
            if len(self.lists) >= _MOST_MEMO:
                self.lists.clear()
            words = self.lists[mask] = listed([self.objects[at] for at in bits(mask)])
        return words

    def remember(self, key: Any, value: Any) -> Any:
        """Keep what was worked out for `key`; everything is forgotten when there is much of it."""
        if len(self.memo) >= _MOST_MEMO:
            self.memo.clear()
        self.memo[key] = value
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, House) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"House({self.key!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.build, (self.key,))


def _first(names: tuple[str, ...]) -> dict[str, int]:
    """Index of each name; the first where several share one."""
    return {name: at for at, name in reversed(list(enumerate(names)))}


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
