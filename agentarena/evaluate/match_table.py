"""Records as arrays: who sat where, what came of it, and which matches share a deal. Records may come from several files.

Axis letters: E matches, S seats, P agents, Q comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from agentarena.core.display import printable
from agentarena.core.errors import ArenaError, UsageError
from agentarena.core.game import GameInfo
from agentarena.core.record import Record

from .deals import Sample

__all__ = ["Comparisons", "MatchTable", "unique_names"]


class Comparisons(NamedTuple):
    """Pairs of agents that met, for `bradley_terry_pairs` and `elo`. Arrays of shape (Q,).

    Attributes:
        first: Agent numbers.
        second: Agent numbers, each different from `first`.
        score: 1 where `first` did better, 0.5 where level, 0 where worse.
        margins: Return of `first` minus return of `second`, in the game's unit.
        clusters: Number of the deal.
        matches: Number of the match.
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    margins: np.ndarray
    clusters: np.ndarray
    matches: np.ndarray


@dataclass(frozen=True, eq=False)
class MatchTable:
    """Matches of one game as arrays. Make it with `MatchTable.of(records)`.

    Win shares (`wins`), the project's one definition: each seat of the winning side has won, 1. A match without a winner is
    shared by the seats (or sides) of greatest return: 1/k each for k of them, so 1/2 each when two players draw. Where a match
    ends with nothing to win (common payoff, one seat), no match of the game has a win share.

    Who did better (`comparisons`): the winner's side before everybody else, then by return.

    Attributes:
        agents: Names, in the order of their first match. Agents are distinguished by name; where two of one name met, the
            second is "name #2".
        holders: Shape (E, S): the agent in each seat.
        returns: Shape (E, S), in the game's unit.
        wins: Shape (E, S), in [0, 1]; nan throughout where there is nothing to win.
        deals: Shape (E,): equal for matches of one deal, from 0.
        sides: Shape (E, S): number of the side each seat played for, within its match.
        roles: For each match, the role of each seat, or `None`.
        teams: For each match, the team of each seat, or the seat's own number.
        forfeits: Shape (E, S), bool.
        courses: Shape (E,): equal for matches that are one and the same game, from 0: the same agents in the same seats, the
            same moves, the same result. In a game with chance every match is its own, and so is one without a move.
        info: What kind of game it is; `None` where its rules are not at hand.
    """

    agents: tuple[str, ...]
    holders: np.ndarray
    returns: np.ndarray
    wins: np.ndarray
    deals: np.ndarray
    sides: np.ndarray
    roles: tuple[tuple[str | None, ...], ...]
    teams: tuple[tuple[str | int, ...], ...]
    forfeits: np.ndarray
    courses: np.ndarray
    info: GameInfo | None

    @classmethod
    def of(cls, records: Iterable[Record], agents: Sequence[str] = ()) -> MatchTable:
        """The arrays of some records.

        Args:
            records: Matches of one environment under one set of options.
            agents: Order of the names; others follow as they appear.

        Raises:
            UsageError: There are no records, or they are of different games.
        """
        listed = list(records)
        if not listed:
            raise UsageError("there are no matches to evaluate")
        games = {(record.env, len(record.seats), repr(sorted(record.options.items()))): record.env for record in listed}
        if len(games) > 1:
            raise UsageError(
                f"records of {len(games)} different games or options ({', '.join(printable(env, 60) for env in sorted(set(games.values()))[:10])}); evaluate them apart"
            )
        numbers: dict[str, int] = {name: index for index, name in enumerate(agents)}
        names = unique_names(listed)
        rows = [[names[seat.agent, seat.index] for seat in record.seats] for record in listed]
        holders = [[numbers.setdefault(name, len(numbers)) for name in row] for row in rows]
        deals: dict[tuple[int, int], int] = {}
        for record in listed:
            deals.setdefault((record.seed, record.deal), len(deals))
        sides = [_sides(record) for record in listed]
        info = _info(listed[0])
        return cls(
            tuple(numbers),
            np.array(holders),
            np.array([record.returns for record in listed], np.float64),
            _wins(listed, sides),
            np.array([deals[record.seed, record.deal] for record in listed]),
            np.array(sides),
            tuple(tuple(seat.role for seat in record.seats) for record in listed),
            tuple(tuple(s if seat.team is None else seat.team for s, seat in enumerate(record.seats)) for record in listed),
            np.array([_forfeits(record) for record in listed]),
            np.arange(len(listed)) if info is None or info.chance else _courses(listed, holders),
            info,
        )

    def __repr__(self) -> str:
        return f"<MatchTable of {len(self)} matches of {len(self.agents)} agents>"

    def __len__(self) -> int:
        return len(self.holders)

    @property
    def seats(self) -> int:
        """S."""
        return int(self.holders.shape[1])

    @cached_property
    def seatings(self) -> np.ndarray:
        """Number of each match's seating: which agent held which seat. Shape (E,)."""
        return np.unique(self.holders, axis=0, return_inverse=True)[1].reshape(-1)

    @cached_property
    def strata(self) -> np.ndarray:
        """Equal for matches whose deals were played in the same seatings, and so have the same expected results. Shape (E,)."""
        order = np.lexsort((self.seatings, self.deals))
        starts = np.flatnonzero(np.diff(self.deals[order], prepend=-1))
        numbers: dict[bytes, int] = {}
        out = np.zeros(len(self), np.int64)
        for part in np.split(order, starts[1:]):
            out[part] = numbers.setdefault(self.seatings[part].tobytes(), len(numbers))
        return out

    @cached_property
    def fixed(self) -> np.ndarray:
        """Matches that were one game again and again: of a seating with several matches and a single course. Shape (E,), bool."""
        _, matches = np.unique(self.seatings, return_counts=True)
        pairs = np.unique(np.stack([self.seatings, self.courses]), axis=1)[0]
        return ((np.bincount(pairs) == 1) & (matches > 1))[self.seatings]

    @cached_property
    def mixed(self) -> np.ndarray:
        """Whether an agent held seats of several sides in a match. Shape (P, E), bool."""
        held = self.holders == np.arange(len(self.agents))[:, None, None]
        most = np.where(held, self.sides, -1).max(2)
        return (most >= 0) & (most > np.where(held, self.sides, self.seats).min(2))

    @property
    def possible(self) -> tuple[float, float]:
        """The least and the greatest return that the game and the forfeits among the matches allow; infinite where not known."""
        if self.info is None:
            return -math.inf, math.inf
        return min(self.info.low, float(self.returns.min())), max(self.info.high, float(self.returns.max()))

    @cached_property
    def has_wins(self) -> bool:
        """Whether there was anything to win."""
        return bool(np.isfinite(self.wins).any())

    @cached_property
    def comparisons(self) -> Comparisons:
        """Every pair of seats of every match that are held by different agents on different sides."""
        rank = np.where(np.nan_to_num(self.wins) >= 1, 1, 0)  # a clear winner's side comes first
        parts = []
        for a in range(self.seats):
            for b in range(a + 1, self.seats):
                meet = (self.holders[:, a] != self.holders[:, b]) & (self.sides[:, a] != self.sides[:, b])
                margin = self.returns[meet, a] - self.returns[meet, b]
                ahead = np.sign(2.0 * np.sign(rank[meet, a] - rank[meet, b]) + np.sign(margin))
                met = np.flatnonzero(meet)
                parts.append((self.holders[meet, a], self.holders[meet, b], (1 + ahead) / 2, margin, self.deals[meet], met))
        columns = zip(*parts, strict=True) if parts else ([np.zeros(0)],) * 6
        first, second, score, margins, clusters, matches = (np.concatenate(column) for column in columns)
        numbers = (column.astype(np.int64) for column in (first, second, clusters, matches))
        i, j, deals, met = numbers
        return Comparisons(i, j, score, margins, deals, met)

    def held(self, agent: int, place: int | str | None = None, by: str | None = None) -> np.ndarray:
        """The seats that an agent held. Shape (E, S), bool.

        Args:
            agent: Its number.
            place: Only this seat, role or side.
            by: "seat", "role" or "side": what `place` is; by default a number is a seat and a name a role.
        """
        held = self.holders == agent
        if place is None:
            return held
        places = {"seat": None, "role": self.roles, "side": self.teams}[by or ("role" if isinstance(place, str) else "seat")]
        return held & (np.arange(self.seats) == place if places is None else np.array(places, dtype=object) == place)

    def returns_of(self, agent: int) -> Sample:
        """The agent's returns, one a match; the mean over its seats where it held several."""
        held = self.held(agent)
        played = held.any(1)
        weights = held[played] / held[played].sum(1, keepdims=True)
        return Sample((weights * self.returns[played]).sum(1), self.deals[played], self.strata[played])


def unique_names(records: Iterable[Record]) -> dict[tuple[str, int], str]:
    """A name for every agent, by its name and its index in the run; where two of one name met, the second is "name #2"."""
    entrants: dict[tuple[str, int], str] = {}
    indices: dict[str, set[int]] = {}  # of agents of one name that met
    for record in records:
        here: dict[str, set[int]] = {}
        for seat in record.seats:
            entrants.setdefault((seat.agent, seat.index), seat.agent)
            here.setdefault(seat.agent, set()).add(seat.index)
        for name, together in here.items():
            if len(together) > 1:
                indices.setdefault(name, set()).update(together)
    numbered = {(name, index): f"{name} #{n}" for name, group in indices.items() for n, index in enumerate(sorted(group), 1) if n > 1}
    return {**entrants, **numbered}


def _info(record: Record) -> GameInfo | None:
    try:
        return record.game().info
    except ArenaError:  # a game of somebody else's
        return None


def _courses(records: Sequence[Record], holders: Sequence[Sequence[int]]) -> np.ndarray:
    numbers: dict[str, int] = {}
    keys = (
        repr((row, r.actions, r.aborted, r.returns, r.winner)) if r.actions else str(match)
        for match, (r, row) in enumerate(zip(records, holders, strict=True))
    )
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys])


def _sides(record: Record) -> list[int]:
    names: list[object] = [seat if entry.team is None else entry.team for seat, entry in enumerate(record.seats)]
    order = list(dict.fromkeys(names))
    return [order.index(name) for name in names]


def _wins(records: Sequence[Record], sides: Sequence[Sequence[int]]) -> np.ndarray:
    if any(record.outcome == "ended" or len(record.seats) == 1 for record in records):  # nothing to win in this game
        return np.full((len(records), len(records[0].seats)), np.nan)
    return np.array([_win_shares(record, side) for record, side in zip(records, sides, strict=True)])


def _win_shares(record: Record, sides: Sequence[int]) -> list[float]:
    seats = range(len(record.seats))
    if record.winner is not None:
        return [float(record.winner in (s, record.seats[s].team)) for s in seats]
    best = max(record.returns)
    leaders = {sides[s] for s in seats if record.returns[s] == best}
    return [1.0 / len(leaders) if sides[s] in leaders else 0.0 for s in seats]


def _forfeits(record: Record) -> list[bool]:
    gave_up = {fault["seat"] for fault in record.faults if fault["then"] == "forfeit"}
    return [seat in gave_up for seat in range(len(record.seats))]
