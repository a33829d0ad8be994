"""PPO in self-play under entropy bonuses, on Kuhn and Leduc poker: which one leaves a last policy that is hard to exploit.

    python -m benchmarks.rl_entropy --env LeducPoker-v0 --steps 2000000 --seeds 3 --out entropy_leduc.jsonl

Rudolph et al. (arXiv 2502.08938) report that generic policy gradients with an entropy bonus of 0.05 to 0.2 are hard to beat, and that
self-play without one may end fully exploitable. NashConv is exact. One line a run in `--out`; runs that are there are not repeated.
Intervals are Student's over seeds, 95 %.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.train.rl import RLConfig, train

from .runs import missing, table

COMMON = {"opponents": {"self": 1.0}, "n_steps": 64, "n_epochs": 4, "learning_rate": 1e-3, "lr_schedule": "linear", "eval_exact": True}
SIZES: dict[str, dict[str, Any]] = {
    "KuhnPoker-v0": {"num_envs": 64, "batch_size": 512, "hidden": (64, 64)},
    "LeducPoker-v0": {"num_envs": 128, "batch_size": 1024, "hidden": (128, 128)},
}
"""Settings that are the same under every bonus."""


def run(env: str, entropy: float, seed: int, steps: int) -> tuple[float, dict[str, float]]:
    """CPU seconds of a run, and NashConv at its end, at its best, and on average over the second half."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        settings = {**COMMON, **SIZES[env], "ent_coef": entropy, "seed": seed, "output_dir": folder}
        train(RLConfig(env=env, total_steps=steps, stage_steps=max(1, steps // 20), **settings))
        lines = map(json.loads, (Path(folder) / "log.jsonl").read_text(encoding="utf-8").splitlines())
        curve = [value for line in lines for name, value in line.items() if "nash_conv" in name and isinstance(value, float)]
    figures = {"last": curve[-1], "best": min(curve), "second half": float(np.mean(curve[len(curve) // 2 :]))}
    return time.process_time() - began, figures


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", choices=sorted(SIZES), default="LeducPoker-v0")
    parser.add_argument("--entropies", type=float, nargs="+", default=[0.0, 0.01, 0.05, 0.1, 0.2])
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("rl_entropy.jsonl"))
    arguments = parser.parse_args()
    variants = {f"{entropy:g}": entropy for entropy in arguments.entropies}
    settings = {"env": arguments.env, "steps": arguments.steps}
    runs = missing(
        arguments.out, variants, arguments.seeds, settings, lambda name, seed: run(arguments.env, variants[name], seed, arguments.steps)
    )
    print(table(runs, variants))


if __name__ == "__main__":
    main()
