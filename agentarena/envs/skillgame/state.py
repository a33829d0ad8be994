"""The state of a match: a game, how things stand in it, and what the agent has seen."""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.frozen import constructor, replacer

from .engine.scene import Scene
from .engine.world import World

__all__ = ["State", "change", "make_state"]


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    Attributes:
        world: What never changes.
        scene: How things stand.
        turn: Commands so far.
        command: The last command; `""` at the start.
        feedback: What was said of it; at the start the introduction.
        action_valid: Whether it was admissible.
        met: How many of the task's objects are as it asks.
        won: Whether the task is done.
        reward: What the last command was credited.
        paid: Which milestones have been credited, as a set.
        seen: The rooms and containers whose contents the agent has seen, as a set of places.
        hint: The next command of a plan; `""` without hints.
    """

    world: World
    scene: Scene
    turn: int
    command: str
    feedback: str
    action_valid: bool
    met: int
    won: bool
    reward: float
    paid: int
    seen: int
    hint: str


make_state = constructor(State)
"""`State(...)`, built fast."""
change = replacer(State)
"""`dataclasses.replace` for states, fast."""
