"""Games whose states a step spends and that can be copied: who may imagine them, and where."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from small_games import Small

from agentarena.core.agent import View
from agentarena.core.errors import MatchOver, NotSupported
from agentarena.core.game import Forks, GameInfo, HasResources


class Tape:
    """An engine that is not ours: it knows one position."""

    def __init__(self, marks: tuple[int, ...] = ()) -> None:
        self.marks, self.open = marks, True


@dataclass(frozen=True, slots=True)
class At:
    tape: Tape
    steps: int
    secret: int = 0


@dataclass(frozen=True)
class Marks(Small):
    """Three marks on a tape."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0, high=6, unit="mark", sum="general", max_steps=3, chance=True, forkable=False)

    def start(self, rng: np.random.Generator) -> At:
        return At(Tape(), 0, int(rng.integers(100)))

    def to_move(self, state: At) -> tuple[int, ...]:
        return (0,) if state.steps < 3 else ()

    def legal(self, state: At, seat: int) -> tuple[int, ...]:
        return (0, 1, 2)

    def step(self, state: At, actions: Mapping[int, Any], rng: np.random.Generator) -> At:
        assert len(state.tape.marks) == state.steps, "spent"
        state.tape.marks += (actions[0],)
        return At(state.tape, state.steps + 1, state.secret)

    def rewards(self, state: At) -> tuple[float]:
        return (0.0,)

    def information(self, state: At, seat: int) -> str:
        return str(state.tape.marks)

    def release(self, state: At) -> None:
        state.tape.open = False

    def fork(self, state: At, rng: np.random.Generator | None = None) -> At:
        return At(Tape(state.tape.marks), state.steps, state.secret)


@dataclass(frozen=True)
class HiddenMarks(Marks):
    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0, high=6, unit="mark", sum="general", max_steps=3, chance=True, hidden=True, forkable=False)


@dataclass(frozen=True)
class HonestMarks(HiddenMarks):
    def resample(self, state: At, seat: int, rng: np.random.Generator) -> At:
        return At(Tape(state.tape.marks), state.steps, int(rng.integers(100)))


RNG = np.random.default_rng(0)


def test_an_imagined_state_is_a_copy_that_the_agent_steps_and_releases() -> None:
    game = Marks()
    assert isinstance(game, Forks)
    assert isinstance(game, HasResources)
    state = game.start(RNG)
    imagined = View(game, state, 0).imagine(RNG)
    after = game.step(imagined, {0: 2}, RNG)
    assert state.tape.marks == ()
    game.release(after)
    assert state.tape.open
    assert game.step(state, {0: 1}, RNG).tape.marks == (1,)


@pytest.mark.parametrize(("game", "can"), [(Marks(), True), (HiddenMarks(), False), (HonestMarks(), True)])
def test_what_is_hidden_must_be_redrawn(game: Marks, can: bool) -> None:
    view = View(game, game.start(RNG), 0)
    assert view.can_imagine is can
    if not can:
        with pytest.raises(NotSupported, match="cannot be searched"):
            view.imagine(RNG)


def test_a_state_of_an_outside_engine_does_not_travel() -> None:
    game = HonestMarks()
    view = View(game, game.start(RNG), 0)
    there = pickle.loads(pickle.dumps(view))
    assert not there.can_imagine
    assert there.choices == view.choices
    with pytest.raises(MatchOver):
        there.imagine(RNG)
    view.expire()
    assert not view.can_imagine
