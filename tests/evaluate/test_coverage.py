"""The benchmark of coverage runs, and its quick figures are where the page says. Longer runs: `python -m benchmarks.coverage`."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

_PATH = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
_SPEC = importlib.util.spec_from_file_location("coverage_benchmark", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
coverage = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(coverage)


@pytest.mark.parametrize(
    ("case", "deals", "figures"),
    [
        ("four seats, one seating a deal", 5, ("Elo",)),
        ("four seats, pot", 15, ("mean return", "difference", "Elo", "win share", "all ranks at once")),
        ("unequal", 10, ("mean return", "difference")),
        ("clustered, won or lost", 10, ("mean return", "difference", "win share", "Elo")),
    ],
)
def test_what_is_printed_covers(case: str, deals: int, figures: tuple[str, ...]) -> None:
    """At least 93 %, within four standard errors of 80 tournaments."""
    simulate = coverage.CASES[case]
    truth = coverage.truths(coverage.table_of(simulate(np.random.default_rng(0), 20_000)))
    rows = coverage.measure(simulate, deals, 80, 0.95, 1, truth, 0)
    for figure in figures:
        printed, share, error, width = rows[figure]
        assert printed > 0.85, figure
        assert share > 0.93 - 4 * max(error, 0.01), figure
        assert math.isfinite(width)


def test_too_few_deals_print_no_mean() -> None:
    simulate = coverage.CASES["four seats, pot"]
    truth = coverage.truths(coverage.table_of(simulate(np.random.default_rng(0), 2_000)))
    assert not {"mean return", "difference", "all ranks at once"} & set(coverage.measure(simulate, 5, 5, 0.95, 1, truth, 0))
