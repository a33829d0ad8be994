"""Who meets whom, in which seats, on which deals.

A table is a set of agents that meet; a seating is one way to give them the seats; a round is every seating once. Match
numbers are spaced by table, so that a tournament that gets more rounds, or more agents at the end of its list, keeps
the numbers, and with them the records, of the matches already played.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np

from agentarena.core.errors import UsageError

from .seating import Fixture

__all__ = ["SPACING", "schedule", "seatings", "tables"]

SPACING = 1_000_000
"""Match and deal numbers of table t start at t times this; deals of a game of one seat are those of table 0."""


def seatings(agents: int, seats: int, *, limit: int = 24) -> list[tuple[int, ...]]:
    """Every way to seat the agents of one table, or a balanced choice: each agent holds each seat equally often.

    As many agents as seats: all orders if at most `limit`; else a design of `seats` (even) or 2 `seats` (odd) orders in
    which moreover each agent sits right after each other one equally often. Fewer agents: all orders of the even
    splits of the seats among them, or one rotation.

    Args:
        agents: k >= 1, at most `seats`.
        seats: n.
        limit: Most orders to list in full.

    Returns:
        For each seating, the agent (0 to k-1) in each seat.

    Raises:
        UsageError: More agents than seats, or none.

    Reference: E. J. Williams, Australian Journal of Scientific Research 2 (1949), for the balanced design.

    >>> seatings(2, 2)
    [(0, 1), (1, 0)]
    >>> len(seatings(4, 4)), len(seatings(2, 4)), len(seatings(6, 6))
    (24, 6, 6)
    """
    if not 1 <= agents <= seats:
        raise UsageError(f"a table of {seats} seats takes 1 to {seats} agents, got {agents}")
    if agents == seats:
        return sorted(permutations(range(seats))) if math.factorial(seats) <= limit else _williams(seats)
    short, extra = divmod(seats, agents)
    count = (
        math.comb(agents, extra) * math.factorial(seats) // (math.factorial(short + 1) ** extra * math.factorial(short) ** (agents - extra))
    )
    if count > limit:
        return [tuple((seat + shift) % agents for seat in range(seats)) for shift in range(agents)]
    orders: set[tuple[int, ...]] = set()
    for longer in combinations(range(agents), extra):
        holders = [agent for agent in range(agents) for _ in range(short + (agent in longer))]
        orders.update(permutations(holders))
    return sorted(orders)


def _williams(seats: int) -> list[tuple[int, ...]]:
    zigzag = [0]
    for step in range(1, seats // 2 + 1):
        zigzag += [step, seats - step]
    zigzag = zigzag[:seats]
    rows = [tuple((place + shift) % seats for place in zigzag) for shift in range(seats)]
    return rows if seats % 2 == 0 else rows + [row[::-1] for row in rows]


def tables(agents: int, seats: int, *, limit: int = 500) -> list[tuple[int, ...]]:
    """Which agents meet: all sets of `seats` agents if at most `limit`, else that many, balanced.

    A balanced choice seats next whoever has sat least, beside those it has met least. Agents that do not fill the
    table meet at one.

    Returns:
        Sets of agents in increasing order; those without the last agents come first.

    >>> tables(3, 2)
    [(0, 1), (0, 2), (1, 2)]
    """
    if agents < 1 or seats < 1:
        raise UsageError(f"need at least one agent and one seat, got {agents} and {seats}")
    if agents <= seats:
        return [tuple(range(agents))]
    if math.comb(agents, seats) <= limit:
        return sorted(combinations(range(agents), seats), key=lambda table: table[::-1])
    met = np.zeros((agents, agents), np.int64)  # how often each pair sat at one table; on the diagonal, tables of each agent
    groups = []
    for _ in range(limit):
        group = [int(np.argmin(np.diag(met)))]
        while len(group) < seats:
            left = [agent for agent in range(agents) if agent not in group]
            group.append(min(left, key=lambda agent: (met[agent, group].sum(), met[agent, agent], agent)))
        met[np.ix_(group, group)] += 1
        groups.append(tuple(sorted(group)))
    return groups


def schedule(
    agents: int,
    seats: int,
    *,
    rounds: int | None = None,
    matches: int | None = None,
    duplicate: bool = True,
    seatings_limit: int = 24,
    tables_limit: int = 500,
) -> list[Fixture]:
    """The matches of a tournament, round by round.

    Args:
        agents: How many agents.
        seats: Seats of the game.
        rounds: How often each table plays each of its seatings.
        matches: Instead: how many matches at least; rounded up to whole rounds, so that seats stay balanced.
        duplicate: Whether seatings that are rotations of one another share one deal (same cards, everybody once in
            every seat), and in a game of one seat all agents. Luck of the deal then cancels; count the deal, not the match, as the unit
            of an interval.
        seatings_limit: See `seatings`.
        tables_limit: See `tables`.

    Raises:
        UsageError: Neither or both of `rounds` and `matches`, or none of them positive.

    >>> [(f.match, f.deal, f.seats) for f in schedule(2, 2, rounds=2)]
    [(0, 0, (0, 1)), (1, 0, (1, 0)), (2, 1, (0, 1)), (3, 1, (1, 0))]
    >>> [(f.deal, f.seats) for f in schedule(3, 1, rounds=2)]
    [(0, (0,)), (0, (1,)), (0, (2,)), (1, (0,)), (1, (1,)), (1, (2,))]
    """
    groups = tables(agents, seats, limit=tables_limit)
    orders = seatings(min(agents, seats), seats, limit=seatings_limit)
    kinds = _rotations(orders) if duplicate else list(range(len(orders)))
    count = _rounds(rounds, matches, len(groups) * len(orders))
    if count * len(orders) > SPACING:
        raise UsageError(f"{count} rounds of {len(orders)} seatings are more than {SPACING:,} matches a table; use fewer rounds")
    apart = 0 if duplicate and seats == 1 else SPACING  # alone at a table, everybody gets the same deals
    return [
        Fixture(
            number * SPACING + turn * len(orders) + position,
            number * apart + turn * (max(kinds) + 1) + kinds[position],
            tuple(group[place] for place in order),
        )
        for turn in range(count)
        for number, group in enumerate(groups)
        for position, order in enumerate(orders)
    ]


def _rotations(orders: Sequence[tuple[int, ...]]) -> list[int]:
    """Number of each seating's set of rotations, in order of their first seating."""
    numbers: dict[tuple[int, ...], int] = {}
    return [numbers.setdefault(min(order[shift:] + order[:shift] for shift in range(len(order))), len(numbers)) for order in orders]


def _rounds(rounds: int | None, matches: int | None, per_round: int) -> int:
    if (rounds is None) == (matches is None):
        raise UsageError("give either rounds or matches")
    count = rounds if rounds is not None else matches
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise UsageError(f"rounds or matches must be a whole number of at least 1, got {count!r}")
    return count if rounds is not None else math.ceil(count / per_round)
