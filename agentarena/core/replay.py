"""Records played again: `verify` compares bytes, `frames` shows a match step by step in words."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .actions import ActionSet, decode
from .agent import Decision, Reply
from .episode import Episode
from .errors import ArenaError, PlayError, RecordMismatch
from .events import Event
from .game import Game
from .match import FAULTS, Match, OnUnreadable, Player, RunConfig
from .record import Fixture, Record
from .rng import CHANCE, stream

__all__ = ["Frame", "Verified", "frames", "replay", "verify"]


# --- verify -----------------------------------------------------------------------------------------------------------


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


def replay(record: Record) -> Record:
    """The record that the recorded seed, moves and replies lead to now: equal to `record` when nothing has changed.

    Raises:
        RecordMismatch: The record cannot be played on: a move is missing or refused.
    """
    seats = range(len(record.seats))
    terms = RunConfig(
        record.game(), tuple(Player(seat.agent, seat.version) for seat in record.seats), record.seed, OnUnreadable(**record.policy)
    )
    match = Match(terms, Fixture(record.match, record.deal, tuple(seats)))
    if len(record.seats) != terms.game.info.seats:
        raise RecordMismatch(f"match {record.match}: {len(record.seats)} seats recorded, the game has {terms.game.info.seats}")
    script = _Script(record)
    while not match.over:
        step = match.episode.steps
        for seat in match.pending():
            for decision in script.decisions(step, seat, terms.game, match.episode.state):
                match.answer(seat, decision)
                if match.over or match.episode.steps != step or seat not in match.pending():
                    break
            else:
                raise RecordMismatch(f"match {record.match}: no move of seat {seat} in step {step}")
    again = match.record()
    held = tuple(dataclasses.replace(seat, index=old.index) for seat, old in zip(again.seats, record.seats, strict=True))
    return dataclasses.replace(again, package=record.package, seats=held)


class _Script:
    """What each seat answered in each step of a record."""

    def __init__(self, record: Record) -> None:
        self._moves = {(step, seat): data for step, moves in enumerate(record.actions) for seat, data in moves}
        self._moves.update(((len(record.actions), seat), data) for seat, data in record.aborted)
        self._replies = {(reply["step"], reply["seat"]): reply["attempts"] for reply in record.replies}
        self._faults = {(fault["step"], fault["seat"]): fault for fault in record.faults if fault["kind"] in FAULTS}

    def decisions(self, step: int, seat: int, game: Game[Any], state: Any) -> Iterator[Decision | Exception]:
        """The answers of one decision in order: replies, then a fault or a move, whichever there was."""
        for attempt in self._replies.get((step, seat), ()):
            yield Reply(attempt["text"], attempt["thinking"], extra=attempt["extra"], finish=attempt.get("finish", "stop"))
        fault = self._faults.get((step, seat))
        if fault is not None:
            yield FAULTS[fault["kind"]](fault["reason"])
        elif (step, seat) in self._moves:
            yield _decoded(game, state, seat, self._moves[step, seat])


def _decoded(game: Game[Any], state: Any, seat: int, data: Any) -> Any:
    legal = game.legal(state, seat)
    return decode(legal, data) if isinstance(legal, ActionSet) or isinstance(data, Mapping) else data


# --- frames -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of a match, as a replay shows it. What only one seat may know is kept apart by seat.

    Attributes:
        step: Number of steps taken; 0 is the start.
        moves: The moves that led here, in words, by seat.
        replies: Raw replies and thinking behind these moves, by seat: the attempts of `Record.replies`.
        public: What became known to everybody, told as to an onlooker.
        private: What only some seats learnt, and what can only be told as "you", in words, by seat.
        told: All that this step told each seat, in its own words. Shape (S,).
        events: All of what became known, as data, each with its audience.
        views: What each seat sees now, in words. Shape (S,). All of them together are the referee's view.
        asked: The seats that move next; `()` at the end.
        returns: Return of each seat so far. Shape (S,); the final returns in the last frame.
        note: How the match ended, in the last frame; faults, as they happen.
    """

    step: int
    moves: Mapping[int, str]
    replies: Mapping[int, Sequence[Mapping[str, Any]]]
    public: tuple[str, ...]
    private: Mapping[int, tuple[str, ...]]
    told: tuple[tuple[str, ...], ...]
    events: tuple[Event, ...]
    views: tuple[str, ...]
    asked: tuple[int, ...]
    returns: tuple[float, ...]
    note: str = ""

    @property
    def table(self) -> str:
        """The referee's view: what every seat sees, once where all see the same."""
        if len(set(self.views)) == 1:
            return self.views[0]
        return "\n".join(f"--- seat {seat} sees:\n{view}" for seat, view in enumerate(self.views))

    def news_for(self, seat: int | None = None) -> tuple[str, ...]:
        """What a seat was told by this step; for the referee (`None`) the moves, what anybody was told, and the note."""
        if seat is not None:
            return self.told[seat]
        moves = tuple(f"seat {mover}: {move}" for mover, move in self.moves.items())
        told = tuple(f"to seat {hearer} alone: {line}" for hearer, lines in self.private.items() for line in lines)
        return (*moves, *self.public, *told, *([self.note] if self.note else []))


def frames(record: Record) -> list[Frame]:
    """A match step by step: the start, then one frame for each step taken; the last one carries the result.

    Raises:
        RecordMismatch: A recorded move is refused by the rules as they are now.
    """
    game = record.game()
    episode = Episode(game, stream(record.seed, CHANCE, record.deal))
    seen = 0
    out: list[Frame] = []
    for step in range(len(record.actions) + 1):
        moves: dict[int, str] = {}
        if step:
            try:
                actions = {seat: _decoded(game, episode.state, seat, data) for seat, data in record.actions[step - 1]}
                moves = {seat: game.text.write(episode.state, seat, action) for seat, action in actions.items()}
                episode.step(actions)
            except PlayError as error:
                raise RecordMismatch(f"match {record.match}: step {step - 1} cannot be played again: {error}") from error
        events = tuple(episode.log[seen:])
        seen = len(episode.log)
        out.append(_frame(record, game, episode, step, moves, events))
    out[-1] = _last(record, out[-1])
    return out


def _frame(record: Record, game: Game[Any], episode: Episode, step: int, moves: dict[int, str], events: tuple[Event, ...]) -> Frame:
    seats = range(game.info.seats)
    public: list[str] = []
    private: dict[int, list[str]] = {}
    told: list[list[str]] = [[] for _ in seats]
    for event in events:
        heard = {seat: line for seat in seats if event.visible_to(seat) and (line := game.text.tell(event, seat))}
        for seat, line in heard.items():
            told[seat].append(line)
        neutral = _neutral(heard, game.info.seats) if event.audience is None else None
        if neutral is not None:
            public.append(neutral)
        else:
            for seat, line in heard.items():
                private.setdefault(seat, []).append(line)
    return Frame(
        step=step,
        moves=moves,
        replies={reply["seat"]: reply["attempts"] for reply in record.replies if reply["step"] == step - 1},
        public=tuple(public),
        private={seat: tuple(private[seat]) for seat in sorted(private)},
        told=tuple(map(tuple, told)),
        events=events,
        views=tuple(game.text.look(episode.state, seat) for seat in seats),
        asked=episode.to_move,
        returns=tuple(float(value) for value in episode.returns),
        note="; ".join(_fault(fault) for fault in record.faults if fault["step"] == step - 1 and fault["then"] != "forfeit"),
    )


_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


def _neutral(heard: Mapping[int, str], seats: int) -> str | None:
    """The telling of one event that suits an onlooker: one for all, or one that addresses nobody; `None` if there is none."""
    lines = list(heard.values())
    if len(lines) == seats and len(set(lines)) == 1:
        return lines[0]
    return next((line for line in lines if not _YOU.search(_QUOTED.sub("", line))), None)


def _fault(fault: Mapping[str, Any]) -> str:
    what = {"forfeit": "forfeits", "random": "plays at random", "pass": "passes"}[fault["then"]]
    return f"seat {fault['seat']} {what} ({fault['kind']}: {fault['reason']})"


def _last(record: Record, frame: Frame) -> Frame:
    who = record.winner if isinstance(record.winner, str) else f"seat {record.winner} ({_agent(record, record.winner)})"
    result = {"won": f"{who} wins", "drawn": "a draw", "ended": "the end", "truncated": "cut short by the limit of steps"}
    faults = [_fault(fault) for fault in record.faults if fault["then"] == "forfeit"]
    if record.outcome == "forfeited":
        notes = [*faults, *([f"{who} wins"] if record.winner is not None else [])]
        replies = {reply["seat"]: reply["attempts"] for reply in record.replies if reply["step"] == len(record.actions)}
        frame = dataclasses.replace(frame, replies={**frame.replies, **replies}, asked=())
    else:
        notes = [result[record.outcome]]
    note = "; ".join(filter(None, [frame.note, *notes]))
    return dataclasses.replace(frame, returns=record.returns, note=note)


def _agent(record: Record, seat: int | None) -> str:
    return record.seats[seat].agent if seat is not None else ""
