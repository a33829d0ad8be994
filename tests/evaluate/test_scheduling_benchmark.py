"""What the benchmark of scheduling shows, in small. Longer runs: `python -m benchmarks.scheduling`."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from agentarena.matches.decision import decide

_PATH = Path(__file__).parents[2] / "benchmarks" / "scheduling.py"
_SPEC = importlib.util.spec_from_file_location("scheduling_benchmark", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
scheduling = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scheduling)

PUBLISHED = {"UE": (2087, 220, 939, 114), "U": (1543, 188, 621, 92), "VW": (2260, 183, 931, 107), "CW": (1674, 230, 1048, 92)}
"""Mean games of 40 random 2 x 2 games at delta 0.1 by an independent implementation: UCB, R-UCB, CP, R-CP."""


def games(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [scheduling.random_game(rng) for _ in range(count)]


def test_relaxed_bounds_and_clopper_pearson_need_fewer_games() -> None:
    means = {}
    for name, (bound, relax) in scheduling.BOUNDS.items():
        mean, _, _ = scheduling.graph_row(games(6), 1, sampling="CW", bound=bound, relax=relax, delta=0.1, budget=5000)
        means[name] = mean[0]
    assert means["R-CP"] < means["R-UCB"] < means["CP"] < means["UCB"]


def test_truths_of_coverage() -> None:
    elo = np.array([100.0, 100, 0])
    assert scheduling.covers(np.array([[1, 2], [1, 2], [3, 3]]), elo)
    assert scheduling.covers(np.array([[1, 3], [1, 2], [2, 3]]), elo)
    assert not scheduling.covers(np.array([[1, 1], [2, 2], [3, 3]]), elo)
    assert scheduling.wrong_pairs(np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], bool), elo)
    assert not scheduling.wrong_pairs(np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]], bool), elo)


def test_simulated_tournaments_are_played_in_whole_deals() -> None:
    tournament = scheduling.Tournament([6000, 0, 0], np.random.default_rng(0))
    tournament.play(0, 1, 5)
    tournament.play(2, 1, 4)
    results = tournament.results
    assert results.counts == {(0, 1): 5, (1, 2): 4}
    assert results.means()[2][:5].tolist() == [1.0] * 5  # nobody beats 6000


@pytest.mark.slow
@pytest.mark.parametrize("sampling", list(PUBLISHED))
def test_games_are_those_of_the_reference(sampling: str) -> None:
    """Relaxed intervals within 25 %; honest ones, whose games vary by their own size, within a factor of 2; few edges wrong."""
    for (name, (bound, relax)), published in zip(scheduling.BOUNDS.items(), PUBLISHED[sampling], strict=True):
        mean, _, _ = scheduling.graph_row(games(40), 0, sampling=sampling, bound=bound, relax=relax, delta=0.1, budget=50_000)
        assert abs(math.log(mean[0] / published)) < math.log(1.25 if relax else 2), (name, mean[0])
        assert mean[1] < (0.8 if relax else 0.1)
        assert mean[2] == 0


@pytest.mark.slow
@pytest.mark.parametrize("field", list(scheduling.FIELDS))
def test_the_scheduler_needs_at_most_two_thirds_of_the_deals(field: str) -> None:
    ours, theirs = scheduling.deals_needed(field, "ranks", 2, 20_000, 0)
    assert theirs.mean() >= 1.5 * ours.mean()


@pytest.mark.slow
def test_what_is_decided_is_right() -> None:
    """At least 93 %, within four standard errors of the tournaments."""
    for (figure, truth), (hits, tries, per_run) in scheduling.coverage(200, 300, 0.95, 7).items():
        assert hits / tries > 0.93 - 4 * max(float(np.std(per_run)), 0.2) / math.sqrt(len(per_run)), (figure, truth)


@pytest.mark.slow
def test_agents_a_margin_apart_are_seldom_called_level() -> None:
    """Two agents exactly 150 Elo apart, without draws and luck; looked at every 25 deals."""
    wrong = 0
    for run in range(100):
        tournament = scheduling.Tournament([150, 0], np.random.default_rng(run), draws=0.0, luck=0.0)
        for _ in range(12):
            tournament.play(0, 1, 25)
            if decide(tournament.results, "ranks", margin_elo=150).level[0, 1]:
                wrong += 1
                break
    assert wrong <= 12
