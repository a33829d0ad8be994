"""The signed log."""

from __future__ import annotations

import json
import multiprocessing
import stat
from pathlib import Path

import pytest

from agentarena.core.errors import CorruptRecord, UsageError
from agentarena.leaderboard.log import Log, signing_key


@pytest.fixture
def log(tmp_path: Path) -> Log:
    log = Log(tmp_path / "log.jsonl", b"k" * 32)
    for number in range(4):
        log.append("thing", value=number)
    return log


def test_entries_come_back_in_order(log: Log) -> None:
    assert [(entry["n"], entry["event"], entry["value"]) for entry in log.read()] == [(n, "thing", n) for n in range(4)]


def _changed(lines: list[str]) -> list[list[str]]:
    forged = json.loads(lines[1])
    forged["value"] = 7
    return [
        [lines[0], json.dumps(forged), *lines[2:]],
        [lines[0], *lines[2:]],
        [lines[1], lines[0], *lines[2:]],
        [*lines[:2], lines[1], *lines[2:]],
        [*lines[:2], "{}", *lines[2:]],
        [*lines[:2], "[]", *lines[2:]],
        ["[" * 3000, *lines],
        lines[1:],
    ]


@pytest.mark.parametrize("case", range(8))
def test_a_change_breaks_the_chain(log: Log, case: int) -> None:
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join(_changed(lines)[case]) + "\n")
    with pytest.raises(CorruptRecord, match="line"):
        log.read()


def test_another_key_does_not_open_it(log: Log) -> None:
    with pytest.raises(CorruptRecord, match="another key"):
        Log(log.path, b"x" * 32).read()


def test_a_cut_last_line_is_written_over(log: Log) -> None:
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + whole.splitlines()[-1][:20])
    assert len(log.read()) == 4
    log.append("thing", value=4)
    assert [entry["value"] for entry in log.read()] == [0, 1, 2, 3, 4]


def _append(path: str, worker: int) -> None:
    for number in range(25):
        Log(Path(path), b"k" * 32).append("thing", value=[worker, number])


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "log.jsonl"
    workers = [context.Process(target=_append, args=(str(path), worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    values = [tuple(entry["value"]) for entry in Log(path, b"k" * 32).read()]
    assert sorted(values) == [(worker, number) for worker in range(3) for number in range(25)]


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "key")
    assert signing_key(tmp_path / "key") == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    (tmp_path / "key").write_text("zz")
    with pytest.raises(UsageError, match="no signing key"):
        signing_key(tmp_path / "key")
