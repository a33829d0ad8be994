"""News: the task and the map at the start, then each answer, in words and as what is seen."""

from __future__ import annotations

from agentarena.core.events import Event

from .engine.scene import visible
from .engine.world import bits
from .state import State

__all__ = ["news"]


def news(state: State) -> tuple[Event, ...]:
    """What the last command made known. Event "task": the rooms with their doors, the targets. Event "answer": text, valid, room, the
    objects in sight and in hand. Event "hint": the plan's next command, where hints are on."""
    world, scene = state.world, state.scene
    events = []
    if not state.turn:
        rooms = [{"name": name, "doors": list(doors)} for name, doors in zip(world.rooms, world.doors, strict=True)]
        targets = [
            {"object": world.objects[t.thing], "states": world.spec.words(t.states), "room": t.room, "held": t.held} for t in world.targets
        ]
        events.append(Event("task", {"rooms": rooms, "targets": targets}, (0,)))
    here = [world.objects[thing] for thing in bits(visible(world, scene))]
    held = [world.objects[thing] for thing in bits(scene.held)]
    answer = {"text": state.feedback, "valid": state.action_valid, "room": scene.room, "here": here, "held": held}
    events.append(Event("answer", answer, (0,)))
    if state.hint and not state.won:
        events.append(Event("hint", {"command": state.hint}, (0,)))
    return tuple(events)
