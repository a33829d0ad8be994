"""The page on evaluation: its Python runs, and it names every public function."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import agentarena.evaluate as evaluate

PAGE = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/evaluation.md", "exec"), names)


def test_every_function_is_mentioned() -> None:
    functions = [name for name in evaluate.__all__ if inspect.isfunction(getattr(evaluate, name))]
    missing = [name for name in functions if not re.search(rf"\b{name}\b", PAGE)]
    assert missing == ["expected_score"]  # a helper that needs no page
