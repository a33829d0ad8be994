"""`agentarena train selfplay` from a recipe, with settings that override it."""

from __future__ import annotations

import json
import signal
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


def test_an_entry_of_a_table_is_set_by_a_dotted_name(run):
    code, out, err = run(
        "train", "selfplay", "--config", RECIPE, "-s", "model.hidden_size=96", "-s", "games.LeducPoker-v0=0.5", "--dry-run"
    )
    assert code == 0, err
    config = json.loads(out)
    assert config["model"]["hidden_size"] == 96
    assert config["model"]["num_attention_heads"] == 4
    assert config["games"] == {"KuhnPoker-v0": 1.0, "LeducPoker-v0": 0.5}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.hiden_size=9", "unknown setting 'model.hiden_size'"),
        ("max_steps=no", "max_steps must be a whole number"),
        ("x", "not name=value"),
    ],
)
def test_bad_settings_are_one_line(run, setting, message):
    code, out, err = run("train", "selfplay", "--config", RECIPE, "-s", setting, "--dry-run")
    assert (code, out) == (2, "")
    assert message in err


def test_every_setting_is_listed_with_its_words(run):
    code, out, _ = run("train", "selfplay", "--list-settings")
    assert code == 0
    lines = out.splitlines()
    assert "max_steps = 100" in lines
    assert "model.hidden_size = 48" in lines
    assert all(line.strip() for line in lines)
    assert "    Updates in a row that such a sign stands before that." in lines


def test_ctrl_c_saves_after_the_update_and_says_how_to_go_on(run, tmp_path, monkeypatch):
    from agentarena.train import recipe

    update = recipe.SelfPlay.update

    def pressed(self):
        signal.raise_signal(signal.SIGINT)
        return update(self)

    monkeypatch.setattr(recipe.SelfPlay, "update", pressed)
    code, out, err = run(
        "train", "selfplay", "--config", RECIPE, "-s", "output_dir=out", "-s", "max_steps=3", "-s", "matches=6", "-s", f"model={SMALL}"
    )
    assert code == 130
    assert "this update is finished and saved first" in err
    assert "to go on: agentarena train selfplay" in out
    assert (tmp_path / "out" / "checkpoint-1" / "run.json").is_file()


def test_curves_of_runs_are_one_page(run, tmp_path):
    for name, figure in (("one", 0.5), ("two", 0.25)):
        (tmp_path / name / "samples").mkdir(parents=True)
        steps = [{"step": n, "loss": 1.0 / n, "KuhnPoker-v0 nash_conv": figure, "alerts": ["<b>loud"]} for n in (1, 2, 3)]
        (tmp_path / name / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in steps))
        (tmp_path / name / "samples" / "step-3-KuhnPoker-v0.txt").write_text("seat 0 replies: <i>bet")
    code, out, err = run("train", "curves", "one", "two", "-o", "page.html")
    assert (code, out.strip()) == (0, "wrote page.html"), err
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 2
    assert "update 3: &lt;b&gt;loud" in page
    assert "seat 0 replies: &lt;i&gt;bet" in page
    assert "<i>bet" not in page


def test_a_folder_without_a_log_is_named(run, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run("train", "curves", "empty")
    assert code == 2
    assert "empty holds no log.jsonl" in err
