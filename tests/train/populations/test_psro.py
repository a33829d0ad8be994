"""PSRO, double oracle and fictitious play against published and exact values; resumption; oracles."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from agentarena import game as game_of
from agentarena.core.errors import BadOption, NotSupported, RecordMismatch, UntrustedRecord
from agentarena.evaluate import nash_conv
from agentarena.train.populations import CandidateOracle, ExactOracle, double_oracle, exploit, matrix_fictitious_play, psro, write_report
from agentarena.train.populations.exact import ExactGame
from agentarena.train.populations.journal import recorded_spec
from agentarena.train.populations.oracles import oracle_of

RPS = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
BIASED = (np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]]) / 50).tolist()
EXACT = ExactOracle()


def test_kuhn_ends_at_an_equilibrium_when_no_new_best_response_exists(tmp_path):
    run = psro("KuhnPoker-v0", EXACT, "nash", folder=tmp_path)
    assert run.converged
    assert run.nash_conv == pytest.approx(0.0, abs=1e-12)
    assert run.iterations[-1].returns[0] == pytest.approx(-1 / 18, abs=1e-12)
    spec = run.save_policy(tmp_path / "solution.json")
    assert nash_conv("KuhnPoker-v0", spec) == pytest.approx(0.0, abs=1e-12)  # one tabular policy that plays as the mixtures do


def test_the_uniform_meta_solver_is_fictitious_play(tmp_path):
    run = psro("KuhnPoker-v0", EXACT, "uniform", folder=tmp_path, repeats=True, iterations=10)
    figures = [one.nash_conv for one in run.iterations]
    assert [figures[t] for t in (1, 2, 3, 10)] == pytest.approx([0.625, 0.4166667, 0.3541667, 0.1666667], abs=1e-6)


@pytest.mark.parametrize("meta_solver", ["alpharank", "prd?steps=500", "rectified", "prioritized", "risk_averse?steps=100"])
def test_every_meta_solver_improves_on_random(tmp_path, meta_solver):
    run = psro("KuhnPoker-v0", EXACT, meta_solver, folder=tmp_path, iterations=8)
    assert min(one.nash_conv for one in run.iterations) < 0.4


def test_naive_self_play_runs_in_circles(tmp_path):
    assert psro("KuhnPoker-v0", EXACT, "latest", folder=tmp_path, iterations=8).nash_conv > 0.9


def test_killed_anywhere_it_resumes_to_the_same_files(tmp_path):
    def run(folder):
        psro("KuhnPoker-v0", EXACT, "nash", folder=folder, exact=False, deals=20, iterations=3)
        return {name: (folder / name).read_bytes() for name in ("payoffs.jsonl", "responses.jsonl")}

    folder = tmp_path / "run"
    whole = run(folder)
    for name in whole:
        for part in (1, 2, 3):
            (folder / name).write_bytes(whole[name][: part * len(whole[name]) // 4])
            assert run(folder) == whole
    (folder / "responses.jsonl").write_bytes(whole["responses.jsonl"][:-20])
    shutil.rmtree(folder / "policies" / "seat1-0003")
    assert run(folder) == whole
    with pytest.raises(RecordMismatch, match="meta_solver"):
        psro("KuhnPoker-v0", EXACT, "uniform", folder=folder, exact=False, deals=20, iterations=3)


def test_one_population_of_candidates_for_all_seats(tmp_path):
    oracle = CandidateOracle(
        ["rockpaperscissors/always?action=0", "rockpaperscissors/always?action=1", "rockpaperscissors/always?action=2"], deals=1
    )
    run = psro(
        "RockPaperScissors-v0",
        oracle,
        "nash",
        folder=tmp_path,
        shared=True,
        initial=["rockpaperscissors/always?action=0"],
        deals=1,
        iterations=5,
    )
    assert run.converged
    assert len(run.table.population(0)) == 3
    assert list(run.mixtures[0].values()) == pytest.approx([1 / 3] * 3)


def test_an_exploiters_gain_is_a_lower_bound(tmp_path):
    mixtures = [{"random": 1.0}, {"random": 1.0}]
    gains = ExactGame(game_of("KuhnPoker-v0")).gains(mixtures)
    found = exploit("KuhnPoker-v0", mixtures, EXACT, folder=tmp_path, seat=0, deals=1500)
    assert found.lower_bound == pytest.approx(gains[0], abs=0.15)
    assert found.exploiter.interval.low < found.exploiter.mean < found.exploiter.interval.high


def test_a_mixture_is_drawn_once_a_match():
    """Half always bet, half always pass, is no player who tosses a coin at every decision."""
    exact = ExactGame(game_of("KuhnPoker-v0"))
    mixture = {"kuhnpoker/nash": 0.5, "random": 0.5}
    tables = [exact.table(seat, mixture) for seat in (0, 1)]
    assert nash_conv("KuhnPoker-v0", tables) == pytest.approx(exact.nash_conv([mixture, mixture]), abs=1e-12)


def test_double_oracle_on_random_games():
    found = double_oracle(np.random.default_rng(0).uniform(-1, 1, (60, 60)))
    assert found.gap < 1e-7
    assert 30 <= found.iterations <= 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_double_oracle_on_200_by_200(seed):
    found = double_oracle(np.random.default_rng(seed).uniform(-1, 1, (200, 200)))
    assert 136 <= found.iterations <= 147


@pytest.mark.parametrize(
    ("payoffs", "expected"),
    [(RPS, {1: 2.0, 10: 0.4, 100: 0.14, 1000: 0.028, 10000: 0.008}), (BIASED, {1: 1.0, 10: 0.1, 100: 0.048, 1000: 0.0183, 10000: 0.00496})],
)
def test_fictitious_play_on_matrices(payoffs, expected):
    figures = matrix_fictitious_play(payoffs, list(expected))
    assert figures == pytest.approx(expected, rel=5e-3)


@pytest.mark.slow
def test_leduc_below_a_fifth(tmp_path):
    run = psro("LeducPoker-v0", EXACT, "nash", folder=tmp_path, iterations=150, tolerance=0.2)
    assert run.nash_conv <= 0.2


def test_what_cannot_be_is_said(tmp_path):
    with pytest.raises(BadOption, match="spec strings"):
        psro("KuhnPoker-v0", EXACT, folder=tmp_path / "a?b")
    with pytest.raises(NotSupported, match="histories"):
        psro("ConnectFour-v0", EXACT, folder=tmp_path / "four", deals=1, iterations=1)
    with pytest.raises(NotSupported, match="shared=False"):
        psro("KuhnPoker-v0", EXACT, folder=tmp_path / "kuhn", shared=True, deals=1, iterations=1)
    with pytest.raises(BadOption, match="'exact', 'ppo'"):
        oracle_of("exat", {})
    with pytest.raises(BadOption, match="list of spec strings"):
        CandidateOracle("mcts")


@pytest.mark.parametrize("spec", ["mine.py:Mine", "sb3:x.zip?trust=true", "rl:../x.safetensors", "table:x.json", 7], ids=str)
def test_a_file_that_names_other_agents_is_refused(tmp_path, spec):
    with pytest.raises(UntrustedRecord, match="none of the run's own files"):
        recorded_spec(spec, tmp_path, ())
    assert recorded_spec("minimax", tmp_path, ()) == "minimax"
    assert recorded_spec(own := f"table:{tmp_path}/policies/policy.json", tmp_path, ()) == own
    assert recorded_spec("mine.py:Mine", tmp_path, ["mine.py:Mine"]) == "mine.py:Mine"  # the caller's own word


def test_a_report_runs_no_code_that_a_file_names(tmp_path, monkeypatch):
    psro("KuhnPoker-v0", EXACT, "nash", iterations=1, folder=tmp_path)
    write_report(tmp_path, tmp_path / "report.html")
    (tmp_path / "pwned.py").write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    payoffs = tmp_path / "payoffs.jsonl"
    payoffs.write_text(payoffs.read_text().replace("KuhnPoker-v0", "pwned:X"))
    with pytest.raises(UntrustedRecord, match="trust"):
        write_report(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "ran").exists()
