"""The Python blocks of docs/lspo-speaker.md run, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("transformers")
pytest.importorskip("trl")

PAGE = (Path(__file__).parents[3] / "docs" / "lspo-speaker.md").read_text(encoding="utf-8")


def test_the_blocks_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/lspo-speaker.md", "exec"), names)
    assert capsys.readouterr().out.startswith("You are ")
