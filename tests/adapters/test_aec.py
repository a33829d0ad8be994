"""The AEC form: what a turn is worth, who sees what in a round, what an illegal action costs, and in which order things may be done."""

from __future__ import annotations

import pickle
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from adapter_games import Bids, Climb, Majority, Talk, Tips
from gymnasium import spaces

import agentarena as aa
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, UnknownName, UsageError
from agentarena.core.rng import CHANCE, stream


def test_last_pays_everything_since_the_previous_turn() -> None:
    """In `Tips` each act pays 0.1 to the two others: a seat's `last` pays what it got since it last acted, exactly."""
    for seed in range(20):
        env = aa.make(Tips())
        env.reset(seed=seed)
        order = env.episode.state.order
        owed: defaultdict[str, float] = defaultdict(float)
        acted = []
        for agent in env.agent_iter():
            _, reward, terminated, _, _ = env.last()
            assert reward == owed.pop(agent, 0.0)
            env.step(None if terminated else 1)
            if not terminated:
                acted.append(int(agent[-1]))
                for other in env.possible_agents:
                    owed[other] += 0.1 if other != agent else 0.0
        assert tuple(acted) == order
        assert not owed


def test_nothing_of_a_round_leaks_to_the_seats_that_choose_later() -> None:
    seen: dict[int, list[Any]] = {}
    for first in (0, 1):
        env = aa.make(Majority(), view="text")
        env.reset(seed=1)
        env.step(first)
        seen[first] = [env.observe(agent) for agent in env.agents] + [env.last()[1:]] + [env.rewards.copy(), env.infos.copy()]
        assert env.agent_selection == "player_1"
        assert env.episode.steps == 0
    np.testing.assert_equal(seen[0], seen[1])


def test_a_round_asks_only_the_seats_to_move_in_order() -> None:
    env = aa.make(Majority(resting=True))
    env.reset(seed=0)
    while env.agents and not any(env.terminations.values()):
        asked = env.episode.to_move
        for seat in asked:
            assert env.agent_selection == f"player_{seat}"
            choosing = [f"player_{other}" for other in asked if other >= seat]
            for masks in ({agent: env.infos[agent] for agent in env.agents}, {agent: env.observe(agent) for agent in env.agents}):
                assert {agent for agent, shown in masks.items() if shown["action_mask"].any()} == set(choosing)
            env.step(0)


def test_illegal_action_costs_the_offender_alone() -> None:
    env = aa.make(Tips())
    env.reset(seed=0)
    env.step(1)
    offender = env.agent_selection
    before = list(env.episode.returns)
    env.step(0)  # 1 and 3 are legal
    assert env.terminations == dict.fromkeys(env.possible_agents, True)
    assert env.truncations == dict.fromkeys(env.possible_agents, False)
    seat = int(offender[-1])
    assert env.rewards[offender] + before[seat] == pytest.approx(Tips().info.forfeit_return)
    assert {a: r for a, r in env.rewards.items() if a != offender} == {a: 0.0 for a in env.agents if a != offender}
    assert list(env.faults) == [offender]
    assert "legal: 1, 3" in env.faults[offender]
    words = aa.make(Tips(), view="text")
    words.reset(seed=0)
    words.step(1)
    words.step(0)
    assert "legal: 1, 3" in words.infos[offender]["illegal"]
    assert all(info["forfeit"] == [offender] for info in words.infos.values())
    assert [words.infos[a].get("illegal") is None for a in words.agents if a != offender] == [True, True]


def test_illegal_action_in_a_round_ends_the_match_when_the_round_is_over() -> None:
    """The others choose without knowing of it, as in the parallel form; several may forfeit in one round."""
    env = aa.make(Majority())
    env.reset(seed=0)
    env.step(5)
    env.step(0)
    assert not any(env.terminations.values())
    assert env.rewards == dict.fromkeys(env.agents, 0.0)
    env.step(7)
    price = Majority().info.forfeit_return
    assert env.rewards == {"player_0": price, "player_1": 0.0, "player_2": price}
    assert all(env.terminations.values())
    assert sorted(env.faults) == ["player_0", "player_2"]


@pytest.mark.parametrize(
    "action", [9, -1, 4, True, np.True_, 2.5, np.nan, np.inf, "4", None, np.float32(3.5), np.array([1, 2]), np.array(True)], ids=repr
)
def test_raise_leaves_everything_as_it_was(action: Any) -> None:
    env = aa.make("TicTacToe-v0", on_illegal="raise")
    env.reset(seed=0)
    env.step(4)
    before = pickle.dumps((env.last(), env.rewards, env.infos, env.agent_selection, env.episode.returns))
    with pytest.raises(IllegalAction):
        env.step(action)
    assert pickle.dumps((env.last(), env.rewards, env.infos, env.agent_selection, env.episode.returns)) == before
    env.step(0)
    assert env.agent_selection == "player_0"


@pytest.mark.parametrize(
    "number",
    [int, float, np.int8, np.int64, np.float32, np.array, lambda n: np.array([n]), lambda n: np.array([float(n)]), torch.tensor,
     lambda n: torch.tensor([n]), lambda n: torch.tensor(float(n), requires_grad=True)],
)  # fmt: skip
def test_whole_numbers_of_every_make_are_actions(number: Any) -> None:
    env = aa.make("TicTacToe-v0", on_illegal="raise")
    env.reset(seed=0)
    env.step(number(4))
    assert env.episode.state.board == "....X...."
    parallel = aa.make_parallel("RockPaperScissors-v0", on_illegal="raise")
    parallel.reset(seed=0)
    assert parallel.step({agent: number(2) for agent in parallel.agents})[1] == {"player_0": 0.0, "player_1": 0.0}


def test_replies_in_words() -> None:
    env = aa.make("TicTacToe-v0", view="text")
    env.reset(seed=0)
    assert "Board" in env.last()[0]["text"]
    env.step("The centre. <answer>(1,1)</answer>")
    assert env.episode.state.board == "....X...."
    assert "(1,1)" in env.last()[0]["text"], "the opponent's move is news"
    env.step("<answer>(0,0)</answer> or <answer>(0,1)</answer>")
    assert "unreadable reply" in env.infos["player_1"]["illegal"]
    assert env.rewards == {"player_0": 0.0, "player_1": env.game.info.forfeit_return}
    strict = aa.make("TicTacToe-v0", view="text", on_illegal="raise")
    strict.reset()
    with pytest.raises(IllegalAction, match="unreadable reply"):
        strict.step("no idea")
    assert strict.infos["player_0"]["rules"] == strict.game.text.rules(0)


def test_words_that_are_read_once_are_not_news_again() -> None:
    env = aa.make(Tips(), view="text")
    env.reset(seed=2)
    told = defaultdict(int)
    while not any(env.terminations.values()):
        agent = env.agent_selection
        told[agent] += env.last()[0]["text"].count("tip {")
        assert env.last()[0]["text"] == env.last()[0]["text"]
        env.step(1)
    for agent in env.agents:
        told[agent] += env.observe(agent)["text"].count("tip {")
    assert dict(told) == dict.fromkeys(env.possible_agents, 4), "every seat hears of all four tips exactly once"


def test_text_is_folded_and_cut_to_its_space() -> None:
    env = aa.make(Talk(), view="text", max_chars=120)
    env.reset(seed=0)
    env.step("<say>Élan — ça va, ♠? " + "y" * 15 + "</say><answer>1</answer>")
    seen = env.last()[0]
    assert "Elan - ca va, ?" in seen["text"]
    assert seen["words"] == {"heard": "Élan — ça va, ♠? " + "y" * 15}
    long = aa.make("TicTacToe-v0", view="text", max_chars=60)
    long.reset(seed=0)
    text = long.last()[0]["text"]
    assert len(text) == 60
    assert text.startswith("(the beginning is cut off)")
    assert long.last()[0] in long.observation_space("player_0")


def test_spaces_are_the_same_objects_and_never_shared() -> None:
    rules = aa.game("TicTacToe-v0")
    one, two = aa.make(rules), aa.make(rules)
    agents = one.possible_agents
    assert one.observation_space(agents[0]) is one.observation_space(agents[0])
    assert one.action_space(agents[0]) is one.action_space(agents[0])
    assert len({id(env.action_space(agent)) for env in (one, two) for agent in agents}) == 4
    one.action_space(agents[0]).seed(1)
    first = [one.action_space(agents[0]).sample() for _ in range(20)]
    one.action_space(agents[0]).seed(1)
    two.action_space(agents[0]).seed(9)
    two.action_space(agents[0]).sample()
    assert [one.action_space(agents[0]).sample() for _ in range(20)] == first


def test_layouts() -> None:
    board = aa.make("TicTacToe-v0").observation_space("player_0")
    assert isinstance(board, spaces.Dict)
    assert list(board) == ["action_mask", "observation"]
    assert board["action_mask"] == spaces.Box(0, 1, (9,), np.int8)
    assert set(aa.make("TicTacToe-v0", view="text").observation_space("player_0")) == {"action_mask", "observation", "text"}
    assert isinstance(aa.make(Bids()).observation_space("player_0"), spaces.Box)
    assert set(aa.make(Bids(), view="text").observation_space("player_0")) == {"observation", "text"}
    assert set(aa.make(Talk()).observation_space("player_0")) == {"observation", "words"}
    climb = aa.make(Climb())
    climb.reset(seed=0)
    assert isinstance(climb.last()[0]["observation"], np.int64)


def test_observations_are_fresh() -> None:
    env = aa.make("TicTacToe-v0")
    env.reset(seed=0)
    seen, _, _, _, info = env.last()
    seen["observation"][:] = 1
    seen["action_mask"][:] = 0
    assert env.last()[0]["observation"].sum() == 0
    assert env.last()[0]["action_mask"].sum() == 9
    assert info["action_mask"].sum() == 9


def test_values_are_plain_floats_and_bools() -> None:
    env = aa.make(Majority(rounds=1))
    env.reset(seed=0)
    for _ in range(3):
        env.step(1)
    assert {type(v) for v in env.rewards.values()} == {float}
    assert {type(v) for v in [*env.terminations.values(), *env.truncations.values()]} == {bool}
    assert type(env.last()[1]) is float


def test_order_is_enforced_with_clear_errors() -> None:
    env = aa.make("TicTacToe-v0")
    for call in (lambda: env.step(0), env.last, lambda: env.observe("player_0"), env.render):
        with pytest.raises(UsageError, match=r"call reset\(seed=...\) before"):
            call()
    with pytest.raises(AttributeError, match="before the first reset"):
        _ = env.agent_selection
    assert list(env.agents) == []
    env.reset(seed=0)
    for move in (0, 3, 1, 4, 2):
        env.step(move)
    with pytest.raises(MatchOver, match=r"step\(None\) is all it can do"):
        env.step(5)
    assert env.rewards == {"player_0": 1.0, "player_1": -1.0}
    env.step(None)
    assert env.agents == ["player_1"]
    assert env.last()[1] == -1.0
    env.step(None)
    for call in (lambda: env.step(None), env.last):
        with pytest.raises(MatchOver, match=r"call reset\(\)"):
            call()
    env.reset()
    assert len(env.agents) == 2


def test_bad_arguments() -> None:
    with pytest.raises(UnknownName, match="Did you mean TicTacToe-v0"):
        aa.make("TicTacTo-v0")
    for arguments in ({"view": "words"}, {"on_illegal": "ignore"}, {"render_mode": "svg"}, {"max_cycles": 0}, {"max_chars": 3}):
        with pytest.raises(BadOption):
            aa.make("TicTacToe-v0", **arguments)
    with pytest.raises(UnknownName, match="option of TicTacToe"):
        aa.make("TicTacToe-v0", players=4)
    env = aa.make("TicTacToe-v0")
    for seed in (-1, 1.5, True, "0"):
        with pytest.raises(UsageError, match="non-negative integer"):
            env.reset(seed=seed)
    with pytest.raises(UsageError, match="player_7"):
        env.observation_space("player_7")


def test_options_and_presets_reach_the_game() -> None:
    assert aa.make("TicTacToe-v0", preset="mars").game.options == {"draw": 0.1}
    assert aa.make("TicTacToe-v0", draw=0.25).game.options == {"draw": 0.25}


def test_an_environment_survives_pickling_in_mid_match() -> None:
    env = aa.make(Tips(), view="text")
    env.reset(seed=4)
    env.step(1)
    copy = pickle.loads(pickle.dumps(env))
    while env.agents:
        assert copy.agent_selection == env.agent_selection
        np.testing.assert_equal(copy.last(), env.last())
        ended = env.terminations[env.agent_selection]
        env.step(None if ended else 3)
        copy.step(None if ended else 3)
    env.reset()
    copy.reset()
    assert env.episode.state == copy.episode.state


def test_metadata() -> None:
    env = aa.make("TicTacToe-v0")
    assert str(env) == "TicTacToe_v0"
    assert env.metadata["is_parallelizable"] is False
    assert aa.make(Majority()).metadata["is_parallelizable"] is True
    assert aa.make(Majority(resting=True)).metadata["is_parallelizable"] is False
    assert env.unwrapped is env
    env.close()
    env.close()


def test_match_k_has_the_deal_k_of_every_run_of_that_seed() -> None:
    rules = Tips()
    env = aa.make(rules)
    for match in range(5):
        env.reset(seed=6 if match == 0 else None)
        assert env.episode.state == rules.start(stream(6, CHANCE, match))


def test_a_round_that_only_the_game_refuses_can_be_finished() -> None:
    """Some rules forbid what the actions are together: the last agent of the round is told, and may choose again."""

    class NotAll(Majority):
        def check(self, state: Any, actions: Any) -> None:
            super().check(state, actions)
            if len(set(actions.values())) == 1:
                raise IllegalAction("not all the same")

    env = aa.make(NotAll(), on_illegal="raise")
    env.reset(seed=0)
    env.step(1)
    env.step(1)
    with pytest.raises(IllegalAction, match="not all the same"):
        env.step(1)
    env.step(0)
    assert env.rewards == {"player_0": 1.0, "player_1": 1.0, "player_2": 0.0}
