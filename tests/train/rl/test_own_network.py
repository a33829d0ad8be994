"""PPO on a network of one's own, and the oracle of populations that trains with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentarena.core import registry
from agentarena.core.errors import NotSupported

torch = pytest.importorskip("torch")
pytest.importorskip("sb3_contrib")

from agentarena.train.populations.network_oracle import OwnNetworkOracle  # noqa: E402
from agentarena.train.rl.env import ArenaVecEnv, Group  # noqa: E402
from agentarena.train.rl.own_network import OwnPPO, train_network  # noqa: E402


class TwoHeads(torch.nn.Module):  # type: ignore[name-defined, misc]
    """Logits and a value by one hidden layer."""

    def __init__(self, inputs: int, actions: int) -> None:
        super().__init__()
        self.trunk = torch.nn.Sequential(torch.nn.Linear(inputs, 32), torch.nn.ReLU())
        self.policy, self.value = torch.nn.Linear(32, actions), torch.nn.Linear(32, 1)

    def forward(self, observations: Any) -> Any:
        known = self.trunk(observations)
        return self.policy(known), self.value(known).squeeze(-1)


def fresh(game: Any) -> TwoHeads:
    torch.manual_seed(0)
    env = ArenaVecEnv(game, [Group("self", 2)])
    size, actions = env.observation_space.shape[0], int(env.action_space.n)  # type: ignore[index, attr-defined]
    env.close()
    return TwoHeads(size, actions)


def test_it_learns_to_beat_random_play() -> None:
    game = registry.game("TicTacToe-v0")
    module, wins = fresh(game), []
    settings = OwnPPO(num_envs=32, n_steps=16, learning_rate=3e-3)
    train_network(game, module, settings, rounds=15, groups=[Group("random", 32, "random")], report=lambda f: wins.append(f) or True)
    assert wins[-1]["explained_variance"] > wins[0]["explained_variance"]
    assert wins[-1]["entropy"] < wins[0]["entropy"]


def test_in_value_rounds_the_value_alone_learns() -> None:
    game = registry.game("TicTacToe-v0")
    module = fresh(game)
    before = {name: weight.clone() for name, weight in module.named_parameters()}
    steps = train_network(game, module, OwnPPO(num_envs=4, n_steps=16, value_rounds=1), rounds=1)
    moved = {name for name, weight in module.named_parameters() if not torch.equal(weight, before[name])}
    assert steps == 64
    assert moved == {"value.weight", "value.bias"}


def test_a_report_ends_the_run_and_runs_repeat() -> None:
    game, ends = registry.game("TicTacToe-v0"), []
    for _ in range(2):
        module = fresh(game)
        assert train_network(game, module, OwnPPO(num_envs=4, n_steps=8), rounds=9, report=lambda f: False) == 32
        ends.append(torch.cat([weight.detach().ravel() for weight in module.parameters()]))
    assert torch.equal(*ends)


def test_the_oracle_answers_for_all_seats_only(tmp_path: Path) -> None:
    game = registry.game("TicTacToe-v0")
    oracle = OwnNetworkOracle("two heads", lambda previous: fresh(game), lambda folder, module: "random", {"num_envs": 4, "n_steps": 8}, 1)
    mixtures = [{"random": 1.0}] * 2
    assert oracle.respond(game, -1, mixtures, seed=0, folder=tmp_path / "a", previous="random") == "random"
    with pytest.raises(NotSupported, match="shared=True"):
        oracle.respond(game, 0, mixtures, seed=0, folder=tmp_path / "b", previous="random")
