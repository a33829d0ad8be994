"""From deals to evidence on pairs, and from evidence to ranks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluate.synthetic_records import make_record

from agentarena.core.errors import UsageError
from agentarena.evaluate import MatchTable, betting_log_e, bradley_terry, bradley_terry_pairs, elo_ranks, mixture_log_e
from agentarena.evaluate.deal_results import DealResults
from agentarena.evaluate.rank_decisions import closure, decide_pairs, decide_top, ranks_of
from agentarena.evaluate.rank_evidence import SCALE_ELO, direct_evidence, rating_evidence

NAMES = ("a", "b", "c")


def deals(*played: tuple[int, int, float, int]) -> DealResults:
    """Deals of two matches each: two agents, the first's mean score (a half or a whole number of matches), how many."""
    first, second, score, unit, groups = [], [], [], [], []
    for i, j, mean, times in played:
        for _ in range(times):
            for match in (0, 1):
                first.append(i)
                second.append(j)
                score.append(min(1.0, max(0.0, 2 * mean - match)) if mean not in (0.25, 0.75) else (2 * mean - 0.5 if match else 0.5))
                unit.append(len(groups))
            groups.append((min(i, j), max(i, j)))
    size = max(max(first), max(second)) + 1
    return DealResults(tuple(f"agent {n}" for n in range(size)), *map(np.array, (first, second, score, unit, unit)), tuple(groups))


def matches(*rows: tuple[str, str, int, int]) -> MatchTable:
    """First and second seat, deal, and which seat won (-1: a draw)."""
    return MatchTable.of(
        make_record(
            [one, other], [1, -1] if won == 0 else [-1, 1] if won == 1 else [0, 0], match=n, deal=deal, winner=None if won < 0 else won
        )
        for n, (one, other, deal, won) in enumerate(rows)
    )


# --- deals ----------------------------------------------------------------------------------------------------------


def test_incomplete_deals_and_strangers_are_left_out() -> None:
    table = matches(
        ("b", "a", 0, 0), ("a", "b", 0, 0), ("a", "b", 1, 0), ("a", "x", 2, 0), ("x", "a", 2, 0), ("c", "b", 3, -1), ("b", "c", 3, 1)
    )
    results = DealResults.of(table, NAMES, 2)
    assert results.groups == ((0, 1), (1, 2))
    assert results.counts == {(0, 1): 1, (1, 2): 1}
    assert [column.tolist() for column in results.means()] == [[0, 1], [1, 2], [0.5, 0.25]]
    assert len(DealResults.of(None, NAMES, 2).groups) == 0
    with pytest.raises(UsageError, match="twice"):
        DealResults.of(table, ("a", "a"), 2)


def test_one_deal_of_two_tables_is_two_units_and_one_cluster() -> None:
    table = matches(("a", "b", 0, 0), ("b", "a", 0, 0), ("a", "c", 0, 0), ("c", "a", 0, 0))
    results = DealResults.of(table, NAMES, 2)
    assert results.groups == ((0, 1), (0, 2))
    assert set(results.deals.tolist()) == {0}


def test_the_first_deals_of_each_table() -> None:
    results = deals((0, 1, 1.0, 3), (1, 2, 0.5, 2), (0, 1, 0.0, 2))
    part = results.part({(0, 1): 4, (1, 2): 1})
    assert part.counts == {(0, 1): 4, (1, 2): 1}
    assert part.means()[2].tolist() == [1.0, 1.0, 1.0, 0.5, 0.0]
    assert part.units.max() == 4
    assert results.part(results.counts) is results
    assert len(results.part({}).first) == 0


# --- evidence -------------------------------------------------------------------------------------------------------


def test_direct_evidence_is_the_bets_of_each_pair() -> None:
    results = deals((0, 1, 1.0, 3), (1, 0, 0.5, 2), (2, 1, 0.75, 4))
    table = direct_evidence(results)
    assert table[0, 1] == pytest.approx(betting_log_e([1, 1, 1, 0.5, 0.5]))
    assert table[1, 0] == pytest.approx(betting_log_e([0, 0, 0, 0.5, 0.5]))
    assert table[2, 1] == pytest.approx(betting_log_e([0.75] * 4))
    assert table[0, 2] == table[2, 0] == 0


def test_rating_evidence_is_the_mean_of_two_e_values() -> None:
    results = deals((0, 1, 1.0, 30), (0, 1, 0.5, 10), (1, 0, 1.0, 15), (1, 2, 1.0, 25), (2, 1, 1.0, 12), (0, 2, 1.0, 20), (2, 0, 1.0, 4))
    evidence = rating_evidence(results)
    fit = bradley_terry_pairs(results.first, results.second, results.score, players=3, clusters=results.deals)
    gap, se = fit.gap(0, 2)
    spare = min(79, 61) - 3
    both = [math.exp(float(mixture_log_e(gap, se, SCALE_ELO, spare))), math.exp(betting_log_e([1.0] * 20 + [0.0] * 4))]
    assert evidence.log_e[0, 2] == pytest.approx(math.log(sum(both) / 2))
    assert evidence.finite
    assert evidence.elo == pytest.approx(fit.elo)
    assert evidence.deals == 116
    assert np.all(evidence.level_log_e == -math.inf)


def test_an_undefeated_agent_is_rated_by_its_own_deals_alone() -> None:
    rest = [(1, 2, 1.0, 20), (2, 1, 1.0, 15)]
    evidence = rating_evidence(deals((0, 1, 1.0, 14), *rest))
    assert not evidence.finite
    assert evidence.log_e[0, 1] == pytest.approx(math.log((1 + math.exp(betting_log_e([1.0] * 14))) / 2))
    assert evidence.log_e[0, 2] == 0
    alone = rating_evidence(deals(*[(i - 1, j - 1, s, n) for i, j, s, n in rest]))
    assert evidence.log_e[1, 2] == pytest.approx(alone.log_e[0, 1])  # what the undefeated one did to them does not count
    assert evidence.elo.argmax() == 0


def test_few_deals_are_no_evidence_by_ratings() -> None:
    results = deals((0, 1, 1.0, 4), (1, 0, 1.0, 1))
    assert rating_evidence(results).log_e[0, 1] == pytest.approx(math.log((1 + math.exp(direct_evidence(results)[0, 1])) / 2))


def test_no_deals() -> None:
    empty = DealResults.of(None, NAMES, 2)
    assert np.all(rating_evidence(empty).log_e == 0)


def test_a_margin_makes_equals_level() -> None:
    results = deals((0, 1, 1.0, 900), (1, 0, 1.0, 900))
    evidence = rating_evidence(results, 60.0)
    assert evidence.level_log_e[0, 1] == evidence.level_log_e[1, 0] > math.log(40)
    assert rating_evidence(results, 5.0).level_log_e[0, 1] < math.log(40)


# --- decisions ------------------------------------------------------------------------------------------------------


def test_steps_lower_the_threshold() -> None:
    """Six claims, level 0.9: the first needs 60; with two decided and one that follows, 30."""
    log_e = np.log(np.array([[1, 61, 1], [1, 1, 51], [1, 1, 1.0]]))
    assert decide_pairs(log_e, 0.9).sum() == 3
    assert decide_pairs(log_e, 0.9, stepwise=False).sum() == 1
    assert decide_pairs(log_e, 0.9, transitive=False).tolist() == [[False, True, False], [False, False, True], [False, False, False]]


def test_fewer_claims_share_the_error() -> None:
    log_e = np.log(np.array([[1, 45, 1], [1, 1, 1], [1, 1, 1.0]]))
    claims = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], bool)
    assert decide_pairs(log_e, 0.9).sum() == 0
    assert decide_pairs(log_e, 0.9, claims=claims).sum() == 1


def test_contradictions_show() -> None:
    circle = np.log(np.array([[1, 1e3, 1], [1, 1, 1e3], [1e3, 1, 1]]))
    ahead = decide_pairs(circle)
    assert (ahead & ahead.T).any()
    alone = decide_pairs(circle, transitive=False)
    assert not (alone & alone.T).any()


def test_closure_and_ranks() -> None:
    chain = np.zeros((4, 4), bool)
    chain[[2, 0, 3], [0, 3, 1]] = True
    assert ranks_of(closure(chain)).tolist() == [[2, 2], [4, 4], [1, 1], [3, 3]]
    assert ranks_of(np.zeros((3, 3), bool)).tolist() == [[1, 3]] * 3


def test_top_needs_all_rivals() -> None:
    log_e = np.log(np.array([[1, 61, 59], [1, 1, 1], [1, 1, 1.0]]))
    assert decide_top(log_e, 0.95) is None
    assert decide_top(log_e + np.log(60 / 59), 0.95) == 0


def test_elo_ranks_of_the_reference_table() -> None:
    """360 games of four players; the smallest gap in standard errors is 2.85 (players 0 and 1: 93.4 of 32.8 Elo)."""
    wins = np.array([[0, 30, 42, 55], [20, 0, 33, 44], [12, 21, 0, 36], [5, 10, 18, 0]])
    draws = np.zeros((4, 4))
    for i, j, count in ((0, 1, 10), (0, 2, 6), (1, 2, 6), (1, 3, 6), (2, 3, 6)):
        draws[i, j] = draws[j, i] = count
    fit = bradley_terry(wins, draws)
    games = (wins + wins.T + draws).sum(1)
    assert elo_ranks(fit, games).tolist() == [[1, 1], [2, 2], [3, 3], [4, 4]]
    assert elo_ranks(fit, games, 0.999).tolist() == [[1, 2], [1, 3], [2, 3], [4, 4]]


def test_elo_ranks_say_nothing_across_groups() -> None:
    fit = bradley_terry([[0, 50, 50], [0, 0, 40], [0, 5, 0]])
    assert elo_ranks(fit, np.array([100, 95, 95])).tolist() == [[1, 3], [1, 2], [2, 3]]


def test_bad_input() -> None:
    fit = bradley_terry([[0, 3], [2, 0]])
    for call in (
        lambda: elo_ranks(fit, np.array([5])),
        lambda: elo_ranks(fit, np.array([5, 5]), 95),
        lambda: decide_pairs(np.zeros((2, 3))),
        lambda: decide_pairs(np.zeros((2, 2)), 1.0),
        lambda: decide_top(np.zeros((2, 2)), 0.0),
    ):
        with pytest.raises(UsageError):
            call()
