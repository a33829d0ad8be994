"""The harvest of a round and what it is worth, under the options of one match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import Move, Round

from . import dynamics

__all__ = ["gains", "harvest", "return_bounds"]


def harvest(options: CommonsOptions, current: Round, moves: Mapping[int, Move], rng: np.random.Generator) -> Round:
    """The round with everybody's harvest and what is left of the stock."""
    seats = list(moves)
    wanted = np.array([moves[seat].amount for seat in seats])
    left = current.stock
    if options.resource == "logistic":
        left, caught = dynamics.harvest_and_regrow(
            current.stock, wanted, alpha=options.alpha, rate=options.growth, capacity=options.capacity, order=options.growth_order
        )
    elif options.resource == "doubling":
        units = wanted.astype(np.int64)
        stochastic = options.allocation == "stochastic"
        stock = int(current.stock)
        caught = dynamics.allocate(units, stock, rng) if stochastic else dynamics.proportional(units, stock)
        left = current.stock - float(caught.sum())
    else:
        caught = wanted
    requested, harvested = [-1.0] * options.players, [-1.0] * options.players
    for seat, want, got in zip(seats, wanted.tolist(), caught.tolist(), strict=True):
        requested[seat], harvested[seat] = want, float(got)
    return replace(current, requested=tuple(requested), harvested=tuple(harvested), total=float(caught.sum()), left=float(left))


def gains(options: CommonsOptions, done: Round) -> tuple[float, ...]:
    """What the harvest of a round is worth to each seat, after its consumption and before sanctions; 0 where it did not harvest."""
    if options.resource == "static":
        worth = tuple(
            options.outside * (options.tokens - x) + x * (options.pool_a - options.pool_b * done.total) if x >= 0 else options.consumption
            for x in done.harvested
        )
    else:
        worth = tuple(got if got >= 0 else options.consumption for got in done.harvested)
    return tuple(value - options.consumption for value in worth)


def return_bounds(options: CommonsOptions) -> tuple[float, float]:
    """Least and greatest return of a seat: a round's least and greatest pay, every round."""
    others = options.players - 1
    if options.resource == "static":
        x, rest = np.arange(options.tokens + 1)[:, None], np.array([0, others * options.tokens])  # the pay falls with what others invest
        pay = options.outside * (options.tokens - x) + x * (options.pool_a - options.pool_b * (x + rest))
        least, most = float(pay.min()) * options.rounds, float(pay.max()) * options.rounds
    elif options.resource == "doubling":
        regrowth = float(dynamics.threshold(int(options.capacity), options.factor))
        least, most = 0.0, options.capacity + (options.rounds - 1) * regrowth
    else:
        least, most = 0.0, options.rounds * options.alpha * dynamics.highest_stock(options.growth, options.capacity)
    spent = options.consumption
    if options.sanction != "none" and others:
        worst = 1.0 + options.graduation * others * (options.rounds - 1)
        spent += options.sanction_cost + others * options.fine * worst + (options.watch_cost if options.sanction == "random" else 0.0)
    always_present = not options.newcomer and not options.starvation
    return least - spent * options.rounds, most - options.consumption * (options.rounds if always_present else 0)
