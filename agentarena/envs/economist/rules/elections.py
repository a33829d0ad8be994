"""Counting ballots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["elected"]


def elected(ballots: Sequence[int], rng: np.random.Generator) -> tuple[tuple[tuple[int, int], ...], int]:
    """Plurality: votes for each seat that got any, and the winner; ties are drawn by lot, 0 when every ballot is for nobody.

    Args:
        ballots: The seat each voter names; 0 for nobody.
        rng: For ties.

    >>> elected([2, 3, 3, 0], np.random.default_rng(0))
    (((2, 1), (3, 2)), 3)
    """
    counts: dict[int, int] = {}
    for seat in sorted(ballots):
        if seat:
            counts[seat] = counts.get(seat, 0) + 1
    if not counts:
        return (), 0
    most = max(counts.values())
    leading = [seat for seat, count in counts.items() if count == most]
    return tuple(counts.items()), leading[int(rng.integers(len(leading)))] if len(leading) > 1 else leading[0]
