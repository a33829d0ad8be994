"""The exact value of Hexner's game with two types, and of its dual: what every solver and every agent here is held against.

The informed side conceals its type until a critical time and then reveals it. With `q = 2 p - 1`, the value is

    V(p) = base(p) + 4 p (1 - p) g,    base(p) = A + B q

where `base` is the value when the type is public, and g <= 0 what concealment is worth: the least, over the time of revealing,
of the price that the informed side pays for aiming at the mean target, less what the other side pays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.football.rules.linear_quadratic import Discretization, share, shares, zero_effort

__all__ = ["START", "DualValue", "Value", "critical_time_left", "exact_dual_value", "exact_value"]

START = (-0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0)
"""The players' start: position x, y and velocity x, y of the informed one, then of the other."""
R_SIDEWAYS = 0.05
"""Both sides' weight of control along x, where both types' targets are alike."""
MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Value:
    """The value of the game; the informed side minimizes.

    Attributes:
        value: The value.
        base: The value if the type were public.
        reveal_step: The step whose control reveals the type, the earliest that is best; `steps` when it never does; `None` in
            continuous time.
        reveal_time: When the type is revealed; the horizon when it never is.
    """

    value: float
    base: float
    reveal_step: int | None
    reveal_time: float


@dataclass(frozen=True, slots=True)
class DualValue:
    """The value of the dual game, `max over p of p . dual - V(p)`, for which the uninformed side plays.

    Attributes:
        value: The value.
        p: The belief that attains it; the uninformed side plays as if this were the prior.
    """

    value: float
    p: float


@dataclass(frozen=True, slots=True)
class _Terms:
    """V(p) = level + slope q + (1 - q^2) gain, with q = 2 p - 1."""

    level: float
    slope: float
    gain: float
    reveal_step: int | None
    reveal_time: float

    def base(self, q: float) -> float:
        return self.level + self.slope * q


def critical_time_left(r1: float, r2: float) -> float:
    """Time left at which the type is revealed in continuous time where concealing pays (r1 < r2), in the game's unit of time.

    >>> round(1 - critical_time_left(0.025, 0.1), 6)
    0.468671
    """
    return math.cbrt(3 * math.sqrt(r1 * r2))


def exact_value(
    p: float,
    *,
    steps: int | None = None,
    discretization: Discretization = "split",
    start: Sequence[float] | None = None,
    t: float = 0.0,
    horizon: float = 1.0,
    r1: float = 0.025,
    r2: float = 0.1,
) -> Value:
    """The value of Hexner's game with targets (0, 1) and (0, -1).

    Args:
        p: Probability of the target (0, 1).
        steps: Number of steps from `t` to the horizon; `None` for continuous time.
        discretization: "split": the uninformed side answers the posterior of each step. "sim": both act at once. Without a
            meaning in continuous time.
        start: Eight numbers, position x, y and velocity x, y of the informed side, then of the other; `START` by default.
        t: Time at which the game starts.
        horizon: When it ends.
        r1: The informed side's weight of control along y, where the targets differ.
        r2: The other side's.

    Raises:
        BadOption: A number is out of range.

    >>> round(exact_value(0.5).value, 6), exact_value(0.5, steps=10).reveal_step
    (-0.333333, 5)
    """
    q = 2 * _number("p", p, 0.0, 1.0) - 1
    terms = _terms(steps, discretization, start, t, horizon, r1, r2)
    base = terms.base(q)
    return Value(base + (1 - q * q) * terms.gain, base, terms.reveal_step, terms.reveal_time)


def exact_dual_value(
    dual: Sequence[float],
    *,
    steps: int | None = None,
    discretization: Discretization = "split",
    start: Sequence[float] | None = None,
    t: float = 0.0,
    horizon: float = 1.0,
    r1: float = 0.025,
    r2: float = 0.1,
) -> DualValue:
    """The value of the dual game at `dual`, one number for each type; the other arguments are those of `exact_value`.

    Raises:
        BadOption: A number is out of range, or `dual` is not two numbers.

    >>> round(exact_dual_value((0.2, -0.1)).value, 6)
    0.415974
    """
    plus, minus = _numbers("dual", dual, 2)
    terms = _terms(steps, discretization, start, t, horizon, r1, r2)
    tilt, bend = (plus - minus) / 2 - terms.slope, -terms.gain
    q = max(-1.0, min(1.0, tilt / (2 * bend))) if bend > 0 else math.copysign(float(tilt != 0), tilt)
    return DualValue((plus + minus) / 2 - terms.level + bend + q * tilt - bend * q * q, (1 + q) / 2)


def _terms(steps: int | None, discretization: str, start: Any, t: float, horizon: float, r1: float, r2: float) -> _Terms:
    """The quadratic in the belief that the value is."""
    if discretization not in ("split", "sim"):
        raise BadOption(f"discretization is {shown(discretization)}; allowed: 'split', 'sim'")
    horizon = _number("horizon", horizon, 0.0, 1e6)
    t = _number("t", t, 0.0, horizon)
    r1, r2 = _number("r1", r1, 1e-12, 1e12), _number("r2", r2, 1e-12, 1e12)
    left = horizon - t
    state = np.asarray(START if start is None else _numbers("start", start, 8), np.float64).reshape(2, 4)
    (x1, m1), (x2, m2) = zero_effort(state, left).tolist()
    if steps is None:
        sideways, one, two = (float(share(r, left)) for r in (R_SIDEWAYS, r1, r2))
        gain, reveal_time = _continuous_gain(r1, r2, left)
        step, reveal_time = None, horizon - reveal_time
    else:
        if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MOST_STEPS:
            raise BadOption(f"steps is {shown(steps)}; allowed: None (continuous time), or a whole number from 1 to {MOST_STEPS:,}")
        table = shares(np.array([R_SIDEWAYS, r1, r2]), int(steps), left)
        sideways, one, two = map(float, table[0])
        gain, step = _discrete_gain(table[:, 1], table[:, 2], discretization)
        reveal_time = t + left * step / steps
    level = sideways * (x1**2 - x2**2) + one * (m1**2 + 1) - two * (m2**2 + 1)
    return _Terms(level, -2 * (one * m1 - two * m2), gain, step, reveal_time)


def _continuous_gain(r1: float, r2: float, left: float) -> tuple[float, float]:
    """What concealment is worth, and the time left when it ends: the least of h(s) - h(left) over 0 <= s <= left."""
    candidates = [left, *([critical_time_left(r1, r2)] if r1 < r2 and critical_time_left(r1, r2) < left else []), 0.0]
    prices = [float(share(r1, s) - share(r2, s)) for s in candidates]
    best = min(range(len(candidates)), key=prices.__getitem__)
    return prices[best] - prices[0], candidates[best]


def _discrete_gain(one: np.ndarray, two: np.ndarray, discretization: str) -> tuple[float, int]:
    """What concealment is worth, and the step that ends it, from both sides' shares S of shape (steps + 1,)."""
    answered = two if discretization == "split" else np.append(two[1:], two[-1])
    prices = (one - one[0]) - (answered - two[0])
    step = int(np.argmin(np.round(prices, 15)))
    return float(prices[step]), step


def _number(name: str, value: Any, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool | str | bytes) or not low <= number <= high:
        raise BadOption(f"{name} is {shown(value)}; allowed: a number from {low:g} to {high:g}")
    return number


def _numbers(name: str, values: Any, count: int) -> tuple[float, ...]:
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind not in "fiu" or array.size != count or not np.isfinite(array).all():
        raise BadOption(f"{name} is {shown(values)}; allowed: {count} finite numbers")
    return tuple(map(float, array.ravel()))
