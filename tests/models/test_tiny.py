"""The model in the box: that it is small, standard, legal, better than random, and the same on every run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import agentarena as aa
from agentarena.cli import main
from agentarena.core.registry import ENVS
from agentarena.play import OnUnreadable

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.agents.llm.agent import TINY

DISCRETE = sorted(set(ENVS) - {"Commons-v0", "Economist-v0"})
LENIENT = OnUnreadable(retries=0, then="random")


def test_it_is_a_standard_model_of_at_most_ten_megabytes() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert sum(path.stat().st_size for path in TINY.glob("*.safetensors")) <= 10_000_000
    assert sorted(path.suffix for path in TINY.iterdir() if path.suffix in (".bin", ".pt", ".pkl")) == []
    model, tokenizer = AutoModelForCausalLM.from_pretrained(TINY), AutoTokenizer.from_pretrained(TINY)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert "<|im_start|>assistant" in tokenizer.chat_template
    recipe = json.loads((TINY / "recipe.json").read_text())
    assert recipe["hidden"] == model.config.hidden_size
    assert recipe["steps"] > 1000


@pytest.mark.parametrize("env", DISCRETE)
def test_it_knows_which_moves_are_legal(env: str) -> None:
    matches = {"Dhumbal-v0": 4, "ConnectFour-v0": 10, "Werewolf-v0": 6, "KuhnPoker-v0": 100, "LevineHats-v0": 100}.get(env, 20)
    runs = aa.play(env, ["tiny", *["random"] * (aa.game(env).info.seats - 1)], matches=matches, seed=11, on_unreadable=LENIENT)
    decisions = runs.ledger["tiny"].decisions
    faults = sum(record.seats[fault["seat"]].agent == "tiny" for record in runs.records for fault in record.faults)
    assert decisions >= 40
    assert faults <= max(1, 0.02 * decisions)  # the tables of docs/language-models.md have narrower intervals


@pytest.mark.parametrize(
    ("env", "matches"), [("TicTacToe-v0", 100), ("ConnectFour-v0", 60), ("KuhnPoker-v0", 1000), ("LeducPoker-v0", 600), ("Dhumbal-v0", 60)]
)
def test_it_beats_random(env: str, matches: int) -> None:
    runs = aa.play(env, ["tiny", *["random"] * (aa.game(env).info.seats - 1)], matches=matches, seed=5, concurrency=64)
    mine = next(one for one in runs.table() if one["agent"] == "tiny")
    assert mine["return_interval"][0] > 0  # what random players would win of each other


@pytest.mark.parametrize("parameters", ["", "?temperature=1.0"])
def test_equal_seeds_give_equal_records_at_any_concurrency(parameters: str) -> None:
    lines = [
        [record.line() for record in aa.play("LeducPoker-v0", [f"tiny{parameters}", "random"], matches=24, seed=3, concurrency=c).records]
        for c in (1, 7, 64)
    ]
    assert lines[0] == lines[1] == lines[2]


def test_it_plays_from_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    done = CliRunner().invoke(main, ["play", "TicTacToe-v0", "tiny", "random", "--matches", "20", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "tiny" in done.output
    assert len(out.read_text().splitlines()) == 20
