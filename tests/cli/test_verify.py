"""`agentarena verify`: folders, JSON, exit codes, and what of a file reaches the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentarena.cli import main
from agentarena.matches.api import play

ENV, RANDOMS = "TicTacToe-v0", ["random", "random"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two sound files."""
    monkeypatch.chdir(tmp_path)
    play(ENV, RANDOMS, matches=2, out="runs/a.jsonl")
    play(ENV, RANDOMS, matches=3, seed=1, out="runs/b.jsonl")
    return tmp_path


def verify(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = 0
    try:
        main(["verify", *words])
    except SystemExit as ended:
        code = int(ended.code or 0)
    return (code, *capsys.readouterr())


def test_a_folder_is_verified_file_by_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = verify(capsys, "runs")
    assert code == 0
    assert out.splitlines() == ["runs/a.jsonl: 2 matches, 0 differ", "runs/b.jsonl: 3 matches, 0 differ"]


def test_every_bad_line_is_printed_and_the_exit_code_is_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "runs" / "b.jsonl"
    path.write_bytes(path.read_bytes() + b"{\n" * 30)
    code, out, _ = verify(capsys, "runs", "--quiet")
    assert code == 1
    assert "runs/b.jsonl: 33 matches, 30 differ" in out
    assert [f"  line {number}: " in out for number in range(3, 34)] == [False] + [True] * 30


def test_json_is_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "runs" / "b.jsonl").write_bytes(b"\x00\n")
    code, out, err = verify(capsys, "runs", "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert found["ok"] is False
    assert found["files"][0] == {"path": "runs/a.jsonl", "ok": True, "matches": 2, "different": 0, "mismatches": []}
    (mismatch,) = found["files"][1]["mismatches"]
    assert (mismatch["path"], mismatch["line"], mismatch["match"]) == ("runs/b.jsonl", 1, None)
    assert "NUL bytes" in mismatch["reason"]


def test_an_empty_file_is_not_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "runs" / "a.jsonl").write_bytes(b"")
    code, out, _ = verify(capsys, "runs/a.jsonl")
    assert code == 1
    assert "it holds no records, so there is nothing to verify" in out


def test_misuse_has_exit_code_two(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "none").mkdir()
    for words in (["none"], ["missing.jsonl"], [], ["/dev/zero"]):
        code, _, err = verify(capsys, *words)
        assert code == 2, words
        assert "Traceback" not in err


def test_neither_markup_nor_escapes_of_a_file_reach_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "runs" / "x[bold]\x1b[2J[y].jsonl"
    line = (folder / "runs" / "a.jsonl").read_text().splitlines()[0]
    data = json.loads(line)
    data["outcome"] = "x[/y]\x1b[31m[red]\r"
    path.write_text(json.dumps(data) + "\n" + line.replace('"env":"', '"env":"x[/y][red]') + "\n")
    code, out, err = verify(capsys, str(path))
    assert code == 1
    assert "x[/y]" in out
    assert "[red]" in out
    assert "\x1b" not in out + err
    assert "\r" not in out
