"""Records played again: `verify` compares bytes, `steps`, `states` and `trajectory` give what happened on the way."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .actions import Action, ActionSet, decode
from .agent import Decision, Reply
from .config import OnUnreadable, Player, RunConfig
from .errors import ArenaError, PlayError, RecordMismatch
from .match import FAULTS, Match
from .record import Fixture, Record
from .trajectory import Trajectory

__all__ = ["Verified", "replay", "states", "steps", "trajectory", "verify"]


@dataclass(slots=True)
class Verified:
    """Outcome of `verify`.

    Attributes:
        matches: How many records were played again.
        mismatches: One sentence for each that differs.
    """

    matches: int = 0
    mismatches: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every record replays to its own bytes."""
        return not self.mismatches


def verify(path: str | os.PathLike[str], *, progress: Callable[[int, int], None] | None = None) -> Verified:
    """Play every record of a file again and compare it byte for byte.

    The deal comes from the recorded seed, moves and replies from the record; what was read from the replies, what the
    moves led to, who won, and every other field must come out the same.

    Raises:
        CorruptRecord: A line is no record.
    """
    lines = Path(path).read_bytes().removesuffix(b"\n").split(b"\n")
    lines = [] if lines == [b""] else lines
    outcome = Verified()
    for number, line in enumerate(lines, 1):
        record = Record.parse(line, f"{path}, line {number}")
        try:
            again = replay(record).line().encode()
        except ArenaError as error:
            outcome.mismatches.append(f"line {number}, match {record.match}: cannot be played again: {error}")
        else:
            if again != line:
                outcome.mismatches.append(f"line {number}, match {record.match}: {_difference(record, Record.parse(again))}")
        outcome.matches += 1
        if progress is not None:
            progress(number, len(lines))
    return outcome


def _difference(there: Record, here: Record) -> str:
    for name in Record.__dataclass_fields__:
        if getattr(there, name) != getattr(here, name):
            return f"{name} is {getattr(there, name)!r:.200} in the file, {getattr(here, name)!r:.200} when played again"
    return "the same values in another spelling"


def steps(record: Record, *, trace: bool = False) -> Iterator[tuple[Match, dict[int, Action]]]:
    """A recorded match played again, step by step: the one replay behind `verify`, `frames`, `states` and `trajectory`.

    Yields, before each step, the match and the actions that its seats are about to play; at the end, the match that is over
    and no actions. What the match has open is released when the iterator ends or is closed.

    Args:
        record: What was played.
        trace: Whether the match keeps its turns (`Match.trajectory`).

    Raises:
        RecordMismatch: The record cannot be played on: a move is missing or refused.
    """
    seats = range(len(record.seats))
    players = tuple(Player(seat.agent, seat.version) for seat in record.seats)
    config = RunConfig(record.game(), players, record.seed, OnUnreadable(**record.policy), record.with_samples)
    if len(record.seats) != config.game.info.seats:
        raise RecordMismatch(f"match {record.match}: {len(record.seats)} seats recorded, the game has {config.game.info.seats}")
    script = _Script(record)
    with Match(config, Fixture(record.match, record.deal, tuple(seats)), trace=trace) as match:
        for actions in dataclasses.replace(config, openings=record.openings).opening(record.deal):
            yield match, actions
            match.open(actions)
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
        fault = self._faults.get((step, seat))
        if fault is not None:
            yield FAULTS[fault["kind"]](fault["reason"])
        elif (step, seat) in self._moves:
            yield self._action(step, seat, match)

    def _action(self, step: int, seat: int, match: Match) -> Action:
        legal, data = match.legal(seat), self._moves[step, seat]
        return decode(legal, data) if isinstance(legal, ActionSet) or isinstance(data, Mapping) else data
