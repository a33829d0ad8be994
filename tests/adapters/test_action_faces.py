"""Faces of the less usual actions: MultiDiscrete with a joint mask, and listed commands."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from fixtures.action_games import Doubles, House
from gymnasium import spaces
from pettingzoo.test import api_test, parallel_api_test

import agentarena as aa
from agentarena.adapters.solo import ArenaSolo
from agentarena.core.actions import Box, Product, Text, contains, joint_mask, sample
from agentarena.core.errors import IllegalAction, NotSupported
from agentarena.matches.api import play


def _pick(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A joint action under a joint mask, uniformly."""
    legal = np.argwhere(mask)
    return legal[int(rng.integers(len(legal)))]


def test_a_joint_mask_says_which_pairs_are_legal() -> None:
    env = aa.make(Doubles())
    env.reset(seed=0)
    assert env.action_space("player_0") == spaces.MultiDiscrete([4, 4])
    observation, _, _, _, info = env.last()
    mask = observation["joint_mask"]
    assert mask.shape == (4, 4)
    assert mask.dtype == np.int8
    assert info["action_mask"].tolist() == [1] * 8
    assert np.array_equal(info["action_mask"], observation["action_mask"])
    assert env.action_space("player_0").sample(info["action_mask"]) in env.action_space("player_0")
    assert env.action_space("player_0").sample(np.array([0, 0, 1, 0, 0, 0, 0, 1], np.int8)).tolist() == [2, 3]
    assert np.argwhere(mask == 0).tolist() == [[2, 2], [3, 3]]
    assert env.observe("player_1")["joint_mask"].sum() == 14, "its turn in this round is to come"
    env.step((0, 1))
    assert env.observe("player_0")["joint_mask"].sum() == 0
    assert observation in env.observation_space("player_0")


def test_joint_actions_play_and_illegal_pairs_are_refused() -> None:
    rng = np.random.default_rng(0)
    env = aa.make(Doubles(), on_illegal="raise")
    env.reset(seed=0)
    with pytest.raises(IllegalAction, match="both slots may not switch to one creature"):
        env.step(np.array([2, 2]))
    steps = 0
    for agent in env.agent_iter():
        observation, _, terminated, truncated, _ = env.last()
        over = terminated or truncated
        env.step(None if over else _pick(observation["joint_mask"], rng))
        steps += not over
        assert agent in env.possible_agents
    assert steps == 8


@pytest.mark.filterwarnings("ignore::UserWarning")  # of spaces that are neither Box nor Discrete
def test_faces_pass_the_tests_of_the_field() -> None:
    parallel_api_test(aa.make_parallel(Doubles()), num_cycles=50)
    api_test(aa.make(Doubles(), view="text"), num_cycles=50)


def test_one_seat_and_a_parallel_table_see_the_joint_mask() -> None:
    solo = ArenaSolo(Doubles(), opponents="random")
    observation, info = solo.reset(seed=0)
    assert observation["joint_mask"].shape == (4, 4)
    assert solo.action_masks().shape == (8,)
    assert not solo.step(np.array([0, 1]))[2]
    assert info["seat"] == 0
    parallel = aa.make_parallel(Doubles())
    observations, infos = parallel.reset(seed=0)
    assert all(observations[agent]["joint_mask"].sum() == 14 and infos[agent]["to_move"] for agent in parallel.agents)


def test_commands_are_in_the_info_and_play() -> None:
    for view in ("vector", "text"):
        env = aa.make(House(), view=view)
        env.reset(seed=1)
        rng = np.random.default_rng(0)
        sizes = []
        while not (env.terminations["player_0"] or env.truncations["player_0"]):
            commands = env.infos["player_0"]["admissible_commands"]
            sizes.append(len(commands))
            env.step(commands[int(rng.integers(len(commands)))])
        assert min(sizes) >= 5
        assert max(sizes) >= 39
        assert env.infos["player_0"]["admissible_commands"] == []
    solo = ArenaSolo(House())
    _, info = solo.reset(seed=0)
    info = solo.step("Go to  Drawer 1")[4]
    assert info["illegal"].startswith("player_0 played 'Go to  Drawer 1'")
    words = ArenaSolo(House(), view="text")
    words.reset(seed=0)
    assert "go back" in words.step("<answer>Go to  Drawer 1</answer>")[4]["admissible_commands"]


def test_suggested_words_are_in_the_info_too() -> None:
    class Suggests(House):
        def legal(self, state, seat):
            return Text(40, suggestions=super().legal(state, seat))

        def step(self, state, actions, rng):
            return House.step(House(), state, {0: actions[0] if contains(House.legal(self, state, 0), actions[0]) else "wait"}, rng)

    env = aa.make(Suggests())
    env.reset(seed=1)
    assert "go to drawer 1" in env.infos["player_0"]["admissible_commands"]
    env.step("sing a song")
    assert not env.terminations["player_0"]


def test_play_takes_any_action() -> None:
    for rules, agents in ((Doubles(), ["random", "random"]), (House(), ["random"])):
        runs = play(rules, agents, matches=20)
        assert len({record.line() for record in runs.records}) == 20
        assert not any(record.faults for record in runs.records)


def test_sampling_is_exact_under_the_constraint() -> None:
    """Every allowed pair equally often: chi-square of 14 cells, 13 degrees of freedom, under its 99.99 % point of 40.9."""
    legal = Product([(0, 1, 2, 3), (0, 1, 2, 3)], allowed=lambda action: not (action[0] == action[1] >= 2))
    rng = np.random.default_rng(0)
    draws = 14_000
    counts = Counter(legal.sample(rng) for _ in range(draws))
    assert set(counts) == {pair for pair in itertools.product(range(4), repeat=2) if pair not in ((2, 2), (3, 3))}
    assert sum((count - draws / 14) ** 2 / (draws / 14) for count in counts.values()) < 40.9


def test_products_of_other_parts() -> None:
    rng = np.random.default_rng(0)
    legal = Product(
        {"share": Box(0, 1), "side": ("left", "right")}, allowed=lambda action: action["side"] == "left" or action["share"] < 0.5
    )
    for _ in range(200):
        action = sample(legal, rng)
        assert contains(legal, action)
        assert legal.decode(legal.encode(action)) == action
    assert legal.violation({"share": 0.9, "side": "right"})
    assert legal.listed is None
    with pytest.raises(NotSupported, match="allows no combination"):
        Product([(0, 1)], allowed=lambda action: False).sample(rng)
    with pytest.raises(NotSupported, match="10000 draws"):
        Product([Box(0, 1)], allowed=lambda action: False).sample(rng)
    with pytest.raises(NotSupported, match="joint mask"):
        joint_mask(legal, (2, 2))
    nested = Product([Product([(0, 1), (0, 1)], allowed=lambda pair: sum(pair) == 1), (0, 1)])
    assert nested.listed == (((0, 1), 0), ((0, 1), 1), ((1, 0), 0), ((1, 0), 1))
    assert nested.space() == spaces.Tuple([spaces.MultiDiscrete([2, 2]), spaces.Discrete(2)])
