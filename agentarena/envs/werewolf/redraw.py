from __future__ import annotations


def resample(game, state, seat, rng):
    raise NotImplementedError
