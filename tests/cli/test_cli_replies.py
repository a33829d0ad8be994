"""What was said in a match, in the terminal: prompts, replies and thinking, exports, JSON; and nothing that acts on the terminal."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.cli import common
from agentarena.core.agent import Agent, Reply, View
from agentarena.matches.results import Results

Run = Callable[..., tuple[int, str, str]]

EVIL = "x[/]y[bold red]\x1b[2J\x9b31m\u202e"
"""Markup that ends in a traceback, and control sequences of two kinds."""


NAME = "x[/]y[bold red]"
"""The same as a name: control characters in names are refused before the first match."""


class Speaker(Agent):
    """Thinks and answers in words, wrongly at first in every third question; its name and words are hostile."""

    name = NAME

    def choose(self, view: View) -> Reply:
        legal = view.legal
        move = view.write(legal[0] if isinstance(legal, tuple) else legal.sample(view.rng))
        text = f"{EVIL}<answer>{move}</answer>" if view.turn % 3 or view.attempt else f"hm {EVIL}"
        return Reply(text, thinking=f"secret of seat {view.seat} {EVIL}", usage={"prompt_tokens": 7, "completion_tokens": 3})


class Resigns(Speaker):
    def choose(self, view: View) -> Reply:
        raise ValueError(EVIL)


@pytest.fixture
def records(tmp_path: Path) -> str:
    """A record file with hostile names and words."""
    aa.play("KuhnPoker-v0", [Speaker(), "random"], matches=4, seed=1, out=tmp_path / "k.jsonl")
    return "k.jsonl"


def harmless(*texts: str) -> bool:
    return not any(char in text for text in texts for char in "\x1b\x9b\u202e") and not any("Traceback" in text for text in texts)


def test_markup_and_control_sequences_of_names_and_replies_reach_the_terminal_as_text(run: Run, records: str) -> None:
    for words in (
        ("replay", records),
        ("replay", records, "--seat", "0"),
        ("prompts", records),
        ("prompts", records, "--full", "--match", "1"),
        ("prompts", records, "--json"),
        ("replay", records, "--json"),
        ("report", records),
        ("replay", records, "--match", "77"),
    ):
        code, out, err = run(*words)
        assert code == (2 if "77" in words else 0), (words, err)
        assert harmless(out, err), words
    assert "x[/]y" in run("replay", records)[1]


def test_tables_show_hostile_names_and_reasons_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    from agentarena.cli.play import show_results

    for agents in ([Speaker(), "random"], [Resigns(), "random"]):
        show_results(EVIL, aa.play("TicTacToe-v0", agents, matches=3))
        out = capsys.readouterr().out
        assert harmless(out)
        assert "x[/]y" in out
    common.show_table(EVIL, (EVIL, "b"), [(EVIL, EVIL)], caption=EVIL)
    with common.progress_bar(EVIL) as progress:
        if progress is not None:
            progress(1, 2)
    common.say(EVIL)
    assert harmless(*capsys.readouterr())


def test_errors_that_quote_what_was_typed_are_harmless(run: Run) -> None:
    for words in (
        ("plai" + EVIL,),
        ("play", EVIL, "random"),
        ("play", "TicTacToe-v0", EVIL),
        ("play", "TicTacToe-v0", "random", "-s", EVIL),
        ("replay", EVIL),
    ):
        code, out, err = run(*words)
        assert code == 2
        assert harmless(out, err)


def test_an_agents_exception_is_logged_without_control_characters(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "from agentarena import Agent\nclass Bad(Agent):\n    def choose(self, view):\n        raise ValueError('\\x1b[2J')\n"
    )
    code, out, err = run("play", "TicTacToe-v0", "bad.py:Bad", "random", "-n", "2", "--quiet")
    assert code == 0
    assert "\x1b" not in out + err
    assert re.search(r"bad.py:Bad +2 +raised +the match +ValueError", out)


def test_a_terminal_without_unicode_shows_every_table(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "agentarena", "play", "RockPaperScissors-v0", "random", "random", "-n", "1"]
    finished = subprocess.run(words, capture_output=True, env=environment, cwd=tmp_path, check=False)
    assert finished.returncode == 0, finished.stderr
    assert b"win %" in finished.stdout


def test_a_replay_shows_replies_and_thinking_and_why_replies_were_refused(run: Run, records: str) -> None:
    out = run("replay", records)[1]
    assert "thinks: secret of seat 0" in out
    assert "replies (unreadable: " in out
    assert "replies: " in out


def test_one_seat_never_sees_the_thinking_or_the_replies_of_another(run: Run, tmp_path: Path) -> None:
    aa.play("RockPaperScissors-v0", [Speaker(), Speaker()], matches=1, seed=1, out=tmp_path / "r.jsonl")
    for form in ((), ("--json",)):
        _, out, _ = run("replay", "r.jsonl", "--seat", "0", *form)
        assert "secret of seat 0" in out
        assert "secret of seat 1" not in out
    (tmp_path / "s.py").write_text(
        "from agentarena import Agent, Reply\nclass S(Agent):\n    def choose(self, view):\n"
        "        return Reply(view.write(view.legal[0]), thinking=f'secret of seat {view.seat}')\n"
    )
    _, out, _ = run("watch", "RockPaperScissors-v0", "s.py:S", "s.py:S", "--seat", "1", "--delay", "0")
    assert "secret of seat 1" in out
    assert "secret of seat 0" not in out


def test_prompts_are_shown_with_replies_and_with_what_is_not_certain(run: Run, records: str) -> None:
    code, out, _ = run("prompts", records)
    assert code == 0
    assert "system:\nYou play Kuhn poker" in out
    assert "not certain: the record does not say how this agent makes its prompts" in out
    shown = json.loads(run("prompts", records, "--json", "--match", "2", "--seat", "0")[1])["prompts"]
    assert {one["match"] for one in shown} == {2}
    assert set(shown[0]) == {
        *("match", "step", "seat", "agent", "attempt", "messages", "reply", "thinking", "outcome", "reason", "times", "doubt"),
    }


def test_chats_are_exported_whole_or_not_at_all_and_filtered_by_result(run: Run, records: str, tmp_path: Path) -> None:
    code, out, _ = run("prompts", records, "--export", "chat.jsonl")
    assert code == 0
    assert "chats to chat.jsonl" in out
    chats = [json.loads(line) for line in (tmp_path / "chat.jsonl").read_text().splitlines()]
    assert all(set(message) == {"role", "content"} for chat in chats for message in chat["messages"])
    assert all(message["content"].startswith("hm") is False for chat in chats for message in chat["messages"])
    run("prompts", records, "--export", "won.jsonl", "--won", "--agent", NAME)
    code, _, err = run("prompts", records, "--export", "none.jsonl", "--agent", "nobody")
    assert code == 2
    assert "no agent is called 'nobody' here. Known: " in err
    assert not Path("none.jsonl").exists()
    won = [json.loads(line)["metadata"] for line in (tmp_path / "won.jsonl").read_text().splitlines()]
    assert all(chat["won"] and chat["return"] > 0 for chat in won)
    assert len(won) < len(chats)
    assert json.loads(run("prompts", records, "--export", "n.jsonl", "--min-return", "99", "--json")[1])["chats"] == 0
    assert run("prompts", records, "--won")[0] == 2
    assert not list(tmp_path.glob("*.part"))


def test_replay_prompts_and_report_take_the_folder_of_a_tournament(run: Run, tmp_path: Path) -> None:
    run("tournament", "KuhnPoker-v0", "random", "kuhnpoker/nash", "-r", "1", "--out", "t", "--quiet")
    for words in (("replay", "t"), ("prompts", "t"), ("report", "t")):
        assert run(*words)[0] == 0, words
    (tmp_path / "empty").mkdir()
    assert "holds no record files" in run("replay", "empty")[2]


def test_a_folder_with_an_exported_chat_beside_the_records_is_read(run: Run, records: str) -> None:
    run("prompts", records, "--export", "chat.jsonl")
    assert run("prompts", ".")[0] == 0
    assert run("replay", ".")[0] == 0


def test_play_shows_legality_tokens_and_cost_where_there_are_replies(capsys: pytest.CaptureFixture[str]) -> None:
    from agentarena.cli.play import show_results

    show_results("TicTacToe-v0", aa.play("TicTacToe-v0", [Speaker(), "random"], matches=5, seed=1))
    out = capsys.readouterr().out
    for word in ("read at once", "retries", "tokens in", "tokens out", "US dollars", "s a decision"):
        assert word in out
    show_results("TicTacToe-v0", aa.play("TicTacToe-v0", ["random"], matches=5, seed=1))
    assert "read at once" not in capsys.readouterr().out


# --- JSON -----------------------------------------------------------------------------------------------------------------


def test_json_has_null_for_what_is_no_number_and_nothing_else_on_stdout(run: Run) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    for words in (
        ("play", "TicTacToe-v0", "random", "random", "-n", "2", "--json"),
        ("play", "Commons-v0", "random", "-n", "1", "--json"),
        ("watch", "KuhnPoker-v0", "random", "random", "--json"),
        ("bench", "KuhnPoker-v0", "--seconds", "0.01", "--rounds", "1", "--json"),
        ("check", "TicTacToe-v0", "--json"),
        ("doctor", "--json"),
    ):
        code, out, err = run(*words)
        assert code == 0, (words, err)
        assert isinstance(json.loads(out, parse_constant=refuse), dict), words
    assert json.loads(run("play", "Commons-v0", "random", "-n", "1", "--json")[1])["decisions"][0]["read_at_once"] is None


def test_json_of_play_is_the_table_and_the_decisions(run: Run) -> None:
    shown = json.loads(run("play", "TicTacToe-v0", "random", "random", "-n", "6", "--out", "a.jsonl", "--json")[1])
    results = Results.load("a.jsonl")
    assert [row["agent"] for row in shown["agents"]] == [row["agent"] for row in results.table()]
    assert [row["agent"] for row in shown["decisions"]] == ["random", "random #2"]
    assert (shown["env"], shown["matches"], shown["seed"], shown["records"]) == ("TicTacToe-v0", 6, 0, "a.jsonl")
    reported = json.loads(run("report", "a.jsonl", "--json")[1])
    assert reported["files"] == [{**shown, "decisions": reported["files"][0]["decisions"]}]


def test_json_of_runs_says_how_agents_decided_and_what_should_not_be_overlooked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text(
        "import agentarena as aa\n\n\nclass Mute(aa.Agent):\n    def choose(self, view):\n        return None\n"
    )
    played = json.loads(run("play", "KuhnPoker-v0", "mute.py:Mute", "random", "-n", "4", "--json")[1])
    ranked = json.loads(run("tournament", "KuhnPoker-v0", "mute.py:Mute", "random", "-r", "2", "--json", "--out", "t")[1])
    for shown in (played, ranked):
        assert [row["agent"] for row in shown["decisions"]] == ["mute.py:Mute", "random"]
        assert shown["decisions"][0]["forfeits"] == 4
        assert len(shown["warnings"]) == 1
        assert "mute.py:Mute forfeited 4 of 4 matches" in shown["warnings"][0]


def test_values_of_every_kind_become_json(capsys: pytest.CaptureFixture[str]) -> None:
    import dataclasses

    import numpy as np

    @dataclasses.dataclass
    class Pair:
        left: object
        right: object

    common.echo_json(
        {"a": Pair(math.nan, np.float64(1.5)), "b": np.arange(3), "c": (math.inf, True, None), 4: np.bool_(False), "p": Path("x")}
    )
    assert json.loads(capsys.readouterr().out) == {
        "a": {"left": None, "right": 1.5},
        "b": [0, 1, 2],
        "c": [None, True, None],
        "4": False,
        "p": "x",
    }


def test_a_misspelt_agent_of_prompts_is_said_to_be_absent_and_writes_nothing(run: Run, records: str, tmp_path: Path) -> None:
    for words in (("prompts", records, "--agent", "nobody"), ("prompts", records, "--agent", "nobody", "--export", "chats.jsonl")):
        code, _, err = run(*words)
        assert code == 2
        assert "no agent is called 'nobody'" in err
    assert not (tmp_path / "chats.jsonl").exists()


@pytest.mark.parametrize("command", [("report", "-o"), ("prompts", "--export")])
def test_a_target_that_cannot_be_written_is_named_with_its_option(run: Run, records: str, command: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, _, err = run(command[0], records, command[1], "file/a")
    assert code == 2
    assert "is a file" in err
    assert "Errno" not in err


def test_a_missing_match_is_answered_with_the_numbers_there_are(run: Run) -> None:
    run("tournament", "TicTacToe-v0", "random", "tictactoe/tactical", "-r", "1", "--out", "t", "--quiet")
    run("tournament", "--out", "t", "--add", "random?name=another", "--quiet")
    assert "it has 6: 0 to 1, 1000000 to 1000001, 2000000 to 2000001" in run("replay", "t", "--match", "99")[2]


def test_a_tournament_keeps_its_rounds_unless_more_are_asked_for(run: Run) -> None:
    begun = ("tournament", "TicTacToe-v0", "random", "tictactoe/tactical", "--out", "t", "--quiet")
    run(*begun, "-r", "2")
    assert json.loads(run(*begun, "--json")[1])["rounds"] == 2
    for words in (("tournament", "--out", "t", "-r", "1"), (*begun, "-r", "1")):
        code, _, err = run(*words)
        assert code == 2
        assert "t has 2 rounds already, and 1 are asked for" in err
    assert json.loads(run("tournament", "--out", "t", "-r", "3", "--json", "--quiet")[1])["rounds"] == 3
