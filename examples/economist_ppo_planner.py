"""Train a tax planner by PPO (stable-baselines3) against rational workers, and place it beside the US schedule and the best one.

    python examples/economist_ppo_planner.py --seeds 5 --save ppo_planner.zip
    agentarena play Economist-v0 'economist/ppo?path=ppo_planner.zip' economist/rational ... --set population=100 --set brackets=us

Each tax year is one decision and one week of work; with a discount of 0 the planner is trained on the welfare of its own
year, which is all that its rates change when workers are rational. Rewards are divided by the welfare under no tax, so
that nothing about good schedules is given away. Needs the extra "rl".
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import agentarena  # registers the environments with Gymnasium
from agentarena.core.intervals import mean_interval
from agentarena.envs.economist import Economist
from agentarena.envs.economist.bots.planners import planner_features, us_rates
from agentarena.envs.economist.observation import read_planner
from agentarena.envs.economist.solver import by_grid, rational_response, welfare_of

YEARS = 4


class Planner(gymnasium.Env[np.ndarray, np.ndarray]):
    """The planner's seat with features scaled for a network and actions in [-1, 1] for rates of 0 to 100 percent."""

    def __init__(self, workers: int, brackets: str, objective: str) -> None:
        options: dict[str, Any] = {"population": workers, "brackets": brackets, "objective": objective, "years": YEARS, "weeks": 1}
        self.env = gymnasium.make("agentarena/Economist-v0", opponents="economist/rational", **options)
        self.game: Economist = agentarena.game("Economist-v0", **options)
        self.unit = abs(float(rational_response(self.game, np.zeros(len(self.game.edges))).welfare))
        size = len(planner_features(self.game, read_planner(self.game, self.env.observation_space.sample() * 0)))
        self.observation_space = gymnasium.spaces.Box(-10, 10, (size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1, 1, (len(self.game.edges),), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        observation, info = self.env.reset(seed=seed)
        return self._features(observation), info

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        rates = np.clip(50.0 + 50.0 * action, 0, 100).astype(np.float32)
        observation, reward, terminated, truncated, info = self.env.step(rates)
        return self._features(observation), float(reward) / self.unit, terminated, truncated, info

    def _features(self, observation: np.ndarray) -> np.ndarray:
        return planner_features(self.game, read_planner(self.game, observation))


def train(seed: int, steps: int, workers: int, brackets: str, objective: str) -> tuple[Any, Planner]:
    """A policy after `steps` tax years."""
    import torch
    from stable_baselines3 import PPO

    torch.set_num_threads(1)
    env = Planner(workers, brackets, objective)
    policy = PPO(
        "MlpPolicy",
        env,
        seed=seed,
        gamma=0.0,
        gae_lambda=1.0,
        n_steps=256,
        batch_size=64,
        n_epochs=10,
        learning_rate=1e-3,
        policy_kwargs={"net_arch": [32], "log_std_init": -0.7},
        device="cpu",
    )
    policy.learn(steps)
    return policy, env


def schedule_of(policy: Any, env: Planner) -> np.ndarray:
    """The rates of the last year of a match that the policy plays without noise, percent."""
    observation, _ = env.reset(seed=0)
    rates = np.zeros(len(env.game.edges))
    for _ in range(YEARS):
        action, _ = policy.predict(observation, deterministic=True)
        rates = np.clip(50.0 + 50.0 * action.astype(np.float64), 0, 100)
        observation, *_ = env.step(action)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6_144)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--brackets", default="us", choices=("flat", "three", "us"))
    parser.add_argument("--objective", default="inverse_income")
    parser.add_argument("--save", type=Path, help="Where to write the first seed's policy, a .zip.")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="stable_baselines3")
    started, values = time.process_time(), []
    for seed in range(arguments.seeds):
        policy, env = train(seed, arguments.steps, arguments.workers, arguments.brackets, arguments.objective)
        rates = schedule_of(policy, env)
        values.append(float(rational_response(env.game, rates).welfare))
        print(f"seed {seed}: welfare {values[-1]:,.0f} with {', '.join(f'{rate:.1f}' for rate in rates)} percent", flush=True)
        if arguments.save and seed == 0:
            policy.save(arguments.save)
    low, high = mean_interval(values)
    game = env.game
    count = len(game.edges)
    print(
        f"PPO planner, {len(values)} seeds of {arguments.steps} tax years: {np.mean(values):,.0f} (95 % interval {low:,.0f} to {high:,.0f})"
    )
    print(f"US schedule: {float(rational_response(game, us_rates(game.edges)).welfare):,.0f}")
    print(f"no tax: {float(rational_response(game, np.zeros(count)).welfare):,.0f}")
    print(f"best found by search: {float(rational_response(game, by_grid(welfare_of(game), count)).welfare):,.0f}")
    print(f"{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
