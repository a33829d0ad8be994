"""A slice of the replies of `benchmarks/fuzz_replies.py`: none crashes a reader, none takes it long."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "fuzz_replies.py"
    spec = importlib.util.spec_from_file_location("fuzz_replies", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_replies"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_no_reply_crashes_a_reader_of_any_game(benchmark: ModuleType) -> None:
    tally = benchmark.fuzz(4000, seed=1)
    assert not tally.crashes, tally.crashes[0]
    assert tally.count == 4000
    assert tally.moves > 40, "some are moves, so that more than refusals is tried"
    assert max(tally.times) < 250, tally.slowest  # milliseconds; it was up to 21,000


@pytest.mark.slow
def test_no_reply_crashes_a_reader_of_any_game_at_length(benchmark: ModuleType) -> None:
    tally = benchmark.fuzz(200_000, seed=2, long_share=0.05)
    assert not tally.crashes, tally.crashes[0]
    assert sorted(tally.times)[int(0.999 * tally.count)] < 20, tally.slowest
