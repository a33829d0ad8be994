"""Which match next: how many games ResponseGraphUCB and the scheduler of boards take, and how often what they decide is right.

    python -m benchmarks.scheduling graph [--games 40] [--delta 0.01 0.1] [--sampling ...] [--plot FILE]
    python -m benchmarks.scheduling graph --table FILE [--repeats 2] [--budget 100000]
    python -m benchmarks.scheduling boards [--runs 5] [--budget 20000] [--plot FILE]
    python -m benchmarks.scheduling coverage [--runs 100]

`graph`: mean games until every edge of the response graph is resolved, wrong edges, edges left open; random 2 x 2 zero-sum
games with outcomes won or lost, or a table of win shares from a file, two populations. `boards`: deals until the ranking of
eight agents is decided, scheduled and all against all. `coverage`: tournaments whose truth is known.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agentarena import plots
from agentarena.evaluate import ResponseGraphUCB, bradley_terry_pairs, elo_ranks
from agentarena.evaluate.deal_results import DealResults
from agentarena.evaluate.rank_evidence import deals_of
from agentarena.evaluate.ratings import ELO_PER_NAT
from agentarena.matches.adaptive import Scheduler
from agentarena.matches.decision import Decision, decide

SCHEMES = ("UE", "U", "VW", "CW")
BOUNDS = {"UCB": ("hoeffding", 0.0), "R-UCB": ("hoeffding", 0.1), "CP": ("clopper-pearson", 0.0), "R-CP": ("clopper-pearson", 0.1)}
"""Interval and relaxation by the names of Rowland et al. (2019)."""


# --- response graphs ------------------------------------------------------------------------------------------------------------


def random_game(rng: np.random.Generator) -> np.ndarray:
    """An antisymmetric 2 x 2 table of margins whose entry is at least 0.1 in size: half the difference of two U(-1, 1)."""
    while True:
        table = rng.uniform(-1, 1, (2, 2))
        margins = (table - table.T) / 2
        if abs(margins[0, 1]) >= 0.1:
            return np.asarray(margins)


def resolve(margins: np.ndarray, rng: np.random.Generator, **options: Any) -> tuple[int, int, int, list[int]]:
    """One run on a zero-sum game with matches won or lost: games, wrong edges, open edges, and the games at which edges were resolved."""
    sampler = ResponseGraphUCB(margins.shape, seed=int(rng.integers(2**31)), **options)
    moments: list[int] = []
    edges = sampler.open_edges
    while (profile := sampler.next_profile(rng)) is not None:
        won = float(rng.random() < (1 + margins[profile]) / 2)
        sampler.observe(profile, (won, 1 - won))
        moments += [sampler.games] * (edges - sampler.open_edges - len(moments))
    return sampler.games, sampler.graph().wrong([margins, -margins]), sampler.open_edges, moments


def graph_row(games: Sequence[np.ndarray], seed: int, **options: Any) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Means and standard errors of games, wrong edges and open edges; and the moments of all runs."""
    runs = [resolve(margins, np.random.default_rng([seed, n]), **options) for n, margins in enumerate(games)]
    figures = np.array([run[:3] for run in runs], float)
    return figures.mean(0), figures.std(0) / math.sqrt(len(runs)), [moment for run in runs for moment in run[3]]


def graph_command(args: argparse.Namespace) -> None:
    if args.table:
        games = [2 * np.loadtxt(args.table) - 1] * args.repeats
    else:
        rng = np.random.default_rng(args.seed)
        games = [random_game(rng) for _ in range(args.games)]
    curves = {}
    print(f"{'delta':>5} {'sampling':8} {'interval':8} {'games':>15} {'wrong':>12} {'open':>6} {'CPU s':>6}")
    for delta in args.delta:
        for sampling in args.sampling:
            for name in args.bound:
                bound, relax = BOUNDS[name]
                start = time.process_time()
                mean, error, moments = graph_row(
                    games, args.seed, sampling=sampling, bound=bound, relax=relax, delta=delta, budget=args.budget
                )
                print(
                    f"{delta:5g} {sampling:8} {name:8} {mean[0]:8.0f} +- {error[0]:3.0f} {mean[1]:5.2f} +- {error[1]:.2f} {mean[2]:6.2f} "
                    f"{time.process_time() - start:6.1f}",
                    flush=True,
                )
                if sampling in args.plot_sampling:
                    curves[f"{sampling}, {name}"] = _resolved_curve(moments, len(games) * _edges(games[0]), args.plot_games)
    if args.plot:
        _write(args.plot, plots.lines(curves, x="games", y="share of edges resolved", low=0.0, high=1.0))


def _edges(margins: np.ndarray) -> int:
    rows, columns = margins.shape
    return rows * columns * (rows + columns - 2) // 2


def _resolved_curve(moments: list[int], edges: int, most: int) -> list[tuple[float, float]]:
    at = np.linspace(0, most, 151)
    return list(zip(at.tolist(), (np.searchsorted(np.sort(moments), at, side="right") / edges).tolist(), strict=True))


def _write(path: str, svg: str) -> None:
    Path(path).write_text(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n", encoding="utf-8")


# --- tournaments with known truth -----------------------------------------------------------------------------------------------


class Tournament:
    """Simulated matches of two seats: each deal is played from both seats, with luck that favours one seat, and draws.

    won : drawn : lost = e^(d/2) : draws : e^(-d/2),     d = strength of the first seat - that of the second +- luck of the deal

    Args:
        elo: Shape (P,), strengths in Elo points; thousands for an agent that nobody ever beats.
        rng: Of the results.
        draws: Weight of a draw.
        luck: Spread of the luck of a deal, in nats.
    """

    def __init__(self, elo: Sequence[float] | np.ndarray, rng: np.random.Generator, *, draws: float = 0.5, luck: float = 0.7) -> None:
        self.strength = np.asarray(elo, float) / ELO_PER_NAT
        self.names = tuple(f"agent {n}" for n in range(len(self.strength)))
        self.rng, self.draws, self.luck = rng, draws, luck
        self.groups: list[tuple[int, ...]] = []
        self._columns: list[np.ndarray] = []

    def play(self, i: int, j: int, deals: int) -> None:
        """So many deals of two agents, both seatings each."""
        luck = self.luck * self.rng.normal(size=deals)
        unit = np.arange(len(self.groups), len(self.groups) + deals)
        for turn in (1, -1):
            gap = np.clip(self.strength[i] - self.strength[j] + turn * luck, -300, 300)
            weights = np.stack([np.exp(gap / 2), np.full(deals, self.draws), np.exp(-gap / 2)])
            draw = self.rng.random(deals) * weights.sum(0)
            score = np.where(draw < weights[0], 1.0, np.where(draw < weights[0] + weights[1], 0.5, 0.0))
            self._columns.append(np.stack([np.full(deals, i), np.full(deals, j), score, unit]))
        self.groups += [(min(i, j), max(i, j))] * deals

    @property
    def results(self) -> DealResults | None:
        """What was played so far."""
        if not self._columns:
            return None
        first, second, score, units = np.concatenate(self._columns, axis=1)
        unit = units.astype(np.int64)
        return DealResults(self.names, first.astype(np.int64), second.astype(np.int64), score, unit, unit, tuple(self.groups))


def scheduled(tournament: Tournament, look: Callable[[Decision], None] = lambda decision: None, **options: Any) -> Decision:
    """Play what a scheduler asks for until it asks for nothing."""
    scheduler = Scheduler(tournament.names, **options)
    number = {name: n for n, name in enumerate(tournament.names)}
    while True:
        results = tournament.results
        batch = scheduler.next_batch(results)
        decision = scheduler.decided(results)
        look(decision)
        if not batch:
            return decision
        for pairing in batch:
            tournament.play(number[pairing.seats[0]], number[pairing.seats[1]], pairing.deals)


def round_robin(tournament: Tournament, question: str, budget: int) -> Decision:
    """Play all pairs equally, with the same rule to stop."""
    size = len(tournament.names)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    while True:
        for i, j in pairs:
            tournament.play(i, j, max(1, len(tournament.groups) // 20 // len(pairs)))
        results = tournament.results
        assert results is not None
        decision = decide(results, question)  # type: ignore[arg-type]
        if decision.decided or len(tournament.groups) >= budget:
            return decision


def random_strengths(rng: np.random.Generator) -> np.ndarray:
    """Eight strengths of spread 200 Elo, no two closer than 20."""
    while True:
        elo = 200 * rng.normal(size=8)
        if np.diff(np.sort(elo)).min() >= 20:
            return elo


FIELDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "random": random_strengths,
    "equal steps of 60 Elo": lambda rng: rng.permutation(60.0 * np.arange(8)),
    "growing steps": lambda rng: rng.permutation(np.cumsum([0.0, 30, 40, 50, 70, 100, 140, 200])),
}
"""Strengths of eight agents."""


def deals_needed(field: str, question: str, runs: int, budget: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Deals until the question is decided, scheduled and all against all; at most the budget. Shapes (runs,)."""
    out = []
    for run in range(runs):
        elo = FIELDS[field](np.random.default_rng([seed, run]))
        ours = scheduled(Tournament(elo, np.random.default_rng([seed, run, 1])), question=question, budget=budget, seed=run)
        theirs = round_robin(Tournament(elo, np.random.default_rng([seed, run, 2])), question, budget)
        out.append((ours.deals, theirs.deals))
    return np.array(out).T[0], np.array(out).T[1]


def boards_command(args: argparse.Namespace) -> None:
    print(
        f"{'field':24} {'question':8} {'scheduled':>16} {'all against all':>18} {'ratio':>6} {'least':>6} {'CPU s':>6}   (deals of two matches)"
    )
    curves = {}
    for field in args.field:
        for question in args.question:
            start = time.process_time()
            ours, theirs = deals_needed(field, question, args.runs, args.budget, args.seed)
            root = math.sqrt(args.runs)
            print(
                f"{field:24} {question:8} {ours.mean():8.0f} +- {ours.std() / root:4.0f} {theirs.mean():10.0f} +- {theirs.std() / root:4.0f} "
                f"{theirs.mean() / ours.mean():6.2f} {(theirs / ours).min():6.2f} {time.process_time() - start:6.1f}",
                flush=True,
            )
            for name, deals in (("scheduled", ours), ("all against all", theirs)):
                ended = np.sort(deals[deals < args.budget]).tolist()
                steps = [(deal, (n + 1) / len(deals)) for n, deal in enumerate(ended)]
                curves[f"{field[:12]}, {name}"] = [(0.0, 0.0), *steps, (float(args.budget), len(ended) / len(deals))]
    if args.plot:
        _write(args.plot, plots.lines(curves, x="deals", y="share of tournaments decided", steps=True, low=0.0, high=1.0))


# --- coverage -------------------------------------------------------------------------------------------------------------------

TRUTHS: dict[str, list[float]] = {
    "ties and an undefeated agent": [6000, 100, 100, 0, -100, -100],
    "all equal": [0, 0, 0, 0, 0, 0],
    "spread": [250, 120, 60, 0, -90, -220],
    "two equal agents": [0, 0],
}


def wrong_pairs(ahead: np.ndarray, elo: np.ndarray) -> bool:
    """Whether an agent is said to be ahead of one that is as strong or stronger."""
    return bool((ahead & (elo[:, None] <= elo[None, :])).any())


def covers(ranks: np.ndarray, elo: np.ndarray) -> bool:
    """Whether every agent's span holds all ranks that it may have: equal agents share theirs."""
    best = 1 + (elo[None, :] > elo[:, None]).sum(1)
    worst = (elo[None, :] >= elo[:, None]).sum(1)
    return bool(np.all((ranks[:, 0] <= best) & (ranks[:, 1] >= worst)))


def fixed_tournament(elo: np.ndarray, rng: np.random.Generator, deals: int, level: float) -> dict[str, tuple[int, int]]:
    """Hits and tries of the figures of one round robin of a number of deals fixed beforehand."""
    tournament = Tournament(elo, rng, draws=float(rng.choice([0.0, 0.5, 2.0])))
    for i in range(len(elo)):
        for j in range(i + 1, len(elo)):
            tournament.play(i, j, deals)
    results = tournament.results
    assert results is not None
    fit = bradley_terry_pairs(results.first, results.second, results.score, players=len(elo), clusters=results.deals, level=level)
    out = {"fixed: all rank spans": (int(covers(elo_ranks(fit, deals_of(results), level), elo)), 1)}
    equal = [(i, j) for i in range(len(elo)) for j in range(i + 1, len(elo)) if elo[i] == elo[j]]
    if fit.finite and equal:  # equal agents have equal ratings whatever the model
        gaps = np.array([fit.gap(i, j) for i, j in equal])
        spans = (np.abs(gaps[:, 0]) <= _quantile(level, deals * (len(elo) - 1) - len(elo)) * gaps[:, 1]).sum()
        out["fixed: gap of two equal agents"] = (int(spans), len(equal))
        if len(equal) == len(elo) * (len(elo) - 1) // 2:
            out["fixed: Elo"] = (int(((fit.interval[:, 0] <= 1000) & (fit.interval[:, 1] >= 1000)).sum()), len(elo))
    return out


def _quantile(level: float, df: int) -> float:
    from agentarena.evaluate.deals import t_quantile

    return t_quantile(0.5 + level / 2, df)


def sequential_tournament(
    elo: np.ndarray, rng: np.random.Generator, question: str, budget: int, level: float, seed: int
) -> dict[str, tuple[int, int]]:
    """Whether everything that a scheduler says is right: at the end, and at all of its looks."""
    wrong: list[bool] = []
    tournament = Tournament(elo, rng, draws=float(rng.choice([0.0, 0.5, 2.0])))
    options: dict[str, Any] = {"agent": tournament.names[2 % len(elo)]} if question == "rank" else {}
    scheduled(
        tournament,
        lambda decision: wrong.append(wrong_pairs(decision.ahead, elo)),
        question=question,
        level=level,
        budget=budget,
        seed=seed,
        batch=3 * len(elo),
        **options,
    )
    return {f"{question}: when it stops": (int(not wrong[-1]), 1), f"{question}: at all looks": (int(not any(wrong)), 1)}


def coverage(
    runs: int, budget: int, level: float, seed: int, seconds: float = math.inf
) -> dict[tuple[str, str], tuple[int, int, list[float]]]:
    """Hits, tries and shares per run of every figure, by truth; the runs are shared among the truths and questions.

    No run begins after so many seconds.
    """
    end = time.monotonic() + seconds
    shares: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    questions = ("ranks", "ranks", "top", "rank", "graph")
    for run in range(runs):
        if time.monotonic() > end:
            break
        truth = list(TRUTHS)[run % len(TRUTHS)]
        elo = np.array(TRUTHS[truth], float)
        rng = np.random.default_rng([seed, run])
        figures = fixed_tournament(elo, rng, 60 if len(elo) == 2 else 12, level)
        figures |= sequential_tournament(elo, rng, questions[run // len(TRUTHS) % len(questions)], budget, level, run)
        for figure, counts in figures.items():
            shares[figure, truth].append(counts)
            shares[figure, "all"].append(counts)
    return {
        key: (sum(hits for hits, _ in counts), sum(tries for _, tries in counts), [hits / tries for hits, tries in counts])
        for key, counts in shares.items()
    }


def coverage_command(args: argparse.Namespace) -> None:
    start = time.process_time()
    rows = coverage(args.runs, args.budget, args.level, args.seed, args.seconds)
    print(f"{'figure':32} {'truth':30} {'runs':>5} {'coverage':>15}")
    for (figure, truth), (hits, tries, per_run) in sorted(rows.items()):
        error = 100 * float(np.std(per_run)) / math.sqrt(len(per_run))
        print(f"{figure:32} {truth:30} {len(per_run):5d} {100 * hits / tries:6.1f} +- {error:4.1f}")
    runs = max(len(per_run) for _, _, per_run in rows.values())
    print(f"{runs} tournaments, {time.process_time() - start:.0f} s CPU")


# --- the command line -----------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    commands = parser.add_subparsers(required=True)
    graph = commands.add_parser("graph", help="games of ResponseGraphUCB")
    graph.add_argument("--games", type=int, default=40, help="random 2 x 2 games")
    graph.add_argument("--table", help="instead: a file of win shares, row against column")
    graph.add_argument("--repeats", type=int, default=2, help="runs on that table")
    graph.add_argument("--delta", type=float, nargs="+", default=[0.1])
    graph.add_argument("--sampling", nargs="+", choices=SCHEMES, default=list(SCHEMES))
    graph.add_argument("--bound", nargs="+", choices=list(BOUNDS), default=list(BOUNDS))
    graph.add_argument("--budget", type=int, default=50_000)
    graph.add_argument("--plot", help="write the share of edges resolved by games to this SVG file")
    graph.add_argument("--plot-sampling", nargs="+", choices=SCHEMES, default=["U", "CW"], help="what it shows, at the last delta")
    graph.add_argument("--plot-games", type=int, default=3000, help="width of the plot")
    graph.set_defaults(run=graph_command)
    boards = commands.add_parser("boards", help="deals until the ranking of eight agents is decided")
    boards.add_argument("--runs", type=int, default=5)
    boards.add_argument("--budget", type=int, default=20_000)
    boards.add_argument("--field", nargs="+", choices=list(FIELDS), default=list(FIELDS), metavar="NAME")
    boards.add_argument("--question", nargs="+", choices=("ranks", "top"), default=["ranks"])
    boards.add_argument("--plot", help="write the share of tournaments decided by deals to this SVG file")
    boards.set_defaults(run=boards_command)
    cover = commands.add_parser("coverage", help="how often spans and decisions are right")
    cover.add_argument("--runs", type=int, default=100)
    cover.add_argument("--budget", type=int, default=300, help="most deals of a tournament")
    cover.add_argument("--seconds", type=float, default=math.inf, help="begin no tournament after so long")
    cover.add_argument("--level", type=float, default=0.95)
    cover.set_defaults(run=coverage_command)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
