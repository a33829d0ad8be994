"""Which matches a report replays, and each of them as data for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentarena.core.frames import Frame, frames
from agentarena.core.record import Record
from agentarena.core.screen import screen_data

__all__ = ["replay_data", "select"]

LONGEST = 600
"""A longer match is cut to this many steps in the page."""


def select(records: Sequence[Record], count: int) -> list[Record]:
    """A few matches worth a look: a typical one, one that went wrong if any, the longest, the shortest, then typical ones of each winner.

    Args:
        records: All matches.
        count: How many at most.
    """
    if not records or count < 1:
        return []
    by_length = sorted(records, key=lambda record: (record.turns, record.match))
    wrong = [record for record in by_length if record.faults]
    middle = sorted(by_length, key=lambda record: (abs(record.turns - by_length[len(by_length) // 2].turns), record.match))
    typical: dict[object, Record] = {}
    for record in middle:
        typical.setdefault(_winner(record), record)
    wanted = [middle[0], *wrong[-1:], by_length[-1], by_length[0], *typical.values(), *middle]
    picked: list[Record] = []
    for record in wanted:
        if all(record is not other for other in picked):
            picked.append(record)
    return picked[:count]


def _winner(record: Record) -> object:
    return record.seats[record.winner].agent if isinstance(record.winner, int) else record.winner


def replay_data(record: Record) -> dict[str, Any]:
    """A match as the page's script wants it: JSON-ready, words as data."""
    steps = frames(record)
    cut = len(steps) > LONGEST
    if cut:
        steps = [*steps[: LONGEST - 1], steps[-1]]
    return {
        "match": record.match,
        "deal": record.deal,
        "outcome": record.outcome,
        "cut": cut,
        "seats": [{"agent": seat.agent, "role": seat.role, "team": seat.team, "return": seat.return_} for seat in record.seats],
        "frames": [_frame(step) for step in steps],
    }


def _frame(step: Frame) -> dict[str, Any]:
    return {
        "step": step.step,
        "moves": {str(seat): words for seat, words in step.moves.items()},
        "replies": {
            str(seat): [{key: str(attempt.get(key, "")) for key in ("text", "thinking", "outcome", "reason")} for attempt in attempts]
            for seat, attempts in step.replies.items()
        },
        "public": list(step.public),
        "private": {str(seat): list(lines) for seat, lines in step.private.items()},
        "views": list(step.views),
        "to_move": list(step.to_move),
        "returns": list(step.returns),
        "note": step.note,
        **({"screens": [screen_data(screen) for screen in step.screens]} if step.screens else {}),
    }
