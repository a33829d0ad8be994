"""Small boards and submissions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.leaderboard.board import Board, Protocol, Settled

Write = Callable[..., Path]


@pytest.fixture
def board() -> Board:
    """Kuhn poker in a handful of matches, with a public seed."""
    return Board(
        name="small",
        env="KuhnPoker-v0",
        agents=("random", "kuhnpoker/nash", "kuhnpoker/always_bet"),
        rating="return",
        protocol=Protocol(rounds=20, most_rounds=40, seeds="public"),
        settled=Settled(deals=60),
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a submission's folder: `write("name", 'spec = "random"')`."""

    def folder(name: str = "mine", way: str = 'spec = "kuhnpoker/honest"', version: str = "1", **files: str) -> Path:
        place = tmp_path / "submissions" / f"{name}-{version}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "agent.toml").write_text(f'name = "{name}"\nversion = "{version}"\nauthors = ["A. Student"]\n{way}\n')
        for file, text in files.items():
            (place / f"{file}.py").write_text(text)
        return place

    return folder
