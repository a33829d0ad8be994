"""What a forfeit costs its seat and is worth to the others: the one rule, for matches one by one and on arrays.

- A seat that forfeits ends at `GameInfo.forfeit_return`, worse than any legal ending.
- Where there are two sides (two seats, or two teams) and one of them has forfeited, the other side wins.
- In zero- and constant-sum games of two sides the win is paid: every seat of the winning side ends at `GameInfo.high`, what the
  best win is worth, and the seats that lost without a fault of their own at `GameInfo.low`. What a forfeit costs beyond the
  worst loss is paid to nobody, so the returns of a forfeited match add up to less than the game's total.
- In all other games, and where both sides forfeit in one step, the other seats keep what they have earned so far.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .game import Game, GameInfo

__all__ = ["forfeit_returns", "sides_of", "winning_side"]

Side = int | str
"""A seat that plays for itself, or the name of a team."""


def sides_of(game: Game[Any], state: Any) -> list[Side]:
    """The side of each seat in a match. Shape (S,)."""
    teams = [game.team(state, seat) for seat in range(game.info.seats)]
    return [seat if team is None else team for seat, team in enumerate(teams)]


def winning_side(sides: Sequence[Side], failed: Collection[int]) -> Side | None:
    """The side that wins by forfeit: that of two which has no seat in `failed`, when the other has."""
    left = set(sides) - {sides[seat] for seat in failed}
    return left.pop() if len(set(sides)) == 2 and len(left) == 1 else None


def forfeit_returns(info: GameInfo, sides: Sequence[Side], returns: npt.ArrayLike, failed: Collection[int]) -> np.ndarray:
    """The returns of matches that the same seats forfeited.

    Args:
        info: Of the game.
        sides: See `sides_of`.
        returns: What each seat had earned, shape (..., S): of one match, or of several.
        failed: The seats that forfeited.

    >>> info = GameInfo(seats=2, low=-1, high=1, unit="win", sum="zero", max_steps=9)
    >>> forfeit_returns(info, [0, 1], [0.0, 0.0], [0]).tolist()
    [-2.0, 1.0]
    """
    winner = winning_side(sides, failed) if info.sum in ("zero", "constant") else None
    ends = np.array(returns, np.float64)
    for seat, side in enumerate(sides):
        if seat in failed:
            ends[..., seat] = info.forfeit_return
        elif winner is not None:
            ends[..., seat] = info.high if side == winner else info.low
    return ends
