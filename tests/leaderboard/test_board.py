"""Boards: the package's own, digests, and definitions that are refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agentarena.core import registry
from agentarena.core.errors import ArenaError, BadOption, UnknownName, UsageError
from agentarena.leaderboard.board import BOARDS, Board, Protocol, board_names


def test_every_environment_has_a_board_with_standings() -> None:
    boards = [Board.load(name) for name in board_names()]
    assert {board.env for board in boards} == set(registry.env_ids())
    for board in boards:
        page = (BOARDS / f"{board.name}.md").read_text()
        assert board.digest[:12] in page, f"{board.name}.md is of another definition; run `make boards`"
        for agent in board.agents:
            assert f"| {agent} |" in page


def test_the_digest_covers_all_but_the_title(board: Board) -> None:
    assert dataclasses.replace(board, title="Another").digest == board.digest
    for change in (
        {"agents": ("random",)},
        {"level": 0.9},
        {"protocol": Protocol(rounds=21)},
        {"options": {"players": 3}},
        {"comparable": ()},
    ):
        assert dataclasses.replace(board, **change).digest != board.digest


def test_defaults_spelled_out_are_the_same_board(board: Board) -> None:
    assert dataclasses.replace(board, env="KuhnPoker", options={"players": 2}).digest == board.digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('agents = ["random", "random"]', "listed twice"),
        ("agents = []", "name reference agents"),
        ('agents = ["random"]\n[protocol]\nrounds = 5\nmost_rounds = 4', "most_rounds=4 must be at least rounds=5"),
        ('agents = ["random"]\n[protocol]\ntables = "self"', 'set rating = "return"'),
        ('agents = ["random"]\n[protocol]\nisolation = "docker"', "bubblewrap"),
        ('agents = ["random?"]\noptions = { players = 77 }', "players"),
        ('agents = ["random"]\noptions = { plyers = 2 }', "players"),
    ],
)
def test_wrong_boards_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "b.toml"
    path.write_text(f'name = "b"\nenv = "KuhnPoker-v0"\n{text}\n')
    with pytest.raises(ArenaError, match=words):
        Board.load(path)


def test_a_board_of_a_stranger_names_no_code(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    for text in ('env = "os:system"\nagents = ["random"]', 'env = "KuhnPoker-v0"\nagents = ["evil.py:Agent"]'):
        path.write_text(f'name = "b"\n{text}\n')
        with pytest.raises(UsageError, match="--trust"):
            Board.load(path)


def test_unknown_boards_are_suggested() -> None:
    with pytest.raises(UnknownName, match="Did you mean tictactoe"):
        Board.load("tictactoes")


def test_names_are_plain(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text('name = "../x"\nenv = "KuhnPoker-v0"\nagents = ["random"]\n')
    with pytest.raises(BadOption, match="line 1, name"):
        Board.load(path)
