"""The command line: what it prints, writes and returns, with good input and bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from agentarena.cli import COMMANDS

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example(run: Run, name: str) -> None:
    code, out, _ = run(name, "--help")
    assert code == 0
    assert "Usage: agentarena" in out
    assert name in ("demo",) or f"agentarena {name}" in out.split("Options:")[0].split("\n", 2)[2]


def test_help_starts_fast() -> None:
    """Neither the list of commands nor the help of one imports a game, an agent or the runner."""
    code = (
        "import sys\nfrom agentarena.cli import main\n"
        "for words in (['--help'], ['play', '--help'], ['envs', '--help'], ['tournament', '--help'], ['report', '--help']):\n"
        "    try: main(words)\n"
        "    except SystemExit: pass\n"
        "heavy = ('agentarena.envs.', 'agentarena.agents.', 'agentarena.matches.', 'agentarena.evaluate.', 'scipy', 'torch', 'jinja2')\n"
        "print('imported:', [name for name in sys.modules if name.startswith(heavy)])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "imported: []"


def test_the_table_of_commands_is_complete() -> None:
    import agentarena.cli

    modules = {path.stem for path in Path(str(agentarena.cli.__file__)).parent.glob("[!_]*.py")} - {"common"}
    assert modules == set(COMMANDS)


def test_misuse_says_what_to_do_and_exits_with_2(run: Run) -> None:
    for words, expected in (
        (("plai",), "Did you mean play"),
        (("play", "TicTacTo-v0", "random", "random"), "Did you mean TicTacToe-v0"),
        (("play", "TicTacToe-v0", "randm", "random"), "Did you mean random"),
        (("play", "TicTacToe-v0", "random", "random", "random"), "tournament"),
        (("play", "TicTacToe-v0", "random", "random", "-s", "drow=0.5"), "Did you mean draw"),
        (("play", "TicTacToe-v0", "random", "random", "-s", "draw=7"), "at most 1.0"),
        (("play", "TicTacToe-v0", "random", "random", "-s", "draw"), "name=value"),
        (("play", "TicTacToe-v0", "random", "random", "-n", "0"), "x>=1"),
        (("check",), "name an environment"),
        (("replay", "nowhere.jsonl"), "does not exist"),
        (("watch", "TicTacToe-v0", "random", "random", "--seat", "5"), "no seat 5; the seats are 0 to 1"),
        (("check", "nowhere:Game"), "no such module"),
        (("play", "Dhumbal-v0", "random", "-s", "players=9"), "at least 2 and at most 7"),
        (("play", "TicTacToe-v0", "random", "--out", "/dev/null/a.jsonl"), "/dev/null"),
        (("play", "TicTacToe-v0", "random", "--out", "/dev/null"), "no plain file"),
    ):
        code, _, err = run(*words)
        assert code == 2, words
        assert expected in err, (words, err)
        assert "Traceback" not in err


def test_play_record_verify_replay_report(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("play", "KuhnPoker-v0", "kuhnpoker/nash", "random", "-n", "20", "--seed", "3", "--out", "kuhn.jsonl", "--quiet")
    assert code == 0
    assert "kuhnpoker/nash" in out
    assert len((tmp_path / "kuhn.jsonl").read_text().splitlines()) == 20
    assert run("verify", "kuhn.jsonl", "--quiet")[0] == 0
    code, out, _ = run("replay", "kuhn.jsonl", "--match", "4", "--delay", "0")
    assert code == 0
    assert "winner" in out
    code, out, _ = run("replay", "kuhn.jsonl", "--match", "4", "--seat", "0", "--delay", "0")
    assert code == 0
    assert "You are player 0" in out
    assert run("replay", "kuhn.jsonl", "--match", "99")[0] == 2
    assert run("report", "kuhn.jsonl", "-o", "kuhn.html")[0] == 0
    assert "kuhnpoker/nash" in (tmp_path / "kuhn.html").read_text()


def test_a_match_as_a_picture(run: Run, tmp_path: Path) -> None:
    run("play", "Hexner-v0", "hexner/equilibrium", "hexner/equilibrium", "--out", "a.jsonl", "--quiet")
    assert run("replay", "a.jsonl", "--svg", "film.svg")[0] == 0
    assert "@keyframes" in (tmp_path / "film.svg").read_text()
    assert run("replay", "a.jsonl", "--svg", "still.svg", "--still", "--seat", "1")[0] == 0
    words = (tmp_path / "still.svg").read_text()
    assert "@keyframes" not in words
    assert "seen by seat 1" in words
    assert run("replay", "a.jsonl", "--still")[0] == 2
    run("play", "TicTacToe-v0", "random", "random", "--out", "b.jsonl", "--quiet")
    assert run("replay", "b.jsonl", "--svg", "b.svg")[0] != 0
    assert not (tmp_path / "b.svg").exists()


def test_a_changed_record_does_not_verify(run: Run, tmp_path: Path) -> None:
    run("play", "TicTacToe-v0", "random", "random", "-n", "3", "--out", "a.jsonl", "--quiet")
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    record = json.loads(lines[1])
    record["seats"][0]["return"] = 5.0
    lines[1] = json.dumps(record, separators=(",", ":"))
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    code, out, _ = run("verify", "a.jsonl", "--quiet")
    assert code == 1
    assert "1 differ" in out
    (tmp_path / "a.jsonl").write_text("\n".join([lines[0], lines[1][:40], lines[2]]) + "\n")
    code, out, _ = run("verify", "a.jsonl", "--quiet")
    assert code == 1
    assert "line 2: the line cannot be read: it is not JSON" in out


def test_a_tournament_with_a_report(run: Run, tmp_path: Path) -> None:
    words = (
        "tournament",
        "RockPaperScissors-v0",
        "random",
        "rockpaperscissors/nash",
        "rockpaperscissors/titfortat",
        "-r",
        "2",
        "--out",
        "t",
        "--quiet",
    )
    code, out, _ = run(*words, "--report", "t.html")
    assert code == 0
    assert "rockpaperscissors/nash" in out
    before = (tmp_path / "t" / "records.jsonl").read_bytes()
    assert run(*words)[0] == 0
    assert (tmp_path / "t" / "records.jsonl").read_bytes() == before
    assert run("report", "t", "-o", "again.html")[0] == 0
    assert (tmp_path / "t.html").stat().st_size > 10_000


def test_watch_shows_the_moves(run: Run) -> None:
    code, out, _ = run("watch", "TicTacToe-v0", "minimax", "random", "--delay", "0", "--seat", "1")
    assert code == 0
    assert "Board:" in out
    assert "winner: seat 0" in out


def test_envs_lists_describes_and_names_agents(run: Run) -> None:
    assert "Dhumbal-v0" in run("envs")[1]
    assert "threshold" in run("envs", "Dhumbal-v0")[1]
    assert "paper" in run("envs", "Dhumbal-v0", "--options")[1]
    assert "dhumbal/aggressive" in run("envs", "--agents")[1]
    assert run("envs", "--markdown")[1].startswith("| id |")


def test_tables_break_no_words_in_a_terminal_of_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentarena.cli import common

    monkeypatch.setattr(common, "console", Console(width=80, highlight=False))
    for words in (("envs",), ("play", "TicTacToe-v0", "random", "random", "-n", "20", "--quiet")):
        _, out, _ = run(*words)
        assert all(len(line) <= 80 for line in out.splitlines())
        for word in ("RockPaperScissorsSpockLizard-v0", "simultaneous", "general") if words == ("envs",) else ("forfeited", "matches"):
            assert word in out


def test_check_fails_with_1_when_a_clause_is_broken(run: Run) -> None:
    assert run("check", "TicTacToe-v0")[0] == 0
    run("new", "nim")
    code, out, _ = run("check", "nim.game:Nim")
    assert code == 1
    assert "info" in out
    assert run("new", "nim")[0] == 2  # nothing is overwritten


def test_bench_and_doctor(run: Run) -> None:
    code, out, _ = run("bench", "KuhnPoker-v0", "--seconds", "0.02", "--rounds", "1")
    assert code == 0
    assert "KuhnPoker-v0" in out
    code, out, _ = run("doctor")
    assert code == 0
    assert "gymnasium" in out


@pytest.mark.slow
def test_the_demo_prints_the_published_figures_and_writes_reports(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("demo", "--rounds", "24", "--search-rounds", "4", "--simulations", "5", "--workers", "1", "--quiet")
    assert code == 0
    assert "88.3" in out
    assert "35.1" in out
    for page in ("report.html", "rule-based.html"):
        assert "88.3" in (tmp_path / "demo" / page).read_text() or page != "report.html"


def test_the_console_script_and_the_module_are_one() -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    answer = subprocess.run([sys.executable, "-m", "agentarena", "--version"], capture_output=True, text=True, env=environment, check=True)
    assert "agentarena" in answer.stdout
