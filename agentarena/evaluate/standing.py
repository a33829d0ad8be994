"""Standings from records: one row an agent, each figure with an interval; who beat whom; seat by seat.

Axis letters: E matches, S seats, P agents, D deals, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.intervals import NO_INTERVAL, Interval
from agentarena.core.record import Record

from .alpha_rank import AlphaRank, alpharank
from .arguments import number, random_generator, whole_number
from .deals import FEWEST_DEALS, Sample, Uncertainty, uncertainty
from .match_table import MatchTable
from .nash import nash_average
from .pair_contrasts import contrasts, rank_spans
from .ratings import Ratings, bradley_terry_pairs
from .rows import HeadToHead, Row
from .share import Share, copies, few, plural, shares
from .tables import Table, aligned, head_table, legend, place_table, reasons, standings_table

__all__ = ["HeadToHead", "Row", "Standings", "standings"]


@dataclass(frozen=True, eq=False)
class Standings:
    """Result of `standings`.

    Attributes:
        rows: Best first, by mean return: the game's own measure.
        head_to_head: In the order of `rows`.
        by_seat: The same counts by seat: agents in the order of `rows`, seats in order.
        by_role: The same by role; empty in games without roles.
        by_side: The same by side; empty unless an agent held seats of several sides in one match.
        ratings: The Bradley-Terry fit, agents in the order of `rows`; `None` where nobody met.
        evolution: alpha-Rank of the table of mean margins, one population, agents in the order of `rows`; `None` unless
            the game has two seats and something to win, and all pairs met.
        margins: Shape (P, P): mean return of the row agent minus that of the column agent when the two met, as a share
            of the game's range of returns; 0 on the diagonal; `None` like `evolution`.
        unit: Unit of the returns.
        matches: Number of matches.
        deals: Number of different deals.
        courses: Number of different games: less than `matches` where agents repeat themselves in a game without chance.
        level: Coverage of the intervals, each by itself; ranks are simultaneous.
        notes: Caveats to print with the tables.
    """

    rows: tuple[Row, ...]
    head_to_head: HeadToHead
    by_seat: tuple[Share, ...]
    by_role: tuple[Share, ...]
    by_side: tuple[Share, ...]
    ratings: Ratings | None
    evolution: AlphaRank | None
    margins: np.ndarray | None
    unit: str
    matches: int
    deals: int
    courses: int
    level: float
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Standings of {len(self.rows)} agents over {self.matches} matches; print it for the tables>"

    def __str__(self) -> str:
        parts = ["\n".join([title, *aligned([columns, *rows])]) for title, columns, rows in self.tables()]
        return "\n\n".join([*parts, "\n".join([*self.legend, *self.notes])])

    @property
    def legend(self) -> tuple[str, ...]:
        """What each column of the tables means, one line each."""
        return legend(self.rows, self.unit)

    def tables(self) -> list[Table]:
        """Title, columns and rows of text of each table, for a terminal; `legend` and `notes` belong under them."""
        title = f"Standings: {plural(self.matches, 'match')}, {plural(self.deals, 'deal')}"
        if self.courses < self.matches:
            title += f", {plural(self.courses, 'distinct game')}"
        tables = [standings_table(f"{title} [{100 * self.level:g} % intervals]", self.rows, self.unit)]
        if self.ratings is not None and len(self.rows) > 2:
            tables.append(head_table(self.rows, self.head_to_head))
        tables.append(place_table("seat", self.by_seat))
        for what, rows in (("role", self.by_role), ("side", self.by_side)):
            if any(isinstance(row.place, str) for row in rows):  # where every seat is a side of its own, the table by seat says it
                tables.append(place_table(what, rows))
        return tables


def standings(
    records: Iterable[Record],
    *,
    agents: Sequence[str] = (),
    unit: str = "",
    alpha: float = 10.0,
    level: float = 0.95,
    resamples: int = 1000,
    rng: int = 0,
) -> Standings:
    """Standings of the agents of some matches of one game; the records may come from several runs and files.

    Args:
        records: The matches.
        agents: Order in which agents are numbered, for equal results whatever the order of the records.
        unit: Unit of the returns, for tables.
        alpha: Strength of selection of alpha-Rank, on mean margins as a share of the game's range of returns.
        level: Coverage of the intervals.
        resamples: Number of draws behind the intervals of alpha-Rank's masses, of which 400 at most are used.
        rng: Seed of the draws.

    Raises:
        UsageError: There are no records, they are of different games, or an argument is out of range.
    """
    listed = list(records)
    number("alpha", alpha, least=0, infinite=True)
    resamples = whole_number("resamples", resamples, 1)
    table = MatchTable.of(listed, agents)
    info = listed[0].game().info
    ratings = _ratings(table, level)
    head = _head_to_head(table)
    total = shares(table, level=level)
    meta_game = _meta_game(table, info.high - info.low, alpha, level, min(resamples, 400), random_generator(rng))
    order = [table.agents.index(row.agent) for row in total]
    square = np.ix_(order, order)
    ranks = rank_spans(contrasts(table, level=level), [share.agent for share in total], level)
    rows = tuple(_row(table, *entry, ratings, meta_game) for entry in zip(total, order, ranks, strict=True))
    by_side = shares(table, by="side", level=level) if table.mixed.any() else ()
    return Standings(
        rows=rows,
        head_to_head=HeadToHead(head.score[square], head.games[square]),
        by_seat=shares(table, by="seat", level=level),
        by_role=shares(table, by="role", level=level),
        by_side=by_side,
        ratings=None if ratings is None else _reordered(ratings, order),
        evolution=None if meta_game is None else alpharank(meta_game.margins[square] / 2, alpha=alpha),
        margins=None if meta_game is None else meta_game.margins[square],
        unit=unit or info.unit,
        matches=len(table),
        deals=len(np.unique(table.deals)),
        courses=len(np.unique(table.courses)),
        level=level,
        notes=(*_notes(table, ratings), *reasons(rows)),
    )


# --- parts ----------------------------------------------------------------------------------------------------------


def _row(table: MatchTable, share: Share, agent: int, rank: tuple[int, int], ratings: Ratings | None, meta_game: _MetaGame | None) -> Row:
    reason = "" if ratings is None else _elo_reason(table, agent, ratings)
    interval = NO_INTERVAL if ratings is None or reason else Interval(*map(float, ratings.interval[agent]))
    return Row(
        **{entry.name: getattr(share, entry.name) for entry in fields(share)},
        rank=rank,
        elo=math.nan if ratings is None else float(ratings.elo[agent]),
        elo_interval=interval,
        elo_reason=reason,
        mass=math.nan if meta_game is None else float(meta_game.masses[agent]),
        mass_interval=NO_INTERVAL if meta_game is None else meta_game.intervals[agent],
        mass_reason="" if meta_game is None else meta_game.reason,
        nash=math.nan if meta_game is None else float(meta_game.nash[agent]),
    )


def _elo_reason(table: MatchTable, agent: int, ratings: Ratings) -> str:
    met = table.comparisons
    mine = (met.first == agent) | (met.second == agent)
    if not ratings.finite:
        return "a prior sets the gaps, as no finite estimate exists"
    played = np.zeros(len(table), bool)
    played[met.matches[mine]] = True
    reason = few(len(np.unique(met.clusters[mine])), FEWEST_DEALS) or copies(table, played)
    return reason or ("all comparisons were level" if math.isnan(ratings.interval[agent, 0]) else "")


def _ratings(table: MatchTable, level: float) -> Ratings | None:
    comparisons = table.comparisons
    if len(comparisons.first) == 0 or not table.has_wins:
        return None
    return bradley_terry_pairs(
        comparisons.first, comparisons.second, comparisons.score, players=len(table.agents), clusters=comparisons.clusters, level=level
    )


def _reordered(ratings: Ratings, order: Sequence[int]) -> Ratings:
    place = {agent: position for position, agent in enumerate(order)}
    index = list(order)
    return Ratings(
        ratings.elo[index],
        ratings.se[index],
        ratings.interval[index],
        ratings.covariance[np.ix_(index, index)],
        ratings.log_likelihood,
        ratings.nu,
        ratings.ridge,
        tuple(sorted(tuple(sorted(place[agent] for agent in group)) for group in ratings.groups)),
        ratings.finite,
        ratings.note,
    )


def _head_to_head(table: MatchTable) -> HeadToHead:
    comparisons, count = table.comparisons, len(table.agents)
    points, games = np.zeros((count, count)), np.zeros((count, count), np.int64)
    for one, other, score in (
        (comparisons.first, comparisons.second, comparisons.score),
        (comparisons.second, comparisons.first, 1 - comparisons.score),
    ):
        np.add.at(points, (one, other), score)
        np.add.at(games, (one, other), 1)
    return HeadToHead(np.where(games > 0, points / np.maximum(games, 1), np.nan), games)


class _MetaGame(NamedTuple):
    """The agents as strategies of a two-player game: margins (P, P), alpha-Rank's masses (P,) with intervals or why none, Nash average (P,)."""

    margins: np.ndarray
    masses: np.ndarray
    intervals: list[Interval]
    reason: str
    nash: np.ndarray


MOST_FOR_MASSES = 3
"""Agents above which alpha-Rank's shares get no interval: the noise of the margins pulls the share of the best agent down, and
neither percentiles nor bias-corrected ones cover it (42 to 90 % with six agents)."""


def _meta_game(table: MatchTable, scale: float, alpha: float, level: float, draws: int, rng: np.random.Generator) -> _MetaGame | None:
    comparisons, count = table.comparisons, len(table.agents)
    low, high = np.minimum(comparisons.first, comparisons.second), np.maximum(comparisons.first, comparisons.second)
    pairs = sorted(set(zip(low.tolist(), high.tolist(), strict=True)))
    if table.seats != 2 or count < 2 or not table.has_wins or len(pairs) < count * (count - 1) // 2:
        return None
    margin = np.where(comparisons.first < comparisons.second, comparisons.margins, -comparisons.margins) / scale
    estimates, errors = np.zeros((count, count)), []
    for i, j in pairs:
        here = (low == i) & (high == j)
        estimates[i, j] = margin[here].mean()
        errors.append(uncertainty(Sample(margin[here], comparisons.clusters[here], table.strata[comparisons.matches[here]])))
    margins = estimates - estimates.T
    reason = _mass_reason(table, errors)
    intervals = [NO_INTERVAL] * count if reason else _mass_intervals(margins, pairs, errors, alpha, level, draws, rng)
    try:
        nash = nash_average(margins).distribution
    except NotSupported:  # a near-tie that the solver cannot settle: the column stays empty
        nash = np.full(count, np.nan)
    # half the margins are payoffs M with M - M^T equal to the margins
    return _MetaGame(margins, alpharank(margins / 2, alpha=alpha).distribution, intervals, reason, nash)


def _mass_reason(table: MatchTable, errors: Sequence[Uncertainty]) -> str:
    if len(table.agents) > MOST_FOR_MASSES:
        return f"{len(table.agents)} agents, and no method that we measured covers with more than {MOST_FOR_MASSES}"
    reason = few(min(error.deals for error in errors), FEWEST_DEALS) or copies(table, np.ones(len(table), bool))
    return reason or ("the margin of a pair was the same on every deal" if any(error.df <= 0 for error in errors) else "")


def _mass_intervals(
    margins: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    errors: Sequence[Uncertainty],
    alpha: float,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> list[Interval]:
    """Quantiles of the masses over tables of margins drawn around the estimates, each margin from its t distribution.

    For two agents the mass is a monotone function of one margin, and this is the t interval of the margin put through it.
    """
    tables = np.repeat(margins[None], draws, axis=0)
    for (i, j), error in zip(pairs, errors, strict=True):
        tables[:, i, j] += error.se * rng.standard_t(error.df, draws)
        tables[:, j, i] = -tables[:, i, j]
    masses = np.array([alpharank(table / 2, alpha=alpha).distribution for table in tables])
    low, high = np.quantile(masses, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _notes(table: MatchTable, ratings: Ratings | None) -> tuple[str, ...]:
    notes = []
    copied, games = int(table.fixed.sum()), len(np.unique(table.courses[table.fixed]))
    if copied:
        notes.append(
            f"{copied} matches are {plural(games, 'distinct game')} over again: nothing is random in this game, and agents "
            "that do not vary repeat themselves. They count as no evidence of luck; random openings (openings=k) give different games."
        )
    if ratings is not None and ratings.note:
        notes.append(f"Ratings: {ratings.note}.")
    if table.forfeits.any():
        count = int(table.forfeits.any(1).sum())
        notes.append(f"{count} {'match' if count == 1 else 'matches'} ended in a forfeit, which counts with the game's forfeit return.")
    seats = np.array([[(table.holders[:, s] == a).sum() for s in range(table.seats)] for a in range(len(table.agents))])
    if table.seats > 1 and np.any(seats.max(1) > seats.min(1)):
        notes.append("Some agent did not hold every seat equally often, so its figures contain an advantage or handicap of its seats.")
    return tuple(notes)
