"""A whole run in a folder: rounds, checkpoints, log, and the trained policies as a file for players."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from agentarena.agents.rl.belief_file import save_beliefs

from .checkpoint import load, save
from .config import BeliefRLConfig
from .learner import BeliefLearner
from .play import attack_of, defend_of, walk

__all__ = ["BeliefRLRun", "train"]

_CHECKPOINT, _POLICIES = "checkpoint.safetensors", "policies.safetensors"


@dataclass(frozen=True, slots=True)
class BeliefRLRun:
    """What a run ended with.

    Attributes:
        policies: The file of both sides' policies; `None` where the run was stopped before its end.
        figures: The last round's figures; of the mean policies against each other, `play_cost` and `certainty_1` to `certainty_K`.
    """

    policies: str | None
    figures: dict[str, float]

    @property
    def spec(self) -> str:
        """The spec string of the players."""
        return f"belief-rl:{self.policies}"


def train(
    config: BeliefRLConfig,
    report: Callable[[dict[str, float]], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> BeliefRLRun:
    """Run a configuration in its `output_dir`, going on from the checkpoint there if there is one.

    Args:
        config: The settings.
        report: Called with the figures of every round.
        stop: Asked after every round whether to save and end.

    Raises:
        UsageError: The folder holds a run of other settings.
        BadOption: The game does not suit, or the checkpoint is damaged.
    """
    run, folder = BeliefLearner(config), Path(config.output_dir)
    if (folder / _CHECKPOINT).exists():
        load(folder / _CHECKPOINT, run)
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, float] = {"round": float(run.round)}
    while run.round < config.rounds:
        figures = run.iterate()
        last = run.round == config.rounds
        if last or (config.evaluate_every and run.round % config.evaluate_every == 0):
            figures |= play_figures(run)
        stopped = stop is not None and stop()
        if stopped or last or run.round % config.save_every == 0:
            save(folder / _CHECKPOINT, run)
        _log(folder, figures)
        if report is not None:
            report(figures)
        if stopped and not last:
            return BeliefRLRun(None, figures)
    path = folder / _POLICIES
    about = {"method": config.method, "rounds": config.rounds, "matches": config.matches, "seed": config.seed}
    save_beliefs(path, run.policies, run.game, about)
    return BeliefRLRun(str(path), {**figures, **play_figures(run)})


@torch.no_grad()
def play_figures(run: BeliefLearner) -> dict[str, float]:
    """The mean policies against each other: what the attackers pay on average, and how sure the type is after each step."""
    game, policies = run.game, copy.deepcopy(run.policies).double()
    played = walk(
        game.system, game.chances, game.discretization, attack_of(game.system, policies), defend_of(game.system, policies, game.chances)
    )
    certainty = {f"certainty_{k + 1}": share for k, share in enumerate(played.certainty)}
    return {"play_cost": float(played.cost), **certainty}


def _log(folder: Path, figures: dict[str, float]) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
