"""`generalize` and its command: settings with their own deals and numbers of seats, resumed files, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import agentarena as aa
from agentarena.cli import main
from agentarena.core.errors import UsageError
from agentarena.matches.generalization import generalize

PAGE = (Path(__file__).parents[2] / "docs" / "generalization.md").read_text(encoding="utf-8")


def test_the_page_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/generalization.md", "exec"), names)
    assert {row.agent for row in names["results"].rows} == set(names["agents"])


def test_settings_are_played_with_seeds_of_their_own_and_resumed(tmp_path: Path) -> None:
    agents = ["dhumbal/aggressive", "random"]
    seen: list[tuple[int, int]] = []

    def run() -> object:
        lists = [{}, {"threshold": 7}], [{"players": 2}]
        settings = {"matches": 16, "seed": 5, "measure": "relative_win_share", "out": tmp_path / "runs"}
        return generalize("Dhumbal-v0", agents, *lists, **settings, progress=lambda *both: seen.append(both))  # type: ignore[arg-type]

    first = run()
    assert list(first.train) == ["defaults", "threshold=7"]  # type: ignore[attr-defined]
    assert [results.records[0].seed for results in (*first.train.values(), *first.held_out.values())] == [5, 6, 7]  # type: ignore[attr-defined]
    assert {row.agent for row in first.rows} == set(agents)  # type: ignore[attr-defined]
    assert first.rows[0].agent == "dhumbal/aggressive"  # type: ignore[attr-defined]
    assert seen[-1] == (48, 48)
    assert sorted(path.name for path in (tmp_path / "runs").glob("setting-?.jsonl")) == [f"setting-{n}.jsonl" for n in range(3)]
    again = run()
    assert again.rows == first.rows  # type: ignore[attr-defined]


def test_settings_that_are_listed_twice_are_refused() -> None:
    with pytest.raises(UsageError, match=r"got 1 and 1, twice: \['threshold=7'\]"):
        generalize("Dhumbal-v0", ["random"], [{"threshold": 7}], [{"threshold": 7}], matches=1)
    with pytest.raises(aa.errors.UnknownName, match="tresh"):
        generalize("Dhumbal-v0", ["random"], [{"tresh": 7}], [{}], matches=1)


def test_the_command_prints_tables_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "generalize",
        "Dhumbal-v0",
        "dhumbal/aggressive",
        "random",
        "--train",
        "",
        "--held-out",
        "preset=paper players=3",
        "-m",
        "20",
    ]
    main([*arguments, "--quiet"])
    out = capsys.readouterr().out
    assert "Setting by setting" in out
    assert "preset=paper players=3" in out
    main([*arguments, "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["agent"] == "dhumbal/aggressive"
    assert rows[0]["settings"][1]["held_out"] is True
