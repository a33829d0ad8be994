"""Other people's tools on our environments: SB3-contrib's MaskablePPO, Stable-Baselines3's checker, SuperSuit."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
import supersuit
import torch
from adapter_games import Majority
from pettingzoo.test import api_test
from pettingzoo.utils import aec_to_parallel, parallel_to_aec, wrappers
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks
from stable_baselines3.common.env_checker import check_env

import agentarena as aa


def share(model: Any, env: Any, matches: int) -> float:
    """Mean return over some matches."""
    total = 0.0
    for _ in range(matches):
        seen, _ = env.reset()
        ended = False
        while not ended:
            action, _ = model.predict(seen, action_masks=get_action_masks(env), deterministic=True)
            seen, reward, terminated, truncated, _ = env.step(action)
            total, ended = total + reward, terminated or truncated
    return total / matches


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_maskable_ppo_learns_tic_tac_toe_against_random_play() -> None:
    """Random play earns seat 0 about 0.297 a match (737/1260 - 121/420); a few thousand steps must earn clearly more."""
    torch.set_num_threads(1)
    env = gymnasium.make("agentarena/TicTacToe-v0", opponents="random")
    model = MaskablePPO("MultiInputPolicy", env, n_steps=256, batch_size=128, n_epochs=4, seed=0, device="cpu", verbose=0)
    model.learn(5120)
    env.reset(seed=1)
    # a match's return has a standard deviation under 1, so 200 of them have a standard error under 0.071
    assert share(model, env, 200) > 737 / 1260 - 121 / 420 + 4 * 0.071


def test_stable_baselines_checks_one_seat() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(gymnasium.make("agentarena/KuhnPoker-v0").unwrapped, skip_render_check=False)
    assert not [str(w.message) for w in caught]


def test_supersuit_vectors_of_a_parallel_game() -> None:
    vec = supersuit.pettingzoo_env_to_vec_env_v1(aa.make_parallel(Majority(rounds=4)))
    vec = supersuit.concat_vec_envs_v1(vec, 2, num_cpus=1, base_class="gymnasium")
    seen, _ = vec.reset(seed=0)
    assert vec.num_envs == 6
    assert seen["observation"].shape == (6, 5)
    assert (seen["action_mask"] == 1).all()
    ended = []
    for _ in range(8):
        seen, rewards, terminated, _, _ = vec.step(np.array([1, 1, 0, 1, 0, 0]))
        assert rewards.tolist() == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
        ended.append(bool(np.all(terminated)))
    assert ended == [False, False, False, True] * 2
    vec.close()


def test_supersuit_wrappers_of_a_game_in_turns() -> None:
    env = supersuit.clip_reward_v0(aa.make("TicTacToe-v0"), lower_bound=-0.5, upper_bound=0.5)
    env.reset(seed=0)
    for move in (0, 3, 1, 4, 2):
        assert env.last()[0]["action_mask"][move] == 1
        env.step(move)
    assert env.rewards == {"player_0": 0.5, "player_1": -0.5}


def test_supersuit_many_matches_in_turns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # SuperSuit uses PettingZoo's old agent_selector
        env = supersuit.vectorize_aec_env_v0(aa.make("TicTacToe-v0"), 2)
    env.reset(seed=0)
    env.step([4, 4], observe=False)
    seen, _, terminated, *_ = env.last()
    assert [one["action_mask"].sum() for one in seen] == [8, 8]
    assert not terminated.any()


def test_pettingzoo_wrappers_and_conversions() -> None:
    env = wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(wrappers.TerminateIllegalWrapper(aa.make("TicTacToe-v0"), -1)))
    env.reset(seed=0)
    for move in (0, 3, 1, 4, 2):
        env.step(move)
    assert env.last()[1] == 1.0
    direct, turned = aa.make_parallel(Majority(rounds=3)), aec_to_parallel(aa.make(Majority(rounds=3)))
    one, two = direct.reset(seed=4)[0], turned.reset(seed=4)[0]
    while direct.agents:
        for agent in direct.agents:
            np.testing.assert_equal(one[agent]["observation"], two[agent]["observation"])
        votes = {agent: index % 2 for index, agent in enumerate(direct.agents)}
        one, paid, over, *_ = direct.step(votes)
        two, *rest = turned.step(votes)
        assert rest[:2] == [paid, over]
    back = parallel_to_aec(aa.make_parallel(Majority(rounds=3)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        api_test(back, num_cycles=10)
