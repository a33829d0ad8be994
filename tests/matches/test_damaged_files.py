"""Damaged and hostile files: every bad line is named, none hides another, nothing hangs, and nothing but a named error comes out."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import socket
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import damaged
from rascals import Raises, Speaks

from agentarena.core import jsonl, limits
from agentarena.core.errors import CorruptRecord, RecordError, RecordMismatch, UsageError
from agentarena.core.frames import frames
from agentarena.core.match import FAULTS, OnUnreadable
from agentarena.core.record import Cost, Record
from agentarena.core.record_files import record_files
from agentarena.core.replay import replay, verify
from agentarena.core.reply import _ADVICE
from agentarena.core.schema import KINDS, OUTCOMES
from agentarena.leaderboard import report
from agentarena.matches.api import play
from agentarena.matches.results import Results, ledger_path
from agentarena.matches.tournaments import Tournament, tournament

ENV, RANDOMS = "TicTacToe-v0", ["random", "random"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file of five matches."""
    play(ENV, RANDOMS, matches=5, out=tmp_path / "a.jsonl")
    return tmp_path / "a.jsonl"


def uses(path: Path) -> list[Callable[[], Any]]:
    """Everything that reads a file of five matches and raises."""
    return [lambda: Results.load(path), lambda: play(ENV, RANDOMS, matches=5, out=path)]


def change(line: bytes, **values: Any) -> bytes:
    return json.dumps({**json.loads(line), **values}, separators=(",", ":")).encode()


def seat(line: bytes, **values: Any) -> bytes:
    seats = json.loads(line)["seats"]
    return change(line, seats=[{**seats[0], **values}, *seats[1:]])


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


REPLY = {"step": 0, "seat": 0, "attempts": [{"text": "", "thinking": "", "outcome": "read", "reason": "", "extra": {}}]}
FAULT = {"step": 0, "seat": 0, "kind": "raised", "reason": "x", "then": "forfeit"}


# --- one line ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        # what a file may become on its way
        (lambda line: b"\xef\xbb\xbf" + line, "begins with a byte order mark; save the file as UTF-8 without one"),
        (lambda line: line + b"\r", "ends in a carriage return"),
        (lambda line: b"", "it is empty"),
        (lambda line: b"   ", "it is empty"),
        (lambda line: b"\0" * 100, "NUL bytes"),
        (lambda line: line[:50] + b"\0" * 50, "NUL bytes"),
        (lambda line: line[:-30], "not JSON"),
        (lambda line: line + line, "not JSON"),
        (lambda line: line.replace(b"random", b"r\xe9ndom"), "not UTF-8 (byte "),
        (lambda line: line.decode().encode("utf-16"), "not UTF-8"),
        # JSON with more than one reading, or none
        (lambda line: line.replace(b'"seed":0', b'"seed":0,"seed":1'), "the key 'seed' twice in one object"),
        (lambda line: line.replace(b'"draw":0.0', b'"draw":0.0,"draw":0.0'), "the key 'draw' twice"),
        (lambda line: line.replace(b'"draw":0.0', b'"draw":NaN'), "has NaN, which is no number of JSON"),
        (lambda line: line.replace(b'"draw":0.0', b'"draw":-Infinity'), "has -Infinity"),
        (lambda line: line.replace(b'"draw":0.0', b'"draw":1e999'), "options['draw'] has a number that is too large"),
        (lambda line: line.replace(b'"aborted":[]', b'"aborted":[[0,[-1e400]]]'), "aborted[0][1] has a number that is too large"),
        (
            lambda line: change(line, replies=[{**REPLY, "attempts": [{**REPLY["attempts"][0], "extra": {"a": [1]}}]}]).replace(
                b"[1]", b"[1e999]"
            ),
            "too large",
        ),
        (lambda line: line.replace(b'"seed":0', b'"seed":' + b"9" * 5000), "an integer of too many digits"),
        (lambda line: deep(100_000), "nested too deeply"),
        (lambda line: line.replace(b'"draw":0.0', b'"draw":' + deep(900)), "options['draw'] is nested more than 32 deep"),
        (lambda line: line.replace(b'"aborted":[]', b'"aborted":[[0,' + deep(40) + b"]]"), "aborted[0][1] is nested more than 32 deep"),
        # what is no record
        (lambda line: b"null", "no record of a match"),
        (lambda line: b'"format"', "no record of a match"),
        (lambda line: change(line, format="2"), "format is '2', expected a whole number"),
        (lambda line: change(line, format=2.0), "format is 2.0, expected a whole number"),
        (lambda line: line.replace(b'"match":', b'"mach":'), "the unknown key 'mach'. Did you mean match?"),
        (lambda line: line.replace(b'"version":', b'"vers":'), "seats[0] has the unknown key 'vers'. Did you mean version?"),
        (lambda line: change(line, note="x"), "the unknown key 'note'"),
        (lambda line: line.replace(b',"steps":', b',"turns2":'), "the unknown key 'turns2'. Known: steps"),
        # values of another type or range
        (lambda line: change(line, env=None), "env is None, expected text"),
        (lambda line: change(line, env="x" * 501), "env is 501 characters long, at most 500"),
        (lambda line: change(line, options=[]), "options is [], expected an object"),
        (lambda line: change(line, match=-1), "match is -1, expected a whole number"),
        (lambda line: change(line, match=True), "match is True, expected a whole number"),
        (lambda line: change(line, match=1.0), "match is 1.0, expected a whole number"),
        (lambda line: change(line, match=2**63), "match is 9223372036854775808, expected at most"),
        (lambda line: change(line, seed=-1), "seed is -1, expected a whole number"),
        (
            lambda line: change(line, policy={"retries": 2, "then": "win"}),
            "policy.then is 'win', expected one of 'forfeit', 'random', 'pass'",
        ),
        (lambda line: change(line, policy={"retries": 2}), "policy lacks 'then'"),
        (lambda line: change(line, seats=[]), "seats has 0 entries, expected at least 1"),
        (lambda line: change(line, seats=[1, 2]), "seats[0] is 1, expected an object"),
        (lambda line: seat(line, agent=5), "seats[0].agent is 5, expected text"),
        (lambda line: seat(line, agent="x" * 501), "seats[0].agent is 501 characters long"),
        (lambda line: seat(line, version="x" * 501), "seats[0].version is 501 characters long"),
        (lambda line: seat(line, index=-1), "seats[0].index is -1"),
        (lambda line: seat(line, role=3), "seats[0].role is 3, expected text"),
        (lambda line: seat(line, **{"return": None}), "seats[0].return is None, expected a finite number"),
        (lambda line: seat(line, **{"return": True}), "seats[0].return is True, expected a finite number"),
        (lambda line: seat(line, **{"return": 10**400}), "seats[0].return is an integer of 1329 bits, expected a finite number"),
        (lambda line: change(line, winner=2), "winner is 2, and there are 2 seats"),
        (lambda line: change(line, winner=True), "winner is True"),
        (lambda line: change(line, outcome="lost"), "outcome is 'lost', expected one of"),
        (lambda line: change(line, turns="7"), "turns is '7'"),
        (lambda line: change(line, steps=0), "steps is 0, and there are actions of "),
        # moves
        (lambda line: change(line, actions={}), "actions is {}, expected a list"),
        (lambda line: change(line, actions=[3]), "actions[0] is 3, expected a list"),
        (lambda line: change(line, actions=[[{}]]), "actions[0][0] is {}, expected a seat and its action"),
        (lambda line: change(line, actions=[[[0]]]), "actions[0][0] is [0], expected a seat and its action"),
        (lambda line: change(line, actions=[[[0.0, 1]]]), "actions[0][0] is [0.0, 1], expected a seat"),
        (lambda line: change(line, actions=[[[1, 1], [0, 2]]], steps=1), "actions[0][1] is [0, 2], expected seats in increasing order"),
        (lambda line: change(line, actions=[[[0, 1], [0, 2]]], steps=1), "actions[0][1] is [0, 2], expected seats in increasing order"),
        (lambda line: change(line, actions=[[[2, 1]]], steps=1), "actions[0] has a move of seat 2, and there are 2 seats"),
        (lambda line: change(line, aborted=[[7, 1]]), "aborted has a move of seat 7, and there are 2 seats"),
        # replies and faults
        (lambda line: change(line, replies=[{**REPLY, "seat": 2}]), "replies[0] is about seat 2 in step 0; there are 2 seats"),
        (lambda line: change(line, replies=[{**REPLY, "step": 99}]), "replies[0] is about seat 0 in step 99"),
        (lambda line: change(line, replies=[REPLY, REPLY]), "replies has two entries for one decision"),
        (lambda line: change(line, replies=[{**REPLY, "attempts": []}]), "replies[0].attempts has 0 entries"),
        (lambda line: change(line, replies=[{**REPLY, "attempts": [{**REPLY["attempts"][0], "text": None}]}]), "attempts[0].text is None"),
        (lambda line: change(line, replies=[{**REPLY, "attempts": [{**REPLY["attempts"][0], "outcome": "good"}]}]), "outcome is 'good'"),
        (lambda line: change(line, replies=[{**REPLY, "attempts": [{**REPLY["attempts"][0], "finish": "stop"}]}]), "finish is 'stop'"),
        (
            lambda line: change(line, replies=[{**REPLY, "attempts": [{**REPLY["attempts"][0], "extra": []}]}]),
            "extra is [], expected an object",
        ),
        (lambda line: change(line, faults=[{**FAULT, "seat": 5}]), "faults[0] is about seat 5"),
        (lambda line: change(line, faults=[{**FAULT, "kind": "bored"}]), "faults[0].kind is 'bored', expected one of"),
        (lambda line: change(line, faults=[{**FAULT, "reason": "x" * 301}]), "faults[0].reason is 301 characters long"),
        (lambda line: change(line, samples=[{**REPLY}]), "samples[0] has the unknown key 'attempts'"),
        (lambda line: change(line, samples=[{"step": 0, "seat": 9, "attempt": 0, "samples": []}]), "samples[0] is about seat 9"),
    ],
)
def test_every_kind_of_bad_line_is_named_with_what_is_wrong(out: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    lines = out.read_bytes().split(b"\n")
    lines[2] = damage(lines[2])
    out.write_bytes(b"\n".join(lines))
    for use in uses(out):
        with pytest.raises(CorruptRecord, match=f"a.jsonl, line 3: .*{re.escape(says)}"):
            use()
    outcome = verify(out)
    assert (outcome.matches, outcome.different, [mismatch.line for mismatch in outcome.mismatches]) == (5, 1, [3])
    assert says in outcome.mismatches[0].reason
    assert len(outcome.mismatches[0].reason) < 1000


def test_one_bad_line_does_not_hide_the_others(out: Path) -> None:
    lines = out.read_bytes().split(b"\n")
    lines[0], lines[3] = b"{", change(lines[3], winner=1 - (json.loads(lines[3])["winner"] or 0), outcome="won")
    lines.insert(2, lines[1])
    out.write_bytes(b"\n".join([*lines[:-1], b"", b"\xff"]))
    outcome = verify(out)
    assert [(mismatch.line, mismatch.match) for mismatch in outcome.mismatches] == [(1, None), (3, None), (5, 3), (7, None), (8, None)]
    assert (outcome.matches, outcome.different, outcome.ok) == (8, 5, False)
    assert str(outcome.mismatches[1]).startswith(f"{out}, line 3: match 1 is recorded a second time, first in line 2")


def test_mismatches_are_listed_to_a_limit_and_counted_beyond(out: Path) -> None:
    out.write_bytes(out.read_bytes() + b"\n" * 3000)
    outcome = verify(out)
    assert (outcome.matches, outcome.different, len(outcome.mismatches)) == (3005, 3000, 1000)


# --- matches that are there twice ---------------------------------------------------------------------------------------------


def test_a_match_is_not_counted_twice(out: Path) -> None:
    out.write_bytes(out.read_bytes() + out.read_bytes().split(b"\n")[1] + b"\n")
    for use in uses(out):
        with pytest.raises(CorruptRecord, match=r"line 6: match 1 is recorded a second time, first in line 2"):
            use()
    assert verify(out).different == 1


def test_files_of_two_runs_put_together_are_no_file(out: Path, tmp_path: Path) -> None:
    play(ENV, RANDOMS, matches=2, seed=1, out=tmp_path / "b.jsonl")
    out.write_bytes(out.read_bytes() + (tmp_path / "b.jsonl").read_bytes())
    with pytest.raises(CorruptRecord, match=r"line 6: match 0 is recorded a second time, first in line 1.*two runs in two files"):
        Results.load(out)
    assert [mismatch.line for mismatch in verify(out).mismatches] == [6, 7]


def test_a_report_counts_no_match_twice(out: Path, tmp_path: Path) -> None:
    play(ENV, RANDOMS, matches=5, seed=1, out=tmp_path / "b.jsonl")
    assert report.render([out, tmp_path / "b.jsonl"])
    (tmp_path / "copy.jsonl").write_bytes(out.read_bytes())
    for twice in ([out, out], [out, tmp_path / "copy.jsonl"]):
        with pytest.raises(RecordMismatch, match="match 0 is in two of"):
            report.render(twice)


# --- the end of a file --------------------------------------------------------------------------------------------------------


def test_nothing_is_no_proof(out: Path) -> None:
    """An empty file is what a run leaves that was killed at once; it can be continued, and does not verify."""
    out.write_bytes(b"")
    outcome = verify(out)
    assert (outcome.matches, outcome.ok) == (0, False)
    assert str(outcome.mismatches[0]) == f"{out}, the whole file: it holds no records, so there is nothing to verify"
    assert len(Results.load(out)) == 0
    assert len(play(ENV, RANDOMS, matches=5, out=out)) == 5


def test_blank_lines_are_named(out: Path) -> None:
    for end in (b"\n", b"\n\n", b" \n"):
        whole = out.read_bytes()
        out.write_bytes(whole + end)
        for use in uses(out):
            with pytest.raises(CorruptRecord, match=r"line 6: .*it is empty"):
                use()
        assert verify(out).mismatches[0].line == 6
        out.write_bytes(whole)


def test_a_last_line_without_its_line_break_is_read_whole_or_named_cut(out: Path) -> None:
    whole = out.read_bytes()
    out.write_bytes(whole[:-1])
    assert len(Results.load(out)) == 5
    assert verify(out).ok
    out.write_bytes(whole[:-40])
    with pytest.raises(CorruptRecord, match=r"line 5: .*not JSON"):
        Results.load(out)
    assert verify(out).mismatches[0].line == 5
    assert len(play(ENV, RANDOMS, matches=5, out=out)) == 5
    assert out.read_bytes() == whole


@pytest.mark.parametrize("words", [b"my notes", b'{"a": 1}', b"\0" * 4096, b"x" * 100])
def test_a_file_that_is_none_of_ours_is_never_cut(tmp_path: Path, words: bytes) -> None:
    """A cut last line is dropped only where it begins as a record does."""
    path = tmp_path / "notes.txt"
    path.write_bytes(words)
    with pytest.raises(CorruptRecord, match="line 1"):
        play(ENV, RANDOMS, matches=2, out=path)
    assert path.read_bytes() == words
    records, ledger = tmp_path / "b.jsonl", tmp_path / "b.ledger.jsonl"
    ledger.write_bytes(words)
    with pytest.raises(CorruptRecord, match=r"ledger.jsonl, line 1"):
        play(ENV, RANDOMS, matches=2, out=records)
    assert ledger.read_bytes() == words


def test_what_is_continued_verifies(out: Path) -> None:
    """Lines that are written otherwise than records are, whatever their values, are not kept."""
    whole = out.read_bytes()
    line = whole.split(b"\n")[1]
    for other in (
        json.dumps(json.loads(line)).encode(),  # spaces
        json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":")).encode(),
        line.replace(b'"random"', b'"r\\u0061ndom"'),
        re.sub(rb'"return":(-?\d)\.0', rb'"return":\1', line),
        line + b" ",
    ):
        assert other != line
        out.write_bytes(whole.replace(line, other))
        assert len(Results.load(out)) == 5
        assert verify(out).mismatches[0].line == 2
        with pytest.raises(CorruptRecord, match="line 2: the line is not written as records are, so it would not verify"):
            play(ENV, RANDOMS, matches=6, out=out)


# --- what is no file ------------------------------------------------------------------------------------------------------------


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    pipe, folder, plug = tmp_path / "pipe.jsonl", tmp_path / "folder.jsonl", tmp_path / "socket.jsonl"
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        for place in (pipe, folder, plug, Path("/dev/zero"), Path("/dev/stdin")):
            with pytest.raises(UsageError, match="no plain file"):
                Results.load(place)
            with pytest.raises(UsageError, match=r"no plain file|no record files"):
                verify(place)
    for missing in (tmp_path / "none.jsonl", tmp_path / "no" / "a.jsonl"):
        with pytest.raises(FileNotFoundError):
            Results.load(missing)
        with pytest.raises(FileNotFoundError):
            verify(missing)
    with pytest.raises(UsageError, match=r"cannot be the name of a file"):
        Results.load("a\0b")
    ledger_path(tmp_path / "b.jsonl").mkdir()
    with pytest.raises(UsageError, match="no plain file"):
        play(ENV, RANDOMS, matches=1, out=tmp_path / "b.jsonl")


def test_long_lines_are_refused_without_being_read_whole(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = max(map(len, out.read_bytes().split(b"\n")))
    monkeypatch.setattr(limits, "LINE", longest)
    assert verify(out).ok  # a line may be as long as this
    first, rest = out.read_bytes().split(b"\n", 1)
    out.write_bytes(first + b"\n" + b"x" * 20_000_000 + b"\n" + rest)
    tracemalloc.start()
    outcome = verify(out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(mismatch.line, mismatch.reason[:42]) for mismatch in outcome.mismatches] == [(2, "the line is longer than any record that is")]
    assert outcome.matches == 6
    assert peak < 8_000_000
    with pytest.raises(CorruptRecord, match="line 2: the line is longer"):
        Results.load(out)


def test_lines_and_their_places_are_counted_rightly(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data, count in ((b"", 0), (b"\n", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\na\n", 3)):
        path.write_bytes(data)
        lines = list(jsonl.numbered_lines(path))
        assert len(lines) == jsonl.count_lines(path) == count
        assert b"".join(line.data + b"\n" * line.whole for line in lines) == data
        assert [data[line.start : line.start + len(line.data)] for line in lines] == [line.data for line in lines]


# --- moves that are none ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "options", "odd"),
    [
        (
            ENV,
            {},
            [
                {},
                [],
                None,
                "x",
                1.5,
                True,
                {"action": 1},
                {"action": [], "words": ""},
                {"action": 1, "words": None, "notes": []},
                10**30,
                9,
            ],
        ),
        ("Commons-v0", {"players": 2, "rounds": 2}, [{}, None, "0.5", [0.5, 0.5], [[[]]], True, 10**400, -1.0, 1e308, {"a": 1}, [None]]),
        ("Economist-v0", {"population": 2, "years": 1, "weeks": 1}, [{}, None, [], ["a"], [[0.1]], [10**400], [1e308] * 3, "x"]),
        (
            "Werewolf-v0",
            {"players": 4, "wolves": 1},
            [{}, {"action": 0, "words": "x", "notes": {"wolves": {"0": []}}}, {"action": 0, "words": "x" * 10**5}],
        ),
    ],
)
@pytest.mark.parametrize("where", ["actions", "aborted"])
def test_odd_moves_are_named_with_line_match_step_and_seat(
    tmp_path: Path, env: str, options: dict[str, Any], odd: list[Any], where: str
) -> None:
    path = tmp_path / "a.jsonl"
    (record,) = play(env, ["random"], matches=1, **options).records
    data = json.loads(record.line())
    step = record.steps // 2
    if where == "aborted":
        data["aborted"], data["actions"], data["steps"] = data["actions"][step], data["actions"][:step], step
        data["outcome"] = "forfeited"
    moves = data["aborted"] if where == "aborted" else data["actions"][step]
    for value in odd:
        moves[0][1] = value
        path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
        (mismatch,) = verify(path).mismatches
        assert (mismatch.line, mismatch.match) == (1, 0)
        assert f"step {step}" in mismatch.reason
        assert f"seat {moves[0][0]}" in mismatch.reason
        bad = Results.load(path).records[0]
        for use in (replay, frames, lambda bad: Results([bad]).trajectories):
            with pytest.raises(RecordMismatch, match="match 0"):
                use(bad)


# --- ledgers and tournaments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"usage": None}, "usage is None, expected an object"),
        ({"usage": {"tokens": "many"}}, "usage['tokens'] is 'many', expected a finite number"),
        ({"usage": {"tokens": True}}, "usage['tokens'] is True"),
        ({"usage": {"tokens": 10**400}}, "expected a finite number"),
        ({"usage": {"x" * 501: 1}}, "is longer than 500 characters"),
        ({"seconds": -1}, "seconds is -1, expected a number from 0"),
        ({"seconds": "1"}, "seconds is '1'"),
        ({"decisions": 0.5}, "decisions is 0.5"),
        ({"seat": None}, "seat is None"),
        ({"agent": -1}, "agent is -1"),
        ({"match": []}, "match is []"),
        ({"secs": 1}, "the unknown key 'secs'"),
    ],
)
def test_a_bad_entry_of_a_ledger_is_named(out: Path, entry: dict[str, Any], says: str) -> None:
    ledger = ledger_path(out)
    line = json.loads(Cost(0, 0, 0, 1, 0.5, {}).line())
    ledger.write_bytes(ledger.read_bytes() + json.dumps({**line, **entry}).encode() + b"\n")
    for use in uses(out):
        with pytest.raises(CorruptRecord, match=f"ledger.jsonl, line 11: .*{re.escape(says)}"):
            use()
    for raw, why in (
        (b"[]", "it is [], expected an object"),
        (b"{}", "it lacks 'match'"),
        (b'{"seconds":NaN}', "has NaN"),
        (b"", "it is empty"),
    ):
        with pytest.raises(CorruptRecord, match=re.escape(why)):
            Cost.parse(raw)


def test_sums_of_a_ledger_stay_finite() -> None:
    most = sys.float_info.max
    costs = [Cost(match, 0, 0, 1, most, {"tokens": most, "dollars": int(most), "x": -most}) for match in range(3)]
    results = Results([], [Cost.parse(cost.line()) for cost in costs])
    (sums,) = results.ledger.values()
    assert (sums.decisions, sums.seconds, sums.usage) == (3, most, {"tokens": most, "dollars": most, "x": -most})
    assert math.isfinite(sums.ms_per_decision) or sums.ms_per_decision == math.inf


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"env": 1}, "env is 1, expected text"),
        ({"options": []}, "options is [], expected an object"),
        ({"agents": "random"}, "agents is 'random', expected a list"),
        ({"agents": ["random"]}, "agents has 1 entries, expected at least 2"),
        ({"agents": ["random", 7]}, "agents[1] is 7, expected text"),
        ({"agents": ["random", "random"]}, "agents has one name twice"),
        ({"seed": "0"}, "seed is '0'"),
        ({"seed": None}, "seed is None"),
        ({"rounds": 1.5}, "rounds is 1.5"),
        ({"matches": -1}, "matches is -1"),
        ({"duplicate": 1}, "duplicate is 1, expected true or false"),
        ({"alpha": "10"}, "alpha is '10', expected a finite number"),
        ({"alpha": 0}, "alpha is 0, expected a number above 0"),
        ({"level": 95}, "level is 95, expected a number above 0 to 1"),
        ({"unit": []}, "unit is [], expected text"),
        ({"alfa": 10}, "the unknown key 'alfa'. Did you mean alpha?"),
    ],
)
def test_what_a_tournament_is_must_be_so(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    tournament(ENV, ["random", "random?name=another"], rounds=1, out=tmp_path)
    about = tmp_path / "tournament.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), **changes}))
    for use in (Tournament.load, report.render, lambda path: tournament(ENV, ["random", "random?name=another"], rounds=2, out=path)):
        with pytest.raises(CorruptRecord, match=f"tournament.json does not describe a tournament: .*{re.escape(says)}"):
            use(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff", b"[" * 10**5, b'{"level":NaN}', b"null", b"[]", b"\xef\xbb\xbf{}", b'{"a":1,"a":1}']
)
def test_a_damaged_tournament_file_is_named(tmp_path: Path, damage: bytes) -> None:
    tournament(ENV, ["random", "random?name=another"], rounds=1, out=tmp_path)
    (tmp_path / "tournament.json").write_bytes(damage)
    with pytest.raises(CorruptRecord, match=r"tournament\.json"):
        Tournament.load(tmp_path)
    (tmp_path / "tournament.json").unlink()
    os.mkfifo(tmp_path / "tournament.json")
    with pytest.raises(UsageError):
        Tournament.load(tmp_path)


def test_the_records_of_a_tournament_are_its_own(tmp_path: Path) -> None:
    tournament(ENV, ["random", "random?name=another"], rounds=1, out=tmp_path / "a")
    tournament(ENV, ["random", "minimax"], rounds=1, out=tmp_path / "b")
    tournament(ENV, ["random", "random?name=another"], rounds=1, seed=1, out=tmp_path / "c")
    for other, says in (("b", "agent 'minimax'"), ("c", "environment, options or seed")):
        (tmp_path / "a" / "records.jsonl").write_bytes((tmp_path / other / "records.jsonl").read_bytes())
        with pytest.raises(RecordMismatch, match=f"of another tournament.*{says}"):
            Tournament.load(tmp_path / "a")


# --- folders, sizes, and everything at once ---------------------------------------------------------------------------------------------


def test_a_folder_stands_for_its_record_files(out: Path, tmp_path: Path) -> None:
    play(ENV, RANDOMS, matches=3, seed=1, out=tmp_path / "b.jsonl")
    (tmp_path / "chats.jsonl").write_text('{"messages": []}\n')
    assert [file.name for file in record_files(tmp_path)] == ["a.jsonl", "b.jsonl"]
    outcome = verify(tmp_path)
    assert (outcome.matches, outcome.ok) == (8, True)
    (tmp_path / "b.jsonl").write_bytes((tmp_path / "b.jsonl").read_bytes() + b"{}\n")
    (mismatch,) = verify(tmp_path).mismatches
    assert (Path(mismatch.path).name, mismatch.line) == ("b.jsonl", 4)
    tournament(ENV, ["random", "random?name=another"], rounds=2, out=tmp_path / "t")
    assert verify(tmp_path / "t").matches == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no record files"):
        verify(tmp_path / "empty")


def test_numbers_of_any_size_replay(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    results = play("KuhnPoker-v0", RANDOMS, matches=3, seed=10**40, out=path)
    assert verify(path).ok
    line = results.records[0].line()
    path.write_text(line.replace('"match":0', f'"match":{2**63 - 1}').replace('"deal":0', f'"deal":{2**62}') + "\n")
    outcome = verify(path)
    assert outcome.matches == 1
    assert all("match 9223372036854775807" in str(mismatch) for mismatch in outcome.mismatches)


def test_long_replies_replay(tmp_path: Path) -> None:
    """A hundred thousand characters a reply, of one seat in every step."""
    path = tmp_path / "a.jsonl"
    play(ENV, [Speaks("<answer>MOVE</answer>" + " " * 90_000), "random"], matches=2, out=path)
    assert verify(path).ok


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([(0, 5)] + [(5, 0)] * 3, ""),
        ([(0, 5), (6, 0)], "samples[1] shares more tokens with the seat's sample before than that has"),
        ([(0, 10_000)] + [(10_000, 0)] * 10_000, "samples has prompts of 100010000 tokens together, at most 67108864 are read"),
    ],
)
def test_samples_do_not_unfold_to_more_than_fits(samples: list[tuple[int, int]], says: str) -> None:
    (record,) = play(ENV, RANDOMS, matches=1).records
    empty = {"token_ids": [], "logprobs": [], "log_normalizers": [], "temperature": 1.0, "policy": "p", "version": "1", "finish": "stop"}
    entries = [
        {"step": 0, "seat": 0, "attempt": 0, "samples": [{"shared": shared, "prompt_ids": [7] * new, **empty}]} for shared, new in samples
    ]
    line = change(record.line().encode(), samples=entries)
    if says:
        with pytest.raises(CorruptRecord, match=re.escape(says)):
            Record.parse(line)
    else:
        assert len(Record.parse(line).samples) == 4


def test_control_characters_of_a_file_do_not_reach_its_errors(out: Path, tmp_path: Path) -> None:
    evil = "\x1b[31m\r[bold]x[/y]\u202e"
    lines = out.read_bytes().split(b"\n")
    lines[0] = change(lines[0], **{evil: 1})
    lines[1] = seat(lines[1], agent=[evil])
    lines[2] = change(lines[2], env=evil)
    lines[3] = change(lines[3], options={evil: evil})
    out.write_bytes(b"\n".join(lines))
    evil_file = tmp_path / "\x1b[2J.jsonl"
    evil_file.write_bytes(out.read_bytes())
    for path in (out, evil_file):
        outcome = verify(path)
        assert outcome.different == 4
        assert all(str(mismatch).isprintable() for mismatch in outcome.mismatches)
        with pytest.raises(CorruptRecord) as error:
            Results.load(path)
        assert str(error.value).isprintable()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Files of several games, with words, real-valued moves, faults and forfeits."""
    folder = tmp_path_factory.mktemp("sound")
    say = "<say>Ada is a werewolf.</say> <answer>MOVE</answer>"
    play(
        "Werewolf-v0", [Speaks("hm?", say)], matches=1, players=5, wolves=1, out=folder / "a.jsonl", on_unreadable=OnUnreadable(1, "random")
    )
    play("Werewolf-v0", ["werewolf/scripted"], matches=1, players=5, wolves=1, out=folder / "b.jsonl")
    play("Commons-v0", ["random"], matches=2, players=3, rounds=3, out=folder / "c.jsonl")
    play(ENV, [Speaks("hm?", "<answer>MOVE</answer>"), "random"], matches=2, out=folder / "d.jsonl")
    play(ENV, [Speaks("hm?"), Raises()], matches=2, out=folder / "e.jsonl")
    return [path.read_bytes() for path in sorted(folder.glob("?.jsonl"))]


@pytest.mark.parametrize("seed", range(4))
def test_damage_of_any_kind_ends_in_a_named_error(sound: list[bytes], tmp_path: Path, seed: int) -> None:
    rng, path = np.random.default_rng(seed), tmp_path / "a.jsonl"
    for number in range(80):
        path.write_bytes(damaged(sound[number % len(sound)], rng))
        outcome = verify(path)
        assert all(str(mismatch).isprintable() and len(str(mismatch)) < 3000 for mismatch in outcome.mismatches)
        with contextlib.suppress(RecordError, UsageError):
            results = Results.load(path)
            _ = results.table()
            _ = results.trajectories
            _ = [frames(record) for record in results.records]
            results.save(tmp_path / "saved.jsonl")


def test_the_words_for_what_went_wrong_are_known() -> None:
    """Those of the referee and those that files may have are the same."""
    assert set(OUTCOMES) == {"read", *_ADVICE}
    assert set(KINDS) == {*FAULTS, *_ADVICE}


def test_a_record_reads_back_as_it_was() -> None:
    for record in play(ENV, [Speaks("hm?", "<answer>MOVE</answer>"), "random"], matches=2).records:
        assert Record.parse(record.line()) == record
        assert Record.parse(record.line().encode()).line() == record.line()
