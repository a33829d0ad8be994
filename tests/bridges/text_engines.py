"""A world of words outside the package, for tests of the face that text engines get: a lamp, a box, and a counter of what is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.bridges.text_game import Answer, EngineGame, Opened

OPEN: list[int] = []
"""The engines that nobody has closed."""


class Box:
    """A locked box: take the key, unlock it, and the task is done. Breaking it ends the game at -1."""

    def __init__(self, number: int) -> None:
        self.number, self.key, self.unlocked, self.broken, self.closed = number, False, False, False, False
        OPEN.append(id(self))

    def act(self, command: str) -> Answer:
        assert not self.closed
        assert command.isprintable()
        if command not in self.commands():
            return self.answer("What?", understood=False)
        self.key = self.key or command == "take key"
        self.unlocked = command == "unlock box"
        self.broken = command == "break box"
        return self.answer(f"You {command}.")

    def commands(self) -> tuple[str, ...]:
        return ("break box", "look", "unlock box") if self.key else ("break box", "look", "take key")

    def answer(self, text: str, understood: bool = True) -> Answer:
        over = self.unlocked or self.broken
        score = -1.0 if self.broken else 0.5 * self.key + 0.5 * self.unlocked
        return Answer(text, () if over else self.commands(), score, self.unlocked, over, understood, f"{self.key} {over}")

    def close(self) -> None:
        assert not self.closed
        self.closed = True
        OPEN.remove(id(self))


@dataclass(frozen=True)
class BoxGame(EngineGame):
    """Three locked boxes."""

    about: ClassVar[str] = "There is a locked box."

    def count(self) -> int:
        return 3

    def open(self, number: int) -> Opened:
        engine = Box(number)
        return Opened(engine, engine.answer(f"Box {number}."), number, f"box/{number}", "Unlock the box.", "box", 2, {"boxes": 1})


def finish(game: EngineGame, state: Any, *commands: str) -> Any:
    """The state after these commands."""
    import numpy as np

    for command in commands:
        state = game.step(state, {0: command}, np.random.default_rng(0))
    return state
