"""Speed of the commons: the array rules of harvest and regrowth, the rules of a match, and the adapter.

    python benchmarks/commons_speed.py

CPU time of one core, best of several runs. A seat-step is one seat's harvest in one round.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import agentarena as aa
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.commons import Commons
from agentarena.envs.commons.rules import dynamics

PLAIN = {"sanction": "none", "voting": "none", "learning": "none", "reflection": False, "consumption": 0.0, "theta": 0.0}


def best(run: Callable[[], int], repeats: int = 5) -> float:
    """Units a CPU-second."""
    rates = []
    for _ in range(repeats):
        start = time.process_time()
        count = run()
        rates.append(count / (time.process_time() - start))
    return max(rates)


def arrays(societies: int = 256, seats: int = 100, rounds: int = 500) -> Callable[[], int]:
    efforts = np.random.default_rng(0).random((societies, seats))

    def run() -> int:
        stock: np.ndarray = np.full(societies, 1000.0)
        wealth = np.zeros((societies, seats))
        for _ in range(rounds):
            stock, caught = dynamics.harvest_and_regrow(stock, efforts, alpha=0.004, rate=0.5, capacity=1000.0)
            wealth += caught
        return societies * seats * rounds

    return run


def units(societies: int = 256, seats: int = 100, rounds: int = 20) -> Callable[[], int]:
    wants = np.random.default_rng(0).integers(0, 30, (societies, seats))

    def run() -> int:
        stock: np.ndarray = np.full(societies, 1000)
        for _ in range(rounds):
            stock = np.minimum(1000, 2 * (stock - dynamics.proportional(wants, stock).sum(axis=1)))
        return societies * seats * rounds

    return run


def scalar(seats: int = 100, rounds: int = 100) -> Callable[[], int]:
    game = Commons(players=seats, alpha=0.004, rounds=rounds, **PLAIN)
    efforts = dict(enumerate(np.random.default_rng(0).random(seats).tolist()))

    def run() -> int:
        play = Episode(game, stream(0, CHANCE, 0))
        while not play.over:
            play.step(efforts)
        return seats * play.steps

    return run


def full(rounds: int = 12) -> Callable[[], int]:
    game = Commons(rounds=rounds)

    def run() -> int:
        rng, count = np.random.default_rng(0), 0
        for match in range(5):
            play = Episode(game, stream(0, CHANCE, match))
            while not play.over:
                legal = {seat: game.legal(play.state, seat) for seat in play.to_move}
                play.step({seat: allowed.sample(rng) for seat, allowed in legal.items()})  # type: ignore[union-attr]
                count += len(legal)
        return count

    return run


def parallel(seats: int = 100, rounds: int = 20) -> Callable[[], int]:
    env = aa.make_parallel("Commons-v0", players=seats, alpha=0.004, rounds=rounds, levels=10, **PLAIN)

    def run() -> int:
        env.reset(seed=0)
        steps = 0
        while env.agents:
            env.step(dict.fromkeys(env.agents, 5))
            steps += 1
        return steps * seats

    return run


if __name__ == "__main__":
    fast, slow = best(arrays()), best(scalar())
    print(f"harvest and regrowth, arrays, 256 societies x 100 seats   {fast:14,.0f} seat-steps/s")
    print(f"whole units in proportion, arrays, 256 x 100              {best(units()):14,.0f} seat-steps/s")
    print(f"the same harvest by the rules of a match, 100 seats       {slow:14,.0f} seat-steps/s")
    print(f"ratio of arrays to rules                                  {fast / slow:14,.0f}")
    print(f"all four modules, 8 seats, decisions                      {best(full()):14,.0f} a second")
    print(f"PettingZoo Parallel, 100 seats, harvests only             {best(parallel(), 3):14,.0f} seat-steps/s")
