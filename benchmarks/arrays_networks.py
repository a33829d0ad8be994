"""Network against network: `aa.play_arrays` beside `aa.play` with the same two policies, in matches per CPU-second.

    python -m benchmarks.arrays_networks [--env ConnectFour-v0] [--matches 4096] [--hidden 64 64]

The policies are files with random weights, played as `rl:...`: by `play` as agents, one view a decision (batched over the matches
that are open, as the runner does), with records; by `play_arrays` on array rules, without. Returns must agree in their means; they
differ in their draws. One torch thread; the best of several rounds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

TARGET = 20.0


def policies(env: str, hidden: tuple[int, ...], folder: Path) -> list[str]:
    """Two policy files with random weights."""
    import torch

    from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork, flat_size
    from agentarena.agents.rl.policy_file import save_policy
    from agentarena.core.registry import game

    rules = game(env)
    actions: Any = rules.action_space(0)
    paths = []
    for seed in range(2):
        torch.manual_seed(seed)
        network = PolicyNetwork(NetworkSpec(flat_size(rules.observation_space(0)), int(actions.n), hidden))
        paths.append(str(folder / f"policy-{seed}.safetensors"))
        save_policy(paths[-1], network, rules, seats=range(rules.info.seats), algorithm="none", steps=0)
    return paths


def timed(play: Any, rounds: int) -> tuple[float, np.ndarray]:
    """CPU-seconds of the best round, and the returns of the last."""
    play()
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        returns = play()
        seconds.append(time.process_time() - began)
    return min(seconds), returns


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="ConnectFour-v0", help="an environment with array rules and two seats")
    parser.add_argument("--matches", type=int, default=4096, help="matches of play_arrays in a round")
    parser.add_argument("--few", type=int, default=128, help="matches of play in a round")
    parser.add_argument("--hidden", type=int, nargs="*", default=[64, 64], help="units of the networks' layers")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the best counts")
    options = parser.parse_args()
    import torch

    import agentarena as aa
    from agentarena.agents.rl.agent import NetworkAgent

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = policies(options.env, tuple(options.hidden), Path(folder))
        agents: list[Any] = [f"rl:{path}" for path in files]
        arrays: list[Any] = [NetworkAgent(path).batch_policy() for path in files]
        one, slow = timed(lambda: aa.play(options.env, agents, matches=options.few, rotate=False).returns, options.rounds)
        many, fast = timed(lambda: aa.play_arrays(options.env, arrays, matches=options.matches).returns, options.rounds)
    rows = [("aa.play", options.few / one, slow), ("aa.play_arrays", options.matches / many, fast)]
    print(f"{options.env}, networks of {options.hidden} units against each other: matches per CPU-second\n")
    for name, rate, returns in rows:
        error = returns[:, 0].std() / len(returns) ** 0.5
        print(f"{name:16}{rate:12,.0f}   mean return of seat 0: {returns[:, 0].mean():+.3f} +- {1.96 * error:.3f}")
    print(f"\nplay_arrays over play: {rows[1][1] / rows[0][1]:.1f}x (target {TARGET:g}x)")


if __name__ == "__main__":
    main()
