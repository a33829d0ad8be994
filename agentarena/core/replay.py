"""Records played again: `verify` compares bytes, `steps`, `states` and `trajectory` give what happened on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .actions import Action, decode, encode
from .agent import Decision, Reply
from .config import OnUnreadable, Player, RunConfig
from .display import printable, shown
from .errors import ArenaError, PlayError, RecordError, RecordMismatch
from .jsonl import count_lines
from .match import FAULTS, Match
from .record import Fixture, Record
from .record_files import parsed, record_files
from .trajectory import Trajectory

__all__ = ["Mismatch", "Verified", "replay", "replaying", "states", "steps", "trajectory", "verify"]


MOST_LISTED = 1000
"""Most mismatches that `verify` gives one by one."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A record that does not replay to its own bytes, or a line that is no record.

    Attributes:
        path: The file.
        line: Number of the line, from 1; 0 where it is about the whole file.
        match: Number of the match, where the line says it.
        reason: What is wrong.
    """

    path: str
    line: int
    match: int | None
    reason: str

    @property
    def place(self) -> str:
        """Line and match, as far as they are known."""
        places = (f"line {self.line}" if self.line else "", "" if self.match is None else f"match {self.match}")
        return ", ".join(filter(None, places)) or "the whole file"

    def __str__(self) -> str:
        return f"{self.path}, {self.place}: {self.reason}"


@dataclass(slots=True)
class Verified:
    """Outcome of `verify`.

    Attributes:
        matches: How many lines were looked at: records that were played again, and lines that are none.
        different: How many of them differ or are damaged, a file without records counted too.
        mismatches: These one by one, the first 1,000.
    """

    matches: int = 0
    different: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there are records, and each replays to its own bytes."""
        return self.matches > 0 and not self.different

    def add(self, mismatch: Mismatch) -> None:
        """Count a mismatch."""
        self.different += 1
        if len(self.mismatches) < MOST_LISTED:
            self.mismatches.append(mismatch)


def verify(path: str | os.PathLike[str], *, trust: bool = False, progress: Callable[[int, int], None] | None = None) -> Verified:
    """Play every record again and compare it byte for byte, a line at a time; a bad line does not hide the others.

    The deal comes from the recorded seed, moves and replies from the record; what was read from the replies, what the
    moves led to, who won, and every other field must come out the same. Who gave the replies is not in it.

    Args:
        path: A record file; or a folder: of a tournament, or with record files in it (`.jsonl`).
        trust: Whether the records may name code of their own, which is then run.
        progress: Called as `progress(done, total)`, in lines.

    Raises:
        FileNotFoundError: There is nothing of that name.
        UsageError: It is no plain file, or a folder without record files.
    """
    outcome = Verified()
    files = record_files(path)
    total = sum(map(count_lines, files))
    for file in files:
        name, before = printable(str(file)), outcome.matches
        for line, record in parsed(file, trust=trust):
            if isinstance(record, RecordError):
                outcome.add(Mismatch(name, line.number, None, str(record).removeprefix(f"{name}, line {line.number}: ")))
            elif reason := _mismatch(record, line.data):
                outcome.add(Mismatch(name, line.number, record.match, reason))
            outcome.matches += 1
            if progress is not None:
                progress(outcome.matches, total)
        if outcome.matches == before:
            outcome.add(Mismatch(name, 0, None, "it holds no records, so there is nothing to verify"))
    return outcome


def _mismatch(record: Record, line: bytes) -> str | None:
    """Why a record does not replay to its line; `None` when it does."""
    try:
        again = replay(record).line().encode()
    except Exception as error:
        return f"cannot be played again: {printable(str(error) if isinstance(error, ArenaError) else f'{type(error).__name__}: {error}')}"
    return None if again == line else _difference(json.loads(line), json.loads(again))


def _difference(there: Any, here: Any, place: str = "") -> str:
    """Where JSON in the file differs from what it is when played again."""
    if isinstance(there, dict) and isinstance(here, dict) and there.keys() == here.keys():
        pairs = [(f"{place}.{key}".removeprefix("."), there[key], here[key]) for key in here]
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        pairs = [(f"{place}[{index}]", a, b) for index, (a, b) in enumerate(zip(there, here, strict=True))]
    else:
        return f"{place} is {shown(there, 200)} in the file, {shown(here, 200)} when played again"
    return next((_difference(a, b, inside) for inside, a, b in pairs if a != b), "the same values in another spelling")


def steps(record: Record, *, trace: bool = False) -> Iterator[tuple[Match, dict[int, Action]]]:
    """A recorded match played again, step by step: the one replay behind `verify`, `frames`, `states` and `trajectory`.

    Yields, before each step, the match and the actions that its seats are about to play; at the end, the match that is over
    and no actions. What the match has open is released when the iterator ends or is closed.

    Args:
        record: What was played.
        trace: Whether the match keeps its turns (`Match.trajectory`).

    Raises:
        RecordMismatch: The record cannot be played on: a move is missing or refused.
        UntrustedRecord: It names code that is not registered, and is not trusted.
        UnknownName, BadOption: There is no such game.
    """
    with replaying(record):
        yield from _steps(record, trace)


@contextlib.contextmanager
def replaying(record: Record) -> Iterator[None]:
    """Raise `RecordMismatch` for whatever the rules raise on what a file made of moves and options."""
    try:
        yield
    except ArenaError:
        raise
    except Exception as error:
        raise RecordMismatch(f"match {record.match} cannot be played again: {type(error).__name__}: {shown(str(error), 200)}") from error


def _steps(record: Record, trace: bool) -> Iterator[tuple[Match, dict[int, Action]]]:
    seats = range(len(record.seats))
    players = tuple(Player(seat.agent, seat.version) for seat in record.seats)
    config = RunConfig(record.game(), players, record.seed, OnUnreadable(**record.policy), record.with_samples)
    if len(record.seats) != config.game.info.seats:
        raise RecordMismatch(f"match {record.match}: {len(record.seats)} seats recorded, the game has {config.game.info.seats}")
    script = _Script(record)
    with Match(config, Fixture(record.match, record.deal, tuple(seats)), trace=trace) as match:
        while not match.over:
            step = match.episode.steps
            yield match, script.actions(step, match)
            for seat in match.pending():
                _answer(match, seat, step, script)
        yield match, {}


def _answer(match: Match, seat: int, step: int, script: _Script) -> None:
    """Give a seat's recorded answers to one question."""
    for decision in script.decisions(step, seat, match):
        try:
            match.answer(seat, decision) if isinstance(decision, Reply | Exception) else match.act(seat, decision)
        except PlayError as error:
            raise RecordMismatch(f"match {match.fixture.match}: step {step} cannot be played again: seat {seat}: {error}") from error
        if match.over or match.episode.steps != step or seat not in match.pending():
            return
    raise RecordMismatch(f"match {match.fixture.match}: no move of seat {seat} in step {step}")


def replay(record: Record) -> Record:
    """The record that the recorded seed, moves and replies lead to now: equal to `record` when nothing has changed.

    Raises:
        RecordMismatch: The record cannot be played on: a move is missing or refused.
    """
    for match, _ in steps(record):
        if match.over:
            again = match.record()
    seats = tuple(dataclasses.replace(seat, index=old.index) for seat, old in zip(again.seats, record.seats, strict=True))
    return dataclasses.replace(again, package=record.package, seats=seats)


def states(record: Record) -> Iterator[Any]:
    """The states of a recorded match, from the start to where its moves end. A state of an outside engine is spent by the next."""
    for match, _ in steps(record):
        yield match.episode.state


def trajectory(record: Record) -> Trajectory:
    """The turns of a recorded match with their rewards, information keys, and samples where the record holds them."""
    for match, _ in steps(record, trace=True):
        if match.over:
            return match.trajectory()
    raise AssertionError("a match that is played again ends")


class _Script:
    """What each seat answered in each step of a record."""

    def __init__(self, record: Record) -> None:
        self._match = record.match
        self._moves = {(step, seat): data for step, moves in enumerate(record.actions) for seat, data in moves}
        self._moves.update(((len(record.actions), seat), data) for seat, data in record.aborted)
        self._replies = {(reply["step"], reply["seat"]): reply["attempts"] for reply in record.replies}
        self._samples = {(entry["step"], entry["seat"], entry["attempt"]): entry["samples"] for entry in record.samples}
        self._faults = {(fault["step"], fault["seat"]): fault for fault in record.faults if fault["kind"] in FAULTS}

    def actions(self, step: int, match: Match) -> dict[int, Action]:
        """What the seats to move play in a step; nothing where it was given up."""
        actions = {seat: self._action(step, seat, match) for seat in match.to_move if (step, seat) in self._moves}
        return actions if len(actions) == len(match.to_move) else {}

    def decisions(self, step: int, seat: int, match: Match) -> Iterator[Decision | Exception]:
        """The answers of one decision in order: replies, then a fault or a move, whichever there was."""
        for number, attempt in enumerate(self._replies.get((step, seat), ())):
            samples = self._samples.get((step, seat, number), ())
            yield Reply(attempt["text"], attempt["thinking"], {}, attempt["extra"], attempt.get("finish", "stop"), samples)
        if (step, seat) in self._moves:  # with a fault as well where the rules failed on the move
            yield self._action(step, seat, match)
        fault = self._faults.get((step, seat))
        if fault is not None:
            yield FAULTS[fault["kind"]](fault["reason"])

    def _action(self, step: int, seat: int, match: Match) -> Action:
        legal, data = match.legal(seat), self._moves[step, seat]
        if data.__class__ is int and isinstance(legal, tuple):
            return data
        try:
            action = decode(legal, data)
            again = encode(legal, action)
            exact = (again.__class__ is data.__class__ is float and again == data) or json.dumps(again) == json.dumps(data)
        except Exception as error:  # JSON of another shape than the actions of this game
            raise RecordMismatch(f"{self._move(step, seat, data)}: {type(error).__name__}: {shown(str(error), 100)}") from error
        if not exact:
            raise RecordMismatch(self._move(step, seat, data))
        return action

    def _move(self, step: int, seat: int, data: Any) -> str:
        return f"match {self._match}: step {step}: seat {seat}: {shown(data)} is no action of this game as records write it"
