"""What carries commands to battles and replies back: a pool of processes, a recording, or one that writes a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import EngineError
from .journal import Battle, Link
from .protocol import Hello

__all__ = ["JOURNALED", "Transport", "Unit", "advance"]

JOURNALED = ("start", "load", "choose", "playout")
"""Commands that bring a battle further."""


@dataclass(eq=False, slots=True)
class Unit:
    """One command and, later, its answer.

    Attributes:
        command: The command without names of battles.
        battle: The battle it is for; for `start` and `load` the new one.
        born: The second battle of a `fork`.
        done: Whether it is answered.
        value: What came of it, or the error.
        strikes: How often a process ended while it worked on this.
    """

    command: Mapping[str, Any]
    battle: Battle | None = None
    born: Battle | None = None
    done: bool = False
    value: Any = None
    strikes: int = field(default=0)

    def finish(self, value: Any) -> None:
        self.value, self.done = value, True


class Transport(Protocol):
    """Carries units; every unit given to `submit` is done after `wait`."""

    @property
    def restarts(self) -> int:
        """How many processes had to be replaced."""
        ...

    def submit(self, units: Sequence[Unit], patience: float | None = None) -> None:
        """Send the units; with `patience`, that many seconds are allowed in place of the usual."""
        ...

    def wait(self, units: Sequence[Unit]) -> None:
        """Return when all of these units are done."""
        ...

    def hello(self) -> Hello:
        """What the engine says of itself."""
        ...

    def forget(self, battle: Battle) -> None:
        """A battle is not used any more. Called from anywhere, also while garbage is collected."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def advance(unit: Unit) -> None:
    """Add an answered command to the chain of its battle."""
    if isinstance(unit.value, EngineError) or unit.battle is None:
        return
    if unit.born is not None:
        unit.born.link = Link(unit.battle.link, unit.command)
    elif unit.command["op"] in JOURNALED:
        unit.battle.link = Link(unit.battle.link, unit.command)
