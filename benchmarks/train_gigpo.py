"""GiGPO and its halves against GRPO, in a one-seat task whose states recur.

    python -m benchmarks.train_gigpo --seeds 5 --out gigpo.jsonl

A transformer of 33,000 parameters from random weights learns `benchmarks.key_door` with the general trainer: eight walks share a
start and make a group, the reward is 1 for the open door and comes at the end alone. All variants differ in the advantages only:

    GRPO                     A_E, the return of a walk against its group's; GiGPO without its step half (omega = 0) is the same
    GiGPO                    A_E + A_S, the discounted return-to-go of a move against those of its group from the same room
    without episode half     A_S alone

One line a run in `--out`; runs that are there are not repeated. Intervals are Student's over seeds, 95 %. A run takes about a
minute on one core.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.train.advantages import gigpo, grpo
from agentarena.train.batch import Batch
from agentarena.train.config import SelfPlayConfig
from agentarena.train.learner import Learner
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import SeatTrajectory
from benchmarks.runs import missing, table

GAME = "benchmarks.key_door:KeyDoor"
WITHOUT_EPISODES = "without episode half"
VARIANTS: dict[str, dict[str, Any]] = {
    "GRPO": {"estimator": "grpo"},
    "GiGPO": {"estimator": "gigpo"},
    WITHOUT_EPISODES: {"estimator": "gigpo"},
}
MODEL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 400}
SOLVED = 0.9
"""Success from which a run counts as having learned the task."""
LAST = 10
"""Updates whose matches make the figures of a run's end."""


class AnchorLearner(Learner):
    """A learner that notes returns and recurring anchors, and may leave the episode half out.

    Attributes:
        episodes: Whether the episode half counts.
        success: Mean return, by update.
        recurring: Share of turns that share their anchor with another one of their group, by update.
    """

    episodes = True

    def __init__(self, config: SelfPlayConfig, state: Any) -> None:
        super().__init__(config, state)
        self.success: list[float] = []
        self.recurring: list[float] = []

    def advantages(self, trajectories: Sequence[SeatTrajectory], batch: Batch | None = None) -> np.ndarray:
        batch = batch or self.batch(trajectories)
        self.success.append(float(np.mean([one.total for one in trajectories])))
        self.recurring.append(recurring(batch))
        if self.episodes:
            return super().advantages(trajectories, batch)
        config = self.config
        return np.asarray(gigpo(batch, config.gamma, config.omega, config.scale)) - np.asarray(grpo(batch, config.scale))


def recurring(batch: Batch) -> float:
    """Share of turns that have an anchor in common with another turn of their group.

    >>> recurring(Batch(np.zeros((2, 2)), np.ones((2, 2)), [0, 0], ["g", "g"], [1, 1], [["a", "b"], ["a", "c"]]))
    0.5
    """
    assert batch.anchors is not None
    places = np.argwhere(np.asarray(batch.mask) > 0)
    counts = Counter((batch.groups[e], batch.anchors[e][k]) for e, k in places)
    return sum(count for count in counts.values() if count > 1) / len(places)


def configuration(variant: str, seed: int, settings: dict[str, int], folder: str) -> SelfPlayConfig:
    """The run of a variant and a seed."""
    base: dict[str, Any] = {
        "games": {GAME: 1.0},
        "options": {GAME: {"size": settings["size"], "limit": settings["limit"]}},
        "model": MODEL,
        "output_dir": folder,
        "max_steps": settings["steps"],
        "matches": settings["matches"],
        "num_generations": 8,
        "num_iterations": 2,
        "entropy_coef": 0.01,
        "learning_rate": 1e-3,
        "seed": seed,
        "eval_steps": 0,
        "save_steps": 0,
    }
    return SelfPlayConfig.of({**base, **VARIANTS[variant]})


def run(variant: str, seed: int, settings: dict[str, int]) -> tuple[float, dict[str, float]]:
    """One run: its seconds and its figures."""
    began = time.perf_counter()
    moves, idle = [], []
    with tempfile.TemporaryDirectory() as folder:
        self_play = SelfPlay(configuration(variant, seed, settings, folder))
        learner = self_play.learner = AnchorLearner(self_play.config, self_play.state)
        learner.episodes = variant != WITHOUT_EPISODES
        for _ in range(settings["steps"]):
            figures = self_play.update()
            moves.append(figures["turns"])
            idle.append(figures["zero_advantages"])
    updates = first_above(learner.success, SOLVED)
    return time.perf_counter() - began, {
        "success at the end": float(np.mean(learner.success[-LAST:])),
        "moves a match at the end": float(np.mean(moves[-LAST:])),
        "success over the run": float(np.mean(learner.success)),
        "updates to 90 % success": float(updates),
        "turns with advantage 0 until then": float(np.mean(idle[:updates])),
        "turns whose state recurs": float(np.mean(learner.recurring)),
    }


def first_above(values: Sequence[float], level: float, width: int = 5) -> int:
    """Updates until the mean of the last `width` reaches a level; the number of all where it never does.

    >>> first_above([0.0, 1.0, 1.0], 0.9, width=2), first_above([0.0, 0.0], 0.9, width=1)
    (3, 2)
    """
    means = [np.mean(values[end - width : end]) for end in range(width, len(values) + 1)]
    return next((end + width for end, mean in enumerate(means) if mean >= level), len(values))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=80, help="updates of a run")
    parser.add_argument("--matches", type=int, default=64, help="matches of an update, a multiple of 8")
    parser.add_argument("--size", type=int, default=5, help="rows and columns of the house")
    parser.add_argument("--limit", type=int, default=30, help="moves of a match at most")
    parser.add_argument("--out", type=Path, default=Path("gigpo.jsonl"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    settings = {name: getattr(options, name) for name in ("steps", "matches", "size", "limit")}
    runs = missing(options.out, VARIANTS, options.seeds, settings, lambda variant, seed: run(variant, seed, settings))
    print(table(runs, VARIANTS))


if __name__ == "__main__":
    main()
