"""`agentarena train ppo` and `dqn`: from a file or from the command line, interrupted and gone on with, and their curves."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("sb3_contrib")

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = [part for setting in ("hidden=(8,)", "num_envs=8", "n_steps=8", "stage_steps=128", "batch_size=16") for part in ("-s", setting)]


def test_a_run_without_a_file(run, tmp_path):
    words = ("train", "ppo", "KuhnPoker-v0", "--steps", "256", "--opponents", "self", "--opponents", "random")
    code, out, err = run(*words, "--eval", "random", "--out", "runs/x", "-s", "eval_matches=40", "-s", "eval_exact=true", *SMALL)
    assert code == 0, err
    assert "256 of 256" in err
    assert "steps/s" in err
    assert "min left" in err
    assert "KuhnPoker-v0 nash_conv" in out
    assert "agentarena play KuhnPoker-v0 rl:runs/x/policy-256.safetensors random" in out
    assert (tmp_path / "runs/x/curves.png").read_bytes()[:4] == b"\x89PNG"
    lines = [json.loads(line) for line in (tmp_path / "runs/x/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [64, 128, 192, 256]
    assert lines[-1]["opponents"] == {"self": 4, "random": 4}

    code, out, err = run("train", "curves", "runs/x", "-o", "two.png")
    assert (code, "wrote two.png" in out) == (0, True), err
    code, out, err = run("train", "curves", "runs/x", "-o", "two.html")
    assert code == 0, err
    page = (tmp_path / "two.html").read_text()
    assert "KuhnPoker-v0 nash_conv" in page
    assert "256 steps" in page
    assert "n_epochs" in page


def test_a_policy_plays_by_the_command_that_is_printed(run):
    code, out, err = run("train", "dqn", "TicTacToe-v0", "--steps", "128", "--quiet", *SMALL)
    assert (code, err) == (0, "")
    assert "runs/tictactoe-v0-dqn/policy-128.safetensors" in out
    code, out, err = run("play", "TicTacToe-v0", "rl:runs/tictactoe-v0-dqn/policy-128.safetensors", "random", "--matches", "4")
    assert code == 0, err


@pytest.mark.parametrize("name", ["kuhn_ppo", "leduc_ppo", "connectfour_ppo", "tictactoe_dqn"])
def test_recipes_and_changes(run, name):
    algorithm = name.rpartition("_")[2]
    words = ("--config", str(RECIPES / f"{name}.toml"), "--steps", "5", "-s", "opponents.past=0.5", "-s", "seed=3", "--dry-run")
    code, out, err = run("train", algorithm, *words)
    assert code == 0, err
    config = json.loads(out)
    assert (config["algorithm"], config["total_steps"], config["seed"], config["opponents"]["past"]) == (algorithm, 5, 3, 0.5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name an environment"),
        (("KuhnPoke-v0",), "KuhnPoker-v0"),
        (("KuhnPoker-v0", "-s", "lerning_rate=1"), "unknown setting 'lerning_rate'"),
        (("KuhnPoker-v0", "--opponents", "minimax"), "opponents: 'minimax' cannot play KuhnPoker-v0"),
        (("Economist-v0",), "Discrete"),
    ],
    ids=range(5),
)
def test_misuse_is_one_line(run, words, message):
    code, out, err = run("train", "ppo", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_every_setting_is_listed(run):
    from agentarena.train.rl import RLConfig

    code, out, _ = run("train", "ppo", "--list-settings")
    assert code == 0
    assert all(f"\n{name}" in f"\n{out}" for name in RLConfig.__dataclass_fields__)
    assert "exploration" in out


def test_ctrl_c_saves_after_the_stage_and_says_how_to_go_on(run, monkeypatch):
    from agentarena.train.rl import trainer

    real = trainer._Run.log

    def log(self, figures):
        real(self, figures)
        if figures["step"] == 64:
            os.kill(os.getpid(), signal.SIGINT)

    words = ("train", "ppo", "KuhnPoker-v0", "--steps", "512", "--out", "runs/y", *SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(trainer._Run, "log", log)
        code, out, err = run(*words)
    assert code == 130
    assert "this stage is finished and saved first" in err
    assert "saved runs/y/policy-128.safetensors; to go on: agentarena train ppo KuhnPoker-v0 --steps 512 --out runs/y -s" in out
    code, out, err = run(*words)
    assert code == 0, err
    assert "policy-512.safetensors" in out


def test_a_second_ctrl_c_ends_at_once(run, monkeypatch):
    from agentarena.train.rl import trainer

    real = trainer._Run.log

    def log(self, figures):
        real(self, figures)
        if figures["step"] in (192, 256):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(trainer._Run, "log", log)
    code, out, _ = run(
        "train", "ppo", "KuhnPoker-v0", "--steps", "1024", "--out", "runs/y", "-s", "stage_steps=320", *SMALL[:6], *SMALL[8:]
    )
    assert code == 130
    assert "ended within a stage; to go on from the one before: agentarena train ppo" in out
