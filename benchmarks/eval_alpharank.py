"""alpha-Rank on tables of many sizes: CPU seconds of ours, and of OpenSpiel's where it is installed.

    python benchmarks/eval_alpharank.py [--soccer FILE] [--large]

Payoffs are U(0, 1) from a fixed seed, alpha = 10, m = 50. `--soccer` takes a 10 x 10 table of win shares (the soccer
meta-game that OpenSpiel's repository publishes) and prints its ranking at several alphas. `--large` adds tables that
take minutes.
"""

from __future__ import annotations

import argparse
import importlib
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from agentarena.core.errors import ArenaError
from agentarena.evaluate import alpharank

SINGLE = (10, 50, 100, 200, 500, 1000)
MULTI = ((10, 10), (20, 20), (50, 50), (5, 5, 5), (8, 8, 8), (10, 10, 10), (4, 4, 4, 4), (5, 5, 5, 5), (4,) * 6)
LARGE = ((100, 100), (20, 20, 20), (10, 10, 10, 10), (10,) * 5)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds and the result, or the error."""
    start = time.process_time()
    try:
        found = work()
    except (ArenaError, ValueError, ArithmeticError) as error:
        found = error
    return time.process_time() - start, found


def openspiel() -> Any:
    """OpenSpiel's alpha-Rank, or None."""
    try:
        return importlib.import_module("open_spiel.python.egt.alpharank")
    except ImportError:  # not installed, or without matplotlib and networkx, which it also needs
        return None


def compare(name: str, tables: list[np.ndarray], theirs: Any, budget: int) -> None:
    """One line: size, ours, theirs, largest difference."""
    ours_s, ours = timed(lambda: alpharank(tables if len(tables) > 1 else tables[0]))
    states = tables[0].shape[0] if len(tables) == 1 else tables[0].size
    line = f"{name:14} {states:8,} {ours_s:9.3f}  {getattr(ours, 'method', ours)!s:12}"
    if theirs is not None and states <= budget:
        their_s, answer = timed(lambda: theirs.compute(tables, m=50, alpha=10.0)[2])
        if isinstance(answer, Exception):
            line += f" {their_s:9.3f}  fails: {str(answer)[:50]}"
        else:
            line += f" {their_s:9.3f}  {np.abs(answer - ours.distribution).max():.1e}  x{their_s / max(ours_s, 1e-4):.0f}"
    print(line, flush=True)


def soccer(path: str) -> None:
    """The ranking of the soccer meta-game at several alphas, one population, payoffs 2 p - 1."""
    payoffs = 2 * np.loadtxt(path) - 1
    for alpha in (0.1, 1.0, 10.0, 100.0, math.inf):
        found = alpharank(payoffs, alpha=alpha)
        print(f"soccer, alpha {alpha:6g}: ", " ".join(f"{mass:.10f}" for mass in found.distribution), found.recurrent_classes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--soccer")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--budget", type=int, default=1100, help="Largest number of profiles given to OpenSpiel.")
    arguments = parser.parse_args()
    if arguments.soccer:
        soccer(arguments.soccer)
    theirs = openspiel()
    alpharank(np.zeros((2, 2)))
    print(f"{'table':14} {'profiles':>8} {'ours s':>9}  {'method':12} {'theirs s' if theirs else ''}")
    rng = np.random.default_rng(0)
    for size in SINGLE:
        compare(f"1 x {size}", [rng.uniform(size=(size, size))], theirs, arguments.budget)
    for shape in MULTI + (LARGE if arguments.large else ()):
        compare(" x ".join(map(str, shape)), [rng.uniform(size=shape) for _ in shape], theirs, arguments.budget)


if __name__ == "__main__":
    main()
