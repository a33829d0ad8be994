"""Record files: bytes, locks, damage, resumption, verification, replays; and the table of results."""

from __future__ import annotations

import json
import math
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from fixtures.games import Adventure, Duel, Market, Moles, Parley, Pile
from rascals import First, Speaks, spec

from agentarena.core.errors import CorruptRecord, RecordBusy, RecordMismatch, UsageError
from agentarena.core.frames import frames
from agentarena.core.intervals import wilson
from agentarena.core.match import OnUnreadable
from agentarena.core.record import Cost, Fixture, Record, Seat
from agentarena.core.replay import verify
from agentarena.matches.api import play, run
from agentarena.matches.results import Results, ledger_path
from agentarena.matches.store import RecordFile

RANDOMS = ["random", "random"]
ENV = "TicTacToe-v0"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "runs" / "a.jsonl"


# --- the line -----------------------------------------------------------------------------------------------------------


def test_a_record_is_one_line_of_plain_json(out):
    results = play(ENV, RANDOMS, matches=2, out=out)
    first, second = out.read_text().splitlines()
    data = json.loads(first)
    assert data["env"] == ENV
    assert [seat["return"] for seat in data["seats"]] == list(results.records[0].returns)
    assert Record.parse(second) == results.records[1]
    assert Record.parse(second).line() == second
    assert not {"seconds", "time", "date"} & data.keys()


def test_a_seat_is_read_by_field_or_by_item():
    seat = Seat("random", 0, "1", None, "red", 2.5)
    assert seat.return_ == getattr(seat, "return") == seat["return"] == 2.5
    assert seat["team"] == seat.team == "red"
    with pytest.raises(KeyError):
        seat["colour"]


def test_what_is_in_memory_is_what_is_on_disk(out):
    results = play(ENV, ["random", Speaks("hm?", "<answer>MOVE</answer>")], matches=6, out=out)
    loaded = Results.load(out)
    assert loaded.records == results.records
    assert (loaded.returns == results.returns).all()
    assert loaded.ledger.keys() == results.ledger.keys()
    assert [cost[:4] for cost in loaded.costs] == [cost[:4] for cost in results.costs]
    results.save(out.with_name("b.jsonl"))
    assert out.with_name("b.jsonl").read_bytes() == out.read_bytes()
    assert {path.name for path in out.parent.iterdir()} == {"a.jsonl", "a.ledger.jsonl", "b.jsonl", "b.ledger.jsonl"}


def test_words_of_any_script_survive(out):
    class Odd(Speaks):
        def __init__(self):
            super().__init__("ここ \ud800 \u2028 \x00 <answer>MOVE</answer>")

    play(ENV, [Odd(), "random"], matches=2, out=out)
    assert verify(out).ok
    assert Results.load(out).records[0].replies[0]["attempts"][0]["text"].startswith("ここ \ud800 \u2028 \x00")


# --- one writer -----------------------------------------------------------------------------------------------------------


def test_two_runs_cannot_write_one_file(out):
    holder = (
        "import sys, time; from agentarena.matches.api import play\n"
        f"play({ENV!r}, ['random', 'random'], matches=10**5, out={str(out)!r}, progress=lambda d, t: d == 3 and print('on', flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "on\n"
        with pytest.raises(RecordBusy, match=r"a\.jsonl"):
            play(ENV, RANDOMS, matches=4, out=out)
        other.kill()
    with pytest.raises(RecordMismatch, match="not one of this run's"):
        play(ENV, RANDOMS, matches=2, out=out)  # free again, but the other run had more matches


def test_the_lock_is_let_go_after_an_error(out):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        play(ENV, RANDOMS, matches=20, out=out, progress=stop)
    assert len(out.read_text().splitlines()) == 5
    assert not out.with_name("a.jsonl.lock").exists()
    assert len(play(ENV, RANDOMS, matches=20, out=out)) == 20


# --- resumption -------------------------------------------------------------------------------------------------------------


def counting(out, matches=30, **options):
    """How many matches a call plays rather than finds."""
    seen = []
    play(ENV, RANDOMS, matches=matches, out=out, progress=lambda done, total: seen.append(done), **options)
    return seen[-1] - seen[0]


def test_a_finished_run_is_not_played_again(out):
    assert counting(out) == 30
    before = out.read_bytes()
    assert counting(out) == 0
    assert out.read_bytes() == before


def test_a_longer_run_goes_on_from_a_shorter_one(out, tmp_path):
    counting(out, 10)
    assert counting(out, 30) == 20
    counting(tmp_path / "b.jsonl", 30)
    assert out.read_bytes() == (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_cut_last_line_is_played_again(out, cut):
    counting(out)
    whole = out.read_bytes()
    out.write_bytes(whole[:-cut])
    assert counting(out) == 1
    assert out.read_bytes() == whole


def test_missing_lines_anywhere_are_played_and_put_in_order(out):
    counting(out)
    whole = out.read_bytes()
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[20:] + lines[3:9]))
    assert counting(out) == 30 - 16
    assert out.read_bytes() == whole


@pytest.mark.parametrize("workers", [None, 2])
def test_kill_9_loses_nothing_and_repeats_nothing(out, tmp_path, workers):
    program = (
        "import time; from agentarena.matches.api import play\n"
        "def progress(done, total):\n"
        "    if done == 150:\n        print('on', flush=True)\n        time.sleep(3600)\n"
        f"play({ENV!r}, ['random', 'random'], matches=400, out={str(out)!r}, workers={workers}, progress=progress)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "on\n"
        running.send_signal(signal.SIGKILL)
    assert out.read_bytes().count(b"\n") == 150
    assert counting(out, 400, workers=workers) == 250
    counting(tmp_path / "b.jsonl", 400)
    assert out.read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert [record.match for record in Results.load(out).records] == list(range(400))


def test_ctrl_c_keeps_what_is_recorded(out):
    program = (
        "import signal, sys; from agentarena.matches.api import play\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell starts background jobs with the signal ignored
        "try:\n"
        f"    play({ENV!r}, ['random', 'random'], matches=10**5, out={str(out)!r}, workers=2,\n"
        "         progress=lambda d, t: d == 200 and print(d, flush=True))\n"
        "except KeyboardInterrupt:\n    sys.exit(130)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    assert len(Results.load(out)) >= 200
    assert not out.with_name("a.jsonl.lock").exists()


def test_a_file_is_only_continued_when_asked(out):
    counting(out, 3)
    with pytest.raises(RecordMismatch, match="exists"):
        counting(out, 3, resume=False)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 1}, "seed 0 there, 1 here"),
        ({"draw": 0.5}, "options"),
        ({"agents": ["random", "minimax"]}, "agents"),
        ({"rotate": False}, "seating"),
        ({"duplicate": True}, "deal"),
        ({"matches": 2}, "match 2"),
        ({"on_unreadable": OnUnreadable(retries=5)}, "policy"),
        ({"env": "ConnectFour-v0"}, "environment"),
    ],
)
def test_another_runs_file_is_refused_and_the_difference_named(out, change, says):
    call = {"env": ENV, "agents": RANDOMS, "matches": 4, "out": out}
    play(**call)
    with pytest.raises(RecordMismatch, match=says):
        play(**{**call, **change})


def test_another_version_of_an_agent_is_refused(out):
    class Better(First):
        version = "2"
        name = "first"

    class Worse(First):
        name = "first"

    play(ENV, [Worse(), "random"], matches=2, out=out)
    with pytest.raises(RecordMismatch, match="versions of the agents"):
        play(ENV, [Better(), "random"], matches=2, out=out)


# --- damage ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda line: line[:30], "not JSON"),
        (lambda line: b"\xff\xfe" + line, "not UTF-8"),
        (lambda line: b"[]", "no record"),
        (lambda line: b'{"a": 1}', "no record"),
        (lambda line: line.replace(b'"seats"', b'"chairs"'), "unknown key 'chairs'"),
        (lambda line: line.replace(b'"match":1', b'"match":"x"'), "damaged: match is 'x'"),
        (lambda line: line.replace(b'"seed":0', b'"seed":-1'), "damaged: seed is -1"),
        (lambda line: line.replace(b'"options":{', b'"options":[{').replace(b'},"package"', b'}],"package"'), "damaged: options is"),
        (lambda line: line.replace(b'"retries":2', b'"tries":2'), "damaged: policy has the unknown key 'tries'"),
        (lambda line: re.sub(rb'"return":[-0-9.]+', b'"return":NaN', line), "has NaN"),
        (lambda line: re.sub(rb'"actions":.*"aborted"', b'"actions":[[3]],"aborted"', line), r"damaged: actions\[0\]\[0\] is 3"),
        (lambda line: line.replace(b'"faults":[]', b'"faults":[{"step":0}]'), r"damaged: faults\[0\] lacks 'seat'"),
        (lambda line: line.replace(b'"replies":[]', b'"replies":[1]'), r"damaged: replies\[0\] is 1"),
        (lambda line: re.sub(rb'"winner":[^,]+', b'"winner":9', line), "winner is 9, and there are 2 seats"),
        (lambda line: b"", "it is empty"),
    ],
)
def test_a_damaged_line_is_named(out, damage, says):
    play(ENV, RANDOMS, matches=4, out=out)
    lines = out.read_bytes().split(b"\n")
    lines[1] = damage(lines[1])
    out.write_bytes(b"\n".join(lines))
    for use in (lambda: play(ENV, RANDOMS, matches=4, out=out), lambda: Results.load(out)):
        with pytest.raises(CorruptRecord, match=f"line 2.*{says}"):
            use()
    outcome = verify(out)
    assert (outcome.matches, outcome.different, outcome.mismatches[0].line) == (4, 1, 2)
    assert re.search(says, outcome.mismatches[0].reason)
    assert not out.with_name("a.jsonl.lock").exists()


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_only_plain_files_are_written(device, out):
    out.mkdir(parents=True)
    for place in (out, device):
        with pytest.raises(UsageError, match="no plain file"):
            play(ENV, RANDOMS, matches=1, out=place)


def test_a_full_disk_keeps_what_fits_and_lets_the_lock_go(out):
    """The limit on the size of a file stands for the disk."""
    call = f"import agentarena as aa; aa.play({ENV!r}, {RANDOMS!r}, matches=200, out={str(out)!r})"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); {call}"
    ended = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True)
    assert "OSError" in ended.stderr
    assert out.read_bytes().count(b"\n") > 10
    assert not out.with_name("a.jsonl.lock").exists()
    assert play(ENV, RANDOMS, matches=200, out=out).records == play(ENV, RANDOMS, matches=200).records


def test_a_match_recorded_twice_is_named(out):
    play(ENV, RANDOMS, matches=3, out=out)
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join([*lines, lines[1]]))
    with pytest.raises(CorruptRecord, match="line 4: match 1 is recorded a second time, first in line 2"):
        play(ENV, RANDOMS, matches=3, out=out)


def test_another_format_is_refused():
    line = play(ENV, RANDOMS, matches=1).records[0].line()
    with pytest.raises(RecordMismatch, match="format 99"):
        Record.parse(line.replace('"format":2', '"format":99'))


def test_a_ledger_cut_short_is_mended_and_a_damaged_one_named(out):
    play(ENV, RANDOMS, matches=4, out=out)
    ledger = ledger_path(out)
    data = ledger.read_bytes()
    ledger.write_bytes(data[:-5])
    assert len(play(ENV, RANDOMS, matches=4, out=out).costs) == 7
    ledger.write_bytes(b"{}\n" + data)
    with pytest.raises(CorruptRecord, match="ledger"):
        Results.load(out)
    assert Cost.parse(Cost(1, 0, 0, 3, 0.5, {"tokens": 2}).line()) == Cost(1, 0, 0, 3, 0.5, {"tokens": 2})


# --- verify -----------------------------------------------------------------------------------------------------------------------


def test_a_sound_file_verifies(out):
    for rules in (ENV, "LeducPoker-v0", Duel(), Pile()):
        path = out.with_name(f"{rules}.jsonl".replace(" ", ""))
        play(rules, RANDOMS, matches=10, out=path)
        outcome = verify(path, trust=True)
        assert (outcome.matches, outcome.mismatches, outcome.ok) == (10, [], True)
    play(Moles(), RANDOMS, matches=5, out=out)
    assert verify(out, trust=True).ok
    seen = []
    verify(out, trust=True, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)


def test_faults_and_words_verify(out):
    play(ENV, [Speaks("hm?", "", "MOVE"), spec("Raises")], matches=8, out=out)
    assert verify(out).ok
    other = out.with_name("b.jsonl")
    play(ENV, [Speaks("hm?"), "random"], matches=4, out=other, on_unreadable=OnUnreadable(1, "random"))
    assert verify(other).ok


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"winner":0', '"winner":1', "winner is 1 in the file, 0 when played again"),
        ('"return":1.0', '"return":2.0', "seats"),
        ('"seed":0', '"seed": 0', "spelling"),
        ('"turns":7', '"turns":6', "turns is 6 in the file, 7 when played again"),
        ("[[0,6]]]", "[[0,7]]]", "no move of seat 1 in step 7"),
        ("[[0,4]]", "[[0,77]]", "step 4 cannot be played again: seat 0"),
        ("[[0,6]]]", "[[1,6]]]", "no move of seat 0 in step 6"),
        ('"options":{"draw":0.0}', '"options":{"draw":9}', "cannot be played again"),
    ],
)
def test_a_changed_record_is_found_out(out, old, new, says):
    """Both seats mark the first free cell, so seat 0 wins with its fourth mark, in seven steps."""
    play(ENV, [First(), First()], matches=1, out=out)
    line = out.read_text()
    assert old in line, line
    out.write_text(line.replace(old, new, 1))
    outcome = verify(out)
    assert len(outcome.mismatches) == 1
    assert says in outcome.mismatches[0].reason
    assert f"{out}, line 1, match 0: " in str(outcome.mismatches[0])


def test_the_deal_comes_from_the_seed(out):
    """The same moves under another seed meet other cards."""
    play("KuhnPoker-v0", [First(), First()], matches=20, out=out)
    out.write_text(out.read_text().replace('"seed":0', '"seed":1'))
    assert len(verify(out).mismatches) > 5


# --- frames -----------------------------------------------------------------------------------------------------------------------


def test_a_replay_tells_the_match_in_words():
    record = play(ENV, [First(), First()], matches=1).records[0]
    shown = frames(record)
    assert len(shown) == record.steps + 1
    assert shown[0].moves == {}
    assert shown[1].moves == {0: "(0,0)"}
    assert shown[1].to_move == (1,)
    assert shown[-1].to_move == ()
    assert shown[-1].returns == record.returns
    assert "seat 0 (rascals:First) wins" in shown[-1].note
    assert shown[3].table.startswith("0 | You are X. Board:\n1 | You are O. Board:\n  | ")
    assert shown[1].news_for() == ("seat 0: (0,0)", "X marked (0,0).")
    assert shown[1].news_for(1) == ("X marked (0,0).",)
    assert shown[1].news_for(0) == ("You marked (0,0).",)


def test_a_replay_keeps_private_news_apart():
    record = play(Moles(), RANDOMS, matches=1).records[0]
    start = frames(record)[0]
    moles = [number for number, seat in enumerate(record.seats) if seat.role == "mole"]
    assert sorted(start.private) == moles
    for seat in range(5):
        assert bool(start.news_for(seat)) == (seat in moles)
        assert ("You are a mole" in start.views[seat]) == (seat in moles)
    assert len(start.news_for()) == 2
    shared = frames(play(Pile(), RANDOMS, matches=1).records[0])[0]
    assert shared.table == shared.views[0] == shared.views[1]  # where all see the same it is shown once
    assert [line.partition(" | ")[0].strip() for line in start.table.split("\n")] == ["0,4", "1-3"]  # one block: moles, gardeners


def test_an_onlooker_is_never_addressed_as_a_player():
    """The end of a hand of Kuhn poker is told to each player as "You win" or "You lose": the referee hears who heard what."""
    for record in play("KuhnPoker-v0", RANDOMS, matches=10).records:
        for frame in frames(record):
            assert not any(line.startswith("You ") for line in frame.public)
            assert not any(line.startswith("You ") for line in frame.news_for())
        ending = frames(record)[-1]
        assert all(ending.news_for(seat) for seat in (0, 1))


def test_a_replay_shows_words_and_faults():
    results = play(ENV, [Speaks("first thought", "MOVE"), spec("Raises", every=1)], matches=1)
    shown = frames(results.records[0])
    assert [attempt["text"] for attempt in shown[1].replies[0]] == ["first thought", "(0,0)"]
    assert "ZeroDivisionError" in shown[-1].note
    assert "forfeits" in shown[-1].note
    assert shown[-1].to_move == ()
    assert shown[-1].returns == results.records[0].returns


@pytest.mark.parametrize("rules", [Adventure(), Market(), Parley(), Duel()], ids=lambda rules: type(rules).__name__)
def test_every_kind_of_game_replays_in_words(rules):
    record = play(rules, ["random"], matches=1).records[0]
    shown = frames(record)
    assert len(shown) == record.steps + 1
    assert all(len(frame.views) == rules.info.seats for frame in shown)


def test_a_record_of_other_rules_is_refused():
    record = play(ENV, [First(), First()], matches=1).records[0]
    broken = Record.parse(record.line().replace("[[0,4]]", "[[0,44]]"))
    with pytest.raises(RecordMismatch, match="step 4 cannot be played again"):
        frames(broken)


# --- the table --------------------------------------------------------------------------------------------------------------------


def made(match, returns, winner, outcome, indices=(0, 1), teams=(None, None), deal=None, faults=()):
    seats = tuple(Seat("ab"[i], i, "1", None, team, value) for i, team, value in zip(indices, teams, returns, strict=True))
    return Record(
        env=ENV, options={}, package="0", seed=0, match=match, deal=match if deal is None else deal, policy={}, seats=seats, actions=[],
        aborted=[], replies=[], faults=list(faults), winner=winner, outcome=outcome, turns=0, steps=0,
    )  # fmt: skip


def test_the_table_counts_by_hand():
    results = Results(
        [
            made(0, (1.0, -1.0), 0, "won"),
            made(1, (1.0, -1.0), 0, "won", indices=(1, 0)),
            made(2, (0.0, 0.0), None, "drawn"),
            made(3, (-1.2, 0.0), 1, "forfeited", faults=[{"seat": 0, "then": "forfeit"}]),
        ]
    )
    best, worst = results.table()
    assert (best["agent"], best["wins"], best["draws"], best["forfeits"], best["matches"]) == ("b", 2, 1, 0, 4)
    assert (worst["agent"], worst["wins"], worst["draws"], worst["forfeits"]) == ("a", 1, 1, 1)
    assert best["win_share"] == (2 + 1 / 2) / 4
    assert best["win_interval"] == wilson(2.5, 4)
    assert worst["mean_return"] == pytest.approx((1 - 1 + 0 - 1.2) / 4)
    rows = {(row["agent"], row["seat"]): row for row in results.table(by_seat=True)}
    assert rows["b", 0]["matches"] == 1
    assert rows["b", 0]["win_share"] == 1.0
    assert rows["a", 0]["mean_return"] == pytest.approx((1 + 0 - 1.2) / 3)


def test_shared_seats_and_teams_count_once_a_match():
    """Both agents sat on both sides: counts stay whole, and the sides are told apart."""
    team = ("red", "blue", "red", "blue")
    results = Results([made(0, (1.0, -1.0, 1.0, -1.0), "red", "won", indices=(0, 0, 1, 1), teams=team)])
    assert [(row["matches"], row["wins"], row["both_sides"], row["mean_return"]) for row in results.table()] == [(1, 0, 1, 0.0)] * 2
    by_side = results.table(by_side=True)
    assert [(row["side"], row["wins"], row["win_share"], row["mean_return"]) for row in by_side] == [
        ("blue", 0, 0, -1),
        ("red", 1, 1, 1),
    ] * 2


def test_matches_of_one_deal_are_one_group():
    """Matches on fifteen deals whose halves cancel: the mean of each deal is 0, so nothing varies and there is no interval."""
    values = np.random.default_rng(0).normal(size=15).repeat(2) * np.tile([1, -1], 15)
    row = Results([made(m, (v, -v), None, "drawn", deal=m // 2) for m, v in enumerate(values)]).table()[0]
    assert math.isnan(row["return_interval"].low)
    assert row["return_reason"] == "all 15 deals gave the same result"
    apart = Results([made(m, (v, -v), None, "drawn") for m, v in enumerate(values)])
    low, high = apart.table()[0]["return_interval"]
    half = 2.04523 * np.std(values, ddof=1) / np.sqrt(30)  # t(29) at 97.5 %
    assert (low, high) == pytest.approx((-half, half), rel=1e-5)  # symmetric values: no longer end


def test_one_match_has_no_interval():
    (row, _) = Results([made(0, (1.0, -1.0), 0, "won")]).table()
    assert all(math.isnan(end) for end in (*row["return_interval"], *row["win_interval"]))
    assert (row["return_reason"], row["win_reason"]) == ("1 deal, intervals start at 15", "1 deal, intervals start at 2")


def test_equal_names_are_told_apart():
    results = play(ENV, RANDOMS, matches=4)
    assert sorted(row["agent"] for row in results.table()) == ["random", "random #2"]
    assert sorted(results.ledger) == ["random", "random #2"]


def test_returns_of_different_games_do_not_mix():
    with pytest.raises(UsageError, match="2, 4"):
        _ = Results([made(0, (1.0, -1.0), 0, "won"), made(1, (0.0,) * 4, None, "drawn", indices=(0, 0, 1, 1), teams=(None,) * 4)]).returns


def test_a_store_needs_no_finish(out):
    """A file that was closed early holds whole lines, and is put in order by the next run that finishes."""
    from agentarena.core.match import Player, RunConfig
    from agentarena.core.registry import game

    results = run(ENV, RANDOMS, [Fixture(m, m, (0, 1)) for m in range(3)])
    terms = RunConfig(game(ENV), (Player("random", "1"),) * 2)
    from agentarena.core.record import Finished

    with RecordFile(out, terms, [Fixture(m, m, (0, 1)) for m in range(3)]) as file:
        for record in reversed(results.records):
            file.add(Finished(record))
    assert [record.match for record in Results.load(out).records] == [0, 1, 2]
    with RecordFile(out, terms, [Fixture(m, m, (0, 1)) for m in range(3)]) as file:
        file.finish()
    assert [json.loads(line)["match"] for line in out.read_text().splitlines()] == [0, 1, 2]
