"""Tournaments: what is played, what is kept, how they go on, and what comes out of one whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.core.agent import Agent, View
from agentarena.core.errors import CorruptRecord, RecordMismatch, UsageError
from agentarena.matches.results import Results
from agentarena.matches.tournaments import Tournament, tournament


class First(Agent):
    """Plays the first legal move."""

    name = "first"

    def choose(self, view: View) -> int:
        assert isinstance(view.legal, tuple)
        return view.legal[0]


def test_same_arguments_same_records(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        tournament("TicTacToe-v0", ["random", First()], rounds=5, seed=4, out=tmp_path / folder)
    first, second = ((tmp_path / folder / "records.jsonl").read_bytes() for folder in ("a", "b"))
    assert first == second
    assert first.count(b"\n") == 10


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A file cut in the middle, more rounds, and a further agent: what was played stays, the rest is as if played at once."""
    tournament("TicTacToe-v0", ["random", First()], rounds=6, seed=1, out=tmp_path)
    file = tmp_path / "records.jsonl"
    file.write_bytes(file.read_bytes()[: 7 * len(file.read_bytes()) // 12])
    agents = ["random", First(), "minimax"]
    counts: list[tuple[int, int]] = []
    grown = tournament("TicTacToe-v0", agents, rounds=8, seed=1, out=tmp_path, progress=lambda done, total: counts.append((done, total)))
    assert counts[0][0] >= 6
    assert counts[-1] == (48, 48)
    at_once = tournament("TicTacToe-v0", agents, rounds=8, seed=1)
    assert [r.line() for r in grown.results.records] == [r.line() for r in at_once.results.records]


def test_another_tournament_is_not_continued(tmp_path: Path) -> None:
    tournament("TicTacToe-v0", ["random", First()], rounds=1, out=tmp_path)
    with pytest.raises(RecordMismatch, match="seed 0 there, 9 here"):
        tournament("TicTacToe-v0", ["random", First()], rounds=1, seed=9, out=tmp_path)
    with pytest.raises(RecordMismatch, match="end of the list"):
        tournament("TicTacToe-v0", [First(), "random"], rounds=1, out=tmp_path)


def test_save_and_load(tmp_path: Path) -> None:
    result = tournament("KuhnPoker-v0", ["random", First()], rounds=4, seed=2)
    result.save(tmp_path / "t")
    again = Tournament.load(tmp_path / "t")
    assert again.about == result.about
    assert again.tables() == result.tables()
    with pytest.raises(UsageError, match="holds no tournament"):
        Tournament.load(tmp_path)
    (tmp_path / "t" / "tournament.json").write_text("{")
    with pytest.raises(CorruptRecord, match="not JSON"):
        Tournament.load(tmp_path / "t")
    (tmp_path / "t" / "tournament.json").write_text(json.dumps({"env": 1}))
    with pytest.raises(CorruptRecord, match="does not describe a tournament: it lacks 'options'"):
        Tournament.load(tmp_path / "t")


def test_the_stronger_player_wins() -> None:
    """Minimax never loses at tic-tac-toe, and against random play wins most games from either seat."""
    result = tournament("TicTacToe-v0", ["random", "minimax", First()], rounds=12, seed=0).standings
    best = result.rows[0]
    assert best.agent == "minimax"
    assert best.return_interval.low > max(row.return_interval.high for row in result.rows[1:])
    assert best.mass > 0.99
    assert result.evolution is not None
    assert result.evolution.recurrent_classes == ((0,),)
    assert (result.head_to_head.score[0, 1:] > 0.5).all()
    assert result.matches == 72
    assert result.deals == 36


def test_more_agents_than_seats_and_fewer() -> None:
    many = tournament("TicTacToe-v0", ["random", First(), "minimax", "mcts?simulations=2"], rounds=1)
    assert len(many.results) == 12
    few = tournament("fixtures.games:Moles", ["random", First()], rounds=1, seed=1)
    held = [[seat.index for seat in record.seats] for record in few.results.records]
    assert {sum(row) for row in held} == {2, 3}
    assert few.standings.by_role
    assert len(few.tables()) >= 3


def test_the_public_call() -> None:
    result = aa.tournament("MatrixGame-v0", ["random", First()], matches=10)
    assert isinstance(result.results, Results)
    assert len(result.results) == 10


@pytest.mark.parametrize("agents", ["random", ["random"], ["random", "random"], [First(), First()]])
def test_bad_lists_of_agents(agents: object) -> None:
    with pytest.raises(UsageError):
        tournament("TicTacToe-v0", agents, rounds=1)  # type: ignore[arg-type]


def test_neither_rounds_nor_matches() -> None:
    with pytest.raises(UsageError, match="either rounds or matches"):
        tournament("TicTacToe-v0", ["random", First()])
