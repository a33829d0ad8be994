"""Reference players of Levine's hats. They act on what they see of the next seat's stack."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game

from .solver import FIRST_ANSWERS, MOST_BITS, SECOND_ANSWERS, best_pair, block_answer, searched

__all__ = ["BOTS", "Blocks", "Circle", "FirstBlack", "Optimal", "Team"]


class _ForTwo(Agent):
    def cannot_play(self, game: Game[Any]) -> str | None:
        if game.options["hats"] != "coins":
            return "it is made for hats that are coin tosses"
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


class Circle(Agent):
    """Wins half of all matches on rings, with any number of players: each names minus the sum of where the others' black halves begin.

    Counted round the ring from its own beginning, everybody then names one and the same position, black or white for all alike.
    """

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.options["hats"] == "circle" else "it is made for rings; make the game with hats='circle'"

    def choose(self, view: View) -> int:
        others = view.observation
        begins = [int(((hats == 1) & (np.roll(hats, 1) == 0)).argmax()) for hats in others]
        return -sum(begins) % others.shape[1]


class Team(Agent):
    """Plays the best strategies that a local search finds, for any number of players of low stacks.

    Args:
        restarts: Random starts of the search.
    """

    def __init__(self, restarts: int = 20) -> None:
        if isinstance(restarts, bool) or not isinstance(restarts, int) or not 1 <= restarts <= 1000:
            raise BadOption(f"levinehats/team: restarts is {restarts!r}; allowed: 1 to 1000")
        self.restarts = restarts

    def cannot_play(self, game: Game[Any]) -> str | None:
        bits = game.info.seats * game.options["height"]
        if game.options["hats"] != "coins":
            return "it is made for hats that are coin tosses"
        return None if bits <= MOST_BITS else f"it searches players * height up to {MOST_BITS}; this game has {bits}"

    def choose(self, view: View) -> int:
        reason = self.cannot_play(view.game)
        if reason:
            raise NotSupported(f"levinehats/team: {reason}. Try levinehats/first_black")
        others = view.observation
        _, strategies = searched(len(others) + 1, others.shape[1], self.restarts)
        return int(strategies[view.seat][tuple((others << np.arange(others.shape[1])).sum(1).tolist())])


BOTS: dict[str, type[Agent]] = {
    "levinehats/blocks": Blocks,
    "levinehats/circle": Circle,
    "levinehats/first_black": FirstBlack,
    "levinehats/optimal": Optimal,
    "levinehats/team": Team,
}
"""Names of the reference players -> class."""
