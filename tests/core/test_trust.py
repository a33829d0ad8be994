"""Data never becomes code: what files may name without being trusted, and that nothing is imported for what they may not."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import sys
from pathlib import Path

import pytest
from fixtures.games import Moles, Pile

import agentarena as aa
from agentarena.cli import main
from agentarena.core import registry
from agentarena.core.errors import ArenaError, BadOption, RecordMismatch, UnknownName, UntrustedRecord
from agentarena.core.frames import frames
from agentarena.core.match import OnUnreadable
from agentarena.core.record import Record
from agentarena.core.replay import states, trajectory, verify
from agentarena.leaderboard import report
from agentarena.matches.api import play
from agentarena.matches.results import Results
from agentarena.matches.tournaments import Tournament, tournament

RANDOMS = ["random", "random"]
PWNED = "import pathlib\npathlib.Path('ran').write_text('')\n\n\ndef X(*args):\n    raise AssertionError\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a module beside the files that leaves a mark when it is imported."""
    (tmp_path / "pwned.py").write_text(PWNED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("pwned", None)


def edited(path: Path, **changes: object) -> None:
    """Every record of a file with other values, options by name."""
    lines = []
    for line in path.read_text().splitlines():
        data = json.loads(line)
        for key, value in changes.items():
            (data["options"] if key in data["options"] else data)[key] = value
        lines.append(json.dumps(data, separators=(",", ":")))
    path.write_text("".join(f"{line}\n" for line in lines))


def werewolf(path: Path) -> None:
    class Talks(aa.Agent):
        name, version = "talks", "1"

        def choose(self, view: aa.View) -> aa.Reply:
            return aa.Reply(f"<say>Ada is a werewolf.</say> <answer>{view.write(view.legal[0])}</answer>")

    play("Werewolf-v0", [Talks()], matches=1, players=4, wolves=1, out=path, on_unreadable=OnUnreadable(0, "random"))


HOSTILE = [
    ({"env": "pwned:X"}, "the environment 'pwned:X' is not registered"),
    ({"env": "agentarena.envs.tictactoe:TicTacToe"}, "is not registered"),
    ({"env": "subprocess:Popen"}, "is not registered"),
    ({"reader": "pwned:X"}, "option 'reader' of Werewolf-v0 is 'pwned:X'"),
    ({"reader": "cProfile:run"}, "option 'reader' of Werewolf-v0 is 'cProfile:run'"),
    ({"speech": "pwned:X"}, "option 'speech' of Werewolf-v0"),
    ({"speech": "werewolf=pwned:X,*=acts"}, "option 'speech' of Werewolf-v0"),
    ({"speech": ["pwned:X"]}, "option 'speech' of Werewolf-v0"),
]


@pytest.mark.parametrize(("changes", "says"), HOSTILE)
def test_no_reader_of_records_runs_what_they_name(folder: Path, changes: dict[str, object], says: str) -> None:
    path = folder / "a.jsonl"
    werewolf(path)
    edited(path, **changes)
    outcome = verify(path)
    assert not outcome.ok
    assert says in outcome.mismatches[0].reason
    assert "pass --trust" in outcome.mismatches[0].reason
    record = Results.load(path).records[0]
    for use in (
        record.game,
        lambda: frames(record),
        lambda: trajectory(record),
        lambda: list(states(record)),
        lambda: Results.load(path).trajectories,
        lambda: report.render(path),
        lambda: report.render([path]),
    ):
        with pytest.raises(UntrustedRecord, match="pass --trust"):
            use()
    Results.load(path).table()  # figures need no rules
    assert "pwned" not in sys.modules
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("changes", [{"env": "pwned:X"}, {"reader": "pwned:X"}])
def test_a_tournament_is_read_without_running_what_it_names(folder: Path, changes: dict[str, str]) -> None:
    tournament("Werewolf-v0", ["random", "werewolf/scripted"], rounds=1, out=folder / "t", players=4, wolves=1)
    about = json.loads((folder / "t" / "tournament.json").read_text())
    (about["options"] if "reader" in changes else about).update(changes)
    (folder / "t" / "tournament.json").write_text(json.dumps(about))
    edited(folder / "t" / "records.jsonl", **changes)
    with pytest.raises(UntrustedRecord):
        _ = Tournament.load(folder / "t").standings
    with pytest.raises(UntrustedRecord):
        report.render(folder / "t")
    with pytest.raises(RecordMismatch, match="another tournament"):
        tournament("Werewolf-v0", ["random", "werewolf/scripted"], rounds=2, out=folder / "t", players=4, wolves=1)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("command", [["verify"], ["replay"], ["report"]])
def test_commands_run_nothing_without_trust(folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "a.jsonl"
    werewolf(path)
    edited(path, env="pwned:X")
    with pytest.raises(SystemExit) as ended:
        main([*command, "a.jsonl"])
    assert ended.value.code == (1 if command == ["verify"] else 2)
    out, err = capsys.readouterr()
    assert "the environment 'pwned:X' is not registered" in out + err
    assert "pass --trust" in out + err
    assert not (folder / "ran").exists()
    with pytest.raises(SystemExit):
        main([*command, "a.jsonl", "--trust"])
    assert (folder / "ran").exists()


def test_ones_own_games_are_trusted_in_the_process_that_plays_them(tmp_path: Path) -> None:
    """And where a run is continued: its caller names the game. Read from a file they need trust."""
    path = tmp_path / "a.jsonl"
    played = play(Pile(), RANDOMS, matches=3, out=path)
    again = play(Pile(), RANDOMS, matches=5, out=path)
    for results in (played, again, play(Pile(), RANDOMS, matches=2, workers=1)):
        assert len(results.trajectories) == len(results)
        assert len(frames(results.records[0])) > 1
    assert not verify(path).ok
    assert "fixtures.games:Pile" in verify(path).mismatches[0].reason
    assert verify(path, trust=True).ok
    with pytest.raises(UntrustedRecord):
        _ = Results.load(path).trajectories
    assert len(Results.load(path, trust=True).trajectories) == 5
    assert Results.load(path).records == Results.load(path, trust=True).records == again.records
    tournament(Moles(), ["random", "random?name=another"], rounds=1, out=tmp_path / "t")
    assert len(Tournament.load(tmp_path / "t", trust=True).results.trajectories) > 1
    assert "Moles" in report.render(tmp_path / "t", trust=True)


def test_games_of_installed_packages_are_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    line = play(Pile(), RANDOMS, matches=1).records[0].line().replace("fixtures.games:Pile", "Pile-v3")
    with pytest.raises(UntrustedRecord, match="'Pile-v3' is not registered"):
        Record.parse(line).game()
    found = {"agentarena.envs": {"Pile-v3": "fixtures.games:Pile"}}
    monkeypatch.setattr(registry, "entry_point_names", lambda group: found.get(group, {}))
    assert Record.parse(line).game() == Pile()


def test_a_misspelt_environment_gets_a_suggestion() -> None:
    with pytest.raises(UntrustedRecord, match="Did you mean TicTacToe-v0"):
        registry.recorded_game("TicTacTo-v0", {})
    with pytest.raises(UntrustedRecord, match="is not registered"):
        registry.recorded_game("TicTacToe", {})  # records have the whole id


@pytest.mark.parametrize("env", registry.ENVS)
def test_every_option_whose_value_is_imported_says_so(env: str, folder: Path) -> None:
    """A value that names a module is refused as code, refused by the option's range, or a word like others; nothing is imported."""
    fields = dataclasses.fields(registry.game_class(env))  # type: ignore[arg-type]
    for field in fields:
        for value in ("pwned:X", ["pwned:X"], {"pwned:X": "pwned:X"}, "a=pwned:X"):
            imported = field.metadata.get("imports")
            with pytest.raises(ArenaError) if imported else contextlib.suppress(ArenaError):
                registry.recorded_game(env, {field.name: value})
    assert not (folder / "ran").exists()


def test_games_that_import_by_name_declare_it() -> None:
    """Whoever adds an import by name to a game finds this test: its option is `option(..., imports=True)`."""
    importing = set()
    for path in Path(registry.__file__).parents[1].joinpath("envs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in ("load", "import_module", "__import__", "eval", "exec", "find_spec"):
                importing.add(path.relative_to(Path(registry.__file__).parents[1] / "envs").parts[0])
    declaring = {
        registry.ENVS[env].partition(":")[0].rpartition(".")[2]
        for env in registry.ENVS
        if any(field.metadata.get("imports") for field in dataclasses.fields(registry.game_class(env)))  # type: ignore[arg-type]
    }
    # economist's PPO planner loads the weights that its user names; the shop loads arrays of its own cache, and a model of spaCy by a fixed name;
    # Pokémon VGC looks for the package with Node, and loads snapshots of its battles into the simulator
    assert importing - declaring <= {"economist", "pokemon_vgc", "shop"}
    assert declaring == {"werewolf"}


@pytest.mark.parametrize(
    ("env", "options", "error", "says"),
    [
        ("Commons-v0", {"players": 10**9}, BadOption, "at most 1000"),
        ("Werewolf-v0", {"players": 10**4000}, BadOption, "an integer of 13288 bits; allowed: at least 3 and at most 24"),
        ("Economist-v0", {"population": 10**9}, BadOption, "at most 10000"),
        ("Economist-v0", {"rates": [10**400]}, BadOption, "cannot be built with the options of the file"),
        ("Werewolf-v0", {"names": {"a": 1}}, BadOption, "allowed: 'drawn', 'numbers'"),
        ("Werewolf-v0", {"preset": "lspo7"}, UnknownName, "unknown option of Werewolf 'preset'"),
        ("Werewolf-v0", {"self": 1, "env_id": 2, "cls": 3}, UnknownName, "unknown option"),
        ("MatrixGame-v0", {"payoffs": [[[0.25] * 2] * 200] * 200}, UntrustedRecord, "more than 200,000 characters"),
        ("MatrixGame-v0", {"payoffs": [[[[[[[[[[[[[[[[[[[[[[1.0] * 21]]]]]]]]]]]]]]]]]]]]]}, BadOption, "at most 20"),
    ],
)
def test_options_of_hostile_size_are_refused(env: str, options: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        registry.recorded_game(env, options)


def test_the_bounds_on_options_keep_games_cheap_to_build() -> None:
    """The largest games that options allow are described at once; a payoff table of Commons once took 7 GB here."""
    assert aa.game("Commons-v0", players=1000, tokens=1000, resource="static").info.seats == 1000
    assert aa.game("Economist-v0", population=10_000).info.seats == 10_001


def test_games_are_told_apart_by_how_their_options_are_written() -> None:
    """1, 1.0 and True are equal, and records write them apart."""
    built = [
        registry.game("TicTacToe-v0", draw=0),
        registry.game("TicTacToe-v0", draw=0.0),
        registry.recorded_game("TicTacToe-v0", {"draw": 0}),
    ]
    assert [json.dumps(game.options) for game in built] == ['{"draw": 0}', '{"draw": 0.0}', '{"draw": 0}']
    assert registry.game("TicTacToe-v0", draw=0.0) is registry.recorded_game("TicTacToe-v0", {"draw": 0.0})
