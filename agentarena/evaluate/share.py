"""The one count of wins, draws, forfeits and returns: one row an agent, or one an agent and seat, role or side.

`Results.table()`, `standings`, the report and the command line print these rows, so a share is the same number with the
same interval, or the same reason for none, wherever it is printed.

Axis letters: E matches, S seats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.intervals import NO_INTERVAL, Interval, wilson
from agentarena.core.record import Record

from .arguments import array_of_numbers, check_level, finite_array
from .deals import FEWEST_DEALS, FEWEST_FOR_MEANS, Sample, effective_deals, t_interval, uncertainty
from .match_table import MatchTable

__all__ = ["Share", "shares", "win_interval"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one agent won and earned, over all its matches or in one seat, role or side.

    A match in which the agent holds several seats counts once, with the mean over its seats.

    Attributes:
        agent: Its name.
        place: The seat, the role or the side; `None` for all matches.
        matches: Matches it played.
        deals: Different deals among them.
        courses: Different games among them: matches of the same agents in the same seats with the same moves are one, in a
            game without chance.
        wins: Matches it won alone or with its side; 0 where there is nothing to win.
        draws: Matches whose win it shared with other sides.
        both_sides: Matches in which it held seats of several sides, as in self-play; neither wins nor draws. See its rows by side.
        forfeits: Matches it forfeited.
        win_share: Mean share of the win, in [0, 1]: 1 for a win, 1/k for a draw of k sides. nan where there is nothing to win.
        win_interval: Wilson's, with deals as clusters (`win_interval`); nan where there is none.
        win_reason: Why there is no interval; "" where there is one.
        mean_return: In the game's unit; a forfeit counts with the game's forfeit return.
        return_interval: Student's t over deals (`deals.t_interval`), within the game's range; nan where there is none.
        return_reason: Why there is no interval.
    """

    agent: str
    place: int | str | None
    matches: int
    deals: int
    courses: int
    wins: int
    draws: int
    both_sides: int
    forfeits: int
    win_share: float
    win_interval: Interval
    win_reason: str
    mean_return: float
    return_interval: Interval
    return_reason: str


By = Literal["seat", "role", "side"]


def shares(records: MatchTable | Iterable[Record], *, by: By | None = None, level: float = 0.95) -> tuple[Share, ...]:
    """Wins, win shares and mean returns of the agents of some matches, with intervals.

    A win counts 1 for every seat of the winning side. A match without a winner is shared by the sides of greatest return:
    1/2 each when two players draw, 1/k each when k sides lead, 0 for the others. So the shares of a match's sides add up to
    1. `match_table.MatchTable` holds this definition.

        win_share = mean over matches of the mean over the agent's seats of that share

    Args:
        records: Matches of one game, or their table.
        by: "seat", "role" or "side" (the team, or the seat where each plays for itself) for a row an agent and place; by
            default one row an agent.
        level: Coverage of the intervals, each by itself.

    Returns:
        Rows by falling mean return over all matches, then by name; within an agent by seat, role or side. Agents without
        matches come last, with nan.

    Raises:
        UsageError: There are no records, they are of different games, or an argument is out of range.
    """
    check_level(level)
    if by not in (None, "seat", "role", "side"):
        raise UsageError(f"by is {by!r}; allowed: None, 'seat', 'role', 'side'")
    table = records if isinstance(records, MatchTable) else MatchTable.of(records)
    total = [_share(table, agent, None, table.held(agent), level) for agent in range(len(table.agents))]
    order = sorted(range(len(total)), key=lambda agent: (not total[agent].matches, -total[agent].mean_return, total[agent].agent))
    if by is None:
        return tuple(total[agent] for agent in order)
    rows = (_share(table, agent, place, table.held(agent, place, by), level) for agent in order for place in _places(table, by))
    return tuple(row for row in rows if row.matches)


def _places(table: MatchTable, by: By) -> Sequence[int | str]:
    if by == "seat":
        return range(table.seats)
    names = {name for match in (table.roles if by == "role" else table.teams) for name in match if name is not None}
    return sorted(names, key=lambda name: (isinstance(name, str), name))


def win_interval(wins: np.ndarray, deals: np.ndarray, level: float = 0.95, *, strata: np.ndarray | None = None) -> Interval:
    """Wilson's interval of a win share, with the number of matches lowered where matches of one deal go together.

        n' = n / d,   d = variance of the mean with deals as clusters / (p (1-p) / n), at least 1 and at most n / G,
        interval = wilson(p n', n')                        G = n^2 / sum of squares of the matches a deal: the deals

    Shared wins vary less than p (1-p); as d is never taken below 1, draws make the interval too wide rather than too narrow:
    it is never narrower than Wilson's on all matches, nor wider than Wilson's on the deals. Where p is 0 or 1, and with fewer
    than five deals, nothing can be said about d, and the deals count.

    Args:
        wins: Shape (E,), in [0, 1]; nan gives nan.
        deals: Shape (E,), which deal each match was played on.
        level: Coverage.
        strata: Shape (E,), which deals are alike (`MatchTable.strata`); all when left out.

    Reference: the effective sample size of E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998), with Wilson's
    interval, and bounds in place of their degrees-of-freedom factor.

    >>> win_interval(np.array([1.0, 0.0, 1.0, 0.0]), np.arange(4)) == wilson(2, 4)
    True
    """
    check_level(level)
    won, labels = array_of_numbers("wins", wins), np.asarray(deals)
    if won.ndim != 1 or labels.shape != won.shape:
        raise UsageError(f"wins and deals must have one shape (E,), got {won.shape} and {labels.shape}")
    count = len(won)
    share = float(won.mean()) if count else math.nan
    if math.isnan(share):
        return NO_INTERVAL
    if finite_array("wins", won).min() < 0 or won.max() > 1:
        raise UsageError("wins are shares in [0, 1]")
    clusters = effective_deals(labels)
    if 0 < share < 1 and clusters >= FEWEST_DEALS:
        sample = Sample.of(won, labels) if strata is None else Sample(won, labels, np.asarray(strata))
        effect = uncertainty(sample).se ** 2 * count / (share * (1 - share))
        trials = min(float(count), max(clusters, count / max(effect, 1.0)))
    else:
        trials = clusters
    return wilson(min(1.0, share) * trials, trials, level)


def _share(table: MatchTable, agent: int, place: int | str | None, held: np.ndarray, level: float) -> Share:
    played = np.asarray(held.any(1))
    count = int(played.sum())
    held, deals, strata = held[played], table.deals[played], table.strata[played]
    weights = held / held.sum(1, keepdims=True)
    returns = (weights * table.returns[played]).sum(1)
    won = np.where(held, table.wins[played], 0.0).sum(1) / held.sum(1) if table.has_wins else np.full(count, math.nan)
    mixed = table.mixed[agent][played] if place is None else np.zeros(count, bool)
    win_reason = _win_reason(table, played, mixed)
    interval, return_reason = _return_interval(table, Sample(returns, deals, strata), played, level)
    return Share(
        agent=table.agents[agent],
        place=place,
        matches=count,
        deals=len(np.unique(deals)),
        courses=len(np.unique(table.courses[played])),
        wins=int((~mixed & (won >= 1 - 1e-12)).sum()),
        draws=int((~mixed & (won > 0) & (won < 1 - 1e-12)).sum()),
        both_sides=int(mixed.sum()),
        forfeits=int((table.forfeits[played] & held).any(1).sum()),
        win_share=float(won.mean()) if count else math.nan,
        win_interval=NO_INTERVAL if win_reason else win_interval(won, deals, level, strata=strata),
        win_reason=win_reason,
        mean_return=float(returns.mean()) if count else math.nan,
        return_interval=interval,
        return_reason=return_reason,
    )


def few(deals: int, fewest: int) -> str:
    """Why so few deals have no interval; "" where they are enough.

    >>> few(3, 5)
    '3 deals, intervals start at 5'
    """
    return "" if deals >= fewest else f"{plural(deals, 'deal')}, intervals start at {fewest}"


def plural(count: int, noun: str) -> str:
    """A number with its noun.

    >>> plural(1, "match"), plural(2, "match"), plural(2, "deal")
    ('1 match', '2 matches', '2 deals')
    """
    return f"{count} {noun}{'' if count == 1 else 'es' if noun.endswith('ch') else 's'}"


def copies(table: MatchTable, played: np.ndarray) -> str:
    """Why matches that are the same few games over again have no interval; "" where they are not."""
    if not played.any() or not table.fixed[played].all():
        return ""
    courses = len(np.unique(table.courses[played]))
    return f"the {int(played.sum())} matches are {plural(courses, 'distinct game')} over again"


def _win_reason(table: MatchTable, played: np.ndarray, mixed: np.ndarray) -> str:
    if not table.has_wins:
        return "there is nothing to win"
    if len(mixed) and mixed.all():
        return "it held seats of several sides in every match"
    return few(len(np.unique(table.deals[played])), 2) or copies(table, played)


def _return_interval(table: MatchTable, sample: Sample, played: np.ndarray, level: float) -> tuple[Interval, str]:
    reason = few(len(np.unique(sample.deals)), FEWEST_FOR_MEANS) or copies(table, played)
    if reason:
        return NO_INTERVAL, reason
    error = uncertainty(sample)
    if error.df <= 0:
        return NO_INTERVAL, f"all {error.deals} deals gave the same result"
    return t_interval(float(sample.values.mean()), error, level, *table.possible), ""
