"""`agentarena train selfplay` from a recipe, with settings that override it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.cli import main

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = "{'hidden_size': 16, 'num_hidden_layers': 1, 'num_attention_heads': 2, 'intermediate_size': 32, 'vocab_size': 400}"


def run(*arguments: str):
    return CliRunner().invoke(main, ["train", "selfplay", "--config", str(RECIPES / "kuhn.toml"), *arguments])


def test_settings_on_the_command_line_override_the_file(tmp_path):
    settings = [f"output_dir={tmp_path}", "max_steps=1", "matches=6", f"model={SMALL}"]
    result = run(*[part for setting in settings for part in ("-s", setting)])
    assert result.exit_code == 0, result.output
    assert "KuhnPoker-v0 nash_conv" in result.output
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 1


def test_an_unknown_setting_is_named(tmp_path):
    result = run("-s", f"output_dir={tmp_path}", "-s", "lerning_rate=1")
    assert result.exit_code != 0
    assert "unknown setting 'lerning_rate'" in str(result.exception or result.output)
    assert "learning_rate" in str(result.exception or result.output)
