"""What a match came to: its returns, who won, and how it finished."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .episode import Episode
from .game import Game
from .record import Outcome

__all__ = ["result_of"]


def result_of(game: Game[Any], episode: Episode, failed: Collection[int]) -> tuple[list[float], int | str | None, Outcome]:
    """Returns so far, winner and outcome.

    Args:
        game: The rules.
        episode: The match.
        failed: The seats that forfeited: each ends at `game.info.forfeit_return`, and where there are two sides the other wins.
    """
    returns = [float(value) for value in episode.returns]
    if failed:
        for seat in failed:
            returns[seat] = float(game.info.forfeit_return)
        return returns, _other_side(game, episode.state, failed), "forfeited"
    if episode.truncated:
        return returns, None, "truncated"
    winner = None if episode.to_move else game.winner(episode.state, tuple(returns))
    if winner is not None:
        return returns, winner, "won"
    return returns, None, "ended" if game.info.sum == "common" or game.info.seats == 1 else "drawn"


def _other_side(game: Game[Any], state: Any, failed: Collection[int]) -> int | str | None:
    """The side that did not forfeit, where there are two sides."""
    sides: list[int | str] = []
    for seat in range(game.info.seats):
        team = game.team(state, seat)
        sides.append(seat if team is None else team)
    left = set(sides) - {sides[seat] for seat in failed}
    return left.pop() if len(set(sides)) == 2 and len(left) == 1 else None
