"""Standings of records made by hand, where every figure is known, and of simulated ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from evaluate.synthetic_records import make_record

from agentarena.core.errors import UsageError
from agentarena.evaluate import Contrast, MatchTable, alpharank, contrasts, holm, standings, wilson, win_interval
from agentarena.evaluate.pair_contrasts import mean_gap, rank_spans


def test_wins_and_sides() -> None:
    """A team's win counts for each of its seats, a draw is shared by the leaders, common payoffs are no wins."""
    team = make_record(
        ["a", "b", "a", "c"],
        [1, -1, 1, -1],
        env="Moles-v0",
        options={},
        winner="moles",
        teams=["moles", "farmers", "moles", "farmers"],
        roles=["mole", "dog", "mole", "cat"],
    )
    drawn = make_record(["a", "b", "a", "c"], [2, 2, 0, 1], env="Moles-v0", options={}, match=1, teams=[None] * 4)
    common = make_record(["a", "b", "a", "c"], [3, 3, 3, 3], env="Moles-v0", options={}, match=2, outcome="ended")
    table = MatchTable.of([team, drawn])
    assert table.agents == ("a", "b", "c")
    assert table.wins.tolist() == [[1, 0, 1, 0], [0.5, 0.5, 0, 0]]
    assert table.sides.tolist() == [[0, 1, 0, 1], [0, 1, 2, 3]]
    assert table.held(0, "mole").tolist() == [[True, False, True, False], [False] * 4]
    assert np.isnan(MatchTable.of([common]).wins).all()


def test_comparisons() -> None:
    """Partners and the agent's own other seats are not compared; the winner comes first even at a lower return."""
    record = make_record(["a", "b", "c", "a"], [0, 5, 5, 1], env="X", options={}, winner=0, teams=["x", "y", "y", "x"])
    met = MatchTable.of([record]).comparisons
    rows = sorted(zip(met.first.tolist(), met.second.tolist(), met.score.tolist(), met.margins.tolist(), strict=True))
    assert rows == [(0, 1, 1.0, -5.0), (0, 2, 1.0, -5.0), (1, 0, 1.0, 4.0), (2, 0, 1.0, 4.0)]


def test_two_agents_of_one_name_are_told_apart() -> None:
    table = MatchTable.of(
        [
            make_record(["random", "random"], [1, -1], indices=[0, 1], winner=0),
            make_record(["random", "random"], [1, -1], match=1, indices=[1, 0], winner=0),
        ]
    )
    assert table.agents == ("random", "random #2")
    assert table.holders.tolist() == [[0, 1], [1, 0]]


def test_different_games_are_refused() -> None:
    with pytest.raises(UsageError, match="different games"):
        MatchTable.of([make_record(["a", "b"], [1, -1]), make_record(["a", "b"], [1, -1], env="KuhnPoker-v0", match=1)])
    with pytest.raises(UsageError, match="no matches"):
        MatchTable.of([])


def _cycle(per_pair: int = 40) -> list:
    """Rock beats scissors beats paper beats rock in three matches of four."""
    records = []
    for first, second in (("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")):
        for game in range(per_pair):
            beats = game % 4 != 3
            seats = [first, second] if game % 2 == 0 else [second, first]
            winner = seats.index(first if beats else second)
            returns = [1.0 if s == winner else -1.0 for s in range(2)]
            records.append(make_record(seats, returns, match=len(records), deal=len(records) // 2, winner=winner))
    return records


def test_a_cycle_has_no_best_player() -> None:
    result = standings(_cycle(), resamples=200)
    assert [row.matches for row in result.rows] == [80, 80, 80]
    assert [row.win_share for row in result.rows] == [0.5] * 3
    assert result.ratings is not None
    assert result.ratings.elo == pytest.approx([1000] * 3)
    assert result.evolution is not None
    assert result.evolution.distribution == pytest.approx([1 / 3] * 3)
    assert result.evolution.recurrent_classes == ((0, 1, 2),)
    assert [row.nash for row in result.rows] == pytest.approx([1 / 3] * 3)
    names = [row.agent for row in result.rows]
    rock, scissors = names.index("rock"), names.index("scissors")
    assert result.head_to_head.score[rock, scissors] == 0.75
    assert result.head_to_head.games[rock, scissors] == 40
    assert result.margins is not None
    assert result.margins[rock, scissors] == pytest.approx(1 / 2)  # +2 in three matches of four, -2 in one; the range is 2
    assert result.notes == ()


def test_rows_are_sorted_and_the_order_of_records_does_not_matter() -> None:
    records = _cycle()[:60]
    result, again = (
        standings(records, resamples=50, agents=["rock"]),
        standings(records[::-1], resamples=50, agents=["rock", "scissors", "paper"]),
    )
    assert [row.mean_return for row in result.rows] == sorted((row.mean_return for row in result.rows), reverse=True)
    assert [row.agent for row in result.rows] == [row.agent for row in again.rows]
    assert [row.elo for row in result.rows] == pytest.approx([row.elo for row in again.rows])


def test_two_players_by_hand() -> None:
    """30 wins of 40: Elo gap 400 log10(3), Wilson's interval, the winner takes all of alpha-Rank."""
    records = [make_record(["a", "b"], [1, -1] if m % 4 else [-1, 1], match=m, winner=0 if m % 4 else 1) for m in range(40)]
    result = standings(records, resamples=300)
    best, worst = result.rows
    assert (best.agent, best.win_share, best.mean_return) == ("a", 0.75, 0.5)
    assert best.win_interval == pytest.approx(wilson(30, 40))
    assert best.elo - worst.elo == pytest.approx(400 * math.log10(3))
    assert best.mass > 0.999
    assert best.return_interval.low > 0 > worst.return_interval.high
    assert [row.place for row in result.by_seat] == [0, 1]
    assert "did not hold every seat" in result.notes[0]


def test_an_agent_that_never_wins_is_rated_with_a_prior() -> None:
    result = standings([make_record(["a", "b"], [1, -1], match=m, winner=0) for m in range(10)], resamples=20)
    assert "no finite estimate" in result.notes[0]
    assert math.isfinite(result.rows[0].elo)


def test_forfeits_are_counted_and_named() -> None:
    fault = {"step": 0, "seat": 1, "kind": "raised", "reason": "boom", "then": "forfeit"}
    result = standings(
        [
            make_record(["a", "b"], [0, -2], winner=0, outcome="forfeited", faults=[fault]),
            make_record(["b", "a"], [1, -1], match=1, winner=0),
        ],
        resamples=20,
    )
    assert {row.agent: row.forfeits for row in result.rows} == {"a": 0, "b": 1}
    assert any("1 match ended in a forfeit" in note for note in result.notes)


def test_common_payoffs_are_ranked_by_return_alone() -> None:
    records = [
        make_record([a, b], [v, v], match=m, env="MiniHanabi-v0", outcome="ended")
        for m, (a, b, v) in enumerate([("a", "b", 3.0), ("a", "c", 1.0), ("b", "c", 2.0)])
    ]
    result = standings(records, resamples=20)
    assert [row.agent for row in result.rows] == ["b", "a", "c"]
    assert math.isnan(result.rows[0].win_share)
    assert (result.ratings, result.evolution) == (None, None)
    assert all("Elo" not in columns for _, columns, _ in result.tables())


def test_one_seat() -> None:
    result = standings(
        [
            make_record([name], [value], match=m, env="fixtures.games:Adventure", options={})
            for m, (name, value) in enumerate([("a", 1.0), ("b", 0.0)])
        ],
        resamples=20,
    )
    assert [row.agent for row in result.rows] == ["a", "b"]


# --- intervals that know about deals ----------------------------------------------------------------------------------


def test_win_interval_widens_where_deals_decide() -> None:
    """Ten copies of each of 50 results carry as much as the 50."""
    wins = (np.random.default_rng(0).random(50) < 0.6).astype(float)
    once = win_interval(wins, np.arange(50))
    copied = win_interval(wins.repeat(10), np.arange(50).repeat(10))
    assert copied == pytest.approx(once, abs=0.01)
    assert win_interval(np.ones(8), np.zeros(8)) == wilson(1, 1)


def test_win_interval_counts_deals_by_hand() -> None:
    """12 matches on 6 deals, with the factor G / (G-1) in the variance over deals: d = 6/5 sum of squares / (12 p q)."""
    wins, deals = np.array([1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0.5]), np.arange(12) // 2
    share = wins.mean()
    effect = 6 / 5 * float(((wins - share).reshape(6, 2).sum(1) ** 2).sum()) / (12 * share * (1 - share))
    assert 1 < effect < 2
    assert win_interval(wins, deals) == pytest.approx(wilson(wins.sum() / effect, 12 / effect), rel=1e-12)


def test_win_interval_lies_between_wilsons_on_matches_and_on_deals() -> None:
    """Never narrower than Wilson's, also where luck cancels within a deal; never wider than Wilson's on the deals."""
    cancelling = np.tile([1.0, 0.0], 20)
    assert win_interval(cancelling, np.arange(40) // 2) == pytest.approx(wilson(20, 40))
    copies = np.repeat(np.arange(20) % 2, 4).astype(float)
    assert win_interval(copies, np.repeat(np.arange(20), 4)) == pytest.approx(wilson(10, 20))
    rng = np.random.default_rng(0)
    for _ in range(50):
        deals = np.sort(rng.integers(0, 12, 40))
        wins = (rng.random(12)[deals] < rng.random(40)).astype(float)
        low, high = win_interval(wins, deals)
        narrow = wilson(wins.sum(), 40)
        assert low <= narrow.low + 1e-12
        assert high >= narrow.high - 1e-12


def test_matches_won_throughout_count_by_the_deal() -> None:
    """40 wins on 10 deals are 10 wins: nothing says that the matches of a deal are independent. Few deals likewise."""
    assert win_interval(np.ones(40), np.arange(40) // 4) == pytest.approx(wilson(10, 10))
    assert win_interval(np.repeat([1.0, 0.0, 0.0, 1.0], 4), np.arange(16) // 4) == pytest.approx(wilson(2, 4))


@pytest.mark.parametrize("alpha", [0.05, 0.2])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_mass_interval_of_two_agents_is_the_t_interval_of_their_margin(alpha: float, level: float) -> None:
    """The share is a monotone function of the margin: its ends are those of the margin's t interval put through alpha-Rank."""
    from scipy import stats

    rng = np.random.default_rng(5)
    values = np.where(rng.random(40) < 0.6, 1.0, -1.0)
    records = [make_record(["a", "b"], [v, -v], match=m, winner=0 if v > 0 else 1) for m, v in enumerate(values)]
    row = next(row for row in standings(records, alpha=alpha, level=level, resamples=400).rows if row.agent == "a")
    margin, error = values.mean(), stats.sem(values)  # 2 v is the margin and 2 the range of returns

    def share(gap: float) -> float:
        return float(alpharank([[0, gap / 2], [-gap / 2, 0]], alpha=alpha).distribution[0])

    assert row.mass == pytest.approx(share(margin))
    noise = 4 * math.sqrt(0.25 * 0.75 / 400)  # of the probability at a quantile of 400 draws
    for end, tail in zip(row.mass_interval, ((1 - level) / 2, (1 + level) / 2), strict=True):
        ends = [share(margin + error * float(stats.t.ppf(min(0.9999, max(0.0001, tail + off)), 39))) for off in (-noise, noise)]
        assert ends[0] < end < ends[1]


def test_masses_of_more_than_three_agents_have_no_interval() -> None:
    records = []
    for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        for game in range(8):
            value = 1.0 if game % 3 else -1.0
            records.append(make_record([f"p{i}", f"p{j}"], [value, -value], match=len(records), winner=0 if value > 0 else 1))
    result = standings(records, resamples=20)
    assert all(not math.isnan(row.mass) and math.isnan(row.mass_interval.low) for row in result.rows)
    assert any("alpha-Rank: 4 agents" in note for note in result.notes)


# --- ranks ------------------------------------------------------------------------------------------------------------


def test_ranks_are_those_that_the_corrected_differences_allow() -> None:
    """Two strong agents that cannot be told apart, and a weak one."""
    records = []
    rng = np.random.default_rng(6)
    for one, other, chance in (("a", "b", 0.5), ("a", "c", 0.95), ("b", "c", 0.95)):
        for _ in range(40):
            value = 1.0 if rng.random() < chance else -1.0
            records.append(make_record([one, other], [value, -value], match=len(records), winner=0 if value > 0 else 1))
    ranks = {row.agent: row.rank for row in standings(records, resamples=20).rows}
    assert ranks == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}


def test_all_ranks_hold_at_once() -> None:
    """Six equal agents: a span misses in at most 5 % of tournaments, though 15 pairs are compared."""
    rng, wrong, runs = np.random.default_rng(7), 0, 150
    for _ in range(runs):
        pairs = []
        values = rng.normal(size=(12, 6))
        for i in range(6):
            for j in range(i + 1, 6):
                gap = mean_gap(values[:, i], np.arange(12), values[:, j], np.arange(12))
                sign = 1 if gap.difference > 0 else -1
                names = (f"{i}", f"{j}") if sign > 0 else (f"{j}", f"{i}")
                pairs.append(Contrast(*names, sign * gap.difference, gap.interval, sign * gap.t, gap.df, gap.p, gap.p, 0.0, 12))
        corrected = holm([pair.p for pair in pairs])
        pairs = [replace(pair, p_holm=float(q)) for pair, q in zip(pairs, corrected, strict=True)]
        wrong += any(span != (1, 6) for span in rank_spans(pairs, [str(i) for i in range(6)]))
    assert wrong / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_mean_gap_is_the_paired_test_on_shared_deals() -> None:
    """scipy.stats.ttest_rel is the outside opinion."""
    from scipy.stats import ttest_rel

    rng = np.random.default_rng(1)
    luck = rng.normal(size=30)
    a, b = luck + rng.normal(0.3, 0.5, 30), luck + rng.normal(0, 0.5, 30)
    expected = ttest_rel(a, b)
    difference, interval, t, df, p, deals = mean_gap(a, np.arange(30), b, np.arange(30))
    assert (difference, t, df, p, deals) == pytest.approx((float(np.mean(a - b)), expected.statistic, 29, expected.pvalue, 30))
    assert interval == pytest.approx(tuple(expected.confidence_interval()))


def test_mean_gap_is_near_welch_on_separate_deals() -> None:
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(2)
    a, b = rng.normal(0.2, 1, 400), rng.normal(0, 2, 300)
    _, _, t, _, _, deals = mean_gap(a, np.arange(400), b, 1000 + np.arange(300))
    assert t == pytest.approx(ttest_ind(a, b, equal_var=False).statistic, rel=2e-3)
    assert deals == 700


def test_mean_gap_keeps_its_error_rate_in_zero_sum_games() -> None:
    """Two equal players whose returns are opposite: Welch, which thinks them independent, would be wrong far too often."""
    rng, wrong, runs = np.random.default_rng(3), 0, 400
    for _ in range(runs):
        a = rng.normal(size=60)
        wrong += mean_gap(a, np.arange(60), -a, np.arange(60))[4] < 0.05
    assert wrong / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_contrasts_are_corrected_and_sorted() -> None:
    result = contrasts(_cycle() + [make_record(["rock", "paper"], [1, -1], match=1000 + m, winner=0) for m in range(30)])
    assert len(result) == 3
    assert [c.t for c in result] == sorted((c.t for c in result), reverse=True)
    assert result[0].first == "rock"
    assert all(c.p_holm >= c.p for c in result)
    assert result[0].p_holm == pytest.approx(min(1, 3 * result[0].p))
    assert all(c.difference >= 0 for c in result)
