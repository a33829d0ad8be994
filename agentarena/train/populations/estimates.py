"""What a policy earns against mixtures, from matches: for oracles that choose by playing, and for trained exploiters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.game import Game
from agentarena.core.intervals import Interval
from agentarena.core.rng import stream
from agentarena.evaluate.deals import Sample, t_interval, uncertainty
from agentarena.matches.api import run
from agentarena.matches.results import Results
from agentarena.matches.seating import Fixture

from .exact import SpecMixture

__all__ = ["Estimate", "draw", "mean_return", "play_mixtures"]

DRAW = 23
"""First step of the path of the stream that draws opponents: `stream(seed, DRAW, deal)`."""


class Estimate(NamedTuple):
    """A mean return.

    Attributes:
        mean: In the game's unit.
        interval: Of the mean; nan at both ends with fewer than two deals, or where nothing varies.
        deals: Deals behind it.
    """

    mean: float
    interval: Interval
    deals: int


def draw(mixture: SpecMixture, number: float) -> str:
    """The policy of a mixture that a number in [0, 1) stands for."""
    left = number * sum(mixture.values())
    for spec, share in mixture.items():
        left -= share
        if left < 0:
            return spec
    return max(mixture, key=lambda spec: mixture[spec])


def play_mixtures(
    game: Game[Any], mixtures: Sequence[SpecMixture], *, deals: int, seed: int, rotate: bool = False, workers: int | None = None
) -> Results:
    """Matches in which a policy of each position's mixture is drawn for every deal. The seed gives the same deals and draws.

    Args:
        game: The rules.
        mixtures: One a position.
        deals: Deals to play.
        seed: Of deals and draws.
        rotate: Whether every deal is played in all rotations of the seats; else position k sits in seat k.
        workers: Processes.
    """
    seats = game.info.seats
    agents = list(dict.fromkeys(spec for mixture in mixtures for spec, share in mixture.items() if share > 0))
    turns = seats if rotate else 1
    fixtures = []
    for deal in range(deals):
        numbers = stream(seed, DRAW, deal).random(seats)
        holders = [agents.index(draw(mixture, number)) for mixture, number in zip(mixtures, numbers, strict=True)]
        fixtures += [Fixture(deal * turns + r, deal, tuple(holders[(s + r) % seats] for s in range(seats))) for r in range(turns)]
    return run(game, agents, fixtures, seed=seed, workers=workers)


def mean_return(
    game: Game[Any],
    mixtures: Sequence[SpecMixture],
    seat: int,
    *,
    deals: int,
    seed: int,
    level: float = 0.95,
    rotate: bool = False,
    workers: int | None = None,
) -> Estimate:
    """What one position earns in `play_mixtures`.

    Args:
        game: The rules.
        mixtures: One a position.
        seat: Whose return.
        deals: Deals to play.
        seed: Of deals and draws.
        level: Of the interval.
        rotate: As in `play_mixtures`.
        workers: Processes.
    """
    seats, turns = game.info.seats, game.info.seats if rotate else 1
    played = play_mixtures(game, mixtures, deals=deals, seed=seed, rotate=rotate, workers=workers).returns.reshape(deals, turns, seats)
    values = np.mean([played[:, r, (seat - r) % seats] for r in range(turns)], axis=0)
    error = uncertainty(Sample.of(values, np.arange(deals)))
    return Estimate(float(values.mean()), t_interval(float(values.mean()), error, level, game.info.low, game.info.high), deals)
