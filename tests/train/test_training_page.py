"""The Python blocks of docs/training.md run, and it names every estimator."""

from __future__ import annotations

import re
from pathlib import Path

import agentarena as aa

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def test_the_blocks_run() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/training.md", "exec"), names)


def test_every_estimator_is_in_the_table() -> None:
    for name in set(aa.train.advantages.__all__) - {"Batch", "equal_group_members", "equal_groups"}:
        assert f"| `{name}` |" in PAGE
