"""Policy files at the table: batched, masked, drawn from each decision's own stream, exact, and the same on arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from decision_views import decision_views

import agentarena as aa
from agentarena.agents.rl.agent import NetworkAgent
from agentarena.agents.rl.choice import probabilities
from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork, flat_size
from agentarena.agents.rl.policy_file import load_policy, save_policy
from agentarena.agents.specs import harmless
from agentarena.agents.suitability import refusal
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, NotSupported, UsageError


def _policy(path: Path, env: str, seed: int = 0, **changes: Any) -> str:
    """A random policy of a game, its outputs large enough to matter."""
    game = aa.game(env)
    torch.manual_seed(seed)
    network = PolicyNetwork(NetworkSpec(flat_size(game.observation_space(0)), int(game.action_space(0).n), (16,)))  # type: ignore[attr-defined]
    torch.nn.init.normal_(network.policy[2].weight, std=2.0)  # type: ignore[arg-type]
    save_policy(path, network, game, seats=range(game.info.seats), algorithm="ppo", steps=1, **changes)  # type: ignore[arg-type]
    return f"rl:{path}"


@pytest.mark.parametrize("env", ["KuhnPoker-v0", "ConnectFour-v0", "Dhumbal-v0"])
def test_decisions_do_not_depend_on_what_else_is_pending(tmp_path: Path, env: str) -> None:
    spec = _policy(tmp_path / "p.safetensors", env)
    agent = aa.agent(spec)
    views = decision_views(env, 150)
    together = list(agent.act(views))
    assert together == [agent.act([view])[0] for view in decision_views(env, 150)]
    shuffled = np.random.default_rng(0).permutation(150)[:97]
    assert [together[index] for index in shuffled] == list(agent.act([views[index] for index in shuffled]))
    assert all(type(action) is int and action in view.legal for action, view in zip(together, views, strict=True))


def test_probabilities_are_those_of_the_draws(tmp_path: Path) -> None:
    agent = NetworkAgent(_policy(tmp_path / "p.safetensors", "LeducPoker-v0")[3:], temperature=2.0)
    (view,) = [view for view in decision_views("LeducPoker-v0", 40) if len(view.choices) == 3][:1]
    chances = agent.policy(view)
    logits = agent.file.network(torch.as_tensor(view.observation, dtype=torch.float32)[None])[0]
    assert np.allclose(list(chances.values()), (logits.double() / 2).softmax(-1).numpy(), atol=1e-6)
    draws = [View(view.game, view._state, view.seat, seed=seed) for seed in range(4000)]
    counts = np.bincount(agent.act(draws), minlength=3) / 4000
    assert np.abs(counts - list(chances.values())).max() < 0.03
    greedy = NetworkAgent(tmp_path / "p.safetensors", greedy=True)
    assert greedy.policy(view)[int(logits.argmax())] == 1.0
    assert set(greedy.act(draws[:20])) == {int(logits.argmax())}


def test_illegal_actions_have_probability_zero_and_ties_go_to_the_lowest() -> None:
    scores = np.array([[5.0, 1.0, 1.0], [800.0, -800.0, 0.0]])
    assert probabilities(scores, np.array([[0, 1, 1], [1, 1, 0]]), greedy=True).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert probabilities(scores, np.array([[0, 1, 1], [0, 1, 0]])).tolist() == [[0, 0.5, 0.5], [0, 1, 0]]


def test_exact_evaluation_takes_the_agent_and_its_spec_string(tmp_path: Path) -> None:
    spec = _policy(tmp_path / "p.safetensors", "KuhnPoker-v0")
    value = aa.evaluate.nash_conv("KuhnPoker-v0", aa.agent(spec))
    assert 0.1 < value < 4
    assert aa.evaluate.nash_conv("KuhnPoker-v0", spec) == value


def test_the_file_says_whether_it_is_greedy_and_the_spec_may_say_otherwise(tmp_path: Path) -> None:
    spec = _policy(tmp_path / "p.safetensors", "KuhnPoker-v0", greedy=True)
    agent = aa.agent(spec)
    assert agent.greedy  # type: ignore[attr-defined]
    assert not aa.agent(f"{spec}?greedy=false").greedy  # type: ignore[attr-defined]
    assert agent.name == spec
    assert aa.agent(f"{spec}?device=cpu").name == spec
    assert agent.version == load_policy(tmp_path / "p.safetensors").digest[:16]
    for wrong, message in (
        ("greedy=maybe", "truth value|plays greedily"),
        ("temperature=0", "above 0"),
        ("device=abacus", "cannot be used"),
    ):
        with pytest.raises(BadOption, match=message):
            aa.agent(f"{spec}?{wrong}")


def test_a_policy_of_another_game_or_a_damaged_one_is_refused_before_the_first_match(tmp_path: Path) -> None:
    spec = _policy(tmp_path / "p.safetensors", "KuhnPoker-v0")
    with pytest.raises(NotSupported, match=r"cannot play LeducPoker-v0: its policy was trained on KuhnPoker-v0"):
        aa.play("LeducPoker-v0", [spec, "random"], matches=1)
    dhumbal = _policy(tmp_path / "d.safetensors", "Dhumbal-v0")
    with pytest.raises(NotSupported, match=r"trained on other observations: 445 numbers .* with \{'players': 4\}"):
        aa.play("Dhumbal-v0", [dhumbal] * 3, matches=1, players=3)
    assert refusal(aa.agent(dhumbal), aa.game("Dhumbal-v0")) is None
    with pytest.raises(UsageError, match="no such file"):
        aa.agent("rl:nowhere.safetensors")
    (tmp_path / "p.safetensors").write_bytes(b"junk")
    with pytest.raises(BadOption, match="is no policy file"):
        aa.agent(spec)
    assert not harmless(dhumbal)


def test_play_is_the_same_however_matches_are_batched_and_resumed(tmp_path: Path) -> None:
    spec = _policy(tmp_path / "p.safetensors", "TicTacToe-v0")
    lines = [
        [record.line() for record in aa.play("TicTacToe-v0", [spec, "random"], matches=12, seed=2, concurrency=count).records]
        for count in (1, 12)
    ]
    assert lines[0] == lines[1]


def test_on_arrays_it_plays_what_it_plays_at_the_table(tmp_path: Path) -> None:
    agent = NetworkAgent(_policy(tmp_path / "p.safetensors", "ConnectFour-v0")[3:], greedy=True)
    policy = agent.batch_policy()
    on_arrays = aa.play_arrays("ConnectFour-v0", [policy, policy], matches=1)
    at_table = aa.play("ConnectFour-v0", [agent, agent], matches=1).records[0]
    assert list(at_table.returns) == on_arrays.returns[0].tolist()
    assert at_table.turns == on_arrays.lengths[0]
    drawn = NetworkAgent(tmp_path / "p.safetensors").batch_policy(aa.game("ConnectFour-v0"))
    assert not aa.play_arrays("ConnectFour-v0", [drawn, "random"], matches=50, xp=torch).forfeits.any()
