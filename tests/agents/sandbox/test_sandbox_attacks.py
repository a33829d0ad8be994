"""Every attack on the sandbox, at every level that works here: a fault of that agent alone, or a leak that docs/isolation.md lists."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boxes
import pytest

from agentarena.agents.random import RandomAgent
from agentarena.agents.sandbox import launches
from agentarena.agents.sandbox.levels import LEVELS
from agentarena.agents.sandbox.limits import Limits
from agentarena.core.agent import Agent
from agentarena.matches.api import play

_DIED, _NONSENSE, _RAISED, _TIMEOUT = "died", "nonsense", "raised", "timeout"

FAULTS = {
    "exit": _DIED,
    "exit_at_once": _DIED,
    "flood": _NONSENSE,
    "flood_stderr": _NONSENSE,
    "fork_bomb": _TIMEOUT,
    "hang_at_start": _TIMEOUT,
    "leaves_a_child": _DIED,
    "memory_hog": _DIED,
    "memory_hogs": _DIED,
    "sleep": _TIMEOUT,
    "stop_itself": _TIMEOUT,
}
"""Attack -> kind of the fault that it ends as."""
SPOKEN_FAULTS = {
    "answers_twice": _NONSENSE,
    "bad_utf8": _NONSENSE,
    "both": _NONSENSE,
    "deep_json": _NONSENSE,
    "early_answer": _NONSENSE,
    "empty_line": _NONSENSE,
    "fake_result": _NONSENSE,
    "half_line": _TIMEOUT,
    "huge_json": _NONSENSE,
    "long_number": _NONSENSE,
    "nan": _NONSENSE,
    "pickle": _NONSENSE,
    "raise": _DIED,
    "says_error": _RAISED,
    "surrogate": _NONSENSE,
    "twice_a_field": _NONSENSE,
    "words": _NONSENSE,
    "wrong_id": _NONSENSE,
}
"""The same, for attacks by what is said alone: the host deals with them, whatever the level."""

STOPPED = (
    "daemons",
    "deep_folders",
    "fill_scratch",
    "forks",
    "privileges",
    "read_host",
    "signals",
    "sockets",
    "symlinks",
    "thinks_on",
    "wakes_itself",
    "write_host",
    "zombies",
)
"""Attacks that play on, and say what they achieved."""

_HOST_FILES = {"read a file of the host", "read /etc/passwd", "listed the host's folder", "read the host's command line"}
_HOST_WRITES = {"wrote among the host's files", "changed a file of the host", "truncated a file of the host"}
_NETWORK = {"opened a TCP connection", "sent a UDP packet", "reached a unix socket", "sent to a unix socket", "had an io_uring"}
_RIGHTS = {"made a user namespace", "made a user namespace by clone", "left its group", "escaped the end of its parent"}
_SAME_USER = {
    "read an environment of the host",
    "could signal the host",
    "traced a process",
    "changed the mode of a file of the host",
    "wrote in its own folder",
}
LEAKS: dict[str, set[str]] = {
    "bubblewrap": set(),
    "unshare": set(),
    "landlock": set(),
    "rlimits": _HOST_FILES | _HOST_WRITES | _NETWORK | _RIGHTS | (set() if boxes.ROOT else _SAME_USER),
}
"""What a level cannot stop; docs/isolation.md says the same in its table."""


_some_levels_slow = pytest.mark.parametrize(
    "level", [pytest.param(name, marks=pytest.mark.slow) if name == "unshare" else name for name in LEVELS]
)
"""`unshare` is `bubblewrap` by other means."""


class _Slow(Agent):
    """Takes its time, in which the other may not think."""

    name = "slow"

    def __init__(self, pause_s: float) -> None:
        self.pause_s = pause_s

    def choose(self, view: Any) -> Any:
        time.sleep(self.pause_s)
        return view.choices[-1]


@pytest.fixture
def host() -> Iterator[dict[str, Any]]:
    """What there is to attack, with sockets that listen."""
    with boxes.open_folder() as folder:
        secret, opened, file = folder / "secret", folder / "opened", folder / "opened" / "file"
        secret.write_text("secret", encoding="ascii")
        secret.chmod(0o644)
        opened.mkdir(mode=0o777)
        opened.chmod(0o777)
        file.write_text("kept", encoding="ascii")
        file.chmod(0o666)
        with (
            socket.socket() as tcp,
            socket.socket(type=socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_UNIX) as unix,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        ):
            tcp.bind(("127.0.0.1", 0))
            tcp.listen()
            udp.bind(("127.0.0.1", 0))
            unix.bind(str(folder / "unix"))
            unix.listen()
            datagrams.bind(str(folder / "datagrams"))
            for name in ("unix", "datagrams"):
                (folder / name).chmod(0o777)
            yield {
                "host": os.getpid(),
                "open_file": str(file),
                "open_folder": str(opened),
                "scratch_bytes": boxes.PATIENT.scratch_bytes,
                "secret": str(secret),
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "unix": str(folder / "unix"),
                "unix_datagrams": str(folder / "datagrams"),
            }


def _attack(name: str, level: str, target: dict[str, Any], opponent: Agent) -> tuple[Any, str]:
    """One match against the hostile program; its record, and what the program said. Nothing of the program is left after it."""
    token = f"token-{uuid.uuid4().hex}"
    target = {**target, "protected": level != "rlimits" or boxes.ROOT}
    with boxes.open_folder() as folder, boxes.open_folder() as scratches, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratches))
        shutil.copy(boxes.HERE / "hostile_program.py", folder / "agent.py")
        command = (str(boxes.PYTHON), "-I", "agent.py", name, token, json.dumps(target))
        player = boxes.agent(command, folder, level, _limits(name))
        try:
            (record,) = play("TicTacToe-v0", [player, opponent], matches=1, seed=3).records
        finally:
            player.close()
        assert boxes.gone(token)
        assert not os.listdir(scratches)
    return record, player.stderr_tail


def _limits(name: str) -> Limits:
    """Short deadlines for what is to miss them, and long ones, for machines with much else to do, for all else."""
    if name == "hang_at_start":
        return dataclasses.replace(boxes.PATIENT, start_s=1.0)
    late = {**FAULTS, **SPOKEN_FAULTS}.get(name) == _TIMEOUT
    return dataclasses.replace(boxes.PATIENT, answer_s=1.0) if late else boxes.PATIENT


@_some_levels_slow
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_it_ends_as_a_fault_of_that_agent_alone(name: str, level: str) -> None:
    _check_fault(name, level, FAULTS[name])


@pytest.mark.parametrize("name", sorted(SPOKEN_FAULTS))
def test_what_it_says_is_its_fault(name: str) -> None:
    _check_fault(name, "rlimits", SPOKEN_FAULTS[name])


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS[:-1])
@pytest.mark.parametrize("name", sorted(SPOKEN_FAULTS))
def test_what_it_says_is_its_fault_at_every_level(name: str, level: str) -> None:
    _check_fault(name, level, SPOKEN_FAULTS[name])


def _check_fault(name: str, level: str, kind: str) -> None:
    """One match against the hostile program ends as this fault of it."""
    boxes.need(level)
    record, _ = _attack(name, level, {"host": os.getpid()}, RandomAgent())
    assert record.outcome == "forfeited"
    assert [(fault["seat"], fault["kind"]) for fault in record.faults] == [(0, kind)], record.faults
    assert record.winner == 1


@boxes.level
@pytest.mark.parametrize("name", STOPPED)
def test_it_achieves_nothing(name: str, level: str, host: dict[str, Any]) -> None:
    boxes.need(level)
    pauses_s = {"thinks_on": 0.3, "wakes_itself": 2.0 if level == "rlimits" else 0.3}  # time to think in
    record, said = _attack(name, level, host, _Slow(pauses_s[name]) if name in pauses_s else RandomAgent())
    achieved = set(re.findall(r"^BROKE: (.*)$", said, re.MULTILINE))
    if name == "wakes_itself" and record.faults:  # found out
        assert "worked for" in record.faults[0]["reason"]
        assert level == "rlimits"
        return
    if name in ("deep_folders", "fill_scratch") and level in ("landlock", "rlimits"):
        assert "scratch directory" in record.faults[0]["reason"]
        return
    assert achieved <= LEAKS[level], said
    if name != "signals":  # it may end its own processes
        assert not record.faults, (record.faults, said)
    assert Path(host["open_folder"]).is_dir()
    if level != "rlimits":
        assert Path(host["open_file"]).read_text(encoding="ascii") == "kept"


@pytest.mark.parametrize("name", ["late_filling", "late_folders"])
def test_its_use_is_watched_at_every_turn(name: str) -> None:
    """Not at the first question alone, and what was done just before an answer too."""
    boxes.need("rlimits")
    record, _ = _attack(name, "rlimits", {"host": os.getpid()}, RandomAgent())
    (fault,) = record.faults
    assert (fault["seat"], fault["kind"]) == (0, _DIED)
    assert "scratch directory" in fault["reason"]


@pytest.mark.parametrize("version", [3, 5])
@pytest.mark.parametrize("name", ["signals", "write_host"])
def test_older_versions_of_landlock(name: str, version: int, host: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Before version 6 signals are not watched, and the filter lets an agent signal itself alone."""
    boxes.need("landlock")
    monkeypatch.setattr(launches, "landlock_version", lambda: version)
    record, said = _attack(name, "landlock", host, RandomAgent())
    assert "BROKE" not in said
    assert not record.faults


def test_the_page_lists_what_each_level_cannot_stop() -> None:
    page = (Path(__file__).parents[3] / "docs" / "isolation.md").read_text(encoding="utf-8")
    for name in LEVELS:
        assert f"`{name}`" in page
