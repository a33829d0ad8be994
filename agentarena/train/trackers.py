"""Figures of a run for TensorBoard and Weights & Biases, beside its own `log.jsonl`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

__all__ = ["TRACKERS", "Track", "trackers"]

Track = Callable[[int, Mapping[str, float]], None]
"""Takes the number of an update and its figures."""


def _tensorboard(folder: Path, settings: Mapping[str, Any]) -> Track:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise BadOption(f'report_to has "tensorboard", which is not installed ({error}): pip install tensorboard') from None
    writer = SummaryWriter(str(folder / "tensorboard"))

    def track(step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            writer.add_scalar(name.replace(" ", "/"), value, step)
        writer.flush()

    return track


def _wandb(folder: Path, settings: Mapping[str, Any]) -> Track:
    try:
        import wandb
    except ImportError as error:
        raise BadOption(f'report_to has "wandb", which is not installed ({error}): pip install wandb') from None
    run = wandb.init(project="agentarena", dir=str(folder), config=dict(settings), resume="allow")
    return lambda step, figures: run.log(dict(figures), step=step)


TRACKERS: dict[str, Callable[[Path, Mapping[str, Any]], Track]] = {"tensorboard": _tensorboard, "wandb": _wandb}


def trackers(names: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> list[Track]:
    """The trackers of these names.

    Raises:
        BadOption: A name is unknown, or its package is not installed.
    """
    for name in names:
        if name not in TRACKERS:
            raise BadOption(f"report_to has {shown(name)}; allowed: {', '.join(TRACKERS)}")
    return [TRACKERS[name](folder, settings) for name in names]
