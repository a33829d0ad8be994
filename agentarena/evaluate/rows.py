"""What a table of standings is made of: one row an agent, and who did better against whom. Axis letter: P agents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agentarena.core.intervals import Interval

from .share import Share

__all__ = ["HeadToHead", "Row"]


@dataclass(frozen=True, slots=True)
class Row(Share):
    """One agent: its share of wins and returns (`share.Share`), and how it ranks against the others.

    Attributes:
        rank: The best and the worst rank in mean return it may have, for all agents at once (`pair_contrasts.rank_spans`).
        elo: Bradley-Terry rating in Elo points; nan where nobody met.
        elo_interval: Sandwich covariance clustered by deal, Student's t over the agent's deals; nan where there is none.
        elo_reason: Why there is no interval; "" where there is one.
        mass: alpha-Rank's share, 0 to 1; nan where it was not computed.
        mass_interval: Quantiles of the share over margins drawn from Student's t; nan where there is none.
        mass_reason: Why there is no interval.
        nash: Share in the Nash average; nan where it was not computed. It has no interval.
    """

    rank: tuple[int, int]
    elo: float
    elo_interval: Interval
    elo_reason: str
    mass: float
    mass_interval: Interval
    mass_reason: str
    nash: float


@dataclass(frozen=True, slots=True, eq=False)
class HeadToHead:
    """Who did better against whom.

    Attributes:
        score: Shape (P, P): mean score of the row agent against the column agent, 1/2 for level; nan where they never met.
        games: Shape (P, P): comparisons behind it.
    """

    score: np.ndarray
    games: np.ndarray

    def __repr__(self) -> str:
        return f"<HeadToHead of {len(self.score)} agents, {int(self.games.sum()) // 2} comparisons>"
