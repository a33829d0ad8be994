"""Bradley-Terry and Elo against the ratings of other packages and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate.online_elo import elo, elo_spread
from agentarena.evaluate.ratings import ELO_PER_NAT, PRIOR_SD_ELO, bradley_terry, bradley_terry_pairs

WINS = np.array([[0, 30, 42, 55], [20, 0, 33, 44], [12, 21, 0, 36], [5, 10, 18, 0]])
DRAWS = np.array([[0, 10, 6, 0], [10, 0, 6, 6], [6, 6, 0, 6], [0, 6, 6, 0]])  # 360 games with WINS


def _comparisons() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = []
    for i in range(4):
        for j in range(4):
            rows += [(i, j, 1.0)] * WINS[i, j]
            rows += [(i, j, 0.5)] * (DRAWS[i, j] if i < j else 0)
    first, second, score = np.array(rows).T
    return first.astype(int), second.astype(int), score


def test_bradley_terry_with_draws_as_half_wins() -> None:
    """Ratings and errors as arena-rank 0.1.1 gives them on the same games (ratings to 1e-6, errors to 1e-4)."""
    fit = bradley_terry(WINS, DRAWS)
    assert fit.elo == pytest.approx([1153.102184, 1059.732021, 961.998424, 825.167370], abs=5e-7)
    assert fit.se == pytest.approx([21.095318, 20.215076, 20.272186, 22.344614], abs=5e-7)
    assert fit.gap(0, 1)[1] == pytest.approx(32.811008, abs=5e-7)
    assert (fit.note, fit.ridge, fit.nu, fit.groups) == ("", 0.0, None, ((0, 1, 2, 3),))
    assert fit.interval == pytest.approx(np.stack([fit.elo - 1.959964 * fit.se, fit.elo + 1.959964 * fit.se], 1), abs=1e-4)


def test_fisher_errors() -> None:
    fit = bradley_terry(WINS, DRAWS, covariance="fisher")
    assert fit.se == pytest.approx([23.22957, 21.314162, 21.153948, 24.127409], abs=5e-6)
    assert fit.gap(0, 1)[1] == pytest.approx(35.300043, abs=5e-7)


def test_davidson() -> None:
    fit = bradley_terry(WINS, DRAWS, ties="davidson")
    assert (fit.elo - 1000) / ELO_PER_NAT == pytest.approx([1.000259, 0.390121, -0.247419, -1.142961], abs=5e-7)
    assert fit.nu == pytest.approx(0.249613, abs=5e-7)
    assert fit.log_likelihood == pytest.approx(-287.227097, abs=5e-7)


def test_wins_only_equals_choix() -> None:
    """choix 0.4.1, `opt_pairwise` on the decided games."""
    assert (bradley_terry(WINS).elo - 1000) / ELO_PER_NAT == pytest.approx([0.965854, 0.378565, -0.247717, -1.096702], abs=5e-7)


def test_two_players_in_closed_form() -> None:
    """400 log10(odds), and the delta method's error."""
    fit = bradley_terry([[0, 75], [25, 0]])
    gap, se = fit.gap(0, 1)
    assert gap == pytest.approx(400 * np.log10(3))
    assert se == pytest.approx(ELO_PER_NAT / np.sqrt(100 * 0.75 * 0.25))


@pytest.mark.parametrize("ties", ["half", "davidson"])
@pytest.mark.parametrize("covariance", ["sandwich", "fisher"])
def test_a_list_of_games_equals_the_table(ties: str, covariance: str) -> None:
    table = bradley_terry(WINS, DRAWS, ties=ties, covariance=covariance)
    listed = bradley_terry_pairs(*_comparisons(), players=4, ties=ties, covariance=covariance)
    assert listed.elo == pytest.approx(table.elo)
    assert listed.covariance == pytest.approx(table.covariance)


def test_swapping_sides_changes_nothing() -> None:
    first, second, score = _comparisons()
    swapped = bradley_terry_pairs(second, first, 1 - score, players=4)
    assert swapped.covariance == pytest.approx(bradley_terry(WINS, DRAWS).covariance)


def test_a_cluster_repeated_is_one_observation() -> None:
    """Every game copied four times into its own cluster: the same ratings and, but for G / (G-1), errors as without the copies."""
    first, second, score = _comparisons()
    clusters = np.arange(len(first)).repeat(4)
    copied = bradley_terry_pairs(first.repeat(4), second.repeat(4), score.repeat(4), players=4, clusters=clusters)
    assert copied.elo == pytest.approx(bradley_terry(WINS, DRAWS).elo)
    assert copied.se == pytest.approx(bradley_terry(WINS, DRAWS).se * np.sqrt(360 / 359))
    naive = bradley_terry_pairs(first.repeat(4), second.repeat(4), score.repeat(4), players=4)
    assert naive.se == pytest.approx(bradley_terry(WINS, DRAWS).se / 2)


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_the_interval_covers(ties: str) -> None:
    """Simulated games of known strengths: 95 % intervals of a gap cover it, within four standard errors."""
    rng, truth, nu, hits, runs = np.random.default_rng(1), np.array([0.6, 0.0, -0.6]), 0.5, 0, 200
    for _ in range(runs):
        wins, draws = np.zeros((3, 3)), np.zeros((3, 3))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            d = truth[i] - truth[j]
            weights = (
                np.array([np.exp(d / 2), nu, np.exp(-d / 2)])
                if ties == "davidson"
                else np.array([1 / (1 + np.exp(-d)), 0, 1 / (1 + np.exp(d))])
            )
            won, drawn, lost = rng.multinomial(80, weights / weights.sum())
            wins[i, j], wins[j, i] = won, lost
            draws[i, j] = draws[j, i] = drawn
        gap, se = bradley_terry(wins, draws, ties=ties).gap(0, 2)
        hits += abs(gap - ELO_PER_NAT * 1.2) < 1.96 * se
    assert hits / runs >= 0.94 - 4 * np.sqrt(0.06 * 0.94 / runs)


def test_an_undefeated_player_gets_a_prior_and_a_note() -> None:
    fit = bradley_terry([[0, 3, 2], [0, 0, 2], [0, 1, 0]])
    assert fit.groups == ((0,), (1, 2))
    assert "no finite estimate" in fit.note
    assert fit.ridge == pytest.approx((ELO_PER_NAT / PRIOR_SD_ELO) ** 2)
    assert np.all(np.isfinite(fit.elo))
    assert fit.elo.argmax() == 0
    assert fit.elo.mean() == pytest.approx(1000)


# wins and draws of tables for which Davidson's model has no finite estimate though everybody scored against everybody
_UNBOUNDED = {
    "wins and draws, no loss": ([[0, 1], [0, 0]], [[0, 1], [1, 0]]),
    "losses and draws, no win": ([[0, 0], [3, 0]], [[0, 2], [2, 0]]),
    "a ladder": ([[0, 2, 0], [0, 0, 2], [0, 0, 0]], [[0, 1, 0], [1, 0, 1], [0, 1, 0]]),
    "a win closed by draws": ([[0, 2, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 1], [1, 1, 0]]),
    "a circle with as many draws": (
        [[0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0]],
        [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]],
    ),
}
_BOUNDED = {
    "an undefeated leader who draws, others beat each other": ([[0, 5, 4], [0, 0, 3], [0, 2, 0]], [[0, 1, 2], [1, 0, 0], [2, 0, 0]]),
    "a win and a loss": ([[0, 1], [1, 0]], [[0, 1], [1, 0]]),
    "a circle of wins": ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, 0]]),
    "two wins and a draw in a circle": ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [1, 0, 0]]),
}


@pytest.mark.parametrize(("wins", "draws"), _UNBOUNDED.values(), ids=_UNBOUNDED)
def test_davidson_without_a_finite_estimate_gets_a_prior_and_a_note(wins: list[list[int]], draws: list[list[int]]) -> None:
    fit = bradley_terry(wins, draws, ties="davidson")
    assert not fit.finite
    assert "no finite estimate" in fit.note
    assert fit.ridge == pytest.approx((ELO_PER_NAT / PRIOR_SD_ELO) ** 2)
    assert np.abs(fit.elo - 1000).max() < 1500
    assert fit.se.min() > 10
    assert fit.nu is not None
    assert 0 < fit.nu < 100
    with pytest.raises(UsageError, match="no finite estimate"):
        bradley_terry(wins, draws, ties="davidson", ridge=0.0)
    assert bradley_terry(wins, draws).finite == (len(bradley_terry(wins, draws).groups) == 1)


@pytest.mark.parametrize(("wins", "draws"), _BOUNDED.values(), ids=_BOUNDED)
def test_davidson_with_a_finite_estimate_needs_no_prior(wins: list[list[int]], draws: list[list[int]]) -> None:
    fit = bradley_terry(wins, draws, ties="davidson")
    assert fit.finite
    assert (fit.note, fit.ridge) == ("", 0.0)
    assert np.abs(fit.elo - 1000).max() < 1000


def test_the_condition_is_that_of_a_linear_program() -> None:
    """Random tables: a finite estimate exists exactly where no direction raises every observed outcome against the others."""
    rng = np.random.default_rng(8)
    seen = set()
    for _ in range(120):
        players = int(rng.integers(2, 5))
        wins = rng.poisson(0.4, (players, players)) * (1 - np.eye(players, dtype=int))
        draws = np.triu(rng.poisson(0.4, (players, players)), 1)
        draws = draws + draws.T
        if draws.sum() == 0 or wins.sum() == 0:
            continue
        exists = _no_way_up(wins, draws)
        assert bradley_terry(wins, draws, ties="davidson").finite == exists
        seen.add(exists)
    assert seen == {True, False}


def _no_way_up(wins: np.ndarray, draws: np.ndarray) -> bool:
    """Whether max of the sum of all slacks over directions in [-1, 1] is 0, by linear programming."""
    from scipy.optimize import linprog

    players = len(wins)
    rows = []
    outcome = {"won": (0.5, 0.0), "drawn": (0.0, 1.0), "lost": (-0.5, 0.0)}  # weights of d and of ln nu
    for i in range(players):
        for j in range(i + 1, players):
            for name, count in (("won", wins[i, j]), ("drawn", draws[i, j]), ("lost", wins[j, i])):
                for other in outcome if count else ():
                    weight = np.array(outcome[name]) - np.array(outcome[other])
                    row = np.zeros(players + 1)
                    row[i], row[j], row[players] = weight[0], -weight[0], weight[1]
                    rows.append(row)
    played = (wins + wins.T + draws) > 0
    from scipy.sparse.csgraph import connected_components

    if connected_components(played, directed=False)[0] > 1:
        return False
    slack = np.array(rows)
    result = linprog(-slack.sum(0), A_ub=-slack, b_ub=np.zeros(len(slack)), bounds=[(-1, 1)] * (players + 1))
    return bool(-result.fun < 1e-9)


def test_level_comparisons_have_no_interval() -> None:
    """Everything drawn: the ratings are level, and nothing says how sure that is."""
    fit = bradley_terry([[0, 0], [0, 0]], [[0, 4], [4, 0]])
    assert fit.elo.tolist() == [1000, 1000]
    assert np.isnan(fit.interval).all()
    assert np.isnan(bradley_terry_pairs([0, 0], [1, 1], [0.5, 0.5], players=2, clusters=[0, 1]).interval).all()


def test_clustered_intervals_are_students_over_a_players_own_clusters() -> None:
    """Player 2 is in 4 of the 12 clusters: t(3), where 0 and 1 have t(11)."""
    from scipy.stats import t

    first = np.array([0, 1] * 6 + [0, 2, 0, 2])
    second = np.array([1, 0] * 6 + [2, 0, 2, 0])
    clusters = np.concatenate([np.arange(12), np.arange(4)])
    fit = bradley_terry_pairs(first, second, np.ones(16), players=3, clusters=clusters)
    half = (fit.interval[:, 1] - fit.interval[:, 0]) / 2
    assert half / fit.se == pytest.approx([t.ppf(0.975, 11), t.ppf(0.975, 11), t.ppf(0.975, 3)])


def test_separate_leagues_get_a_note() -> None:
    wins = np.zeros((4, 4))
    wins[0, 1], wins[1, 0], wins[2, 3], wins[3, 2] = 6, 4, 4, 6
    fit = bradley_terry(wins)
    assert fit.groups == ((0, 1), (2, 3))
    assert fit.gap(0, 2)[1] > 200 > fit.gap(0, 1)[1] * 0.9


def test_a_given_ridge_shrinks() -> None:
    free, drawn = bradley_terry(WINS, DRAWS), bradley_terry(WINS, DRAWS, ridge=5.0)
    assert np.ptp(drawn.elo) < np.ptp(free.elo)
    assert np.all(drawn.se < free.se)
    assert "prior" in drawn.note


@pytest.mark.parametrize(
    ("wins", "kwargs"),
    [
        ([[0, 1]], {}),
        ([[0, -1], [1, 0]], {}),
        ([[1, 1], [1, 0]], {}),
        ([[0, 0], [0, 0]], {}),
        ([[0, 1], [1, 0]], {"draws": [[0, 1], [2, 0]]}),
        ([[0, 1], [1, 0]], {"ties": "elo"}),
        ([[0, 1], [1, 0]], {"ties": "davidson"}),
        ([[0, 1], [1, 0]], {"covariance": "none"}),
        ([[0, 1], [0, 0]], {"ridge": 0.0}),
        ([[0, float("nan")], [1, 0]], {}),
    ],
)
def test_bad_tables(wins: list[list[float]], kwargs: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        bradley_terry(wins, **kwargs)  # type: ignore[arg-type]


# --- Elo ------------------------------------------------------------------------------------------------------------


def test_online_elo_by_hand() -> None:
    """Two wins in a row: 16 points, then k (1 - 1 / (1 + 10^(-32/400)))."""
    second = 32 * (1 - 1 / (1 + 10 ** (-32 / 400)))
    assert elo([0, 0], [1, 1], [1, 1]) == pytest.approx([1016 + second, 984 - second])


@pytest.mark.parametrize(
    ("k", "mean", "spread"),
    [
        (4.0, [1100.5, 1039.6, 973.8, 886.1], [3.9, 4.9, 4.9, 4.3]),
        (32.0, [1156.5, 1062.1, 959.8, 821.7], [38.9, 40.4, 40.1, 36.3]),
    ],
)
def test_elo_over_random_orders(k: float, mean: list[float], spread: list[float]) -> None:
    """Means and spreads over 300 orders, computed apart; both sides have the noise of 300 draws."""
    result = elo_spread(*_comparisons(), players=4, k=k, rng=1)
    noise = np.array(spread) / np.sqrt(300)
    assert np.all(np.abs(result.elo - mean) < 4 * np.sqrt(2) * noise + 0.05)
    assert result.order_sd == pytest.approx(spread, rel=4 * np.sqrt(2) / np.sqrt(2 * 300))
    assert np.all((result.interval[:, 0] < result.elo) & (result.elo < result.interval[:, 1]))


def test_resampled_elo_of_one_cluster_or_of_level_games_has_no_interval() -> None:
    assert np.isnan(elo_spread([0, 0], [1, 1], [1.0, 0.0], clusters=[3, 3], resamples=9).interval).all()
    assert np.isnan(elo_spread([0, 0], [1, 1], [0.5, 0.5], resamples=9).interval).all()


def test_points_are_conserved_and_seeds_repeat() -> None:
    games = _comparisons()
    assert elo(*games, players=4).sum() == pytest.approx(4000)
    assert np.array_equal(elo_spread(*games, rng=3).interval, elo_spread(*games, rng=3).interval)


def test_bad_games() -> None:
    for first, second, score in (([0], [0], [1.0]), ([], [], []), ([0, 1], [1], [1.0]), ([0], [1], [2.0])):
        with pytest.raises(UsageError):
            elo(first, second, score)
    with pytest.raises(UsageError):
        bradley_terry_pairs([0], [1], [0.3], players=2)
    with pytest.raises(UsageError):
        bradley_terry_pairs([0], [2], [1.0], players=2)
