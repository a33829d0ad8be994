"""What the agent sees: the last answer in words, the scene around it in numbers, and the admissible commands as numbers.

Nothing that lies out of sight is in it.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from agentarena.core.charset import CHARSET, fold

from .engine.goal import KINDS
from .engine.house import House, bits
from .engine.scene import Scene, admissible, parsed
from .engine.tables import OBJECT_TYPES, RECEPTACLE_TYPES
from .options import HouseholdOptions
from .state import State

__all__ = ["LONGEST_TEXT", "MOST_COMMANDS", "SCENE", "TYPES", "VERBS", "observe", "space"]

VERBS = ("clean", "close", "cool", "examine", "go", "heat", "help", "inspect", "inventory", "look", "open", "put", "slice", "take", "use")
"""Verb k has the number k + 1."""
TYPES = tuple(sorted({kind.lower() for kind in (*RECEPTACLE_TYPES, *(one for room in OBJECT_TYPES.values() for one in room), "FloorLamp")}))
"""Type k has the number k + 1; 0 is nothing, or a type of a file that is not listed."""
SCENE = (
    *("turn", "steps_left", "task", "target", "goal_receptacle", "goal_lamp", "receptacles_here", "place_type", "place_number", "openable"),
    *("open", "held_type", "held_number", "held_clean", "held_hot", "held_cool", "held_sliced", "objects_seen_here", "admissible", "valid"),
)
"""Names of the numbers of the scene; the place is the first receptacle where the agent stands."""
MOST_COMMANDS = 96
"""Most admissible commands that are shown as numbers; further ones are left out."""
LONGEST_TEXT = 16_384

_KIND = {kind: number + 1 for number, kind in enumerate(KINDS)}
_TYPE = {kind: number + 1 for number, kind in enumerate(TYPES)}
_VERB = {verb: number + 1 for number, verb in enumerate(VERBS)}


def space() -> gymnasium.spaces.Dict:
    """Where observations lie: see `observe`."""
    return gymnasium.spaces.Dict(
        {
            "scene": gymnasium.spaces.Box(0, 2000, (len(SCENE),), np.int16),
            "commands": gymnasium.spaces.Box(0, 2000, (MOST_COMMANDS, 5), np.int16),
            "text": gymnasium.spaces.Text(LONGEST_TEXT, min_length=0, charset=CHARSET),
        }
    )


def observe(options: HouseholdOptions, state: State) -> dict[str, Any]:
    """ "text": the last answer, at the start the introduction. "scene": the numbers named in `SCENE`. "commands": a row for each
    admissible command, in the order of the list: verb, type and number of the first thing, type and number of the second; zeros where
    there is nothing, and everywhere without the list."""
    return {"scene": _scene(options, state), "commands": _commands(options, state), "text": fold(state.feedback)[:LONGEST_TEXT]}


def _scene(options: HouseholdOptions, state: State) -> np.ndarray:
    house, scene, goal = state.house, state.scene, state.house.goal
    here = house.here[scene.place]
    first = here[0] if here else -1
    held = next(bits(scene.held), -1)
    bit = 1 << held if held >= 0 else 0
    open_here = scene.opened | ~house.openable
    seen = sum(scene.inside[at].bit_count() for at in here if open_here >> at & 1)
    numbers = (
        *(state.turn, options.max_steps - state.turn, _KIND.get(goal.kind, 0)),
        *(_TYPE.get(goal.object, 0), _TYPE.get(goal.receptacle, 0), _TYPE.get(goal.lamp, 0)),
        *(len(here), *_named(house.receptacles, first)),
        *(first >= 0 and house.openable >> first & 1, first >= 0 and open_here >> first & 1),
        *_named(house.objects, held),
        *(bool(mask & bit) for mask in (scene.clean, scene.hot, scene.cool, scene.sliced)),
        *(seen, len(admissible(house, scene)) if options.admissible else 0, state.action_valid),
    )
    return np.array(numbers, np.int16)


def _named(names: tuple[str, ...], at: int) -> tuple[int, int]:
    """Type and number of a thing; zeros for none."""
    if at < 0:
        return (0, 0)
    kind, _, number = names[at].rpartition(" ")
    return _TYPE.get(kind, 0), min(int(number), 2000) if number.isdecimal() and len(number) < 9 else 0


def _commands(options: HouseholdOptions, state: State) -> np.ndarray:
    table = np.zeros((MOST_COMMANDS, 5), np.int16)
    if options.admissible and not _over(options, state):
        rows = _rows(state.house, state.scene)
        table[: len(rows)] = rows
    return table


def _over(options: HouseholdOptions, state: State) -> bool:
    return state.turn > 0 and (state.won or state.turn >= options.max_steps)


def _rows(house: House, scene: Scene) -> np.ndarray:
    """The numbers of the admissible commands; worked out once for each list."""
    commands = admissible(house, scene)
    rows = house.memo.get(commands)
    if rows is None:
        rows = np.array([_numbers(house, text) for text in commands[:MOST_COMMANDS]], np.int16).reshape(-1, 5)
        rows.setflags(write=False)
        house.remember(commands, rows)
    return rows


def _numbers(house: House, text: str) -> tuple[int, ...]:
    command = parsed(house, text)
    if command is None:
        return (0, 0, 0, 0, 0)
    verb, first, second = command
    of_receptacle = verb in ("go", "open", "close", "examine")
    other = house.objects if verb == "slice" else house.receptacles
    return (_VERB[verb], *_named(house.receptacles if of_receptacle else house.objects, first), *_named(other, second))
