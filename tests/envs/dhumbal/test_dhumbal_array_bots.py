"""The paper's players decide on arrays as they do one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.adapters.engines import ArrayEngine, TableEngine
from agentarena.agents.arrays import RandomPolicy, array_policies
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import NotSupported, UsageError
from agentarena.envs.dhumbal import Dhumbal
from agentarena.envs.dhumbal.actions import CALL, STOCK

CERTAIN = (
    "dhumbal/aggressive",
    "dhumbal/aggressive?call=6&pickup=6&hand_priority=0.3",
    "dhumbal/conservative",
    "dhumbal/balanced?often=1.0&sometimes=0.0",
    "dhumbal/opportunistic?ahead=1.0&behind=0.0&call=5",
)


@pytest.mark.parametrize("spec", CERTAIN)
@pytest.mark.parametrize("preset", Dhumbal.presets)
def test_equal_decisions(spec: str, preset: str) -> None:
    game = Dhumbal.build(preset, players=3, coins=10_000)
    bot, (policy,) = agent(spec), array_policies(game, [spec])
    assert policy is not None
    batch, rng = game.batch(), np.random.default_rng(1)
    state, size, decisions, calls = batch.start(40, rng), 40, 0, 0
    for step in range(60):
        masks, seats = batch.legal(state), batch.to_move(state)
        rows = np.flatnonzero(seats >= 0)
        observations = batch.observe(state, np.maximum(seats, 0))
        actions = np.zeros(size, np.int64)
        actions[rows] = policy.act(observations[rows], masks[rows], rng)
        for row in rows[step % 3 :: 3].tolist():
            scalar = batch.unbatch(state, row)
            uncertain = "opportunistic" in spec and 5 < observations[row, game.layout["value"].start] * 64 <= 8 and CALL in scalar.legal
            if not uncertain:
                expected = bot.choose(View(game, scalar, scalar.seat))  # type: ignore[attr-defined]
                assert int(actions[row]) == expected, (step, row)
                decisions += 1
            calls += int(actions[row] == CALL)
        astray = rng.random(size) < 0.2  # so that the players get into other states than their own
        actions = np.where(astray, RandomPolicy().act(None, np.maximum(masks, (seats < 0)[:, None]), rng), actions)
        state = batch.step(state, actions, rng)
    assert decisions > 400
    assert calls or preset != "standard"


def test_how_often_balanced_and_opportunistic_call() -> None:
    game = Dhumbal()
    batch, rng = game.batch(), np.random.default_rng(0)
    seen: Any = batch.observe(batch.start(4000, rng), 0)
    masks = np.zeros((4000, 318), np.int8)
    masks[:, [0, CALL]] = 1
    parts = game.layout
    for spec, value, turn, purse, expected in (
        ("dhumbal/balanced", 5, 1, 0, 1.0),
        ("dhumbal/balanced", 8, 1, 0, 0.7),
        ("dhumbal/balanced", 9, 1, 0, 0.4),
        ("dhumbal/opportunistic", 7, 1, 0, 1.0),
        ("dhumbal/opportunistic", 8, 1, 0, 0.3 + 0.1),
        ("dhumbal/opportunistic", 10, 21, 0, 0.3 + 0.15),
        ("dhumbal/opportunistic", 9, 1, 10, 0.8 + 0.05),
    ):
        seen[:, parts["value"]], seen[:, parts["turn"]], seen[:, parts["purses"].start] = value / 64, turn / 128, purse / 128
        (policy,) = array_policies(game, [spec])
        assert policy is not None
        assert abs((policy.act(seen, masks, rng) == CALL).mean() - expected) < 0.03, spec


def test_the_random_player() -> None:
    game, rng = Dhumbal(), np.random.default_rng(0)
    (policy,) = array_policies(game, ["dhumbal/random"])
    assert policy is not None
    masks = np.zeros((4000, 318), np.int8)
    masks[:2000, [3, 7, 60, CALL]] = 1
    masks[2000:, [STOCK, STOCK + 1]] = 1
    actions = policy.act(None, masks, rng)
    assert masks[np.arange(4000), actions].all()
    assert abs((actions[:2000] == CALL).mean() - 0.5) < 0.04
    assert abs((actions[:2000] == 60).mean() - 1 / 6) < 0.03
    assert abs((actions[2000:] == STOCK).mean() - 0.5) < 0.04


def test_named_opponents_play_on_arrays_where_they_can() -> None:
    fast = aa.make_vec("Dhumbal-v0", 3, opponents=["dhumbal/aggressive", "random", "dhumbal/balanced?call=4"])
    assert isinstance(fast.engine, ArrayEngine)
    slow = aa.make_vec("Dhumbal-v0", 3, opponents=["dhumbal/aggressive", "ismcts?simulations=2", "random"])
    assert isinstance(slow.engine, TableEngine)
    one, other = array_policies(Dhumbal(), ["dhumbal/aggressive", "dhumbal/aggressive"])
    assert one is other
    with pytest.raises(NotSupported, match="cannot play"):
        aa.make_vec("ConnectFour-v0", 2, opponents="dhumbal/aggressive")
    with pytest.raises(UsageError, match="does not play on arrays"):
        aa.play_arrays("ConnectFour-v0", "mcts?simulations=2", matches=1)
