"""The command pokemon: the simulator's state, teams that are made and checked, and what is said where it is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agentarena.envs.pokemon_vgc.engine.errors import EngineMissing
from agentarena.envs.pokemon_vgc.engine.install import worker_command
from agentarena.envs.pokemon_vgc.teams import default_pools

Run = Callable[..., tuple[int, str, str]]
CHAMPIONS = "gen9championsvgc2026regmb"


@pytest.fixture
def simulator() -> None:
    """Skips where the simulator is not installed."""
    try:
        worker_command()
    except EngineMissing as error:
        pytest.skip(str(error))


def test_a_missing_simulator_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AGENTARENA_SHOWDOWN", raising=False)
    code, out, _ = run("pokemon", "status", "--json")
    state = json.loads(out)
    assert code == 1
    assert not state["runs"]
    assert "install" in state["problem"]
    assert run("pokemon", "status")[0] == 1
    team = tmp_path / "team.txt"
    team.write_text(default_pools(CHAMPIONS).train_teams(1)[0])
    code, _, err = run("pokemon", "validate", str(team))
    assert code == 2
    assert "install" in err


def test_a_missing_node_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTARENA_NODE", str(tmp_path / "node"))
    code, _, err = run("pokemon", "install")
    assert code == 2
    assert "no executable file" in err


@pytest.mark.usefixtures("simulator")
def test_status(run: Run) -> None:
    code, out, _ = run("pokemon", "status", "--json")
    state = json.loads(out)
    assert code == 0
    assert state["showdown_version"] == "0.11.11"
    assert CHAMPIONS in state["formats"]


@pytest.mark.usefixtures("simulator")
def test_teams_are_made_and_checked(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("pokemon", "team", "--seed", "5", "--teams", "2")
    assert code == 0
    path = tmp_path / "teams.txt"
    path.write_text(out)
    code, checked, _ = run("pokemon", "validate", str(path))
    assert code == 0
    assert checked.count("legal in") == 2
    path.write_text(out.replace("- ", "- Spore\n- ", 1))
    code, checked, _ = run("pokemon", "validate", str(path), "--json")
    first, second = json.loads(checked)["teams"]
    assert code == 1
    assert any("5 moves" in problem for problem in first["problems"])
    assert second["legal"]
    code, packed, _ = run("pokemon", "team", "--seed", "5", "--teams", "2", "--packed")
    assert code == 0
    assert len(packed.splitlines()) == 2


def test_what_is_no_team(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "team.txt"
    path.write_text("Incineroar\nLevel: x\n")
    code, _, err = run("pokemon", "validate", str(path))
    assert code == 2
    assert "line 2" in err
    assert run("pokemon", "validate", str(tmp_path / "nothing.txt"))[0] == 2
