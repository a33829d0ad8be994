"""The page on populations: its code runs, and it names every meta-solver."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentarena.train.populations import META_SOLVERS

PAGE = (Path(__file__).parents[3] / "docs" / "populations.md").read_text(encoding="utf-8")


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/populations.md", "exec"), {})
    assert (tmp_path / "runs/psro-kuhn/solution.json").is_file()


@pytest.mark.parametrize("name", META_SOLVERS)
def test_every_meta_solver_is_explained(name):
    assert re.search(rf"^\| `{name}[`?]", PAGE, re.MULTILINE)
