"""The household as a game: splits, options, players' and trainers' views, saved states, bad input."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption, IllegalAction, UsageError
from agentarena.core.game import Anchors, Resample, Serializable
from agentarena.core.rng import stream
from agentarena.envs.household import Household, State, solver
from agentarena.envs.household.engine.generator import (
    LAYOUTS,
    SPLITS,
    generate,
    is_unseen_pair,
    kind_of,
    layouts,
    split_size,
)
from agentarena.envs.household.engine.goal import goal_of, holds
from agentarena.envs.household.engine.houses import Key, house_of
from agentarena.envs.household.engine.problem import parse, write
from agentarena.envs.household.engine.scene import act, admissible, conditions, facts_of, start, won
from agentarena.envs.household.engine.tables import SPLIT_COUNTS

RNG = np.random.default_rng(0)


def played(game: Household, commands: int, seed: int = 0) -> State:
    """A state after so many random admissible commands."""
    rng = np.random.default_rng(seed)
    state = game.start(rng)
    for _ in range(commands):
        if game.to_move(state):
            options = admissible(state.house, state.scene)
            state = game.step(state, {0: options[int(rng.integers(len(options)))]}, rng)
    return state


# --- splits -----------------------------------------------------------------------------------------------------------------


def test_the_validation_splits_have_the_sizes_and_types_of_alfworld() -> None:
    assert [split_size(split) for split in SPLITS[1:]] == [140, 134]
    for split, counts in SPLIT_COUNTS.items():
        kinds = [kind_of(split, number) for number in range(split_size(split))]
        assert {kind: kinds.count(kind) for kind in counts} == counts
        assert set(kinds[:40]) == set(counts), "any first part has all of them"


def test_unseen_means_held_out_layouts_and_pairs() -> None:
    assert set(layouts("kitchen", "train")) == set(layouts("kitchen", "valid_seen"))
    assert not set(layouts("kitchen", "train")) & set(layouts("kitchen", "valid_unseen"))
    assert len({*layouts("kitchen", "train"), *layouts("kitchen", "valid_unseen")}) == LAYOUTS
    for split in SPLITS:
        for number in range(100):
            goal = goal_of(generate(split, number)[0].goal)
            pair = _cased(goal.object, goal.receptacle or goal.lamp)
            assert is_unseen_pair(*pair) == (split == "valid_unseen")


def _cased(*names: str) -> list[str]:
    """Types as the tables spell them."""
    from agentarena.envs.household.engine.tables import FITS, OBJECT_TYPES

    spelled = {kind.lower(): kind for kind in (*FITS, *(one for room in OBJECT_TYPES.values() for one in room))}
    return [spelled[name] for name in names]


@pytest.mark.parametrize("split", SPLITS)
def test_every_game_can_be_solved_and_none_is_solved_at_the_start(split: str) -> None:
    for number in range(min(134, split_size(split))):
        house = house_of(Key("", number, split))
        scene = start(house)
        assert house.goal.kind == kind_of(split, number)
        assert not won(house, scene)
        plan = solver.plan(house, scene)
        assert plan is not None
        assert len(plan) == solver.optimal_length(house) <= 14
        for command in plan:
            assert command in admissible(house, scene)
            done = act(house, scene, command)
            assert done is not None
            scene = done[0]
        assert won(house, scene)


@pytest.mark.parametrize(
    ("split", "task", "digest"),
    [
        ("train", "put a hot mug in fridge.", "6838046f137f809e"),
        ("valid_seen", "put a pen in coffeetable.", "015e8d771c6f4838"),
        ("valid_unseen", "clean some butterknife and put it in diningtable.", "56a6972e07b3de9f"),
    ],
)
def test_games_are_the_same_for_ever(split: str, task: str, digest: str) -> None:
    """A change here makes recorded games end differently: raise the version in the id."""
    problem, words = generate(split, 0)
    assert words == f"Your task is to: {task}"
    assert hashlib.sha256(write(problem).encode()).hexdigest()[:16] == digest
    assert parse(write(problem)) == problem, "written and read again"


def test_the_quick_goal_is_the_plain_one() -> None:
    """The recognised task types against going through all objects, along plans and random play."""
    for number in range(18):
        house = house_of(Key("", number, "valid_seen"))
        scene = start(house)
        for command in [*(solver.plan(house, scene) or []), "look"]:
            assert won(house, scene) == holds(house.goal.tree, facts_of(house, scene), house.types)
            met, total = conditions(house, scene)
            assert 0 <= met <= total
            assert (met == total) == won(house, scene)
            done = act(house, scene, command)
            assert done is not None
            scene = done[0]


def test_a_plan_is_as_short_as_a_search_finds() -> None:
    """Breadth-first search over all commands, on small games."""
    for number in range(200):
        house = house_of(Key("", number, "train", distractors=0))
        length = solver.optimal_length(house)
        if length > 4:
            continue
        frontier, depth = {start(house)}, 0
        while not any(won(house, scene) for scene in frontier):
            frontier = {done[0] for scene in frontier for command in admissible(house, scene) if (done := act(house, scene, command))}
            depth += 1
            assert depth <= length
        assert depth == length
        return
    pytest.fail("no short game among them")


# --- a match -------------------------------------------------------------------------------------------------------------------


def test_the_expert_wins_and_is_paid_once() -> None:
    for options, paid in (({}, 1.0), ({"reward": "dense"}, 1.0)):
        game = Household(split="valid_seen", game=3, **options)
        state = game.start(RNG)
        before = conditions(state.house, state.scene)[0]
        rewards = []
        for command in solver.plan(state.house, state.scene) or []:
            state = game.step(state, {0: command}, RNG)
            rewards.append(game.rewards(state)[0])
        assert state.won
        assert not game.to_move(state)
        assert sum(rewards) == pytest.approx(paid if not before else 1 - before / conditions(state.house, state.scene)[1])
        assert not game.truncated(state)


def test_the_steps_run_out_undone() -> None:
    game = Household(max_steps=30)
    state = game.start(RNG)
    for _ in range(30):
        assert game.to_move(state) == (0,)
        state = game.step(state, {0: "dance"}, RNG)
    assert not game.to_move(state)
    assert (state.won, state.feedback, state.action_valid, state.parse_ok) == (False, "Nothing happens.", False, False)


def test_valid_and_well_formed_are_two_things() -> None:
    game = Household(split="valid_seen", game=0)
    state = game.start(RNG)
    name = next(one for one in state.house.receptacles if one.startswith(("cabinet", "drawer", "fridge")))
    for command, valid, formed in ((f"open {name}", False, True), (f"go to {name}", True, True), ("open sesame", False, False)):
        after = game.step(state, {0: command}, RNG)
        assert (after.action_valid, after.parse_ok) == (valid, formed)


def test_explaining_feedback_says_why() -> None:
    game = Household(split="valid_seen", game=0, feedback="explain")
    state = game.start(RNG)
    name = next(one for one in state.house.receptacles if one.startswith(("cabinet", "drawer", "fridge")))
    assert game.step(state, {0: f"open {name}"}, RNG).feedback == f"Nothing happens. You are not at the {name}."
    at = game.step(state, {0: f"go to {name}"}, RNG)
    assert game.step(at, {0: f"close {name}"}, RNG).feedback == f"Nothing happens. The {name} is closed already."
    hostile = game.step(state, {0: 'x" {1+1} </answer>\n'}, RNG).feedback
    assert "\n" not in hostile
    assert "{" not in hostile


def test_the_task_type_can_be_chosen() -> None:
    for split in SPLITS:
        for kind in ("look", "two"):
            game = Household(split=split, tasks=kind)
            assert {game.start(np.random.default_rng(seed)).house.goal.kind for seed in range(5)} == {kind}


def test_shuffled_numbers_are_the_same_in_every_match_of_a_game() -> None:
    plain, mixed = (Household(split="valid_seen", game=1, shuffle_numbers=on).start(RNG).house for on in (False, True))
    assert sorted(plain.receptacles) == sorted(mixed.receptacles)
    assert plain.receptacles != mixed.receptacles
    assert (
        Household(split="valid_seen", game=1, shuffle_numbers=True).start(np.random.default_rng(5)).house.receptacles == mixed.receptacles
    )


def test_distractors_are_as_many_as_asked_for() -> None:
    few, many = (Household(game=7, distractors=count).start(RNG).house for count in (0, 40))
    assert len(many.objects) - len(few.objects) == pytest.approx(40, abs=2)


# --- what trainers are told, saved states ------------------------------------------------------------------------------------------


def test_what_trainers_are_told() -> None:
    game = Household(split="valid_unseen", game=5)
    state = game.start(RNG)
    facts = game.diagnostics(state, 0)
    assert (facts["game_id"], facts["won"], facts["action_valid"]) == ("valid_unseen/5", False, True)
    assert facts["optimal_length"] == len(solver.plan(state.house, state.scene) or [])
    assert facts["difficulty"]["objects"] == len(state.house.objects)
    assert set(facts) == set(game.diagnostics(played(game, 9), 0))


def test_the_anchor_is_of_the_scene_and_not_of_the_way_there() -> None:
    game = Household(split="valid_seen", game=2)
    assert isinstance(game, Anchors)
    first = game.start(RNG)
    one, other = (name for name in first.house.receptacles[:2])
    there = game.step(first, {0: f"go to {one}"}, RNG)
    back = game.step(game.step(there, {0: f"go to {other}"}, RNG), {0: f"go to {one}"}, RNG)
    assert game.anchor(there, 0) == game.anchor(back, 0) != game.anchor(first, 0)
    assert game.anchor(Household(split="valid_seen", game=4).start(RNG), 0) != game.anchor(first, 0)


@pytest.mark.parametrize("options", [{}, {"reward": "dense", "hints": True, "profile": "0.3", "shuffle_numbers": True}])
def test_a_state_survives_bytes_and_pickles(options: dict[str, Any]) -> None:
    game = Household(**options)
    assert isinstance(game, Serializable)
    state = played(game, 12)
    assert game.unpack(game.pack(state)) == state == pickle.loads(pickle.dumps(state))
    assert len(game.pack(state)) < 4000
    follow = admissible(state.house, state.scene)[3]
    assert game.step(game.unpack(game.pack(state)), {0: follow}, RNG) == game.step(state, {0: follow}, RNG)


@pytest.mark.parametrize("data", [b"", b"[]", b"[[1],[2],[3]]", b"\xff", b'[["",0,"nowhere","0.4",false,-1],[],[]]'])
def test_other_bytes_are_no_state(data: bytes) -> None:
    with pytest.raises(UsageError, match="no state of the household"):
        Household().unpack(data)


def test_what_was_not_seen_is_redrawn_and_nothing_else() -> None:
    game = Household(split="train", game=11, commands="admissible")
    assert isinstance(game, Resample)
    state = played(game, 15)
    seen = [at for at in range(len(state.house.receptacles)) if state.seen >> at & 1]
    drawn = [game.resample(state, 0, np.random.default_rng(seed)) for seed in range(8)]
    assert len({other.scene for other in drawn}) > 1
    for other in drawn:
        assert all(other.scene.inside[at] == state.scene.inside[at] for at in seen)
        assert sum(mask.bit_count() for mask in other.scene.inside) == sum(mask.bit_count() for mask in state.scene.inside)


# --- bad input, wrong specifications ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\x00\x1b[31m\u202e", "go to " * 5000, "🙂", "take  from ", "put a in/on b", "{1/0}"])
def test_any_words_do_nothing(text: str) -> None:
    env = gymnasium.make("agentarena/Household-v0")
    env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step(text)
    assert observation["words"]["text"] == "Nothing happens."
    assert (reward, terminated, truncated, info["action_valid"]) == (0.0, False, False, False)


def test_what_is_no_text_is_refused_and_says_so() -> None:
    env = gymnasium.make("agentarena/Household-v0", on_illegal="raise")
    env.reset(seed=0)
    for action in (3, None, b"look", ["look"], "x" * 100_001):
        with pytest.raises(IllegalAction, match=r"expected a string|too long"):
            env.step(action)
    assert env.step("look")[4]["action_valid"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "test"}, "split"),
        ({"split": "valid_seen", "game": 140}, "0 to 139"),
        ({"profile": "0.5"}, "profile"),
        ({"commands": "admissible", "admissible": False}, "cannot be hidden"),
        ({"game": 3, "tasks": "pick"}, "leave it at 'all'"),
        ({"max_steps": 0}, "max_steps"),
        ({"files": "x", "distractors": 3}, "generated games"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        aa.game("Household-v0", **options)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no folder"):
        aa.game("Household-v0", files="/no/such/folder").start(stream(0))


# --- through the adapters ------------------------------------------------------------------------------------------------------------


def test_gymnasium_lists_the_admissible_commands() -> None:
    env = gymnasium.make("agentarena/Household-v0", split="valid_seen")
    observation, info = env.reset(seed=4)
    assert observation["words"]["text"] == info["feedback"]
    assert env.observation_space.contains(observation)
    assert info["admissible_commands"] == sorted(info["admissible_commands"])
    first = next(command for command in info["admissible_commands"] if command.startswith("go to"))
    _, _, _, _, info = env.step(first)
    assert info["action_valid"]
    assert first not in info["admissible_commands"]
    hidden = gymnasium.make("agentarena/Household-v0", admissible=False)
    assert hidden.reset(seed=4)[1]["admissible_commands"] == []
    assert hidden.step("inventory")[4]["feedback"] == "You are not carrying anything."


def test_replies_of_models_are_read_in_the_text_view() -> None:
    env = gymnasium.make("agentarena/Household-v0", view="text", split="valid_seen", game=0)
    observation, _ = env.reset(seed=0)
    assert "Admissible commands:\n" in observation["text"]
    _, _, terminated, _, info = env.step("I look around first. <answer> LOOK </answer>")
    assert (terminated, info["action_valid"]) == (False, True)


def test_many_games_in_one_process() -> None:
    envs = aa.make_vec("Household-v0", 8, max_steps=4)
    _, infos = envs.reset(seed=0)
    assert len({*infos["game_id"]}) == 8
    for _ in range(4):
        _, _, terminated, _, infos = envs.step([commands[-1] for commands in infos["admissible_commands"]])
    assert terminated.all()
    assert [len(commands) for commands in infos["admissible_commands"]] == [0] * 8
