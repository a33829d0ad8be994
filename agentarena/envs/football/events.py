"""What a step made known. Everybody sees all motion; the type becomes known at the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.events import Event

from .actions import Layout
from .state import ATTACK, Field

__all__ = ["events"]


def events(layout: Layout, field: Field, over: bool) -> tuple[Event, ...]:
    """The news of the step that led here; `over` says whether the match is."""
    if field.announced:
        data: dict[str, Any] = {"step": int(field.step) + 1, "control": _rounded(field.control[ATTACK])}
        return (Event("announced", _with_belief(layout, field, data)),)
    if not field.step:
        return ()
    data = {"step": int(field.step), "position": _rounded(field.position), "control": _rounded(field.control)}
    step = Event("step", _with_belief(layout, field, data))
    if not over:
        return (step,)
    return (step, Event("over", {"type": int(field.secret), "alive": round(float(field.alive[int(field.secret)]), 6)}))


def _with_belief(layout: Layout, field: Field, data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "belief": _rounded(field.belief)} if layout.states_strategy else data


def _rounded(array: Any) -> Any:
    return np.round(array, 6).tolist()
