"""A match: the type, and what both sides chose."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ATTACK", "DEFENCE", "State"]

ATTACK, DEFENCE = 0, 1
"""Seats: the one that knows the type, and the other."""


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        secret: The type, from 0.
        actions: What the attacker and the defender chose; `()` before.
    """

    secret: int
    actions: tuple[int, ...] = ()
