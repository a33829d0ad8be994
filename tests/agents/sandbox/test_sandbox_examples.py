"""The example agents play whole matches without a fault, where their interpreter or compiler is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import boxes
import pytest

from agentarena.agents.sandbox.agent import CommandAgent
from agentarena.agents.sandbox.levels import available_levels, best_level
from agentarena.agents.sandbox.limits import Limits
from agentarena.agents.sandbox.python import python_command
from agentarena.matches.api import play

EXAMPLES = Path(__file__).parents[3] / "examples" / "submissions"


def _described(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / name / "agent.toml").read_text(encoding="utf-8"))


def _plays(player: CommandAgent, env: str = "TicTacToe-v0") -> float:
    """Its share of wins in a few matches against a random player."""
    try:
        results = play(env, [player, "random"], matches=6, seed=1)
    finally:
        player.close()
    assert not [fault for record in results.records for fault in record.faults], player.stderr_tail
    return next(row["win_share"] for row in results.table() if row["agent"] == player.name)


def test_there_is_a_level() -> None:
    if not any(level.available for level in available_levels()):
        pytest.skip("no level of isolation works here")
    assert best_level()


@pytest.mark.parametrize("env", ["TicTacToe-v0", "KuhnPoker-v0"])
def test_the_python_example(env: str) -> None:
    level = best_level()
    assert sys.executable
    with boxes.open_folder() as folder:
        shutil.copytree(EXAMPLES / "first", folder, dirs_exist_ok=True)
        described = _described("first")
        command = python_command(described["entry"], folder)
        player = CommandAgent(command, folder, name=described["name"], version=described["version"], level=level, limits=Limits(start_s=60))
        _plays(player, env)


def test_the_javascript_example() -> None:
    if shutil.which("node", path="/usr/local/bin:/usr/bin") is None:
        pytest.skip("node is not installed")
    with boxes.open_folder() as folder:
        shutil.copytree(EXAMPLES / "javascript", folder, dirs_exist_ok=True)
        _plays(boxes.agent(tuple(_described("javascript")["command"]), folder, best_level(), Limits(start_s=60)))


def test_the_compiled_example() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    with boxes.open_folder() as folder:
        shutil.copytree(EXAMPLES / "c", folder, dirs_exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "agent", "agent.c"], cwd=folder, check=True)
        _plays(boxes.agent(tuple(_described("c")["command"]), folder, best_level(), Limits(start_s=60)))
        _plays(boxes.agent(tuple(_described("c")["command"]), folder, best_level(), Limits(start_s=60)), "KuhnPoker-v0")


@boxes.level
def test_node_runs_at_every_level(level: str) -> None:
    """Its virtual machine reserves much more address space than it uses."""
    boxes.need(level)
    if shutil.which("node", path="/usr/local/bin:/usr/bin") is None:
        pytest.skip("node is not installed")
    with boxes.open_folder() as folder:
        shutil.copytree(EXAMPLES / "javascript", folder, dirs_exist_ok=True)
        _plays(boxes.agent(("node", "agent.js"), folder, level, Limits(start_s=60)))
