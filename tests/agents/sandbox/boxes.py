"""What the tests of sandboxes share: folders that others may read, the hostile program, and who is still there."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentarena.agents.sandbox.agent import CommandAgent
from agentarena.agents.sandbox.levels import LEVELS, probe
from agentarena.agents.sandbox.limits import Limits
from agentarena.core import registry
from agentarena.core.agent import Agent, View
from agentarena.core.rng import CHANCE, stream

__all__ = [
    "HERE",
    "PATIENT",
    "PYTHON",
    "ROOT",
    "Agent",
    "agent",
    "gone",
    "level",
    "need",
    "open_folder",
    "processes_with",
    "program",
    "view",
]

HERE = Path(__file__).parent
PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
"""An interpreter that every user can run."""
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

PATIENT = Limits(answer_s=30.0, start_s=60.0, scratch_bytes=16 << 20, file_bytes=8 << 20, stderr_bytes=1 << 20)


def need(level: str) -> None:
    """Skip where a level does not work."""
    result = probe(level)
    if not result.available:
        pytest.skip(f"level {level}: {result.reason}")
    if PYTHON is None:
        pytest.skip("there is no Python for every user")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder below /tmp that other users may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="agentarena-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def program(folder: Path, text: str, name: str = "agent.py") -> tuple[str, ...]:
    """The command of a Python program with this text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)
    return (str(PYTHON), "-I", name)


def agent(command: tuple[str, ...], folder: Path, level: str | None = None, limits: Limits = PATIENT, **more: object) -> CommandAgent:
    """An agent in a sandbox."""
    return CommandAgent(command, folder, name="tested", version="1", limits=limits, level=level, **more)  # type: ignore[arg-type]


def view() -> View:
    """The first view of a match of tic-tac-toe."""
    game = registry.game("TicTacToe-v0")
    return View(game, game.start(stream(0, CHANCE, 0)), 0)


def processes_with(token: str) -> list[int]:
    """Processes whose command line holds a token, zombies left out."""
    pids = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                if token.encode() in Path("/proc", entry, "cmdline").read_bytes():
                    pids.append(int(entry))
            except OSError:
                continue
    return pids


def gone(token: str, within_s: float = 3.0) -> bool:
    """Whether no process with this token is left."""
    end = time.monotonic() + within_s
    while processes_with(token) and time.monotonic() < end:
        time.sleep(0.02)
    return not processes_with(token)


level = pytest.mark.parametrize("level", LEVELS)
