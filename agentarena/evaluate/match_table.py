"""Records as arrays: who sat where, what came of it, and which matches share a deal. Records may come from several files.

Axis letters: E matches, S seats, P agents, Q comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from agentarena.core.display import printable
from agentarena.core.errors import UsageError
from agentarena.core.record import Record

__all__ = ["Comparisons", "MatchTable", "unique_names"]


class Comparisons(NamedTuple):
    """Pairs of agents that met, for `bradley_terry_pairs` and `elo`. Arrays of shape (Q,).

    Attributes:
        first: Agent numbers.
        second: Agent numbers, each different from `first`.
        score: 1 where `first` did better, 0.5 where level, 0 where worse.
        margins: Return of `first` minus return of `second`, in the game's unit.
        clusters: Number of the deal.
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    margins: np.ndarray
    clusters: np.ndarray


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
        forfeits: Shape (E, S), bool.
    """

    agents: tuple[str, ...]
    holders: np.ndarray
    returns: np.ndarray
    wins: np.ndarray
    deals: np.ndarray
    sides: np.ndarray
    roles: tuple[tuple[str | None, ...], ...]
    forfeits: np.ndarray

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
        holders = [[names[seat.agent, seat.index] for seat in record.seats] for record in listed]
        for name in (name for row in holders for name in row):
            numbers.setdefault(name, len(numbers))
        deals: dict[tuple[int, int], int] = {}
        for record in listed:
            deals.setdefault((record.seed, record.deal), len(deals))
        sides = [_sides(record) for record in listed]
        return cls(
            tuple(numbers),
            np.array([[numbers[name] for name in row] for row in holders]),
            np.array([record.returns for record in listed], np.float64),
            _wins(listed, sides),
            np.array([deals[record.seed, record.deal] for record in listed]),
            np.array(sides),
            tuple(tuple(seat.role for seat in record.seats) for record in listed),
            np.array([_forfeits(record) for record in listed]),
        )

    def __len__(self) -> int:
        return len(self.holders)

    @property
    def seats(self) -> int:
        """S."""
        return int(self.holders.shape[1])

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
                parts.append((self.holders[meet, a], self.holders[meet, b], (1 + ahead) / 2, margin, self.deals[meet]))
        columns = zip(*parts, strict=True) if parts else ([np.zeros(0)],) * 5
        first, second, score, margins, clusters = (np.concatenate(column) for column in columns)
        return Comparisons(first.astype(np.int64), second.astype(np.int64), score, margins, clusters.astype(np.int64))

    def held(self, agent: int, place: int | str | None = None) -> np.ndarray:
        """The seats that an agent held. Shape (E, S), bool.

        Args:
            agent: Its number.
            place: Only this seat, or only seats with this role.
        """
        held = self.holders == agent
        if isinstance(place, str):
            return held & (np.array(self.roles, dtype=object) == place)
        return held if place is None else held & (np.arange(self.seats) == place)

    def returns_of(self, agent: int) -> tuple[np.ndarray, np.ndarray]:
        """The agent's returns and their deals, one a match; the mean over its seats where it held several."""
        held = self.held(agent)
        played = held.any(1)
        weights = held[played] / held[played].sum(1, keepdims=True)
        return (weights * self.returns[played]).sum(1), self.deals[played]


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
