"""The one count of wins, draws, forfeits and returns: one row an agent, one an agent and seat, or one an agent and role.

`Results.table()`, `standings`, the report and the command line print these rows, so a share is the same number with the
same interval wherever it is printed.

Axis letters: E matches, S seats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agentarena.core.intervals import Interval, mean_interval, wilson
from agentarena.core.record import Record

from .match_table import MatchTable

__all__ = ["Share", "shares", "win_interval"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one agent won and earned, over all its matches or in one seat or role.

    A match in which the agent holds several seats counts once, with the mean over its seats.

    Attributes:
        agent: Its name.
        place: The seat or the role; `None` for all matches.
        matches: Matches it played.
        deals: Different deals among them.
        wins: Matches it won alone or with its side; 0 where there is nothing to win.
        draws: Matches whose win it shared with other sides.
        forfeits: Matches it forfeited.
        win_share: Mean share of the win, in [0, 1]: 1 for a win, 1/k for a draw of k sides. nan where there is nothing to win.
        win_interval: Wilson's, with deals as clusters (`win_interval`).
        mean_return: In the game's unit; a forfeit counts with the game's forfeit return.
        return_interval: Student's t, with deals as clusters (`core.intervals.mean_interval`).
    """

    agent: str
    place: int | str | None
    matches: int
    deals: int
    wins: float
    draws: float
    forfeits: int
    win_share: float
    win_interval: Interval
    mean_return: float
    return_interval: Interval


def shares(records: MatchTable | Iterable[Record], *, by: Literal["seat", "role"] | None = None, level: float = 0.95) -> tuple[Share, ...]:
    """Wins, win shares and mean returns of the agents of some matches, with intervals.

    A win counts 1 for every seat of the winning side. A match without a winner is shared by the sides of greatest return:
    1/2 each when two players draw, 1/k each when k sides lead, 0 for the others. So the shares of a match's sides add up to
    1. `match_table.MatchTable` holds this definition.

        win_share = mean over matches of the mean over the agent's seats of that share

    Args:
        records: Matches of one game, or their table.
        by: "seat" or "role" for a row an agent and place; by default one row an agent.
        level: Coverage of the intervals.

    Returns:
        Rows by falling mean return over all matches, then by name; within an agent by seat or role. Agents without matches
        come last, with nan.

    Raises:
        UsageError: There are no records, or they are of different games.
    """
    table = records if isinstance(records, MatchTable) else MatchTable.of(records)
    total = [_share(table, agent, None, level) for agent in range(len(table.agents))]
    order = sorted(range(len(total)), key=lambda agent: (not total[agent].matches, -total[agent].mean_return, total[agent].agent))
    if by is None:
        return tuple(total[agent] for agent in order)
    places: Sequence[int | str] = range(table.seats) if by == "seat" else sorted({role for match in table.roles for role in match if role})
    rows = (_share(table, agent, place, level) for agent in order for place in places)
    return tuple(row for row in rows if row.matches)


def win_interval(wins: np.ndarray, deals: np.ndarray, level: float = 0.95) -> Interval:
    """Wilson's interval of a win share, with the number of matches lowered where matches of one deal go together.

        n' = n / max(1, d),   d = variance of the mean with deals as clusters / p (1-p) / n,   interval = wilson(p n', n')

    Shared wins vary less than p (1-p); as d is never taken below 1, draws make the interval too wide rather than too narrow.

    Args:
        wins: Shape (E,), in [0, 1]; nan gives nan.
        deals: Shape (E,), which deal each match was played on.
        level: Coverage.

    Reference: the effective sample size of E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998), with Wilson's
    interval and without their degrees-of-freedom factor.

    >>> win_interval(np.array([1.0, 0.0, 1.0, 0.0]), np.arange(4)) == wilson(2, 4)
    True
    """
    share, count = float(wins.mean()) if len(wins) else math.nan, len(wins)
    if math.isnan(share):
        return Interval(math.nan, math.nan)
    _, labels = np.unique(deals, return_inverse=True)
    clusters = int(labels.max()) + 1
    effect = 1.0
    if 0 < share < 1 and 1 < clusters < count:
        sums = np.bincount(labels, wins - share)
        effect = max(1.0, clusters / (clusters - 1) * float(sums @ sums) / (count * share * (1 - share)))
    return wilson(min(share, 1.0) * (count / effect), count / effect, level)


def _share(table: MatchTable, agent: int, place: int | str | None, level: float) -> Share:
    held = table.held(agent, place)
    played = held.any(1)
    count = int(played.sum())
    held, deals = held[played], table.deals[played]
    weights = held / held.sum(1, keepdims=True)
    wins, returns = table.wins[played], (weights * table.returns[played]).sum(1)
    won = (weights * wins).sum(1) if table.has_wins else np.full(count, math.nan)
    return Share(
        agent=table.agents[agent],
        place=place,
        matches=count,
        deals=len(np.unique(deals)),
        wins=float((weights * (wins == 1)).sum()),
        draws=float((weights * ((wins > 0) & (wins < 1))).sum()),
        forfeits=int((table.forfeits[played] & held).any(1).sum()),
        win_share=float(won.mean()) if count else math.nan,
        win_interval=win_interval(won, deals, level),
        mean_return=float(returns.mean()) if count else math.nan,
        return_interval=mean_interval(returns, deals, level) if count else Interval(math.nan, math.nan),
    )
