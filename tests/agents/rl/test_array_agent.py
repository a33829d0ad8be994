"""Trained policies at the table: the page's blocks run and are short, and policies on arrays play as agents what they play on arrays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

import agentarena as aa
from agentarena.agents.arrays import RandomPolicy, TorchPolicy
from agentarena.agents.rl.array_agent import ArrayAgent
from agentarena.agents.rl.sb3 import SB3Policy

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "trained-policies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r'```python(?: title="(.*?)")?\n(.*?)```', PAGE, re.DOTALL)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_page_runs_and_no_block_is_longer_than_15_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    torch.set_num_threads(1)
    assert len(BLOCKS) == PAGE.count("```python") == 9
    names: dict[str, Any] = {}
    for title, block in BLOCKS:
        assert len([line for line in block.splitlines() if line.strip()]) <= 15
        if title:
            Path(title).write_text(block, encoding="utf-8")
        else:
            exec(compile(block, "docs/trained-policies.md", "exec"), names)
    assert not any(record.faults for record in names["cup"].results.records)


class Scripted:
    """Stands for a model of Stable-Baselines3 that draws its actions from torch's generator."""

    def predict(self, observation: Any, deterministic: bool = False, action_masks: Any = None) -> tuple[np.ndarray, None]:
        assert observation["observation"].shape[0] == len(action_masks)
        weights = torch.as_tensor(action_masks).double()
        return torch.multinomial(weights, 1)[:, 0].numpy(), None


def test_draws_come_from_the_decisions_own_stream_and_leave_torch_alone() -> None:
    before = torch.get_rng_state()
    agent = ArrayAgent(SB3Policy(Scripted(), deterministic=False), name="drawn")
    one, two = (aa.play("TicTacToe-v0", [agent, "random"], matches=6, seed=3) for _ in range(2))
    assert [record.line() for record in one.records] == [record.line() for record in two.records]
    assert len({record.line() for record in one.records}) == 6
    assert torch.equal(torch.get_rng_state(), before)


def test_models_without_masks_and_models_of_numbers_play() -> None:
    env = aa.make_solo("Economist-v0", seat=1, opponents="random")
    model = PPO("MlpPolicy", env, n_steps=16, batch_size=16, seed=0, device="cpu")
    agent = ArrayAgent(SB3Policy(model), name="worker")
    rules = env.unwrapped.game
    played = aa.play(rules, ["random", agent, *["random"] * (rules.info.seats - 2)], matches=1)
    assert not played.records[0].faults


def test_policies_on_arrays_play_every_game_of_ints_or_numbers_and_say_so_of_others() -> None:
    for env_id in ("KuhnPoker-v0", "LeducPoker-v0", "ConnectFour-v0", "Werewolf-v0", "Economist-v0"):
        played = aa.play(env_id, [ArrayAgent(RandomPolicy(), name="arrays")] * aa.game(env_id).info.seats, matches=2)
        assert not any(record.faults for record in played.records)
    seats = aa.game("Commons-v0").info.seats
    played = aa.play("Commons-v0", [ArrayAgent(RandomPolicy(), name="arrays"), *["random"] * (seats - 1)], matches=1)
    assert "a policy on arrays plays ints or numbers" in played.records[0].faults[0]["reason"]


def test_a_torch_policy_plays_at_the_table_what_it_plays_on_arrays() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(18, 9))
    policy = TorchPolicy(net, greedy=True)
    agent = ArrayAgent(policy, name="net")
    at_table = aa.play("TicTacToe-v0", [agent, agent], matches=1).records[0]
    on_arrays = aa.play_arrays("TicTacToe-v0", [policy, policy], matches=1)
    assert list(at_table.returns) == on_arrays.returns[0].tolist()
    assert at_table.turns == on_arrays.lengths[0]
