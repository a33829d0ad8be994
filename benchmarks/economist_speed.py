"""Speed of the tax economy: array rules, scalar rules, a thousand workers in one PettingZoo match.

    python benchmarks/economist_speed.py

CPU seconds of one core, best of several.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import agentarena as aa


def best(play: Callable[[], int], repeats: int = 7) -> float:
    """Steps per CPU second."""
    rates = []
    for _ in range(repeats):
        start = time.process_time()
        count = play()
        rates.append(count / (time.process_time() - start))
    return max(rates)


def arrays(workers: int, size: int, brackets: str) -> tuple[float, float]:
    """Worker-steps a second of the array rules, and of the array rules with rational workers."""
    from agentarena.envs.economist.rules.labour import rational_labour

    game = aa.game("Economist-v0", population=workers, brackets=brackets, years=1, weeks=10_000)
    batch, rng = game.batch(), np.random.default_rng(0)
    count = len(game.edges)
    state = batch.step(batch.start(size, rng), np.full((size, workers + 1, count), 30.0), rng)
    hours = np.full((size, workers + 1, 1), 37.0)

    def fixed() -> int:
        now = state
        for _ in range(40):
            now = batch.step(now, hours, rng)
            batch.rewards(now)
        return 40 * size * workers

    def rational() -> int:
        now, actions = state, hours.copy()
        for _ in range(4):
            actions[:, 1:, 0] = rational_labour(now.skills, game.edges, now.rates / 100.0, game.tastes)
            now = batch.step(now, actions, rng)
        return 4 * size * workers

    return best(fixed), best(rational)


def scalar(workers: int) -> float:
    """Worker-steps a second of the rules for one match."""
    game = aa.game("Economist-v0", population=workers, brackets="us", years=1, weeks=10_000)
    rng = np.random.default_rng(0)
    state = game.step(game.start(rng), {0: np.full(7, 30.0)}, rng)
    hours = dict.fromkeys(range(1, workers + 1), 37.0)

    def play() -> int:
        now = state
        for _ in range(200):
            now = game.step(now, hours, rng)
            game.rewards(now)
        return 200 * workers

    return best(play)


def parallel(workers: int) -> float:
    """Steps a second of a PettingZoo match."""
    env = aa.make_parallel("Economist-v0", population=workers, years=1, weeks=10_000)
    actions: dict[str, np.ndarray] = {f"player_{seat}": np.array(37.0, np.float32) for seat in range(1, workers + 1)}
    actions["player_0"] = np.full(3, 30.0, np.float32)

    def play() -> int:
        env.reset(seed=0)
        for _ in range(50):
            env.step(actions)
        return 50

    return best(play, 5)


def main() -> None:
    for brackets in ("three", "us"):
        fixed, rational = arrays(100, 256, brackets)
        print(f"array rules, N = 100, B = 256, brackets {brackets}: {fixed:.3g} worker-steps/s; with rational workers {rational:.3g}")
    print(f"scalar rules, N = 100: {scalar(100):.3g} worker-steps/s; N = 1000: {scalar(1000):.3g}")
    print(f"PettingZoo parallel, 1,000 workers: {parallel(1000):.0f} steps/s")


if __name__ == "__main__":
    main()
