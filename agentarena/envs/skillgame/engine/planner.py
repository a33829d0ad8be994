"""A plan that does the task: fetch, treat, deliver, object by object, checked by carrying it out. It is short, not always the shortest."""

from __future__ import annotations

from .scene import Scene, act, admissible, first_scene, is_open, won
from .spec import chain
from .world import Target, World, bits

__all__ = ["next_command", "plan", "plan_length"]

_MOST_ROUNDS = 3
_DEEPEST = 20


class _Stuck(Exception):
    """The plan cannot go on."""


class _Worker:
    """Carries out errands on a scene of its own and notes the commands."""

    def __init__(self, world: World, scene: Scene) -> None:
        self.world, self.scene = world, scene
        self.commands: list[str] = []
        self.used: list[tuple[int, int]] = []
        self.depth = 0

    def do(self, command: str) -> None:
        result = act(self.world, self.scene, command)
        if result is None or len(self.commands) > 2000:
            raise _Stuck(command)
        self.scene = result[0]
        self.commands.append(command)
        if result[2] >= 0:
            self.used.append(result[2:])

    def go(self, room: int) -> None:
        towards = self.world.steps_to[room]
        while self.scene.room != room:
            self.do(f"go to {self.world.rooms[towards[self.scene.room]]}")

    def place(self, thing: int) -> int:
        """Where an object lies; -1 in hand."""
        return next((at for at, mask in enumerate(self.scene.inside) if mask >> thing & 1), -1)

    def room_of(self, thing: int) -> int:
        place = self.place(thing)
        if place >= len(self.world.rooms):
            return self.room_of(place - len(self.world.rooms))
        return self.scene.room if place < 0 else place

    def reach(self, thing: int, keep: int) -> None:
        """Go to where an object is, and open what it is in."""
        place = self.place(thing) - len(self.world.rooms)
        if place >= 0 and not is_open(self.world, self.scene, place):
            self.open(place, keep)
        self.go(self.room_of(thing))

    def fetch(self, thing: int, keep: int) -> None:
        if self.scene.held >> thing & 1:
            return
        self.reach(thing, keep)
        if self.scene.held.bit_count() >= self.world.spec.hands:
            spare = bits(self.scene.held & ~keep)
            if not spare:
                raise _Stuck("hands")
            self.do(f"drop {self.world.objects[spare[0]]}")
        self.do(f"take {self.world.objects[thing]}")

    def open(self, container: int, keep: int) -> None:
        self.treat(container, self.world.kinds[container].opens, keep)

    def treat(self, thing: int, states: int, keep: int) -> None:
        """Bring an object into states."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Stuck("depth")
        missing = frozenset(name for name, mask in self.world.of_kind.items() if not mask & ~(1 << thing))
        order = chain(self.world.spec, self.world.kinds[thing].name, self.scene.states[thing], states, missing)
        if order is None:
            raise _Stuck("chain")
        for at in order:
            self.use(at, thing, keep)
        self.depth -= 1

    def use(self, at: int, thing: int, keep: int) -> None:
        world, skill = self.world, self.world.spec.skills[at]
        portable = bool(world.portable >> thing & 1)
        keep |= 1 << thing if portable else 0
        tool = -1
        if skill.tool:
            tools = bits(world.of_kind[skill.tool] & ~(1 << thing))
            tool = next((one for one in tools if self.scene.held >> one & 1), tools[0] if tools else -1)
            self.fetch(tool, keep)
            keep |= 1 << tool
        if not skill.station:
            if not self.scene.held >> thing & 1:
                self.reach(thing, keep)
        else:
            rooms = world.rooms_of_station[skill.station]
            if not rooms:
                raise _Stuck("station")
            if self.room_of(thing) != rooms[0] or self.place(thing) >= len(world.rooms):
                self.fetch(thing, keep)
            self.go(rooms[0])
        self.do(world.names[at, thing, tool])

    def attain(self, target: Target, keep: int) -> None:
        """Do what the task asks of one object."""
        if self.scene.states[target.thing] & target.states != target.states:
            self.treat(target.thing, target.states, keep)
        if target.held:
            self.fetch(target.thing, keep)
        elif target.room >= 0 and not self.scene.inside[target.room] >> target.thing & 1:
            self.fetch(target.thing, keep)
            self.go(target.room)
            self.do(f"drop {self.world.objects[target.thing]}")


def _work(world: World, scene: Scene) -> _Worker | None:
    worker = _Worker(world, scene)
    order = sorted(world.targets, key=lambda target: target.held)
    try:
        for _ in range(_MOST_ROUNDS):
            keep = 0
            for target in order:
                worker.attain(target, keep)
                keep |= 1 << target.thing if target.held else 0
            if won(world, worker.scene):
                return worker
    except _Stuck:
        pass
    return None


def plan(world: World, scene: Scene | None = None) -> list[str] | None:
    """The commands that do the task from a scene, by default from the start; `None` where no plan is seen."""
    worker = _work(world, first_scene(world) if scene is None else scene)
    return None if worker is None else worker.commands


def milestones(world: World) -> tuple[tuple[int, int], ...]:
    """The rewarded skills of the plan from the start: skill and object, each once."""
    worker = _work(world, first_scene(world))
    used = worker.used if worker else []
    return tuple(dict.fromkeys((at, thing) for at, thing in used if world.spec.skills[at].reward > 0))


def plan_length(world: World) -> int:
    """The number of commands of the plan from the start; -1 without one."""
    length: int | None = world.memo.get("plan length")
    if length is None:
        commands = plan(world)
        length = -1 if commands is None else len(commands)
        world.remember("plan length", length)
    return length


def next_command(world: World, scene: Scene) -> str:
    """The plan's next command; `"look"` where there is no plan or nothing to do."""
    commands = plan(world, scene)
    return commands[0] if commands and commands[0] in admissible(world, scene) else "look"
