"""What the agent sees: the last answer in words; the scene, the objects and the admissible commands in numbers. Nothing out of sight is in it."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from agentarena.core.charset import CHARSET, fold

from .engine.scene import admissible, visible
from .engine.world import Command, World
from .options import SkillOptions
from .state import State

__all__ = ["COMMAND", "LONGEST_TEXT", "MOST_COMMANDS", "MOST_OBJECTS", "OBJECT", "SCENE", "observe", "space"]

SCENE = ("turn", "steps_left", "room", "rooms", "doors", "objects", "held", "hands", "targets", "met", "admissible", "valid")
"""Names of the numbers of the scene."""
OBJECT = ("kind", "in_sight", "held", "states", "target", "target_states", "target_room", "target_held")
"""Names of the numbers of an object; kinds and rooms count from 1, states are bits, and those of objects out of sight are 0."""
COMMAND = ("does", "thing", "skill", "tool")
"""Names of the numbers of a command, each from 1; 0 for none."""
MOST_OBJECTS = 64
MOST_COMMANDS = 96
"""Most objects and admissible commands that are shown as numbers; further ones are left out."""
LONGEST_TEXT = 16_384
_DOES = {"go": 1, "take": 2, "drop": 3, "look": 4, "inventory": 5, "skill": 6}


def space() -> gymnasium.spaces.Dict:
    """Where observations lie: see `observe`."""
    return gymnasium.spaces.Dict(
        {
            "scene": gymnasium.spaces.Box(0, 2000, (len(SCENE),), np.int16),
            "objects": gymnasium.spaces.Box(0, 2**15 - 1, (MOST_OBJECTS, len(OBJECT)), np.int16),
            "commands": gymnasium.spaces.Box(0, 2000, (MOST_COMMANDS, len(COMMAND)), np.int16),
            "text": gymnasium.spaces.Text(LONGEST_TEXT, min_length=0, charset=CHARSET),
        }
    )


def observe(options: SkillOptions, state: State) -> dict[str, Any]:
    """ "text": the last answer, at the start the introduction. "scene": the numbers named in `SCENE`. "objects": a row of `OBJECT` for each
    object. "commands": a row of `COMMAND` for each admissible command in the order of the list, zeros without the list."""
    world, scene = state.world, state.scene
    over = state.turn > 0 and (state.won or state.turn >= options.max_steps)
    listed = admissible(world, scene) if options.admissible and not over else ()
    numbers = (
        *(state.turn, options.max_steps - state.turn, scene.room + 1, len(world.rooms), len(world.doors[scene.room])),
        *(len(world.objects), scene.held.bit_count(), world.spec.hands, len(world.targets), state.met, len(listed), state.action_valid),
    )
    commands = np.zeros((MOST_COMMANDS, len(COMMAND)), np.int16)
    for at, text in enumerate(listed[:MOST_COMMANDS]):
        commands[at] = _numbers(world.commands[text][0])
    words = fold(state.feedback)[:LONGEST_TEXT]
    return {"scene": np.array(numbers, np.int16), "objects": _objects(world, state), "commands": commands, "text": words}


def _numbers(command: Command) -> tuple[int, int, int, int]:
    return _DOES[command.does], command.thing + 1, command.skill + 1, command.tool + 1


def _objects(world: World, state: State) -> np.ndarray:
    table = np.zeros((MOST_OBJECTS, len(OBJECT)), np.int16)
    scene, seen = state.scene, visible(world, state.scene)
    kinds = {name: at + 1 for at, name in enumerate(world.spec.kinds)}
    for thing in range(min(len(world.objects), MOST_OBJECTS)):
        here, held = seen >> thing & 1, scene.held >> thing & 1
        table[thing, :4] = kinds[world.kinds[thing].name], here, held, scene.states[thing] if here or held else 0
    for target in world.targets:
        if target.thing < MOST_OBJECTS:
            table[target.thing, 4:] = 1, target.states, target.room + 1, target.held
    return table
