"""Judges of a policy: exact where the game can be solved, matches in both seats elsewhere. Self-play never judges itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.agents.specs import agent as agent_of
from agentarena.core.agent import View
from agentarena.core.game import Game
from agentarena.core.record import Fixture
from agentarena.evaluate.exact import nash_conv

from .player import PolicyPlayer
from .rollout import play

__all__ = ["against", "exact", "judged"]

FIRST = 1 << 40
"""Numbers of the matches of judges begin here, apart from those of training."""


class _Exact(PolicyPlayer):
    """A policy that says with what probability it plays every legal action."""

    def policy(self, view: View) -> Mapping[int, float]:
        chances = self.distribution(view)
        return {action: chances[view.write(action)] for action in view.choices}


def judged(player: PolicyPlayer, games: Mapping[str, Game[Any]], judges: Sequence[str], *, matches: int) -> dict[str, float]:
    """What some judges say about a policy in some games.

    Args:
        player: The policy.
        games: Rules by id.
        judges: "exact", or the spec string of an opponent.
        matches: Matches a seat against an opponent.

    Returns:
        Figures by name, e.g. "KuhnPoker-v0 nash_conv", "TicTacToe-v0 not lost 1 against random".
    """
    figures = {}
    for name, game in games.items():
        for judge in judges:
            if judge == "exact":
                figures[f"{name} nash_conv"] = exact(player, game)
            else:
                by_seat = against(player, game, judge, matches=matches)
                figures |= {f"{name} {what} against {judge}": value for what, value in by_seat.items()}
    return figures


def exact(player: PolicyPlayer, game: Game[Any]) -> float:
    """NashConv of the policy, read from the probability of every legal reply in every information set. In the game's unit.

    Raises:
        NotSupported: The game is too large to be listed, or its replies are not.
    """
    return nash_conv(game, _Exact.like(player))


def against(player: PolicyPlayer, game: Game[Any], opponent: str, *, matches: int, seed: int = 0) -> dict[str, float]:
    """Mean return and shares of matches won and not lost, seat by seat, against an opponent in all other seats.

    Returns:
        "return 0", "won 0", "not lost 0", and so on for every seat.
    """
    other, figures = agent_of(opponent), {}
    for seat in range(game.info.seats):
        seating = [Fixture(FIRST + n, FIRST + n, tuple(0 if s == seat else 1 for s in range(game.info.seats))) for n in range(matches)]
        records = [one.record for one in play(game, [player, other], seating, seed=seed)]
        side = [record.seats[seat].team or seat for record in records]
        won = [record.winner == own for record, own in zip(records, side, strict=True)]
        figures[f"return {seat}"] = float(np.mean([record.returns[seat] for record in records]))
        figures[f"won {seat}"] = float(np.mean(won))
        figures[f"not lost {seat}"] = float(np.mean([w or record.winner is None for w, record in zip(won, records, strict=True)]))
    return figures
