"""docs/football-learning.md: its Python block runs, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from agentarena.cli import cli

PAGE = (Path(__file__).parents[3] / "docs" / "football-learning.md").read_text(encoding="utf-8")


def test_the_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/football-learning.md", "exec"), {})
    assert "belief-rl:runs/short/policies.safetensors" in capsys.readouterr().out


@pytest.mark.parametrize("words", sorted(set(re.findall(r"^agentarena (football leak|train belief-rl)", PAGE, re.MULTILINE))))
def test_the_commands_are_there(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli([*words.split(), "--help"])
    assert ending.value.code == 0
    assert "Usage" in capsys.readouterr().out
