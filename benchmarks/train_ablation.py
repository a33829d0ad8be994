"""Parts of MARS taken away one at a time, on a mix of games, at a size two CPU cores can do.

    python -m benchmarks.train_ablation --seeds 5 --out ablation.jsonl

A transformer of about 0.1 million parameters from random weights learns tic-tac-toe, Kuhn poker and Mini Hanabi together and is
judged in them and in games that it never saw, seat by seat. One line a run in `--out`; runs that are there are not repeated.
Intervals are Student's over seeds, 95 %. In this setting no language is known beforehand, so transfer to other games can only
come from words and shapes that the games share.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.core import registry
from agentarena.core.game import Game
from agentarena.core.record import Fixture
from agentarena.train.config import SelfPlayConfig
from agentarena.train.judges import FIRST, against, exact
from agentarena.train.player import PolicyPlayer
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import play

from .runs import missing, table

VARIANTS: dict[str, dict[str, Any]] = {
    "MARS": {},
    "without turn level": {"turn_level": False},
    "without seats": {"advantage_pool": "game"},
    "RAE": {"estimator": "rae"},
    "GRPO": {"estimator": "grpo", "num_generations": 8},
    "fixed opponent": {"opponents": {"random": 1.0}},
}
TRAINED = ("TicTacToe-v0", "KuhnPoker-v0", "MiniHanabi-v0")
HELD_OUT: dict[str, tuple[str, dict[str, Any]]] = {
    "ConnectFour": ("ConnectFour-v0", {}),
    "Leduc": ("LeducPoker-v0", {}),
    "SimpleHanabi": ("SimpleHanabi-v0", {}),
    "Kuhn, 3 seats": ("KuhnPoker-v0", {"players": 3}),
}
MODEL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 640}


def configuration(variant: str, seed: int, steps: int, matches: int, folder: str) -> SelfPlayConfig:
    """The run of a variant and a seed."""
    base: dict[str, Any] = {
        "games": dict.fromkeys(TRAINED, 1.0),
        "model": MODEL,
        "output_dir": folder,
        "max_steps": steps,
        "matches": matches,
        "estimator": "marshal",
        "num_iterations": 2,
        "entropy_coef": 0.05,
        "learning_rate": 1e-3,
        "seed": seed,
        "eval_steps": 0,
        "save_steps": 0,
    }
    return SelfPlayConfig.of({**base, **VARIANTS[variant]})


def together(player: PolicyPlayer, game: Game[Any], matches: int) -> float:
    """Mean return where the policy has every seat."""
    seating = [Fixture(FIRST + n, FIRST + n, (0,) * game.info.seats) for n in range(matches)]
    return float(np.mean([one.record.returns[0] for one in play(game, [player], seating, seed=0)]))


def judged(player: PolicyPlayer, matches: int) -> dict[str, float]:
    """Figures in every game: returns against random players by seat, of Hanabi together, and NashConv in Kuhn poker."""
    figures = {"Kuhn NashConv": exact(player, registry.game("KuhnPoker-v0"))}
    games = {name.partition("-")[0]: (name, {}) for name in TRAINED} | HELD_OUT
    for label, (name, options) in games.items():
        game = registry.game(name, **options)
        if "Hanabi" in label:
            figures[label] = together(player, game, matches)
            continue
        by_seat = against(player, game, "random", matches=matches)
        figures |= {f"{label} seat {seat}": by_seat[f"return {seat}"] for seat in range(game.info.seats)}
    return figures


def run(variant: str, seed: int, steps: int, matches: int, judge_matches: int) -> tuple[float, dict[str, float]]:
    """Seconds of one run, and its figures at the end."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        self_play = SelfPlay(configuration(variant, seed, steps, matches, folder))
        for _ in range(steps):
            self_play.update()
        figures = judged(self_play.player, judge_matches)
    return time.perf_counter() - began, figures


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--matches", type=int, default=72)
    parser.add_argument("--judge-matches", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("ablation.jsonl"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sizes = (arguments.steps, arguments.matches, arguments.judge_matches)
    settings = {"steps": arguments.steps, "matches": arguments.matches, "judge matches": arguments.judge_matches}
    runs = missing(arguments.out, VARIANTS, arguments.seeds, settings, lambda variant, seed: run(variant, seed, *sizes))
    print(table(runs, VARIANTS))


if __name__ == "__main__":
    main()
