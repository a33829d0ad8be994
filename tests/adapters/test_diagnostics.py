"""What games tell trainers: `Game.diagnostics` in the info of every adapter, and anchors in trajectories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fixtures.action_games import Home, House, HouseText

import agentarena as aa
from agentarena.adapters.layout import Layout
from agentarena.core.actions import Text
from agentarena.core.game import Anchors
from agentarena.core.replay import trajectory
from agentarena.core.text import Choices, Pattern, Unreadable
from agentarena.envs.kuhn import KuhnPoker


@dataclass(frozen=True)
class Told(House):
    """`House`, where any words may be said, and trainers are told where the cup is."""

    hidden: bool = False

    def legal(self, state: Home, seat: int) -> Any:
        return Text(40, () if self.hidden else super().legal(state, seat))

    def step(self, state: Home, actions: Any, rng: np.random.Generator) -> Home:
        known = actions[0] in super().legal(state, 0)
        return super().step(state, actions if known else {0: "wait"}, rng)

    def check(self, state: Home, actions: Any) -> None:
        return

    def diagnostics(self, state: Home, seat: int) -> dict[str, Any]:
        return {"cup": state.goal, "turns": state.turn}

    def anchor(self, state: Home, seat: int) -> str:
        return f"{state.at} {state.holds}"


def test_every_adapter_tells_trainers() -> None:
    solo = aa.make_solo(Told())
    _, info = solo.reset(seed=0)
    cup = info["cup"]
    assert cup in solo.step("look")[4]["cup"]
    aec, parallel, vector = aa.make(Told()), aa.make_parallel(Told()), aa.make_vec(Told(), 2)
    aec.reset(seed=0)
    assert aec.infos["player_0"]["turns"] == 0
    aec.step("look")
    assert aec.infos["player_0"]["turns"] == 1
    assert parallel.reset(seed=0)[1]["player_0"]["turns"] == 0
    _, infos = vector.reset(seed=0)
    assert infos["cup"].shape == (2,)
    assert "look" in infos["admissible_commands"][1]
    assert vector.step(["look", "sing"])[4]["turns"].tolist() == [1, 1]


def test_other_games_tell_nothing_and_pay_nothing() -> None:
    assert not Layout(KuhnPoker()).has_diagnostics
    assert set(aa.make_vec("KuhnPoker-v0", 2).reset(seed=0)[1]) == {"to_move", "returns", "forfeit", "rewards"}


def test_agents_are_not_shown_it() -> None:
    views = []

    class Watcher(aa.Agent):
        def choose(self, view: aa.View) -> str:
            views.append(view)
            return "look"

    aa.play(Told(), [Watcher()], matches=1)
    assert all("cup" not in vars(view) and not hasattr(view, "diagnostics") for view in views)


def test_turns_have_anchors() -> None:
    game = Told()
    assert isinstance(game, Anchors)
    record = aa.play("Household-v0", ["random"], matches=1, max_steps=6).records[0]
    turns = trajectory(record).turns
    assert all(turn.anchor and turn.information is None for turn in turns)
    kuhn = trajectory(aa.play("KuhnPoker-v0", ["random", "random"], matches=1).records[0]).turns
    assert all(turn.anchor is None and turn.information for turn in kuhn)


def test_commands_are_read_where_other_words_are_legal_too() -> None:
    face, state = HouseText(Told()), Home("shelf 1")
    assert isinstance(face.options(state, 0), Choices)
    assert face.read(state, 0, "<answer> Go to  SHELF 1 </answer>") == "go to shelf 1"
    assert face.read(state, 0, "Sing, Muse") == "Sing, Muse", "as it stands"
    assert isinstance(face.read(state, 0, "<answer>" + "x" * 300 + "</answer>"), Unreadable)
    assert isinstance(HouseText(Told(hidden=True)).options(state, 0), Pattern)
    assert HouseText(House()).read(state, 0, "Sing, Muse") == "sing, muse", "and is illegal"


@pytest.mark.parametrize("games", [1, 3])
def test_the_map_of_a_household(games: int) -> None:
    env = aa.make_solo("Household-v0", render_mode="rgb_array")
    for seed in range(games):
        _, info = env.reset(seed=seed)
        before = env.render()
        env.step(info["admissible_commands"][0])
        after = env.render()
        assert isinstance(before, np.ndarray)
        assert isinstance(after, np.ndarray)
        assert before.shape == after.shape == (360, 480, 3)
        assert (before != after).any()
