"""Runs of many matches: seating, order, batches, agents in their own time, and agents that fail."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import rascals
from fixtures.games import Duel, Moles, Parley
from rascals import Batches, First, Remote, Slow, Waits, spec

import agentarena as aa
from agentarena.core.agent import Agent
from agentarena.core.errors import AgentFault, BadOption, UnknownName, UsageError, WrongSeats
from agentarena.core.record import Fixture, Record
from agentarena.core.registry import game
from agentarena.core.replay import replay
from agentarena.matches.api import play, run
from agentarena.matches.seating import rotation

RANDOMS = ["random", "random"]


def test_play_is_a_plain_function():
    import agentarena.core.record

    results = aa.play("TicTacToe-v0", RANDOMS, matches=3)
    assert isinstance(results.records[0], agentarena.core.record.Record)
    assert results.returns.shape == (3, 2)
    assert aa.play is play


def test_random_play_wins_as_often_as_enumeration_says():
    """Uniformly random play: X wins 58.49 %, O 28.81 %, draws 12.70 % (exact: 737/1260, 121/420, 8/63)."""
    results = play("TicTacToe-v0", RANDOMS, matches=1500, rotate=False, seed=5)
    counts = Counter(record.winner for record in results.records)
    for winner, p in ((0, 737 / 1260), (1, 121 / 420), (None, 8 / 63)):
        assert abs(counts[winner] / 1500 - p) < 4.5 * (p * (1 - p) / 1500) ** 0.5
    assert (results.returns.sum(1) == 0).all()


# --- seating ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("agents", "seats"), [(1, 2), (2, 2), (3, 3), (2, 7), (3, 5), (4, 5)])
def test_over_a_cycle_every_agent_holds_every_seat_equally_often(agents, seats):
    fixtures = rotation(agents, seats, 3 * agents)
    held = np.zeros((agents, seats), int)
    for fixture in fixtures:
        for seat, agent in enumerate(fixture.seats):
            held[agent, seat] += 1
    assert (held == 3).all()
    assert all(set(fixture.seats) == set(range(agents)) for fixture in fixtures)


def test_as_many_agents_as_seats_move_on_by_one():
    assert [fixture.seats for fixture in rotation(3, 3, 3)] == [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    assert [fixture.seats for fixture in rotation(3, 3, 2, rotate=False)] == [(0, 1, 2)] * 2


def test_duplicate_deals_are_dealt_alike_in_every_rotation():
    results = play("KuhnPoker-v0", [First(), First()], matches=40, duplicate=True)
    single = play("KuhnPoker-v0", [First(), First()], matches=40)
    assert [record.deal for record in results.records[:6]] == [0, 0, 1, 1, 2, 2]
    pairs = results.returns.reshape(20, 2, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()  # equal players, equal cards: only the seats are swapped
    assert not (single.returns[0::2] == single.returns[1::2]).all()
    by_agent = [
        [record.returns[record_seats] for record_seats in ([s.index for s in record.seats].index(0),)] for record in results.records
    ]
    assert abs(np.sum(by_agent)) < 1e-9  # the luck of the cards cancels out


def test_seven_seats_and_two_agents():
    results = play("Werewolf-v0", RANDOMS, matches=4) if _has("Werewolf-v0") else play(Moles(), RANDOMS, matches=4)
    seats = len(results.records[0].seats)
    for record in results.records:
        assert [seat.index for seat in record.seats] == [(s + record.match) % 2 for s in range(seats)]
    assert {row["matches"] for row in results.table()} == {4}


def _has(env):
    try:
        return bool(game(env))
    except (UnknownName, UsageError, ImportError):
        return False


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: play("TicTacToe-v0", ["random"] * 3, matches=1), WrongSeats, "tournament"),
        (lambda: play("TicTacToe-v0", [], matches=1), WrongSeats, "no agents"),
        (lambda: play("TicTacTo-v0", RANDOMS, matches=1), UnknownName, "Did you mean TicTacToe-v0"),
        (lambda: play("TicTacToe-v0", ["randm", "random"], matches=1), UnknownName, "random"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, drawn=1), UnknownName, "draw"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, draw=7), BadOption, "at most"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=-1), UsageError, "at least 0"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=2.5), UsageError, "whole number"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, seed=-1), UsageError, "seed"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=True), UsageError, "whole number"),
        (lambda: play("TicTacToe-v0", [First, "random"], matches=1), UsageError, r"give an object: First\(\)"),
        (lambda: play("TicTacToe-v0", [3, "random"], matches=1), UsageError, "3 is no agent"),
        (lambda: play(None, RANDOMS, matches=1), UsageError, "None is no environment"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, workers=0), UsageError, "workers"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, backend="moon"), UnknownName, "local"),
        (lambda: play("TicTacToe-v0", "random", matches=1), UsageError, "list"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, duplicate=True, rotate=False), UsageError, "rotate"),
        (lambda: play("TicTacToe-v0", RANDOMS, matches=1, deadline_s=0), UsageError, "greater than 0"),
        (lambda: run("TicTacToe-v0", RANDOMS, [Fixture(0, 0, (0, 2))]), WrongSeats, "0 to 1"),
        (lambda: run("TicTacToe-v0", RANDOMS, [Fixture(0, 0, (0,))]), WrongSeats, "2 seats"),
        (lambda: run("TicTacToe-v0", RANDOMS, [Fixture(0, 0, (0, 1))] * 2), UsageError, "match number"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_no_matches_give_empty_results():
    results = play("TicTacToe-v0", RANDOMS, matches=0)
    assert len(results) == 0
    assert results.table() == []


def test_presets_and_options_reach_the_game_and_the_record():
    record = play("TicTacToe-v0", RANDOMS, matches=1, preset="mars").records[0]
    assert record.options == {"draw": 0.1}
    assert record.game() == game("TicTacToe-v0", draw=0.1)


# --- order, batches, time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", ["TicTacToe-v0", "LeducPoker-v0", Duel(), Moles(), Parley()], ids=str)
def test_records_do_not_depend_on_how_many_matches_are_open(rules):
    runs = [play(rules, RANDOMS, matches=30, seed=3, concurrency=number).records for number in (1, 7, 64)]
    assert runs[0] == runs[1] == runs[2]


def test_numpy_integers_are_numbers_and_seeds():
    rules = game("KuhnPoker-v0")
    ours, theirs = (play(rules, RANDOMS, matches=make(3), seed=make(7)) for make in (int, np.int64))
    assert [record.line() for record in ours.records] == [record.line() for record in theirs.records]


def test_records_depend_on_the_seed():
    assert play("TicTacToe-v0", RANDOMS, matches=5, seed=1).records != play("TicTacToe-v0", RANDOMS, matches=5, seed=2).records


def test_a_longer_run_begins_with_the_shorter_one():
    assert play("TicTacToe-v0", RANDOMS, matches=20).records[:8] == play("TicTacToe-v0", RANDOMS, matches=8).records


def test_an_agent_gets_all_its_questions_at_once():
    agent = Batches()
    results = play("TicTacToe-v0", [agent, "random"], matches=100, concurrency=50)
    assert max(agent.sizes) >= 25
    assert sum(agent.sizes) == sum(
        seat.index == 0 for record in results.records for step in record.actions for seat in [record.seats[step[0][0]]]
    )
    alone = Batches()
    one_by_one = play("TicTacToe-v0", [alone, "random"], matches=100, concurrency=1)
    assert set(alone.sizes) == {1}
    assert one_by_one.records == results.records


def test_one_object_in_two_seats_is_asked_for_both_at_once():
    agent = Batches()
    play(Duel(), [agent, agent], matches=10, concurrency=10)
    assert set(agent.sizes) == {20}


@pytest.mark.parametrize("agent", [lambda: Slow(0.001), lambda: Slow(0.001, threads=3), Remote], ids=["thread", "threads", "remote"])
def test_agents_in_their_own_time_give_the_same_records(agent):
    made = [agent(), agent()]
    late = play("TicTacToe-v0", made, matches=40, seed=9)
    plain = play("TicTacToe-v0", RANDOMS, matches=40, seed=9)
    assert [record.actions for record in late.records] == [record.actions for record in plain.records]


def test_no_match_waits_for_another():
    """The 36 matches of two quick agents all end while the first batch of the third is still out."""
    slow = Waits()

    def progress(done, total):
        if done == 36:
            slow.go_on.set()

    fixtures = [Fixture(m, m, (0, 1) if m < 4 else (1, 2)) for m in range(40)]
    results = run("TicTacToe-v0", [slow, "random", "random"], fixtures, concurrency=40, progress=progress)
    assert not any(record.faults for record in results.records)
    assert slow.sizes[0] == 4


def test_an_agent_in_its_own_time_that_is_silent_loses_by_the_clock():
    results = play("TicTacToe-v0", [Remote(silent=(0, 3)), Remote()], matches=6, deadline_s=0.3)
    for record in results.records:
        assert (record.outcome == "forfeited") == (record.match in (0, 3))
        for fault in record.faults:
            assert fault["kind"] == "timeout"
            assert record.seats[fault["seat"]].index == 0


# --- failures in this process -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "kind", "reason"),
    [
        (lambda: rascals.Raises(), "raised", "ZeroDivisionError: divided by nothing"),
        (lambda: rascals.Exits(), "raised", "SystemExit: 3"),
        *[(lambda what=what: rascals.Answers(what), "nonsense", "") for what in ("nan", "none", "text", "bool", "list", "far", "object")],
    ],
)
def test_a_failure_costs_its_match_alone(agent, kind, reason):
    results = play("TicTacToe-v0", [agent(), "random"], matches=12)
    for record in results.records:
        assert (record.outcome == "forfeited") == (record.match % 3 == 0)
        for fault in record.faults:
            assert fault["kind"] == kind
            assert reason in fault["reason"]
            assert record.seats[fault["seat"]].index == 0
            assert record.winner == 1 - fault["seat"]
    assert {row["agent"]: row["forfeits"] for row in results.table()}["random"] == 0


def test_of_a_miscounted_batch_only_the_stumbling_blocks_pay():
    for concurrency in (1, 16):
        results = play("TicTacToe-v0", [rascals.Miscounts(), "random"], matches=20, concurrency=concurrency)
        for record in results.records:
            assert (record.outcome == "forfeited") == (record.match % 5 == 0)
            if record.faults:
                assert "1 views and returned 0 decisions" in record.faults[0]["reason"]


def test_standard_output_is_left_alone_while_a_run_plays(capsys):
    """Other threads of a program may print meanwhile; isolated agents print to stderr (`test_printing_corrupts_nothing`)."""

    class Loud(Agent):
        def choose(self, view):
            print("loud")
            return view.legal[0]

    before = sys.stdout
    play("TicTacToe-v0", [Loud(), "random"], matches=1)
    assert sys.stdout is before
    assert "loud" in capsys.readouterr().out


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("agent", ["Forks", "ForksInBatches"])
def test_the_copies_of_an_agent_that_forks_neither_play_nor_write(tmp_path, concurrency, agent):
    """In a process of their own, since a copy ends by unwinding whatever called the run."""
    out = tmp_path / "a.jsonl"
    call = f"runs = aa.play('TicTacToe-v0', [{spec(agent)!r}, 'random'], matches=4, out={str(out)!r}, concurrency={concurrency})"
    ended = subprocess.run([sys.executable, "-c", f"import agentarena as aa; {call}; print(len(runs))"], capture_output=True, text=True)
    assert ended.stdout == "4\n", ended.stderr
    plain = play("TicTacToe-v0", RANDOMS, matches=4)
    assert [Record.parse(line).actions for line in out.read_text().splitlines()] == [record.actions for record in plain.records]


def test_an_error_of_the_rules_ends_the_run():
    class Broken(type(game("TicTacToe-v0"))):
        def rewards(self, state):
            raise RuntimeError("a bug in the rules")

    with pytest.raises(RuntimeError, match="a bug in the rules"):
        play(Broken(), RANDOMS, matches=1)


def test_agents_made_here_are_closed_and_others_are_not(tmp_path):
    (tmp_path / "closing.py").write_text(
        "from agentarena.agents.random import RandomAgent\nclosed = []\n"
        "class Closing(RandomAgent):\n    def close(self):\n        closed.append(1)\n"
    )
    play("TicTacToe-v0", [f"{tmp_path}/closing.py:Closing", "random"], matches=1)
    from agentarena.agents.specs import agent

    own = agent(f"{tmp_path}/closing.py:Closing")
    closed = __import__("sys").modules[type(own).__module__].closed
    assert closed == [1]
    play("TicTacToe-v0", [own, "random"], matches=1)
    assert closed == [1]


def test_the_specs_of_the_files_agents_work():
    assert play("TicTacToe-v0", [spec("First"), spec("Answers", what="nan")], matches=4).records[0].seats[0].agent == spec("First")


def test_the_guide_runs():
    """The Python blocks of docs/matches.md, from top to bottom."""
    page = (rascals.HERE.parents[2] / "docs" / "matches.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 5
    exec(compile("\n".join(blocks), "docs/matches.md", "exec"), {})


def test_an_agent_that_gives_up_resigns():
    class Quits(Agent):
        def choose(self, view):
            raise AgentFault("seat 0 gave up")

    record = play("TicTacToe-v0", [Quits(), "random"], matches=1).records[0]
    assert (record.outcome, record.winner, record.faults[0]["kind"]) == ("forfeited", 1, "resigned")
    assert replay(record) == record


def test_the_first_error_of_a_kind_is_told_with_its_traceback(caplog):
    class Unique(rascals.Raises):
        pass

    play("TicTacToe-v0", [Unique(every=1), "random"], matches=4)
    (told,) = [entry for entry in caplog.records if "Unique" in entry.getMessage() and entry.name == "agentarena.agents.boundary"]
    assert "divided by nothing" in caplog.text
    assert told.levelname == "WARNING"
