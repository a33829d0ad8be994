"""Hexner's game in numbers: what it costs a side to reach its target, and to have aimed at a wrong one until some time.

Each side j moves a double integrator on every axis a and pays `r[j, a] * u**2` for its control. At the horizon the informed side
pays its squared distance from the target of its type, and the other side's is subtracted. The best cost from a state with the
zero-effort position `m` (where the player would be without further control) is `S * (m - target)**2` with a share `S` that
depends on the time left alone. All of the games' closed forms are made of these shares:

    continuous   S(r, left) = 3 r / (3 r + left**3)
    K steps      1 / S[k] = 1 + sum over j >= k of dt lever[j]**2 / r,   lever[k] = left[k] - dt / 2

Aiming at a target that is wrong by e during step k costs `(S[k + 1] - S[k]) * e**2`. Sources: Hexner, "A differential game of
incomplete information" (1979); the discrete form is derived for this project and checked against the generic Riccati recursion.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

__all__ = ["Discretization", "gains", "levers", "share", "shares", "zero_effort"]

Discretization = Literal["split", "sim"]
"""Who sees what within a step. "split": the uninformed side answers the posterior of the step's control. "sim": both act at once."""


def share(r: np.ndarray | float, left: np.ndarray | float) -> np.ndarray:
    """S of the continuous game: the share of the squared distance from the target that is paid in the end.

    Args:
        r: Weight of the control.
        left: Time left; broadcasts against `r`.
    """
    r, left = np.asarray(r, np.float64), np.asarray(left, np.float64)
    return 3 * r / (3 * r + left**3)


def levers(steps: int, left: float) -> np.ndarray:
    """How far a control of 1 during each step moves the position at the horizon, over the step's length. Shape (steps,)."""
    dt = left / steps
    return left - dt * np.arange(steps) - dt / 2


def shares(r: np.ndarray | float, steps: int, left: float) -> np.ndarray:
    """S at the start of each step and at the horizon (1), shape (steps + 1, ...) for `r` of shape (...)."""
    r = np.asarray(r, np.float64)
    lever = levers(steps, left).reshape(-1, *(1,) * r.ndim)
    after = np.cumsum((left / steps * lever**2 / r)[::-1], axis=0)[::-1]
    return np.concatenate([1 / (1 + after), np.ones((1, *r.shape))])


def gains(r: np.ndarray | float, steps: int, left: float) -> np.ndarray:
    """The best control of step k is `-gains[k] * (m - target)`. Shape (steps, ...)."""
    r = np.asarray(r, np.float64)
    lever = levers(steps, left).reshape(-1, *(1,) * r.ndim)
    later = shares(r, steps, left)[1:]
    return later * lever / (r + later * left / steps * lever**2)


def zero_effort(state: np.ndarray, left: float) -> np.ndarray:
    """Where players would be at the horizon without further control, from states (..., 2 n): n positions, then n velocities."""
    n = state.shape[-1] // 2
    return state[..., :n] + left * state[..., n:]
