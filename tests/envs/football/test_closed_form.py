"""The closed forms of Hexner's game against published and independent numbers."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import BadOption
from agentarena.envs.football.solver import critical_time_left, exact_dual_value, exact_value

CONTINUOUS = {0: -0.161002, 0.1: -0.223041, 0.25: -0.290250, 0.5: -0.333333, 0.75: -0.290250, 0.9: -0.223041, 1: -0.161002}


@pytest.mark.parametrize(("p", "value"), CONTINUOUS.items())
def test_continuous(p: float, value: float) -> None:
    result = exact_value(p)
    assert result.value == pytest.approx(value, abs=6e-7)
    assert result.base == pytest.approx(-0.161002, abs=6e-7)
    assert result.reveal_time == pytest.approx(0.468671, abs=6e-7)


def test_a_third_exactly() -> None:
    assert exact_value(0.5).value == pytest.approx(-1 / 3, abs=1e-15)
    assert critical_time_left(0.025, 0.1) == pytest.approx(0.15 ** (1 / 3), abs=1e-15)


STATES = [
    ((-1, 0, 0, 0, 1, 0, 0, 0), 0.0, 0.5, -0.333333),
    ((0, 0.5, 0, 0, 0, -0.5, 0, 0), 0.0, 0.5, -0.373584),
    ((0, 0.5, 0, 0, 0, -0.5, 0, 0), 0.0, 0.25, -0.180233),
    ((-0.3, 0.1, 0.2, 0.4, 0.3, -0.1, -0.2, 0.1), 0.25, 0.5, -0.309442),
    ((-0.3, 0.1, 0.2, 0.4, 0.3, -0.1, -0.2, 0.1), 0.25, 0.2, -0.199793),
]


@pytest.mark.parametrize(("start", "t", "p", "value"), STATES)
def test_other_states(start: tuple[float, ...], t: float, p: float, value: float) -> None:
    assert exact_value(p, start=start, t=t).value == pytest.approx(value, abs=6e-7)


DISCRETE = [
    (1, -0.194805, -0.194805, -0.909091, 0, 0),
    (2, -0.168350, -0.317460, -0.687831, 1, 0),
    (4, -0.162780, -0.328857, -0.572162, 2, 2),
    (5, -0.162136, -0.325077, -0.570175, 2, 2),
    (8, -0.161443, -0.330443, -0.475347, 4, 4),
    (10, -0.161284, -0.330606, -0.449088, 5, 5),
    (20, -0.161072, -0.332571, -0.395239, 9, 9),
    (64, -0.161009, -0.333333, -0.352928, 30, 30),
    (1000, -0.161002, -0.333333, -0.334588, 469, 469),
]


@pytest.mark.parametrize(("steps", "base", "split", "sim", "step_split", "step_sim"), DISCRETE)
def test_discrete(steps: int, base: float, split: float, sim: float, step_split: int, step_sim: int) -> None:
    announced, at_once = (exact_value(0.5, steps=steps, discretization=kind) for kind in ("split", "sim"))
    assert (announced.base, announced.value, at_once.value) == pytest.approx((base, split, sim), abs=6e-7)
    assert announced.reveal_step == step_split
    if steps != 1000:  # the spec names one step for both
        assert at_once.reveal_step == step_sim


@pytest.mark.parametrize(("steps", "value"), [(4, -0.287338), (10, -0.288276), (20, -0.289696)])
def test_discrete_at_a_quarter(steps: int, value: float) -> None:
    assert exact_value(0.25, steps=steps).value == pytest.approx(value, abs=6e-7)


def test_a_type_that_is_known_is_worth_the_base_in_both_protocols() -> None:
    for p in (0.0, 1.0):
        values = [exact_value(p, steps=7, discretization=kind, start=(0, 1, 2, 3, 4, 5, 6, 7)) for kind in ("split", "sim")]
        assert values[0].value == values[0].base == values[1].value


def test_regimes() -> None:
    """Conceal then reveal; reveal at once; never reveal; indifferent."""
    assert 0 < exact_value(0.5, r1=0.025, r2=0.1).reveal_time < 1
    assert exact_value(0.5, r1=0.2, r2=0.8).reveal_time == 0
    assert exact_value(0.5, r1=0.2, r2=0.8).value == exact_value(0.5, r1=0.2, r2=0.8).base
    assert exact_value(0.5, r1=0.1, r2=0.025).reveal_time == 1
    assert exact_value(0.5, steps=12, r1=0.1, r2=0.025).reveal_step == 12
    alike = exact_value(0.5, r1=0.1, r2=0.1)
    assert alike.value == pytest.approx(alike.base, abs=1e-15)


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_steps_approach_continuous_time(kind: str) -> None:
    gaps = [abs(exact_value(0.3, steps=steps, discretization=kind).value - exact_value(0.3).value) for steps in (10, 100, 1000, 10000)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-3


DUALS = [
    ((0.0, 0.0), None, 0.0, 0.333333, 0.5),
    ((0.2, -0.1), None, 0.0, 0.415974, 0.7176),
    ((1.0, 0.0), None, 0.0, 1.161002, 1.0),
    ((0.1, 0.3), (-0.3, 0.1, 0.2, 0.4, 0.3, -0.1, -0.2, 0.1), 0.25, 0.515720, 0.6512),
]


@pytest.mark.parametrize(("dual", "start", "t", "value", "p"), DUALS)
def test_dual(dual: tuple[float, float], start: tuple[float, ...] | None, t: float, value: float, p: float) -> None:
    result = exact_dual_value(dual, start=start, t=t)
    assert result.value == pytest.approx(value, abs=6e-7)
    assert result.p == pytest.approx(p, abs=6e-5)


@pytest.mark.parametrize("options", [{}, {"steps": 6}, {"steps": 6, "discretization": "sim"}, {"r1": 0.1, "r2": 0.02}])
def test_the_dual_is_the_conjugate(options: dict) -> None:
    beliefs = np.linspace(0, 1, 4001)
    start = (0.1, 0.2, -0.3, 0.4, 0.2, -0.5, 0.1, 0.3)
    values = np.array([exact_value(float(p), start=start, **options).value for p in beliefs])
    for dual in ((0.0, 0.0), (0.3, -0.2), (-1.0, 2.0)):
        brute = float(np.max(beliefs * dual[0] + (1 - beliefs) * dual[1] - values))
        assert exact_dual_value(dual, start=start, **options).value == pytest.approx(brute, abs=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: exact_value(1.5),
        lambda: exact_value(float("nan")),
        lambda: exact_value("half"),  # type: ignore[arg-type]
        lambda: exact_value(0.5, steps=0),
        lambda: exact_value(0.5, steps=2.5),  # type: ignore[arg-type]
        lambda: exact_value(0.5, discretization="both"),  # type: ignore[arg-type]
        lambda: exact_value(0.5, start=(0.0,) * 7),
        lambda: exact_value(0.5, start=(float("inf"),) * 8),
        lambda: exact_value(0.5, t=2.0),
        lambda: exact_value(0.5, r1=0.0),
        lambda: exact_dual_value((0.0,)),
        lambda: exact_dual_value(("a", "b")),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_named(call) -> None:
    with pytest.raises(BadOption, match="allowed"):
        call()
