"""Array rules on numpy and torch, rows taken out and put back, and matches under way on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adapters.adapter_games import FastMajority
from fixtures.array_games import Pairs

from agentarena.agents.arrays import RandomPolicy, array_rules
from agentarena.core.batch import Bounds
from agentarena.core.batch_match import BatchMatch
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game
from agentarena.core.namespace import Arrays
from agentarena.envs.connectfour import ConnectFour
from agentarena.envs.economist import Economist
from agentarena.envs.kuhn import KuhnPoker
from agentarena.envs.leduc import LeducPoker
from agentarena.envs.tictactoe import TicTacToe

ON_BOTH = [
    TicTacToe(),
    KuhnPoker(),
    LeducPoker(),
    ConnectFour(),
    ConnectFour(rows=4, columns=5, connect=3, draw=0.1),
    ConnectFour(rows=7, columns=8, connect=5),
    FastMajority(),
    Pairs(),
]


def same(left: Any, right: Any) -> None:
    """Equal in every bit, and of the same dtype; `right` may be a tensor."""
    right = right.numpy() if hasattr(right, "numpy") else right
    np.testing.assert_array_equal(left, right)
    assert left.dtype == right.dtype, (left.dtype, right.dtype)


@pytest.mark.parametrize("game", ON_BOTH, ids=repr)
def test_numpy_and_torch_agree_in_every_bit(game: Game[Any]) -> None:
    torch = pytest.importorskip("torch")
    one, two = array_rules(game), array_rules(game, torch, "cpu")
    draws, twins, policy = np.random.default_rng(1), np.random.default_rng(1), RandomPolicy()
    left, right = one.start(50, draws), two.start(50, twins)
    for step in range(60):
        legal = one.legal(left)
        for what in ("over", "to_move", "truncated", "legal", "rewards", "observe_all"):
            same(getattr(one, what)(left), getattr(two, what)(right))
        same(one.observe(left, np.arange(50) % 2), two.observe(right, torch.arange(50) % 2))
        wide = legal.shape[-1]
        actions = policy.act(None, legal.reshape(-1, wide), draws).reshape(legal.shape[:-1])
        drawn = policy.act(None, two.legal(right).reshape(-1, wide), twins).reshape(legal.shape[:-1])
        same(actions, drawn)
        left, right = one.step(left, actions, draws), two.step(right, drawn, twins)
        if step % 7 == 6:
            over = one.over(left)
            left = one.replace(left, over, one.start(int(over.sum()), draws))
            right = two.replace(right, over, two.start(int(over.sum()), twins))
    assert one.unbatch(left, 3) == two.unbatch(right, 3)


@pytest.mark.parametrize("game", [TicTacToe(), ConnectFour(), Economist(draw="random"), Pairs()], ids=repr)
def test_rows_are_taken_out_and_put_back(game: Any) -> None:
    batch, rng = game.batch(), np.random.default_rng(0)
    state = batch.start(7, rng)
    other = batch.step(state, np.zeros_like(_nothing(batch.legal(state))), rng)
    rows = np.array([1, 4, 5])
    some = batch.select(other, rows)
    mixed = batch.replace(state, rows, some)
    mask = np.isin(np.arange(7), rows)
    for name in state.__dataclass_fields__:
        expected = np.array(getattr(state, name))
        expected[rows] = np.array(getattr(other, name))[rows]
        np.testing.assert_array_equal(getattr(mixed, name), expected)
        np.testing.assert_array_equal(getattr(batch.select(other, mask), name), getattr(some, name))
        np.testing.assert_array_equal(getattr(batch.replace(state, mask, some), name), expected)


def _nothing(legal: Any) -> np.ndarray:
    return legal.low if isinstance(legal, Bounds) else np.zeros(legal.shape[:-1], np.int64)


def test_a_restart_builds_only_what_it_needs() -> None:
    game, sizes = TicTacToe(), []
    batch = type(game.batch())(game)
    start = batch.start
    batch.start = lambda size, rng: sizes.append(size) or start(size, rng)  # type: ignore[method-assign,func-returns-value]
    rng, match = np.random.default_rng(0), BatchMatch(game, batch, 100)
    match.begin(np.ones(100, bool), rng)
    where = np.arange(100) % 33 == 0
    match.begin(where, rng)
    assert sizes == [100, 4]


def test_arrays_refuse_what_they_cannot_serve() -> None:
    with pytest.raises(BadOption, match="'cpu' only"):
        ConnectFour().batch(device="cuda:0")
    with pytest.raises(NotSupported, match="numpy and torch"):
        Arrays(xp=pytest)
    with pytest.raises(NotSupported, match="numpy only"):
        array_rules(Economist(), Arrays)


def test_an_illegal_action_ends_its_match_alone() -> None:
    game = Pairs()
    match, rng = BatchMatch(game, game.batch(), 4), np.random.default_rng(3)
    match.begin(np.ones(4, bool), rng)
    before = match.state
    actions = np.zeros((4, 4), np.int64)
    bad = int(np.flatnonzero(match.to_move[1])[0])
    actions[1, bad] = 3
    match.step(actions, np.array([True, True, False, True]), rng)
    assert match.terminated.tolist() == [False, True, False, False]
    assert match.forfeits[1, bad]
    assert match.forfeits.sum() == 1
    assert match.returns[1, bad] == game.info.forfeit_return
    mate = (bad + 2) % 4
    assert [match.returns[1, seat] for seat in (mate, (bad + 1) % 4, (bad + 3) % 4)] == [game.info.low, game.info.high, game.info.high]
    assert not match.returns[[0, 2, 3]].any()
    assert match.steps.tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(match.state.steps, before.steps + np.array([1, 0, 0, 1]))


def test_limits_and_rules_cut_matches_short() -> None:
    game = Pairs(lead=9)
    rng = np.random.default_rng(0)
    for limit, steps in ((None, 6), (2, 2)):
        match = BatchMatch(game, game.batch(), 5, limit)
        match.begin(np.ones(5, bool), rng)
        while not match.ended.any():
            match.step(np.zeros((5, 4), np.int64), ~match.ended, rng)
        assert match.truncated.all()
        assert not match.terminated.any()
        assert not match.to_move.any()
        assert match.steps.tolist() == [steps] * 5


def test_numbers_are_judged_as_the_scalar_rules_judge_them() -> None:
    game = Economist(population=2, years=1, weeks=2)
    match, rng = BatchMatch(game, game.batch(), 6), np.random.default_rng(0)
    match.begin(np.ones(6, bool), rng)
    match.step(np.full((6, 3, 3), 30.0), np.ones(6, bool), rng)
    hours = np.array([40.0, np.nan, np.inf, -1.0, 100.0 + 5e-5, 100.1])
    actions = np.zeros((6, 3, 1))
    actions[:, 1, 0] = hours
    legal = [game.legal(game.batch().unbatch(match.state, 0), 1).violation(np.array(value)) is None for value in hours]
    match.step(actions, np.ones(6, bool), rng)
    assert legal == [True, False, False, False, True, False]
    assert (~match.forfeits[:, 1]).tolist() == legal
    assert not match.forfeits[:, [0, 2]].any()
