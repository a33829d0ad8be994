"""`agentarena train psro`, `league` and `population-report`, and the examples."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_psro_runs_resumes_and_reports(run, tmp_path):
    command = ("train", "psro", "KuhnPoker-v0", "--oracle", "exact", "--meta-solver", "nash", "--out", "runs/psro-kuhn")
    code, out, err = run(*command)
    assert code == 0, err
    assert "after no new best response" in out
    assert "iteration    0  policies 1 1  NashConv 9.167e-01" in err
    before = (tmp_path / "runs/psro-kuhn/payoffs.jsonl").read_bytes()
    assert run(*command, "--quiet")[0] == 0
    assert (tmp_path / "runs/psro-kuhn/payoffs.jsonl").read_bytes() == before
    code, out, _ = run("train", "population-report", "runs/psro-kuhn")
    assert code == 0
    assert "<svg" in (tmp_path / "runs/psro-kuhn/report.html").read_text()
    assert run(*command, "--seed", "1")[0] == 2  # another run's folder


def test_misuse_is_one_line(run):
    code, _, err = run("train", "psro", "KuhnPoker-v0", "--meta-solver", "nahs", "--out", "x")
    assert code == 2
    assert "nash" in err
    code, _, err = run("train", "psro", "KuhnPoker-v0", "-s", "total_steps=5", "--out", "y")
    assert code == 2
    assert "has no settings" in err


def test_a_leagues_configuration_is_shown(run):
    recipe = str(ROOT / "recipes" / "league_connectfour.toml")
    code, out, err = run("train", "league", "--config", recipe, "-s", "generations=2", "--dry-run")
    assert code == 0, err
    config = json.loads(out)
    assert config["generations"] == 2
    assert config["players"]["exploiter"] == {"style": "exploiter", "target": "fp", "reset": True, "rl": {}}
    code, out, _ = run("train", "league", "--list-settings")
    assert code == 0
    assert "players.NAME.style = 'fp'" in out


def test_the_league_command(run):
    pytest.importorskip("stable_baselines3")
    Path("league.toml").write_text(
        'env = "TicTacToe-v0"\ngenerations = 1\nsteps = 128\ndeals = 2\noutput_dir = "runs/league"\n'
        '[rl]\nnum_envs = 8\nn_steps = 16\nbatch_size = 32\nhidden = [8]\n[players.sp]\nstyle = "sp"\n'
    )
    code, out, err = run("train", "league", "--config", "league.toml")
    assert code == 0, err
    assert "sp-1" in out
    assert "generation   1" in err


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("psro_leduc", ["--iterations", "2"]), ("league_connectfour", ["--generations", "1", "--steps", "512", "--deals", "2"])],
)
def test_examples(name, arguments, tmp_path, monkeypatch, capsys):
    if name.startswith("league"):
        pytest.importorskip("stable_baselines3")
    monkeypatch.setattr(sys, "argv", [name, *arguments, "--out", str(tmp_path / "run")])
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
    assert capsys.readouterr().out
