"""Hexner's game: closed form, trees and bounds in one run; speed of the array rules.

    python -m benchmarks.football_numbers              # every table; about five minutes on one core
    python -m benchmarks.football_numbers --quick      # few seeds, short runs
    python -m benchmarks.football_numbers --only tree  # one of: values, tree, bounds, speed

Times are CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from agentarena.envs.football import FieldGame, Football, Hexner, Hexner22
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.certificates import lower_bound, upper_bound
from agentarena.envs.football.solver.equilibrium import Equilibrium
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
    games = [
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
    parser.add_argument("--only", choices=("values", "tree", "bounds", "speed"), help="one table")
    args = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    tables = {
        "values": values,
        "tree": lambda: tree(2 if args.quick else 20),
        "bounds": bounds,
        "speed": lambda: speed(0.2 if args.quick else 2.0),
    }
    for name, table in tables.items():
        if args.only in (None, name):
            table()
            print()


if __name__ == "__main__":
    main()
