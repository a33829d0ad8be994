"""The example with the paper's settings and the benchmark that trains a policy run, small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import agentarena as aa
from agentarena.envs.dhumbal.analysis.learners import load_layers
from benchmarks.dhumbal_rl import decisions, show

ROOT = Path(__file__).parents[3]


def test_decisions_to_clone_from() -> None:
    game = aa.game("Dhumbal-v0")
    observations, masks, actions, returns = decisions(game, "dhumbal/aggressive", 20, 0)
    assert observations.shape == (len(actions), 445)
    assert masks[np.arange(len(actions)), actions].all()
    assert returns.shape == actions.shape
    assert returns.any()


def test_a_line_of_the_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    show("Aggressive v 3 Random", 4, ["dhumbal/aggressive", *["dhumbal/random"] * 3], matches=202)
    line = capsys.readouterr().out
    assert line.startswith("| Aggressive v 3 Random | standard | 9")  # about 96 %


@pytest.mark.slow
def test_the_example_with_the_papers_settings(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    arguments = [sys.executable, str(ROOT / "examples" / "dhumbal_paper_rl.py"), "--episodes", "40", "--out", str(tmp_path)]
    answer = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False)
    assert answer.returncode == 0, answer.stderr
    for name in ("dqn", "ppo"):
        load_layers(tmp_path / f"{name}.safetensors")
