"""`CommandAgent`: processes and their lives, several matches at once, levels that are demanded, sandboxes that fail."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boxes
import pytest

from agentarena.agents.sandbox import levels
from agentarena.agents.sandbox.agent import CommandAgent
from agentarena.agents.sandbox.levels import LEVELS, Level, available_levels, best_level, obtain
from agentarena.agents.sandbox.limits import Limits
from agentarena.agents.sandbox.python import python_command
from agentarena.core.errors import AgentRaised, BadOption, NotSupported, ServiceGone, UnknownName, UsageError
from agentarena.matches.api import play

PLAYS = """
import json, os, sys, time
token, pause = sys.argv[1], float(sys.argv[2])
seen = 0
if pause > 1 and os.fork() == 0:  # a child that does not end by itself
    time.sleep(600)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "start":
        print(json.dumps({"type": "ready"}), flush=True)
        continue
    time.sleep(pause)
    seen += 1
    print(json.dumps({"id": message["id"], "action": message["actions"][0], "memory": [seen, message["memory"]]}), flush=True)
    print(seen, message["id"], message["memory"], file=sys.stderr, flush=True)
"""


@pytest.fixture
def token() -> str:
    return f"token-{uuid.uuid4().hex}"


@pytest.fixture
def folder() -> Iterator[Path]:
    with boxes.open_folder() as place:
        yield place


def _player(folder: Path, token: str, *, level: str | None = None, pause: float = 0.0, **more: Any) -> CommandAgent:
    boxes.need(level or best_level())
    return boxes.agent((*boxes.program(folder, PLAYS), token, str(pause)), folder, level, **more)


@boxes.level
def test_it_plays_the_same_match_at_every_level(level: str, folder: Path, token: str) -> None:
    player = _player(folder, token, level=level)
    try:
        results = play("TicTacToe-v0", [player, "random"], matches=3, seed=2)
    finally:
        player.close()
    assert player.level == level
    assert not [fault for record in results.records for fault in record.faults]
    assert results.records[0].actions[0][0] == (0, 0)
    assert boxes.gone(token)


def test_a_process_plays_one_seat_of_one_match_and_ends_with_it(folder: Path, token: str) -> None:
    player = _player(folder, token)
    most = 0

    class Watching(boxes.Agent):
        name = "watching"

        def choose(self, view: Any) -> Any:
            nonlocal most
            most = max(most, player.processes)
            return view.sample()

    try:
        play("TicTacToe-v0", [player, Watching()], matches=12, seed=2, concurrency=2)
        assert 1 <= most <= 4  # two matches under way, two that have just ended
        gc.collect()
        end = time.monotonic() + 3
        while player.processes and time.monotonic() < end:
            time.sleep(0.02)
        assert player.processes == 0
        assert boxes.gone(token)
    finally:
        player.close()


def test_memory_comes_back_and_the_tail_of_stderr_is_there(folder: Path, token: str) -> None:
    player = _player(folder, token)
    try:
        play("TicTacToe-v0", [player, "random"], matches=1, seed=2)
    finally:
        player.close()
    lines = player.stderr_tail.splitlines()
    assert lines[:2] == ["1 0 None", "2 1 [1, None]"]


def test_matches_do_not_wait_for_each_other(folder: Path, token: str) -> None:
    """Four matches of a program that sleeps on every move: together they take as long as one."""

    def seconds(matches: int, at_once: int) -> float:
        player = _player(folder, token, pause=0.15, at_once=at_once)
        try:
            play("KuhnPoker-v0", [player, player], matches=1, seed=2)  # start-up aside
            began = time.monotonic()
            play("TicTacToe-v0", [player, "random"], matches=matches, seed=2, concurrency=matches)
            return time.monotonic() - began
        finally:
            player.close()

    assert seconds(4, at_once=4) < 0.75 * seconds(4, at_once=1)


def test_a_slow_program_times_out_and_the_others_do_not(folder: Path, token: str) -> None:
    slow = _player(folder, token, pause=30, limits=Limits(answer_s=0.5, start_s=60))
    try:
        results = play("TicTacToe-v0", [slow, "random"], matches=4, seed=2)
    finally:
        slow.close()
    assert [fault["kind"] for record in results.records for fault in record.faults] == ["timeout"] * 4
    assert boxes.gone(token)


def test_it_can_be_sent_to_another_process(folder: Path, token: str) -> None:
    player = _player(folder, token)
    copy = pickle.loads(pickle.dumps(player))
    assert (copy.name, copy.version, copy.level) == (player.name, player.version, player.level)


@boxes.level
def test_it_ends_with_its_host(level: str, folder: Path, token: str) -> None:
    """The host is killed while the program waits for its turn, and while it thinks."""
    boxes.need(level)
    script = f"""
import sys
sys.path.insert(0, {str(boxes.HERE)!r})
import boxes
from pathlib import Path
from agentarena.agents.sandbox.limits import Limits
from agentarena.matches.api import play
class Stuck(boxes.Agent):
    name = "stuck"
    def choose(self, view):
        print("waiting", flush=True)
        import time; time.sleep(60)
player = boxes.agent({(*boxes.program(folder, PLAYS), token, "0")!r}, Path({str(folder)!r}), {level!r})
play("TicTacToe-v0", [player, Stuck()], matches=1, seed=2)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"waiting\n"
        assert boxes.processes_with(token)
        host.kill()
        host.wait()
    assert boxes.gone(token)


@pytest.mark.parametrize("level", LEVELS[:3])
def test_a_sandbox_that_is_killed_is_no_loss(level: str, folder: Path, token: str) -> None:
    boxes.need(level)
    player = _player(folder, token, level=level, pause=30, limits=Limits(answer_s=60, start_s=60))

    class Saboteur(boxes.Agent):
        name = "saboteur"

        def choose(self, view: Any) -> Any:
            raise AssertionError("it does not come to that")

    import threading

    def sabotage() -> None:
        while not (boxes_open := [one.sandbox.pid for one in player._loop.sessions.values() if one.sandbox] if player._loop else []):
            time.sleep(0.05)
        while not boxes.processes_with(token):
            time.sleep(0.05)
        time.sleep(1.0)
        os.kill(boxes_open[0], signal.SIGKILL)

    thread = threading.Thread(target=sabotage)
    thread.start()
    try:
        with pytest.raises(ServiceGone, match="killed from outside"):
            play("TicTacToe-v0", [player, Saboteur()], matches=1, seed=2)
    finally:
        thread.join()
        player.close()
    assert boxes.gone(token)


def test_a_program_that_is_not_there_is_the_agents_fault(folder: Path) -> None:
    boxes.need(best_level())
    player = boxes.agent(("no-such-program",), folder)
    try:
        (record,) = play("TicTacToe-v0", [player, "random"], matches=1).records
    finally:
        player.close()
    assert [fault["kind"] for fault in record.faults] == ["died"]


# --- levels ------------------------------------------------------------------------------------------------------------------


def test_levels_say_what_is_there_and_what_helps() -> None:
    shown = available_levels()
    assert [level.name for level in shown] == list(LEVELS)
    for level in shown:
        assert level.available == (level.reason == "")
    assert levels.probe("rlimits") is levels.probe("rlimits")


def test_a_demanded_level_is_met_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    works = {"bubblewrap": False, "unshare": False, "landlock": True, "rlimits": True}
    monkeypatch.setattr(
        levels, "probe", lambda name: Level(name, works[name], "" if works[name] else "not here", "" if works[name] else "do this")
    )
    assert obtain(None, None) == obtain(None, "landlock") == obtain("landlock", "rlimits") == "landlock"
    assert obtain("rlimits", None) == "rlimits"
    with pytest.raises(NotSupported, match=r"unshare: not here \(do this\)"):
        obtain(None, "unshare")
    with pytest.raises(NotSupported, match="weaker than 'landlock'"):
        obtain("rlimits", "landlock")
    with pytest.raises(NotSupported, match="bubblewrap: not here"):
        obtain("bubblewrap", None)
    with pytest.raises(UnknownName, match="Did you mean landlock"):
        obtain("landlok", None)


def test_bubblewrap_that_is_missing_or_forbidden_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    probe = levels.probe.__wrapped__
    monkeypatch.setattr(levels.shutil, "which", lambda *_, **__: None)
    assert "apt-get install bubblewrap" in probe("bubblewrap").remedy
    monkeypatch.undo()
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(levels.shutil, "which", lambda *_, **__: str(fake))
    result = probe("bubblewrap")
    assert not result.available
    assert "uid map" in result.reason
    assert "AppArmor" in result.remedy


@pytest.mark.skipif(not boxes.ROOT, reason="only root's agents run as another user")
def test_root_is_told_what_its_agents_cannot_read(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    boxes.need("rlimits")
    with pytest.raises(UsageError, match="chmod -R o"):
        boxes.agent(("true",), closed, "rlimits")


@pytest.mark.parametrize("wrong", [{"answer_s": 0}, {"processes": 1.5}, {"memory_bytes": True}, {"start_s": float("nan")}])
def test_limits_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=next(iter(wrong))):
        Limits(**wrong)


@pytest.mark.parametrize("command", [(), "node agent.js", ("a\0b",)])
def test_commands_are_checked(command: Any, folder: Path) -> None:
    with pytest.raises(UsageError, match="list of strings"):
        boxes.agent(command, folder)


# --- Python entries ----------------------------------------------------------------------------------------------------------

CLASSES = """
from agentarena import Agent, Reply
print("printed at import")

class Mine(Agent):
    def choose(self, view):
        print("printed", view.text)
        assert view.observation.shape == (3, 3, 2)
        assert not hasattr(view, "imagine") and not hasattr(view, "game")
        view.memory["turns"] = view.memory.get("turns", 0) + 1
        assert view.memory["turns"] == view.turn + 1
        return Reply(view.write(view.choices[0]), thinking="first") if view.turn else view.choices[0]

class Batches(Agent):
    def act(self, views):
        return [view.choices[-1] for view in views]

class Fails(Agent):
    def choose(self, view):
        raise ValueError("no idea")

made = Mine()

def words(view):
    return "I take <answer>" + view.spellings[0] + "</answer>"

def writes_to_the_wire(view):
    import os
    os.write(1, b"{}\\n")
    return view.choices[0]
"""


def _python(folder: Path, entry: str, text: str = CLASSES) -> CommandAgent:
    boxes.program(folder, text, "mine.py")
    try:
        return boxes.agent(python_command(entry, folder), folder, limits=Limits(answer_s=30, start_s=60))
    except (NotSupported, UsageError) as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("entry", ["Mine", "made", "Batches", "words", "writes_to_the_wire"])
def test_python_entries(entry: str, folder: Path) -> None:
    player = _python(folder, f"mine:{entry}")
    try:
        (record,) = play("TicTacToe-v0", [player, "random"], matches=1, seed=2).records
    finally:
        player.close()
    assert not record.faults, player.stderr_tail
    assert "printed at import" in player.stderr_tail
    if entry == "Mine":
        assert {attempt["thinking"] for reply in record.replies for attempt in reply["attempts"]} == {"first"}


def test_python_errors_are_the_agents(folder: Path) -> None:
    player = _python(folder, "mine:Fails")
    try:
        (record,) = play("TicTacToe-v0", [player, "random"], matches=1, seed=2).records
    finally:
        player.close()
    assert [(fault["kind"], fault["reason"]) for fault in record.faults] == [("raised", "it says: 'ValueError: no idea'")]
    assert "Traceback" in player.stderr_tail


def test_a_module_that_cannot_be_imported_is_the_agents_fault(folder: Path) -> None:
    player = _python(folder, "mine:act", "import no_such_module\n")
    try:
        with pytest.raises(AgentRaised, match="no_such_module"):
            player.act([boxes.view()])
    finally:
        player.close()


@pytest.mark.parametrize("entry", ["mine", "mine:", ":act", "../mine:act", "mi-ne:act", "absent:act"])
def test_entries_are_checked(entry: str, folder: Path) -> None:
    boxes.program(folder, "", "mine.py")
    with pytest.raises(UsageError, match="entry"):
        python_command(entry, folder)
