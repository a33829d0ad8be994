"""Streams of randomness: one per purpose, each a pure function of the run's seed and a path of numbers.

Results therefore depend neither on the order in which matches are played, nor on the process or machine that
plays them. Nothing in this package touches the global generators of `random` or `numpy.random`.
"""

from __future__ import annotations

import numpy as np

__all__ = ["CHANCE", "DECISION", "REFEREE", "stream"]

CHANCE = 0
"""First step of the path of a match's own stream (deals, dice): `stream(seed, CHANCE, deal)`."""
DECISION = 1
"""First step of the path of an agent's stream: `stream(seed, DECISION, match, seat, turn)`."""
REFEREE = 2
"""First step of the path of a move made in a seat's place: `stream(seed, REFEREE, match, seat, turn)`."""


def stream(seed: int, *path: int) -> np.random.Generator:
    """The generator that belongs to this seed and path; equal arguments give equal streams.

    Args:
        seed: Non-negative run seed.
        path: Non-negative integers that name the purpose, e.g. `(CHANCE, 17)` for the 18th deal.

    >>> int(stream(7, CHANCE, 3).integers(1000)) == int(stream(7, CHANCE, 3).integers(1000))
    True
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=path)))
