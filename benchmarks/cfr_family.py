"""NashConv against processor seconds of the CFR family on Kuhn and Leduc poker, as a Markdown table.

    python -m benchmarks.cfr_family                       all solvers, about four minutes on one core
    python -m benchmarks.cfr_family --without-deep        the tabular ones, about one

Trees are built before the clock starts, and NashConv is taken while it stands still. The seed of sampling solvers is 0.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agentarena.agents.search.cfr import solve
from agentarena.agents.search.mccfr import Sampler
from agentarena.agents.search.mmd import solve_mmd
from agentarena.agents.search.tabular import Solution, slots_of
from agentarena.agents.search.tree import MAX_HISTORIES, tree_of
from agentarena.agents.search.xfp import solve_xfp
from agentarena.core.registry import game
from agentarena.core.rng import stream

ITERATIONS = {"KuhnPoker-v0": (10, 100, 1000), "LeducPoker-v0": (10, 100, 1000)}
SAMPLED = {
    "KuhnPoker-v0": {"external": (300, 3_000, 30_000), "outcome": (2_000, 20_000, 200_000)},
    "LeducPoker-v0": {"external": (500, 5_000, 50_000), "outcome": (2_500, 25_000, 250_000)},
}
RECIPES = {"KuhnPoker-v0": "kuhn_deep_cfr.toml", "LeducPoker-v0": "leduc_deep_cfr.toml"}

Row = tuple[int, float, float]
"""Iterations, NashConv, processor seconds."""


def tabular(env: str, solver: Callable[..., Solution]) -> Iterator[Row]:
    """One run for each number of iterations, so that no judgement is timed but the last."""
    for iterations in ITERATIONS[env]:
        began = time.process_time()
        solution = solver(env, iterations)
        yield iterations, solution.nash_conv[iterations], time.process_time() - began


def sampled(env: str, sampling: str) -> Iterator[Row]:
    """One run, judged on the way."""
    rules, seconds = game(env), 0.0
    sampler = Sampler(rules, stream(0), sampling=sampling)  # type: ignore[arg-type]  # a name in SAMPLED
    tree = tree_of(rules)
    for stop in SAMPLED[env][sampling]:
        began = time.process_time()
        while sampler.iteration < stop:
            sampler.iterate()
        seconds += time.process_time() - began
        yield stop, tree.nash_conv(slots_of(tree, sampler.policies())), seconds


def deep(env: str) -> Iterator[Row]:
    """Deep CFR with the settings of the recipes."""
    import torch

    from agentarena.train.deep_cfr import DeepCFRConfig, train

    torch.set_num_threads(1)
    recipe = Path(__file__).parents[1] / "recipes" / RECIPES[env]
    with tempfile.TemporaryDirectory() as folder:
        config = DeepCFRConfig.load(recipe, output_dir=folder, save_every=1_000_000, judge_every=0)
        began = time.process_time()
        run = train(config)
        yield config.iterations, run.figures["nash_conv"], time.process_time() - began


def rows(env: str, with_deep: bool) -> Iterator[tuple[str, Iterator[Row]]]:
    """Each solver's name and its rows."""
    for name, variant in (("CFR", "cfr"), ("CFR+", "plus"), ("linear CFR", "linear"), ("DCFR", "dcfr")):
        yield name, tabular(env, lambda env, count, variant=variant: solve(env, count, variant=variant))
    yield "MCCFR, external sampling", sampled(env, "external")
    yield "MCCFR, outcome sampling", sampled(env, "outcome")
    yield "XFP", tabular(env, solve_xfp)
    yield "MMD, falling temperature", tabular(env, solve_mmd)
    if with_deep:
        yield "Deep CFR", deep(env)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without-deep", action="store_true", help="Leave out Deep CFR.")
    parser.add_argument("--env", choices=list(ITERATIONS), help="One game alone.")
    arguments = parser.parse_args()
    print("| game | solver | iterations: NashConv (processor seconds) |\n|---|---|---|", flush=True)
    for env in [arguments.env] if arguments.env else ITERATIONS:
        tree_of(game(env), MAX_HISTORIES, True)  # remembered
        for name, figures in rows(env, not arguments.without_deep):
            cells = ", ".join(f"{count:,}: {value:.5f} ({seconds:.2f})" for count, value, seconds in figures)
            print(f"| {env} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
