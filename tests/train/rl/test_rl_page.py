"""docs/rl-training.md: its Python blocks run, and its table has every setting with its default."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

pytest.importorskip("sb3_contrib")

from agentarena.train.rl import RLConfig
from agentarena.train.rl.config import POOL

PAGE = (Path(__file__).parents[3] / "docs" / "rl-training.md").read_text(encoding="utf-8")


def test_the_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/rl-training.md", "exec"), names)
    assert "return interval" in capsys.readouterr().out


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .+ \|$", PAGE.partition("## Settings")[2], re.MULTILINE))
    fields = {}
    for field in dataclasses.fields(RLConfig):
        factory = field.default_factory
        value = field.default if factory is dataclasses.MISSING else factory()
        fields[field.name] = "" if value is dataclasses.MISSING else f"`{value!r}`"
    assert {name: default.strip() for name, default in rows.items()} == fields


def test_every_pool_is_in_the_table() -> None:
    for name in ("self", *POOL):
        assert f"| `{name}` |" in PAGE
