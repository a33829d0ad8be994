"""`agentarena agents`, and what a mistake costs at `agentarena tournament`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_the_list_says_what_each_agent_is_what_it_plays_and_its_parameters(run: Run) -> None:
    code, out, _ = run("agents")
    assert code == 0
    for words in (
        "every environment",
        "all but Commons-v0",
        "Plays a uniformly random legal",
        "simulations: int = 100",
        "dhumbal/aggressive",
    ):
        assert words in " ".join(out.split()), words


def test_all_about_one_agent(run: Run) -> None:
    code, out, _ = run("agents", "mcts")
    assert code == 0
    for words in ("Monte Carlo tree search", "LeducPoker-v0", "Passes through the tree a decision.", "rollout_limit", "int | None"):
        assert words in out, words
    assert "Commons-v0" not in out
    code, _, err = run("agents", "mctss")
    assert (code, "Did you mean mcts" in err) == (2, True)


def test_those_that_can_play_one_environment(run: Run) -> None:
    for words in (("agents", "--env", "KuhnPoker-v0"), ("agents", "KuhnPoker-v0"), ("envs", "KuhnPoker-v0", "--agents")):
        _, out, _ = run(*words)
        assert "kuhnpoker/nash" in out
        assert "minimax" not in out
        assert "dhumbal" not in out
    _, out, _ = run("agents", "--env", "KuhnPoker-v0", "-s", "players=3", "--json")
    names = [card["name"] for card in json.loads(out)]
    assert "kuhnpoker/nash" not in names
    assert "kuhnpoker/honest" in names
    assert run("agents", "mcts", "--env", "KuhnPoker-v0")[0] == 2
    assert run("agents", "--env", "KuhnPokr-v0")[0] == 2


def test_agents_and_environments_as_json(run: Run) -> None:
    cards = json.loads(run("agents", "--json")[1])
    assert {"name", "summary", "parameters", "plays", "source"} <= set(cards[0])
    assert json.loads(run("agents", "cfr", "--json")[1])["plays"] == [
        "KuhnPoker-v0",
        "LeducPoker-v0",
        "LevineHats-v0",
        "Merge-v0",
        "Consensus-v0",
        "OneStageHexner-v0",
        "EFG-v0",
    ]
    assert json.loads(run("envs", "KuhnPoker-v0", "--json")[1])["info"]["seats"] == 2
    assert len(json.loads(run("envs", "--json")[1])) > 15


def test_a_typo_costs_nothing(run: Run, tmp_path: Path) -> None:
    """Nothing is written and nothing played, whatever is wrong."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    good = ("tournament", "TicTacToe-v0", "random", "minimax?depth=1", "-r", "1")
    for words, expected in (
        (("tournament", "TicTacToe-v0", "random", "opnai:x", "--out", "t"), "Did you mean openai:x"),
        (("tournament", "TicTacToe-v0", "random", "mcts?simulation=2", "--out", "t"), "Did you mean simulations"),
        (("tournament", "TicTacToe-v0", "random", "kuhnpoker/nash", "--out", "t"), "it is made for KuhnPoker-v0"),
        (("tournament", "TicTacToe-v0", "random", "random", "--out", "t"), "random?name=another"),
        (("tournament", "TicTacToe-v0", "random", "--out", "t"), "at least two agents"),
        (("tournament", "TicTacTo-v0", "random", "minimax", "--out", "t"), "Did you mean TicTacToe-v0"),
        ((*good, "--out", "t", "--report", "folder"), "directory"),
        ((*good, "--out", "t", "--report", "file/a.html"), "--report"),
        ((*good, "--out", "file"), "file"),
        ((*good, "--out", "file/t"), "out: "),
        (("tournament",), "--add cfr"),
        (("tournament", "--out", "t"), "holds no tournament"),
        (("tournament", "--add", "random"), "--out FOLDER"),
        (("play", "KuhnPoker-v0"), "agents --env KuhnPoker-v0"),
        (("play", "Kunh", "random"), "Did you mean KuhnPoker-v0?"),
        (("play", "TicTacToe-v0", "dhumbal/balanced", "random", "--out", "a.jsonl"), "Agents that can: tictactoe/tactical"),
        (("watch", "KuhnPoker-v0", "minimax", "random"), "cannot play KuhnPoker-v0"),
    ):
        code, out, err = run(*words, "--quiet") if words[0] != "watch" else run(*words)
        assert code == 2, words
        assert expected in err, (words, err)
        assert "Traceback" not in err
        assert not out
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"], words


def test_an_agent_is_added_to_a_tournament_in_its_folder(run: Run, tmp_path: Path) -> None:
    assert run("tournament", "KuhnPoker-v0", "random", "kuhnpoker/nash", "-r", "2", "--seed", "4", "--out", "t", "--quiet")[0] == 0
    code, out, _ = run("tournament", "--out", "t", "--add", "kuhnpoker/honest", "--quiet")
    assert code == 0
    assert "agentarena tournament --out t --add AGENT" in out
    assert "agentarena replay t" in out
    about = json.loads((tmp_path / "t" / "tournament.json").read_text())
    assert (about["agents"], about["rounds"], about["seed"]) == (["random", "kuhnpoker/nash", "kuhnpoker/honest"], 2, 4)
    assert len((tmp_path / "t" / "records.jsonl").read_text().splitlines()) == 12
    answer = json.loads(run("tournament", "KuhnPoker-v0", "--out", "t", "--add", "cfr?iterations=5", "-r", "3", "--json")[1])
    assert (answer["matches"], len(answer["standings"])) == (36, 4)
    before = (tmp_path / "t" / "tournament.json").read_text()
    for words in (("--add", "randm"), ("--add", "random"), ("--seed", "5"), ("-s", "players=3")):
        assert run("tournament", "--out", "t", *words, "--quiet")[0] == 2
    assert run("tournament", "TicTacToe-v0", "--out", "t", "--quiet")[0] == 2
    assert (tmp_path / "t" / "tournament.json").read_text() == before


def test_options_that_are_named_like_arguments_reach_the_game(run: Run, tmp_path: Path) -> None:
    words = ("Dhumbal-v0", "random", "dhumbal/balanced", "-s", "rounds=2", "-s", "players=2", "--quiet")
    assert run("tournament", *words, "-r", "1", "--out", "t")[0] == 0
    about = json.loads((tmp_path / "t" / "tournament.json").read_text())
    assert (about["options"]["rounds"], about["rounds"]) == (2, 1)
    assert run("play", *words, "-n", "2", "--out", "a.jsonl")[0] == 0
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])["options"]["rounds"] == 2
    assert run("watch", "Dhumbal-v0", "random", "-s", "preset=paper", "-s", "rounds=2", "--delay", "0")[0] == 0
    code, _, err = run("play", "Dhumbal-v0", "random", "-s", "rounds=2", "-s", "rounds=3")
    assert (code, "given twice" in err) == (2, True)


@pytest.mark.parametrize("name", ["x[/]y", "[bold]", "a [link=file:///etc/passwd]b", "\\[red]"])
def test_names_that_look_like_markup_are_shown_as_they_are(run: Run, name: str) -> None:
    code, out, err = run("tournament", "TicTacToe-v0", "random", f"random?name={name}", "-r", "1", "--quiet")
    assert code == 0, err
    assert name in out
    code, out, _ = run("play", "TicTacToe-v0", f"random?name={name}", "-n", "2", "--quiet")
    assert code == 0
    assert name in out


def test_names_with_commands_to_the_terminal_are_refused(run: Run) -> None:
    code, out, err = run("tournament", "TicTacToe-v0", "random", "random?name=a%1b[2Jb", "-r", "1", "--quiet")
    assert code == 2
    assert "printable" in err
    assert "\x1b" not in out + err
