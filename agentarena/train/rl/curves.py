"""The curves of runs as one picture: what evaluations said, with intervals, and how learning went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import printable
from agentarena.core.errors import UsageError
from agentarena.train.logs import LOG, log_lines

__all__ = ["LEARNING", "write_png"]

LEARNING = (
    *("return", "points", "return_first_seat", "draws", "entropy", "exploration", "loss", "policy_loss", "value_loss"),
    *("explained_variance", "kl", "clip_ratio", "steps_per_second"),
)
"""Figures of learning that are drawn, in this order."""
COLUMNS = 3
PANEL = (4.6, 2.8)
"""Inches of a panel."""
MOST_PANELS = 36

Log = Sequence[Mapping[str, Any]]


def write_png(folders: Sequence[str | Path], out: str | Path) -> None:
    """Draw the figures of runs, a line for each in every panel.

    Args:
        folders: The runs' output folders.
        out: The PNG.

    Raises:
        UsageError: A folder holds no log.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    logs: dict[str, Log] = {str(folder): log_lines(Path(folder)) for folder in folders}
    for folder, log in logs.items():
        if not log:
            raise UsageError(f"{printable(folder)} holds no {LOG} with rounds; name the output_dir of a training run")
    names = _names(logs)
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(PANEL[0] * COLUMNS, PANEL[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for number, name in enumerate(names):
        axes = figure.add_subplot(rows, COLUMNS, number + 1)
        for folder, log in logs.items():
            _draw(axes, Path(folder).name, log, name)
        axes.set_title(printable(name, 60), fontsize=9)
        axes.set_xlabel("steps", fontsize=8)
        axes.tick_params(labelsize=8)
        if number == 0 and len(logs) > 1:
            axes.legend(fontsize=7)
    figure.savefig(str(out), format="png", dpi=110)


def _names(logs: Mapping[str, Log]) -> list[str]:
    """The figures that are drawn: those of evaluations, then those of learning."""
    present = {name for log in logs.values() for line in log for name, value in line.items() if isinstance(value, int | float)}
    names = [*sorted(name for name in present if " " in name), *(name for name in LEARNING if name in present)]
    return names[:MOST_PANELS]


def _draw(axes: Any, label: str, log: Log, name: str) -> None:
    lines = [line for line in log if isinstance(line.get(name), int | float) and math.isfinite(line[name])]
    if not lines:
        return
    steps = [line["step"] for line in lines]
    (curve,) = axes.plot(steps, [line[name] for line in lines], label=printable(label, 40), linewidth=1.2)
    with_ends = [line for line in lines if isinstance(line.get(f"{name} interval"), list)]
    if with_ends:
        low, high = zip(*(line[f"{name} interval"] for line in with_ends), strict=True)
        axes.fill_between([line["step"] for line in with_ends], low, high, color=curve.get_color(), alpha=0.2, linewidth=0)
