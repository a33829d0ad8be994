"""Steps per CPU-second of Dhumbal's rules, scalar and on arrays, under random play and among bots, and what searchers and bots ask for.

    python benchmarks/dhumbal_speed.py
    python benchmarks/dhumbal_speed.py --arrays        # only `make_vec` on array rules beside the scalar rules

Array figures hold whatever a trainer needs: masks and observations of every decision, and fresh matches for those that ended.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.adapters.engines import Engine, TableEngine
from agentarena.adapters.table import Opponents
from agentarena.adapters.vector import ArenaVector
from agentarena.agents.arrays import RandomPolicy
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


def decisions_per_second(arrays: bool, opponent: str | None, size: int, rounds: int, preset: str = "standard") -> float:
    """Own decisions of `make_vec` at random, in self-play or against an opponent in all other seats, after matches have fallen out of step.

    Args:
        arrays: Whether to play the array rules.
        opponent: `None` for self-play.
        size: Matches at once.
        rounds: Steps of the vector that are timed, after as many that are not.
        preset: The rules.
    """
    vector = aa.make_vec("Dhumbal-v0", size, preset=preset, opponents=opponent, seat=0 if opponent is None else "random", seed=0)
    if not arrays:
        vector = ScalarVector(vector.game, size, opponents=opponent, seat=0 if opponent is None else "random", seed=0)
    policy, rng = RandomPolicy(), np.random.default_rng(0)
    seen, _ = vector.reset()
    for number in range(2 * rounds):
        if number == rounds:
            start = time.process_time()
        seen, *_ = vector.step(policy.act(None, seen["action_mask"], rng))
    return size * rounds / (time.process_time() - start)


class ScalarVector(ArenaVector):
    """`make_vec` on the scalar rules, although the game has array rules."""

    def _make_engine(self, opponents: Any, limit: int) -> Engine:
        own = None if opponents is None else self._own_seats
        agents = Opponents(self._layout, [] if opponents is None else opponents, own=self.game.info.seats if opponents is None else 1)
        return TableEngine(self._layout, self.num_envs, own, limit, agents, (self.single_observation_space, self._seat_space))


def compare_vectors() -> None:
    """Array rules beside the scalar rules in one run."""
    print("| decisions a CPU-second of `make_vec` | array rules, 4096 matches | 512 | scalar rules, 16 | ratio |\n|---|---|---|---|---|")
    for preset, opponent in (("standard", None), ("standard", "dhumbal/aggressive"), ("nepal", None), ("yaniv", None)):
        large, small = (decisions_per_second(True, opponent, size, 60, preset) for size in (4096, 512))
        slow = decisions_per_second(False, opponent, 16, 60, preset)
        name = f"{preset}, {'self-play' if opponent is None else f'against three {opponent}'}"
        print(f"| {name} | {large:,.0f} | {small:,.0f} | {slow:,.0f} | {large / slow:.0f} |", flush=True)


def main() -> None:
    """Print the best of five of each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrays", action="store_true", help="Only compare vectors.")
    only_arrays = parser.parse_args().arrays
    compare_vectors()
    if only_arrays:
        return
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
