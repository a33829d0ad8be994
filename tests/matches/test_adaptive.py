"""The scheduler: what it asks for, that it ends, and that a run interrupted anywhere ends as an undisturbed one."""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice
from typing import Any

import numpy as np
import pytest
from evaluate.synthetic_records import make_record

from agentarena.core.errors import UsageError
from agentarena.core.record import Record
from agentarena.evaluate import MatchTable
from agentarena.matches.adaptive import Pairing, Scheduler
from agentarena.matches.allocation import fill_tables, informative_pairs, opening_tables
from agentarena.matches.decision import Decision

STRENGTH = {"a": 900.0, "b": 400.0, "c": 100.0, "d": -250.0, "e": 1e6}
"""In Elo points; nobody beats e."""


class Arena:
    """Plays deals whose results are a function of the agents and the deal's number within its table alone."""

    def __init__(self, agents: str, seats: int = 2, strength: dict[str, float] | None = None) -> None:
        self.agents, self.seats, self.strength = agents, seats, STRENGTH if strength is None else strength
        self.records: list[Record] = []

    @property
    def table(self) -> MatchTable | None:
        return MatchTable.of(self.records) if self.records else None

    @property
    def deals(self) -> dict[str, set[int]]:
        """Numbers of the deals of each table of agents, e.g. "ab"."""
        out: dict[str, set[int]] = {}
        for record in self.records:
            out.setdefault("".join(sorted({seat.agent for seat in record.seats})), set()).add(record.deal)
        return out

    def matches(self, pairing: Pairing) -> list[Record]:
        """All rotations of a pairing's deals: the first numbers that are not played yet."""
        group = sorted(set(pairing.seats))
        first = 10_000 * sum(2 ** self.agents.index(name) for name in group)
        played = self.deals.get("".join(group), set())
        deals = list(islice((deal for deal in range(first, first + 10_000) if deal not in played), pairing.deals))
        return [self.match(pairing.seats[shift:] + pairing.seats[:shift], deal, shift) for deal in deals for shift in range(self.seats)]

    def match(self, seats: tuple[str, ...], deal: int, shift: int) -> Record:
        """One match: who is ahead of whom by Plackett's and Luce's model."""
        rng = np.random.default_rng([deal, shift])
        value = [self.strength[name] * math.log(10) / 400 + rng.gumbel() for name in seats]
        returns = (2.0 * np.argsort(np.argsort(value)) - self.seats + 1).tolist()
        return make_record(seats, returns, match=deal * 8 + shift, deal=deal, winner=int(np.argmax(value)), env=GAMES[self.seats])

    def run(self, scheduler: Scheduler, most: int = 300) -> Decision:
        for _ in range(most):
            batch = scheduler.next_batch(self.table)
            if not batch:
                return scheduler.decided(self.table)
            for pairing in batch:
                self.records += self.matches(pairing)
        raise AssertionError("it does not end")


GAMES = {2: "TicTacToe-v0", 4: "Dhumbal-v0"}


def test_an_opening_lets_all_meet_different_opponents() -> None:
    batch = Scheduler("abcdef", opening=5, seed=3).next_batch(None)
    assert len(batch) == 15
    assert all(pairing.deals == 1 for pairing in batch)
    assert len({frozenset(pairing.seats) for pairing in batch}) == 15


def test_the_ranking_of_five_agents_is_decided() -> None:
    arena = Arena("abcde")
    scheduler = Scheduler("abcde", seed=1)
    decision = arena.run(scheduler)
    assert decision.decided
    assert [decision.agents[i] for i in decision.order] == ["e", "a", "b", "c", "d"]
    assert decision.reason == "order: e > a > b > c > d"
    assert decision.ranks.tolist() == [[2, 2], [3, 3], [4, 4], [5, 5], [1, 1]]
    assert decision.open == ()
    assert decision.deals < 400
    deals = {pair: len(numbers) for pair, numbers in arena.deals.items()}
    assert max(deals[pair] for pair in ("de", "ce", "ad")) < min(deals[pair] for pair in ("ab", "bc", "cd"))


def test_the_best_and_the_rank_of_one_take_fewer_deals() -> None:
    needed = {}
    for question, agent, reason in (("ranks", None, ""), ("top", None, "best: e"), ("rank", "d", "rank of d: 5")):
        decision = Arena("abcde").run(Scheduler("abcde", question, agent=agent))  # type: ignore[arg-type]
        assert decision.decided
        assert reason in decision.reason
        needed[question] = decision.deals
    assert max(needed["top"], needed["rank"]) < needed["ranks"]


def test_a_circle_has_a_graph_and_no_order() -> None:
    circle = {"ab": 1.0, "bc": 1.0, "ca": 1.0, "ba": 0.0, "cb": 0.0, "ac": 0.0}
    records = [
        make_record(list(pair), [2 * won - 1, 1 - 2 * won], match=2 * n + (pair > pair[::-1]), deal=n, winner=int(1 - won))
        for m in range(25)
        for k, couple in enumerate(("ab", "bc", "ca"))
        for n in (3 * m + k,)
        for pair, won in ((couple, circle[couple]), (couple[::-1], circle[couple[::-1]]))
    ]
    table = MatchTable.of(records)
    graph = Scheduler("abc", "graph", before=table).decided(table)
    assert graph.decided
    assert graph.shares == pytest.approx(np.full((3, 2), 1 / 3), abs=1e-6)
    order = Scheduler("abc", before=table).decided(table)
    assert not order.decided
    assert order.contradictory
    assert "graph" in order.reason


def test_equal_agents_are_level_within_a_margin() -> None:
    arena = Arena("ab", strength={"a": 0.0, "b": 0.0})
    decision = arena.run(Scheduler("ab", margin_elo=150, batch=20))
    assert decision.decided
    assert decision.level[0, 1]
    assert decision.reason in ("order: a = b", "order: b = a")
    assert decision.ranks.tolist() == [[1, 2], [1, 2]]


def test_a_budget_ends_it_undecided() -> None:
    arena = Arena("ab", strength={"a": 0.0, "b": 0.0})
    decision = arena.run(Scheduler("ab", budget=50, batch=7))
    assert not decision.decided
    assert decision.deals == 50
    assert decision.reason == "open: a and b"


def test_four_seats() -> None:
    arena = Arena("abcde", seats=4)
    scheduler = Scheduler("abcde", seats=4)
    assert all(len(set(pairing.seats)) == 4 for pairing in scheduler.next_batch(None))
    decision = arena.run(scheduler)
    assert decision.reason == "order: e > a > b > c > d"


def test_fewer_agents_than_seats_share_them() -> None:
    assert Scheduler("ab", seats=4, opening=3).next_batch(None) == (Pairing(("a", "b", "a", "b"), 3),)


@pytest.mark.parametrize("seed", range(3))
def test_an_interrupted_run_ends_as_an_undisturbed_one(seed: int) -> None:
    """Matches of a batch end in any order, and the run is killed anywhere; a new scheduler goes on with what is recorded."""
    undisturbed = Arena("abcd")
    expected = undisturbed.run(Scheduler("abcd", seed=5))
    arena, rng = Arena("abcd"), np.random.default_rng(seed)
    while batch := Scheduler("abcd", seed=5).next_batch(arena.table):
        new = [record for pairing in batch for record in arena.matches(pairing)]
        ended = rng.permutation(len(new))[: int(rng.integers(1, len(new) + 1))]
        both = Counter(new[n].deal for n in ended)
        arena.records += [new[n] for n in ended if both[new[n].deal] == 2]  # a half-played deal is played again
    result = Scheduler("abcd", seed=5).decided(arena.table)
    assert (result.reason, result.deals) == (expected.reason, expected.deals)
    assert arena.deals == undisturbed.deals


def test_one_scheduler_may_be_put_different_tables() -> None:
    scheduler, arena = Scheduler("abcd", seed=2), Arena("abcd")
    arena.run(scheduler)
    whole = scheduler.decided(arena.table)
    part = MatchTable.of(arena.records[: len(arena.records) // 2])
    assert repr(scheduler.next_batch(part)) == repr(Scheduler("abcd", seed=2).next_batch(part))
    assert repr(scheduler.decided(arena.table)) == repr(whole)


def test_earlier_matches_count_from_the_start() -> None:
    arena = Arena("abcd")
    arena.run(Scheduler("abcd"))
    newcomer = Scheduler("abcde", "rank", agent="e", before=arena.table)
    assert newcomer.decided(arena.table).deals == len(arena.records) // 2
    assert {name for pairing in newcomer.next_batch(arena.table) for name in pairing.seats} >= {"e"}
    assert all("e" in pairing.seats for pairing in newcomer.next_batch(arena.table))


def test_seeds_differ_and_repeat() -> None:
    first, again, other = (Scheduler("abcdefgh", opening=3, seed=seed).next_batch(None) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_pairs_of_neighbours() -> None:
    size = 4
    tables: dict[str, Any] = {name: np.zeros((size, size), bool) for name in ("ahead", "level")}
    decision = Decision(
        "ranks",
        False,
        "",
        tuple("abcd"),
        np.array([4.0, 3, 2, 1]),
        ranks=np.ones((size, 2)),
        open=((0, 1), (0, 2), (1, 3)),
        contradictory=False,
        deals=0,
        **tables,
    )
    assert informative_pairs(decision) == [(0, 1), (1, 3)]
    groups = fill_tables([(0, 1)], decision, 3, 2, np.random.default_rng(0))
    assert groups == [(0, 1, 2), (0, 1, 2)]


def test_openings_are_balanced() -> None:
    from agentarena.evaluate.deal_results import DealResults

    groups = opening_tables(DealResults.of(None, list("abcdefg"), 2), 3, 6, np.random.default_rng(0))
    seats = Counter(agent for group in groups for agent in group)
    assert max(seats.values()) - min(seats.values()) <= 1
    assert min(seats.values()) == 6


@pytest.mark.parametrize(
    "arguments",
    [
        {"agents": "a"},
        {"agents": ["a", "a"]},
        {"question": "who"},
        {"question": "rank"},
        {"question": "rank", "agent": "x"},
        {"agent": "a"},
        {"question": "graph", "margin_elo": 5},
        {"level": 95},
        {"batch": 0},
        {"seed": -1},
        {"seats": 1},
        {"budget": 0},
        {"opening": 0},
        {"matches_per_deal": 0},
        {"margin_elo": math.nan},
    ],
)
def test_bad_input(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Scheduler(**{"agents": "abc", **arguments})


def test_it_shows_itself() -> None:
    scheduler = Scheduler("abc")
    assert repr(scheduler) == "<Scheduler of 3 agents, question 'ranks', level 0.95>"
    assert repr(scheduler.decided(None)) == "<Decision after 0 deals: open: a and b, a and c, b and c>"


def test_agents_that_always_play_alike_say_it_once() -> None:
    """Without chance and with the same moves, a hundred deals are one: they decide nothing, and no more are asked for."""

    def record(deal: int, shift: int) -> Record:
        one = make_record(
            ["a", "b"] if shift == 0 else ["b", "a"], [1, -1] if shift == 0 else [-1, 1], match=2 * deal + shift, deal=deal, winner=shift
        )
        one.actions.append(["same"])
        return one

    table = MatchTable.of(record(deal, shift) for deal in range(100) for shift in (0, 1))
    scheduler = Scheduler("ab", before=table)
    decision = scheduler.decided(table)
    assert not decision.decided
    assert "random openings" in decision.reason
    assert scheduler.next_batch(table) == ()
    assert Scheduler("abc", before=table).next_batch(table) != ()
