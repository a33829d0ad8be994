"""Random openings: the same in every seating of a deal, in the record, and nobody's turns."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.action_games import Doubles
from fixtures.games import Duel, Market, Outside, Pile

import agentarena as aa
from agentarena.cli import main
from agentarena.core.errors import RecordMismatch, UsageError
from agentarena.core.frames import frames
from agentarena.core.match import Match, RunConfig
from agentarena.core.openings import draw_opening
from agentarena.core.record import Fixture, Record
from agentarena.core.replay import replay, states, trajectory, verify
from agentarena.core.rng import stream
from agentarena.matches.results import Results

SUBJECTS: list[Any] = ["TicTacToe-v0", "LeducPoker-v0", "Werewolf-v0", "Commons-v0", "Dhumbal-v0", Duel(), Market(), Doubles(), Outside()]


def courses(records: list[Record]) -> set[str]:
    return {json.dumps(record.actions) for record in records}


def test_agents_that_always_play_alike_play_many_different_matches() -> None:
    """Two players of no randomness: 30 matches without openings are one; with three random moves, hardly two are the same."""
    first = "tests/matches/test_tournaments.py:First"
    assert len(courses(aa.play("TicTacToe-v0", [first, first], matches=30, rotate=False, seed=3).records)) == 1
    opened = aa.play("TicTacToe-v0", [first, first], matches=30, rotate=False, seed=3, openings=3).records
    assert len(courses(opened)) > 27
    searched = aa.play("TicTacToe-v0", ["minimax", "minimax"], matches=10, seed=3, openings=3).records
    assert len(courses(searched)) >= 5


def test_deterministic_agents_in_a_game_without_chance_are_told_apart() -> None:
    first = "tests/matches/test_tournaments.py:First"
    assert len(courses(aa.play("ConnectFour-v0", [first, first], matches=20).records)) == 1
    runs = aa.play("ConnectFour-v0", [first, first], matches=20, openings=4)
    assert len(courses(runs.records)) == 10  # ten deals, each in both seatings, which the same player plays alike
    assert {record.openings for record in runs.records} == {4}


def test_all_seatings_of_a_deal_share_their_opening() -> None:
    finished = aa.tournament("TicTacToe-v0", ["minimax", "tictactoe/perfect", "random"], rounds=6, seed=2, openings=2)
    by_deal: dict[int, set[str]] = {}
    for record in finished.results.records:
        by_deal.setdefault(record.deal, set()).add(json.dumps(record.actions[:2]))
    assert all(len(openings) == 1 for openings in by_deal.values())
    assert len(set.union(*by_deal.values())) > 10
    played = aa.play("TicTacToe-v0", ["random", "minimax"], matches=8, openings=2).records
    assert [record.deal for record in played] == [0, 0, 1, 1, 2, 2, 3, 3]
    alone = aa.play("TicTacToe-v0", ["random", "minimax"], matches=4, openings=2, rotate=False).records
    assert [record.deal for record in alone] == [0, 1, 2, 3]
    fresh = aa.play("TicTacToe-v0", ["random", "minimax"], matches=4, openings=2, duplicate=False).records
    assert [record.deal for record in fresh] == [0, 1, 2, 3]


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_a_record_with_an_opening_plays_again_to_its_bytes(subject: Any, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    runs = aa.play(subject, ["random"], matches=3, seed=5, openings=2, out=out)
    assert verify(out).ok or not isinstance(subject, str)  # the tests' own games are code, which verify may refuse to run
    for record in runs.records:
        assert 0 < record.openings <= 2
        assert len(record.actions) > record.openings or record.outcome == "forfeited"
        assert record.steps == len(record.actions)
        assert replay(record) == record
        again = Record.parse(record.line())
        assert again.openings == record.openings
        assert f'"openings":{record.openings}' in record.line()
        shown = frames(record)
        assert len(shown) == len(record.actions) + 1
        assert all(len(shown[step + 1].moves) == len(record.actions[step]) for step in range(record.openings))
        assert all("opening" in frame.note for frame in shown[1 : record.openings + 1])
        assert not any("opening" in frame.note for frame in shown[record.openings + 1 :])
        assert len(list(states(record))) == len(record.actions) + 1
        turns = trajectory(record)
        assert len({(turn.seat, turn.step) for turn in turns.turns if turn.action is not None}) == record.turns
        assert min(turn.step for turn in turns.turns) >= record.openings
        for seat, value in enumerate(record.returns):
            assert turns.initial[seat] + sum(turn.reward for turn in turns.of(seat)) == pytest.approx(value)


def test_agents_learn_of_the_opening_and_it_is_no_turn_of_theirs() -> None:
    with Match(RunConfig(aa.game("TicTacToe-v0"), seed=1, openings=3), Fixture(0, 0)) as match:
        assert match.turns == [0, 0]
        assert match.to_move == (1,)
        view = match.view(1)
        assert view.turn == 0
        assert len(view.news) == 3
        assert len(view.legal) == 6
        assert match.openings == len(match.actions) == match.episode.steps == 3


def test_an_opening_never_ends_the_match() -> None:
    """Openings that end it are drawn anew; where all do, the longest stands without its last step."""
    game = aa.game("TicTacToe-v0")
    for deal in range(60):
        with Match(RunConfig(game, seed=4, openings=6), Fixture(deal, deal)) as match:
            assert not match.over
            assert match.openings == 6
        with Match(RunConfig(game, seed=4, openings=10**9), Fixture(deal, deal)) as match:
            assert not match.over
            assert match.openings in (7, 8)
    with Match(RunConfig(aa.game("RockPaperScissors-v0", rounds=1), openings=5), Fixture(0, 0)) as match:
        assert match.openings == 0
        assert not match.over
    with Match(RunConfig(Pile(), openings=10**9), Fixture(0, 0)) as match:
        assert not match.over


def test_openings_are_uniform_over_legal_moves_and_independent_of_the_deal() -> None:
    game = aa.game("TicTacToe-v0")
    cells = [draw_opening(game, 1, stream(0), 7, deal)[0][0] for deal in range(1800)]
    counts = np.bincount(cells, minlength=9)
    assert ((counts - 200) ** 2 / 200).sum() < 26.1  # chi squared, 8 degrees of freedom: once in a thousand
    assert draw_opening(game, 3, stream(0), 7, 5) == draw_opening(game, 3, stream(1), 7, 5)
    assert draw_opening(game, 3, stream(0), 7, 5)[:2] == draw_opening(game, 2, stream(0), 7, 5)
    assert draw_opening(game, 3, stream(0), 8, 5) != draw_opening(game, 3, stream(0), 7, 5)


def test_the_deal_is_that_of_the_match_without_an_opening() -> None:
    """Cards are dealt before the opening and are not touched by drawing it."""
    game = aa.game("LeducPoker-v0")
    for deal in range(10):
        with (
            Match(RunConfig(game, seed=2), Fixture(deal, deal)) as plain,
            Match(RunConfig(game, seed=2, openings=1), Fixture(deal, deal)) as other,
        ):
            assert plain.episode.state.cards == other.episode.state.cards


def test_a_run_with_openings_goes_on_and_another_does_not(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    whole = aa.play("TicTacToe-v0", ["random", "minimax"], matches=6, openings=2).records
    aa.play("TicTacToe-v0", ["random", "minimax"], matches=3, openings=2, out=out)
    assert [record.line() for record in aa.play("TicTacToe-v0", ["random", "minimax"], matches=6, openings=2, out=out).records] == [
        record.line() for record in whole
    ]
    for openings in (0, 3):
        with pytest.raises(RecordMismatch, match="opening"):
            aa.play("TicTacToe-v0", ["random", "minimax"], matches=6, openings=openings, duplicate=True, out=out)
    folder = tmp_path / "t"
    aa.tournament("TicTacToe-v0", ["random", "minimax"], rounds=1, openings=2, out=folder)
    assert json.loads((folder / "tournament.json").read_text())["openings"] == 2
    with pytest.raises(RecordMismatch, match="openings"):
        aa.tournament("TicTacToe-v0", ["random", "minimax"], rounds=2, out=folder)


def test_worker_processes_play_the_same_openings() -> None:
    here, there = (aa.play("TicTacToe-v0", ["random", "random"], matches=8, openings=3, workers=workers).records for workers in (None, 2))
    assert [record.line() for record in here] == [record.line() for record in there]


def test_a_forged_opening_does_not_verify(tmp_path: Path) -> None:
    (record,) = aa.play("TicTacToe-v0", ["random", "random"], matches=1, openings=3).records
    moved = dataclasses.replace(record, actions=[((0, (record.actions[0][0][1] + 1) % 9),), *record.actions[1:]])
    shorter = dataclasses.replace(record, openings=2)
    for forged in (moved, shorter):
        (tmp_path / "a.jsonl").write_text(forged.line() + "\n")
        assert not verify(tmp_path / "a.jsonl").ok


def test_records_without_openings_are_as_before(tmp_path: Path) -> None:
    (record,) = aa.play("TicTacToe-v0", ["random", "random"], matches=1).records
    assert "openings" not in record.line()
    assert Record.parse(record.line()).openings == 0
    for wrong in (-1, "2", True, 1.5):
        damaged = json.dumps({**json.loads(record.line()), "openings": wrong})
        with pytest.raises(aa.core.errors.CorruptRecord, match="openings"):
            Record.parse(damaged)


@pytest.mark.parametrize("wrong", [-1, 1.5, True, "2", None, float("nan")])
def test_openings_that_are_no_whole_number_are_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match="openings must be a whole number"):
        aa.play("TicTacToe-v0", ["random", "random"], matches=1, openings=wrong)


def test_the_command_line_offers_openings(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    call = ["play", "TicTacToe-v0", "random", "random", "--matches", "4", "--openings", "2", "--out", str(out), "--quiet"]
    main(call)
    assert [record.openings for record in Results.load(out).records] == [2] * 4
    folder = tmp_path / "t"
    call = ["tournament", "TicTacToe-v0", "random", "minimax", "-r", "1", "--openings", "2", "--out", str(folder), "--quiet"]
    main(call)
    assert [record.openings for record in Results.load(folder / "records.jsonl").records] == [2, 2]
