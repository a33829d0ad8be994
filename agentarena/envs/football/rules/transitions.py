"""A match from its start to its end, on any `System`: who acts when, what is posted, what is paid. For any leading axes.

A step is "sim" (both sides act at once) or "split" (the informed side acts, then the other, who has seen it). Where the belief is
public, the informed side states how it would act whatever its type: prototypes of a control and, for each type, the chances that
it plays each of them. A prototype is drawn for the type that it has, and the posterior is posted to everybody.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.namespace import Arrays
from agentarena.envs.football.state import Field, Strategy

from .system import Motion, System

__all__ = ["announce", "begin", "finished", "play", "posterior"]

_LEAST = 1e-8
"""Least chance in a posted posterior, and in a report that is scored."""


def begin(system: System, a: Arrays, prior: np.ndarray, secret: Any) -> Field:
    """The start of matches whose hidden types are `secret`, an int64 array of the leading axes."""
    lead = tuple(secret.shape)
    position, velocity = system.start
    zeros, beliefs = np.zeros(lead), np.broadcast_to(prior, (*lead, len(prior)))

    def array(values: Any, shape: tuple[int, ...] = ()) -> Any:
        return a.asarray(np.array(np.broadcast_to(values, (*lead, *shape)), np.float64))

    return Field(
        secret=secret,
        step=a.full(lead, 0, a.xp.int64),
        position=array(position, position.shape),
        velocity=array(velocity, velocity.shape),
        control=array(0.0, position.shape),
        announced=a.full(lead, False, a.xp.bool),
        alive=array(1.0, (len(prior),)),
        belief=array(beliefs, (len(prior),)),
        spent=array(zeros),
        typed=array(0.0, (len(prior),)),
        reward=array(zeros),
        report=array(beliefs, (len(prior),)),
        scores=array(0.0, (2,)),
    )


def finished(system: System, field: Field) -> Any:
    """Which matches are over."""
    return (field.step >= system.steps) | (field.alive < system.least_alive).all(-1)


def posterior(belief: Any, chances: Any) -> Any:
    """The belief after an event of these chances under each type; both (..., I)."""
    xp = Arrays.of(belief).xp
    joint = xp.clip(belief * chances, _LEAST, None)
    return joint / joint.sum(-1)[..., None]


def announce(field: Field, strategy: Strategy, draw: Any) -> tuple[Any, Any]:
    """The control that a strategy plays for the hidden type, (..., N, D), and the posterior, (..., I). `draw` is uniform on [0, 1)."""
    a = Arrays.of(field.position)
    chances = _normalized(a, strategy.chances)
    own = (_own(a, field)[..., None] * chances).sum(-2)
    picked = (draw[..., None] >= a.xp.cumsum(own, -1)).sum(-1)
    picked = a.xp.clip(picked, 0, chances.shape[-1] - 1)
    which = _one_hot(a, picked, chances.shape[-1], chances.dtype)
    control = (which[..., None, None] * strategy.prototypes).sum(-3)
    return control, posterior(field.belief, (chances * which[..., None, :]).sum(-1))


def play(system: System, field: Field, control: Any, report: Any | None, *, dense: bool) -> Field:
    """The match after a full step under controls (..., 2, N, D).

    Args:
        system: Motion and costs.
        field: Before the step.
        control: Of both sides.
        report: The defenders' report, (..., I), nonnegative; `None` where none is asked for.
        dense: Whether what does not depend on the type is paid step by step; else all is paid at the end.
    """
    a = Arrays.of(field.position)
    motion, cost, typed = system.advance(Motion(field.position, field.velocity, field.alive), control)
    after = field.but(
        step=field.step + 1,
        position=motion.position,
        velocity=motion.velocity,
        alive=motion.alive,
        control=control,
        announced=a.xp.zeros_like(field.announced),
        spent=field.spent + cost,
        typed=field.typed if typed is None else field.typed + typed,
        reward=-cost if dense else 0.0 * cost,
    )
    over = finished(system, after)
    if bool(over.any()):
        owed = system.terminal(motion) + after.typed
        last = (owed * _own(a, field)).sum(-1) + (0.0 if dense else after.spent)
        after = after.but(reward=after.reward - a.xp.where(over, last, a.xp.zeros_like(last)))
    return after if report is None else _scored(a, after, report)


def _own(a: Arrays, field: Field) -> Any:
    """The hidden type, one-hot, (..., I)."""
    return _one_hot(a, field.secret, field.belief.shape[-1], field.belief.dtype)


def _scored(a: Arrays, field: Field, report: Any) -> Field:
    """The match with a report of the defenders' belief, scored against the type."""
    chances, own = _normalized(a, report), _own(a, field)
    log = a.xp.log(a.xp.clip((chances * own).sum(-1), _LEAST, None))
    brier = ((chances - own) ** 2).sum(-1)
    return field.but(report=chances, scores=field.scores + a.xp.stack([log, brier], -1))


def _normalized(a: Arrays, rows: Any) -> Any:
    """Nonnegative rows made to add up to 1; rows of zeros become uniform."""
    rows = a.xp.clip(rows, 0.0, None)
    total = rows.sum(-1)[..., None]
    return a.xp.where(total > 0, rows / a.xp.where(total > 0, total, a.xp.ones_like(total)), a.xp.ones_like(rows) / rows.shape[-1])


def _one_hot(a: Arrays, index: Any, count: int, dtype: Any) -> Any:
    return a.cast(index[..., None] == a.asarray(np.arange(count)), dtype)
