"""The engine with the simulator itself: the same battle anywhere, whatever happens to a process."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from pokemon_helpers import CHAMPIONS, REG_I, choice, needs_simulator, play, setups

from agentarena.envs.pokemon_vgc.engine import Engine, Setup, Update, install
from agentarena.envs.pokemon_vgc.engine.errors import BadChoice, BadFormat, BadTeam
from agentarena.envs.pokemon_vgc.teams import default_pools

pytestmark = needs_simulator
FORMATS = (CHAMPIONS, REG_I)


@pytest.fixture(scope="module")
def engine():
    with Engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def undisturbed(engine):
    """Digests of three battles of each format."""
    digests = {}
    for format in FORMATS:
        battles = engine.start_many(setups(format, 3))
        updates = play(engine, battles)
        assert all(update.over for update in updates)
        digests[format] = [engine.digest(battle) for battle, _ in battles]
    return digests


@pytest.mark.parametrize("format", FORMATS)
def test_two_processes_play_the_same_battles(undisturbed, format):
    with Engine(2) as engine:
        battles = engine.start_many(setups(format, 3))
        play(engine, battles)
        assert len(engine.transport.pids()) == 2
        assert [engine.digest(battle) for battle, _ in battles] == undisturbed[format]


def other_nodes() -> list[Path]:
    """Every Node of this machine of another version than the one that is used."""
    mine = install.node_version(install.find_node())
    candidates = [shutil.which("node"), "/usr/bin/node", install._wheel("bin", "node")]
    paths = {Path(path).resolve() for path in candidates if path and Path(path).is_file()}
    return sorted(path for path in paths if install.node_version(path) != mine and install.node_version(path) >= install.LEAST_NODE)


def test_another_node_plays_the_same_battles(undisturbed):
    nodes = other_nodes()
    if not nodes:
        pytest.skip("there is one version of Node on this machine")
    for node in nodes:
        with Engine(node=node) as engine:
            for format in FORMATS:
                battles = engine.start_many(setups(format, 3))
                play(engine, battles)
                assert [engine.digest(battle) for battle, _ in battles] == undisturbed[format]


def test_a_battle_whose_process_is_killed_ends_the_same(undisturbed):
    with Engine() as engine:
        battles = engine.start_many(setups(CHAMPIONS, 3))

        def kill(round: int) -> None:
            if round in (1, 6):
                os.kill(engine.transport.pids()[0], signal.SIGKILL)

        play(engine, battles, between=kill)
        assert engine.restarts == 2
        assert [engine.digest(battle) for battle, _ in battles] == undisturbed[CHAMPIONS]


def test_saved_and_forked_battles_end_the_same(engine, undisturbed):
    battles = engine.start_many(setups(REG_I, 3))
    play(engine, battles, rounds=4)
    with Engine() as other:
        loaded = [other.load(engine.save(battle)) for battle, _ in battles]
        forked = [engine.fork(battle) for battle, _ in battles]
        play(engine, forked, seed=1)
        play(other, loaded, seed=1)
        assert [other.digest(battle) for battle, _ in loaded] == [engine.digest(battle) for battle, _ in forked]


def test_a_refused_choice_leaves_the_battle_as_it_is(engine):
    battle, update = engine.start(setups(REG_I, 1)[0])
    (error,) = engine.choose([(battle, ((1, 1, 2, 3), (1, 2, 3, 4)))])
    assert isinstance(error, BadChoice)
    assert engine.peek(battle).sides[0].slots == update.sides[0].slots
    rng = np.random.default_rng(0)
    (after,) = engine.choose([(battle, tuple(choice(side, rng) for side in update.sides))])
    assert isinstance(after, Update)
    assert after.turn == 1


def test_illegal_teams_and_formats_harm_no_other_battle(engine):
    fine = setups(REG_I, 1)[0]
    champion = default_pools(CHAMPIONS).train_teams(1)[0]
    answers = engine.start_many([fine, Setup(REG_I, teams=(fine.teams[0], champion)), Setup("gen9nothing", teams=fine.teams), fine])
    assert isinstance(answers[1], BadTeam)
    assert isinstance(answers[2], BadFormat)
    play(engine, [answers[0]])
    play(engine, [answers[3]])
    assert engine.digest(answers[0][0]) == engine.digest(answers[3][0])


def test_random_doubles_need_no_teams(engine):
    battle, update = engine.start(Setup("gen9randomdoublesbattle"))
    assert update.sides[0].kind in ("move", "preview")
    assert len(engine.input_log(battle)) >= 3


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc")
def test_no_socket_is_open(engine, undisturbed):
    """What the process has open after whole battles: pipes, and what Node itself polls with."""
    (pid,) = engine.transport.pids()
    opened = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    assert sum(name.startswith("pipe:") for name in opened) >= 3
    assert not [name for name in opened if name.startswith("socket:")]
