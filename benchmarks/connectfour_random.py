"""Connect Four: statistics of uniformly random play, by the array rules.

python benchmarks/connectfour_random.py [GAMES] [SEED]      default: 1000000 0
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from agentarena.core import registry

CHUNK = 10_000


def main() -> None:
    games, seed = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((1, 1_000_000), (2, 0)))
    rng, batch = np.random.default_rng(seed), _batch()
    returns, turns = [], []
    for _ in range(games // CHUNK):
        state = batch.start(CHUNK, rng)
        total = np.zeros(CHUNK)
        while not batch.over(state).all():
            mask = batch.legal(state)
            state = batch.step(state, (mask * rng.random(mask.shape, np.float32)).argmax(axis=1), rng)
            total += batch.rewards(state)[:, 0]
        returns.append(total)
        turns.append(state.turn)
    all_returns, length = np.concatenate(returns), np.concatenate(turns)
    n = len(length)
    for name, hit in (("first wins", all_returns > 0), ("second wins", all_returns < 0), ("draw", all_returns == 0)):
        mean = hit.mean()
        print(f"{name:12} {mean:.6f} +- {1.96 * np.sqrt(mean * (1 - mean) / n):.6f}")
    print(f"{'mean length':12} {length.mean():.4f} +- {1.96 * length.std() / np.sqrt(n):.4f}   ({n:,} games, seed {seed}, 95 % intervals)")


def _batch() -> Any:
    game: Any = registry.game("ConnectFour-v0")
    return game.batch()


if __name__ == "__main__":
    main()
