"""What the agent cannot know, redrawn; what trainers may know; and states as bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.frozen import replace

from .engine.planner import plan_length
from .engine.scene import Scene
from .engine.spec import chain
from .engine.words import task
from .engine.world import Key, World
from .engine.worlds_of import world_of
from .state import State, change, make_state

__all__ = ["anchor", "diagnostics", "pack", "resample", "unpack"]


def resample(state: State, rng: np.random.Generator) -> State:
    """The same match with every object that the agent has not seen at a random place where the specification allows it.

    The agent is taken to know which objects there are. What it has seen stays, and a container that it has seen closed keeps its place.
    """
    world, scene = state.world, state.scene
    rooms = len(world.rooms)
    inside = [mask if state.seen >> place & 1 else 0 for place, mask in enumerate(scene.inside)]
    known = scene.held
    for mask in inside:
        known |= mask
    hidden = [thing for thing in range(len(world.objects)) if not known >> thing & 1]
    for thing in (*(t for t in hidden if world.kinds[t].opens), *(t for t in hidden if not world.kinds[t].opens)):
        places = [place for place in _places(world, thing) if not state.seen >> place & 1]
        places = places or [place for place in range(rooms) if not state.seen >> place & 1] or _closed(world, state)
        if places:
            inside[places[int(rng.integers(len(places)))]] |= 1 << thing
    return change(state, scene=replace(scene, inside=tuple(inside)), hint=state.hint)


def _closed(world: World, state: State) -> list[int]:
    """Containers that the agent has not seen into."""
    return [place for place in (len(world.rooms) + thing for thing in world.containers) if not state.seen >> place & 1]


def _places(world: World, thing: int) -> list[int]:
    found_in = world.kinds[thing].found_in
    if not found_in:
        return list(range(len(world.rooms)))
    rooms = [at for at, name in enumerate(world.rooms) if name in found_in]
    return rooms + [len(world.rooms) + at for at in world.containers if world.kinds[at].name in found_in]


def anchor(state: State) -> str:
    """A key of how things stand, whatever led there: the same for equal scenes of one game."""
    return hashlib.blake2b(repr((state.world.spec.digest, state.world.key, state.scene)).encode(), digest_size=8).hexdigest()


def diagnostics(state: State) -> dict[str, Any]:
    """What trainers may know of a state; it tells things that no agent can see."""
    world = state.world
    depths = [len(chain(world.spec, world.kinds[t.thing].name, world.kinds[t.thing].start, t.states) or ()) for t in world.targets]
    return {
        "won": state.won,
        "action_valid": state.action_valid,
        "feedback": state.feedback,
        "task": task(world),
        "world": world.spec.name,
        "game_id": f"{world.spec.name}/{world.key.split}/{world.key.number}",
        "goal_conditions": (state.met, len(world.targets)),
        "plan_length": plan_length(world),
        "state_hash": anchor(state),
        "difficulty": {
            "rooms": len(world.rooms),
            "objects": len(world.objects),
            "containers": len(world.containers),
            "goals": len(world.targets),
            "depth": max(depths),
        },
    }


# --- bytes ------------------------------------------------------------------------------------------------------------------

_KEY = ("split", "number", "rooms", "goals", "depth", "distractors", "longest")
_SCENE = ("room", "held", "inside", "states")
_REST = ("turn", "command", "feedback", "action_valid", "met", "won", "reward", "paid", "seen", "hint")


def pack(state: State) -> bytes:
    """The state as bytes; equal states give equal bytes."""
    world = state.world
    parts = [[getattr(world.key, name) for name in _KEY], [getattr(state.scene, name) for name in _SCENE]]
    return json.dumps([world.source, world.spec.digest, *parts, [getattr(state, name) for name in _REST]]).encode()


def unpack(data: bytes) -> State:
    """The inverse of `pack`.

    Raises:
        UsageError: The bytes are not such a state.
    """
    try:
        source, digest, key, scene, rest = json.loads(data)
        world = world_of(source, Key(*key))
        room, held, inside, states = scene
        restored = Scene(room, held, tuple(inside), tuple(states))
        sizes = (len(restored.inside), len(restored.states))
        everything = held
        for mask in restored.inside:
            everything |= mask
        fits = world.spec.digest == digest and sizes == (len(world.rooms) + len(world.objects), len(world.objects))
        if not fits or not 0 <= room < len(world.rooms) or everything != (1 << len(world.objects)) - 1:
            raise ValueError("it is of another game")
        return make_state(world, restored, *rest)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"these bytes are no state of a skill game: {error}") from None
