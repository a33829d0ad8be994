"""Ratios of tokens, turns and sequences under stale rollouts, with and without the correction of ST-PPO.

    python -m benchmarks.train_turn_ratio --seeds 4 --out ratio.jsonl

A transformer of 31,000 parameters from random weights learns `benchmarks.signals`, whose replies have three or more tokens to choose
and whose matches have two turns, with the general trainer. Each update takes sixteen steps on the same rollouts (eight passes of two
minibatches), so that the later steps learn from a policy that is many steps old. Variants differ in what is one action of the ratio,
and in whether the surrogate's gradient is divided by max(1, ||C||):

    token, turn, sequence    ratio of each token, geometric mean of a turn's, of a trajectory's
    token / C, turn / C      with the division: S-PPO and ST-PPO as far as they are known (the floor of 1 is ours)

Clip ratio, ||C||, gradient norm and step (KL from the policy that sampled) are those of an update's last pass, the stalest. Rewards are
scaled by ten for all, so that ||C|| is above 1 at times; Adam takes little notice of the scale. One line a run in `--out`; runs that are there are
not repeated. Intervals are Student's over seeds, 95 %. A run takes about a minute on one core.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.train.batch import Batch
from agentarena.train.config import SelfPlayConfig
from agentarena.train.learner import Learner
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import SeatTrajectory
from benchmarks.runs import missing, table

GAME = "benchmarks.signals:Signals"
VARIANTS: dict[str, dict[str, Any]] = {
    "token": {"importance_sampling_level": "token"},
    "turn": {"importance_sampling_level": "turn"},
    "sequence": {"importance_sampling_level": "sequence"},
    "token / C": {"importance_sampling_level": "token", "clipping_bias": "correct"},
    "turn / C": {"importance_sampling_level": "turn", "clipping_bias": "correct"},
}
MODEL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 320}
LAST = 10
"""Updates whose matches make the figures of a run's end."""


class ReturnLearner(Learner):
    """A learner that notes returns.

    Attributes:
        returns: Mean return, by update.
    """

    def __init__(self, config: SelfPlayConfig, state: Any) -> None:
        super().__init__(config, state)
        self.returns: list[float] = []

    def advantages(self, trajectories: Sequence[SeatTrajectory], batch: Batch | None = None) -> np.ndarray:
        self.returns.append(float(np.mean([one.total for one in trajectories])))
        return super().advantages(trajectories, batch)


def configuration(variant: str, seed: int, settings: dict[str, Any], folder: str) -> SelfPlayConfig:
    """The run of a variant and a seed."""
    base: dict[str, Any] = {
        "games": {GAME: 1.0},
        "options": {GAME: {"words": 3, "rounds": 2}},
        "reward_scale": {GAME: 10.0},
        "model": MODEL,
        "output_dir": folder,
        "max_steps": settings["steps"],
        "matches": settings["matches"],
        "estimator": "marshal",
        "num_iterations": settings["passes"],
        "minibatches": 2,
        "clipping_bias": "log",
        "learning_rate": settings["learning_rate"],
        "seed": seed,
        "eval_steps": 0,
        "save_steps": 0,
    }
    return SelfPlayConfig.of({**base, **VARIANTS[variant]})


def run(variant: str, seed: int, settings: dict[str, Any]) -> tuple[float, dict[str, float]]:
    """One run: its seconds and its figures."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        self_play = SelfPlay(configuration(variant, seed, settings, folder))
        learner = self_play.learner = ReturnLearner(self_play.config, self_play.state)
        updates = [self_play.update() for _ in range(settings["steps"])]

    def column(name: str) -> np.ndarray:
        return np.array([figures[name] for figures in updates])

    return time.perf_counter() - began, {
        "return at the end": float(np.mean(learner.returns[-LAST:])),
        "return over the run": float(np.mean(learner.returns)),
        "fall below its best": fall(learner.returns),
        "clip ratio": float(column("clip_ratio").mean()),
        "norm of C": float(column("clipping_bias_norm").mean()),
        "norm of C, greatest": float(column("clipping_bias_norm").max()),
        "gradient norm": float(column("grad_norm").mean()),
        "gradient norm, greatest": float(column("grad_norm").max()),
        "step, in nats": float(column("kl_step").mean()),
        "entropy at the end": float(column("entropy")[-LAST:].mean()),
    }


def fall(values: Sequence[float], width: int = 5) -> float:
    """How far the mean of the last values is below the best mean of as many in a row: a collapse shows here.

    >>> fall([0.0, 1.0, 0.25], width=1)
    0.75
    """
    width = min(width, len(values))
    means = np.convolve(values, np.full(width, 1 / width), "valid")
    return float(means.max() - means[-1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=60, help="updates of a run")
    parser.add_argument("--matches", type=int, default=32, help="matches of an update")
    parser.add_argument("--passes", type=int, default=8, help="passes over the rollouts of an update, two optimizer steps each")
    parser.add_argument("--learning-rate", type=float, default=5e-3)
    parser.add_argument("--out", type=Path, default=Path("ratio.jsonl"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    settings = {name: getattr(options, name) for name in ("steps", "matches", "passes", "learning_rate")}
    runs = missing(options.out, VARIANTS, options.seeds, settings, lambda variant, seed: run(variant, seed, settings))
    print(table(runs, VARIANTS))


if __name__ == "__main__":
    main()
