"""Schedules as lists of deals, each played in every rotation of its seats. Deal d has as many matches as seats, from d times their number on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentarena.core.record import Record
from agentarena.matches.seating import Fixture

__all__ = ["deal_fixtures", "seats_of_deals"]


def deal_fixtures(deals: Sequence[Sequence[int]]) -> list[Fixture]:
    """The matches of some deals: each in every rotation of its seats.

    Args:
        deals: For each deal, the agent (by its number) in each seat of its first match.

    >>> [(f.match, f.deal, f.seats) for f in deal_fixtures([(0, 2)])]
    [(0, 0, (0, 2)), (1, 0, (2, 0))]
    """
    out = []
    for deal, seats in enumerate(deals):
        n = len(seats)
        out += [Fixture(deal * n + turn, deal, tuple(seats[(seat + turn) % n] for seat in range(n))) for turn in range(n)]
    return out


def seats_of_deals(records: Iterable[Record]) -> list[tuple[int, ...]]:
    """The agents of each deal that a run has begun: the inverse of `deal_fixtures`, from any of a deal's matches."""
    deals: dict[int, tuple[int, ...]] = {}
    for record in records:
        n = len(record.seats)
        turn = record.match % n
        deals[record.deal] = tuple(record.seats[(seat - turn) % n].index for seat in range(n))
    return [deals[deal] for deal in sorted(deals)]
