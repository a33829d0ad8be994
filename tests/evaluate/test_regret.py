"""Regret: the anchors of two loss sequences over 25 rounds, and the tests of trend."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import (
    dynamic_regret,
    external_regret,
    follow_the_leader,
    hedge,
    regression_test,
    repeated_losses,
    trend_test,
)
from agentarena.evaluate.regret import critical_count, loss_variation

T = 25
ALTERNATING = np.array([[0.5, 0.0]] + [[0.0, 1.0] if t % 2 == 0 else [1.0, 0.0] for t in range(T - 1)])
CONSTANT = np.tile([0.0, 1.0], (T, 1))
UNIFORM = np.full((T, 2), 0.5)


@pytest.mark.parametrize(
    ("learner", "external", "dynamic"),
    [(follow_the_leader, 12.25, 24.25), (hedge, 1.6564, 13.6564), (lambda losses: UNIFORM, 0.25, 12.25)],
)
def test_alternating_losses(learner, external: float, dynamic: float) -> None:  # type: ignore[no-untyped-def]
    policies = learner(ALTERNATING)
    assert external_regret(policies, ALTERNATING)[-1] == pytest.approx(external, abs=5e-5)
    assert dynamic_regret(policies, ALTERNATING)[-1] == pytest.approx(dynamic, abs=5e-5)


def test_trends_on_alternating_losses() -> None:
    leader = external_regret(follow_the_leader(ALTERNATING), ALTERNATING)
    assert trend_test(leader)[:2] == (0, 1.0)
    assert regression_test(leader).slope == pytest.approx(1.143, abs=5e-4)
    weights = external_regret(hedge(ALTERNATING), ALTERNATING)
    assert trend_test(weights).falls == 24
    assert trend_test(weights).p == pytest.approx(5.96e-8, abs=5e-11)
    assert regression_test(weights).slope == pytest.approx(0.642, abs=5e-4)
    assert weights[-1] < math.sqrt(T * math.log(2) / 2)


def test_constant_losses() -> None:
    regrets = [external_regret(policies, CONSTANT) for policies in (UNIFORM, follow_the_leader(CONSTANT), hedge(CONSTANT))]
    assert [regret[-1] for regret in regrets] == pytest.approx([12.5, 0.5, 1.7316], abs=5e-5)
    assert trend_test(regrets[0]).p == 1.0  # ties are no falls
    assert regression_test(regrets[0]).slope == pytest.approx(1.0, abs=1e-12)
    assert regression_test(regrets[0]).p == 1.0


@pytest.mark.parametrize(("falls", "p"), [(17, 0.03196), (19, 0.00331), (21, 0.000139)])
def test_tail_of_the_trend_test(falls: int, p: float) -> None:
    average = np.cumsum([1.0] + [-0.01] * falls + [0.01] * (T - 1 - falls))
    result = trend_test(average * np.arange(1, T + 1))
    assert result.falls == falls
    assert result.p == pytest.approx(p, rel=5e-3)


def test_critical_counts() -> None:
    assert [critical_count(rounds) for rounds in (25, 50, 100)] == [17, 31, 59]
    assert critical_count(3, 0.1) == 3


def test_dynamic_regret_is_never_below_external_regret() -> None:
    rng = np.random.default_rng(0)
    losses, policies = rng.random((40, 3)), rng.dirichlet(np.ones(3), 40)
    assert (dynamic_regret(policies, losses) >= external_regret(policies, losses) - 1e-12).all()
    assert loss_variation(ALTERNATING) == 1.0 + 23


def test_without_positive_regret_there_is_no_fit() -> None:
    result = regression_test([0.0, -1.0, -2.0, -3.0])
    assert math.isnan(result.slope)
    assert result.used == 0


def test_repeated_games() -> None:
    """A dilemma of three rounds: what seat 1 would have earned by each action, the other seat's as they were."""
    payoffs = [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]
    losses = repeated_losses(payoffs, [[0, 0], [1, 0], [0, 1]], 1, unit=False)
    assert losses.tolist() == [[-3, -5], [0, -1], [-3, -5]]
    assert repeated_losses(payoffs, [[0, 0]], 1).tolist() == [[0.4, 0.0]]
    three = np.zeros((2, 3, 4, 3))
    assert repeated_losses(three, [[1, 2, 3]], 1).shape == (1, 3)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(UsageError, match="one shape"):
        external_regret([[1.0]], [[1.0, 2.0]])
    with pytest.raises(UsageError, match="distribution"):
        external_regret([[1.0, 1.0]], [[1.0, 2.0]])
    with pytest.raises(UsageError, match="whole numbers"):
        repeated_losses([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], [[0, 2]], 0)
    with pytest.raises(UsageError, match=r"shape \(T,\)"):
        trend_test([1.0])
