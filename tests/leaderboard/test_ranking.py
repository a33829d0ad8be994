"""Runs that decide a board's question: resumed, verified, and without the agents that were withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.core.errors import UsageError
from agentarena.leaderboard.board import Board, Protocol, Settled
from agentarena.leaderboard.deal_schedule import deal_fixtures, seats_of_deals
from agentarena.leaderboard.leaderboard import Leaderboard

Write = Callable[..., Path]


@pytest.fixture
def board() -> Board:
    return Board(
        name="three",
        env="TicTacToe-v0",
        agents=("random", "tictactoe/tactical"),
        protocol=Protocol(rounds=6, most_rounds=6, openings=1, seeds="public"),
        settled=Settled(deals=6),
    )


class Stop(Exception):
    """Stands for a kill: raised between two matches."""


def test_deals_are_known_from_any_of_their_matches() -> None:
    from types import SimpleNamespace

    deals = [(0, 1, 2), (2, 0, 1), (1, 1, 0)]
    records = [SimpleNamespace(match=f.match, deal=f.deal, seats=[SimpleNamespace(index=i) for i in f.seats]) for f in deal_fixtures(deals)]
    assert seats_of_deals(records) == deals
    assert seats_of_deals(records[1::3]) == deals


def test_a_question_is_decided_once_and_its_matches_count(board: Board, tmp_path: Path, write: Write) -> None:
    with Leaderboard(board, tmp_path / "home") as leaderboard:
        leaderboard.submit(write("weak", 'spec = "random"'))
        decision = leaderboard.rank("top", budget=300)
        assert decision.decided
        assert decision.ranks[decision.agents.index("tictactoe/tactical")].tolist() == [1, 1]
        calls: list[tuple[int, int]] = []
        again = leaderboard.rank("top", budget=300, progress=lambda *done: calls.append(done))
        assert (again.reason, calls) == (decision.reason, [])
        before = sum(row.matches for row in leaderboard.rows)
        dump = leaderboard.store.dump()
        leaderboard.rebuild()
        assert leaderboard.store.dump() == dump
        leaderboard.withdraw("weak-1")
        assert "weak-1" not in {row.agent for row in leaderboard.rows}
        assert sum(row.matches for row in leaderboard.rows) < before
        assert leaderboard.verify() > 0


def test_an_interrupted_question_ends_as_an_undisturbed_one(board: Board, tmp_path: Path) -> None:
    with Leaderboard(board, tmp_path / "calm") as leaderboard:
        calm = leaderboard.rank("ranks", budget=60)
        rows = [{**row.json(), "ms": 0} for row in leaderboard.rows]

    def interrupt_at(match: int) -> Callable[[int, int], None]:
        def interrupt(done: int, total: int) -> None:
            if done == match:
                raise Stop

        return interrupt

    with Leaderboard(board, tmp_path / "home") as leaderboard:
        leaderboard.play_references()
        for match in (3, 8, 15):
            with pytest.raises(Stop):
                leaderboard.rank("ranks", budget=60, progress=interrupt_at(match))
        disturbed = leaderboard.rank("ranks", budget=60)
        assert disturbed.reason == calm.reason
        assert [{**row.json(), "ms": 0} for row in leaderboard.rows] == rows


def test_agents_that_never_meet_have_no_such_question(tmp_path: Path) -> None:
    board = Board(name="self", env="MiniHanabi-v0", agents=("random",), rating="return", protocol=Protocol(tables="self", rounds=2))
    with Leaderboard(board, tmp_path / "home") as leaderboard, pytest.raises(UsageError, match="never meet"):
        leaderboard.rank()
