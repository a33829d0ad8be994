"""Payoff tables of matrix games, and the well-known ones.

One form for any number of seats: `payoffs[a0][a1]...` is the tuple of all seats' payoffs when seat 0 plays a0, seat 1
plays a1 and so on. The values of the named two-seat games are those of OpenSpiel's matrix games of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.errors import BadOption

__all__ = ["NAMED", "bimatrix", "frozen", "symmetric", "table_of", "zero_sum"]

MOST_SEATS = 20
"""Most seats of a table, whose size doubles with each of them at least."""

Matrix = Sequence[Sequence[float]]
Payoffs = tuple[Any, ...]


def bimatrix(row: Matrix, column: Matrix) -> Payoffs:
    """The payoffs of two seats from one matrix each, both indexed [action of seat 0][action of seat 1].

    >>> bimatrix([[3, 0]], [[2, 0]])
    (((3, 2), (0, 0)),)
    """
    return tuple(tuple(zip(mine, theirs, strict=True)) for mine, theirs in zip(row, column, strict=True))


def symmetric(own: Matrix) -> Payoffs:
    """The payoffs of two seats that are alike: `own[a][b]` is what a seat gets that plays a against b."""
    return bimatrix(own, tuple(zip(*own, strict=True)))


def zero_sum(row: Matrix) -> Payoffs:
    """The payoffs of two seats of which one wins what the other loses: `row` is seat 0's matrix."""
    return bimatrix(row, tuple(tuple(0 - value for value in line) for line in row))


NAMED: dict[str, Payoffs] = {
    "matching_pennies": zero_sum(((1, -1), (-1, 1))),
    "rock_paper_scissors": zero_sum(((0, -1, 1), (1, 0, -1), (-1, 1, 0))),
    "biased_rock_paper_scissors": zero_sum(((0, -25, 50), (25, 0, -5), (-50, 5, 0))),
    # each beats the two that stand 1 and 3 places before it: rock, paper, scissors, Spock, lizard
    "spock_lizard": zero_sum(tuple(tuple((0, 1, -1, 1, -1)[(a - b) % 5] for b in range(5)) for a in range(5))),
    "prisoners_dilemma": symmetric(((5, 0), (10, 1))),
    "stag_hunt": symmetric(((2, 0), (1, 1))),
    "battle_of_the_sexes": bimatrix(((3, 0), (0, 2)), ((2, 0), (0, 3))),
    "coordination": symmetric(((2, 0), (0, 1))),
    "chicken": symmetric(((3, 1), (4, 0))),
    "shapley": bimatrix(((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((0, 1, 0), (0, 0, 1), (1, 0, 0))),
}
"""The well-known games by name."""


def frozen(payoffs: Any) -> Any:
    """Nested lists as nested tuples."""
    return tuple(map(frozen, payoffs)) if isinstance(payoffs, list | tuple | np.ndarray) else payoffs


def table_of(payoffs: Any, where: str) -> np.ndarray:
    """The payoffs as an array of shape (S_0, ..., S_{K-1}, K): S_k actions of seat k, K seats.

    Raises:
        BadOption: Not a rectangular table of finite numbers, too many seats, or its depth and its innermost length disagree.
    """
    wanted = "expected nested lists where payoffs[a0][a1]... lists one payoff for each seat"
    try:
        table = np.array(payoffs, np.float64)
    except (ValueError, TypeError):
        raise BadOption(f"{where}: payoffs are not a rectangular table of numbers; {wanted}") from None
    seats = table.ndim - 1
    if seats < 1 or table.shape[-1] != seats or 0 in table.shape:
        raise BadOption(
            f"{where}: payoffs have shape {table.shape}, so {max(seats, 0)} seats but {table.shape[-1:]} payoffs each; {wanted}"
        )
    if seats > MOST_SEATS:
        raise BadOption(f"{where}: payoffs of {seats} seats; at most {MOST_SEATS} are allowed")
    if not math.isfinite(float(np.abs(table).sum())):
        raise BadOption(f"{where}: payoffs must be finite; {wanted}")
    return table
