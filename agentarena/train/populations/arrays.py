"""Payoff tensors: what a player's policies earn against mixtures of the others', and which of them are copies.

Axis letters: K players, S_k policies of player k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

__all__ = ["Mixtures", "deviation_payoffs", "expected_payoffs", "fold_copies", "is_symmetric", "nash_gap", "payoff_tensor", "two_player"]

Mixtures = tuple[np.ndarray, ...]
"""One distribution a player, shape (S_k,) each, non-negative, adding up to 1."""


def payoff_tensor(payoffs: npt.ArrayLike) -> np.ndarray:
    """Payoffs as one float64 array of shape (K, S_1, ..., S_K): `payoffs[k][a_1, ..., a_K]` is what player k gets.

    Raises:
        UsageError: The shape is another, or an entry is not finite.

    >>> payoff_tensor([[[0, 1]], [[0, -1]]]).shape
    (2, 1, 2)
    """
    try:
        tensor = np.asarray(payoffs, np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"payoffs are {shown(payoffs)}; expected numbers in an array of shape (K, S_1, ..., S_K)") from None
    if tensor.ndim < 2 or tensor.shape[0] != tensor.ndim - 1 or 0 in tensor.shape:
        raise UsageError(
            f"payoffs have shape {tensor.shape}; expected (K, S_1, ..., S_K): K tables with one axis for each of the K players"
        )
    if not np.isfinite(tensor).all():
        raise UsageError(f"payoffs must be finite; {int((~np.isfinite(tensor)).sum())} of {tensor.size} entries are not")
    return tensor


def deviation_payoffs(payoffs: np.ndarray, mixtures: Sequence[np.ndarray], player: int) -> np.ndarray:
    """What each policy of one player earns while the others draw from their mixtures. Shape (S_player,).

        u[a] = sum over the others' policies of payoffs[player][..., a, ...] times the product of their shares

    >>> deviation_payoffs(payoff_tensor([[[0, 4], [1, 1]], [[0, 1], [4, 1]]]), [np.ones(2) / 2] * 2, 0).tolist()
    [2.0, 1.0]
    """
    table = payoffs[player]
    for other in reversed(range(len(mixtures))):
        if other != player:
            table = np.tensordot(table, mixtures[other], axes=(other, 0))
    return np.asarray(table)


def expected_payoffs(payoffs: np.ndarray, mixtures: Sequence[np.ndarray]) -> np.ndarray:
    """What each player earns when all draw from their mixtures. Shape (K,)."""
    return np.array([deviation_payoffs(payoffs, mixtures, k) @ mixtures[k] for k in range(len(payoffs))])


def nash_gap(payoffs: npt.ArrayLike, mixtures: Sequence[np.ndarray]) -> float:
    """NashConv within the table: what the players could gain in all by switching to one of the listed policies."""
    tensor = payoff_tensor(payoffs)
    gains = [deviation_payoffs(tensor, mixtures, k) for k in range(len(tensor))]
    return float(sum(gain.max() - gain @ mixture for gain, mixture in zip(gains, mixtures, strict=True)))


def two_player(payoffs: np.ndarray, what: str) -> tuple[np.ndarray, np.ndarray]:
    """The tables of the two players.

    Raises:
        UsageError: There are more players, or one.
    """
    if len(payoffs) != 2:
        raise UsageError(f"{what} is for 2 players, and the table has {len(payoffs)}; use 'alpharank', 'prd' or 'uniform'")
    return payoffs[0], payoffs[1]


def is_symmetric(payoffs: np.ndarray) -> bool:
    """Whether two players share one list of policies: player 2's table is player 1's with the roles exchanged."""
    return payoffs.ndim == 3 and payoffs.shape[1] == payoffs.shape[2] and bool(np.array_equal(payoffs[1], payoffs[0].T))


def fold_copies(payoffs: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The tensor with one of each group of policies that earn, and let others earn, exactly the same against everything.

    Returns:
        The smaller tensor, and for each player the number in it of each of its policies, shape (S_k,).

    >>> smaller, places = fold_copies(payoff_tensor([[[1, 2], [1, 2]], [[0, 3], [0, 3]]]))
    >>> smaller.shape, places[0].tolist()
    ((2, 1, 2), [0, 0])
    """
    places = []
    for axis in range(1, payoffs.ndim):
        slices = np.moveaxis(payoffs, axis, 0)
        numbers: dict[bytes, int] = {}
        place = np.array([numbers.setdefault((one + 0.0).tobytes(), len(numbers)) for one in slices])
        payoffs = np.take(payoffs, np.unique(place, return_index=True)[1], axis)
        places.append(place)
    return payoffs, places
