"""The benchmark of throughput: its task, its side of ours, and, where TRL is installed, the comparison at a small size."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
SIDES = ["agentarena", *(["TRL"] if importlib.util.find_spec("trl") else [])]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.chdir(ROOT)  # its processes are started from there
    from benchmarks import train_throughput

    return train_throughput


@pytest.mark.slow
def test_rounds_alternate_on_the_same_prompts(benchmark: Any) -> None:
    options = argparse.Namespace(rounds=1, updates=1, prompts=1, tokens=3, words=4)
    rounds = benchmark.compare("1.5 M", options, SIDES)
    assert list(rounds) == SIDES
    for played in rounds.values():
        assert len(played) == 1
        assert 0 < played[0]["tokens"] <= 8 * 3
        assert played[0]["peak"] > played[0]["grown"] > 0
    table = benchmark.rows("1.5 M", rounds)
    assert len(table) == (3 if len(SIDES) == 2 else 1)


def test_ratios_are_of_medians(benchmark: Any) -> None:
    def played(seconds: float, peak: float) -> dict[str, Any]:
        return {"tokens": 100, "seconds": seconds, "cpu_seconds": seconds / 2, "peak": peak, "grown": 1.0}

    rounds = {"agentarena": [played(1.0, 50.0), played(1.0, 50.0), played(9.0, 50.0)], "TRL": [played(2.0, 100.0)]}
    assert benchmark.rows("s", rounds)[-1] == ["s", "ratio", "", "2.00", "2.00", "0.50", ""]
