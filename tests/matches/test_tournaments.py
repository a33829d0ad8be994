"""Tournaments: what is played, what is kept, how they go on, and what comes out of one whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.core.agent import Agent, View
from agentarena.core.errors import CorruptRecord, NotSupported, RecordMismatch, UntrustedRecord, UsageError
from agentarena.matches.results import Results
from agentarena.matches.tournaments import Tournament, extend, tournament


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


# --- one name, made once ----------------------------------------------------------------------------------------------------

SECRET = "sk-4f9a81c2"


@pytest.fixture
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of agents that are reached like a service: an address, a key, and how many at once."""
    (tmp_path / "voices_for_tests.py").write_text(
        "from agentarena import Agent\n\n\n"
        "class Voice(Agent):\n"
        "    operational = frozenset({'base_url', 'concurrency'})\n\n"
        "    def __init__(self, model='m', base_url='', api_key='', concurrency=1, temperature=1.0, constrain=False):\n"
        "        self.key = api_key\n\n"
        "    def choose(self, view):\n        return view.choices[0]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "voices_for_tests:Voice"


def _said(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    "query", ["constrain=true", "temperature=.5", f"base_url=http://a:1/v1&api_key={SECRET}", f"api_key={SECRET}&constrain=false"]
)
def test_a_tournament_and_its_records_use_one_name_and_the_documented_resume_goes_on(tmp_path: Path, voices: str, query: str) -> None:
    agents = ["random", f"{voices}?{query}"]
    first = tournament("TicTacToe-v0", agents, rounds=1, out=tmp_path / "t")
    again = tournament("TicTacToe-v0", agents, rounds=2, out=tmp_path / "t")
    elsewhere = [agents[0], agents[1].replace("http://a:1", "http://b:2").replace(SECRET, "another")]
    last = tournament("TicTacToe-v0", elsewhere, rounds=3, out=tmp_path / "t")
    for one in (first, again, last):
        named = {seat.agent for record in one.results.records for seat in record.seats}
        assert {row.agent for row in one.standings.rows} == named == set(one.about["agents"])
        assert all(row.matches == 2 * one.about["rounds"] for row in one.standings.rows), "nobody stands there with no matches"
    assert last.standings.evolution is not None
    assert Tournament.load(tmp_path / "t").tables() == last.tables()


def test_a_key_is_in_no_file_table_or_report(tmp_path: Path, voices: str) -> None:
    from agentarena.leaderboard import report

    finished = tournament(
        "TicTacToe-v0", ["random", f"{voices}?base_url=http://me:{SECRET}@a/v1&api_key={SECRET}"], rounds=1, out=tmp_path / "t"
    )
    page = report.write(finished, tmp_path / "t" / "report.html")
    assert "voices_for_tests:Voice" in page.read_text()
    assert SECRET not in _said(tmp_path / "t")
    assert SECRET not in str(finished.tables())
    assert SECRET not in str(finished.about)


def test_one_model_at_two_addresses_is_told_apart_by_a_name(tmp_path: Path, voices: str) -> None:
    here, there = f"{voices}?base_url=http://a/v1", f"{voices}?base_url=http://b/v1&api_key={SECRET}"
    with pytest.raises(UsageError, match=r"two are called 'voices_for_tests:Voice'.*\?name=") as caught:
        tournament("TicTacToe-v0", [here, there], rounds=1, out=tmp_path / "t")
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "t").exists()
    finished = tournament("TicTacToe-v0", [here, f"{there}&name=there"], rounds=1, out=tmp_path / "t")
    assert finished.about["agents"] == ["voices_for_tests:Voice", "there"]


def test_a_play_of_two_by_one_name_numbers_them(voices: str) -> None:
    results = aa.play("TicTacToe-v0", [f"{voices}?api_key=a", f"{voices}?api_key=b"], matches=2)
    assert sorted(results.ledger) == ["voices_for_tests:Voice", "voices_for_tests:Voice #2"]


# --- what a mistake costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["randm", "mcts?simulations=0", "dhumbal/aggressive", "random"])
def test_a_mistaken_agent_leaves_a_tournament_as_it_was(tmp_path: Path, wrong: str) -> None:
    with pytest.raises((UsageError, NotSupported)):
        tournament("TicTacToe-v0", ["random", wrong], rounds=1, out=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    tournament("TicTacToe-v0", ["random", First()], rounds=1, out=tmp_path / "t")
    before = _said(tmp_path / "t")
    with pytest.raises((UsageError, NotSupported)):
        tournament("TicTacToe-v0", ["random", First(), wrong], rounds=1, out=tmp_path / "t")
    assert _said(tmp_path / "t") == before


def test_records_of_another_run_leave_what_the_folder_says_as_it_was(tmp_path: Path) -> None:
    tournament("TicTacToe-v0", ["random", First()], rounds=1, out=tmp_path / "t")
    before = _said(tmp_path / "t")
    with pytest.raises(RecordMismatch):
        tournament("TicTacToe-v0", ["random", First(), "minimax"], rounds=9, out=tmp_path / "t", on_unreadable=aa.OnUnreadable(retries=0))
    assert _said(tmp_path / "t") == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"deadline_s": float("nan")}, "deadline_s must be a number greater than 0"),
        ({"deadline_s": float("inf")}, "deadline_s must be a number greater than 0"),
        ({"deadline_s": -1}, "deadline_s must be a number greater than 0"),
        ({"deadline_s": "1"}, "deadline_s must be a number greater than 0"),
        ({"deadline_s": True}, "deadline_s must be a number greater than 0"),
        ({"deadline_s": 10**400}, "deadline_s must be a number greater than 0"),
        ({"workers": 0}, "workers must be a whole number of at least 1"),
        ({"workers": 1.5}, "workers must be a whole number of at least 1"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"seed": 0.5}, "seed must be a whole number of at least 0"),
        ({"on_unreadable": "forfeit"}, "on_unreadable must be an agentarena.OnUnreadable"),
        ({"progress": 5}, "progress must be a function"),
        ({"out": 5}, "out must be a path"),
        ({"out": ""}, "out must be a path"),
        ({"out": "a\0b"}, "out must be a path"),
        ({"options": 5}, "options must map names"),
        ({"options": {"draw": 0.1}, "draw": 0.2}, "given twice"),
        ({"preset": 5}, "a preset is named by a string"),
    ],
)
def test_arguments_of_every_run_are_checked_before_it(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        aa.play("TicTacToe-v0", ["random"], matches=1, **arguments)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=words):
        tournament("TicTacToe-v0", ["random", First()], rounds=1, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rounds": 1, "matches": 1}, "either rounds or matches, got both"),
        ({}, "either rounds or matches, got neither"),
        ({"rounds": 0}, "rounds must be a whole number of at least 1"),
        ({"rounds": 2.0}, "rounds must be a whole number of at least 1"),
        ({"rounds": True}, "rounds must be a whole number of at least 1"),
        ({"matches": -3}, "matches must be a whole number of at least 1"),
        ({"rounds": 1, "alpha": 0}, "alpha must be a number greater than 0"),
        ({"rounds": 1, "alpha": float("nan")}, "alpha must be a number greater than 0"),
        ({"rounds": 1, "alpha": float("inf")}, "alpha must be a number greater than 0"),
        ({"rounds": 1, "level": 95}, "for 95 % write 0.95"),
        ({"rounds": 1, "level": 0.0}, "level must be a number between 0 and 1"),
        ({"rounds": 1, "level": 1}, "level must be a number between 0 and 1"),
        ({"rounds": 1, "level": float("nan")}, "level must be a number between 0 and 1"),
        ({"rounds": 1, "level": "high"}, "level must be a number between 0 and 1"),
        ({"rounds": 1, "duplicate": "no"}, "duplicate must be True or False"),
    ],
)
def test_arguments_of_a_tournament_are_checked_before_it(arguments: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        tournament("TicTacToe-v0", ["random", First()], out=tmp_path / "t", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"matches": -1}, "matches must be a whole number of at least 0"),
        ({"matches": 1.0}, "matches must be a whole number of at least 0"),
        ({"matches": 1, "concurrency": 0}, "concurrency must be a whole number of at least 1"),
        ({"matches": 1, "concurrency": 2.5}, "concurrency must be a whole number of at least 1"),
        ({"matches": 1, "rotate": "no"}, "rotate must be True or False"),
        ({"matches": 1, "isolate": 1}, "isolate must be True or False"),
        ({"matches": 1, "resume": None}, "resume must be True or False"),
    ],
)
def test_arguments_of_play_are_checked_before_it(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        aa.play("TicTacToe-v0", ["random"], **arguments)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="agents must be a list"):
        aa.play("TicTacToe-v0", {"random": 1}, matches=1)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    import numpy as np

    finished = tournament(
        "TicTacToe-v0",
        ["random", First()],
        rounds=np.int64(1),
        seed=np.int64(3),
        alpha=np.float64(5),
        level=np.float64(0.9),
        out=tmp_path / "t",
    )
    assert Tournament.load(tmp_path / "t").about == finished.about
    assert finished.about["seed"] == 3


class Counted(First):
    """Counts how often it is asked."""

    asked = 0

    def choose(self, view: View) -> int:
        Counted.asked += 1
        return super().choose(view)


@pytest.mark.parametrize("where", ["a file stands in its way", "no room is left", "a folder is there"])
def test_a_place_that_cannot_be_written_is_found_before_the_first_match(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "file").write_text("x")
    out, folder = tmp_path / "file" / "a.jsonl", tmp_path / "file" / "t"
    if where == "no room is left":

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(tempfile, "TemporaryFile", full)
        out, folder = tmp_path / "a.jsonl", tmp_path / "t"
    if where == "a folder is there":
        out, folder = tmp_path, tmp_path / "file"
    Counted.asked = 0
    with pytest.raises((OSError, UsageError), match="out: "):
        aa.play("TicTacToe-v0", [Counted()], matches=1, out=out)
    with pytest.raises((OSError, UsageError), match="out: "):
        tournament("TicTacToe-v0", ["random", Counted()], rounds=1, out=folder)
    assert Counted.asked == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


# --- options, adding agents -------------------------------------------------------------------------------------------------


def test_options_that_are_named_like_arguments_reach_the_game() -> None:
    finished = tournament("Dhumbal-v0", ["random", First()], rounds=1, options={"rounds": 2, "players": 2})
    assert (finished.about["options"]["rounds"], finished.about["rounds"]) == (2, 1)
    assert aa.play("Dhumbal-v0", ["random"], matches=1, options={"rounds": 3}).records[0].options["rounds"] == 3
    for make in (aa.make, aa.make_parallel, aa.game):
        assert make("Dhumbal-v0", options={"rounds": 2}, players=3) is not None  # type: ignore[operator]
    with pytest.raises(UsageError, match="Did you mean rounds"):
        aa.game("Dhumbal-v0", options={"round": 2})


def test_a_tournament_goes_on_from_its_folder_with_an_agent_more(tmp_path: Path) -> None:
    specs = ["random", "mcts?simulations=2"]
    tournament("Dhumbal-v0", specs, rounds=1, seed=5, out=tmp_path / "t", duplicate=False, level=0.9, options={"rounds": 2, "players": 2})
    grown = extend(tmp_path / "t", ["dhumbal/balanced"], rounds=2)
    at_once = tournament(
        "Dhumbal-v0", [*specs, "dhumbal/balanced"], rounds=2, seed=5, duplicate=False, level=0.9, options={"rounds": 2, "players": 2}
    )
    assert [record.line() for record in grown.results.records] == [record.line() for record in at_once.results.records]
    assert grown.about == at_once.about
    assert len(extend(tmp_path / "t").results) == len(grown.results), "nothing is played twice"
    with pytest.raises(RecordMismatch, match="not of 'KuhnPoker-v0'"):
        extend(tmp_path / "t", env="KuhnPoker-v0")
    with pytest.raises(UsageError, match="holds no tournament"):
        extend(tmp_path / "elsewhere", ["random"])


def test_a_folder_runs_no_code_and_sends_no_key_anywhere_unless_it_is_trusted(tmp_path: Path, voices: str) -> None:
    tournament("TicTacToe-v0", ["random", f"{voices}?api_key={SECRET}"], rounds=1, out=tmp_path / "t")
    with pytest.raises(UsageError, match="--trust"):
        extend(tmp_path / "t")
    assert len(extend(tmp_path / "t", ["minimax"], trust=True).results) == 6
    about = json.loads((tmp_path / "t" / "tournament.json").read_text())
    (tmp_path / "t" / "tournament.json").write_text(json.dumps({**about, "specs": ["random"] * 3, "env": "os:path"}))
    with pytest.raises(UntrustedRecord, match="--trust"):
        extend(tmp_path / "t")


def test_a_tournament_of_objects_is_not_made_again_from_its_folder(tmp_path: Path) -> None:
    tournament("TicTacToe-v0", ["random", First()], rounds=1, out=tmp_path / "t")
    with pytest.raises(UsageError, match="no spec string makes"):
        extend(tmp_path / "t", ["minimax"], trust=True)
