"""Calls of both sides: what every role does under each, as a point to run to, an opponent to meet, or a line to hold.

A call is a parametric policy: each role has an order, and an order has a target that moves with the play. A player runs to its
target as a spring with a damper does, within its greatest acceleration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays
from agentarena.envs.football.state import ATTACK

from .roster import Roster
from .system import Motion

__all__ = ["CALLS", "Call", "Order", "controls"]

_STIFF, _DAMPED = 8.0, 3.0


@dataclass(frozen=True, slots=True)
class Order:
    """What a role does.

    Attributes:
        kind: "run": to a point relative to where it stood at the snap. "meet": to where an opponent is. "shade": between an
            opponent and its goal. "hold": where it stood.
        to: The point, relative to the snap.
        whom: The opponents' role; the nearest opponent where it is "".
    """

    kind: str
    to: tuple[float, float] = (0.0, 0.0)
    whom: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call: orders by role, and the order of all others.

    Attributes:
        orders: Role -> order.
        others: What everybody else does.
    """

    orders: dict[str, Order]
    others: Order


def _run(x: float, y: float) -> Order:
    return Order("run", (x, y))


_BLOCK, _HOLD = Order("meet"), Order("hold")
_RECEIVERS = {"WRL": _run(4.0, 0.5), "WRR": _run(4.0, -0.5)}
_CLEAR = {"WRL": Order("meet", whom="CBL"), "WRR": Order("meet", whom="CBR")}

_ATTACK: dict[str, Call] = {
    "inside zone": Call({"RB": _run(4.0, 0.0), "FB": _run(2.0, 0.2), "QB": _HOLD, **_CLEAR}, _BLOCK),
    "power": Call({"RB": _run(4.0, -0.3), "FB": _run(2.5, -0.4), "LG": _run(1.5, -0.8), "QB": _HOLD, **_CLEAR}, _BLOCK),
    "sweep left": Call({"RB": _run(3.5, 0.8), "FB": _run(2.0, 0.9), "LT": _run(1.0, 0.3), "QB": _HOLD, **_CLEAR}, _BLOCK),
    "sweep right": Call({"RB": _run(3.5, -0.8), "FB": _run(2.0, -0.9), "RT": _run(1.0, -0.3), "QB": _HOLD, **_CLEAR}, _BLOCK),
    "bootleg left": Call({"QB": _run(-0.1, 1.2), "RB": _run(1.0, -0.6), "TE": _run(2.5, 0.8), **_RECEIVERS}, _BLOCK),
    "bootleg right": Call({"QB": _run(-0.1, -1.2), "RB": _run(1.0, 0.6), "TE": _run(2.5, -0.8), **_RECEIVERS}, _BLOCK),
    "play-action": Call({"QB": _run(-0.4, 0.0), "RB": _run(1.0, 0.0), "FB": _BLOCK, "TE": _run(3.0, -0.3), **_RECEIVERS}, _BLOCK),
    "screen": Call({"QB": _run(-0.5, 0.0), "RB": _run(0.8, 1.2), "WRL": Order("meet", whom="CBL"), "WRR": _run(4.0, 0.0)}, _BLOCK),
}
_MAN = {"CBL": Order("meet", whom="WRL"), "CBR": Order("meet", whom="WRR"), "SS": Order("meet", whom="TE")}
_RUSH = Order("meet", whom="QB")
_DEFENCE: dict[str, Call] = {
    "blitz": Call({**_MAN, "FS": _HOLD}, _RUSH),
    "contain": Call({"LDE": _run(-0.4, -0.4), "RDE": _run(-0.4, 0.4), **_MAN, "FS": _HOLD}, Order("shade", whom="RB")),
    "man": Call({**_MAN, "MLB": Order("meet", whom="RB"), "WLB": Order("meet", whom="FB"), "FS": _HOLD}, _RUSH),
    "zone": Call(
        {
            "SLB": _run(0.6, -0.2),
            "MLB": _run(0.5, 0.0),
            "WLB": _run(0.6, 0.2),
            "CBL": _run(1.0, 0.0),
            "CBR": _run(1.0, 0.0),
            "FS": _run(0.8, 0.2),
            "SS": _run(0.8, -0.2),
        },
        _RUSH,
    ),
    "spy": Call({"MLB": Order("shade", whom="QB"), "SLB": Order("meet", whom="RB"), **_MAN, "FS": _HOLD}, _RUSH),
    "run stop": Call({"CBL": Order("meet", whom="WRL"), "CBR": Order("meet", whom="WRR")}, Order("meet", whom="RB")),
}
CALLS: tuple[dict[str, Call], dict[str, Call]] = (_ATTACK, _DEFENCE)
"""The calls of each side by name."""


def controls(call: Call, roster: Roster, side: int, motion: Motion, bound: np.ndarray) -> Any:
    """What a call means now: controls (..., N, 2) of a side within its bounds (N, 2)."""
    a = Arrays.of(motion.position)
    roles = (roster.attack, roster.defence)[side]
    aims = [_aim(call.orders.get(role.name, call.others), roster, side, number, motion, a) for number, role in enumerate(roles)]
    own = motion.position[..., side, :, :]
    pull = _STIFF * (a.xp.stack(aims, -2) - own) - _DAMPED * motion.velocity[..., side, :, :]
    limit = a.asarray(bound, own.dtype)
    return a.xp.minimum(a.xp.maximum(pull, -limit), limit)


def _aim(order: Order, roster: Roster, side: int, number: int, motion: Motion, a: Arrays) -> Any:
    """Where a player runs to, (..., 2)."""
    home = a.asarray(roster.positions[side, number], motion.position.dtype)
    own = motion.position[..., side, number, :]
    if order.kind in ("run", "hold"):
        return own * 0.0 + home + a.asarray(np.array(order.to), own.dtype)
    others = motion.position[..., 1 - side, :, :]
    there = roster.numbers(1 - side, order.whom)
    target = others[..., there[0], :] if there else _nearest(a, own, others)
    if order.kind == "meet":
        return target
    return target + a.asarray(np.array([0.4 if side != ATTACK else -0.4, 0.0]), own.dtype)


def _nearest(a: Arrays, own: Any, others: Any) -> Any:
    """The nearest opponent, softly, so that controls stay smooth, (..., 2)."""
    apart = ((others - own[..., None, :]) ** 2).sum(-1)
    least = apart.min(-1) if a.numpy else apart.amin(-1)
    weight = a.xp.exp(-20.0 * (apart - least[..., None]))
    return (weight[..., None] * others).sum(-2) / weight.sum(-1)[..., None]
