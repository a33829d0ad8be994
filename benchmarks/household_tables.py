"""Tables of `benchmarks.household_training`: success by split and task type, paired with GRPO, and the compute used.

Axis letters: R runs (seeds), G games of a split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from agentarena.envs.household.engine.goal import KINDS
from benchmarks.runs import Run, interval, markdown

__all__ = ["over_games", "report"]

BASE = "GRPO"


def report(before: dict[str, Any], runs: Sequence[Run], variants: Iterable[str]) -> str:
    """All tables, as Markdown."""
    columns = [variant for variant in variants if any(one["variant"] == variant for one in runs)]
    by_variant = {name: [one for one in runs if one["variant"] == name] for name in columns}
    head = f"{before['parameters']:,} parameters; imitation of {before['turns']:,} turns of {before['matches']:,} games in {before['seconds']:.0f} s"
    return "\n\n".join([head, _success(before, by_variant), _kinds(before, by_variant), _figures(by_variant)])


def wins(games: Sequence[dict[str, Any]], kind: str = "") -> np.ndarray:
    """Share of the matches of each game that were won, in the order of the games' numbers. Shape (G,).

    Args:
        games: Matches, as `household_policy.Game` writes them.
        kind: Only games of this task type; all by default.
    """
    numbers = sorted({one["number"] for one in games if kind in ("", one["kind"])})
    return np.array([np.mean([one["won"] for one in games if one["number"] == number]) for number in numbers])


def over_games(values: np.ndarray) -> tuple[float, float]:
    """The mean over games and the half-width of its 95 % interval, by the normal distribution.

    >>> mean, half = over_games(np.array([0.0, 1.0, 1.0, 0.0]))
    >>> f"{mean:.2f} ± {half:.2f}"
    '0.50 ± 0.57'
    """
    return float(values.mean()), float(1.96 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _wins(runs: Sequence[Run], split: str, kind: str = "") -> np.ndarray:
    """Shape (R, G)."""
    return np.stack([wins(one["figures"]["games"][split], kind) for one in runs])


def _success(before: dict[str, Any], by_variant: dict[str, list[Run]]) -> str:
    """Success on each split, and its difference to GRPO: with intervals over seeds and over games."""
    rows = [["split", "figure", "before", *by_variant], ["---"] * (3 + len(by_variant))]
    for split, games in before["games"].items():
        every = {name: _wins(runs, split) for name, runs in by_variant.items()}
        rows.append(
            [split, "success, ± over games", _cell(over_games(wins(games))), *(_cell(over_games(one.mean(0))) for one in every.values())]
        )
        rows.append([split, "success, ± over seeds", "", *(_cell(interval(one.mean(1).tolist())) for one in every.values())])
        rows.append([split, f"less {BASE}, ± over games", "", *(_difference(one, every, over_seeds=False) for one in every.values())])
        rows.append([split, f"less {BASE}, ± over seeds", "", *(_difference(one, every, over_seeds=True) for one in every.values())])
    return markdown(rows)


def _difference(one: np.ndarray, every: dict[str, np.ndarray], *, over_seeds: bool) -> str:
    base = every.get(BASE)
    if base is None or base is one:
        return ""
    common = min(len(base), len(one))  # seeds that both have
    gap = one[:common] - base[:common]
    return _cell(interval(gap.mean(1).tolist()) if over_seeds else over_games(gap.mean(0)), signed=True)


def _kinds(before: dict[str, Any], by_variant: dict[str, list[Run]]) -> str:
    """Success by task type, intervals over seeds."""
    rows = [["split", "task type", "games", "before", *by_variant], ["---"] * (4 + len(by_variant))]
    for split, games in before["games"].items():
        for kind in KINDS:
            own = wins(games, kind)
            if not len(own):
                continue
            cells = (_cell(interval(_wins(runs, split, kind).mean(1).tolist())) for runs in by_variant.values())
            rows.append([split, kind, str(len(own)), f"{own.mean():.2f}", *cells])
    return markdown(rows)


def _figures(by_variant: dict[str, list[Run]]) -> str:
    """What else a run says of itself, mean and interval over seeds."""
    rows = [["figure", *by_variant], ["---"] * (1 + len(by_variant))]
    names = [name for runs in by_variant.values() for name in runs[0]["figures"] if name not in ("games", "curve")]
    for name in dict.fromkeys(names):
        cells = (interval([one["figures"][name] for one in runs]) for runs in by_variant.values())
        rows.append([name, *(f"{mean:,.0f} ± {half:,.0f}" if mean >= 1000 else f"{mean:.3g} ± {half:.2g}" for mean, half in cells)])
    return markdown(rows)


def _cell(value: tuple[float, float], *, signed: bool = False) -> str:
    mean, half = value
    shown = f"{mean:+.3f}" if signed else f"{mean:.3f}"
    return shown if np.isnan(half) else f"{shown} ± {half:.3f}"
