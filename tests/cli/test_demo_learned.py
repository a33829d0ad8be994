"""`agentarena demo --learned` seats the paper's networks in its tournaments."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agentarena.envs.dhumbal.analysis.learners import HIDDEN, OUTPUTS, STATE, save_layers


@pytest.mark.slow
def test_the_learned_players_are_in_the_tables(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    sizes, rng = (STATE, *HIDDEN, OUTPUTS), np.random.default_rng(0)
    for name in ("dqn", "ppo"):
        layers = {}
        for number, (before, after) in enumerate(itertools.pairwise(sizes)):
            layers[f"{number}.weight"] = rng.normal(size=(after, before)) * 0.1
            layers[f"{number}.bias"] = np.zeros(after)
        save_layers(tmp_path / "nets" / f"{name}.safetensors", layers)
    counts = ("--rounds", "12", "--search-rounds", "4", "--simulations", "3", "--workers", "1", "--quiet")
    code, out, err = run("demo", *counts, "--learned", str(tmp_path / "nets"))
    assert code == 0, err
    for figure in ("55.4", "44.6", "47.1", "52.9", "88.3"):  # the published win % of PPO, DQN, MCTS, ISMCTS and Aggressive
        assert figure in out
    assert "DQN (dqn)" in out
