"""Training throughput: the same MaskablePPO on our vectorized Connect Four and on PettingZoo's through SuperSuit, in one run.

    python -m benchmarks.rl_throughput [--steps 16384] [--slots 256] [--json out.json]

Rows, by turns, each the best of several rounds, in CPU-seconds of this process on one torch thread:

- agentarena: `SeatPPO` in self-play on array rules, every decision of both seats learned from by its own seat's rewards;
- agentarena, make_vec: sb3-contrib's own `MaskablePPO` on `ArenaVecEnv`, one seat against random play;
- PettingZoo: sb3-contrib's own `MaskablePPO` on `connect_four_v3`, made parallel, vectorized and joined by SuperSuit. There
  `turn_based_aec_to_parallel` gives every seat a row in every step and ignores all actions but one, so half of the rows are
  decisions of nobody; they are counted out: a step is a decision that moves a stone. (Once a match is over it also returns four
  values in place of five, PettingZoo 1.27; SuperSuit resets in the same step, so that is not met here.)

The network, the number of slots times decisions of a rollout, batches and passes are the same in all. "environment" rows play with
the same policy and learn nothing; "random play" rows have no network.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

HIDDEN = [64, 64]
N_STEPS = 32
BATCH = 1024
EPOCHS = 4
TARGET = 5.0


def rate(play: Callable[[], int], rounds: int) -> float:
    """Decisions per CPU-second of `play`, the best round; the first only warms up."""
    play()
    rates = []
    for _ in range(rounds):
        began = time.process_time()
        count = play()
        rates.append(count / (time.process_time() - began))
    return max(rates)


def settings() -> dict[str, Any]:
    """What every learner has in common."""
    return {
        "n_steps": N_STEPS,
        "batch_size": BATCH,
        "n_epochs": EPOCHS,
        "gamma": 1.0,
        "policy_kwargs": {"net_arch": {"pi": HIDDEN, "vf": HIDDEN}},
        "device": "cpu",
    }


# --- ours -------------------------------------------------------------------------------------------------------------------------


def ours(slots: int) -> Any:
    """`ArenaVecEnv` in self-play."""
    from agentarena.core.registry import game
    from agentarena.train.rl.env import ArenaVecEnv, Group

    return ArenaVecEnv(game("ConnectFour-v0"), [Group("self", slots)], seed=0)


def ours_against_random(slots: int) -> Any:
    """`ArenaVecEnv` against random play."""
    from agentarena.core.registry import game
    from agentarena.train.rl.env import ArenaVecEnv, Group

    return ArenaVecEnv(game("ConnectFour-v0"), [Group("random", slots, "random")], seed=0)


def seat_ppo(env: Any) -> Any:
    """This package's PPO."""
    from agentarena.train.rl.ppo import SeatPPO
    from agentarena.train.rl.rollout import SeatRolloutBuffer

    more = {"rollout_buffer_class": SeatRolloutBuffer, "rollout_buffer_kwargs": {"streams": env.streams}}
    return SeatPPO("MlpPolicy", env, **settings(), **more)


# --- PettingZoo -------------------------------------------------------------------------------------------------------------------


def pettingzoo(slots: int) -> Any:
    """PettingZoo's Connect Four through SuperSuit: `slots` rows, two for each match."""
    import supersuit
    from gymnasium import spaces
    from pettingzoo.classic import connect_four_v3
    from pettingzoo.utils.conversions import turn_based_aec_to_parallel
    from stable_baselines3.common.vec_env import VecEnvWrapper

    class Flat(VecEnvWrapper):
        """The board as a row of numbers, and the masks where MaskablePPO asks for them."""

        def __init__(self, venv: Any) -> None:
            super().__init__(venv, spaces.Box(0, 1, (84,), np.float32))
            self.masks = np.ones((venv.num_envs, 7), bool)

        def _seen(self, observations: Any) -> np.ndarray:
            masks = observations["action_mask"].astype(bool)
            masks[~masks.any(1)] = True
            self.masks = masks
            return observations["observation"].reshape(len(masks), -1).astype(np.float32)

        def reset(self) -> np.ndarray:
            return self._seen(self.venv.reset())

        def step_wait(self) -> Any:
            observations, rewards, dones, infos = self.venv.step_wait()
            return self._seen(observations), rewards, dones, infos

        def env_method(self, method_name: str, *args: Any, indices: Any = None, **more: Any) -> Any:
            return list(self.masks) if method_name == "action_masks" else super().env_method(method_name, *args, indices=indices, **more)

        def has_attr(self, attr_name: str) -> bool:
            return attr_name == "action_masks" or super().has_attr(attr_name)

    env = supersuit.pettingzoo_env_to_vec_env_v1(turn_based_aec_to_parallel(connect_four_v3.env()))
    return Flat(supersuit.concat_vec_envs_v1(env, slots // 2, num_cpus=0, base_class="stable_baselines3"))


def maskable_ppo(env: Any) -> Any:
    """sb3-contrib's PPO as it is."""
    from sb3_contrib import MaskablePPO

    return MaskablePPO("MlpPolicy", env, **settings())


# --- what is measured -------------------------------------------------------------------------------------------------------------


def learning(model: Any, slots: int, steps: int, moving: float) -> Callable[[], int]:
    """Rollouts and updates."""
    rounds = max(1, steps // (slots * N_STEPS))

    def play() -> int:
        model.learn(rounds * slots * N_STEPS, reset_num_timesteps=False)
        return int(rounds * slots * N_STEPS * moving)

    return play


def acting(model: Any, slots: int, steps: int, moving: float) -> Callable[[], int]:
    """The environment under the model's policy."""
    import torch

    env = model.env
    observations = env.reset()

    def play() -> int:
        nonlocal observations
        for _ in range(steps // slots):
            masks = np.stack(env.env_method("action_masks"))
            with torch.no_grad():
                actions, _, _ = model.policy(torch.as_tensor(observations), action_masks=masks)
            observations, *_ = env.step(actions.numpy())
        return int(steps // slots * slots * moving)

    return play


def at_random(env: Any, slots: int, steps: int, moving: float) -> Callable[[], int]:
    """The environment under random legal play."""
    rng = np.random.default_rng(0)
    env.reset()

    def play() -> int:
        for _ in range(steps // slots):
            masks = np.stack(env.env_method("action_masks"))
            env.step((rng.random(masks.shape) * masks).argmax(1))
        return int(steps // slots * slots * moving)

    return play


def measure(slots: int, steps: int, rounds: int) -> list[dict[str, Any]]:
    """One row for each environment: decisions per CPU-second."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = []
    for name, make, learner, moving in (
        ("agentarena, self-play by seat", ours, seat_ppo, 1.0),
        ("agentarena, one seat against random play", ours_against_random, maskable_ppo, 1.0),
        ("PettingZoo through SuperSuit", pettingzoo, maskable_ppo, 0.5),
    ):
        model = learner(make(slots))
        row: dict[str, Any] = {"environment": name}
        row["training"] = rate(learning(model, slots, steps, moving), rounds)
        row["environment with policy"] = rate(acting(model, slots, steps, moving), rounds)
        row["environment, random play"] = rate(at_random(make(slots), slots, steps, moving), rounds)
        rows.append(row)
    return rows


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=16_384, help="rows of one round of a measurement")
    parser.add_argument("--slots", type=int, default=256, help="rows that are decided at once, the same for all; even")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the best counts")
    parser.add_argument("--json", help="also write the rows here")
    options = parser.parse_args()
    rows = measure(options.slots, options.steps, options.rounds)
    columns = [name for name in rows[0] if name != "environment"]
    print(f"MaskablePPO, Connect Four, {options.slots} slots x {N_STEPS} decisions, network {HIDDEN}: decisions per CPU-second\n")
    print(f"{'':42}" + "".join(f"{name:>28}" for name in columns))
    for row in rows:
        print(f"{row['environment']:42}" + "".join(f"{row[name]:28,.0f}" for name in columns))
    for ours_row in rows[:2]:
        print(f"{ours_row['environment']} over PettingZoo: " + ", ".join(f"{c} {ours_row[c] / rows[2][c]:.1f}x" for c in columns))
    print(f"target in training: {TARGET:g}x")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
