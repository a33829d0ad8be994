"""The network that is saved is the one that was trained: equal outputs, and what it is built back from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np
import torch

from agentarena.agents.rl.network import PolicyNetwork
from agentarena.agents.rl.policy_file import load_policy
from agentarena.core.errors import BadOption
from agentarena.core.registry import game
from agentarena.train.rl import RLConfig, train
from agentarena.train.rl.dqn import make_dqn
from agentarena.train.rl.env import ArenaVecEnv, Group
from agentarena.train.rl.policies import export, install
from agentarena.train.rl.ppo import make_ppo


def _model(seed: int, **settings: Any) -> tuple[Any, RLConfig]:
    config = RLConfig(env="LeducPoker-v0", num_envs=4, n_steps=4, **settings)
    torch.manual_seed(seed)
    env = ArenaVecEnv(game(config.env), [Group("self", 4)])
    return (make_ppo if config.algorithm == "ppo" else make_dqn)(config, env), config


@pytest.mark.parametrize("hidden", [(), (16,), (32, 8, 4)], ids=str)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_equal_logits_and_values(hidden: tuple[int, ...], activation: str) -> None:
    model, config = _model(1, hidden=hidden, activation=activation)
    network = export(model, config)
    rows = torch.randn(20, model.observation_space.shape[0])
    with torch.no_grad():
        distribution = model.policy.get_distribution(rows).distribution
        logits = network(rows)
        assert torch.allclose(distribution.logits, logits.log_softmax(-1), atol=1e-6)
        assert network.value is not None
        assert torch.allclose(model.policy.predict_values(rows), network.value(rows), atol=1e-6)


def test_equal_q_values() -> None:
    model, config = _model(2, algorithm="dqn", hidden=(16, 16))
    network = export(model, config)
    rows = torch.randn(20, model.observation_space.shape[0])
    assert network.value is None
    assert torch.allclose(model.q_net(rows), network(rows), atol=1e-6)


def test_a_network_goes_back_into_a_model() -> None:
    one, config = _model(1, hidden=(16,))
    two, _ = _model(2, hidden=(16,))
    install(two, export(one, config))
    rows = torch.randn(5, one.observation_space.shape[0])
    assert torch.equal(export(two, config)(rows), export(one, config)(rows))
    other, wide = _model(3, hidden=(8,))
    with pytest.raises(BadOption, match=r"layers 8 - 3; this run's has 16 - 3: set hidden alike"):
        install(one, export(other, wide))


def _weights(network: PolicyNetwork) -> np.ndarray:
    return torch.cat([tensor.flatten() for tensor in network.state_dict().values()]).numpy()


def test_a_run_begins_with_another_runs_policy(tmp_path: Path) -> None:
    small: dict[str, Any] = {"env": "KuhnPoker-v0", "hidden": (8,), "num_envs": 8, "n_steps": 8, "total_steps": 64}
    first = train(RLConfig(output_dir=str(tmp_path / "a"), **small))
    begun = train(RLConfig(output_dir=str(tmp_path / "b"), init_from=str(first.policy), **small))
    initial = load_policy(tmp_path / "b" / "policy-0.safetensors")
    assert (_weights(initial.network) == _weights(load_policy(first.policy).network)).all()
    assert load_policy(begun.policy).digest != initial.digest
    with pytest.raises(BadOption, match="cannot be trained on LeducPoker-v0: its policy was trained on KuhnPoker-v0"):
        train(RLConfig(output_dir=str(tmp_path / "c"), init_from=str(first.policy), **{**small, "env": "LeducPoker-v0"}))


def test_what_a_policy_file_says(tmp_path: Path) -> None:
    small: dict[str, Any] = {"env": "TicTacToe-v0", "hidden": (8,), "num_envs": 8, "n_steps": 8, "total_steps": 64, "batch_size": 16}
    ppo = load_policy(train(RLConfig(output_dir=str(tmp_path / "a"), **small)).policy)
    dqn = load_policy(train(RLConfig(output_dir=str(tmp_path / "b"), algorithm="dqn", **small)).policy)
    own = load_policy(train(RLConfig(output_dir=str(tmp_path / "c"), seat=1, opponents={"random": 1.0}, **small)).policy)
    assert (ppo.algorithm, ppo.greedy, ppo.seats, ppo.steps) == ("ppo", False, (0, 1), 64)
    assert (dqn.algorithm, dqn.greedy, dqn.seats, dqn.steps) == ("dqn", True, (0, 1), 64)
    assert own.seats == (1,)
