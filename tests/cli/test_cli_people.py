"""A person's game with `agentarena play`: one seat, a new deal each time, the end shown, ways to leave."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.core.agent import Agent, View
from agentarena.matches.results import Results

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def types(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Runs a command with bytes on its standard input."""

    def call(typed: bytes, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
        return run(*words)

    return call


ALL_CELLS = b"".join(f"{row},{column}\n".encode() for row in range(3) for column in range(3)) * 3


def test_one_match_is_played_and_the_final_board_and_the_winner_are_shown(types) -> None:
    code, out, err = types(ALL_CELLS, "play", "TicTacToe-v0", "human", "random", "--seed", "3", "--out", "t.jsonl")
    assert (code, err) == (0, "")
    (record,) = Results.load("t.jsonl").records
    end = out.rpartition("> ")[2]
    board = record.game().text.look(_final_state(record), 0)
    assert board in end
    assert {0: "You won.", 1: "You lost; seat 1 (random) won.", None: "A draw."}[record.winner] in end
    assert "human, you" in end
    assert "agentarena replay t.jsonl" in end


def _final_state(record):
    from agentarena.core.replay import states

    *_, last = states(record)
    return last


def test_a_person_holds_one_seat_and_others_fill_the_table(types) -> None:
    types(b"quit\n", "play", "Dhumbal-v0", "human", "dhumbal/aggressive", "random", "--out", "d.jsonl")
    (record,) = Results.load("d.jsonl").records
    assert [seat.agent for seat in record.seats].count("human") == 1
    assert len(record.seats) == 4


def test_a_new_deal_each_time_unless_a_seed_is_given(types) -> None:
    seeds = {re.search(r"--seed (\d+)", types(b"quit\n", "play", "KuhnPoker-v0", "human", "random")[1])[1] for _ in range(4)}
    assert len(seeds) > 1
    outs = {types(b"quit\n", "play", "Dhumbal-v0", "human", "random", "--seed", "8")[1] for _ in range(2)}
    assert len(outs) == 1
    assert "--seed" not in outs.pop()


def test_a_recorded_game_goes_on_with_its_own_seed(types) -> None:
    types(b"bet\nbet\nquit\n", "play", "KuhnPoker-v0", "human", "random", "-n", "3", "--out", "k.jsonl")
    before = Results.load("k.jsonl").records
    assert before
    code, _, err = types(b"bet\n" * 9, "play", "KuhnPoker-v0", "human", "random", "-n", "5", "--out", "k.jsonl")
    assert (code, err) == (0, "")
    after = Results.load("k.jsonl").records
    assert len(after) == 5
    assert {record.seed for record in after} == {before[0].seed}


@pytest.mark.parametrize("typed", [b"quit\n", b""])
def test_leaving_ends_the_run_politely_after_the_match_that_was_given_up(types, typed) -> None:
    code, out, err = types(typed, "play", "TicTacToe-v0", "human", "random", "-n", "5", "--out", "t.jsonl")
    assert (code, err) == (0, "")
    assert "You gave the match up." in out
    assert "You left after 1 match." in out
    assert len(Results.load("t.jsonl")) == 1


def test_an_interrupt_ends_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.StringIO):
        def readline(self, *_):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    code, _, err = run("play", "TicTacToe-v0", "human", "random")
    assert code == 130
    assert "interrupted" in err
    assert "Traceback" not in err


def test_bytes_that_are_no_utf8_are_asked_again(types) -> None:
    code, out, _ = types(b"\xff\xfe\x80\n" + ALL_CELLS, "play", "TicTacToe-v0", "human", "random", "--seed", "3")
    assert code == 0
    assert "forfeit" not in out


def test_every_match_of_several_shows_its_end_and_then_the_standings(types) -> None:
    code, out, _ = types(ALL_CELLS * 3, "play", "TicTacToe-v0", "human", "random", "-n", "2", "--seed", "3")
    assert code == 0
    assert out.count("human, you") == 2
    assert "win %" in out


def test_options_that_a_person_cannot_play_under_are_refused(types) -> None:
    for words in (("--workers", "2"), ("--deadline", "1"), ("--json",)):
        code, _, err = types(b"", "play", "TicTacToe-v0", "human", "random", *words)
        assert code == 2
        assert "a person plays in this process" in err
    assert types(b"", "watch", "TicTacToe-v0", "human", "random")[0] == 2


def test_what_other_players_say_cannot_act_on_the_persons_terminal(types, tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "from agentarena import Agent, Reply\nclass Loud(Agent):\n    def choose(self, view):\n"
        "        speaks = not hasattr(view.read('<say>hi</say>'), 'reason')\n"
        "        return Reply('<say>\\x1b[2Jboo [/]</say>' if speaks else view.write(view.legal[0]))\n"
    )
    code, out, _ = types(b"quit\n", "play", "Werewolf-v0", "loud.py:Loud", "human", "--no-rotate", "--seed", "5")
    assert code == 0
    assert "\x1b" not in out


class Notes(Agent):
    """Plays at random."""

    name = "notes"

    def choose(self, view: View) -> object:
        return view.sample()


def test_on_match_is_called_with_each_record_as_it_ends_and_may_end_the_run() -> None:
    import agentarena as aa

    seen = []
    results = aa.play("TicTacToe-v0", [Notes(), "random"], matches=3, on_match=seen.append)
    assert [record.line() for record in sorted(seen, key=lambda record: record.match)] == [record.line() for record in results.records]

    def stop(record):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        aa.play("TicTacToe-v0", [Notes(), "random"], matches=3, on_match=stop)
