"""The bridges to TextWorld, ScienceWorld and TextWorldExpress, each where it is installed: `make test-text` runs them in an environment of their own."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bridges.text_engines import finish

import agentarena as aa
from agentarena.bridges import jvm
from agentarena.bridges.text_game import MOST_LISTED
from agentarena.check import check
from agentarena.core.errors import BadOption, UnknownName

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the packages and their dependencies


def _lacks(package: str) -> bool:
    return importlib.util.find_spec(package) is None


textworld = pytest.mark.skipif(
    _lacks("textworld") or sys.version_info >= (3, 13), reason="needs the extra textworld, on a Python before 3.13"
)
scienceworld = pytest.mark.skipif(_lacks("scienceworld") or not shutil.which("java"), reason="needs the extra scienceworld, and Java")
express = pytest.mark.skipif(_lacks("textworld_express") or not shutil.which("java"), reason="needs the extra textworldexpress, and Java")
EXPRESS = "agentarena.bridges.textworld_express:TextWorldExpressGame"
SCIENCE = "agentarena.bridges.scienceworld:ScienceWorldGame"
TEXTWORLD = "agentarena.bridges.textworld:TextWorldGame"


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generated games of TextWorld."""
    from agentarena.bridges.textworld import make_games

    folder = tmp_path_factory.mktemp("games")
    make_games(folder, "tw-cooking", settings=("--recipe", "1", "--take", "1"))
    make_games(folder, "tw-coin_collector", settings=("--level", "3"))
    return folder


@pytest.fixture(scope="module", autouse=True)
def _java_ends() -> Any:
    yield
    pids = jvm.running()
    jvm.close_engines()
    assert jvm.running() == []
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def start(game: Any, seed: int = 0) -> Any:
    return game.start(np.random.default_rng(seed))


def same_face(env: Any, valid: str) -> dict[str, Any]:
    """Step an environment by a valid and an odd command; everything of the common face is there."""
    observation, info = env.reset(seed=0)
    assert observation["words"]["text"].strip() or info["feedback"] == ""
    assert valid in info["admissible_commands"] == sorted(info["admissible_commands"])
    for key in ("feedback", "task", "parse_ok", "game_id", "task_type", "optimal_length", "difficulty", "state_hash", "score"):
        assert key in info
    assert (info["won"], info["action_valid"]) == (False, True)
    anchor, score = info["state_hash"], info["score"]
    _, reward, terminated, _, info = env.step("fly to the moon")
    assert (reward, terminated, info["action_valid"], info["parse_ok"], info["state_hash"]) == (score, False, False, False, anchor)
    *_, info = env.step(valid)
    assert (info["action_valid"], info["parse_ok"]) == (True, True)
    env.close()
    return info


# --- TextWorld ---------------------------------------------------------------------------------------------------------------


@textworld
@pytest.mark.parametrize("backend", ["z8", "json"])
def test_textworld_is_won_by_its_own_walkthrough(games: Path, backend: str) -> None:
    game = aa.game(TEXTWORLD, path=str(games), backend=backend, game=1)
    assert game.count() == 2
    state = start(game)
    assert state.opened.task_type == "tw-cooking"
    total = 0.0
    for command in _walkthrough(games):
        state = finish(game, state, command)
        total += game.rewards(state)[0]
        assert state.action_valid, command
    assert (state.answer.won, game.to_move(state)) == (True, ())
    assert total == pytest.approx(1.0)
    copy = game.unpack(game.pack(state))
    assert (copy.answer.won, game.anchor(copy, 0)) == (True, game.anchor(state, 0))
    game.release(copy)
    game.release(state)


def _walkthrough(folder: Path) -> list[str]:
    """The solution that the generator wrote down."""
    walkthrough: list[str] = json.loads(next(folder.glob("tw-cooking*.json")).read_text())["metadata"]["walkthrough"]
    return walkthrough


@textworld
def test_textworld_in_gymnasium_and_in_play(games: Path) -> None:
    info = same_face(aa.make_solo(TEXTWORLD, path=str(games), game=0), "look")
    assert info["optimal_length"] > 0
    assert info["difficulty"]["max_score"] >= 1
    results = aa.play(TEXTWORLD, ["random"], matches=2, seed=1, path=str(games), max_steps=5)
    assert len(results.records) == 2


@textworld
def test_textworld_keeps_the_contract(games: Path) -> None:
    check(aa.game(TEXTWORLD, path=str(games), backend="json", max_steps=5), seeds=(0,)).raise_for_failures()


@textworld
def test_textworld_files_that_are_none(games: Path, tmp_path: Path) -> None:
    for path in ("", str(tmp_path), str(tmp_path / "no.z8")):
        with pytest.raises(BadOption, match="option 'path'"):
            start(aa.game(TEXTWORLD, path=path))
    for name in ("bad.json", "bad.z8"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(BadOption, match="is no game"):
        start(aa.game(TEXTWORLD, path=str(tmp_path / "bad.json"), backend="json"))
    lone = tmp_path / "lone.z8"
    lone.write_bytes(next(games.glob("*.z8")).read_bytes())
    with pytest.raises(BadOption, match="side by side"):
        start(aa.game(TEXTWORLD, path=str(lone)))


@textworld
def test_textworld_in_one_vector(games: Path) -> None:
    envs = aa.make_vec(aa.game(TEXTWORLD, path=str(games), backend="json", max_steps=3), 2)
    envs.reset(seed=0)
    for _ in range(4):
        envs.step(np.array(["look", "look"]))
    envs.close()


# --- TextWorldExpress -----------------------------------------------------------------------------------------------------------


@express
def test_express_in_gymnasium_and_its_splits() -> None:
    info = same_face(aa.make_solo(EXPRESS, game=0), "look around")
    assert info["game_id"] == "cookingworld/train/0"
    assert info["difficulty"]["numIngredients"] == 3
    game = aa.game(EXPRESS, kind="coin", split="test", parameters="numLocations=2,includeDoors=0", game=0)
    state = start(game)
    assert (state.opened.game_id, state.opened.difficulty["numLocations"]) == ("coin/test/20000", 2)
    game.release(state)


@express
def test_express_is_won() -> None:
    game = aa.game(EXPRESS, kind="simonsays", parameters="gameLength=2,numDistractors=2", game=0)
    state = start(game)
    while game.to_move(state):
        said = state.answer.text.rsplit("Simon says, '", 1)[1].split("'")[0]
        state = finish(game, state, said)
    assert state.answer.won
    assert state.answer.score == 1.0
    copy = game.unpack(game.pack(state))
    assert copy.answer == state.answer
    game.release(copy)
    game.release(state)


@express
def test_express_engines_wait_for_the_next_match() -> None:
    results = aa.play(EXPRESS, ["random"], matches=3, seed=1, kind="coin", max_steps=5)
    assert len(results.records) == 3
    before = jvm.running()
    aa.play(EXPRESS, ["random"], matches=2, seed=2, kind="twc", max_steps=5)
    assert jvm.running() == before


@express
def test_express_parameters_that_do_not_exist() -> None:
    with pytest.raises(BadOption, match="rooms"):
        start(aa.game(EXPRESS, parameters="rooms=3"))


@express
def test_express_keeps_the_contract() -> None:
    check(aa.game(EXPRESS, kind="coin", max_steps=4), seeds=(0,)).raise_for_failures()


@express
@pytest.mark.parametrize("way", ["exit", "kill"])
def test_java_ends_with_its_process(way: str) -> None:
    script = (
        "import sys, time, numpy, agentarena as aa\n"
        "from agentarena.bridges import jvm\n"
        f"state = aa.game({EXPRESS!r}, kind='coin').start(numpy.random.default_rng(0))\n"
        "print(jvm.running()[0], flush=True)\n"
        f"{'time.sleep(60)' if way == 'kill' else ''}"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        if way == "kill":
            process.send_signal(signal.SIGKILL)
        process.wait(60)
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.1)
    pytest.fail(f"Java ({pid}) still runs")


def _alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


# --- ScienceWorld --------------------------------------------------------------------------------------------------------------


@scienceworld
def test_scienceworld_in_gymnasium_and_its_splits() -> None:
    env = aa.make_solo(SCIENCE, task="find-living-thing", split="dev", simplifications="easy", game=0)
    info = same_face(env, "look around")
    assert info["game_id"].startswith("find-living-thing/")
    assert info["difficulty"]["simplifications"] == "easy"
    game = aa.game(SCIENCE, task="boil", split="train")
    assert game.count() == 14
    with pytest.raises(UnknownName, match="boil"):
        aa.game(SCIENCE, task="boill").count()
    with pytest.raises(BadOption, match="easiest"):
        aa.game(SCIENCE, task="boil", simplifications="easiest").count()


@scienceworld
def test_scienceworld_can_be_lost() -> None:
    game = aa.game(SCIENCE, task="find-living-thing", split="dev", simplifications="easy", game=0)
    state = start(game)
    assert "commands are admissible. Commands are: open" in game.text.view(state, 0)
    assert len(state.answer.admissible) > MOST_LISTED
    state = finish(game, state, "focus on air")
    assert (state.answer.won, game.to_move(state)) == (False, ())
    assert game.rewards(state) == (-1.0,)
    game.release(state)
