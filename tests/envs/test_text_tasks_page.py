"""The Python blocks of docs/text-tasks.md run, from top to bottom, and it names everything that trainers are told."""

from __future__ import annotations

import re
from pathlib import Path

import agentarena as aa
from agentarena.core.rng import stream

PAGE = (Path(__file__).parents[2] / "docs" / "text-tasks.md").read_text(encoding="utf-8")


def test_the_snippets_run() -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/text-tasks.md", "exec"), names)
    assert names["done"] == [1.0] * 6


def test_everything_that_trainers_are_told_is_named() -> None:
    game = aa.game("Household-v0")
    assert all(f"`{name}`" in PAGE for name in game.diagnostics(game.start(stream(0)), 0))
