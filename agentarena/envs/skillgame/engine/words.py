"""What the world says: the introduction with the map, the task, rooms, hands, and why a command did nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .spec import Skill
from .world import Command, Target, World, bits

__all__ = ["NOTHING", "hands", "introduction", "reason", "room", "task", "used"]

NOTHING = "Nothing happens."


def _list(names: Iterable[str]) -> str:
    words = list(names)
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _thing(world: World, states: tuple[int, ...], thing: int) -> str:
    about = world.spec.words(states[thing])
    return f"{world.objects[thing]} ({about})" if about else world.objects[thing]


def room(world: World, scene: Any) -> str:
    """The room where the agent stands: stations, objects with their states, doors."""
    lines = [f"You are in the {world.rooms[scene.room]}."]
    if world.stations[scene.room]:
        lines.append(f"There is the {_list(world.stations[scene.room])}.")
    here = bits(scene.inside[scene.room])
    if here:
        lines.append(f"You see: {', '.join(_thing(world, scene.states, thing) for thing in here)}.")
    for container in here:
        kind = world.kinds[container]
        if kind.opens and scene.states[container] & kind.opens:
            inside = bits(scene.inside[len(world.rooms) + container])
            names = ", ".join(_thing(world, scene.states, thing) for thing in inside)
            lines.append(f"In the {world.objects[container]}: {names or 'nothing'}.")
    lines.append(f"Doors lead to the {_list(world.rooms[other] for other in world.doors[scene.room])}.")
    return " ".join(lines)


def hands(world: World, scene: Any) -> str:
    """What is held."""
    held = ", ".join(_thing(world, scene.states, thing) for thing in bits(scene.held))
    return f"You hold: {held or 'nothing'}. You can hold {world.spec.hands} things."


def used(world: World, scene: Any, command: Command, skill: Skill) -> str:
    """The answer to a skill; of what it opens, with what is in it."""
    names = {
        "object": world.objects[command.thing],
        "tool": world.objects[command.tool] if command.tool >= 0 else "",
        "station": skill.station,
    }
    text = skill.says
    for name, word in names.items():
        text = text.replace(f"{{{name}}}", word)
    kind = world.kinds[command.thing]
    if kind.opens & skill.adds:
        inside = ", ".join(_thing(world, scene.states, thing) for thing in bits(scene.inside[len(world.rooms) + command.thing]))
        text = f"{text} In the {world.objects[command.thing]}: {inside or 'nothing'}."
    return text


def _target(world: World, target: Target) -> str:
    thing, states = world.objects[target.thing], world.spec.words(target.states)
    if target.held:
        return f"take the {thing}" + (f" when it is {states}" if states else "")
    if target.at:
        return f"bring the {thing}" + (f", {states}," if states else "") + f" to the {target.at}"
    return f"make the {thing} {states}"


def task(world: World) -> str:
    """The task."""
    return f"Your task: {'; '.join(_target(world, target) for target in world.targets)}."


def introduction(world: World, scene: Any) -> str:
    """What is said at the start: the world's words, the map with its stations, the task, and the first room."""
    places = []
    for name, doors, stations in zip(world.rooms, world.doors, world.stations, strict=True):
        has = f" with the {_list(stations)}" if stations else ""
        places.append(f"{name}{has} (to {', '.join(world.rooms[other] for other in doors)})")
    lines = [world.spec.introduction, f"The rooms: {'; '.join(places)}.", task(world), room(world, scene)]
    return "\n".join(filter(None, lines))


def reason(world: World, scene: Any, text: str) -> str:
    """Why a command does nothing."""
    if text not in world.commands:
        return "That is no command here."
    command = world.commands[text][0]
    if command.does == "go":
        return "No door leads there." if command.thing != scene.room else "You are there."
    name = world.objects[command.thing]
    if command.does == "drop":
        return f"You do not hold the {name}."
    if command.does == "take" and scene.held >> command.thing & 1:
        return f"You hold the {name} already."
    if command.does == "take" and scene.held.bit_count() >= world.spec.hands:
        return "Your hands are full."
    skill = world.spec.skills[command.skill]
    if command.does == "take" or not (scene.held | scene.inside[scene.room]) >> command.thing & 1:
        return f"There is no {name} in reach."
    if command.tool >= 0 and not scene.held >> command.tool & 1:
        return f"You do not hold the {world.objects[command.tool]}."
    if skill.station and skill.station not in world.stations[scene.room]:
        return f"That needs the {skill.station}."
    return f"The {name} is not fit for that now."
