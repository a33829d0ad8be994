"""`make_vec` on array rules of a game whose actions are several ints: masks, actions, forfeits, opponents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fixtures.action_games import MOVES, Doubles, Field
from test_vector import moves

import agentarena as aa
from agentarena.adapters.engines import ArrayEngine, TableEngine
from agentarena.agents.arrays import RandomPolicy
from agentarena.core.actions import joint_mask
from agentarena.core.batch import Batch
from agentarena.core.errors import UsageError

SIZE = len(MOVES)


@dataclass(frozen=True)
class Fields:
    states: np.ndarray


class DoublesBatch(Batch[Fields]):
    """The scalar rules match by match; the two slots' moves are one number."""

    def __init__(self, game: Doubles) -> None:
        self.game = game

    def _column(self, states: list[Field]) -> Fields:
        column = np.empty(len(states), object)
        column[:] = states
        return Fields(column)

    def start(self, size: int, rng: np.random.Generator) -> Fields:
        return self._column([self.game.start(rng) for _ in range(size)])

    def over(self, state: Fields) -> np.ndarray:
        return ~self.to_move(state).any(1)

    def to_move(self, state: Fields) -> np.ndarray:
        return np.array([[seat in self.game.to_move(one) for seat in (0, 1)] for one in state.states])

    def legal(self, state: Fields) -> np.ndarray:
        masks = [[joint_mask(self.game.legal(one, seat), (SIZE, SIZE)).ravel() for seat in (0, 1)] for one in state.states]
        return np.array(masks, np.int8)

    def step(self, state: Fields, actions: Any, rng: np.random.Generator) -> Fields:
        after = []
        for one, chosen in zip(state.states, actions, strict=True):
            pairs = {seat: divmod(int(chosen[seat]), SIZE) for seat in self.game.to_move(one)}
            after.append(self.game.step(one, pairs, rng) if pairs else one)
        return self._column(after)

    def rewards(self, state: Fields) -> np.ndarray:
        return np.array([self.game.rewards(one) for one in state.states])

    def observe(self, state: Fields, seats: Any) -> np.ndarray:
        each = np.broadcast_to(np.asarray(seats), len(state.states)).tolist()
        return np.stack([self.game.observe(one, seat) for one, seat in zip(state.states, each, strict=True)])

    def unbatch(self, state: Fields, index: int) -> Field:
        one: Field = state.states[index]
        return one


@dataclass(frozen=True)
class FastDoubles(Doubles):
    def batch(self) -> Batch[Fields]:
        return DoublesBatch(self)


@pytest.mark.parametrize("opponents", [None, "random", [RandomPolicy()]])
def test_masks_and_pairs_are_those_of_tables(opponents: Any) -> None:
    fast = aa.make_vec(FastDoubles(), 5, opponents=opponents)
    assert isinstance(fast.engine, ArrayEngine)
    slow = aa.make_vec(Doubles(), 5, opponents=None if opponents is None else "random")
    assert isinstance(slow.engine, TableEngine)
    assert fast.observation_space == slow.observation_space
    rng = np.random.default_rng(0)
    left, right = fast.reset(seed=1)[0], slow.reset(seed=1)[0]
    for _ in range(12):
        assert left in fast.observation_space
        if opponents is None:
            np.testing.assert_equal(left, right)
        pairs = moves(fast, left, rng)
        left, rewards, *_ = fast.step(pairs)
        if opponents is None:
            right, expected, *_ = slow.step(pairs)
            np.testing.assert_allclose(rewards, expected)
        assert not fast.engine.forfeits.any()
    assert fast.action_masks().shape == left["action_mask"].shape


def test_a_pair_that_does_not_go_together_forfeits() -> None:
    vec = aa.make_vec(FastDoubles(), 3, opponents="random")
    seen, _ = vec.reset(seed=0)
    pairs = np.array([np.argwhere(mask)[0] for mask in seen["joint_mask"]])
    pairs[1] = (2, 2)  # both slots to one creature
    pairs[2] = (0, SIZE)
    *_, infos = vec.step(pairs)
    assert infos["forfeit"].tolist() == [[False, False], [True, False], [True, False]]


def test_actions_of_another_shape_are_refused() -> None:
    vec = aa.make_vec(FastDoubles(), 3)
    vec.reset(seed=0)
    with pytest.raises(UsageError, match=r"expected \(3, 2, 2\) and whole numbers"):
        vec.step((np.zeros((3, 3), int), np.zeros((3, 3), int)))
