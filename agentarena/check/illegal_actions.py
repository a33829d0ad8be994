"""Checks of what the rules refuse, with which error, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import ActionSet, Box, Legal, Product, Text
from agentarena.core.errors import IllegalAction, OutOfTurn, PlayError

from .clauses import contract, expect
from .subject import Moment, Subject

_NEVER = (-1, None, True, 0.5, "0", "nonsense")
"""Values that are no legal action of any listing."""
_MOST_REFUSED = 200


@contract("illegal actions are refused", presets=True)
def illegal_actions_are_refused(subject: Subject) -> None:
    """Whatever is not legal raises IllegalAction and leaves the state as it was."""
    for moment in subject.moments(40):
        if not moment.to_move:
            continue
        before = subject.trace(moment)
        for seat in subject.movers(moment, 2):
            legal = subject.game.legal(moment.state, seat)
            for wrong in _wrong(legal, subject.game.action_space(seat)):
                _expect_refused(subject, moment, {**moment.actions, seat: wrong}, IllegalAction, f"seat {seat} playing {wrong!r:.80}")
        expect(subject.trace(moment) == before, f"{moment}: a refused action changed the state")


def _wrong(legal: Legal, space: gymnasium.Space[Any]) -> Iterator[Any]:
    if isinstance(legal, tuple) and isinstance(legal[0], str):
        yield from ("no such command", legal[0] + " and more", 0, None, True)
    elif isinstance(legal, tuple):
        size = int(getattr(space, "n", 0))
        others = [action for action in range(size) if action not in set(legal)]
        stride = max(1, len(others) // _MOST_REFUSED)
        yield from (*others[::stride], size, *_NEVER)
    elif isinstance(legal, Box):
        inside = legal.sample(np.random.default_rng(0))
        yield from (np.full(legal.shape, np.nan), np.full(legal.shape, np.inf), inside[None], "nonsense", None)
        if np.all(np.isfinite(legal.high)):
            yield from (legal.high + 1.0 + np.abs(legal.high), legal.low - 1.0 - np.abs(legal.low)) if legal.high.size else ()
    elif isinstance(legal, Text):
        yield from ("x" * (legal.max_chars + 1), 0, None, b"bytes")
    elif isinstance(legal, Product):
        yield from _wrong_products(legal)
    else:
        yield from (object(),)


def _wrong_products(legal: Product) -> Iterator[Any]:
    """Actions of the wrong shape, with one part that is not legal, and legal parts in a combination that is not allowed."""
    good = legal.sample(np.random.default_rng(0))
    values = list(good.values()) if legal.named else list(good)
    yield from ({}, None, 0, ({**good, "no such part": 0} if legal.named else (*good, 0)))
    for place, part in enumerate(legal.parts.values()):
        space = (
            part.space()
            if isinstance(part, ActionSet)
            else gymnasium.spaces.Discrete(1 + max((a for a in part if type(a) is int), default=0))
        )
        yield from (legal.join([*values[:place], wrong, *values[place + 1 :]]) for wrong in _wrong(part, space))
    if legal.allowed is not None and legal.listed is not None:
        free = Product(legal.parts if legal.named else list(legal.parts.values())).listed or ()
        yield from [action for action in free if not legal.allowed(action)][:_MOST_REFUSED]


@contract("actions out of turn are refused", presets=True)
def actions_out_of_turn_are_refused(subject: Subject) -> None:
    """No action, too few, too many, or one of another seat raise OutOfTurn and leave the state as it was."""
    seats = subject.game.info.seats
    for moment in subject.moments(40):
        if not moment.to_move:
            continue
        before = subject.trace(moment)
        some = next(iter(moment.actions.values()))
        idle = [seat for seat in range(seats) if seat not in moment.to_move][:2]
        cases: list[dict[int, Any]] = [{}, {seats: some}, {**moment.actions, seats: some}, {-1: some}]
        cases += [{seat: some} for seat in idle] + [{**moment.actions, seat: some} for seat in idle]
        if len(moment.to_move) > 1:
            cases.append({moment.to_move[0]: some})
        for case in cases:
            _expect_refused(subject, moment, case, OutOfTurn, f"actions of seats {sorted(case)} where {moment.to_move[:8]} are to move")
        expect(subject.trace(moment) == before, f"{moment}: a refused action changed the state")


def _expect_refused(subject: Subject, moment: Moment, actions: Mapping[int, Any], error: type[PlayError], what: str) -> None:
    try:
        subject.game.step(moment.state, actions, subject.spare)
    except error as refused:
        expect(bool(str(refused)), f"{moment}: {what} raised {error.__name__} without a message")
        return
    except Exception as other:
        expect(False, f"{moment}: {what} raised {type(other).__name__} ({str(other)[:100]}), expected {error.__name__}")
    expect(False, f"{moment}: {what} was accepted, expected {error.__name__}")
