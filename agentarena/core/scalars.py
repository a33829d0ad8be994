"""Numbers of numpy and torch as the rules take them, without importing torch."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(action: Any, discrete: bool) -> Any:
    """An action as the rules take it, from what learners send: tensors of torch and scalars of numpy.

    Where actions are integers (`discrete`), a whole number is its int: of Python, numpy or torch, also as a float, alone or in an
    array that holds it alone. Elsewhere tensors become arrays. Everything else, truth values and objects of classes derived from
    these too, stays as it is and is judged as it is.

    >>> plain(np.float32(3.0), True), plain(np.array([3]), True), plain(2.5, True), plain(True, True)
    (3, 3, 2.5, True)
    """
    kind = type(action)
    if kind is int:
        return action
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)  # nobody has a tensor who has not imported it
    if kind is tensor:
        action = action.detach().cpu().numpy()
    if not discrete:
        return action
    if type(action) is np.ndarray and action.size == 1:
        action = action.reshape(())[()]
    kind = type(action)
    if kind is not float and (type(kind) is not type or kind.__module__ != "numpy"):
        return action
    if isinstance(action, np.integer):
        return int(action)
    if isinstance(action, float | np.floating) and math.isfinite(action) and action == math.floor(action):
        return int(action)
    return action
