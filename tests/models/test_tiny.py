"""The model in the box: that it is small, standard, legal, better than random, and the same on every run."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.cli import main
from agentarena.core.match import OnUnreadable
from agentarena.core.registry import ENVS

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.agents.llm.agent import TINY

UNTAUGHT = {
    "Commons-v0",
    "Consensus-v0",
    "Economist-v0",
    "EFG-v0",
    "Football-v0",
    "Hexner-v0",
    "Hexner22-v0",
    "Household-v0",
    "Merge-v0",
    "OneStageHexner-v0",
    "PokemonVGC-v0",
    "Shop-v0",
    "SkillGame-v0",
}
"""Moves that are numbers or words, and games that are younger than the model."""
DISCRETE = sorted(set(ENVS) - UNTAUGHT)
ERRS = {"Werewolf-v0": 0.08, "FullHanabi-v0": 0.05}
"""Greatest share of replies that may be no legal move, where it is not 2 %; the model's card has the figures."""
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
    steps = 0
    while recipe is not None:  # from the last run back to the first
        steps, recipe = steps + recipe["steps"], recipe["before"]
    assert steps > 5000


@pytest.mark.parametrize("env", DISCRETE)
def test_it_knows_which_moves_are_legal(env: str) -> None:
    matches = {"Dhumbal-v0": 2, "ConnectFour-v0": 4, "KuhnPoker-v0": 30, "LevineHats-v0": 30, "LeducPoker-v0": 20, "Werewolf-v0": 20}.get(
        env, 6
    )
    runs = aa.play(env, ["tiny", *["random"] * (aa.game(env).info.seats - 1)], matches=matches, seed=11, on_unreadable=LENIENT)
    decisions = runs.ledger["tiny"].decisions
    faults = sum(record.seats[fault["seat"]].agent == "tiny" for record in runs.records for fault in record.faults)
    assert decisions >= 15
    assert faults <= max(1, ERRS.get(env, 0.02) * decisions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("env", "matches"),
    [("TicTacToe-v0", 60), ("ConnectFour-v0", 20), ("KuhnPoker-v0", 800), ("LeducPoker-v0", 600), ("Dhumbal-v0", 20)],
)
def test_it_beats_random(env: str, matches: int) -> None:
    runs = aa.play(
        env, ["tiny", *["random"] * (aa.game(env).info.seats - 1)], matches=matches, seed=5, concurrency=64, on_unreadable=LENIENT
    )
    mine = next(one for one in runs.table() if one["agent"] == "tiny")
    assert mine["return_interval"][0] > 0  # what random players would win of each other


@pytest.mark.parametrize("parameters", ["", "?temperature=1.0"])
def test_equal_seeds_give_equal_records_at_any_concurrency(parameters: str) -> None:
    lines = [
        [record.line() for record in aa.play("LeducPoker-v0", [f"tiny{parameters}", "random"], matches=8, seed=3, concurrency=c).records]
        for c in (1, 3, 8)
    ]
    assert lines[0] == lines[1] == lines[2]


def test_it_plays_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs.jsonl"
    with contextlib.suppress(SystemExit):
        main(["play", "TicTacToe-v0", "tiny", "random", "--matches", "8", "--quiet", "--out", str(out)])
    assert "tiny" in capsys.readouterr().out
    assert len(out.read_text().splitlines()) == 8
