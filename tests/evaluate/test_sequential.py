"""Evidence that may be looked at at any time: closed forms by integration, and how often it is wrong under continuous looking."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import betting_log_e, confidence_sequence, mixture_log_e
from agentarena.evaluate.sequential import BETS, normal_equivalent


def test_bets_are_products() -> None:
    scores = [1.0, 0.25, 0.5, 0.75, 0.0]
    naive = np.mean([math.prod(1 + b * (x - 0.5) for x in scores) for b in BETS])
    assert betting_log_e(scores) == pytest.approx(math.log(naive))
    assert betting_log_e(scores[::-1]) == pytest.approx(math.log(naive))


def test_an_undefeated_player_needs_some_fifteen_deals() -> None:
    """Bernoulli's own test would need log2(1120) = 10.1 to reach the same evidence."""
    needed = next(n for n in range(1, 100) if betting_log_e([1.0] * n) >= math.log(1120))
    assert 11 <= needed <= 16


def test_mixture_is_the_integral_of_likelihood_ratios() -> None:
    gap, se, scale = 45.0, 20.0, 80.0
    sizes = np.linspace(0, 1000, 200_001)
    prior = 2 * np.exp(-((sizes / scale) ** 2) / 2) / (scale * math.sqrt(2 * math.pi))
    ratio = np.exp((sizes * gap - sizes**2 / 2) / se**2)
    assert float(mixture_log_e(gap, se, scale)) == pytest.approx(math.log(float((prior * ratio).sum() * (sizes[1] - sizes[0]))), abs=1e-3)


def test_no_size_overflows() -> None:
    assert np.isfinite(mixture_log_e([1e6, -1e6, 0.0], 1.0, 100.0, [5, 5, 1e9])).all()
    assert float(mixture_log_e(400.0, 1.0, 100.0)) > 600


def test_normal_equivalent_of_student() -> None:
    from scipy.stats import norm, t

    for value, df in ((-3.0, 4), (0.0, 7), (2.5, 30), (6.0, 12)):
        assert float(normal_equivalent(value, df)) == pytest.approx(norm.isf(t.sf(value, df)), abs=1e-9)


def test_sequence_excludes_0_about_when_the_two_sided_mixture_does() -> None:
    """ln e of the whole normal mixture: -ln(1 + I/r)/2 + z^2 w / 2."""
    se, scale, level = 10.0, 100.0, 0.95
    low, _ = confidence_sequence(0.0, se, level, scale=scale)
    z = -low / se
    weight = (scale / se) ** 2 / (1 + (scale / se) ** 2)
    assert -0.5 * math.log1p((scale / se) ** 2) + z**2 * weight / 2 == pytest.approx(math.log(1 / (1 - level)))
    assert confidence_sequence(0.0, se, level, scale=scale, df=8).low < low


@pytest.mark.parametrize("kind", ["bets", "mixture"])
def test_continuous_looking_is_seldom_wrong(kind: str) -> None:
    """400 fair walks of 300 steps, looked at after every step: at most 10 % (plus noise) reach e = 10."""
    rng = np.random.default_rng(2)
    scores = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], size=(400, 300))
    if kind == "bets":
        log_e = np.logaddexp.reduce(np.cumsum(np.log1p(BETS[:, None, None] * (scores - 0.5)), axis=2)) - math.log(len(BETS))
    else:
        steps = np.arange(1, 301)
        log_e = mixture_log_e((np.cumsum(scores - 0.5, axis=1) / steps), scores.std() / np.sqrt(steps), 0.1)
    assert 0.01 < (log_e.max(axis=1) >= math.log(10)).mean() < 0.13


@pytest.mark.parametrize(
    "call",
    [
        lambda: betting_log_e([1.1]),
        lambda: betting_log_e([math.nan]),
        lambda: betting_log_e([[0.5]]),
        lambda: mixture_log_e(1.0, 1.0, 0.0),
        lambda: confidence_sequence(0.0, 0.0, scale=1.0),
        lambda: confidence_sequence(0.0, 1.0, scale=math.inf),
        lambda: confidence_sequence(0.0, 1.0, 95, scale=1.0),
    ],
)
def test_bad_input(call: Any) -> None:
    with pytest.raises(UsageError):
        call()
