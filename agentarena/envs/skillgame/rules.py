"""A match: a game is drawn, commands are obeyed one after the other, until the task is done or the steps are used up."""

from __future__ import annotations

import numpy as np

from .engine.generator import split_size
from .engine.planner import milestones, next_command
from .engine.scene import Scene, act, first_scene, met
from .engine.words import NOTHING, introduction, reason
from .engine.world import World
from .engine.worlds_of import world_of
from .options import SkillOptions, key_of
from .state import State, change, make_state

__all__ = ["start", "step"]


def start(options: SkillOptions, rng: np.random.Generator) -> State:
    """A fresh match of the game that the options name, or of one drawn from their split."""
    number = options.game if options.game >= 0 else int(rng.integers(split_size(options.split)))
    world = world_of(options.world, key_of(options, number))
    scene = first_scene(world)
    hint = next_command(world, scene) if options.hints else ""
    return make_state(world, scene, 0, "", introduction(world, scene), True, met(world, scene), False, 0.0, 0, _seen(world, scene, 0), hint)


def step(options: SkillOptions, state: State, command: str) -> State:
    """The state after a command. What is not admissible does nothing, and is a turn all the same."""
    world, scene = state.world, state.scene
    text = " ".join(command.lower().split()) if len(command) <= 200 else ""
    result = act(world, scene, text)
    if result is None:
        feedback = NOTHING if options.feedback == "plain" else f"{NOTHING} {reason(world, scene, text)}"
        return change(state, turn=state.turn + 1, command=command, feedback=feedback, action_valid=False, reward=0.0)
    after, feedback, skill, thing = result
    count = met(world, after)
    done = count == len(world.targets)
    reward, paid = float(done), state.paid
    if options.reward == "dense":
        reward, paid = _credit(world, skill, thing, done, paid)
    hint = next_command(world, after) if options.hints and not done else ""
    seen = _seen(world, after, state.seen)
    return make_state(world, after, state.turn + 1, command, feedback, True, count, done, reward, paid, seen, hint)


def _credit(world: World, skill: int, thing: int, done: bool, paid: int) -> tuple[float, int]:
    """What a command earns: each rewarded skill of the plan once, and the task, as shares of their sum."""
    steps = world.memo.get("milestones")
    if steps is None:
        steps = milestones(world)
        world.remember("milestones", steps)
    whole = world.spec.reward + sum(world.spec.skills[at].reward for at, _ in steps)
    earned = world.spec.reward if done else 0.0
    if (skill, thing) in steps:
        bit = 1 << steps.index((skill, thing))
        earned += 0.0 if paid & bit else world.spec.skills[skill].reward
        paid |= bit
    return (earned / whole if whole else float(done)), paid


def _seen(world: World, scene: Scene, seen: int) -> int:
    """The places whose contents the agent has seen."""
    seen |= 1 << scene.room
    here = scene.inside[scene.room] & world.container_mask
    if here:
        for container in world.containers:
            if here >> container & 1 and scene.states[container] & world.kinds[container].opens:
                seen |= 1 << (len(world.rooms) + container)
    return seen
