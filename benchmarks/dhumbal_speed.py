"""Steps per CPU-second of Dhumbal's rules under random play, and the cost of what searchers and bots ask for.

python benchmarks/dhumbal_speed.py
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import numpy as np

from agentarena.envs.dhumbal import Dhumbal


def steps_per_second(game: Dhumbal, matches: int) -> float:
    """Random legal play, deals included."""
    rng, choice, steps = np.random.default_rng(0), random.Random(0), 0
    start = time.process_time()
    for _ in range(matches):
        state = game.start(rng)
        while not state.over:
            legal = state.legal
            state = game.step(state, {state.seat: legal[int(choice.random() * len(legal))]}, rng)
            steps += 1
    return steps / (time.process_time() - start)


def microseconds(work: Callable[[], object], times: int = 3000) -> float:
    """CPU time of one call."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e6


def main() -> None:
    """Print the best of five of each figure."""
    for preset, matches in (("standard", 60), ("paper", 60), ("nepal", 4), ("yaniv", 3)):
        game = Dhumbal.build(preset)
        print(f"{preset}: {max(steps_per_second(game, matches) for _ in range(5)):,.0f} steps per CPU-second")
    game, rng = Dhumbal(), np.random.default_rng(0)
    state = game.start(rng)
    for _ in range(20):
        state = game.step(state, {state.seat: state.legal[0]}, rng)
    calls = {
        "observe": lambda: game.observe(state, 0),
        "resample": lambda: game.resample(state, 0, rng),
        "information": lambda: game.information(state, 0),
        "news": lambda: game.news(state),
    }
    for name, work in calls.items():
        print(f"{name}: {min(microseconds(work) for _ in range(5)):.1f} us")


if __name__ == "__main__":
    main()
