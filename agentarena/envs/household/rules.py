"""A match: a house is drawn, commands are obeyed one after the other, and it ends when the task is done or the steps are used up."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from agentarena.core.errors import BadOption

from . import solver
from .engine.files import ALFWorldFiles
from .engine.generator import kind_of, split_size
from .engine.house import House
from .engine.houses import Key, house_of
from .engine.reasons import reason
from .engine.scene import Scene, act, conditions, parsed, won
from .engine.scene import start as scene_of
from .engine.words import NOTHING, introduction
from .options import HouseholdOptions
from .state import State, change, make_state

__all__ = ["house_at", "start", "step"]


def house_at(options: HouseholdOptions, number: int | str) -> House:
    """The house with this number (or, of files, with this number or path)."""
    if not options.files:
        return house_of(Key("", number, options.split, options.profile, options.shuffle_numbers, options.distractors))
    paths = ALFWorldFiles.cached(options.files).select(options.split, options.tasks)
    if isinstance(number, int) and number >= len(paths):
        raise BadOption(f"Household: game is {number}; these files have the games 0 to {len(paths) - 1} in split {options.split!r}")
    path = paths[number] if isinstance(number, int) else number
    return house_of(Key(options.files, path, "", options.profile, options.shuffle_numbers))


def start(options: HouseholdOptions, rng: np.random.Generator) -> State:
    """A fresh match of the game that the options name, or of one drawn from their split."""
    return begin(options, house_at(options, _number(options, rng)))


def _number(options: HouseholdOptions, rng: np.random.Generator) -> int:
    if options.game >= 0:
        return options.game
    if options.files:
        return int(rng.integers(len(ALFWorldFiles.cached(options.files).select(options.split, options.tasks))))
    if options.tasks == "all":
        return int(rng.integers(split_size(options.split)))
    if options.split != "train":
        fitting = _numbers(options.split, options.tasks)
        return fitting[int(rng.integers(len(fitting)))]
    while True:  # every task type is at least a twelfth of the training games
        number = int(rng.integers(split_size(options.split)))
        if kind_of(options.split, number) == options.tasks:
            return number


@lru_cache(maxsize=16)
def _numbers(split: str, kind: str) -> tuple[int, ...]:
    return tuple(number for number in range(split_size(split)) if kind_of(split, number) == kind)


def begin(options: HouseholdOptions, house: House) -> State:
    """The state before the first command."""
    scene = scene_of(house)
    seen, visited, tried = _known(house, scene, 0, 0, 0)
    hint = solver.next_command(house, scene) if options.hints else ""
    met = conditions(house, scene)[0]
    return make_state(house, scene, 0, "", introduction(house), True, True, False, met, 0.0, seen, visited, tried, hint)


def step(options: HouseholdOptions, state: State, command: str) -> State:
    """The state after a command. What is not admissible does nothing, and is a turn all the same."""
    house, scene = state.house, state.scene
    text = command.strip()
    done = act(house, scene, text)
    if done is None:
        feedback = NOTHING if options.feedback == "plain" else f"{NOTHING} {reason(house, scene, text)}"
        parse_ok = parsed(house, text) is not None
        finished = won(house, scene)  # only of a file whose task is done before anything was
        reward = float(finished and options.reward == "sparse")
        changes = {"command": command, "feedback": feedback, "parse_ok": parse_ok, "action_valid": False}
        return change(state, turn=state.turn + 1, won=finished, reward=reward, **changes)
    after, feedback = done
    finished = won(house, after)
    met, reward = state.met, float(finished)
    if options.reward == "dense":
        met, total = conditions(house, after)
        reward = (met - state.met) / total
    seen, visited, tried = _known(house, after, state.seen, state.visited, state.tried)
    hint = solver.next_command(house, after) if options.hints else ""
    return make_state(house, after, state.turn + 1, command, feedback, True, True, finished, met, reward, seen, visited, tried, hint)


def _known(house: House, scene: Scene, seen: int, visited: int, tried: int) -> tuple[int, int, int]:
    """What the agent has seen, where it has been, and where with a knife: what lies open where it stands can be taken, and so is seen."""
    here = house.here_mask[scene.place]
    seen |= here & (scene.opened | ~house.openable)
    return seen, visited | here, tried | here if scene.held & house.knives else tried
