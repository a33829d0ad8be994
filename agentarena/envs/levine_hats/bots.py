"""Reference players of Levine's hats. They act on what they see of the next seat's stack."""

from __future__ import annotations

from agentarena.core.agent import Agent, View
from agentarena.core.errors import NotSupported

from .solver import FIRST_ANSWERS, SECOND_ANSWERS, best_pair, block_answer

__all__ = ["BOTS", "Blocks", "FirstBlack", "Optimal"]


def _only_pairs(name: str, view: View) -> None:
    if view.game.info.seats != 2:
        raise NotSupported(f"levinehats/{name} is made for 2 players; this game has {view.game.info.seats}. Try levinehats/first_black")


class FirstBlack(Agent):
    """Names the position of the next seat's lowest black hat; the lowest when there is none."""

    def choose(self, view: View) -> int:
        hats = view.observation[0]
        return int(hats.argmax())


class Blocks(Agent):
    """The best strategy known for two: blocks of three hats, skipped while all alike (7/20 with infinite stacks)."""

    def choose(self, view: View) -> int:
        _only_pairs("blocks", view)
        return block_answer(view.observation[0].tolist(), SECOND_ANSWERS if view.seat else FIRST_ANSWERS)


class Optimal(Agent):
    """Plays one exactly optimal pair of strategies, for two players and heights up to 3."""

    def choose(self, view: View) -> int:
        _only_pairs("optimal", view)
        hats = view.observation[0].tolist()
        if len(hats) > 3:
            raise NotSupported(f"levinehats/optimal is exact up to height 3; this game has {len(hats)}. Try levinehats/blocks")
        _, first, second = best_pair(len(hats))
        return (second if view.seat else first)[sum(hat << i for i, hat in enumerate(hats))]


BOTS: dict[str, type[Agent]] = {
    "levinehats/blocks": Blocks,
    "levinehats/first_black": FirstBlack,
    "levinehats/optimal": Optimal,
}
"""Names of the reference players -> class."""
