"""Crash rate and variance of the return in Merge-v0, for Nash and risk-averse drivers: `python benchmarks/merge_risk.py`.

Everything is computed from the rules' listed chances; nothing is played.
"""

from __future__ import annotations

import itertools

import numpy as np

from agentarena.core import registry
from agentarena.train.populations.meta_solvers import nash
from agentarena.train.populations.risk import risk_averse

GAMMAS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
EPS = 0.05


def moments(game) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each seat's return for every pair of actions. Shapes (2, 2, 2)."""
    start = game.chance(None, None)[0][1]
    mean, variance = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
    for pair in itertools.product((0, 1), repeat=2):
        outcomes = game.chance(start, dict(enumerate(pair)))
        chances, returns = np.array([p for p, _ in outcomes]), np.array([game.rewards(state) for _, state in outcomes])
        mean[(slice(None), *pair)] = chances @ returns
        variance[(slice(None), *pair)] = chances @ (returns - chances @ returns) ** 2
    return mean, variance


def figures(game, go: float) -> tuple[float, float, float]:
    """Crash rate, mean and variance of a driver's return when both go with this chance."""
    mean, variance = moments(game)
    x = np.array([go, 1 - go])
    first = float(x @ mean[0] @ x)
    return go * go * game.crash_chance, first, float(x @ (variance[0] + mean[0] ** 2) @ x) - first**2


def main() -> None:
    game = registry.game("Merge-v0")
    mean, variance = moments(game)
    rows = [("Nash", float(nash(mean)[0][0]))]
    rows += [(f"risk_averse, gamma {gamma:g}", float(risk_averse(mean, gamma, EPS, variances=variance)[0][0])) for gamma in GAMMAS]
    print("| drivers | chance to go | crashes in 1,000 | mean return (s) | variance of the return (s²) |\n|---|---|---|---|---|")
    for name, go in rows:
        crash, first, spread = figures(game, go)
        print(f"| {name} | {go:.3f} | {1000 * crash:.2f} | {first:.3f} | {spread:.3f} |")


if __name__ == "__main__":
    main()
