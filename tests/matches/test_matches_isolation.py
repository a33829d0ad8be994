"""Agents in processes of their own: deadlines, death, noise, copies, memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.games import Moles
from rascals import First, Miscounts, Remembers, spec

from agentarena.agents.child import Child
from agentarena.agents.random import RandomAgent
from agentarena.agents.specs import agent
from agentarena.agents.subprocess import Isolated
from agentarena.core.errors import AgentDied, AgentTimeout, BadOption, UnknownName, UsageError
from agentarena.matches.api import play

RANDOMS = ["random", "random"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid: int, within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("rules", ["TicTacToe-v0", "LeducPoker-v0", Moles()], ids=str)
def test_isolation_changes_no_record(rules):
    plain = play(rules, RANDOMS, matches=12, seed=4)
    apart = play(rules, RANDOMS, matches=12, seed=4, isolate=True, concurrency=5)
    timed = play(rules, RANDOMS, matches=12, seed=4, deadline_s=30)
    assert plain.records == apart.records == timed.records


def test_memory_lives_through_the_process():
    results = play("TicTacToe-v0", [spec("Remembers"), spec("Remembers")], matches=6, isolate=True, concurrency=3)
    plain = play("TicTacToe-v0", [spec("Remembers"), spec("Remembers")], matches=6)
    assert results.records == plain.records
    assert all(not record.faults for record in results.records)


@pytest.mark.parametrize(("name", "kind"), [("Sleeps", "timeout"), ("Spins", "timeout"), ("Dies", "died"), ("Raises", "raised")])
def test_a_failure_costs_its_match_and_the_agent_is_used_on(name, kind):
    results = play("TicTacToe-v0", [spec(name), "random"], matches=7, deadline_s=1.0)
    for record in results.records:
        assert (record.outcome == "forfeited") == (record.match % 3 == 0), record
        for fault in record.faults:
            assert fault["kind"] == kind
            assert record.winner == 1 - fault["seat"]
            assert record.returns[fault["seat"]] == record.game().info.forfeit_return


def test_a_death_without_a_deadline_is_traced_to_its_match():
    """The questions of seven matches go out together; only those that kill the process pay for it."""
    results = play("TicTacToe-v0", [spec("Dies"), "random"], matches=7, isolate=True, concurrency=7)
    assert [record.match for record in results.records if record.faults] == [0, 3, 6]
    assert {fault["reason"] for record in results.records for fault in record.faults} == {"its process ended (exit code 7)"}


def test_the_memory_of_other_matches_outlives_a_killed_process():
    class Both(Remembers):
        def choose(self, view):
            if view.match == 1 and view.turn == 1:
                time.sleep(3600)
            return super().choose(view)

    results = play("TicTacToe-v0", [Both(), First()], matches=6, rotate=False, deadline_s=1.0, concurrency=6)
    assert [record.match for record in results.records if record.faults] == [1]


@pytest.mark.parametrize("what", ["nan", "none", "list", "object"])
def test_nonsense_travels(what):
    results = play("TicTacToe-v0", [spec("Answers", what=what, every=1), "random"], matches=2, isolate=True)
    assert [record.faults[0]["kind"] for record in results.records] == ["nonsense"] * 2


def test_a_wrong_count_travels():
    results = play("TicTacToe-v0", [Miscounts(), "random"], matches=10, isolate=True, concurrency=10)
    assert [record.match for record in results.records if record.faults] == [0, 5]


def test_printing_corrupts_nothing(capfd):
    results = play("TicTacToe-v0", [spec("Prints"), "random"], matches=3, isolate=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "and past Python" in err
    assert "and again" in err
    assert results.records == _renamed(play("TicTacToe-v0", RANDOMS, matches=3).records, spec("Prints"))


def test_copies_do_not_answer():
    results = play("TicTacToe-v0", [spec("Forks"), "random"], matches=3, isolate=True, concurrency=3)
    assert results.records == _renamed(play("TicTacToe-v0", RANDOMS, matches=3).records, spec("Forks"))


def _renamed(records, name):
    import dataclasses

    return [
        dataclasses.replace(
            record, seats=tuple(dataclasses.replace(seat, agent=name) if seat.index == 0 else seat for seat in record.seats)
        )
        for record in records
    ]


def test_what_an_agent_started_dies_with_it(tmp_path):
    note = tmp_path / "pid"
    results = play("TicTacToe-v0", [spec("Breeds", note=note), "random"], matches=1, deadline_s=0.5)
    assert results.records[0].faults[0]["kind"] == "timeout"
    assert gone(int(note.read_text()))


def test_agents_of_their_own_time_keep_deadlines_in_their_process():
    results = play("TicTacToe-v0", [spec("Slow", seconds=0.01), "random"], matches=8, deadline_s=20, seed=2)
    plain = play("TicTacToe-v0", RANDOMS, matches=8, seed=2)
    assert [record.actions for record in results.records] == [record.actions for record in plain.records]
    late = play("TicTacToe-v0", [spec("Slow", seconds=2.0), "random"], matches=2, rotate=False, deadline_s=0.3)
    assert [record.faults[0]["kind"] for record in late.records] == ["timeout", "timeout"]


def test_an_agent_that_cannot_be_made_is_the_callers_mistake():
    with pytest.raises(UsageError, match="cannot be made: RuntimeError: the weights are missing"):
        play("TicTacToe-v0", [spec("Unborn"), "random"], matches=1, isolate=True)
    with pytest.raises(AgentDied, match="exit code 9"):
        play("TicTacToe-v0", [spec("Stillborn"), "random"], matches=1, isolate=True)
    with pytest.raises(UnknownName, match="random"):
        play("TicTacToe-v0", ["randm", "random"], matches=1, isolate=True)
    with pytest.raises(BadOption, match="nonsense"):
        Isolated("random?nonsense=1")
    with pytest.raises(UsageError, match="cannot be sent"):
        Isolated(_Rooted())


class _Rooted(RandomAgent):
    def __init__(self) -> None:
        self.generator = (number for number in range(3))  # cannot travel


def test_an_isolated_agent_is_an_agent_like_any_other():
    inside = Isolated("random")
    assert (inside.name, inside.version) == ("random", agent("random").version)
    try:
        results = play("TicTacToe-v0", [inside, "random"], matches=4)
    finally:
        inside.close()
    assert results.records == play("TicTacToe-v0", RANDOMS, matches=4).records
    never = Isolated(spec("Sleeps", every=1), deadline_s=0.3)
    from agentarena.core.agent import View
    from agentarena.core.episode import Episode
    from agentarena.core.registry import game
    from agentarena.core.rng import stream

    rules = game("TicTacToe-v0")
    state = Episode(rules, stream(0)).state
    with contextlib.closing(never), pytest.raises(AgentTimeout, match=r"0\.3 s"):
        never.act([View(rules, state, 0, turn=1)])


def test_a_slow_start_does_not_count_and_has_its_own_limit(tmp_path):
    (tmp_path / "sleepy.py").write_text(
        "import time\nfrom agentarena.agents.random import RandomAgent\n"
        "class Sleepy(RandomAgent):\n    def __init__(self):\n        time.sleep(1.5)\n"
    )
    results = play("TicTacToe-v0", [f"{tmp_path}/sleepy.py:Sleepy", "random"], matches=1, deadline_s=1.2)
    assert not results.records[0].faults
    with pytest.raises(AgentTimeout, match="not ready"):
        Isolated(f"{tmp_path}/sleepy.py:Sleepy", start_s=0.1)


def test_a_child_ends_with_its_parent():
    """The parent is killed without a chance to clean up, while its child's agent hangs."""
    program = (
        "import sys, time; from agentarena.agents.subprocess import Isolated\n"
        f"inside = Isolated({spec('Sleeps', every=1)!r})\nprint(inside._child.pid, flush=True)\ntime.sleep(3600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    assert gone(pid)


def test_closing_twice_is_fine():
    child = Child("time:sleep", b"")
    child.kill()
    assert child.kill() < 0
