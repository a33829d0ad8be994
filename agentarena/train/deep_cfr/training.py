"""A whole run of Deep CFR in a folder: iterations, checkpoints, log, and the average networks as policy files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentarena.agents.rl.policy_file import save_policy

from .checkpoint import load, save
from .config import DeepCFRConfig
from .networks import unscaled
from .solver import DeepCFR

__all__ = ["DeepCFRRun", "train"]

_CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True)
class DeepCFRRun:
    """What a run ended with.

    Attributes:
        policies: The policy file of each seat; one file for all seats where they never see the same numbers.
        figures: The last iteration's figures, with `nash_conv` and `nash_conv_iterates` where the game is small.
        finished: Whether all iterations were made; a run that was stopped has a checkpoint and no policies.
    """

    policies: tuple[str, ...]
    figures: dict[str, float]
    finished: bool

    @property
    def specs(self) -> tuple[str, ...]:
        """The spec string of each seat's player."""
        return tuple(f"rl:{path}" for path in self.policies)


def train(
    config: DeepCFRConfig,
    report: Callable[[dict[str, float]], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> DeepCFRRun:
    """Run Deep CFR in `config.output_dir`, going on from the checkpoint there if there is one.

    Args:
        config: The settings.
        report: Called with the figures of every iteration.
        stop: Asked after every iteration whether to save and end.

    Raises:
        NotSupported: The game does not suit (`DeepCFR`).
        UsageError: The folder holds a run of other settings.
        BadOption: Its checkpoint is damaged.
    """
    game, folder = config.game(), Path(config.output_dir)
    run = DeepCFR(game, config)
    if (folder / _CHECKPOINT).exists():
        load(folder / _CHECKPOINT, run)
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, float] = {"iteration": run.iteration}
    while run.iteration < config.iterations:
        figures = run.iterate()
        if config.judge_every and run.iteration % config.judge_every == 0:
            figures |= run.nash_convs()
        stopped = stop is not None and stop()
        if stopped or run.iteration % config.save_every == 0 or run.iteration == config.iterations:
            save(folder / _CHECKPOINT, run)
        _log(folder, figures)
        if report is not None:
            report(figures)
        if stopped and run.iteration < config.iterations:
            return DeepCFRRun((), figures, False)
    policies, final = _finish(run, folder)
    return DeepCFRRun(policies, {**figures, **final}, True)


def _finish(run: DeepCFR, folder: Path) -> tuple[tuple[str, ...], dict[str, float]]:
    """Fit the average networks, judge them, and write them as policy files."""
    networks = run.average()
    figures = run.nash_convs(networks)
    paths: dict[int, str] = {}
    for group, network in zip(run.groups, networks, strict=True):
        name = "policy" if len(run.groups) == 1 else f"policy-seat{group[0]}"
        path = str(folder / f"{name}.safetensors")
        about: dict[str, Any] = {"iterations": run.iteration, "seed": run.config.seed, **figures}
        steps = sum(memory.seen for memory in run.memories)
        network = unscaled(network, run.seats[group[0]].scales)
        save_policy(path, network, run.game, seats=group, algorithm="deep-cfr", steps=steps, about=about)
        paths |= dict.fromkeys(group, path)
    _log(folder, {"iteration": run.iteration, **figures})
    return tuple(paths[seat] for seat in sorted(paths)), figures


def _log(folder: Path, figures: dict[str, float]) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")
