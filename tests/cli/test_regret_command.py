"""`agentarena train regret`: fine-tuning by the regret loss from the command line."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

SMALL = """
options = { rounds = 4 }
max_steps = 1
matches = 2
eval_matches = 2
output_dir = "run"
model = { hidden_size = 16, num_hidden_layers = 1, num_attention_heads = 2, intermediate_size = 32, vocab_size = 350 }
"""


def test_the_command_measures_before_and_after(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    code, out, err = run("train", "regret", "--config", "small.toml")
    assert code == 0, err
    assert "regret of hedge" in out
    assert (tmp_path / "run" / "model.safetensors").exists()
    code, out, _ = run("train", "regret", "--config", "small.toml", "--dry-run", "-s", "matches=3")
    assert code == 0
    assert '"matches": 3' in out
    code, out, _ = run("train", "regret", "--list-settings")
    assert code == 0
    assert "sharpness" in out


def test_a_run_is_not_written_over(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.jsonl").write_text("")
    code, _, err = run("train", "regret", "--config", "small.toml")
    assert code != 0
    assert "holds a run already" in err
