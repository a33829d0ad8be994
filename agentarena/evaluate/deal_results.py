"""Who did better against whom, deal by deal: what a schedule that looks at results needs of a table of matches.

Axis letters: Q comparisons, U units. A unit is one deal played by one set of agents in all its seatings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agentarena.core.errors import UsageError

from .match_table import MatchTable

__all__ = ["DealResults"]


@dataclass(frozen=True, eq=False)
class DealResults:
    """Comparisons of agents, each with its deal and its unit.

    Attributes:
        agents: Names.
        first: Shape (Q,), agent numbers.
        second: Shape (Q,), agent numbers, each different from `first`.
        score: 1 where `first` did better, 0.5 where level, 0 where worse.
        deals: Number of the deal; comparisons of one deal share their luck.
        units: Number of the unit, from 0 in the order of play.
        groups: For each unit, the agents at its table, in increasing order.
        courses: Shape (U,): equal for units that are the same games over again; `None` where no two are.
    """

    agents: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    deals: np.ndarray
    units: np.ndarray
    groups: tuple[tuple[int, ...], ...]
    courses: np.ndarray | None = None

    @classmethod
    def of(cls, table: MatchTable | None, agents: Sequence[str], matches_per_deal: int) -> DealResults:
        """The complete units of a table of matches.

        A unit with fewer than `matches_per_deal` matches is left out: seats are not balanced yet. So is one with an agent that
        is not listed.

        Args:
            table: Matches; `None` for none at all.
            agents: The agents to compare, by name.
            matches_per_deal: Seatings of each deal.

        Raises:
            UsageError: An agent is listed twice.
        """
        if len(set(agents)) < len(agents):
            raise UsageError("an agent is listed twice; give each a name of its own")
        none = np.zeros(0, np.int64)
        if table is None or len(table) == 0:
            return cls(tuple(agents), none, none, np.zeros(0), none, none, ())
        numbers = {name: n for n, name in enumerate(agents)}
        ours = np.array([numbers.get(name, -1) for name in table.agents])
        unit_of_match, groups = _units(ours[table.holders], table.deals, matches_per_deal)
        courses = _courses(unit_of_match, table.seatings, table.courses, len(groups))
        met = table.comparisons
        counted = unit_of_match[met.matches] >= 0
        return cls(
            tuple(agents),
            ours[met.first[counted]],
            ours[met.second[counted]],
            met.score[counted],
            met.clusters[counted],
            unit_of_match[met.matches[counted]],
            groups,
            courses,
        )

    @cached_property
    def place(self) -> np.ndarray:
        """How many units of the same agents came before each unit. Shape (U,)."""
        units_of: dict[tuple[int, ...], int] = {}
        places = np.zeros(len(self.groups), np.int64)
        for unit, group in enumerate(self.groups):
            places[unit] = units_of.get(group, 0)
            units_of[group] = int(places[unit]) + 1
        return places

    @cached_property
    def counts(self) -> dict[tuple[int, ...], int]:
        """Units of each set of agents."""
        out: dict[tuple[int, ...], int] = {}
        for group in self.groups:
            out[group] = out.get(group, 0) + 1
        return out

    def part(self, counts: dict[tuple[int, ...], int]) -> DealResults:
        """The first so many units of each set of agents."""
        keep = self.place < np.array([counts.get(group, 0) for group in self.groups], np.int64).reshape(-1)
        if keep.all():
            return self
        mask = keep[self.units]
        renumbered = np.cumsum(keep) - 1
        groups = tuple(group for group, kept in zip(self.groups, keep, strict=True) if kept)
        first, second, score, deals = (column[mask] for column in (self.first, self.second, self.score, self.deals))
        courses = None if self.courses is None else self.courses[keep]
        return DealResults(self.agents, first, second, score, deals, renumbered[self.units[mask]], groups, courses)

    @cached_property
    def single_courses(self) -> dict[tuple[int, ...], int]:
        """Sets of agents whose units, several, are all the same games over again, and how many units."""
        if self.courses is None:
            return {}
        courses: dict[tuple[int, ...], set[int]] = {}
        for group, course in zip(self.groups, self.courses.tolist(), strict=True):
            courses.setdefault(group, set()).add(course)
        return {group: self.counts[group] for group, numbers in courses.items() if len(numbers) == 1 and self.counts[group] > 1}

    @property
    def distinct(self) -> DealResults:
        """The same without the comparisons of copies: agents that always play alike say once how they compare."""
        if not self.single_courses:
            return self
        copies = (self.place > 0) & np.array([group in self.single_courses for group in self.groups])
        mask = ~copies[self.units]
        return self.only(mask)

    def only(self, mask: np.ndarray) -> DealResults:
        """The same units with some of the comparisons."""
        first, second, score, deals, units = (c[mask] for c in (self.first, self.second, self.score, self.deals, self.units))
        return DealResults(self.agents, first, second, score, deals, units, self.groups, self.courses)

    def means(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean score of the lower-numbered agent in each meeting of a pair in a unit: the two agents, and the score. Shapes (meetings,)."""
        low, high = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
        score = np.where(self.first < self.second, self.score, 1.0 - self.score)
        size = max(len(self.agents), 1)
        keys, inverse, sizes = np.unique((self.units * size + low) * size + high, return_inverse=True, return_counts=True)
        return keys // size % size, keys % size, np.bincount(inverse, score, minlength=len(keys)) / np.maximum(sizes, 1)


def _units(holders: np.ndarray, deals: np.ndarray, matches_per_deal: int) -> tuple[np.ndarray, tuple[tuple[int, ...], ...]]:
    """Number of each match's unit, -1 where it does not count, and the agents of each unit."""
    known = [group if group[0] >= 0 else () for group in (tuple(sorted(set(row))) for row in holders.tolist())]
    matches: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for match, (deal, group) in enumerate(zip(deals.tolist(), known, strict=True)):
        if len(group) > 1:
            matches.setdefault((deal, group), []).append(match)
    units = np.full(len(holders), -1)
    complete = [(key, played) for key, played in matches.items() if len(played) >= matches_per_deal]
    for unit, (_, played) in enumerate(complete):
        units[played] = unit
    return units, tuple(group for (_, group), _ in complete)


def _courses(unit_of_match: np.ndarray, seatings: np.ndarray, courses: np.ndarray, units: int) -> np.ndarray:
    """Number of each unit's games: the set of its matches' seatings and courses. Shape (U,)."""
    games: list[set[tuple[int, int]]] = [set() for _ in range(units)]
    for unit, seating, course in zip(unit_of_match.tolist(), seatings.tolist(), courses.tolist(), strict=True):
        if unit >= 0:
            games[unit].add((seating, course))
    numbers: dict[frozenset[tuple[int, int]], int] = {}
    return np.array([numbers.setdefault(frozenset(played), len(numbers)) for played in games], np.int64)
