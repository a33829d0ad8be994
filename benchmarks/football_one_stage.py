"""Hexner's game in one step: solvers over grids of every size against one that needs no grid, in one run.

    python -m benchmarks.football_one_stage                       # the tables; about two minutes on one core
    python -m benchmarks.football_one_stage --plot docs/figures   # and one-stage-seconds.svg, one-stage-error.svg
    python -m benchmarks.football_one_stage --quick               # small grids only, without game trees

Solvers by iterations stop when the attacker can improve by 0.001 at most, the rule of the paper, or at `--limit` seconds. Seconds are
CPU seconds of one thread, which are those of the clock on an idle machine, without the table of costs; the least of three runs where one
takes below two. "Tree": the house's solvers for any small game, on the tree of this one, which is built first; they take the same
iterations as those on arrays.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from agentarena import plots
from agentarena.agents.search.cfr import solve as cfr_on_tree
from agentarena.agents.search.mmd import solve_mmd as mmd_on_tree
from agentarena.agents.search.tree import MAX_HISTORIES, tree_of
from agentarena.envs.one_stage_hexner import OneStageHexner
from agentarena.envs.one_stage_hexner.solver import SOLVERS, Measured, Stop, measure
from agentarena.envs.one_stage_hexner.solver.mmd import STEP

GRIDS = (3, 4, 6, 8, 12, 24)
TREES = ("cfr+, tree", "mmd, tree")
PROBE = 20
"""Iterations on a tree from which the time of one is taken."""
SHORT = 2.0
"""Runs below this many seconds are repeated."""

Seconds = dict[str, dict[int, float]]


def arrays(grid: int, limit: float) -> dict[str, Measured]:
    """Every solver of the one-stage game on one grid."""
    stage, results = OneStageHexner(grid=grid).stage, {}
    for name in SOLVERS:
        best = measure(stage, name, Stop(seconds=limit))
        for _ in range(2 if best.cpu_seconds < SHORT else 0):
            best = min(best, measure(stage, name, Stop(seconds=limit)), key=lambda one: one.cpu_seconds)
        results[name] = best
    return results


def trees(grid: int, limit: float, iterations: dict[str, int]) -> dict[str, tuple[float, bool]]:
    """Seconds of the solvers on the game's tree, and whether they came to the end of their iterations within the limit."""
    game = OneStageHexner(grid=grid)
    _ = game.stage.costs
    build = _cpu(lambda: tree_of(game, MAX_HISTORIES, True))  # remembered for the solvers below, which call it so
    solvers: dict[str, Callable[[int], object]] = {
        "cfr+, tree": lambda count: cfr_on_tree(game, count, variant="plus"),
        "mmd, tree": lambda count: mmd_on_tree(game, count, temperature=1e-12, step_size=STEP),
    }
    results = {}
    for name, run in solvers.items():
        wanted = iterations[name.partition(",")[0]]
        one = max(1e-6, _cpu(partial(run, 2 * PROBE)) - _cpu(partial(run, PROBE))) / PROBE
        count = max(1, min(wanted, int(limit / one)))
        results[name] = build + _cpu(partial(run, count)), count == wanted
    return results


def _cpu(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


def tables(results: dict[int, dict[str, Measured]], tree_results: dict[int, dict[str, tuple[float, bool]]]) -> None:
    """Seconds, action error, value and gaps, sizes as rows."""
    names, tree_names = list(SOLVERS), list(TREES) if tree_results else []
    print("CPU seconds; > where the limit came first\n")
    _head([*names, *tree_names])
    for size, row in results.items():
        cells = [_seconds(row[name].cpu_seconds, row[name].finished) for name in names]
        cells += [_seconds(*tree_results[size][name]) if size in tree_results else "-" for name in tree_names]
        _row(size, cells)
    for title, cell in (
        (
            "Distance of the attacker's mean action from the equilibrium in continuous controls, summed over both types",
            "{0.action_error:.3g}",
        ),
        ("Value", "{0.value:z.6f}"),
        ("What the attacker can still gain by its best actions in the grid, and NashConv", "{0.improvement:.1e}, {0.nash_conv:.1e}"),
    ):
        print(f"\n{title}\n")
        _head(names)
        for size, row in results.items():
            _row(size, [cell.format(row[name]) for name in names])
    print(
        "\nIterations: "
        + "; ".join(f"{size}: CFR+ {row['cfr+'].iterations:,}, MMD {row['mmd'].iterations}" for size, row in results.items())
    )


def _seconds(value: float, finished: bool) -> str:
    return f"{'' if finished else '> '}{value:.2g}" if value < 10 else f"{'' if finished else '> '}{value:.0f}"


def _head(names: Sequence[str]) -> None:
    print(f"| actions | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")


def _row(size: int, cells: Sequence[str]) -> None:
    print(f"| {size} | {' | '.join(cells)} |", flush=True)


def draw(folder: Path, results: dict[int, dict[str, Measured]], tree_results: dict[int, dict[str, tuple[float, bool]]]) -> None:
    """Two plots over the number of actions, both axes logarithmic (errors are not)."""
    seconds = {name: [(math.log10(size), math.log10(row[name].cpu_seconds)) for size, row in results.items()] for name in SOLVERS}
    for name in TREES if tree_results else ():
        seconds[name] = [(math.log10(size), math.log10(row[name][0])) for size, row in tree_results.items()]
    errors = {name: [(math.log10(size), row[name].action_error) for size, row in results.items()] for name in SOLVERS}
    x = "actions of a side, powers of ten"
    _write(folder / "one-stage-seconds.svg", plots.lines(seconds, x=x, y="seconds, powers of ten"))
    _write(folder / "one-stage-error.svg", plots.lines(errors, x=x, y="distance from the continuous action", low=0.0))


def _write(path: Path, svg: str) -> None:
    path.write_text(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--limit", type=float, default=30.0, help="longest time of a solver by iterations, in seconds; on trees after the tree is built"
    )
    parser.add_argument("--plot", type=Path, help="folder for the plots")
    parser.add_argument("--quick", action="store_true", help="grids up to 64 actions, without game trees")
    args = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    for name in ("lp", "structured"):  # so that imports are not counted
        measure(OneStageHexner(grid=2).stage, name)
    grids = [grid for grid in GRIDS if not args.quick or grid <= 8]
    results = {}
    for grid in grids:
        results[grid**2] = arrays(grid, args.limit)
        print(f"{grid**2} actions: done on arrays", file=sys.stderr, flush=True)
    iterations = {size: {name: row[name].iterations for name in ("cfr+", "mmd")} for size, row in results.items()}
    tree_results = {} if args.quick else {grid**2: trees(grid, args.limit, iterations[grid**2]) for grid in grids}
    tables(results, tree_results)
    if args.plot:
        draw(args.plot, results, tree_results)


if __name__ == "__main__":
    main()
