"""How things stand in a game, which commands are admissible, and what each does."""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.frozen import constructor

from . import words
from .spec import Skill
from .world import Command, World, bits

__all__ = ["Scene", "act", "admissible", "first_scene", "is_open", "met", "visible", "won"]


@dataclass(frozen=True, slots=True)
class Scene:
    """How things stand.

    Attributes:
        room: Where the agent is.
        held: What it holds, as a set of objects.
        inside: What lies in each room and, further on, in each container, as sets of objects.
        states: The states of each object, as bits.
    """

    room: int
    held: int
    inside: tuple[int, ...]
    states: tuple[int, ...]


make_scene = constructor(Scene)


def first_scene(world: World) -> Scene:
    """The scene at the start."""
    inside = [0] * (len(world.rooms) + len(world.objects))
    for thing, place in enumerate(world.places):
        inside[place] |= 1 << thing
    return make_scene(world.start, 0, tuple(inside), tuple(kind.start for kind in world.kinds))


def is_open(world: World, scene: Scene, container: int) -> bool:
    """Whether a container shows what is in it."""
    return bool(scene.states[container] & world.kinds[container].opens)


def visible(world: World, scene: Scene) -> int:
    """The objects in sight that are not held: those that lie in the room, or in an open container there."""
    here = scene.inside[scene.room]
    mask = here
    for container in bits(here & world.container_mask):
        if scene.states[container] & world.kinds[container].opens:
            mask |= scene.inside[len(world.rooms) + container]
    return mask


def admissible(world: World, scene: Scene) -> tuple[str, ...]:
    """The commands that do something, sorted; worked out once for each scene."""
    listed: tuple[str, ...] | None = world.memo.get(scene)
    if listed is None:
        listed = _admissible(world, scene)
        world.remember(scene, listed)
    return listed


def _admissible(world: World, scene: Scene) -> tuple[str, ...]:
    objects, states, held = world.objects, scene.states, scene.held
    commands = ["inventory", "look"]
    commands += [f"go to {world.rooms[room]}" for room in world.doors[scene.room]]
    seen = visible(world, scene)
    if held.bit_count() < world.spec.hands:
        commands += [f"take {objects[thing]}" for thing in bits(seen & world.portable)]
    in_hand = bits(held)
    commands += [f"drop {objects[thing]}" for thing in in_hand]
    usable, names = world.usable[scene.room], world.names
    for thing in (*in_hand, *bits(seen)):
        for at, skill, tools in usable[thing]:
            if not skill.fits(states[thing]):
                continue
            if tools == -1:
                commands.append(names[at, thing, -1])
            else:
                commands += [names[at, thing, tool] for tool in in_hand if tools >> tool & 1 and tool != thing]
    return tuple(sorted(set(commands)))


def act(world: World, scene: Scene, text: str) -> tuple[Scene, str, int, int] | None:
    """What a command does: the scene afterwards, the answer, and the skill and its object (-1 for none); `None` where it does nothing."""
    for command in world.commands.get(text, ()):
        result = _act(world, scene, command)
        if result is not None:
            return result
    return None


def _act(world: World, scene: Scene, command: Command) -> tuple[Scene, str, int, int] | None:
    does, thing = command.does, command.thing
    if does == "go":
        if thing not in world.doors[scene.room]:
            return None
        after = make_scene(thing, scene.held, scene.inside, scene.states)
        return after, words.room(world, after), -1, -1
    if does == "look":
        return scene, words.room(world, scene), -1, -1
    if does == "inventory":
        return scene, words.hands(world, scene), -1, -1
    bit = 1 << thing
    if does == "take":
        if not visible(world, scene) & bit or scene.held.bit_count() >= world.spec.hands:
            return None
        inside = tuple(mask & ~bit for mask in scene.inside)
        return make_scene(scene.room, scene.held | bit, inside, scene.states), f"You take the {world.objects[thing]}.", -1, -1
    if does == "drop":
        if not scene.held & bit:
            return None
        row = list(scene.inside)
        row[scene.room] |= bit
        after = make_scene(scene.room, scene.held & ~bit, tuple(row), scene.states)
        return after, f"You put down the {world.objects[thing]}.", -1, -1
    return _use(world, scene, command, world.spec.skills[command.skill])


def _use(world: World, scene: Scene, command: Command, skill: Skill) -> tuple[Scene, str, int, int] | None:
    thing, bit = command.thing, 1 << command.thing
    if not (scene.held | visible(world, scene)) & bit or not skill.fits(scene.states[thing]):
        return None
    if command.tool >= 0 and not scene.held >> command.tool & 1:
        return None
    if skill.station and skill.station not in world.stations[scene.room]:
        return None
    row = list(scene.states)
    row[thing] = skill.after(row[thing])
    after = make_scene(scene.room, scene.held, scene.inside, tuple(row))
    return after, words.used(world, after, command, skill), command.skill, thing


def met(world: World, scene: Scene) -> int:
    """How many of the task's objects are as it asks."""
    count = 0
    for target in world.targets:
        fine = scene.states[target.thing] & target.states == target.states
        fine = fine and (target.room < 0 or bool(scene.inside[target.room] >> target.thing & 1))
        count += fine and (not target.held or bool(scene.held >> target.thing & 1))
    return count


def won(world: World, scene: Scene) -> bool:
    """Whether the task is done."""
    return met(world, scene) == len(world.targets)
