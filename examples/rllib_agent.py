"""Train PPO of RLlib on tic-tac-toe, save a checkpoint, and play it by its spec string.

    make test-rllib                                   # installs RLlib into an environment of its own, .venv-rllib
    .venv-rllib/bin/python examples/rllib_agent.py --iterations 20 --out rllib_tictactoe

RLlib's default network sees no masks: in training an illegal action forfeits the match, at the table it has probability 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

import agentarena as aa

ENV = "TicTacToe-v0"


def make_env(settings: Any) -> gymnasium.Env[Any, Any]:
    """One seat as rows of numbers: the mask, then the board."""
    env = gymnasium.wrappers.FlattenObservation(aa.make_solo(ENV, opponents="random", seat="random"))
    return gymnasium.wrappers.DtypeObservation(env, np.float32)


def train(iterations: int, batch: int, seed: int, out: str) -> None:
    """PPO in this process alone: no workers."""
    register_env("tictactoe", make_env)
    config = (
        PPOConfig()
        .environment("tictactoe")
        .env_runners(num_env_runners=0)
        .learners(num_learners=0)
        .training(train_batch_size_per_learner=batch, minibatch_size=min(128, batch), num_epochs=4, lr=1e-3)
        .debugging(seed=seed)
    )
    algorithm = config.build_algo()
    for _ in range(iterations):
        algorithm.train()
    algorithm.save_to_path(str(Path(out).resolve()))
    algorithm.stop()
    ray.shutdown()


def main(arguments: list[str] | None = None) -> aa.Results:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--batch", type=int, default=2000)
    parser.add_argument("--matches", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="rllib_tictactoe")
    args = parser.parse_args(arguments)
    train(args.iterations, args.batch, args.seed, args.out)
    results = aa.play(ENV, [f"rllib:{args.out}?trust=true&deterministic=true", "random"], matches=args.matches, seed=args.seed)
    print(results)
    return results


if __name__ == "__main__":
    main()
