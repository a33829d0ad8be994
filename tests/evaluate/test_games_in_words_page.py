"""The page on games in words: its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "games-in-words.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/games-in-words.md", "exec"), names)
