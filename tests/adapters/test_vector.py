"""Many matches at once: array rules against one table a match, autoreset as Gymnasium defines it, shapes, forfeits."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from adapter_games import FIXTURES, Bids, FastMajority, Majority, Talk, Tips
from fixtures.array_games import Pairs
from gymnasium.vector import AutoresetMode

import agentarena as aa
from agentarena.adapters.engines import ArrayEngine, TableEngine
from agentarena.adapters.vector import ArenaVector
from agentarena.agents.arrays import RandomPolicy
from agentarena.agents.random import RandomAgent
from agentarena.core.batch import map_leaves
from agentarena.core.errors import BadOption, MatchOver, NotSupported, UsageError, WrongSeats
from agentarena.core.game import Game, HasBatch
from agentarena.core.registry import env_ids, game

SUBJECTS = [pytest.param(env_id, id=env_id) for env_id in env_ids()] + [pytest.param(g, id=repr(g)) for g in (*FIXTURES, Pairs())]


def moves(vec: ArenaVector, seen: Any, rng: np.random.Generator) -> Any:
    """Random legal actions for every match."""
    if isinstance(seen, dict) and "joint_mask" in seen:
        flat = seen["joint_mask"].reshape(*seen["joint_mask"].shape[:-2], -1)
        chosen = np.where(flat != 0, rng.random(flat.shape), -1.0).argmax(axis=-1)
        pairs = np.stack(np.unravel_index(chosen, seen["joint_mask"].shape[-2:]), axis=-1)
        return tuple(np.moveaxis(pairs, 1, 0)) if vec.joint else pairs
    if isinstance(seen, dict) and "action_mask" in seen:
        mask = seen["action_mask"]
        return np.where(mask != 0, rng.random(mask.shape), -1.0).argmax(axis=-1)
    vec.action_space.seed(int(rng.integers(2**31)))
    return vec.action_space.sample()


def alike(rules: Game[Any]) -> bool:
    """Whether all seats have the spaces of seat 0, as self-play in arrays needs."""
    seats = range(rules.info.seats)
    return all(
        rules.action_space(seat) == rules.action_space(0) and rules.observation_space(seat) == rules.observation_space(0) for seat in seats
    )


@pytest.mark.parametrize("opponents", [None, "random"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_game_plays(subject: str | Game[Any], opponents: str | None) -> None:
    if opponents is None and not alike(game(subject)):
        with pytest.raises(UsageError, match=r"the same .* space for every seat"):
            aa.make_vec(subject, 4)
        return
    vec = aa.make_vec(subject, 4, opponents=opponents, seed=3, all_rewards=True)
    rng = np.random.default_rng(0)
    seen, infos = vec.reset()
    rows = np.arange(4)
    ended = np.zeros(4, bool)
    seats = vec.game.info.seats
    for _ in range(min(60, 2 * vec.game.info.max_steps)):
        assert seen in vec.observation_space
        assert infos["rewards"].shape == infos["returns"].shape == (4, seats)
        before = infos["to_move"]
        seen, rewards, terminated, truncated, infos = vec.step(moves(vec, seen, rng))
        assert not (terminated & truncated).any()
        assert not (ended & (terminated | truncated)).any(), "the step after the end starts the next match"
        if vec.joint:
            assert np.array_equal(rewards, infos["rewards"])
        else:
            asked = np.where(before < 0, 0, before)
            assert np.array_equal(rewards[~ended], infos["rewards"][rows, asked][~ended])
        if "action_mask" in seen or not isinstance(vec.game.action_space(0), gymnasium.spaces.Dict):  # else some parts are illegal at times
            assert not infos["forfeit"].any()
        assert not infos["rewards"][ended].any()
        ended = terminated | truncated
    low, high = vec.game.info.low, vec.game.info.high
    legal = ~infos["forfeit"].any(axis=1)
    assert (infos["returns"][legal] >= low - 1e-6).all() or not ended.any()
    assert (infos["returns"][legal] <= high + 1e-6).all() or not ended.any()
    vec.close()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_array_rules_and_tables_agree(subject: str | Game[Any]) -> None:
    """Without chance both engines are the same function of the actions; with chance their spaces and shapes agree."""
    rules = game(subject)
    if not alike(rules):
        return
    fast, slow = aa.make_vec(rules, 6), aa.make_vec(rules, 6)
    if not isinstance(fast.engine, ArrayEngine):
        assert not isinstance(rules, HasBatch)
        return
    from agentarena.adapters.table import Opponents

    spaces = (slow.single_observation_space, slow._seat_space)
    agents = Opponents(slow._layout, [], own=rules.info.seats)
    slow.engine = TableEngine(slow._layout, 6, None, slow.engine.limit, agents, spaces)
    rng = np.random.default_rng(2)
    left, right = fast.reset(seed=1), slow.reset(seed=1)
    for _ in range(40):
        if not rules.info.chance:
            np.testing.assert_equal(left, right)
        else:
            assert map_leaves(np.shape, left[0]) == map_leaves(np.shape, right[0])
            assert left[0] in fast.observation_space
        actions = moves(fast, left[0], rng)
        if rules.info.chance:
            left, right = fast.step(actions)[::4], slow.step(moves(slow, right[0], rng))[::4]
        else:
            a, b = fast.step(actions), slow.step(actions)
            np.testing.assert_equal(a[1:4], b[1:4])
            left, right = a[::4], b[::4]


def test_engines_are_chosen_by_what_the_game_can() -> None:
    assert isinstance(aa.make_vec(FastMajority(), 2).engine, ArrayEngine)
    assert isinstance(aa.make_vec(FastMajority(), 2, opponents="random").engine, ArrayEngine)
    assert isinstance(aa.make_vec(FastMajority(), 2, opponents=["random", RandomPolicy()]).engine, ArrayEngine)
    assert isinstance(aa.make_vec(FastMajority(), 2, opponents=aa.agent("random")).engine, TableEngine)
    assert isinstance(aa.make_vec(FastMajority(), 2, opponents=["random", aa.agent("random")]).engine, TableEngine)
    assert isinstance(aa.make_vec(FastMajority(), 2, view="text").engine, TableEngine)
    assert isinstance(aa.make_vec(Majority(), 2).engine, TableEngine)
    assert isinstance(aa.make_vec("TicTacToe-v0", 2).engine, ArrayEngine)
    assert isinstance(aa.make_vec("Economist-v0", 2, opponents="random").engine, ArrayEngine)
    assert isinstance(
        aa.make_vec("Economist-v0", 2, opponents="random", bounded=True).engine, TableEngine
    )  # no array rules for these options
    assert isinstance(aa.make_vec("ConnectFour-v0", 2, rows=8, columns=8).engine, TableEngine)
    for rules, opponents in ((Majority(), RandomPolicy()), (FastMajority(), [RandomPolicy(), aa.agent("random")])):
        with pytest.raises(NotSupported, match="need array rules"):
            aa.make_vec(rules, 2, opponents=opponents)
    with pytest.raises(WrongSeats, match="expected 2 opponents"):
        aa.make_vec(FastMajority(), 2, opponents=["random"])


@pytest.mark.parametrize("rules", [Majority(rounds=3), FastMajority(rounds=3)], ids=repr)
def test_shapes_of_simultaneous_self_play(rules: Game[Any]) -> None:
    vec = aa.make_vec(rules, 5)
    seen, infos = vec.reset(seed=0)
    assert vec.single_action_space == gymnasium.spaces.MultiDiscrete([2, 2, 2])
    assert seen["observation"].shape == (5, 3, 5)
    assert seen["action_mask"].shape == (5, 3, 2)
    assert infos["to_move"].shape == (5, 3)
    assert vec.action_masks().shape == (5, 3, 2)
    votes = np.array([[1, 1, 0]] * 5)
    seen, rewards, terminated, _, _ = vec.step(votes)
    assert rewards.tolist() == [[1.0, 1.0, 0.0]] * 5
    vec.step(votes)
    _, _, terminated, _, infos = vec.step(votes)
    assert terminated.all()
    assert infos["returns"].tolist() == [[3.0, 3.0, 0.0]] * 5


@pytest.mark.parametrize("rules", [Majority(), FastMajority()], ids=repr)
def test_shapes_with_opponents(rules: Game[Any]) -> None:
    vec = aa.make_vec(rules, 6, opponents="random", seat="rotate", seed=0, all_rewards=True)
    seen, infos = vec.reset()
    assert infos["to_move"].tolist() == [0, 1, 2, 0, 1, 2]
    assert seen["observation"][:, 1].tolist() == [0, 1, 2, 0, 1, 2]
    _, rewards, _, _, infos = vec.step(np.ones(6, int))
    assert rewards.shape == (6,)
    assert np.array_equal(rewards, infos["rewards"][np.arange(6), [0, 1, 2, 0, 1, 2]])


@pytest.mark.parametrize("arrays", [True, False], ids=["arrays", "tables"])
def test_random_play_wins_as_often_as_enumeration_says(arrays: bool) -> None:
    """Seat 0 of tic-tac-toe under random play wins 737/1260, loses 121/420, draws 8/63 (exact, by enumeration)."""
    size, each = (512, 12) if arrays else (64, 24)
    opponents = "random" if arrays else aa.agent("random")
    vec = aa.make_vec("TicTacToe-v0", size, opponents=opponents, autoreset_mode="SameStep", seed=5)
    rng = np.random.default_rng(7)
    seen, _ = vec.reset()
    results: list[list[float]] = [[] for _ in range(size)]
    while min(map(len, results)) < each:  # the same number from each row, or short matches would be counted too often
        seen, rewards, terminated, _, _ = vec.step(moves(vec, seen, rng))
        for row in np.flatnonzero(terminated):
            results[row].append(rewards[row])
    played = np.array([row[:each] for row in results]).ravel()
    for value, share in ((1.0, 737 / 1260), (-1.0, 121 / 420), (0.0, 8 / 63)):
        assert abs((played == value).mean() - share) < 4 * np.sqrt(share * (1 - share) / len(played))


@pytest.mark.parametrize("rules", ["TicTacToe-v0", Majority(), Tips()], ids=repr)
def test_next_step_autoreset(rules: str | Game[Any]) -> None:
    vec = aa.make_vec(rules, 1, seed=0)
    assert vec.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    rng = np.random.default_rng(0)
    seen, _ = vec.reset()
    ended = False
    while not ended:
        seen, _, terminated, truncated, infos = vec.step(moves(vec, seen, rng))
        ended = bool((terminated | truncated)[0])
    assert not seen["action_mask"].any()
    seen, rewards, terminated, truncated, infos = vec.step(moves(vec, seen, rng))
    assert not np.any(rewards)
    assert not np.any(infos["returns"])
    assert not terminated[0]
    assert not truncated[0]
    assert seen["action_mask"].any()


@pytest.mark.parametrize("rules", ["TicTacToe-v0", Majority(), FastMajority(), Tips()], ids=repr)
def test_same_step_autoreset(rules: str | Game[Any]) -> None:
    vec = aa.make_vec(rules, 3, seed=0, autoreset_mode="SameStep")
    rng = np.random.default_rng(0)
    seen, _ = vec.reset()
    for _ in range(25):
        seen, _, terminated, truncated, infos = vec.step(moves(vec, seen, rng))
        ended = terminated | truncated
        assert ("final_obs" in infos) == bool(ended.any())
        assert seen["action_mask"].any(axis=-1).any(axis=-1).all()
        assert not infos["returns"][ended].any()
        if ended.any():
            assert np.array_equal(infos["_final_obs"], ended)
            for row in range(3):
                assert (infos["final_obs"][row] is not None) == ended[row]
                if ended[row]:
                    assert infos["final_obs"][row] in vec.single_observation_space
                    assert not infos["final_obs"][row]["action_mask"].any()
            total = infos["final_info"]["returns"][ended]
            assert (total.sum(axis=1) != 0).any() or vec.game.info.sum == "zero"


def test_disabled_autoreset() -> None:
    vec = aa.make_vec(Tips(), 3, seed=0, autoreset_mode="Disabled")
    vec.reset()
    for _ in range(4):
        _, _, terminated, _, _ = vec.step(np.ones(3, int))
    assert terminated.all()
    with pytest.raises(MatchOver, match="reset_mask"):
        vec.step(np.ones(3, int))
    vec.reset(options={"reset_mask": np.array([True, False, False])})
    with pytest.raises(MatchOver, match=r"\[1, 2\]"):
        vec.step(np.ones(3, int))
    _, infos = vec.reset(options={"reset_mask": np.array([False, True, True])})
    vec.step(np.ones(3, int))
    assert (infos["to_move"] >= 0).all()


@pytest.mark.parametrize("rules", [Majority(rounds=9), FastMajority(rounds=9)], ids=repr)
def test_truncation(rules: Game[Any]) -> None:
    vec = aa.make_vec(rules, 2, max_cycles=2)
    seen, _ = vec.reset(seed=0)
    assert not np.any(vec.step(np.zeros((2, 3), int))[2:4])
    seen, _, terminated, truncated, _ = vec.step(np.zeros((2, 3), int))
    assert (terminated.any(), truncated.all()) == (False, True)
    assert not seen["action_mask"].any()
    assert not vec.step(np.zeros((2, 3), int))[4]["returns"].any()


@pytest.mark.parametrize("rules", [Majority(), FastMajority()], ids=repr)
@pytest.mark.parametrize("bad", [2, -1, 10**9])
def test_illegal_action_in_a_round(rules: Game[Any], bad: int) -> None:
    vec = aa.make_vec(rules, 2)
    vec.reset(seed=0)
    vec.step(np.ones((2, 3), int))
    _, rewards, terminated, _, infos = vec.step(np.array([[1, bad, 1], [1, 1, 1]]))
    price = rules.info.forfeit_return
    assert terminated.tolist() == [True, False]
    assert rewards.tolist() == [[0.0, price - 1.0, 0.0], [1.0, 1.0, 1.0]]
    assert infos["returns"].tolist() == [[1.0, price, 1.0], [2.0, 2.0, 2.0]]
    assert infos["forfeit"].tolist() == [[False, True, False], [False] * 3]


@pytest.mark.parametrize("opponents", ["random", aa.agent("random")], ids=["arrays", "tables"])
def test_each_seat_sees_its_own_rewards_alone_until_the_match_is_over(opponents: Any) -> None:
    hidden, open_ = (
        aa.make_vec(FastMajority(rounds=3), 4, opponents=opponents, seat=1, seed=0, all_rewards=every) for every in (False, True)
    )
    hidden.reset()
    open_.reset()
    for step in range(3):
        *_, infos = hidden.step(np.zeros(4, int))
        *_, everything = open_.step(np.zeros(4, int))
        assert "rewards" not in infos
        assert np.array_equal(infos["returns"][:, 1], everything["returns"][:, 1])
        assert np.isnan(infos["returns"][:, [0, 2]]).all() == (step < 2)
        assert not np.isnan(everything["returns"]).any()
    assert np.array_equal(infos["returns"], everything["returns"])


@pytest.mark.parametrize("opponents", [None, "random", aa.agent("random")], ids=["self-play", "arrays", "tables"])
def test_illegal_action_in_turn(opponents: Any) -> None:
    vec = aa.make_vec("TicTacToe-v0", 3, opponents=opponents, seed=0)
    vec.reset()
    _, rewards, terminated, _, infos = vec.step(np.array([9, 0, 4]))
    assert terminated.tolist() == [True, False, False]
    assert rewards.tolist() == [aa.game("TicTacToe-v0").info.forfeit_return, 0.0, 0.0]
    assert infos["forfeit"].tolist() == [[True, False], [False, False], [False, False]]
    seen, _, terminated, _, infos = vec.step(np.array([0, 8, 8] if opponents is None else [0, 0, 4]))
    assert infos["to_move"][0] == 0
    assert not terminated[0]
    assert seen["action_mask"][0].sum() == 9


def test_same_seed_same_play() -> None:
    def trace(vec: ArenaVector) -> list[Any]:
        rng = np.random.default_rng(0)
        out: list[Any] = [vec.reset(seed=8)]
        for _ in range(20):
            seen = out[-1][0]
            out.append(vec.step(moves(vec, seen, rng)))
        return out

    for rules, opponents in ((Tips(), None), (Tips(), "random"), (Majority(resting=True), None), (FastMajority(), "random")):
        one = trace(aa.make_vec(rules, 3, opponents=opponents))
        np.testing.assert_equal(trace(aa.make_vec(rules, 3, opponents=opponents)), one)


def test_rewards_before_the_first_decision_are_paid_with_it() -> None:
    vec = aa.make_vec(Tips(), 64, opponents="random", seat=2, autoreset_mode="Disabled", seed=0)
    vec.reset()
    total, ended = np.zeros(64), np.zeros(64, bool)
    for _ in range(4):
        _, rewards, terminated, _, _ = vec.step(np.ones(64, int))
        total += rewards
        for row in np.flatnonzero(terminated & ~ended):
            table = vec.engine.tables[row]  # type: ignore[attr-defined]
            assert total[row] == pytest.approx(0.1 * (4 - table.episode.state.order.count(2)))
        if terminated.any():
            vec.reset(options={"reset_mask": terminated})
            total[terminated] = 0.0


def test_opponents_are_asked_all_their_questions_at_once() -> None:
    from test_solo import First

    bot = First()
    vec = aa.make_vec("TicTacToe-v0", 16, opponents=bot, seat=1, seed=0)
    vec.reset()
    assert bot.batches == [16]
    vec.step(np.full(16, 4))
    assert bot.batches == [16, 16]


def test_spoken_and_real_actions() -> None:
    talk = aa.make_vec(Talk(), 2, seed=0, view="text")
    seen, _ = talk.reset()
    assert len(seen["text"]) == 2
    vote = {"vote": np.array([1, 1]), "words": ("hi", "ho")}
    talk.step(vote)
    _, _, terminated, _, infos = talk.step(vote)
    assert terminated.all()
    assert infos["returns"].tolist() == [[1.0, 1.0]] * 2
    bids = aa.make_vec(Bids(), 2, seed=0)
    bids.reset()
    bids.step(np.array([[0.5], [0.25]], np.float32))
    _, rewards, _, _, _ = bids.step(np.array([[0.25], [0.5]], np.float32))
    assert rewards.tolist() == [-0.25, 0.5]


def test_replies_in_words() -> None:
    vec = aa.make_vec("TicTacToe-v0", 2, view="text", seed=0)
    vec.reset()
    seen, _, terminated, _, _ = vec.step(["<answer>(1,1)</answer>", "whatever"])
    assert terminated.tolist() == [False, True]
    assert "(1,1)" in seen["text"][0]


@pytest.mark.parametrize("view", ["vector", "text"])
def test_gymnasium_make_vec(view: str) -> None:
    vec = gymnasium.make_vec("agentarena/TicTacToe-v0", num_envs=3, view=view)
    assert isinstance(vec, ArenaVector)
    assert isinstance(vec.engine, ArrayEngine if view == "vector" else TableEngine)
    seen, _ = vec.reset(seed=0)
    assert seen in vec.observation_space
    sync = gymnasium.make_vec("agentarena/TicTacToe-v0", num_envs=3, vectorization_mode="sync", view=view)
    assert sync.single_observation_space == vec.single_observation_space
    seen, _ = sync.reset(seed=0)
    sync.step(np.array([0, 4, 8]))
    recorded = gymnasium.wrappers.vector.RecordEpisodeStatistics(gymnasium.make_vec("agentarena/TicTacToe-v0", num_envs=3))
    seen, _ = recorded.reset(seed=0)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(12):
        seen, _, _, _, infos = recorded.step(moves(vec, seen, rng))
        found += list(infos.get("episode", {}).get("r", []))
    assert set(found) <= {-1.0, 0.0, 1.0}
    assert found


def test_bad_arguments() -> None:
    for arguments in ({"num_envs": 0}, {"num_envs": True}, {"num_envs": 2, "autoreset_mode": "sometimes"}, {"num_envs": 2, "seat": 5}):
        with pytest.raises(BadOption):
            aa.make_vec("TicTacToe-v0", **arguments)
    vec = aa.make_vec("TicTacToe-v0", 2)
    with pytest.raises(UsageError, match="call reset"):
        vec.step(np.zeros(2, int))
    with pytest.raises(UsageError, match="call reset"):
        vec.action_masks()
    for nobody in (5, [5], 0.5, [lambda: 0], [[0]], RandomAgent):
        with pytest.raises(UsageError, match="is no"):
            aa.make_vec("TicTacToe-v0", 2, opponents=nobody)
        with pytest.raises(UsageError, match="is no"):
            aa.make_solo("TicTacToe-v0", opponents=nobody)
    with pytest.raises(UsageError, match="reset_mask"):
        vec.reset(options={"reset_mask": np.zeros(3, bool)})
    vec.reset(seed=0)
    for actions in (np.zeros(3, int), np.full(2, 0.5), np.full(2, np.nan), np.full(2, 1e300), np.zeros(2, bool), np.zeros((2, 2), int)):
        with pytest.raises(UsageError, match=r"expected \(2,\) and whole numbers"):
            vec.step(actions)


@pytest.mark.parametrize("opponents", ["random", None])
@pytest.mark.parametrize("env_id", ["TicTacToe-v0", "Dhumbal-v0"])
def test_whole_numbers_of_learners_are_actions(env_id: str, opponents: Any) -> None:
    """By the rule of one match: whole floats and tensors, here of array rules and of tables."""
    rows = []
    for convert in (np.int64, np.float32, torch.tensor):
        vec = aa.make_vec(env_id, 2, opponents=opponents)
        seen, _ = vec.reset(seed=0)
        rows.append(vec.step(convert(seen["action_mask"].argmax(axis=-1)))[0]["observation"])
        assert not vec.engine.forfeits.any()
    assert repr(rows[0]) == repr(rows[1]) == repr(rows[2])


@pytest.mark.parametrize("env_id", env_ids())
def test_vectors_survive_copying_and_pickling_in_mid_match(env_id: str) -> None:
    vec = aa.make_vec(env_id, 2, opponents="random")
    vec.reset(seed=0)
    for other in (copy.deepcopy(vec), pickle.loads(pickle.dumps(vec))):
        assert repr(other.engine.observe()) == repr(vec.engine.observe())
        other.close()
        other.close()


def test_opponents_that_always_fail_do_not_hang_a_vector() -> None:
    from agentarena.core.agent import Agent

    class Fails(Agent):
        def choose(self, view: Any) -> Any:
            raise ZeroDivisionError

    with pytest.raises(UsageError, match="the opponents forfeited 10 matches before the seat was asked"):
        aa.make_vec("TicTacToe-v0", 2, opponents=[Fails()], seat=1).reset(seed=0)
