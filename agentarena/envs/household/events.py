"""News: the task at the start, then each answer, in words and as what is seen."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event

from .engine.house import bits
from .state import State

__all__ = ["news"]


def news(state: State) -> tuple[Event, ...]:
    """What the last command made known. Event "task": text, kind, object, receptacle, lamp, receptacles. Event "answer": text, valid, the
    receptacles here with what lies open in them, and what is held. Event "hint": the expert's next command, where hints are on."""
    house, scene = state.house, state.scene
    events = []
    if not state.turn:
        goal = house.goal
        names = [name for name, place in zip(house.receptacles, house.place_of, strict=True) if place >= 0]
        facts = {"task": house.task, "kind": goal.kind, "object": goal.object, "receptacle": goal.receptacle, "lamp": goal.lamp}
        events.append(Event("task", {**facts, "receptacles": names}, (0,)))
    held = [house.objects[thing] for thing in bits(scene.held)]
    here = [_seen(state, at) for at in house.here[scene.place]]
    events.append(Event("answer", {"text": state.feedback, "valid": state.action_valid, "here": here, "held": held}, (0,)))
    if state.hint and not state.won:
        events.append(Event("hint", {"command": state.hint}, (0,)))
    return tuple(events)


def _seen(state: State, at: int) -> dict[str, Any]:
    """A receptacle where the agent stands: its name, whether it is open (`None` where it has no door), and what is seen in it."""
    house, bit = state.house, 1 << at
    is_open = bool(state.scene.opened & bit) if house.openable & bit else None
    objects = [] if is_open is False else [house.objects[thing] for thing in bits(state.scene.inside[at])]
    return {"name": house.receptacles[at], "open": is_open, "objects": objects}
