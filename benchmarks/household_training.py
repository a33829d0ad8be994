"""GiGPO, its halves and EPO against GRPO on the household, by a small transformer that imitated the searcher first.

    python -m benchmarks.household_training --out runs/household
    python -m benchmarks.household_training --out runs/quick --quick

All runs begin with the same policy and play as many matches: eight share a game and make a group, and the reward is 1 for the task,
at the end alone. The settings are those of `recipes/household.toml`; variants differ from it in this alone:

    GRPO             A_E, the return of a match against its group's; it is GiGPO without its step half (omega = 0)
    GiGPO            A_E + A_S, the discounted return-to-go of a turn against those of its group in the same scene
    GiGPO, steps     A_S alone
    EPO              GRPO with an entropy bonus and a band around each turn's usual entropy

Each run is judged on every game of both validation splits, twice, by sampled play. `--out` holds the policy to begin with (`warm`), the
policy of every run, and a line of JSON a run; what is there is not repeated.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.train.batch import Batch
from agentarena.train.checkpoint import pretrained
from agentarena.train.config import ScratchModel, SelfPlayConfig
from agentarena.train.policy import Policy
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import SeatTrajectory
from benchmarks.household_policy import GAME, SPLITS, WarmStart, evaluate, save, warm_start
from benchmarks.household_tables import report
from benchmarks.runs import missing
from benchmarks.train_gigpo import AnchorLearner

RECIPE = Path(__file__).parents[1] / "recipes" / "household.toml"
STEPS = "GiGPO, steps"
VARIANTS: dict[str, dict[str, Any]] = {
    "GRPO": {"estimator": "grpo"},
    "GiGPO": {"estimator": "gigpo"},
    STEPS: {"estimator": "gigpo"},
    "EPO": {
        "estimator": "grpo",
        "entropy_coef": 0.01,
        "entropy_band_coef": 0.1,
        "entropy_band_low": 0.5,
        "entropy_band_high": 1.5,
    },
}
LAST = 5
"""Updates whose matches make the figures of a run's end."""


class CountingLearner(AnchorLearner):
    """A learner that counts the tokens it has learned from.

    Attributes:
        processed: Tokens of prompts and replies, equal samples once for each turn.
        sampled: Tokens of replies that were choices.
    """

    def __init__(self, config: SelfPlayConfig, state: Any) -> None:
        super().__init__(config, state)
        self.processed = self.sampled = 0

    def advantages(self, trajectories: Sequence[SeatTrajectory], batch: Batch | None = None) -> np.ndarray:
        samples = [sample for one in trajectories for turn in one.turns for sample in turn.samples]
        self.processed += sum(len(sample.prompt_ids) + len(sample.token_ids) for sample in samples)
        self.sampled += sum(len(allowed or "xx") > 1 for sample in samples for allowed in sample.allowed_ids)
        return super().advantages(trajectories, batch)


def configuration(variant: str, seed: int, settings: dict[str, Any], model: Path, folder: str) -> SelfPlayConfig:
    """The run of a variant and a seed."""
    changes = {"model": str(model), "output_dir": folder, "max_steps": settings["updates"], "matches": settings["matches"], "seed": seed}
    return SelfPlayConfig.load(RECIPE, **changes, save_steps=0, **VARIANTS[variant])


def run(variant: str, seed: int, settings: dict[str, Any], out: Path) -> tuple[float, dict[str, Any]]:
    """One run: the seconds of its training, and its figures."""
    began = time.perf_counter()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        self_play = SelfPlay(configuration(variant, seed, settings, out / "warm", folder))
        learner = self_play.learner = CountingLearner(self_play.config, self_play.state)
        learner.episodes = variant != STEPS
        for _ in range(settings["updates"]):
            lines.append(self_play.update())
            print(_line(variant, seed, lines[-1], learner), flush=True)
    seconds = time.perf_counter() - began
    policy = self_play.state.policy
    save(policy, out / f"{variant}-{seed}".replace(", ", "-"))
    figures: dict[str, Any] = {
        "success while training, first updates": float(np.mean(learner.success[:LAST])),
        "success while training, last updates": float(np.mean(learner.success[-LAST:])),
        "commands a match, last updates": float(np.mean([line["turns"] for line in lines[-LAST:]])),
        "entropy of a choice, first updates": float(np.mean([line["entropy"] for line in lines[:LAST]])),
        "entropy of a choice, last updates": float(np.mean([line["entropy"] for line in lines[-LAST:]])),
        "commands whose scene recurs in the group": float(np.mean(learner.recurring)),
        "commands with advantage 0": float(np.mean([line["zero_advantages"] for line in lines])),
        "matches": settings["updates"] * settings["matches"],
        "commands": settings["matches"] * sum(line["turns"] for line in lines),
        "choices sampled": learner.sampled,
        "tokens of prompts and replies": learner.processed,
        "seconds of training": seconds,
        "of them playing": sum(line["seconds_playing"] for line in lines),
    }
    return seconds, {**figures, "games": judged(policy, settings), "curve": learner.success}


def _line(variant: str, seed: int, line: dict[str, Any], learner: CountingLearner) -> str:
    return (
        f"{variant} {seed} update {line['step']}: success {learner.success[-1]:.2f}, {line['turns']:.1f} commands, "
        f"entropy {line['entropy']:.3f}, step {line['kl_step']:.3f} nats, {line['seconds']:.1f} s"
    )


def judged(policy: Policy, settings: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every game of both validation splits under a policy."""
    how = {"rounds": settings["rounds"], "max_steps": settings["horizon"], "games": settings["games"]}
    return {split: [asdict(game) for game in evaluate(policy, split, **how)] for split in SPLITS}


def warm(settings: dict[str, Any], start: WarmStart, out: Path) -> dict[str, Any]:
    """The policy to begin with and its figures, made where they are not there."""
    path = out / "warm.json"
    if not path.exists():
        figures = warm_start(out / "warm", start)
        path.write_text(json.dumps({**figures, "games": judged(pretrained(str(out / "warm")), settings)}) + "\n", encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=SelfPlayConfig.load(RECIPE).max_steps)
    parser.add_argument("--out", type=Path, default=Path("runs/household"))
    parser.add_argument("--only", choices=("warm", "table"), help="make the policy to begin with and stop, or print what is there")
    parser.add_argument("--quick", action="store_true", help="a smoke test: everything once, very small")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    recipe = SelfPlayConfig.load(RECIPE)
    start = WarmStart(max_steps=recipe.options[GAME]["max_steps"])
    settings = {"updates": options.updates, "matches": recipe.matches, "horizon": start.max_steps, "rounds": 2, "games": 0}
    settings["recipe"] = tomllib.loads(RECIPE.read_text(encoding="utf-8"))
    if options.quick:
        start = WarmStart(ScratchModel(16, 1, 2, 32, 1536), matches=20, epochs=1, max_steps=start.max_steps)
        settings |= {"updates": 1, "matches": 8, "rounds": 1, "games": 4}
        options.seeds = min(options.seeds, 1)
    options.out.mkdir(parents=True, exist_ok=True)
    before = warm(settings, start, options.out)
    if options.only == "warm":
        return
    variants = () if options.only == "table" else VARIANTS
    path = options.out / "runs.jsonl"
    missing(path, variants, options.seeds, settings, lambda variant, seed: run(variant, seed, settings, options.out))
    runs = missing(path, (), options.seeds, settings, lambda variant, seed: run(variant, seed, settings, options.out))
    print(report(before, runs, VARIANTS))


if __name__ == "__main__":
    main()
