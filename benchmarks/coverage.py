"""Coverage of every interval that a table, a report or a board prints, in simulated tournaments whose truth is known.

    python -m benchmarks.coverage [--runs 1000] [--deals 5 10 20 50] [--case NAME ...] [--seed 0] [--level 0.95]

A case makes matches (who sat where, returns, deals). Its truth is the same figure over 50,000 deals; coverage counts the runs whose
interval holds it, among those in which one was printed. "deals" is per table of agents. Columns: figure, case, deals, share of runs
with an interval, coverage with its Monte-Carlo error, mean width. Ranks are covered when all agents' spans hold at once.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable
from itertools import permutations

import numpy as np

from agentarena.core.game import GameInfo
from agentarena.evaluate.alpha_rank import alpharank
from agentarena.evaluate.deals import FEWEST_DEALS, Sample, uncertainty
from agentarena.evaluate.match_table import MatchTable
from agentarena.evaluate.pair_contrasts import contrasts, rank_spans
from agentarena.evaluate.ratings import bradley_terry_pairs
from agentarena.evaluate.share import shares
from agentarena.evaluate.standing import MOST_FOR_MASSES, _mass_intervals

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Holders (E, S), returns (E, S), deals (E,)."""
Simulate = Callable[[np.random.Generator, int], Arrays]

SKILL = np.array([0.3, 0.0, -0.2, -0.6, 0.5, -0.4])
TRUTH_DEALS = 50_000


# --- cases: seats of two ----------------------------------------------------------------------------------------------------------


def pairs(
    agents: int, payoff: Callable[..., np.ndarray], *, duplicate: bool = True, factor: Callable[[int, int], int] = lambda i, j: 1
) -> Simulate:
    """All pairs of some agents, `factor(i, j)` times the deals each; both seatings on each deal, or on alternate deals."""

    def simulate(rng: np.random.Generator, deals: int) -> Arrays:
        parts, start = [], 0
        for i in range(agents):
            for j in range(i + 1, agents):
                count = deals * factor(i, j)
                numbers, luck = start + np.arange(count), rng.normal(size=count)
                start += count
                for swapped in (False, True):
                    here = np.ones(count, bool) if duplicate else np.arange(count) % 2 == swapped
                    seats = np.array([j, i] if swapped else [i, j])
                    returns = payoff(rng, SKILL[seats[0]] - SKILL[seats[1]], luck[here])
                    parts.append((np.tile(seats, (len(returns), 1)), returns, numbers[here]))
        holders, returns, numbers = (np.concatenate(part) for part in zip(*parts, strict=True))
        return holders, returns, numbers

    return simulate


def _both(first: np.ndarray) -> np.ndarray:
    return np.stack([first, -first], axis=1)


def normal(rng: np.random.Generator, gap: float, luck: np.ndarray) -> np.ndarray:
    """Zero-sum, normal; half of the variance is the deal's, which favours one seat; the first seat has an advantage."""
    return _both(gap + 0.2 + luck + rng.normal(size=len(luck)))


def won_or_lost(rng: np.random.Generator, gap: float, luck: np.ndarray) -> np.ndarray:
    """+1 or -1 by Bradley and Terry's model, with the luck of the deal in it."""
    return _both(np.where(rng.random(len(luck)) < 1 / (1 + np.exp(-2 * (gap + 0.5 * luck))), 1.0, -1.0))


def skewed(rng: np.random.Generator, gap: float, luck: np.ndarray) -> np.ndarray:
    """Each earns an exponential amount: skewness 2."""
    return np.stack([rng.exponential(size=len(luck)) + gap, rng.exponential(size=len(luck))], axis=1)


# --- cases: seats of four ---------------------------------------------------------------------------------------------------------


def crowd(payoff: Callable[..., np.ndarray], seatings: int) -> Simulate:
    """Four agents at one table, so many of its seatings on each deal."""
    orders = np.array(sorted(permutations(range(4))))[:: 24 // seatings][:seatings]

    def simulate(rng: np.random.Generator, deals: int) -> Arrays:
        luck = rng.normal(size=(deals, 4))
        parts = [(np.tile(order, (deals, 1)), payoff(rng, SKILL[order] + 0.5 * luck), np.arange(deals)) for order in orders]
        holders, returns, numbers = (np.concatenate(part) for part in zip(*parts, strict=True))
        return holders, returns, numbers

    return simulate


def places(rng: np.random.Generator, strength: np.ndarray) -> np.ndarray:
    """3, 1, -1, -3 by place, drawn from Plackett's and Luce's model."""
    order = np.argsort(np.argsort(strength + rng.gumbel(size=strength.shape), axis=1), axis=1)
    return 2.0 * order - 3


def pot(rng: np.random.Generator, strength: np.ndarray) -> np.ndarray:
    """One seat wins the hands of the others: skewness about 1.3."""
    hands = rng.integers(1, 30, size=strength.shape).astype(float)
    winner = (strength + rng.gumbel(size=strength.shape)).argmax(1)[:, None] == np.arange(4)
    return np.where(winner, (hands * ~winner).sum(1, keepdims=True), -hands)


CASES: dict[str, Simulate] = {
    "independent": pairs(2, normal, duplicate=False),
    "independent, won or lost": pairs(2, won_or_lost, duplicate=False),
    "clustered": pairs(3, normal),
    "clustered, won or lost": pairs(3, won_or_lost),
    "skewed": pairs(2, skewed, duplicate=False),
    "skewed, three agents": pairs(3, skewed),
    "unequal": pairs(3, normal, factor=lambda i, j: 10 if (i, j) == (0, 1) else 1),
    "unequal, skewed": pairs(3, skewed, factor=lambda i, j: 10 if (i, j) == (0, 1) else 1),
    "four seats": crowd(places, 4),
    "four seats, one seating a deal": crowd(places, 1),
    "four seats, pot": crowd(pot, 1),
    "six agents, won or lost": pairs(6, won_or_lost),
}


def table_of(arrays: Arrays) -> MatchTable:
    """The arrays as a table of matches of a game without bounds."""
    holders, returns, deals = arrays
    count, seats = holders.shape
    best = returns == returns.max(1, keepdims=True)
    info = GameInfo(seats=seats, low=-math.inf, high=math.inf, unit="", sum="general", chance=True, max_steps=1)
    names = tuple(f"agent {k}" for k in range(int(holders.max()) + 1))
    return MatchTable(
        names,
        holders,
        returns,
        best / best.sum(1, keepdims=True),
        deals,
        np.tile(np.arange(seats), (count, 1)),
        ((None,) * seats,) * count,
        (tuple(range(seats)),) * count,
        np.zeros(holders.shape, bool),
        np.arange(count),
        info,
    )


# --- figures ----------------------------------------------------------------------------------------------------------------------

Figures = dict[tuple[str, object], tuple[float, float]]
"""Interval by figure and whose it is."""


def figures(table: MatchTable, level: float, mass_draws: int, rng: np.random.Generator) -> Figures:
    """Everything that is printed."""
    out: Figures = {}
    for row in shares(table, level=level):
        out["mean return", row.agent] = row.return_interval
        out["win share", row.agent] = row.win_interval
    for pair in contrasts(table, level=level):
        sign = 1 if pair.first < pair.second else -1
        ends = sorted(sign * end for end in pair.interval)
        out["difference", tuple(sorted((pair.first, pair.second)))] = (ends[0], ends[1])
    met = table.comparisons
    fit = bradley_terry_pairs(met.first, met.second, met.score, players=len(table.agents), clusters=met.clusters, level=level)
    few = len(np.unique(table.deals)) < FEWEST_DEALS
    for agent, name in enumerate(table.agents):
        out["Elo", name] = (math.nan, math.nan) if few or not fit.finite else (float(fit.interval[agent, 0]), float(fit.interval[agent, 1]))
    if table.seats == 2 and len(table.agents) <= MOST_FOR_MASSES and mass_draws:
        margins, errors, numbers = _margins(table)
        known = all(error.df > 0 and error.deals >= FEWEST_DEALS for error in errors)
        intervals = _mass_intervals(margins, numbers, errors, 10.0, level, mass_draws, rng) if known else []
        for agent, name in enumerate(table.agents):
            out["alpha-Rank", name] = intervals[agent] if known else (math.nan, math.nan)
    return out


def truths(table: MatchTable) -> dict[tuple[str, object], float]:
    """The figures of very many deals, without their intervals."""
    out: dict[tuple[str, object], float] = {}
    for agent, name in enumerate(table.agents):
        held = table.holders == agent
        out["mean return", name] = float(table.returns[held].mean())
        out["win share", name] = float(table.wins[held].mean())
    for i, first in enumerate(table.agents):
        for second in table.agents[i + 1 :]:
            out["difference", (first, second)] = out["mean return", first] - out["mean return", second]
    met, count = table.comparisons, len(table.agents)
    fit = bradley_terry_pairs(met.first, met.second, met.score, players=count)
    sums, games = np.zeros((count, count)), np.zeros((count, count))
    for one, other, sign in ((met.first, met.second, 1), (met.second, met.first, -1)):
        np.add.at(sums, (one, other), sign * met.margins / 10)
        np.add.at(games, (one, other), 1)
    masses = alpharank(sums / np.maximum(games, 1) / 2, alpha=10.0).distribution
    for agent, name in enumerate(table.agents):
        out["Elo", name], out["alpha-Rank", name] = float(fit.elo[agent]), float(masses[agent])
    return out


def _margins(table: MatchTable) -> tuple[np.ndarray, list, list[tuple[int, int]]]:
    met, count = table.comparisons, len(table.agents)
    margins, errors, numbers = np.zeros((count, count)), [], []
    for i in range(count):
        for j in range(i + 1, count):
            here = ((met.first == i) & (met.second == j)) | ((met.first == j) & (met.second == i))
            margin = np.where(met.first[here] == i, met.margins[here], -met.margins[here]) / 10  # as if the range were 10
            margins[i, j] = margin.mean()
            errors.append(uncertainty(Sample(margin, met.clusters[here], table.strata[met.matches[here]])))
            numbers.append((i, j))
    return margins - margins.T, errors, numbers


def measure(
    simulate: Simulate, deals: int, runs: int, level: float, seed: int, truth: dict[tuple[str, object], float], mass_runs: int
) -> dict[str, tuple[float, float, float, float]]:
    """For each figure: share printed, coverage, its Monte-Carlo error, mean width."""
    rng = np.random.default_rng([seed, deals])
    hits, printed, widths = defaultdict(list), defaultdict(list), defaultdict(list)
    true_returns = {name: value for (figure, name), value in truth.items() if figure == "mean return"}
    for run in range(runs):
        table = table_of(simulate(rng, deals))
        found = figures(table, level, 200 if run < mass_runs else 0, rng)
        per_run = defaultdict(list)
        for (figure, name), (low, high) in found.items():
            printed[figure].append(not math.isnan(low))
            if not math.isnan(low):
                per_run[figure].append(low - 1e-9 <= truth[figure, name] <= high + 1e-9)
                widths[figure].append(high - low)
        for figure, values in per_run.items():
            hits[figure].append((sum(values), len(values)))
        pairs_ = contrasts(table, level=level)
        spans = rank_spans(pairs_, table.agents, level)
        decided = any(not math.isnan(pair.p) for pair in pairs_)
        printed["all ranks at once"].append(decided)
        if decided:
            ranks = [1 + sum(other > true_returns[name] + 1e-9 for other in true_returns.values()) for name in table.agents]
            hits["all ranks at once"].append((all(low <= rank <= high for (low, high), rank in zip(spans, ranks, strict=True)), 1))
            widths["all ranks at once"].append(float(np.mean([high - low for low, high in spans])))
    out = {}
    for figure, counts in hits.items():
        good, total = np.array(counts, float).T
        coverage = good.sum() / total.sum()
        error = float(np.std(good - coverage * total) / total.mean() / math.sqrt(len(good)))  # agents of a run are not independent
        out[figure] = (float(np.mean(printed[figure])), coverage, error, float(np.mean(widths[figure])))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--mass-runs", type=int, default=200, help="runs with alpha-Rank's intervals, which take longest")
    parser.add_argument("--deals", type=int, nargs="+", default=[5, 10, 20, 50])
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--level", type=float, default=0.95)
    args = parser.parse_args()
    print(f"{'figure':18} {'case':31} {'deals':>5} {'printed':>8} {'coverage':>15} {'width':>8}")
    for name in args.case:
        rng = np.random.default_rng([args.seed, 0])
        truth = truths(table_of(CASES[name](rng, TRUTH_DEALS)))
        for deals in args.deals:
            rows = measure(CASES[name], deals, args.runs, args.level, args.seed, truth, args.mass_runs)
            for figure, (printed, coverage, error, width) in sorted(rows.items()):
                shown = f"{100 * coverage:6.1f} +- {100 * error:4.1f}"
                print(f"{figure:18} {name:31} {deals:5d} {100 * printed:7.0f}% {shown:>15} {width:8.3f}", flush=True)


if __name__ == "__main__":
    main()
