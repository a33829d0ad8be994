"""Worker processes: the same bytes as one process, and none lost when one is killed."""

from __future__ import annotations

import os
import signal

import pytest
from fixtures.games import Duel
from rascals import Batches, spec

from agentarena.agents.random import RandomAgent
from agentarena.core.errors import AgentDied, UsageError
from agentarena.core.registry import game
from agentarena.matches.api import play
from agentarena.matches.backends import local

RANDOMS = ["random", "random"]


@pytest.mark.parametrize(("rules", "matches"), [("TicTacToe-v0", 200), ("LeducPoker-v0", 40), (Duel(), 3)], ids=str)
def test_workers_write_the_bytes_of_one_process(tmp_path, rules, matches):
    files = []
    for workers in (None, 1, 3):
        path = tmp_path / f"{workers}.jsonl"
        play(rules, RANDOMS, matches=matches, workers=workers, out=path, seed=11)
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_objects_batches_and_isolation_work_in_workers():
    plain = play("TicTacToe-v0", RANDOMS, matches=30).records
    batched = play("TicTacToe-v0", [Batches(), RandomAgent()], matches=30, workers=2)
    apart = play("TicTacToe-v0", RANDOMS, matches=30, workers=2, isolate=True)
    assert apart.records == plain
    assert [record.actions for record in batched.records] == [record.actions for record in plain]
    assert batched.ledger["rascals:Batches"].decisions == sum(
        record.seats[seat].index == 0 for record in plain for ((seat, _),) in record.actions
    )


def test_few_matches_are_spread_over_all_workers(monkeypatch):
    given = []
    give = local._Worker.give

    def giving(self, fixtures):
        given.append(len(fixtures))
        give(self, fixtures)

    monkeypatch.setattr(local._Worker, "give", giving)
    play("TicTacToe-v0", RANDOMS, matches=21, workers=2, concurrency=256)
    assert given == [11, 10]


def test_a_killed_worker_is_replaced_and_its_matches_played_again(monkeypatch):
    """A worker is killed each time thirty more matches are done, three times in all."""
    pools = []
    remember = local._Pool.play

    def playing(self, fixtures, finished):
        pools.append(self)
        return remember(self, fixtures, finished)

    monkeypatch.setattr(local._Pool, "play", playing)
    killed = []

    def kill_some(done, total):
        if len(killed) < 3 and done >= 30 * (len(killed) + 1):
            victim = next((worker.child.pid for worker in pools[0]._workers if worker.child.pid not in killed), None)
            if victim is not None:  # else all are dead, and the pool has not seen it yet
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    results = play("TicTacToe-v0", RANDOMS, matches=300, workers=2, progress=kill_some)
    assert len(killed) == 3
    assert results.records == play("TicTacToe-v0", RANDOMS, matches=300).records


def test_an_agent_that_keeps_killing_its_worker_ends_the_run_with_advice(tmp_path):
    with pytest.raises(AgentDied, match="isolate=True"):
        play("TicTacToe-v0", [spec("Dies"), "random"], matches=6, workers=1, out=tmp_path / "a.jsonl")
    results = play("TicTacToe-v0", [spec("Dies"), "random"], matches=6, workers=1, isolate=True)
    assert [record.match for record in results.records if record.faults] == [0, 3]


def test_an_error_of_the_rules_reaches_the_caller_with_its_trace():
    class Broken(type(game("TicTacToe-v0"))):
        def rewards(self, state):
            raise RuntimeError("a bug in the rules")

    with pytest.raises(RuntimeError, match="a bug in the rules") as caught:
        play(Broken(), RANDOMS, matches=2, workers=1)
    assert any("in rewards" in note for note in caught.value.__notes__)


def test_what_cannot_travel_is_named():
    class Rooted(RandomAgent):
        def __init__(self):
            self.generator = (n for n in range(3))

    with pytest.raises(UsageError, match="spec strings"):
        play("TicTacToe-v0", [Rooted(), "random"], matches=2, workers=1)
