"""The commands efg and skills: what they print and write, with good input and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
WORDS = Path(__file__).parents[1] / "fixtures" / "words"


def test_export_and_solve(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "kuhn.efg"
    assert run("efg", "export", "KuhnPoker-v0", "-o", str(path))[0] == 0
    code, out, _ = run("efg", "solve", str(path), "--json")
    assert code == 0
    solved = json.loads(out)
    assert solved["values"][0] == pytest.approx(-1 / 18)
    assert solved["method"] == "linear program"
    assert set(solved["policies"][0]["0:0"] if "0:0" in solved["policies"][0] else next(iter(solved["policies"][0].values()))) == {
        "pass",
        "bet",
    }
    code, out, _ = run("efg", "solve", str(path))
    assert "player 0 (seat 0): -0.0555556" in out


def test_three_players_are_approximated(run: Run) -> None:
    path = Path(__file__).parents[1] / "fixtures" / "efg" / "three_players.efg"
    code, out, _ = run("efg", "solve", str(path), "--iterations", "20")
    assert code == 0
    assert "CFR+, 20 iterations" in out


def test_build_a_document(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("efg", "build", str(WORDS / "pennies.json"))
    assert code == 0
    assert out.startswith('EFG 2 R "Matching pennies"')
    broken = tmp_path / "x.json"
    for text, words in (("{", "not JSON"), ("{}", "players")):
        broken.write_text(text)
        code, _, err = run("efg", "build", str(broken))
        assert code == 2
        assert words in err


def test_what_cannot_be_exported_is_said(run: Run) -> None:
    code, _, err = run("efg", "export", "Household-v0")
    assert code == 2
    assert "information" in err


def test_skills_are_validated(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("skills", "validate", "coins", "--games", "5")
    assert code == 0
    assert "did all of 5" in out
    broken = tmp_path / "x.json"
    broken.write_text('{"name": "x"}')
    code, out, _ = run("skills", "validate", str(broken), "--json")
    assert code == 1
    assert "rooms: is missing" in json.loads(out)["problems"]
    assert run("skills", "validate", "nowhere")[0] == 2
    assert '"$schema"' in run("skills", "schema")[1]
    assert "treasure" in run("skills", "worlds")[1]
