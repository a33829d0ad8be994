"""What the agent cannot know, redrawn; what trainers may know; and states as bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.frozen import replace

from . import solver
from .engine.goal import KINDS
from .engine.house import House, bits
from .engine.houses import Key, house_of
from .engine.scene import Scene, conditions, won
from .state import State, change, make_state

__all__ = ["anchor", "diagnostics", "pack", "resample", "unpack"]

_MOST_DRAWS = 20


def resample(state: State, rng: np.random.Generator) -> State:
    """The same match with every object that the agent has not seen at a random place where it may be.

    The agent is taken to know which objects the house holds. What it has seen stays; a lamp is not drawn into a receptacle that it stood
    at, as it would have been offered for use, nor something to slice into one that it stood at with a knife.
    """
    house = state.house
    for _ in range(_MOST_DRAWS):
        scene = _redrawn(house, state, rng)
        if won(house, scene) == state.won:
            break
    return change(state, scene=scene)


def _redrawn(house: House, state: State, rng: np.random.Generator) -> Scene:
    scene = state.scene
    inside = [mask if state.seen >> at & 1 else _revealed(house, state, at) for at, mask in enumerate(scene.inside)]
    known = scene.held
    for mask in inside:
        known |= mask
    hidden = [at for at, place in enumerate(house.place_of) if place >= 0 and not state.seen >> at & 1]
    spots = [mask & known for mask in scene.spots]
    for thing in range(len(house.objects)):
        if known >> thing & 1:
            continue
        barred = (state.visited if house.toggleable >> thing & 1 else 0) | (state.tried if house.sliceable >> thing & 1 else 0)
        open_to_it = [at for at in hidden if not barred >> at & 1]
        fitting = [at for at in open_to_it if house.fits[thing] >> at & 1] or open_to_it
        if fitting:
            at = fitting[int(rng.integers(len(fitting)))]
            inside[at] |= 1 << thing
            spots[house.place_of[at]] |= 1 << thing
    return replace(scene, inside=tuple(inside), spots=tuple(spots))


def _revealed(house: House, state: State, at: int) -> int:
    """The objects in a closed receptacle that the admissible commands have told of."""
    mask = house.toggleable if state.visited >> at & 1 else 0
    if state.tried >> at & 1:
        mask |= house.sliceable
    return state.scene.inside[at] & mask


def anchor(state: State) -> str:
    """A key of how things stand, whatever led there: the same for equal scenes of one game. It is what GiGPO groups turns by."""
    return hashlib.blake2b(repr((state.house.key, state.scene)).encode(), digest_size=8).hexdigest()


def diagnostics(state: State) -> dict[str, Any]:
    """What trainers may know of a state; it tells things that no agent can see."""
    house = state.house
    met, total = conditions(house, state.scene)
    return {
        "won": state.won,
        "action_valid": state.action_valid,
        "parse_ok": state.parse_ok,
        "feedback": state.feedback,
        "task": house.task,
        "task_type": KINDS.get(house.goal.kind, "other"),
        "game_id": game_id(house),
        "goal_conditions": (met, total),
        "optimal_length": solver.optimal_length(house),
        "state_hash": anchor(state),
        "difficulty": {
            "receptacles": sum(place >= 0 for place in house.place_of),
            "closed": (house.openable & ~house.start_opened).bit_count(),
            "objects": len(house.objects),
            "targets": house.target_objects.bit_count(),
        },
    }


def game_id(house: House) -> str:
    """The name of a game within its source, e.g. "valid_seen/17" or the path of its file."""
    key = house.key
    return str(key.game) if key.source else f"{key.split}/{key.game}"


# --- bytes ------------------------------------------------------------------------------------------------------------------

_KEY = ("source", "game", "split", "profile", "shuffle", "distractors")
_SCENE = ("place", "opened", "inside", "held", "left", "spots", "clean", "hot", "cool", "sliced", "toggled")
_REST = ("turn", "command", "feedback", "parse_ok", "action_valid", "won", "met", "reward", "seen", "visited", "tried", "hint")


def pack(state: State) -> bytes:
    """The state as bytes; equal states give equal bytes."""
    parts = [[getattr(state.house.key, name) for name in _KEY], [getattr(state.scene, name) for name in _SCENE]]
    return json.dumps([*parts, [getattr(state, name) for name in _REST]]).encode()


def unpack(data: bytes) -> State:
    """The inverse of `pack`.

    Raises:
        UsageError: The bytes are not such a state.
    """
    try:
        key, scene, rest = json.loads(data)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in zip(_SCENE, scene, strict=True)
        }
        house = house_of(Key(*key))
        restored = Scene(**values)
        sizes = (len(restored.inside), len(restored.left), len(restored.spots))
        if sizes != (len(house.receptacles), len(house.receptacles), len(house.places)) or any(bits_out(house, restored)):
            raise ValueError("it is of another house")
        return make_state(house, restored, *rest)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"these bytes are no state of the household: {error}") from None


def bits_out(house: House, scene: Scene) -> list[int]:
    """Objects of a scene that its house does not have."""
    masks = (*scene.inside, *scene.left, *scene.spots, scene.held, scene.clean, scene.hot, scene.cool, scene.sliced, scene.toggled)
    everything = 0
    for mask in masks:
        everything |= mask
    return [thing for thing in bits(everything) if thing >= len(house.objects)]
