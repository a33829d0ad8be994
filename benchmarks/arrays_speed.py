"""Matches on arrays: `make_vec`, random play, and network against network, in matches or steps per CPU-second.

    python benchmarks/arrays_speed.py [--against CHECKOUT]      e.g. a worktree of another commit

With --against, `make_vec` is measured in this checkout and in the other one by turns, each time in a fresh process. Best of
several runs, CPU time of the process that plays, torch on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa

ROUNDS = 3


def best(play: Callable[[], int], repeats: int = 4) -> float:
    """Units of `play` per CPU-second; the first run only warms up."""
    play()
    rates = []
    for _ in range(repeats):
        began = time.process_time()
        count = play()
        rates.append(count / (time.process_time() - began))
    return max(rates)


# --- make_vec -----------------------------------------------------------------------------------------------------------


def choices(size: int, steps: int, opponents: str | None = None) -> Callable[[], int]:
    """Random legal play of Connect Four through `make_vec`, the drawing of actions included: environment steps."""
    vec, rng = aa.make_vec("ConnectFour-v0", size, opponents=opponents, seed=0), np.random.default_rng(0)
    observation = vec.reset()[0]

    def play() -> int:
        nonlocal observation
        for _ in range(steps):
            ranks = np.ascontiguousarray(observation["action_mask"].T).cumsum(axis=0, dtype=np.int8)
            actions = (ranks <= (rng.random(size) * ranks[-1]).astype(np.int8)).sum(axis=0)
            observation = vec.step(actions)[0]
        return size * steps

    return play


def numbers(size: int, steps: int, seat: int, **options: Any) -> Callable[[], int]:
    """One seat of the tax economy through `make_vec` against random others: environment steps."""
    vec = aa.make_vec("Economist-v0", size, opponents="random", seat=seat, seed=0, **options)
    vec.reset()
    actions = vec.action_space.sample()

    def play() -> int:
        for _ in range(steps):
            vec.step(actions)
        return size * steps

    return play


VECTORS: dict[str, Callable[[], Callable[[], int]]] = {
    "Connect Four, self-play, E = 64": lambda: choices(64, 1000),
    "Connect Four, self-play, E = 1024": lambda: choices(1024, 100),
    "Connect Four, self-play, E = 4096": lambda: choices(4096, 30),
    "Connect Four, random opponents, E = 1024": lambda: choices(1024, 60, "random"),
    "Economist, planner of 5, E = 256": lambda: numbers(256, 3, 0),
    "Economist, worker of 5, E = 256": lambda: numbers(256, 5, 1),
    "Economist, planner of 100, E = 64": lambda: numbers(64, 2, 0, population=100),
}


def measured(checkout: Path) -> dict[str, float]:
    """Steps per CPU-second of every vector environment, by a process that imports the package of `checkout`."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, str(Path(__file__).resolve()), "--worker"]
    out = subprocess.run(command, env=environment, cwd=checkout, check=True, capture_output=True, text=True)
    rates: dict[str, float] = json.loads(out.stdout.splitlines()[-1])
    return rates


def vectors(against: Path | None) -> None:
    here = Path(aa.__file__).resolve().parents[1]
    checkouts = [here] if against is None else [here, against.resolve()]
    runs: list[list[dict[str, float]]] = [[] for _ in checkouts]
    for _ in range(ROUNDS):
        for checkout, rates in zip(checkouts, runs, strict=True):
            rates.append(measured(checkout))
    print(
        f"{'make_vec: environment steps per CPU-second':46}"
        + "".join(f"{name:>14}" for name in ("this", "other", "ratio")[: 2 * len(checkouts) - 1])
    )
    for name in VECTORS:
        rates = [max(run[name] for run in rows) for rows in runs]
        ratio = f"{rates[0] / rates[1]:>14.1f}" if len(rates) == 2 else ""
        print(f"{name:46}" + "".join(f"{rate:>14,.0f}" for rate in rates) + ratio)


# --- policies against each other ----------------------------------------------------------------------------------------


def network() -> Any:
    """A policy network for Connect Four: 84 cells, one hidden layer of 128, 7 logits."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(84, 128), torch.nn.ReLU(), torch.nn.Linear(128, 7))


class NetworkAgent(aa.Agent):
    """The network in `aa.play`: all pending decisions in one forward pass, each drawn from its own stream."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def act(self, views: Sequence[aa.View]) -> Sequence[int]:
        import torch

        with torch.inference_mode():
            logits = self.module(torch.as_tensor(np.stack([view.observation for view in views])).float()).double()
            masks = torch.as_tensor(np.stack([view.mask for view in views])) != 0
            totals = logits.masked_fill(~masks, -np.inf).softmax(-1).cumsum(-1)
            marks = torch.tensor([view.rng.random() for view in views], dtype=torch.float64) * totals[:, -1]
            actions: list[int] = (totals <= marks[:, None]).sum(-1).tolist()
        return actions


def lanes() -> None:
    import torch

    from agentarena.agents.arrays import TorchPolicy

    nets = network(), network()
    policies, agents = [TorchPolicy(net) for net in nets], [NetworkAgent(net) for net in nets]

    def arrays(env: str, players: Any, matches: int, **arguments: Any) -> float:
        return best(lambda: len(aa.play_arrays(env, players, matches=matches, **arguments).returns))

    def records(env: str, players: Any, matches: int, **arguments: Any) -> float:
        return best(lambda: len(aa.play(env, players, matches=matches, **arguments).returns), 3)

    rows = [
        (
            "Connect Four, network against network",
            arrays("ConnectFour-v0", policies, 8192),
            records("ConnectFour-v0", agents, 256, concurrency=256),
        ),
        ("Connect Four, random against random", arrays("ConnectFour-v0", "random", 16384), records("ConnectFour-v0", ["random"] * 2, 300)),
        ("tic-tac-toe, random against random", arrays("TicTacToe-v0", "random", 65536), records("TicTacToe-v0", ["random"] * 2, 1000)),
        ("Economist, random play", arrays("Economist-v0", "random", 2048), records("Economist-v0", ["random"] * 6, 20)),
    ]
    print(f"\n{'whole matches per CPU-second':46}{'play_arrays':>14}{'play':>14}{'ratio':>14}")
    for name, fast, slow in rows:
        print(f"{name:46}{fast:>14,.0f}{slow:>14,.0f}{fast / slow:>14,.0f}")
    on_torch = arrays("ConnectFour-v0", policies, 8192, xp=torch)
    print(f"{'Connect Four, networks, rules on torch (CPU)':46}{on_torch:>14,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout whose make_vec is measured too")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps({name: best(build()) for name, build in VECTORS.items()}))
        return
    vectors(arguments.against)
    lanes()


if __name__ == "__main__":
    main()
