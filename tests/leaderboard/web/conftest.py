"""A home with boards whose agents say what a page must not believe, and a client of the page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hostile_words import ATTACK, URL

from agentarena.agents.specs import agent as build
from agentarena.core.agent import Agent, Reply, View
from agentarena.leaderboard.board import Board, Protocol, Settled
from agentarena.leaderboard.leaderboard import Leaderboard


class Talker(Agent):
    """Answers in hostile words; sometimes unreadably, and raises now and then."""

    def __init__(self, name: str) -> None:
        self.name = name

    def choose(self, view: View) -> Reply:
        if view.match % 7 == 3 and view.turn == 1:
            raise RuntimeError(f"boom {ATTACK}")
        if view.attempt == 0 and view.turn == 0:
            return Reply(f"I refuse {ATTACK}", thinking=f"hmm {ATTACK}")
        move = view.legal[-1] if isinstance(view.legal, tuple) else view.legal.sample(view.rng)
        return Reply(f"<answer>{view.write(move)}</answer> {ATTACK}", thinking=f"so be it {ATTACK}")


class Speaker(Agent):
    """Says hostile words in free speech, and moves at random."""

    name = "speaker"

    def choose(self, view: View) -> Reply:
        move = view.legal[int(view.rng.integers(len(view.legal)))]
        return Reply(f"<say>Trust me {ATTACK}</say> <answer>{view.write(move)}</answer>", thinking=f"I lie {ATTACK}")


def _played(board: Board, home: Path, agents: dict[str, Agent], patch: pytest.MonkeyPatch) -> Leaderboard:
    patch.setattr("agentarena.leaderboard.leaderboard.build", lambda spec: agents.get(spec) or build(spec))
    leaderboard = Leaderboard(board, home)
    leaderboard.play_references()
    return leaderboard


@pytest.fixture(scope="session")
def boards() -> SimpleNamespace:
    """A board of two seats, an edition of it under another definition, and a board with speech."""
    duel = Board(
        name="duel",
        title="A duel <b>of</b> three",
        env="TicTacToe-v0",
        agents=("random", "minimax", "talker"),
        protocol=Protocol(rounds=10, most_rounds=10, seeds="public", openings=2),
        settled=Settled(deals=20),
    )
    talk = Board(
        name="talk",
        env="Werewolf-v0",
        agents=("speaker", "random"),
        rating="return",
        protocol=Protocol(rounds=2, most_rounds=2, seeds="public", tables_limit=2, seatings_limit=2),
    )
    return SimpleNamespace(duel=duel, other=dataclasses.replace(duel, level=0.9), talk=talk)


@pytest.fixture(scope="session")
def home(boards: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home, with a rated and a failed submission."""
    place = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("submissions") / "mine"
    folder.mkdir()
    (folder / "agent.toml").write_text(
        'name = "mine"\nversion = "1"\nauthors = ["<i>A. Student</i>"]\nspec = "tictactoe/tactical"\ndescription = "<u>Tactical</u>"\n'
    )
    patch = pytest.MonkeyPatch()
    patch.setattr("agentarena.leaderboard.contestant.Contestant.trial", lambda self: "")  # which would build the board's agents by name
    players: dict[str, Agent] = {"talker": Talker(f"talker{ATTACK}"), "speaker": Speaker()}
    with _played(boards.duel, place, players, patch) as duel:
        duel.submit(folder)
        manifest = {"name": "broken", "version": "2", "authors": ["B"], "entry": "agent:act", "command": [], "needs": []}
        texts = dict.fromkeys(("spec", "model", "license", "description"), "")
        duel._runs.write("submission-received", name="broken-2", digest="0" * 64, level="bubblewrap", manifest={**manifest, **texts})
        duel._runs.write("submission-failed", name="broken-2", reason=f"it raised {ATTACK}", stderr=f"Traceback {ATTACK}\nlast line")
    for board in (boards.other, boards.talk):
        _played(board, place, players, patch).close()
    patch.undo()
    return place


@pytest.fixture(scope="session")
def keys(boards: SimpleNamespace, home: Path) -> SimpleNamespace:
    """Addresses of the boards' pages."""
    from agentarena.leaderboard.home import Home

    return SimpleNamespace(**{name: f"/boards/{Home(home).edition(board).key}" for name, board in vars(boards).items()})


@pytest.fixture(scope="session")
def client(home: Path) -> Iterator[Any]:
    """A client of a page without a form."""
    pytest.importorskip("starlette", reason="the page needs the extra `serve`")
    from starlette.testclient import TestClient

    from agentarena.leaderboard.web.app import create_app

    with TestClient(create_app(home), base_url=URL) as one:
        yield one
