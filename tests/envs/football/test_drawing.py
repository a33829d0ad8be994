"""The field drawn: what each seat may see of it, in characters, as marks, as an image and as a file."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.check.fingerprint import fingerprint
from agentarena.core.frames import frames
from agentarena.core.marks import Mark
from agentarena.core.replay import steps
from agentarena.core.screen import screen_lines
from agentarena.envs.football.drawing import draw, screen, table
from agentarena.envs.football.drawing.field import sheet
from agentarena.envs.football.figures import figures
from agentarena.envs.football.state import frozen

GAMES = [
    ("Football-v0", {}),
    ("Football-v0", {"plays": ("sweep_left", "sweep_right"), "report": True}),
    ("Football-v0", {"roster": "paper", "contact": "sharp", "tackle": "saturating", "box": 1.6, "completion": 0.0}),
    ("Football-v0", {"contact": "none", "mode": "player", "steps": 3}),
    ("Hexner-v0", {"belief": "public", "discretization": "split"}),
    (
        "Hexner-v0",
        {"targets": ((1.0,), (-1.0,), (0.0,)), "prior": (1.0, 1.0, 1.0), "r1": (0.05,), "r2": (0.1,), "start_at": (0.0, 0.0, 0.1, 0.0)},
    ),
    ("Hexner-v0", {"targets": ((0.0, 1.0, 0.0), (0.0, -1.0, 0.5)), "r1": (0.05,) * 3, "r2": (0.1,) * 3, "start_at": (0.0,) * 12}),
    ("Hexner22-v0", {}),
]


def _states(name: str, options: dict[str, Any], seed: int = 0) -> tuple[Any, list[Any]]:
    game = aa.game(name, **options)
    agents = ["random"] * game.info.seats
    record = aa.play(game, agents, matches=1, seed=seed).records[0]
    return game, [match.episode.state for match, _ in steps(record)]


@pytest.mark.parametrize(("name", "options"), GAMES)
def test_a_defender_is_shown_nothing_of_the_type(name: str, options: dict[str, Any]) -> None:
    game, states = _states(name, options)
    defender, attacker = game.info.seats - 1, 0
    other = lambda state: frozen(state.but(secret=np.asarray((int(state.secret) + 1) % game.system.types)))  # noqa: E731
    for number, state in enumerate(states[:-1]):
        looks = [lambda s: screen(game, s, defender), lambda s: table(game, s, (defender,))]
        looks += [] if number % 4 else [lambda s: draw(game, s, (defender,))]
        for look in looks:
            assert fingerprint(look(state)) == fingerprint(look(other(state)))
        assert screen(game, state, attacker) != screen(game, other(state), attacker)
    end = states[-1]
    assert screen(game, end, defender)[:2] == screen(game, end, attacker)[:2], "at the end everybody knows"


@pytest.mark.parametrize(("name", "options"), GAMES)
def test_all_pictures_of_a_game_have_one_size(name: str, options: dict[str, Any]) -> None:
    game, states = _states(name, options)
    width, height = sheet(game).size
    for state in (states[0], states[-1]):
        image = draw(game, state, (0,))
        assert image.shape == (height, width, 3)
        assert width % 2 == height % 2 == 0
        for mark in screen(game, state, 0)[1].marks:
            assert all(-0.1 <= x <= width + 0.1 and -0.1 <= y <= height + 0.1 for x, y in mark.points if mark.track)
        assert max(map(len, table(game, state, (0,)).split("\n"))) <= 100


def _marks(game: Any, state: Any, seat: int) -> list[Mark]:
    return list(next(block for block in screen(game, state, seat) if block.kind == "picture").marks)


def _titles(game: Any, state: Any, seat: int) -> list[str]:
    return [mark.title for mark in _marks(game, state, seat)]


def test_whose_ball_it_is() -> None:
    game, states = _states("Football-v0", {}, seed=1)
    first = states[0]
    assert _titles(game, first, 0).count("the ball") == 1
    assert _titles(game, first, 1).count("may have the ball") == 2
    assert "the ball" not in _titles(game, first, 1)
    assert "ball: RB or QB" in table(game, first, (1,))
    words = table(game, frozen(first.but(secret=np.asarray(1))), (0,))
    assert "play: pass; ball: QB" in words
    assert "QB*" in words
    assert "RB*" not in words
    sweeps, at_snap = _states("Football-v0", {"plays": ("sweep_left", "sweep_right")})
    assert _titles(sweeps, at_snap[0], 1).count("the ball") == 1, "the RB has it in all plays, so everybody knows"
    for seat, own in ((0, 1), (1, 0)):
        lanes = [mark.tone for mark in _marks(sweeps, at_snap[0], seat) if "lane" in mark.title]
        assert (len(lanes), lanes.count("target")) == (2, own)


def test_roles_stand_where_they_are() -> None:
    game, states = _states("Football-v0", {})
    letters = [mark.words for mark in _marks(game, states[0], 1) if mark.track and mark.shape in ("disc", "square")]
    assert sorted(letters) == sorted(role.name for side in (game.system.roster.attack, game.system.roster.defence) for role in side)
    places = {mark.words: mark.points[0] for mark in _marks(game, states[0], 1) if mark.words}
    assert places["WRL"][1] < places["QB"][1] < places["WRR"][1], "the attackers' left is above, since they run to the right"
    assert places["RB"][0] < places["QB"][0] < places["C"][0] < places["FS"][0]


def test_a_tackle_and_a_throw_are_drawn() -> None:
    game = aa.game("Football-v0")
    agents = ["football/caller?fake=0&look=inside_zone", "football/caller?defence=run_stop"]
    for record in aa.play(game, agents, matches=6, seed=0).records:
        end = [match.episode.state for match, _ in steps(record)][-1]
        titles = _titles(game, end, 1)
        kind = int(end.secret)
        assert ("more likely tackled than not" in titles) == bool(end.alive[kind] < 0.5)
        assert any(title.startswith("thrown to") for title in titles) == (game.plays[kind] == "pass")


def test_beliefs_are_charts() -> None:
    game, states = _states("Hexner-v0", {"belief": "public", "discretization": "split"})
    for seat in (0, 1):
        chart = screen(game, states[-1], seat)[-1]
        assert (chart.kind, chart.title) == ("chart", "Public belief")
        assert [float(item.detail) for item in chart.items] == pytest.approx(states[-1].belief, abs=1e-4)
    reporting, after = _states("Football-v0", {"report": True})
    titles = [[block.title for block in screen(reporting, after[-1], seat) if block.kind == "chart"] for seat in (0, 1)]
    assert "Defenders' report" in titles[1]
    assert "Defenders' report" not in titles[0], "attackers are not told it"


def test_render_modes() -> None:
    env = aa.make("Football-v0", render_mode="ansi")
    env.reset(seed=0)
    words = env.render()
    assert words.startswith("Step 0 of 10")
    assert "play:" in words, "the whole table knows the type"
    env = aa.make("Hexner-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().dtype == np.uint8


def test_reports_have_figures() -> None:
    records = aa.play("Hexner-v0", ["hexner/equilibrium"] * 2, matches=6, seed=0).records
    drawn = figures(records)
    assert [title.split(": ")[1].split(",")[0] for title, _ in drawn] in (["target 1", "target 2"], ["target 2", "target 1"])
    assert all("<style" not in svg and svg.startswith("<svg") for _, svg in drawn)


def test_a_replay_in_the_terminal_shows_the_field() -> None:
    record = aa.play("Football-v0", ["football/caller", "football/caller"], matches=1, seed=0).records[0]
    frame = frames(record)[3]
    words = screen_lines(frame.screens[1])
    assert re.search(r"Ball: RB or QB", words)
    assert "Chance that the play goes on" in words
