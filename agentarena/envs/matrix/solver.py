"""Nash equilibria of two-seat matrix games by enumeration of supports."""

from __future__ import annotations

import itertools

import numpy as np

__all__ = ["equilibria"]

_TOLERANCE = 1e-9


def equilibria(table: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mixed strategies of both seats from which neither gains by deviating, widest supports first.

    Every pair of equally large supports is tried: the other seat's mixture must make all actions of one's support
    equally good and no other action better. This finds all equilibria of a non-degenerate game, and some of a
    degenerate one (B. von Stengel in "Algorithmic Game Theory", chapter 3, algorithm 3.4; read second-hand).

    Args:
        table: Payoffs of one round, shape (S_0, S_1, 2).

    >>> [[strategy.round(4).tolist() for strategy in pair] for pair in equilibria(np.array([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]))]
    [[[0.5, 0.5], [0.5, 0.5]]]
    """
    row, column = table[..., 0], table[..., 1].T
    pairs = []
    for size in range(min(row.shape), 0, -1):
        for first in itertools.combinations(range(row.shape[0]), size):
            for second in itertools.combinations(range(row.shape[1]), size):
                theirs, mine = _indifferent(row, first, second), _indifferent(column, second, first)
                if theirs is not None and mine is not None:
                    pairs.append((mine, theirs))
    return pairs


def _indifferent(payoff: np.ndarray, own: tuple[int, ...], other: tuple[int, ...]) -> np.ndarray | None:
    """The mixture over `other` against which all of `own` are equally good and best, or None. `payoff`: (own, other)."""
    size, block = len(own), payoff[np.ix_(own, other)]
    scale = float(np.ptp(block) or np.ptp(payoff)) or 1.0
    payoff = (payoff - block.min()) / scale  # changes no equilibrium, and makes one tolerance do for payoffs of any size
    system = np.zeros((size + 1, size + 1))
    system[:size, :size] = payoff[np.ix_(own, other)]
    system[:size, size] = -1.0
    system[size, :size] = 1.0
    if abs(np.linalg.det(system)) < _TOLERANCE:
        return None
    solution = np.linalg.solve(system, np.eye(size + 1)[size])
    mixture = np.zeros(payoff.shape[1])
    mixture[list(other)] = solution[:size]
    if mixture.min() < -_TOLERANCE or (payoff @ mixture).max() > solution[size] + _TOLERANCE:
        return None
    mixture = np.clip(mixture, 0.0, None)
    return np.asarray(mixture / mixture.sum())
