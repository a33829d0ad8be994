"""Hexner's game and football: closed form, trees, bounds, sweeps and solving again in one run; speed of the array rules.

    python -m benchmarks.football_numbers              # every table; about ten minutes on one core
    python -m benchmarks.football_numbers --quick      # few seeds, short runs
    python -m benchmarks.football_numbers --only tree  # one of: values, tree, bilevel, bounds, football, resolve, speed

Times are CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.envs.football import FieldGame, Football, Hexner, Hexner22
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.bilevel import BilevelConfig, solve_bilevel
from agentarena.envs.football.solver.certificates import lower_bound, upper_bound, upper_bounds
from agentarena.envs.football.solver.dual import DualConfig, lower_bound_of, solve_dual
from agentarena.envs.football.solver.equilibrium import Equilibrium
from agentarena.envs.football.solver.sweep import SweepConfig, reveal_sweep
from agentarena.envs.football.solver.tree import TreeConfig, solve


def values() -> None:
    """Values of the game in steps and in continuous time."""
    print("| K | base | split | sim | reveal step, split and sim |\n|---|---|---|---|---|")
    for steps in (1, 2, 4, 5, 8, 10, 20, 64, 1000):
        split, sim = (exact_value(0.5, steps=steps, discretization=kind) for kind in ("split", "sim"))
        print(f"| {steps} | {split.base:.6f} | {split.value:.6f} | {sim.value:.6f} | {split.reveal_step}, {sim.reveal_step} |")
    whole = exact_value(0.5)
    print(f"| continuous | {whole.base:.6f} | {whole.value:.6f} | {whole.value:.6f} | t = {whole.reveal_time:.6f} |")


def tree(seeds: int) -> None:
    """Trees of several seeds against the exact value."""
    games: list[tuple[str, Any]] = [
        ("Hexner, K = 4", Hexner(steps=4, discretization="split")),
        ("Hexner, K = 10", Hexner(steps=10, discretization="split")),
        ("three types, K = 5", Hexner.build("three_types", steps=5, discretization="split")),
        ("Hexner22, K = 10", Hexner22(discretization="split")),
    ]
    print("| game | exact | greatest error | within 5e-4 and at the right step | seconds, median |\n|---|---|---|---|---|")
    for name, game in games:
        plan, prior = Equilibrium(game.system), game.chances
        exact, errors, seconds, right = plan.value(prior), [], [], 0
        for seed in range(seeds):
            begin = time.process_time()
            result = solve(game.system, prior, config=TreeConfig(seed=seed))
            seconds.append(time.process_time() - begin)
            errors.append(abs(result.value - exact))
            right += errors[-1] < 5e-4 and (game.system.types > 2 or result.reveal_step == plan.reveal_step)
        print(f"| {name} | {exact:.6f} | {max(errors):.1e} | {right} of {seeds} | {np.median(seconds):.2f} |", flush=True)


def bilevel(seeds: int) -> None:
    """The bilevel solver beside the tree of controls, on the same games and seeds."""
    games: list[tuple[str, Any]] = [
        ("Hexner, K = 4", Hexner(steps=4, discretization="split")),
        ("Hexner, K = 10", Hexner(steps=10, discretization="split")),
        ("three types, K = 5", Hexner.build("three_types", steps=5, discretization="split")),
        ("Hexner22, K = 10", Hexner22(discretization="split")),
    ]
    print(
        "| game | bilevel: greatest error | within 1e-4 | seconds | tree: greatest error | within 5e-4 | seconds |\n|---|---|---|---|---|---|---|"
    )
    for name, game in games:
        exact, cells = Equilibrium(game.system).value(game.chances), []
        for tolerance, solver in (
            (1e-4, lambda seed, game=game: solve_bilevel(game.system, game.chances, config=BilevelConfig(seed=seed))),
            (5e-4, lambda seed, game=game: solve(game.system, game.chances, config=TreeConfig(seed=seed))),
        ):
            errors, seconds = [], []
            for seed in range(seeds):
                begin = time.process_time()
                errors.append(abs(solver(seed).value - exact))
                seconds.append(time.process_time() - begin)
            cells += [f"{max(errors):.1e}", f"{sum(e < tolerance for e in errors)} of {seeds}", f"{np.median(seconds):.3f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def football(quick: bool) -> None:
    """What concealing is worth at each step, with bounds, and both sides' bounds on the value."""
    games: dict[str, Any] = {
        "Football, `conceal`": Football.build("conceal"),
        "Hexner, K = 4": Hexner(steps=4, discretization="split"),
        "Football, `five`": Football.build("five", discretization="split"),
    }
    config = SweepConfig(iterations=100 if quick else 400, rate=0.1, responses=50 if quick else 150, starts=2, restarts=3)
    for name, game in games.items():
        begin = time.process_time()
        sweep = reveal_sweep(game.system, game.chances, discretization=game.discretization, config=config)
        print(f"{name}: revealing at each step, {time.process_time() - begin:.1f} s\n")
        print("| step | lower | cost | upper |\n|---|---|---|---|")
        for row in sweep.rows:
            print(f"| {row.step} | {row.lower:.4f} | {row.value:.4f} | {row.upper:.4f} |")
        print(f"\nconcealing until step {sweep.best.step} beats showing at once and never by at least {sweep.pays:.4f}")
        _both_bounds(game, sweep, DualConfig(iterations=40 if quick else 400, responses=50 if quick else 200))


def _both_bounds(game: Any, sweep: Any, config: DualConfig) -> None:
    """The bounds of the best row's attackers, and of the defenders' dual strategy."""
    begin = time.process_time()
    upper = upper_bounds(sweep.tree(game.system, game.chances, game.discretization))
    middle = time.process_time()
    strategy = solve_dual(game.system, game.chances, discretization=game.discretization, sweep=sweep, config=config)
    lower = lower_bound_of(strategy, game.chances, sweep=sweep, config=config)
    end = time.process_time()
    print(f"upper bound {upper.value:.4f} (starts end {upper.spread:.4f} apart, {middle - begin:.1f} s)")
    print(f"lower bound {lower.value:.4f} (starts end {lower.spread.max():.4f} apart, {end - middle:.1f} s)")
    print(f"gap {upper.value - lower.value:.4f}\n", flush=True)


def resolve(quick: bool) -> None:
    """What solving again costs and saves: iterations to 1e-3 of the rest of a game, warm and cold; matches against the equilibrium."""
    print("| game | step | iterations from nothing | from what is left of the plan |\n|---|---|---|---|")
    conceal, four = Football.build("conceal"), Hexner(steps=4, discretization="split")
    plan = solve(four.system, four.chances)
    for step in (1, 2):
        plan = plan.below(int(plan.levels[0].slot[0]))
        cold, warm = (_iterations(four, plan, step, start) for start in (False, True))
        print(f"| Hexner, K = 4 | {step} | {cold} | {warm} |", flush=True)
    print("\n| attackers | defenders | mean cost | seconds a match |\n|---|---|---|---|")
    matches = 4 if quick else 8
    meetings: tuple[tuple[Any, tuple[str, str]], ...] = (
        (four, ("hexner/resolve", "hexner/equilibrium")),
        (four, ("hexner/equilibrium", "hexner/resolve")),
        (four, ("hexner/equilibrium", "hexner/resolve?defence=dual")),
        (conceal, ("football/resolve", "football/resolve")),
        (conceal, ("football/resolve", "football/resolve?defence=dual")),
        (conceal, ("football/caller", "football/resolve")),
        (conceal, ("football/resolve", "football/caller")),
    )
    for game, pair in meetings:
        begin = time.process_time()
        records = aa.play(game, list(pair), matches=matches, seed=0).records
        paid = [-record.returns[0] for record in records if record.seats[0].index == 0]
        print(f"| `{pair[0]}` | `{pair[1]}` | {np.mean(paid):.4f} | {(time.process_time() - begin) / matches:.2f} |", flush=True)


def _iterations(game: Hexner, plan: Any, step: int, warm: bool) -> str:
    """The least number of iterations, of those tried, after which the rest of a game is solved within 1e-3."""
    exact = solve_bilevel(game.system, plan.prior, motion=plan.motion, steps=len(plan.levels)).value
    for iterations in (1, 2, 5, 10, 20, 40, 80, 160, 320):
        gentle = TreeConfig(iterations=iterations, rate=0.05, signal_rate=0.02, merge_at=())
        config = gentle if warm else TreeConfig(iterations=iterations)
        start = plan.copy() if warm else None
        tree = solve(game.system, plan.prior, motion=plan.motion, steps=game.steps - step, config=config, warm=start)
        if abs(tree.value - exact) < 1e-3:
            return str(iterations)
    return "over 320"


def bounds() -> None:
    """Upper bound of a tree and lower bound of the dual strategy."""
    print("| K | p | lower bound | value | upper bound of the tree |\n|---|---|---|---|---|")
    for steps, p in ((4, 0.5), (4, 0.25), (10, 0.5)):
        game = Hexner(steps=steps, discretization="split", prior=(p, 1 - p))
        low, high = lower_bound(Equilibrium(game.system), game.chances), upper_bound(solve(game.system, game.chances))
        print(f"| {steps} | {p} | {low:.9f} | {exact_value(p, steps=steps).value:.9f} | {high:.9f} |", flush=True)


def speed(seconds: float) -> None:
    """Steps of matches a CPU second, on numpy."""
    print("| game | matches at once | steps a second |\n|---|---|---|")
    for game in (Hexner(), Hexner22(), Football()):
        for size in (1, 256, 4096):
            print(f"| {type(game).__name__} | {size} | {_rate(game, size, seconds):.3g} |", flush=True)


def _rate(game: FieldGame, size: int, seconds: float) -> float:
    batch, rng, count = game.batch(), np.random.default_rng(0), 0
    bounds_ = batch.legal(batch.start(size, rng))
    actions = rng.uniform(bounds_.low, bounds_.high)
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        state = batch.start(size, rng)
        for _ in range(game.steps):
            state = batch.step(state, actions, rng)
            count += size
    return count / (time.process_time() - begin)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds, short runs")
    parser.add_argument("--only", choices=("values", "tree", "bilevel", "bounds", "football", "resolve", "speed"), help="one table")
    args = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    tables = {
        "values": values,
        "tree": lambda: tree(2 if args.quick else 20),
        "bilevel": lambda: bilevel(2 if args.quick else 20),
        "bounds": bounds,
        "football": lambda: football(args.quick),
        "resolve": lambda: resolve(args.quick),
        "speed": lambda: speed(0.2 if args.quick else 2.0),
    }
    for name, table in tables.items():
        if args.only in (None, name):
            table()
            print()


if __name__ == "__main__":
    main()
