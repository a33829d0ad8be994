"""What the LSPO benchmarks share: figures in one JSON file a cell, runs of the pipeline, win rates by side, and their table."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.config import OnUnreadable
from agentarena.core.intervals import wilson
from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.evaluate import play_sides
from agentarena.train.lspo.run import LSPORun, Progress, run
from benchmarks.runs import markdown

__all__ = ["ACTS", "Cells", "pooled", "rates", "rates_table", "shown_rate", "trained", "untuned"]

ACTS = "agentarena.envs.werewolf.text.intents:intent"
"""The speech acts of the Cicero-like baseline."""
SIDES = ("wolves", "village")
Cell = dict[str, Any]


class Cells:
    """Figures that are computed once: each is a JSON file, so that a benchmark that was broken off goes on.

    Args:
        folder: Where the files lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, compute: Callable[[], Cell]) -> Cell:
        """The figures of a cell, computed where its file is not there yet."""
        path = self.folder / f"{name}.json"
        if path.is_file():
            cell: Cell = json.loads(path.read_text(encoding="utf-8"))
            return cell
        began = time.perf_counter()
        cell = {**compute(), "seconds": round(time.perf_counter() - began, 1)}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
        print(f"{path.relative_to(self.folder.parent)}: {cell['seconds']} s", flush=True)
        return cell


def trained(config: LSPOConfig, *, tune: bool = True) -> LSPORun:
    """A run of the pipeline, or what is missing of it; without `tune` the model stays as it is in every iteration."""

    def report(progress: Progress) -> None:
        if progress.event in ("end", "damaged"):
            figures = ", ".join(f"{name} {value:.3g}" for name, value in progress.figures.items() if isinstance(value, int | float))
            print(f"{config.output_dir}: iteration {progress.iteration}, {progress.stage} {progress.event} {progress.reason}"
                  f"({progress.seconds:.0f} s) {figures}", flush=True)  # fmt: skip

    return run(config, report) if tune else run(config, report, tune=untuned)


def untuned(spec: str, pairs: Sequence[Any], settings: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """In place of tuning: the same model again (`tune` of `lspo.run.run`)."""
    from agentarena.train.lspo.stages import model_behind

    shutil.copytree(model_behind(spec), out)
    return {"pairs": len(pairs)}


def rates(agent: str, opponent: str, *, matches: int, seed: int, workers: int | None, preset: str, env: str = "Werewolf-v0") -> Cell:
    """Win rates of an agent on each side against an opponent, and what else is read from these matches.

    An unreadable reply is replaced by a random move, so that a small model's grasp of the reply format is not what is measured; how
    often that happened is `replaced`.
    """
    from agentarena.envs.werewolf.analysis.bias import first_attacks, first_votes, place_test

    sides = play_sides(
        env, agent, opponent, matches=matches, seed=seed, workers=workers, preset=preset, on_unreadable=OnUnreadable(0, "random")
    )
    cell: Cell = {"agent": agent, "opponent": opponent}
    for rate in sides.rates:
        cell[rate.side] = {"matches": rate.matches, "rate": rate.win_rate, "interval": list(rate.interval), "forfeits": rate.forfeits}
    records = sides.results.records
    cell["first attack"] = place_test(first_attacks(records, agent=0))._asdict()
    cell["first vote"] = place_test(first_votes(records, agent=0))._asdict()
    cell["replaced"] = sum(fault["then"] == "random" for record in records for fault in record.faults) / len(records)
    return cell


def pooled(cells: Iterable[Cell], side: str) -> tuple[float, float, float, int]:
    """Win rate on a side over all matches of some cells, with Wilson's interval: (rate, low, high, matches).

    >>> pooled([{"wolves": {"matches": 10, "rate": 0.5}}, {"wolves": {"matches": 30, "rate": 0.9}}], "wolves")[0]
    0.8
    """
    parts = [cell[side] for cell in cells]
    matches = sum(part["matches"] for part in parts)
    wins = sum(part["matches"] * part["rate"] for part in parts)
    return wins / matches, *wilson(min(wins, matches), matches), matches


def shown_rate(cells: Sequence[Cell], side: str) -> str:
    """A rate over some cells in a table: ".54 [.52, .56]", and the range over cells where there are several."""
    rate, low, high, _ = pooled(cells, side)
    each = [cell[side]["rate"] for cell in cells]
    spread = f" ({min(each):.2f} to {max(each):.2f})" if len(each) > 1 else ""
    return f"{rate:.3f} [{low:.3f}, {high:.3f}]{spread}"


def rates_table(rows: Mapping[str, Mapping[str, Sequence[Cell]]]) -> str:
    """Rows of agents and columns of opponents, each with both sides, as Markdown.

    Args:
        rows: Agent -> opponent -> the cells of all seeds.
    """
    opponents = list(dict.fromkeys(opponent for row in rows.values() for opponent in row))
    head = ["agent", *(f"{side} against {opponent}" for opponent in opponents for side in SIDES)]
    table = [head, ["---"] * len(head)]
    for name, row in rows.items():
        cells = [shown_rate(row[opponent], side) if row.get(opponent) else "" for opponent in opponents for side in SIDES]
        table.append([name, *cells])
    return markdown(table)
