"""The state of a match: a house, the scene in it, and what the agent has come to know."""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.frozen import constructor, replacer

from .engine.house import House
from .engine.scene import Scene

__all__ = ["State", "change", "make_state"]


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    Attributes:
        house: What never changes.
        scene: How things stand.
        turn: Commands so far.
        command: The last command; `""` at the start.
        feedback: What was said of it; at the start the introduction.
        parse_ok: Whether the last command has the form of a command and names things of this house.
        action_valid: Whether it was admissible.
        won: Whether the task is done.
        met: How many of the goal's conditions are met.
        reward: What the last command was credited.
        seen: The receptacles whose contents the agent has seen: a set of their indices, as an int.
        visited: The receptacles that it has stood at.
        tried: Those that it has stood at with a knife in hand, which shows what could be sliced there.
        hint: The next command of the expert that sees everything; `""` without hints.
    """

    house: House
    scene: Scene
    turn: int
    command: str
    feedback: str
    parse_ok: bool
    action_valid: bool
    won: bool
    met: int
    reward: float
    seen: int
    visited: int
    tried: int
    hint: str


make_state = constructor(State)
"""`State(...)`, built fast."""
change = replacer(State)
"""`dataclasses.replace` for states, fast."""
