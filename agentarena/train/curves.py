"""The figures of runs as one HTML file: what judges said, how learning went, alerts, settings, sample matches."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import printable
from agentarena.core.errors import UsageError
from agentarena.plots import lines

from . import checkpoint
from .logs import LOG, log_lines

__all__ = ["write"]

LEARNING = (
    "loss",
    "entropy",
    "entropy_ratio",
    "kl_step",
    "kl_reference",
    "clip_ratio",
    "grad_norm",
    "zero_advantages",
    "draws",
    "monopoly",
    "faults",
    "tokens",
    "matches_per_second",
    *("return", "points", "return_first_seat", "exploration", "policy_loss", "value_loss", "explained_variance", "kl", "steps_per_second"),
)
"""Figures of learning that are drawn, in this order."""
LAST_ALERTS = 20
LAST_SAMPLES = 3
MOST_POINTS = 1000
"""Points of a line; of more, every n-th is drawn."""

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Training curves</title>
<style>body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1d2733}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(32rem,1fr));gap:1rem}svg{max-width:100%;height:auto}
pre{background:#f4f6f8;padding:1rem;overflow:auto;max-height:30rem}</style>
<h1>Training curves</h1>
{% for title, plots in parts if plots %}<h2>{{ title }}</h2><div class="plots">{% for plot in plots %}<div>{{ plot | safe }}</div>{% endfor %}</div>{% endfor %}
{% for run in runs %}<h2>{{ run.name }}</h2><p>{{ run.length }}</p>
{% if run.alerts %}<h3>Last alerts</h3><ul>{% for step, alert in run.alerts %}<li>update {{ step }}: {{ alert }}</li>{% endfor %}</ul>{% endif %}
<details><summary>Settings</summary><pre>{{ run.settings }}</pre></details>
{% for name, text in run.samples %}<details><summary>{{ name }}</summary><pre>{{ text }}</pre></details>{% endfor %}{% endfor %}</html>
"""


def write(folders: Sequence[str | Path], out: str | Path) -> None:
    """Write the curves of some runs, each a line in every frame.

    Args:
        folders: The runs' output folders.
        out: The HTML file; it needs nothing beside it.

    Raises:
        UsageError: A folder holds no log.
    """
    from jinja2 import Environment

    logs = {str(folder): log_lines(Path(folder)) for folder in folders}
    for folder, log in logs.items():
        if not log:
            raise UsageError(f"{printable(folder)} holds no {LOG} with updates; name the output_dir of a training run")
    judges = sorted({name for log in logs.values() for line in log for name in line if " " in name and not isinstance(line[name], list)})
    parts = [(title, _plots(logs, names)) for title, names in (("Judges", judges), ("Learning", LEARNING))]
    page = Environment(autoescape=True).from_string(_PAGE)
    Path(out).write_text(page.render(parts=parts, runs=[_about(folder, log) for folder, log in logs.items()]), encoding="utf-8")


def _plots(logs: dict[str, list[dict[str, Any]]], names: Sequence[str]) -> list[str]:
    unit = "steps" if all("steps_per_second" in log[-1] for log in logs.values()) else "updates"
    plots = []
    for name in names:
        series = {folder: _points(log, name) for folder, log in logs.items()}
        drawn = lines({folder: points for folder, points in series.items() if points}, x=unit, y=name)
        plots += [drawn] if drawn else []
    return plots


def _points(log: Sequence[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    points = [(float(line["step"]), float(line[name])) for line in log if isinstance(line.get(name), int | float)]
    points = [point for point in points if math.isfinite(point[1])]
    stride = -(-len(points) // MOST_POINTS) if points else 1
    return points[::-1][::stride][::-1]


def _about(folder: str, log: Sequence[dict[str, Any]]) -> dict[str, Any]:
    newest = checkpoint.last(Path(folder)) or Path(folder)
    state = newest / "run.json"
    settings = json.loads(state.read_text(encoding="utf-8"))["config"] if state.is_file() else {}
    samples = sorted(Path(folder, "samples").glob("step-*.txt"), key=lambda path: path.stat().st_mtime)[-LAST_SAMPLES:]
    return {
        "name": folder,
        "length": f"{log[-1]['step']} {'steps' if 'steps_per_second' in log[-1] else 'updates'}",
        "alerts": [(line["step"], alert) for line in log for alert in line.get("alerts", ())][-LAST_ALERTS:],
        "settings": json.dumps(settings, indent=1),
        "samples": [(path.stem, path.read_text(encoding="utf-8")) for path in samples],
    }
