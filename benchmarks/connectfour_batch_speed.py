"""Array rules against scalar rules: steps per CPU-second of random legal play, masks included.

    python benchmarks/connectfour_batch_speed.py [ENV ...]      default: the four small games that have array rules

Scalar: start, to_move, legal, step, with actions drawn beforehand as fractions of the list. Array: legal, over, step,
rewards and replace (by deals drawn beforehand) for B = 4096 matches at a time, actions drawn uniformly from the mask by rank. "rules" leaves the
time of drawing actions out on both sides; "all" keeps it in. Best of several runs, CPU time of this process.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import numpy as np

from agentarena.core import registry

GAMES = ("TicTacToe-v0", "ConnectFour-v0", "KuhnPoker-v0", "LeducPoker-v0")
B, RUNS = 4096, 7


def scalar(game: Any, matches: int) -> tuple[float, float]:
    """Steps per CPU-second of the scalar rules: (rules, all)."""
    rng, draw = np.random.default_rng(0), random.Random(0).random
    steps, began = 0, time.process_time()
    for _ in range(matches):
        state = game.start(rng)
        while seats := game.to_move(state):
            legal = game.legal(state, seats[0])
            state = game.step(state, {seats[0]: legal[int(draw() * len(legal))]}, rng)
            steps += 1
    total = time.process_time() - began
    legal, began = (0, 1, 2), time.process_time()
    for _ in range(steps):
        legal[int(draw() * len(legal))]
    return steps / (total - (time.process_time() - began)), steps / total


def pick(mask: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """A uniformly random legal action of each row. Shapes (B, A), (B,) -> (B,)."""
    ranks = np.ascontiguousarray(mask.T).cumsum(axis=0, dtype=np.int8)  # (A, B): long rows are quick
    return (ranks <= (draws * ranks[-1]).astype(np.int8)).sum(axis=0, dtype=np.int8)


def array(game: Any, rounds: int) -> tuple[float, float]:
    """Steps per CPU-second of the array rules: (rules, all)."""
    rng, batch = np.random.default_rng(0), game.batch()
    state = batch.start(B, rng)
    drawing, began = 0.0, time.process_time()
    for _ in range(rounds):
        mask = batch.legal(state)
        before = time.process_time()
        actions = pick(mask, rng.random(B))
        drawing += time.process_time() - before
        state = batch.step(state, actions, rng)
        batch.rewards(state)
        over = batch.over(state)
        state = batch.replace(state, over, batch.start(int(over.sum()), rng))
    total = time.process_time() - began
    return B * rounds / (total - drawing), B * rounds / total


def main() -> None:
    print(f"{'':16} {'scalar rules':>14} {'array rules':>14} {'ratio':>6}   {'scalar all':>12} {'array all':>12} {'ratio':>6}")
    for name in sys.argv[1:] or GAMES:
        game = registry.game(name)
        scalar(game, 2000), array(game, 10)  # fill the caches
        plain = [scalar(game, 3000) for _ in range(RUNS)]
        wide = [array(game, 200) for _ in range(RUNS)]
        cells = []
        for kind in (0, 1):
            slow, fast = max(run[kind] for run in plain), max(run[kind] for run in wide)
            cells.append(f"{slow:>14,.0f} {fast:>14,.0f} {fast / slow:>6.1f}")
        print(f"{name:16} {'  '.join(cells)}")


if __name__ == "__main__":
    main()
