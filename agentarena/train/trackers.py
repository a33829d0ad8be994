"""The figures of each update in TensorBoard and Weights & Biases, beside the run's own `log.jsonl`."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from agentarena.core.distribution import install_command
from agentarena.core.errors import BadOption, UsageError

from . import parallel

__all__ = ["trackers"]

Track = Callable[[int, Mapping[str, float]], None]
"""Takes the number of an update and its figures."""


class Tracked(Protocol):
    """What a configuration, a dataclass, says of trackers."""

    @property
    def report_to(self) -> Sequence[str]:
        """Their names."""

    @property
    def output_dir(self) -> str:
        """The run's folder."""


@contextlib.contextmanager
def trackers(config: Tracked, step: int, logged: int) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """What takes an update's figures to the trackers of `report_to`; they are closed at the end.

    Figures that are numbers go there, under the update's number. A run that goes on continues the same curves, each update once.

    Args:
        config: Its `report_to` and `output_dir`; a tracker that keeps settings gets all of them.
        step: Updates of the run so far.
        logged: The last update that an earlier process reported, which is later than `step` where that one was killed.

    Raises:
        BadOption: The package of a tracker is not installed.
        UsageError: Weights & Biases cannot begin a run, e.g. without a key.
    """
    with contextlib.ExitStack() as stack:
        names = () if parallel.rank() else dict.fromkeys(config.report_to)  # the first process alone writes
        tracks = [stack.enter_context(_TRACKERS[name](config, step, logged)) for name in names]

        def track(figures: Mapping[str, Any]) -> None:
            numbers = {name: value for name, value in figures.items() if isinstance(value, int | float) and math.isfinite(value)}
            for one in tracks:
                one(figures["step"], {name.replace(" ", "/", 1): value for name, value in numbers.items() if name != "step"})

        yield track


@contextlib.contextmanager
def _tensorboard(config: Tracked, step: int, logged: int) -> Iterator[Track]:
    """Event files in `output_dir/tensorboard`. Updates after `step` that an earlier process wrote are hidden by TensorBoard itself."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise _missing("tensorboard", error) from error
    with SummaryWriter(str(Path(config.output_dir) / "tensorboard"), purge_step=step + 1) as writer:

        def track(number: int, figures: Mapping[str, float]) -> None:
            for name, value in figures.items():
                writer.add_scalar(name, value, number)
            writer.flush()

        yield track


@contextlib.contextmanager
def _wandb(config: Tracked, step: int, logged: int) -> Iterator[Track]:
    """A run of the project `WANDB_PROJECT`, else "agentarena"; its id is in `output_dir/wandb-id`.

    Weights & Biases takes no update back, so those that it has are not sent again: after a resume they are the same.
    """
    try:
        import wandb
    except ImportError as error:
        raise _missing("wandb", error) from error
    folder = Path(config.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "wandb-id"
    options: dict[str, Any] = {"id": known.read_text(encoding="utf-8"), "resume": "allow"} if known.is_file() else {}
    settings = dataclasses.asdict(cast("Any", config))
    project = os.environ.get("WANDB_PROJECT", "agentarena")
    try:
        run = wandb.init(project=project, name=folder.name, dir=str(folder), config=settings, **options)
    except wandb.Error as error:
        raise UsageError(f'report_to has "wandb", which cannot begin ({error}): set WANDB_MODE=offline, or run `wandb login`') from error
    known.write_text(run.id, encoding="utf-8")
    first = max(step, logged if options else 0)

    def track(number: int, figures: Mapping[str, float]) -> None:
        if number > first:
            run.log(dict(figures), step=number)

    try:
        yield track
    finally:
        run.finish()


def _missing(name: str, error: ImportError) -> BadOption:
    return BadOption(f'report_to has "{name}", which is not installed ({error}): {install_command(name)}')


_TRACKERS = {"tensorboard": _tensorboard, "wandb": _wandb}
