"""Games drawn from a specification: a task, the rooms and tools it needs, distractors, and places for everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from agentarena.core.errors import BadOption

from .spec import Goal, Kind, Spec, chain, opening
from .world import Key, Target, World

__all__ = ["SPLITS", "generate", "split_size"]

SPLITS = {"train": 1_000_000, "valid": 200, "test": 200}


def split_size(split: str) -> int:
    """Number of games of a split."""
    return SPLITS[split]


def generate(spec: Spec, source: str, key: Key, attempt: int, maker: Callable[[str, Key], World]) -> World:
    """One draw of the game with this key.

    Args:
        spec: The world.
        source: Where it comes from.
        key: Which game.
        attempt: Number of the draw, where earlier ones are longer than allowed.
        maker: See `World.maker`.

    Raises:
        BadOption: The specification cannot make such a game.
    """
    seed = f"{spec.digest} {key.split} {key.number} {key.rooms} {key.goals} {key.depth} {key.distractors} {attempt}"
    return _Draw(spec, source, key, Random(seed)).world(maker)


class _Draw:
    """One game in the making. Objects are (kind, name), by number; places are drawn last."""

    def __init__(self, spec: Spec, source: str, key: Key, rng: Random) -> None:
        self.spec, self.source, self.key, self.rng = spec, source, key, rng
        self.free = {name: rng.sample(kind.names, len(kind.names)) for name, kind in spec.kinds.items()}
        self.objects: list[tuple[Kind, str]] = []
        self.rooms: list[str] = []
        self.placed: dict[str, str] = {}  # station -> room

    def fail(self, reason: str) -> BadOption:
        return BadOption(f"SkillGame: {self.spec.name}, game {self.key.number}: {reason}")

    def world(self, maker: Callable[[str, Key], World]) -> World:
        goals = self._goals()
        needed = [self._add(goal.kind) for goal in goals]
        for goal, thing in zip(goals, needed, strict=True):
            self._require(self._chain(goal))
            if goal.at:
                self._station(goal.at)
            self._container_for(self.objects[thing][0])
        self._fill_rooms()
        self._distract()
        self.rng.shuffle(self.rooms)
        stations = self._stations()
        targets = tuple(self._target(goal, thing, stations) for goal, thing in zip(goals, needed, strict=True))
        places = self._places({target.thing: target for target in targets})
        kinds, names = tuple(kind for kind, _ in self.objects), tuple(name for _, name in self.objects)
        doors, start = self._doors(), self.rng.randrange(len(self.rooms))
        return World(self.spec, self.source, self.key, tuple(self.rooms), doors, stations, names, kinds, places, start, targets, maker)

    # --- what the task is, and what it needs ------------------------------------------------------------------------------

    def _goals(self) -> list[Goal]:
        """The goals, no two of one object; fewer where the names of their kinds are used up."""
        count = self.key.goals if self.key.goals > 0 else self.rng.randint(1, 2)
        depth = self.key.depth
        templates = [goal for goal in self.spec.goals if depth < 0 or len(self._chain(goal)) <= depth]
        if not templates:
            raise self.fail(f"no goal of the specification needs at most {depth} skills; the least is {self._least()}")
        goals: list[Goal] = []
        held, left = self.spec.hands - 1, {name: len(names) for name, names in self.free.items()}
        while len(goals) < count:
            fitting = [goal for goal in templates if left[goal.kind] > 0 and (held > 0 or not goal.held)]
            if not fitting:
                break
            goal = self.rng.choice(fitting)
            left[goal.kind] -= 1
            held -= goal.held
            goals.append(goal)
        return goals

    def _chain(self, goal: Goal) -> tuple[int, ...]:
        order = chain(self.spec, goal.kind, self.spec.kinds[goal.kind].start, goal.states)
        if order is None:
            raise self.fail(f"no order of skills makes a {goal.kind} {self.spec.words(goal.states)}")
        return order

    def _least(self) -> int:
        return min(len(self._chain(goal)) for goal in self.spec.goals)

    def _add(self, kind: str) -> int:
        self.objects.append((self.spec.kinds[kind], self.free[kind].pop()))
        return len(self.objects) - 1

    def _has(self, kind: str) -> bool:
        return any(other.name == kind for other, _ in self.objects)

    def _require(self, skills: Iterable[int]) -> None:
        """Tools and stations for skills; a tool that is a goal's object too serves as one."""
        for at in skills:
            skill = self.spec.skills[at]
            if skill.station:
                self._station(skill.station)
            if skill.tool and not self._has(skill.tool):
                if not self.free[skill.tool]:
                    raise self.fail(f"there are too few objects of kind {skill.tool}")
                self._add(skill.tool)
                self._container_for(self.spec.kinds[skill.tool])

    def _station(self, name: str) -> None:
        if name not in self.placed:
            known = [room for room in self.spec.stations[name] if room in self.rooms]
            self.placed[name] = self.rng.choice(known or list(self.spec.stations[name] or self.rooms or self.spec.rooms))
            self._room(self.placed[name])

    def _room(self, name: str) -> None:
        if name not in self.rooms:
            self.rooms.append(name)

    def _container_for(self, kind: Kind) -> None:
        """A room or a container where an object of the kind may be; what opens the container too."""
        if not kind.found_in or any(room in self.rooms for room in kind.found_in):
            return
        containers = [name for name in kind.found_in if name in self.spec.kinds]
        rooms = [name for name in kind.found_in if name not in self.spec.kinds]
        if any(self._has(name) for name in containers):
            return
        if containers and (not rooms or self.rng.random() < 0.5):
            name = self.rng.choice(containers)
            if not self.free[name]:
                raise self.fail(f"there are too few objects of kind {name}")
            self._add(name)
            self._require(opening(self.spec, name) or ())
            self._container_for(self.spec.kinds[name])
        else:
            self._room(self.rng.choice(rooms))

    def _fill_rooms(self) -> None:
        spare = [room for room in self.spec.rooms if room not in self.rooms]
        self.rng.shuffle(spare)
        count = self.key.rooms if self.key.rooms > 0 else self.rng.randint(2, min(8, len(self.spec.rooms)))
        self.rooms += spare[: max(2, count) - len(self.rooms)] if count > len(self.rooms) or len(self.rooms) < 2 else []

    def _distract(self) -> None:
        count = self.key.distractors if self.key.distractors >= 0 else self.rng.randint(0, 6)
        for _ in range(count):
            kinds = [name for name, names in self.free.items() if names and self._has_place(self.spec.kinds[name])]
            if not kinds:
                break
            self._add(self.rng.choice(kinds))

    def _has_place(self, kind: Kind) -> bool:
        return not kind.found_in or any(room in self.rooms or self._has(room) for room in kind.found_in)

    def _stations(self) -> tuple[tuple[str, ...], ...]:
        for name, rooms in self.spec.stations.items():
            options = [room for room in (rooms or self.spec.rooms) if room in self.rooms]
            if name not in self.placed and options:
                self.placed[name] = self.rng.choice(options)
        return tuple(tuple(name for name, room in self.placed.items() if room == here) for here in self.rooms)

    # --- where things are -------------------------------------------------------------------------------------------------

    def _target(self, goal: Goal, thing: int, stations: tuple[tuple[str, ...], ...]) -> Target:
        room = next((at for at, names in enumerate(stations) if goal.at in names), -1) if goal.at else -1
        return Target(thing, goal.states, room, goal.at, goal.held)

    def _places(self, targets: dict[int, Target]) -> tuple[int, ...]:
        """A place for each object. What opens containers lies in a room, so that nothing is locked away for good."""
        tools = {self.spec.skills[at].tool for name, kind in self.spec.kinds.items() if kind.opens for at in opening(self.spec, name) or ()}
        places = []
        for thing, (kind, _) in enumerate(self.objects):
            options = self._options(kind, kind.name in tools or bool(kind.opens))
            target = targets.get(thing)
            if target is not None and target.room >= 0:
                options = [place for place in options if place != target.room]
            if not options:
                raise self.fail(f"there is no place for a {kind.name} at the start that is not where the task wants it")
            places.append(self.rng.choice(options))
        return tuple(places)

    def _options(self, kind: Kind, in_rooms: bool) -> list[int]:
        if not kind.found_in:
            return list(range(len(self.rooms)))
        options = [at for at, room in enumerate(self.rooms) if room in kind.found_in]
        if not in_rooms:
            options += [len(self.rooms) + at for at, (other, _) in enumerate(self.objects) if other.name in kind.found_in]
        return options

    def _doors(self) -> tuple[tuple[int, ...], ...]:
        """A random tree of rooms and a few doors more."""
        count = len(self.rooms)
        doors: list[set[int]] = [set() for _ in range(count)]
        pairs = [(at, self.rng.randrange(at)) for at in range(1, count)]
        pairs += [(self.rng.randrange(count), self.rng.randrange(count)) for _ in range(self.rng.randint(0, count // 2))]
        for a, b in pairs:
            if a != b:
                doors[a].add(b)
                doors[b].add(a)
        return tuple(tuple(sorted(others)) for others in doors)
