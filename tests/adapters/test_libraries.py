"""Libraries of the field on every game, as their users call them: conversion, vectors, videos, tensors."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from adapter_games import FIXTURES, Majority
from fixtures.games import Pile
from gymnasium import spaces
from pettingzoo.test import parallel_api_test
from pettingzoo.utils import aec_to_parallel
from pettingzoo.utils.wrappers import AssertOutOfBoundsWrapper
from sb3_contrib.common.wrappers import ActionMasker
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv

import agentarena as aa
from agentarena.core.errors import MissingExtra, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_ids, game

SUBJECTS = [pytest.param(env_id, id=env_id) for env_id in env_ids()] + [pytest.param(g, id=repr(g)) for g in FIXTURES]
NUMERIC = [env_id for env_id in env_ids() if not isinstance(game(env_id).action_space(0), spaces.Text)]
"""Environments whose actions are numbers; learners on arrays have no use for the others."""
DRAWN = ("TicTacToe-v0", "ConnectFour-v0")
"""Games with a drawing; Pillow draws the words of all others."""
PILLOW = importlib.util.find_spec("PIL") is not None


def played(env: Any, seed: int, rng: np.random.Generator) -> list[Any]:
    """A match in the parallel form by random legal actions: what every step returned."""
    observations, infos = env.reset(seed=seed)
    steps: list[Any] = [(observations, infos)]
    while env.agents:
        actions = {}
        for agent in env.agents:
            seen, space = observations[agent], env.action_space(agent)
            space.seed(int(rng.integers(2**31)))
            actions[agent] = space.sample(seen["action_mask"]) if isinstance(seen, dict) and "action_mask" in seen else space.sample()
        observations, *rest = env.step(actions)
        steps.append((observations, *rest))
    return steps


# --- PettingZoo ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_says_it_is_parallelizable_converts_and_the_rest_is_refused(subject: str | Game[Any]) -> None:
    """`aec_to_parallel` needs games in which every step asks every seat; `make_parallel` carries all of them."""
    env = aa.make(subject)
    rules = env.game
    if not env.metadata["is_parallelizable"]:
        with pytest.raises(AssertionError, match="is_parallelizable"):
            aec_to_parallel(env)
        return
    assert rules.info.lockstep or rules.info.seats == 1
    turned, direct = aec_to_parallel(env), aa.make_parallel(subject)
    for seed in range(5):
        for one, two in zip(
            played(turned, seed, np.random.default_rng(seed)), played(direct, seed, np.random.default_rng(seed)), strict=True
        ):
            np.testing.assert_equal(one[0], two[0]) if len(one) == 2 else np.testing.assert_equal(one[1:3], two[1:3])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        parallel_api_test(aec_to_parallel(aa.make(subject)), num_cycles=20)


def test_conversion_survives_illegal_actions() -> None:
    """Forfeits wait for the end of the round, so the wrapper never meets an agent that is out of the match."""
    turned = aec_to_parallel(aa.make(Majority()))
    turned.reset(seed=0)
    *_, rewards, terminations, truncations, _ = turned.step({"player_0": 7, "player_1": 1, "player_2": 9})
    price = Majority().info.forfeit_return
    assert rewards == {"player_0": price, "player_1": 0.0, "player_2": price}
    assert all(terminations.values())
    assert not any(truncations.values())


def test_whether_a_game_moves_in_lockstep_depends_on_its_options() -> None:
    assert game(Majority()).info.lockstep
    assert not game(Majority(resting=True)).info.lockstep
    for env_id in ("Werewolf-v0", "Economist-v0", "Commons-v0"):
        assert aa.make(env_id).metadata["is_parallelizable"] is False
        assert aa.make_parallel(env_id).metadata["is_parallelizable"] is True


# --- tensors: TorchRL ------------------------------------------------------------------------------------------------


def tensors(info: dict[str, Any]) -> dict[str, torch.Size]:
    return {name: torch.as_tensor(value).shape for name, value in info.items()}


@pytest.mark.parametrize("subject", [param for param in SUBJECTS if "Text" not in str(param) and "words" not in str(param)])
def test_infos_of_the_vector_view_are_tensors_of_one_shape_at_all_times(subject: str | Game[Any]) -> None:
    """TorchRL makes specs from the infos of `reset` and fills them at every step, the last one of a forfeited match too; a mask is in
    the observation or in the info, not in both."""
    env = aa.make_parallel(subject)
    if any(isinstance(env.action_space(agent), spaces.Text) for agent in env.possible_agents):
        pytest.skip("actions are words")
    rng = np.random.default_rng(0)
    for seed in range(2):
        steps = played(env, seed, rng)
        wanted = {agent: tensors(info) for agent, info in steps[0][1].items()}
        names = {tuple(shapes) for shapes in wanted.values()}
        assert len(names) == 1
        assert "action_mask" not in next(iter(names))
        for step in steps:
            assert {agent: tensors(info) for agent, info in step[-1].items()} == wanted
            for agent, seen in step[0].items():
                if isinstance(seen, dict) and "action_mask" in seen:
                    assert seen["action_mask"].any(), f"{agent} has nothing to draw from"


def test_infos_keep_their_shape_when_a_match_is_forfeited() -> None:
    env = aa.make_parallel("Economist-v0")
    _, infos = env.reset(seed=0)
    wanted = {agent: tensors(info) for agent, info in infos.items()}
    *_, infos = env.step({agent: np.full(env.action_space(agent).shape, 1e9) for agent in env.agents})
    assert {agent: tensors(info) for agent, info in infos.items()} == wanted
    assert list(env.faults) == ["player_0"]
    assert "out of bounds" in env.faults["player_0"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("env_id", [env_id for env_id in NUMERIC if not isinstance(game(env_id).action_space(0), spaces.MultiDiscrete)])
def test_torchrl_wraps_every_game(env_id: str) -> None:
    """But for those of several ints an action: its wrapper has no room for their masks."""
    torchrl = pytest.importorskip("torchrl.envs")
    from torchrl.envs.utils import check_env_specs

    env = torchrl.PettingZooWrapper(aa.make_parallel(env_id), use_mask=True, group_map=torchrl.MarlGroupMapType.ONE_GROUP_PER_AGENT)
    env.rollout(30, break_when_any_done=False)
    check_env_specs(env)


# --- Stable-Baselines3, videos ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", NUMERIC)
def test_vectors_of_stable_baselines_can_be_made_and_rendered(env_id: str) -> None:
    """`make_vec_env` asks for render_mode="rgb_array" unless it is told otherwise."""
    vec = make_vec_env(f"agentarena/{env_id}", n_envs=2, seed=0)
    assert vec.render_mode == "rgb_array"
    vec.reset()
    for _ in range(5):
        vec.step([vec.action_space.sample() for _ in range(2)])
    if PILLOW or env_id in DRAWN:
        assert vec.render().dtype == np.uint8
    else:
        with pytest.raises(MissingExtra, match="render"):
            vec.render()
    vec.close()


def test_vectors_of_stable_baselines_in_processes() -> None:
    """A fresh process has not imported the package; Gymnasium imports what stands before a colon."""
    vec = make_vec_env("agentarena:agentarena/TicTacToe-v0", n_envs=2, seed=0, vec_env_cls=SubprocVecEnv)
    vec.reset()
    vec.step(np.array([0, 4]))
    assert vec.render().shape[2] == 3
    vec.close()


def test_the_action_masker_of_sb3_contrib() -> None:
    env = ActionMasker(aa.make_solo("TicTacToe-v0"), lambda inner: inner.unwrapped.action_masks())
    env.reset(seed=0)
    assert env.action_masks().sum() == 9


@pytest.mark.parametrize("subject", SUBJECTS)
def test_pictures_of_a_match_have_one_size(subject: str | Game[Any]) -> None:
    env = aa.make(subject, render_mode="rgb_array")
    env.reset(seed=0)
    if not PILLOW and subject not in DRAWN:
        with pytest.raises(MissingExtra, match=r"\[render\]"):
            env.render()
        return
    shapes = set()
    for _ in range(30):
        picture = env.render()
        shapes.add(picture.shape)
        assert picture.dtype == np.uint8
        assert len(np.unique(picture)) > 1
        if not env.to_move:
            break
        env.step(env.sample(env.agent_selection))
    assert len(shapes) == 1
    height, width, colours = shapes.pop()
    assert (height % 2, width % 2, colours) == (0, 0, 3)


def test_every_form_draws_the_same_board() -> None:
    aec, parallel = (make("ConnectFour-v0", render_mode="rgb_array") for make in (aa.make, aa.make_parallel))
    solo = gymnasium.make("agentarena/ConnectFour-v0", render_mode="rgb_array")
    vec = aa.make_vec("ConnectFour-v0", 2, render_mode="rgb_array")
    for env in (aec, parallel, solo, vec):
        env.reset(seed=0)
    empty = aec.render()
    assert empty.shape == (384, 448, 3)
    for env in (parallel, solo):
        assert np.array_equal(env.render(), empty)
    aec.step(3)
    parallel.step({"player_0": 3})
    vec.step(np.array([3, 0]))
    drawn = aec.render()
    assert not np.array_equal(drawn, empty)
    assert np.array_equal(parallel.render(), drawn)
    assert np.array_equal(vec.render()[0], drawn)
    assert not np.array_equal(vec.render()[1], drawn)
    assert drawn[64 * 5 + 32, 64 * 3 + 32].tolist() == [214, 58, 58]


def test_lists_of_frames_by_gymnasiums_own_modes() -> None:
    for mode, kind in (("rgb_array_list", np.ndarray), ("ansi_list", str)):
        env = gymnasium.make("agentarena/TicTacToe-v0", render_mode=mode)
        env.reset(seed=0)
        env.step(4)
        frames = env.render()
        assert len(frames) == 2
        assert all(isinstance(frame, kind) for frame in frames)


def test_videos(tmp_path: Path) -> None:
    pytest.importorskip("moviepy")
    env = gymnasium.wrappers.RecordVideo(gymnasium.make("agentarena/TicTacToe-v0", render_mode="rgb_array"), str(tmp_path / "videos"))
    _, info = env.reset(seed=0)
    ended = False
    while not ended:
        *_, terminated, truncated, info = env.step(env.action_space.sample(info["action_mask"]))
        ended = terminated or truncated
    env.close()
    assert list((tmp_path / "videos").glob("*.mp4"))


# --- one seat of games of unequal seats, and of one's own -------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_seat_stays_within_the_spaces_declared(subject: str | Game[Any]) -> None:
    """A seat with other spaces must be asked for when the environment is made; `reset` refuses to change to it."""
    seats = min(game(subject).info.seats, 4)
    for seat in range(seats):
        env = aa.make_solo(subject, seat=seat)
        for options in ({}, *({"seat": other} for other in range(seats))):
            other = options.get("seat", seat)
            layout = env._layout
            same = layout.observation_spaces[other] == env.observation_space and layout.action_spaces[other] == env.action_space
            if not same:
                with pytest.raises(UsageError, match=f"make one for it with seat={other}"):
                    env.reset(seed=0, options=options)
                continue
            observation, info = env.reset(seed=0, options=options)
            assert info["seat"] == other
            assert observation in env.observation_space
            assert env.step(env.sample())[0] in env.observation_space


def test_one_seat_of_a_game_of_ones_own() -> None:
    """A `Game`, or its "module:Class", with opponents of all kinds; in Gymnasium's registry by the argument `env_id`."""
    by_name = {"env_id": "adapter_games:Majority", "rounds": 2}
    for env in (
        aa.make_solo(Majority(rounds=2), opponents=["random", aa.agent("random")], seat=1),
        aa.make_solo("adapter_games:Majority", rounds=2, seat=1),
        gymnasium.make("agentarena/TicTacToe-v0", seat=1, **by_name),
    ):
        _, info = env.reset(seed=0)
        assert info["seat"] == 1
        assert not env.step(0)[2]
        assert env.step(0)[2]


def test_own_games_by_gymnasiums_module_syntax() -> None:
    env = gymnasium.make("agentarena/adapter_games:Majority", rounds=3, opponents="random")
    env.reset(seed=0)
    assert env.unwrapped.game == Majority(rounds=3)
    assert gymnasium.make_vec("agentarena/adapter_games:Majority", num_envs=2, rounds=3).unwrapped.game == Majority(rounds=3)
    assert gymnasium.make("agentarena/fixtures.games:Pile").unwrapped.game == Pile()
    with pytest.raises(UsageError, match="cannot import 'no_such_module'"):
        gymnasium.make("agentarena/no_such_module:Game")


@pytest.mark.parametrize("view", ["vector", "text"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_action_drawn_for_an_agent_is_in_its_space(subject: str | Game[Any], view: Any) -> None:
    """PettingZoo's `AssertOutOfBoundsWrapper` and Gymnasium's checks ask for it; it is legal too."""
    plain = aa.make(subject, view=view, on_illegal="raise")
    words = view == "text" and isinstance(plain.action_space("player_0"), spaces.Text)  # replies, which have tags around the action
    env: Any = plain if words else AssertOutOfBoundsWrapper(plain)
    env.reset(seed=1)
    for _ in range(30):
        if plain.to_move:
            env.step(plain.sample(env.agent_selection))
    solo = aa.make_solo(subject, view=view, on_illegal="raise")
    solo.reset(seed=1)
    action = solo.sample()
    assert words or action in solo.action_space
    solo.step(action)
