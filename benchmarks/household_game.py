"""How fast one game of the household is learned by GRPO, GiGPO, its step half and EPO, a game of each task type.

    python -m benchmarks.household_training --only warm --out runs/household
    python -m benchmarks.household_game --out runs/household

The same policy to begin with, variants and settings as in `benchmarks.household_training`, but all matches are of one game of `train`, and
all of an update make one group. The games are the first of each task type in which the policy wins 1 to 12 of 32 matches before
it learns. Differences to GRPO are paired by game and seed; intervals are Student's over these pairs, 95 %. One line a run in `game.jsonl`.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import agentarena as aa
from agentarena.core.record import Fixture
from agentarena.envs.household.engine.generator import kind_of
from agentarena.envs.household.engine.goal import KINDS
from agentarena.train.checkpoint import pretrained
from agentarena.train.player import PolicyPlayer
from agentarena.train.policy import Policy
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import play
from benchmarks.household_policy import GAME
from benchmarks.household_training import STEPS, VARIANTS, CountingLearner, configuration
from benchmarks.runs import Run, interval, markdown, missing
from benchmarks.train_gigpo import first_above

BASE = "GRPO"
LAST = 3
"""Updates whose matches make the figures of a run's end."""
_TRIED = 300
"""Games of `train` among which one of each task type is looked for."""
_PROBE = 32
"""Matches that say how well the policy plays a game before it learns."""


def games(policy: Policy, max_steps: int) -> dict[str, int]:
    """For each task type, the first training game that the policy sometimes wins."""
    out = {}
    for kind in KINDS:
        numbers = [number for number in range(_TRIED) if kind_of("train", number) == kind]
        fitting = (number for number in numbers if 1 <= wins(policy, number, max_steps) <= 12)
        out[kind] = next(fitting, -1)
        if out[kind] < 0:
            raise SystemExit(
                f"the policy wins 1 to 12 of 32 matches in none of the {len(numbers)} first games of type {kind}; train it longer first"
            )
    return out


def wins(policy: Policy, number: int, max_steps: int) -> int:
    """How many of 32 sampled matches of a training game a policy wins."""
    game = aa.game(GAME, game=number, max_steps=max_steps)
    seating = [Fixture(match, match, (0,)) for match in range(_PROBE)]
    return sum(one.record.returns[0] == 1 for one in play(game, [PolicyPlayer(policy)], seating, seed=0))


def run(variant: str, seed: int, settings: dict[str, Any], warm: Path) -> tuple[float, dict[str, float]]:
    """One run: its seconds, and its figures.

    Args:
        variant: "<variant>: <task type>".
        seed: Of the run.
        settings: "updates", "matches", "games" by task type, "horizon".
        warm: The policy to begin with.
    """
    began = time.perf_counter()
    name, kind = variant.split(": ")
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(name, seed, settings, warm, folder)
        options = {GAME: {"max_steps": settings["horizon"], "game": settings["games"][kind]}}
        self_play = SelfPlay(dataclasses.replace(config, options=options, num_generations=settings["matches"]))
        learner = self_play.learner = CountingLearner(self_play.config, self_play.state)
        learner.episodes = name != STEPS
        turns = [self_play.update()["turns"] for _ in range(settings["updates"])]
    return time.perf_counter() - began, {
        "success, first update": learner.success[0],
        "success over the run": float(np.mean(learner.success)),
        "success at the end": float(np.mean(learner.success[-LAST:])),
        "updates to 90 % success": float(first_above(learner.success, 0.9, LAST)),
        "commands a match at the end": float(np.mean(turns[-LAST:])),
        "commands in all": settings["matches"] * float(np.sum(turns)),
    }


def table(runs: Sequence[Run]) -> str:
    """Each figure's mean over games and seeds, and its paired difference to GRPO, as Markdown."""
    cells = {(*one["variant"].split(": "), one["seed"]): one["figures"] for one in runs}
    pairs = sorted({(kind, seed) for _, kind, seed in cells if all((name, kind, seed) in cells for name in VARIANTS)})
    rows = [[f"figure ({len(pairs)} pairs of game and seed)", *VARIANTS], ["---"] * (1 + len(VARIANTS))]
    for figure in runs[0]["figures"] if pairs else ():
        values = {name: np.array([cells[name, kind, seed][figure] for kind, seed in pairs]) for name in VARIANTS}
        rows.append([figure, *(f"{one.mean():.3g}" for one in values.values())])
        gaps = (interval((one - values[BASE]).tolist()) for one in values.values())
        rows.append(
            [
                f"less {BASE}",
                *("" if name == BASE else f"{mean:+.3g} ± {half:.2g}" for name, (mean, half) in zip(values, gaps, strict=True)),
            ]
        )
    for kind in KINDS:
        own = [seed for one, seed in pairs if one == kind]
        if own:
            means = (np.mean([cells[name, kind, seed]["updates to 90 % success"] for seed in own]) for name in VARIANTS)
            rows.append([f"updates to 90 %: {kind}", *(f"{mean:.1f}" for mean in means)])
    return markdown(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=16)
    parser.add_argument("--matches", type=int, default=32, help="matches of an update")
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=list(KINDS), help="task types")
    parser.add_argument("--out", type=Path, default=Path("runs/household"), help="the folder that `warm` is in")
    parser.add_argument("--table", action="store_true", help="print what is there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    warm, horizon = options.out / "warm", 30
    settings = {"updates": options.updates, "matches": options.matches, "horizon": horizon}
    settings["games"] = games(pretrained(str(warm)), horizon)
    variants = [f"{name}: {kind}" for kind in options.kinds for name in VARIANTS]
    seeds = 0 if options.table else options.seeds
    path = options.out / "game.jsonl"
    missing(path, variants, seeds, settings, lambda variant, seed: run(variant, seed, settings, warm))
    print(table(missing(path, (), options.seeds, settings, lambda variant, seed: run(variant, seed, settings, warm))))


if __name__ == "__main__":
    main()
