"""Balance of schedules, counted out."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import pytest

from agentarena.core.errors import UsageError
from agentarena.matches.scheduling import SPACING, schedule, seatings, tables


@pytest.mark.parametrize(
    ("agents", "seats"), [(1, 1), (1, 3), (2, 2), (2, 4), (2, 5), (3, 3), (3, 4), (4, 4), (5, 5), (6, 6), (7, 7), (3, 8), (5, 12)]
)
def test_every_agent_holds_every_seat_equally_often(agents: int, seats: int) -> None:
    orders = seatings(agents, seats)
    assert len(set(orders)) == len(orders) <= max(24, 2 * seats)
    for seat in range(seats):
        counts = Counter(order[seat] for order in orders)
        assert set(counts) == set(range(agents))
        assert len(set(counts.values())) == 1
    for order in orders:
        held = Counter(order)
        assert max(held.values()) - min(held[agent] for agent in range(agents)) <= 1


@pytest.mark.parametrize("seats", [5, 6, 7, 8])
def test_williams_designs_balance_neighbours(seats: int) -> None:
    """Each ordered pair of neighbours appears once per `seats` orders."""
    orders = seatings(seats, seats)
    assert len(orders) == (seats if seats % 2 == 0 else 2 * seats)
    pairs = Counter((order[s], order[s + 1]) for order in orders for s in range(seats - 1))
    assert len(pairs) == seats * (seats - 1)
    assert set(pairs.values()) == {len(orders) // seats}


def test_all_orders_of_small_tables() -> None:
    assert len(seatings(4, 4)) == math.factorial(4)
    assert seatings(2, 4) == sorted({(0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 0), (1, 0, 0, 1), (1, 0, 1, 0), (1, 1, 0, 0)})


def test_all_tables_and_their_order() -> None:
    assert tables(4, 2) == [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    assert tables(5, 2)[:6] == tables(4, 2)
    assert tables(2, 4) == [(0, 1)]


def test_a_balanced_choice_of_tables() -> None:
    result = tables(20, 4, limit=100)
    assert len(result) == 100
    sat = Counter(agent for table in result for agent in table)
    assert max(sat.values()) - min(sat.values()) <= 2
    met = Counter(pair for table in result for pair in combinations(table, 2))
    assert min(met[pair] for pair in combinations(range(20), 2)) >= 2  # 100 x 6 meetings over 190 pairs: 3.2 on average


def test_duplicate_deals_give_everyone_every_seat() -> None:
    fixtures = schedule(6, 4, rounds=2)
    by_deal: dict[int, list[tuple[int, ...]]] = {}
    for fixture in fixtures:
        by_deal.setdefault(fixture.deal, []).append(fixture.seats)
    assert len(fixtures) == 15 * 24 * 2
    assert len({fixture.match for fixture in fixtures}) == len(fixtures)
    for seats in by_deal.values():
        assert len(seats) == 4
        assert all(len({order[s] for order in seats}) == 4 for s in range(4))


def test_without_duplicates_every_match_has_its_own_deal() -> None:
    fixtures = schedule(3, 2, rounds=5, duplicate=False)
    assert len({fixture.deal for fixture in fixtures}) == len(fixtures) == 30


def test_more_rounds_or_agents_keep_the_matches_played() -> None:
    small = set(schedule(3, 2, rounds=2))
    assert small < set(schedule(3, 2, rounds=5))
    assert small < set(schedule(5, 2, rounds=2))
    assert max(fixture.match for fixture in small) == 2 * SPACING + 3


def test_matches_are_rounded_up_to_whole_rounds() -> None:
    assert len(schedule(4, 4, matches=1024)) == 1032
    assert len(schedule(3, 2, matches=1)) == 6


def test_a_broken_off_run_is_balanced() -> None:
    """Rounds come one after another, so that any whole number of rounds has seated everybody alike."""
    half = schedule(3, 2, rounds=4)[:12]
    assert set(Counter(fixture.seats for fixture in half).values()) == {2}


@pytest.mark.parametrize(
    "call",
    [
        lambda: schedule(2, 2),
        lambda: schedule(2, 2, rounds=1, matches=2),
        lambda: schedule(2, 2, rounds=0),
        lambda: schedule(2, 2, rounds=True),
        lambda: schedule(2, 2, rounds=600_000),
        lambda: seatings(3, 2),
        lambda: tables(0, 2),
    ],
)
def test_bad_sizes(call: object) -> None:
    with pytest.raises(UsageError):
        call()  # type: ignore[operator]
