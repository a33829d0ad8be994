"""The benchmark of the one-stage game on a small grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentarena.envs.one_stage_hexner.solver import SOLVERS, Measured

pytest.importorskip("torch")

from benchmarks import football_one_stage as benchmark


def results() -> dict[int, dict[str, Measured]]:
    return {
        size: {name: Measured(name, size, 0.1, 0.02 * size, -0.5, 1e-4, 2e-4, 0.25, 30, name != "mmd") for name in SOLVERS}
        for size in (9, 16)
    }


def test_trees_take_the_iterations_of_the_arrays_or_stop_at_the_limit() -> None:
    done = benchmark.trees(2, 100.0, {"cfr+": 30, "mmd": 10})
    assert set(done) == set(benchmark.TREES)
    assert all(seconds > 0 and finished for seconds, finished in done.values())
    assert not benchmark.trees(2, 1e-9, {"cfr+": 30, "mmd": 10})["cfr+, tree"][1]


def test_tables_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree_results = {9: {"cfr+, tree": (1.0, True), "mmd, tree": (20.0, False)}}
    benchmark.tables(results(), tree_results)
    printed = capsys.readouterr().out
    assert "| 9 | 0.18 | 0.18 | > 0.18 | 0.18 | 0.18 | 1 | > 20 |" in printed
    assert "| 16 | 0.32 | 0.32 | > 0.32 | 0.32 | 0.32 | - | - |" in printed
    assert "| 9 | -0.500000 |" in printed
    benchmark.draw(tmp_path, results(), tree_results)
    for name in ("one-stage-seconds.svg", "one-stage-error.svg"):
        assert (tmp_path / name).read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')
