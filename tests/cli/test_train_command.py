"""`agentarena train selfplay` from a recipe, with settings that override it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

RECIPE = str(Path(__file__).parents[2] / "recipes" / "kuhn.toml")
SMALL = "{'hidden_size': 16, 'num_hidden_layers': 1, 'num_attention_heads': 2, 'intermediate_size': 32, 'vocab_size': 400}"


def test_settings_on_the_command_line_override_the_file(run, tmp_path):
    settings = ["output_dir=out", "max_steps=1", "matches=6", f"model={SMALL}"]
    code, out, err = run("train", "selfplay", "--config", RECIPE, *[part for setting in settings for part in ("-s", setting)])
    assert code == 0, err
    assert "KuhnPoker-v0 nash_conv" in out
    (line,) = (tmp_path / "out" / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 1


def test_an_unknown_setting_is_named(run):
    code, _, err = run("train", "selfplay", "--config", RECIPE, "-s", "lerning_rate=1")
    assert code != 0
    assert "unknown setting 'lerning_rate'" in err
    assert "learning_rate" in err
