"""Skill games: sampled games and their plans, play, rewards, what is told, players."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.actions import Text
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.envs.skillgame import SkillGame
from agentarena.envs.skillgame.engine.loading import WORLDS
from agentarena.envs.skillgame.engine.planner import plan
from agentarena.envs.skillgame.engine.scene import act, admissible, first_scene, won
from agentarena.envs.skillgame.engine.world import Key
from agentarena.envs.skillgame.engine.worlds_of import world_of

RNG = np.random.default_rng(0)


def start(**options: Any) -> tuple[SkillGame, Any]:
    game = SkillGame(**options)
    return game, game.start(np.random.default_rng(0))


def follow(game: SkillGame, state: Any, commands: list[str]) -> list[Any]:
    """The states after each command."""
    states = []
    for command in commands:
        state = game.step(state, {0: command}, RNG)
        states.append(state)
    return states


@pytest.mark.parametrize("name", WORLDS)
def test_plans_do_sampled_games_within_the_stated_length(name: str) -> None:
    """Each command of a plan is admissible where it is given; nothing is done at the start."""
    for number in range(100):
        world = world_of(name, Key("train", number, longest=60))
        scene = first_scene(world)
        assert not won(world, scene)
        commands = plan(world)
        assert commands is not None
        assert len(commands) <= 60
        for command in commands:
            assert command in admissible(world, scene)
            result = act(world, scene, command)
            assert result is not None
            scene = result[0]
        assert won(world, scene)


@pytest.mark.parametrize("name", WORLDS)
def test_admissible_commands_are_those_that_do_something(name: str) -> None:
    """Beside the slow twin: trying every command of the game."""
    game, state = start(world=name, game=3)
    rng = np.random.default_rng(1)
    for _ in range(30):
        slow = sorted(c for c in state.world.commands if act(state.world, state.scene, c) is not None)
        listed = admissible(state.world, state.scene)
        assert list(listed) == slow
        if not game.to_move(state):
            break
        state = game.step(state, {0: listed[int(rng.integers(len(listed)))]}, RNG)


def test_doing_nothing_never_wins() -> None:
    for name in WORLDS:
        run = aa.play(SkillGame(world=name, max_steps=20), [Idle()], matches=20, seed=0)
        assert not np.any(run.returns)


class Idle(aa.Agent):
    def choose(self, view: Any) -> str:
        return "look"


def test_the_solver_wins_and_chance_seldom_does() -> None:
    options = {"split": "test"}
    solver = aa.play("SkillGame-v0", ["skillgame/solver"], matches=30, options={**options, "hints": True})
    assert np.mean(solver.returns) == 1.0
    explorer = aa.play("SkillGame-v0", ["skillgame/explorer"], matches=30, options=options)
    assert np.mean(explorer.returns) < 0.6
    assert not explorer.records[0].faults


def test_the_solver_needs_hints() -> None:
    with pytest.raises(NotSupported, match="hints=True"):
        aa.play("SkillGame-v0", ["skillgame/solver"], matches=1)


def test_cooking_by_hand() -> None:
    """A carrot in a world of three rooms: out of order nothing happens."""
    game, state = start(
        world='{"name": "tiny", "rooms": ["a room", "b room"], "stations": {"sink": ["a room"], "table": ["b room"]}, '
        '"states": ["washed", "cut"], "objects": {"food": {"names": ["carrot"], "found_in": ["a room"]}, '
        '"knife": {"names": ["knife"], "found_in": ["a room"]}}, "skills": ['
        '{"verb": "wash", "object": "food", "station": "sink", "lacks": ["washed"], "adds": ["washed"]}, '
        '{"verb": "cut", "object": "food", "tool": "knife", "needs": ["washed"], "lacks": ["cut"], "adds": ["cut"], "reward": 1}], '
        '"goals": [{"object": "food", "states": ["cut"], "at": "table"}]}',
        game=0,
        goals=1,
        distractors=0,
        reward="dense",
        feedback="explain",
    )
    if state.scene.room != state.world.rooms.index("a room"):
        state = follow(game, state, ["go to a room"])[-1]
    states = follow(game, state, ["cut carrot with knife", "wash carrot", "cut carrot with knife", "Take  KNIFE", "cut carrot with knife"])
    assert [s.action_valid for s in states] == [False, True, False, True, True]
    assert states[0].feedback == "Nothing happens. You do not hold the knife."
    assert [s.reward for s in states] == [0, 0, 0, 0, 0.5]
    last = follow(game, states[-1], ["take carrot", "go to b room", "drop carrot"])[-1]
    assert last.won
    assert last.reward == 0.5
    assert game.to_move(last) == ()
    assert "The task is done." in game.text.look(last, 0)


def test_dense_rewards_add_up_to_one() -> None:
    for name in WORLDS:
        game, state = start(world=name, game=7, reward="dense", hints=True)
        total = 0.0
        while game.to_move(state):
            state = game.step(state, {0: state.hint}, RNG)
            total += state.reward
        assert total == pytest.approx(1.0)


def test_difficulty_is_what_was_asked_for() -> None:
    game, state = start(rooms=6, goals=2, depth=2, distractors=0)
    difficulty = game.diagnostics(state, 0)["difficulty"]
    assert difficulty["rooms"] >= 6
    assert difficulty["goals"] == 2
    assert difficulty["depth"] <= 2
    with pytest.raises(BadOption, match="needs at most 0 skills; the least is 1"):
        start(depth=0)


def test_harder_settings_make_longer_plans() -> None:
    def mean(**options: Any) -> float:
        game = SkillGame(max_steps=200, **options)
        return float(np.mean([game.diagnostics(game.start(np.random.default_rng(n)), 0)["plan_length"] for n in range(30)]))

    assert mean(rooms=3, goals=1, depth=1, distractors=0) < mean(rooms=8, goals=1, depth=4) < mean(rooms=8, goals=3)


def test_same_number_same_game_and_splits_differ() -> None:
    def told(**options: Any) -> str:
        return str(start(**options)[1].feedback)

    assert told(game=5) == told(game=5)
    assert told(game=5) != told(game=6)
    assert told(game=5) != told(game=5, split="test")


def test_what_was_not_seen_is_redrawn() -> None:
    game, state = start(world="treasure", game=11, rooms=6)
    drawn = [game.resample(state, 0, np.random.default_rng(n)) for n in range(20)]
    for other in drawn:
        assert other.scene.inside[state.scene.room] == state.scene.inside[state.scene.room]
        assert sum(mask.bit_count() for mask in other.scene.inside) == len(state.world.objects)
    assert len({other.scene for other in drawn}) > 5


def test_states_become_bytes_and_come_back() -> None:
    game, state = start(hints=True)
    state = follow(game, state, [state.hint])[-1]
    assert game.unpack(game.pack(state)) == state
    assert pickle.loads(pickle.dumps(state)) == state
    for data in (b"", b"[]", b"[1, 2, [], [], []]", game.pack(state).replace(b'"inside"', b"0")[:-5]):
        with pytest.raises(UsageError, match="no state of a skill game"):
            game.unpack(data)


def test_admissible_commands_may_be_hidden_or_all_that_is_legal() -> None:
    game, state = start(admissible=False)
    assert isinstance(game.legal(state, 0), Text)
    assert not game.observe(state, 0)["commands"].any()
    assert "Admissible" not in game.text.view(state, 0)
    listed, state = start(commands="admissible")
    assert listed.legal(state, 0) == admissible(state.world, state.scene)
    with pytest.raises(BadOption, match="cannot be hidden"):
        SkillGame(commands="admissible", admissible=False)
    with pytest.raises(BadOption, match="has the games 0 to 199"):
        SkillGame(split="test", game=200)


def test_environments_tell_trainers() -> None:
    env = aa.make_solo("SkillGame-v0")
    _, info = env.reset(seed=1)
    assert info["plan_length"] > 0
    assert "look" in info["admissible_commands"]
    _, _, _, _, info = env.step("fly")
    assert info["action_valid"] is False
    env.close()
