"""The merge: its chances, its risk-averse equilibrium in closed form, and that nobody knows the other's choice."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena import play
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption
from agentarena.envs.merge import GO, YIELD, Merge
from agentarena.envs.merge.bots import risk_averse_go
from agentarena.evaluate import expected_returns
from agentarena.train.populations.risk import risk_averse

GAME = Merge()


def moments(game: Merge) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance by the card's formulas, not by the rules."""
    p, loss = game.crash_chance, game.gain + game.cost
    mean = np.array([[game.gain - p * loss, game.gain], [0, 0]])
    variance = np.array([[p * (1 - p) * loss**2, 0], [0, 0]])
    return np.stack([mean, mean.T]), np.stack([variance, variance.T])


def test_the_chances_are_the_drawn_ones():
    start = GAME.chance(None, None)[0][1]
    assert [(p, state.crashed) for p, state in GAME.chance(start, {0: GO, 1: GO})] == [(0.95, False), (0.05, True)]
    assert [(p, GAME.rewards(state)) for p, state in GAME.chance(start, {0: GO, 1: YIELD})] == [(1.0, (1.0, 0.0))]
    returns = play("Merge-v0", ["merge/go", "merge/go"], matches=2000, seed=1).returns
    assert set(map(tuple, returns.tolist())) == {(1.0, 1.0), (-10.0, -10.0)}
    assert abs((returns[:, 0] < 0).mean() - 0.05) < 0.02


def test_going_dominates_on_average():
    assert expected_returns(GAME, ["merge/go", "merge/go"]) == pytest.approx([0.45, 0.45])
    assert expected_returns(GAME, ["merge/yield", "merge/go"]) == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize("gamma", [0.05, 0.2, 0.5, 2.0])
def test_fictitious_play_reaches_the_closed_form(gamma):
    mean, variance = moments(GAME)
    equilibrium = risk_averse(mean, gamma, eps=0.0, variances=variance)
    assert equilibrium[0][0] == pytest.approx(risk_averse_go(GAME, gamma), abs=1e-6)
    go = risk_averse_go(GAME, gamma)
    crash = go * GAME.crash_chance
    v, w = GAME.gain - crash * 11, crash * (1 - crash) * 121
    assert go == pytest.approx(v / (2 * gamma * w), rel=1e-9)  # its own best response


def test_the_bots_say_what_they_play():
    view = View(GAME, GAME.chance(None, None)[0][1], 0)
    assert agent("merge/mixed?p=0.25").policy(view) == {GO: 0.25, YIELD: 0.75}
    assert agent("merge/risk_averse?gamma=0.5").policy(view)[GO] == pytest.approx(0.3666, abs=1e-4)
    assert risk_averse_go(Merge(crash_chance=1.0, cost=1e3), 0.0) <= 1 / 1001 + 1e-9  # going pays below that chance alone
    with pytest.raises(BadOption, match="p is 2"):
        agent("merge/mixed?p=2")
