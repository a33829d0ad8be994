"""Runs as pages and plots: what the judges said, the curves of every figure, alerts, a sample match, the settings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentarena.core.errors import UsageError
from agentarena.plots import lines

from .checkpoint import last
from .samples import newest_sample

__all__ = ["Run", "curve", "load", "render"]

_ALERTS = 40
"""Alerts that a page lists, the first of each kind in each run before others."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run's folder says about it.

    Attributes:
        name: Name of the folder.
        lines: Figures of every update, in order.
        settings: Its configuration, as in the newest checkpoint; empty where there is none.
        sample: A match of it, as text.
    """

    name: str
    lines: tuple[Mapping[str, Any], ...]
    settings: Mapping[str, Any]
    sample: str

    def points(self, figure: str) -> list[tuple[float, float]]:
        """A figure over the updates in which it was measured."""
        return [(float(line["step"]), float(line[figure])) for line in self.lines if isinstance(line.get(figure), int | float)]


def load(folder: str | Path) -> Run:
    """Read a run's folder.

    Raises:
        UsageError: It has no log, or one that is damaged.
    """
    path = Path(folder) / "log.jsonl"
    if not path.is_file():
        raise UsageError(f"{folder} is no folder of a run: it has no log.jsonl")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise UsageError(f"{path}, line {number}: not JSON") from None
        if not isinstance(row, dict) or not isinstance(row.get("step"), int):
            raise UsageError(f"{path}, line {number}: expected an object with a whole number as step")
        rows.append(row)
    newest = last(Path(folder))
    settings = json.loads((newest / "run.json").read_text(encoding="utf-8"))["config"] if newest else {}
    return Run(Path(folder).name, tuple(rows), settings, newest_sample(Path(folder)))


def curve(runs: Sequence[Run], figure: str) -> str:
    """One figure of some runs over their updates, as an SVG element; `""` where none has it.

    Raises:
        UsageError: No run has that figure.
    """
    names = {name for run in runs for line in run.lines for name, value in line.items() if isinstance(value, int | float)}
    if figure not in names:
        raise UsageError(f"no run has the figure {figure!r}; they have: {', '.join(sorted(names - {'step'}))}")
    return lines({run.name: run.points(figure) for run in runs}, x="update", y=figure)


def render(runs: Sequence[Run], *, title: str = "Self-play") -> str:
    """The page of some runs: HTML that needs nothing else."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("agentarena.train", "templates"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    names = dict.fromkeys(
        name for run in runs for line in run.lines for name, value in line.items() if isinstance(value, int | float) and name != "step"
    )
    judges, others = [name for name in names if " " in name], [name for name in names if " " not in name]
    sections = [
        (heading, [(name, curve(runs, name)) for name in group]) for heading, group in (("Judges", judges), ("Learning", others)) if group
    ]
    settings = dict.fromkeys(name for run in runs for name in run.settings)
    return environment.get_template("run.html.j2").render(
        title=title,
        runs=runs,
        updates=max((run.lines[-1]["step"] for run in runs if run.lines), default=0),
        judgements=[(name, [_newest(run, name) for run in runs]) for name in judges],
        sections=sections,
        alerts=_alerts(runs),
        settings=[(name, [json.dumps(run.settings.get(name)) for run in runs]) for name in settings],
    )


def _newest(run: Run, figure: str) -> str:
    points = run.points(figure)
    return f"{points[-1][1]:.3f}" if points and math.isfinite(points[-1][1]) else "-"


def _alerts(runs: Sequence[Run]) -> list[tuple[str, int, str]]:
    alerts = [(run.name, line["step"], str(text)[:400]) for run in runs for line in run.lines for text in line.get("alerts", ())]
    first: dict[tuple[str, str], tuple[str, int, str]] = {}
    for alert in alerts:
        first.setdefault((alert[0], alert[2].partition(":")[0]), alert)
    return [*first.values(), *(alert for alert in alerts if alert not in first.values())][:_ALERTS]
