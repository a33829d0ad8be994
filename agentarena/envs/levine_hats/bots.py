"""Reference players of Levine's hats. They act on what they see of the next seat's stack."""

from __future__ import annotations

from typing import Any

from agentarena.core.agent import Agent, View
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game

from .solver import FIRST_ANSWERS, SECOND_ANSWERS, best_pair, block_answer

__all__ = ["BOTS", "Blocks", "FirstBlack", "Optimal"]


class _ForTwo(Agent):
    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.info.seats == 2 else f"it is made for 2 players; this game has {game.info.seats}"

    def check(self, view: View) -> None:
        """Raise where this bot cannot play the game, also for those who ask it directly."""
        reason = self.cannot_play(view.game)
        if reason:
            raise NotSupported(f"{type(self).__name__}: {reason}. Try levinehats/first_black")


class FirstBlack(Agent):
    """Names the position of the next seat's lowest black hat; the lowest when there is none."""

    def choose(self, view: View) -> int:
        hats = view.observation[0]
        return int(hats.argmax())


class Blocks(_ForTwo):
    """The best strategy known for two: blocks of three hats, skipped while all alike (7/20 with infinite stacks)."""

    def choose(self, view: View) -> int:
        self.check(view)
        return block_answer(view.observation[0].tolist(), SECOND_ANSWERS if view.seat else FIRST_ANSWERS)


class Optimal(_ForTwo):
    """Plays one exactly optimal pair of strategies, for two players and heights up to 3."""

    def cannot_play(self, game: Game[Any]) -> str | None:
        height = game.options["height"]
        return super().cannot_play(game) or (None if height <= 3 else f"it is exact up to height 3; this game has {height}")

    def choose(self, view: View) -> int:
        self.check(view)
        hats = view.observation[0].tolist()
        _, first, second = best_pair(len(hats))
        return (second if view.seat else first)[sum(hat << i for i, hat in enumerate(hats))]


BOTS: dict[str, type[Agent]] = {
    "levinehats/blocks": Blocks,
    "levinehats/first_black": FirstBlack,
    "levinehats/optimal": Optimal,
}
"""Names of the reference players -> class."""
