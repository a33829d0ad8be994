"""What benchmarks of training share: runs as JSON lines, so that those that are there are not repeated, and tables over seeds."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["interval", "markdown", "missing", "table"]

Run = dict[str, Any]
"""One run: "variant", "seed", "settings", "seconds" and "figures", numbers by name."""


def missing(
    out: Path, variants: Iterable[str], seeds: int, settings: dict[str, Any], run: Callable[[str, int], tuple[float, dict[str, Any]]]
) -> list[Run]:
    """All runs of the variants and seeds under these settings; those that `out` does not hold yet are made and appended to it.

    Args:
        out: A file of JSON lines, which need not exist.
        variants: Names.
        seeds: Each variant runs with seeds 0 to `seeds` - 1.
        settings: What else shapes a run; lines of other settings are left alone.
        run: Makes one: (variant, seed) -> (seconds, figures).
    """
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    runs = [one for one in map(json.loads, lines) if one["settings"] == settings]
    finished = {(one["variant"], one["seed"]) for one in runs}
    for seed, variant in itertools.product(range(seeds), variants):
        if (variant, seed) in finished:
            continue
        seconds, figures = run(variant, seed)
        runs.append({"variant": variant, "seed": seed, "settings": settings, "seconds": seconds, "figures": figures})
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(runs[-1]) + "\n")
        print(f"{variant}, seed {seed}: {seconds:.0f} s", flush=True)
    return [one for one in runs if one["seed"] < seeds]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean over seeds and the half-width of its 95 % interval, Student's.

        half = t * s / sqrt(n),    t the 0.975 quantile at n - 1 degrees of freedom, s the sample deviation

    Returns:
        (mean, half); half is nan for a single value.

    >>> mean, half = interval([1.0, 2.0, 3.0])
    >>> f"{mean:.2f} ± {half:.2f}"
    '2.00 ± 2.48'
    """
    from scipy import stats

    if len(values) < 2:
        return float(np.mean(values)), float("nan")
    return float(np.mean(values)), float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))


def table(runs: Sequence[Run], variants: Iterable[str]) -> str:
    """Mean and half-width over seeds, one row a figure and one column a variant, as Markdown."""
    columns = [variant for variant in variants if any(one["variant"] == variant for one in runs)]
    rows = [["figure", *columns], ["---"] * (1 + len(columns))]
    for figure in runs[0]["figures"] if runs else ():
        cells = (interval([one["figures"][figure] for one in runs if one["variant"] == column]) for column in columns)
        rows.append([figure, *(f"{mean:.3g} ± {half:.2g}" for mean, half in cells)])
    return markdown(rows)


def markdown(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells as a table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
