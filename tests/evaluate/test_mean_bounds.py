"""Intervals of mean payoffs: closed forms, published values, and relaxation at both ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.evaluate import clopper_pearson, payoff_intervals


def test_hoeffding_is_its_formula() -> None:
    low, high = payoff_intervals([0.25], [50], 0.01, bound="hoeffding")[0]
    half = math.sqrt(math.log(200) / 100)
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half))


def test_clopper_pearson_is_the_one_of_counts() -> None:
    """0/10, 7/10 and 10/10 at 95 %, as statsmodels 0.15 prints them."""
    ends = payoff_intervals([0, 0.7, 1], [10, 10, 10], 0.05, bound="clopper-pearson")
    assert ends == pytest.approx(np.array([[0, 0.308497], [0.347547, 0.933260], [0.691503, 1]]), abs=1e-6)
    assert ends[1] == pytest.approx(np.array(clopper_pearson(7, 10)))


@pytest.mark.parametrize("bound", ["hoeffding", "clopper-pearson"])
def test_relaxed_ends_move_inwards_both(bound: str) -> None:
    plain = payoff_intervals([0.3, 0.6], [40, 40], 0.1, bound=bound)  # type: ignore[arg-type]
    relaxed = payoff_intervals([0.3, 0.6], [40, 40], 0.1, bound=bound, relax=0.1)  # type: ignore[arg-type]
    assert relaxed == pytest.approx(plain + np.array([0.1, -0.1]))


def test_without_samples_nothing_is_known() -> None:
    assert payoff_intervals([0.0], [0], 0.1, bound="hoeffding").tolist() == [[-math.inf, math.inf]]


@pytest.mark.parametrize(
    "arguments",
    [
        {"mean": [1.5]},
        {"mean": [-0.1]},
        {"mean": [math.nan]},
        {"mean": 0.5},
        {"count": [-1]},
        {"count": [1, 2]},
        {"delta": 0.0},
        {"delta": 1.0},
        {"bound": "wilson"},
        {"relax": 0.5},
        {"relax": -0.1},
    ],
)
def test_bad_input(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        payoff_intervals(**{"mean": [0.5], "count": [10], "delta": 0.1, "bound": "hoeffding", **arguments})  # type: ignore[arg-type]
