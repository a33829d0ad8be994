"""Payoff tables that are filled where it matters: the scheduler of the boards chooses the deals, under a budget.

Axis letters: K seats, R rotations, D deals.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from agentarena.core.rng import stream
from agentarena.evaluate.deal_results import DealResults
from agentarena.evaluate.response_graph import ResponseGraph, ResponseGraphUCB
from agentarena.matches.adaptive import Scheduler
from agentarena.matches.arguments import whole
from agentarena.matches.decision import Decision, Question

from .payoffs import Cell, PayoffTable, Progress

__all__ = ["Filled", "fill_adaptively"]

CHOICE = 22
"""First step of the path of the stream that chooses profiles: `stream(seed, CHOICE, games)`."""
STEP = 8
"""Deals of a profile that are played before the sampler looks again."""


class Filled(NamedTuple):
    """How an adaptive filling ended.

    Attributes:
        deals: Deals of the table in all.
        decided: Whether the question was decided, rather than the budget spent.
        answer: What is decided: who beats whom (one population), or the response graph (one population a seat).
    """

    deals: int
    decided: bool
    answer: Decision | ResponseGraph


def fill_adaptively(
    table: PayoffTable,
    budget: int,
    *,
    least: int = 5,
    question: Question = "graph",
    level: float = 0.95,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Filled:
    """Play `least` deals of every cell, then those that inform, until a question is decided or the budget is spent.

    One population: the boards' `Scheduler` decides `question`, by default who beats whom, at all times with `level`. One population a
    seat: `ResponseGraphUCB` resolves which unilateral switch pays, with Hoeffding's intervals over the range of the game's returns
    and all payoffs sharing the error. Both start again from the whole file, so that an interrupted filling ends as an undisturbed one.

    Args:
        table: The table; all its policies are in it.
        budget: Most deals of the table, in all.
        least: Deals of every cell that is not exact.
        question: See `Scheduler`; one population alone.
        level: Chance that all answers are right.
        workers: Processes.
        progress: Called with the deals that were played and the budget.
    """
    whole("budget", budget, 1)
    table.fill(whole("least", least), workers=workers)
    fill = _by_scheduler if table.shared else _by_response_graph
    return fill(table, budget, question, level, workers, progress)


def _total(table: PayoffTable) -> int:
    return sum(map(table.deals, table.cells()))


def _by_scheduler(
    table: PayoffTable, budget: int, question: Question, level: float, workers: int | None, progress: Progress | None
) -> Filled:
    names = table.population(0)
    places = {name: place for place, name in enumerate(names)}
    scheduler = Scheduler(names, question, level, seed=table.seed, seats=table.seats)
    while True:
        results = _deal_results(table, names)
        decision = scheduler.decided(results)
        batch = scheduler.next_batch(results)
        left = budget - _total(table)
        if not batch or left <= 0:
            return Filled(_total(table), decision.decided, decision)
        for pairing in batch:
            deals = min(pairing.deals, left)
            if deals > 0:
                table.play(table.canonical(tuple(places[name] for name in pairing.seats)), deals, workers=workers)
                left -= deals
        if progress is not None:
            progress(budget - left, budget)


def _deal_results(table: PayoffTable, names: list[str]) -> DealResults:
    """Every comparison of two different policies at one table, match by match."""
    first: list[int] = []
    second: list[int] = []
    score: list[float] = []
    units: list[int] = []
    groups: list[tuple[int, ...]] = []
    starts: dict[Cell, int] = {}
    for cell in table.batches:
        seated = sorted(set(cell))
        if len(seated) < 2 or max(seated) >= len(names):
            continue
        number = starts.get(cell, 0)
        batch = table.results[cell][number]
        starts[cell] = number + 1
        for deal in batch:  # (R, K)
            for match in deal:
                for a, b in itertools.combinations(range(table.seats), 2):
                    if cell[a] != cell[b]:
                        first.append(cell[a])
                        second.append(cell[b])
                        score.append(0.5 + 0.5 * float(np.sign(match[a] - match[b])))
                        units.append(len(groups))
            groups.append(tuple(seated))
    one, other, unit = (np.array(column, np.int64) for column in (first, second, units))
    return DealResults(tuple(names), one, other, np.array(score, np.float64), unit, unit, tuple(groups))


def _by_response_graph(
    table: PayoffTable, budget: int, question: Question, level: float, workers: int | None, progress: Progress | None
) -> Filled:
    info = table.game.info
    bounds = (info.low, max(info.high, info.low + 1e-9))  # a forfeit counts as the least return
    sampler = ResponseGraphUCB(table.shape, delta=1 - level, share="all", shrinking=True, payoff_bounds=bounds, seed=table.seed)
    starts: dict[Cell, int] = {}
    for cell in table.batches:
        number = starts.get(cell, 0)
        starts[cell] = number + 1
        if all(place < size for place, size in zip(cell, table.shape, strict=True)):
            _observe(sampler, cell, table.results[cell][number])
    while _total(table) < budget and not sampler.decided:
        profile = sampler.next_profile(stream(table.seed, CHOICE, sampler.games))
        if profile is None:
            break
        _observe(sampler, profile, table.play(profile, min(STEP, budget - _total(table)), workers=workers))
        if progress is not None:
            progress(_total(table), budget)
    return Filled(_total(table), sampler.decided, sampler.graph())


def _observe(sampler: ResponseGraphUCB, cell: Cell, returns: np.ndarray) -> None:
    for match in returns[:, 0]:
        sampler.observe(cell, np.clip(match, sampler.low, sampler.high))
