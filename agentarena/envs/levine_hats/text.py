"""Levine's hats in words. A move is the number of a position, counted from 1 at the bottom."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["HatsText"]


class HatsText(ChoiceFace[Any]):
    """Text face. A stack is written lowest hat first, B for black and W for white."""

    def rules(self, seat: int) -> str:
        n, height = self.game.players, self.game.height
        drawn = (
            "Every hat is black or white by the toss of a fair coin."
            if self.game.hats == "coins"
            else "Read as a ring, the top hat next to the bottom one, half of the hats of a stack stand together and are black, the other half is "
            "white; where the black half begins is drawn at random for each stack."
        )
        return (
            f"You are player {seat} in a team of {n}, numbered from 0. Each of you wears a stack of {height} hats. {drawn} "
            "You see the stacks of all the others but not your own, and you cannot talk. "
            f"All of you name one position of your own stack at the same moment, from 1 (the bottom hat) to {height} (the top hat). "
            "The team wins, and each of you gets 1, exactly when every player has named a black hat of their own; otherwise all get 0.\n"
            f"A move is the number of a position. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        over = not self.game.to_move(state)
        order = [(seat + step) % self.game.players for step in range(1, self.game.players)]
        lines = [f"Player {other} wears, from the bottom: {self._stack(state.stacks[other])}." for other in order]
        lines.append(f"You wore {self._stack(state.stacks[seat])}." if over else "You cannot see your own stack.")
        if over:
            lines.append("The team has won." if self.game.rewards(state)[0] else "The team has lost.")
        return "\n".join(lines)

    def _stack(self, stack: int) -> str:
        return " ".join("B" if stack >> i & 1 else "W" for i in range(self.game.height))

    def tell(self, event: Event, seat: int) -> str:
        guesses = event.data["guesses"]
        return (
            "Guesses: " + ", ".join(f"{'you' if p == seat else f'player {p}'} named {guess + 1}" for p, guess in enumerate(guesses)) + "."
        )

    def name(self, action: int) -> str:
        return str(action + 1)
