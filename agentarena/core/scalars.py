"""Numbers of numpy and torch as the rules take them, without importing torch."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .actions import MOST_JOINT, Action, Legal, Product

__all__ = ["plain", "plain_in"]


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
        action = _array(action)
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


def plain_in(legal: Legal, action: Any) -> Action:
    """The same for an action of several parts, each by what is legal of it.

    >>> plain_in(Product([(0, 1), (0, 1, 2)]), np.array([1.0, 2.0])), plain_in(Product({"to": (0, 1)}), {"to": np.int8(1)})
    ((1, 2), {'to': 1})
    """
    if isinstance(legal, tuple):
        return plain(action, bool(legal) and isinstance(legal[0], int))
    action = plain(action, False)
    if not isinstance(legal, Product):
        return action
    if legal.named and type(action) is dict:
        return {name: plain_in(legal.parts[name], part) if name in legal.parts else part for name, part in action.items()}
    if not legal.named and type(action) in (list, tuple, np.ndarray) and np.ndim(action) and len(action) == len(legal.parts):
        return tuple(plain_in(part, value) for part, value in zip(legal.parts.values(), action, strict=True))
    return action


def _array(tensor: Any) -> Any:
    """A tensor as an array, its floats as float64, which holds those of every kind; a tensor without numbers to be had stays."""
    try:
        if tensor.numel() > MOST_JOINT:
            return tensor
        tensor = tensor.detach().cpu()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    except Exception:  # on no device, sparse, nested, quantised, conjugated ...
        return tensor
