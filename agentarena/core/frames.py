"""A record shown step by step in words: what was played, what became known to whom, what each seat sees."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .episode import Episode
from .events import Event
from .game import Game
from .record import Record
from .registry import screen
from .replay import replaying, steps
from .screen import Screen

__all__ = ["Frame", "frames"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of a match, as a replay shows it. What only one seat may know is kept apart by seat.

    Attributes:
        step: Number of steps taken; 0 is the start.
        moves: The moves that led here, in words, by seat.
        replies: Raw replies and thinking behind these moves, by seat: the attempts of `Record.replies`.
        public: What became known to everybody, in the words of an onlooker.
        private: What only some seats learnt, and what can only be said as "you", in words, by seat.
        news: What this step made known to each seat, in the words of that seat. Shape (S,).
        events: All of what became known, as data, each with its audience.
        views: What each seat sees now, in words. Shape (S,). All of them together are the referee's view.
        to_move: The seats that move next; `()` at the end.
        returns: Return of each seat so far. Shape (S,); the final returns in the last frame.
        note: How the match ended, in the last frame; faults, as they happen.
        screens: The same as `views` in blocks, where the game has them (`registry.screen`), else `()`. Shape (S,).
    """

    step: int
    moves: Mapping[int, str]
    replies: Mapping[int, Sequence[Mapping[str, Any]]]
    public: tuple[str, ...]
    private: Mapping[int, tuple[str, ...]]
    news: tuple[tuple[str, ...], ...]
    events: tuple[Event, ...]
    views: tuple[str, ...]
    to_move: tuple[int, ...]
    returns: tuple[float, ...]
    note: str = ""
    screens: tuple[Screen, ...] = ()

    @property
    def table(self) -> str:
        """The referee's view: what the seats see, merged into one block. Numbers at the left are the seats that see a line; lines
        without any are seen by all.
        """
        lines = _merged(self.views)
        labels = ["" if len(seats) == len(self.views) else _ranges(seats) for _, seats in lines]
        width = max(map(len, labels), default=0)
        if not width:
            return "\n".join(line for line, _ in lines)
        return "\n".join(f"{label:>{width}} | {line}".rstrip() for label, (line, _) in zip(labels, lines, strict=True))

    def news_for(self, seat: int | None = None) -> tuple[str, ...]:
        """What a seat was told by this step; for the referee (`None`) the moves, what anybody was told, and the note."""
        if seat is not None:
            return self.news[seat]
        moves = tuple(f"seat {mover}: {move}" for mover, move in self.moves.items())
        private = tuple(f"to seat {hearer} alone: {line}" for hearer, lines in self.private.items() for line in lines)
        return (*moves, *self.public, *private, *([self.note] if self.note else []))

    def replies_for(self, seat: int | None = None) -> dict[int, Sequence[Mapping[str, Any]]]:
        """The replies and the thinking that a seat may know, its own, by seat; all of them for the referee (`None`)."""
        return {speaker: attempts for speaker, attempts in self.replies.items() if seat in (None, speaker)}


def frames(record: Record) -> list[Frame]:
    """A match step by step: the start, then one frame for each step taken; the last one carries the result.

    Raises:
        RecordMismatch: A recorded move is refused by the rules as they are now.
    """
    frames: list[Frame] = []
    moves: dict[int, str] = {}
    events = 0
    for match, actions in steps(record):
        episode = match.episode
        if episode.steps < len(frames):  # the match ended in a forfeit, without a step
            continue
        log = episode.log
        frames.append(_frame(record, record.game(), episode, len(frames), moves, tuple(log[events:])))
        events = len(log)
        with replaying(record):  # moves that the rules have not judged yet
            moves = {seat: episode.game.text.write(episode.state, seat, action) for seat, action in actions.items()}
    frames[-1] = _last(record, frames[-1])
    return frames


def _frame(record: Record, game: Game[Any], episode: Episode, step: int, moves: dict[int, str], events: tuple[Event, ...]) -> Frame:
    seats = range(game.info.seats)
    as_screen = screen(game)
    public: list[str] = []
    private: dict[int, list[str]] = {}
    news: list[list[str]] = [[] for _ in seats]
    for event in events:
        heard = {seat: line for seat in seats if event.visible_to(seat) and (line := game.text.tell(event, seat))}
        for seat, line in heard.items():
            news[seat].append(line)
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
        news=tuple(map(tuple, news)),
        events=events,
        views=tuple(game.text.look(episode.state, seat) for seat in seats),
        to_move=episode.to_move,
        returns=tuple(float(value) for value in episode.returns),
        note="; ".join(
            [
                *(["drawn at random, as the opening"] if 0 < step <= record.openings else []),
                *(_fault(fault) for fault in record.faults if fault["step"] == step - 1 and fault["then"] != "forfeit"),
            ]
        ),
        screens=() if as_screen is None else tuple(as_screen(game, episode.state, seat) for seat in seats),
    )


def _merged(views: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The lines of all views in one order, each with the seats that see it."""
    merged: list[tuple[str, list[int]]] = []
    for seat, view in enumerate(views):
        lines, known = view.split("\n"), [line for line, _ in merged]
        following: list[tuple[str, list[int]]] = []
        for kind, start, end, own_start, own_end in difflib.SequenceMatcher(None, known, lines, autojunk=False).get_opcodes():
            if kind == "equal":
                following += [(line, [*seats, seat]) for line, seats in merged[start:end]]
            else:
                following += merged[start:end]
                following += [(line, [seat]) for line in lines[own_start:own_end]]
        merged = following
    return merged


def _ranges(seats: Sequence[int]) -> str:
    """Ascending numbers, runs of three and more as one.

    >>> _ranges([0, 2, 3, 4, 6, 7])
    '0,2-4,6,7'
    """
    runs: list[list[int]] = []
    for seat in seats:
        if runs and seat == runs[-1][-1] + 1:
            runs[-1].append(seat)
        else:
            runs.append([seat])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


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
        frame = dataclasses.replace(frame, replies={**frame.replies, **replies}, to_move=())
    else:
        notes = [result[record.outcome]]
    note = "; ".join(filter(None, [frame.note, *notes]))
    return dataclasses.replace(frame, returns=record.returns, note=note)


def _agent(record: Record, seat: int | None) -> str:
    return record.seats[seat].agent if seat is not None else ""
