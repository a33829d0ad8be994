"""Standings from records: one row an agent, each figure with an interval; who beat whom; seat by seat.

Axis letters: E matches, S seats, P agents, D deals, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.record import Record

from .alpha_rank import AlphaRank, alpharank
from .match_table import MatchTable
from .nash import nash_average
from .ratings import Ratings, bradley_terry_pairs
from .share import Share, shares
from .stats import Interval

__all__ = ["HeadToHead", "Row", "Standings", "standings"]


@dataclass(frozen=True, slots=True)
class Row(Share):
    """One agent: its share of wins and returns (`share.Share`), and how it ranks against the others.

    Attributes:
        elo: Bradley-Terry rating in Elo points; nan where nobody met.
        elo_interval: From the sandwich covariance, clustered by deal.
        mass: alpha-Rank's share, 0 to 1; nan where it was not computed.
        mass_interval: Bootstrap over deals.
        nash: Share in the Nash average; nan where it was not computed.
    """

    elo: float
    elo_interval: Interval
    mass: float
    mass_interval: Interval
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


@dataclass(frozen=True, eq=False)
class Standings:
    """Result of `standings`.

    Attributes:
        rows: Best first, by mean return: the game's own measure.
        head_to_head: In the order of `rows`.
        by_seat: The same counts by seat: agents in the order of `rows`, seats in order.
        by_role: The same by role; empty in games without roles.
        ratings: The Bradley-Terry fit, agents in the order of `rows`; `None` where nobody met.
        evolution: alpha-Rank of the table of mean margins, one population, agents in the order of `rows`; `None` unless
            the game has two seats and something to win, and all pairs met.
        margins: Shape (P, P): mean return of the row agent minus that of the column agent when the two met, as a share
            of the game's range of returns; 0 on the diagonal; `None` like `evolution`.
        unit: Unit of the returns.
        matches: Number of matches.
        deals: Number of different deals.
        level: Coverage of the intervals.
        notes: Caveats to print with the tables.
    """

    rows: tuple[Row, ...]
    head_to_head: HeadToHead
    by_seat: tuple[Share, ...]
    by_role: tuple[Share, ...]
    ratings: Ratings | None
    evolution: AlphaRank | None
    margins: np.ndarray | None
    unit: str
    matches: int
    deals: int
    level: float
    notes: tuple[str, ...]

    def tables(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """Title, columns and rows of text of each table, for a terminal."""
        tables = [_standings_table(self)]
        if self.ratings is not None and len(self.rows) > 2:
            tables.append(_head_table(self))
        tables.append(_place_table("seat", self.by_seat))
        if self.by_role:
            tables.append(_place_table("role", self.by_role))
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
        resamples: Number of bootstrap resamples of alpha-Rank's masses.
        rng: Seed of the bootstrap.

    Raises:
        UsageError: There are no records, or they are of different games.
    """
    listed = list(records)
    table = MatchTable.of(listed, agents)
    info = listed[0].game().info
    ratings = _ratings(table, level)
    head = _head_to_head(table)
    meta_game = _meta_game(table, info.high - info.low, alpha, level, resamples, rng)
    total = shares(table, level=level)
    order = [table.agents.index(row.agent) for row in total]
    square = np.ix_(order, order)
    return Standings(
        rows=tuple(_row(share, agent, ratings, meta_game) for share, agent in zip(total, order, strict=True)),
        head_to_head=HeadToHead(head.score[square], head.games[square]),
        by_seat=shares(table, by="seat", level=level),
        by_role=shares(table, by="role", level=level),
        ratings=None if ratings is None else _reordered(ratings, order),
        evolution=None if meta_game is None else alpharank(meta_game.margins[square] / 2, alpha=alpha),
        margins=None if meta_game is None else meta_game.margins[square],
        unit=unit or info.unit,
        matches=len(table),
        deals=len(np.unique(table.deals)),
        level=level,
        notes=_notes(table, ratings),
    )


# --- parts ----------------------------------------------------------------------------------------------------------


def _row(share: Share, agent: int, ratings: Ratings | None, meta_game: _MetaGame | None) -> Row:
    unknown = Interval(math.nan, math.nan)
    return Row(
        **{entry.name: getattr(share, entry.name) for entry in fields(share)},
        elo=math.nan if ratings is None else float(ratings.elo[agent]),
        elo_interval=unknown if ratings is None else Interval(*map(float, ratings.interval[agent])),
        mass=math.nan if meta_game is None else float(meta_game.masses[agent]),
        mass_interval=unknown if meta_game is None else meta_game.intervals[agent],
        nash=math.nan if meta_game is None else float(meta_game.nash[agent]),
    )


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
    """The agents as strategies of a two-player game: margins (P, P), alpha-Rank's masses (P,) with intervals, Nash average (P,)."""

    margins: np.ndarray
    masses: np.ndarray
    intervals: list[Interval]
    nash: np.ndarray


def _meta_game(table: MatchTable, scale: float, alpha: float, level: float, resamples: int, rng: int) -> _MetaGame | None:
    comparisons, count = table.comparisons, len(table.agents)
    pairs = {(min(i, j), max(i, j)) for i, j in zip(comparisons.first.tolist(), comparisons.second.tolist(), strict=True)}
    if table.seats != 2 or count < 2 or not table.has_wins or len(pairs) < count * (count - 1) // 2:
        return None
    margins, draws = _margins(table, sorted(pairs), min(resamples, 400), rng)
    margins, draws = margins / scale, draws / scale
    # half the margins are payoffs M with M - M^T equal to the margins
    masses = np.array([alpharank(drawn / 2, alpha=alpha).distribution for drawn in draws])
    tail = (1 - level) / 2
    low, high = np.quantile(masses, [tail, 1 - tail], axis=0)
    try:
        nash = nash_average(margins).distribution
    except NotSupported:  # a near-tie that the solver cannot settle: the column stays empty
        nash = np.full(count, np.nan)
    mass = alpharank(margins / 2, alpha=alpha).distribution
    return _MetaGame(margins, mass, [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)], nash)


def _margins(table: MatchTable, pairs: Sequence[tuple[int, int]], resamples: int, rng: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean margins (P, P), and the same with the deals of each pair resampled (R, P, P)."""
    comparisons, count = table.comparisons, len(table.agents)
    generator = np.random.default_rng(rng)
    low, high = np.minimum(comparisons.first, comparisons.second), np.maximum(comparisons.first, comparisons.second)
    margin = np.where(comparisons.first < comparisons.second, comparisons.margins, -comparisons.margins)
    mean, draws = np.zeros((count, count)), np.zeros((resamples, count, count))
    for i, j in pairs:
        here = (low == i) & (high == j)
        _, labels = np.unique(comparisons.clusters[here], return_inverse=True)
        sums, games = np.bincount(labels, margin[here]), np.bincount(labels)
        weights = generator.multinomial(len(games), np.full(len(games), 1 / len(games)), resamples)
        mean[i, j], draws[:, i, j] = sums.sum() / games.sum(), (weights @ sums) / (weights @ games)
    return mean - mean.T, draws - draws.transpose(0, 2, 1)


def _notes(table: MatchTable, ratings: Ratings | None) -> tuple[str, ...]:
    notes = []
    if ratings is not None and ratings.note:
        notes.append(f"Ratings: {ratings.note}.")
    if table.forfeits.any():
        count = int(table.forfeits.any(1).sum())
        notes.append(f"{count} {'match' if count == 1 else 'matches'} ended in a forfeit, which counts with the game's forfeit return.")
    seats = np.array([[(table.holders[:, s] == a).sum() for s in range(table.seats)] for a in range(len(table.agents))])
    if table.seats > 1 and np.any(seats.max(1) > seats.min(1)):
        notes.append("Some agent did not hold every seat equally often, so its figures contain an advantage or handicap of its seats.")
    return tuple(notes)


# --- text -----------------------------------------------------------------------------------------------------------


def _with(value: float, interval: Interval, form: str, scale: float = 1.0) -> str:
    """A figure with its interval, e.g. "29.7 [26.9, 32.5]"."""
    if math.isnan(value):
        return "-"
    return f"{scale * value:{form}} [{scale * interval.low:{form}}, {scale * interval.high:{form}}]"


def _standings_table(standings: Standings) -> tuple[str, list[str], list[list[str]]]:
    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("agent", lambda row: row.agent),
        ("matches", lambda row: str(row.matches)),
        (f"return ({standings.unit})" if standings.unit else "return", lambda row: _with(row.mean_return, row.return_interval, "+.3f")),
        ("win %", lambda row: _with(row.win_share, row.win_interval, ".1f", 100)),
        ("Elo", lambda row: _with(row.elo, row.elo_interval, ".0f")),
        ("alpha-Rank", lambda row: _with(row.mass, row.mass_interval, ".3f")),
        ("forfeits", lambda row: str(row.forfeits)),
    ]
    columns = [(name, cell) for name, cell in columns if not all(cell(row) in ("-", "0") for row in standings.rows)]
    title = f"Standings: {standings.matches} matches, {standings.deals} deals, [{100 * standings.level:g} % intervals]"
    return title, [name for name, _ in columns], [[cell(row) for _, cell in columns] for row in standings.rows]


def _head_table(standings: Standings) -> tuple[str, list[str], list[list[str]]]:
    names = [row.agent for row in standings.rows]
    cells = [["-" if math.isnan(value) else f"{100 * value:.1f}" for value in line] for line in standings.head_to_head.score]
    title = "Head to head: % of matches in which the row did better than the column, ties half"
    return title, ["agent", *names], [[name, *line] for name, line in zip(names, cells, strict=True)]


def _place_table(what: str, rows: Sequence[Share]) -> tuple[str, list[str], list[list[str]]]:
    lines = [
        [
            row.agent,
            str(row.place),
            str(row.matches),
            _with(row.mean_return, row.return_interval, "+.3f"),
            _with(row.win_share, row.win_interval, ".1f", 100),
        ]
        for row in rows
    ]
    return f"By {what}", ["agent", what, "matches", "return", "win %"], lines
