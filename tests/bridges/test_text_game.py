"""What text engines of other packages get, tested on one of ours: no engine needs to be installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from bridges.text_engines import OPEN, BoxGame, finish

import agentarena as aa
from agentarena.check import check
from agentarena.core.errors import BadOption, MissingExtra, UsageError

REFERENCE = "bridges.text_engines:BoxGame"


@pytest.fixture(autouse=True)
def _all_closed():
    yield
    assert OPEN == []


def start(game: BoxGame):
    return game.start(np.random.default_rng(0))


def test_the_contract_holds() -> None:
    check(BoxGame(max_steps=8)).raise_for_failures()


def test_score_and_reward() -> None:
    for reward, expected in (("score", [0.5, 0.5]), ("won", [0.0, 1.0])):
        game = BoxGame(reward=reward)
        state = start(game)
        rewards = []
        for command in ("take key", "unlock box"):
            state = finish(game, state, command)
            rewards += game.rewards(state)
        assert rewards == expected
        assert game.to_move(state) == ()
        assert game.diagnostics(state, 0)["won"]
        game.release(state)
        game.release(state)


def test_info_is_that_of_the_household() -> None:
    env = aa.make_solo(BoxGame(game=1))
    observation, info = env.reset(seed=0)
    household = aa.make_solo("Household-v0")
    both = set(household.reset(seed=0)[1]) - {"goal_conditions"}
    household.close()
    assert both <= set(info)
    assert (info["admissible_commands"], info["game_id"], info["optimal_length"]) == (["break box", "look", "take key"], "box/1", 2)
    assert observation["words"]["text"] == "Box 1."
    anchor = info["state_hash"]
    observation, reward, terminated, truncated, info = env.step("fly")
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert (info["action_valid"], info["parse_ok"], info["state_hash"]) == (False, False, anchor)
    assert env.step("break box")[1:3] == (-1.0, True)
    env.close()


@pytest.mark.parametrize("words", ["", "   ", "x" * 50_000, "take\x00key", "take\x1b[31m key", "\ud800"])
def test_odd_words_do_nothing_and_never_reach_the_engine(words: str) -> None:
    game = BoxGame()
    after = finish(game, start(game), words)
    assert (after.answer.text, after.action_valid, after.turn) == ("Nothing happens.", False, 1)
    game.release(finish(game, after, "take  key"))


def test_a_spent_state_is_refused_and_a_released_one_too() -> None:
    game = BoxGame()
    first = start(game)
    later = finish(game, first, "look")
    with pytest.raises(UsageError, match="spent"):
        finish(game, first, "look")
    game.release(later)
    with pytest.raises(UsageError, match="released"):
        finish(game, later, "look")


def test_packing_plays_the_commands_again() -> None:
    game = BoxGame(game=2)
    state = finish(game, start(game), "take key", "fly")
    copy = game.unpack(game.pack(state))
    assert (copy.commands, copy.answer, game.anchor(copy, 0)) == (state.commands, state.answer, game.anchor(state, 0))
    game.release(state)
    game.release(finish(game, copy, "unlock box"))
    for data in (b"", b"[1]", b'[9, ["look"]]', b"[0, [7]]", b'["a", []]'):
        with pytest.raises(UsageError, match="no state of BoxGame"):
            game.unpack(data)


def test_a_game_that_is_not_there() -> None:
    with pytest.raises(BadOption, match="the games 0 to 2"):
        start(BoxGame(game=3))


def test_every_way_to_play_closes_the_engines() -> None:
    result = aa.play(REFERENCE, ["random"], matches=3, seed=1, max_steps=6)
    assert [record.env for record in result.records] == [REFERENCE] * 3
    vector = aa.make_vec(BoxGame(max_steps=4), 3)
    vector.reset(seed=0)
    for _ in range(6):
        vector.step(np.array(["look"] * 3))
    vector.close()
    for table in (aa.make(BoxGame()), aa.make_parallel(BoxGame())):
        table.reset(seed=0)
        table.step("look" if hasattr(table, "agent_selection") else {"player_0": "look"})
        table.close()


def test_many_commands_are_not_all_listed() -> None:
    game = BoxGame(admissible=False)
    state = start(game)
    assert "take key" not in game.text.view(state, 0)
    assert game.text.read(state, 0, "<answer>Take  KEY</answer>") == "take key"
    game.release(state)


@pytest.mark.parametrize(
    ("package", "start"),
    [
        ("textworld", lambda bridge: bridge.make_games("games")),
        ("scienceworld", lambda bridge: bridge.ScienceWorldGame(task="boil").open(0)),
        ("textworld_express", lambda bridge: bridge.TextWorldExpressGame().open(0)),
    ],
)
def test_without_the_package_the_extra_is_named(package: str, start: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = importlib.import_module(f"agentarena.bridges.{package}")
    for cached in ("_variations", "_seeds"):
        getattr(bridge, cached, lru_cache(len)).cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match="It comes with an extra"):
        start(bridge)
