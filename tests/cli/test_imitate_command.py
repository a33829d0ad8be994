"""`agentarena train imitate`: a policy file of what an agent played in records."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import agentarena as aa
from agentarena.agents.rl.agent import NetworkAgent


def test_the_command_writes_a_policy_that_plays(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    aa.play("TicTacToe-v0", ["minimax", "random"], matches=60, seed=2, out="ttt.jsonl")
    arguments = ["ttt.jsonl", "--agent", "minimax", "-o", "clone.safetensors", "--epochs", "3", "--greedy"]
    code, out, err = run("train", "imitate", *arguments, "--hidden", "32")
    assert code == 0, err
    assert "play it as rl:clone.safetensors" in out
    assert NetworkAgent("clone.safetensors").greedy
    assert not aa.play("TicTacToe-v0", ["rl:clone.safetensors", "random"], matches=4).records[0].faults


def test_what_cannot_be_learned_is_said(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    aa.play("TicTacToe-v0", ["random", "random"], matches=2, out="ttt.jsonl")
    code, _, err = run("train", "imitate", "ttt.jsonl", "-o", "clone.safetensors", "--agent", "minimax")
    assert code != 0
    assert "hold no decision to learn from" in err
    code, _, err = run("train", "imitate", "ttt.jsonl", "-o", "clone.safetensors", "--hidden", "a,b")
    assert code != 0
    assert "expected sizes of layers" in err
