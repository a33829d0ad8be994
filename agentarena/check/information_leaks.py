"""Checks of hidden information: what a seat must not know never leaks to it, and search can resample it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from agentarena.core.game import Information, Resample
from agentarena.core.rng import stream

from .clauses import NotApplicable, contract, expect
from .fingerprint import fingerprint
from .observations import everything_known
from .subject import Moment, Subject, random_action

_REDRAWS = 30
"""Redraws of a state before it is held to be all that its seat can think of."""


def _resampling(subject: Subject) -> Any:
    game = subject.game
    if not isinstance(game, Resample):
        lacks = game.info.hidden and game.info.forkable
        expect(not lacks, "info.hidden is True, but there is no resample(state, seat, rng): nothing can be searched or checked for leaks")
        raise NotApplicable("nothing is hidden" if not game.info.hidden else "the state lives in an outside engine")
    return game


def _resampled(subject: Subject, most: int) -> Iterator[tuple[Moment, int, Any]]:
    game = _resampling(subject)
    for moment in subject.moments(most):
        for seat in subject.seats(moment, 4):
            yield moment, seat, game.resample(moment.state, seat, subject.chance(6, moment.seed, moment.step, seat))


@contract("hidden information does not leak", forkable=True, presets=True)
def hidden_information_does_not_leak(subject: Subject) -> None:
    """With all that a seat cannot see redrawn, its observation, text, news, legal moves and information key stay byte-equal."""
    differs = False
    for moment, seat, other in _resampled(subject, 120):
        acts, unread = seat in moment.to_move, moment.unread(seat)
        true = everything_known(subject, moment.state, seat, unread, acts)
        drawn = everything_known(subject, other, seat, unread, acts and seat in subject.game.to_move(other))
        for name in ("whether it is to move", *true):
            expect(
                true[name] == drawn.get(name),
                f"{moment}, seat {seat}: {name} tells apart what the seat cannot see\n{_shown(true, drawn, name)}",
            )
        differs |= fingerprint(other) != fingerprint(moment.state)
    hidden = subject.game.info.hidden
    differs = differs or (hidden and _ever_differs(subject))
    expect(differs or not hidden, "info.hidden is True, but no redrawn state ever differed from the true one")
    expect(hidden or not differs, "info.hidden is False, but a redrawn state differed from the true one")


def _ever_differs(subject: Subject) -> bool:
    """Whether any of many more redraws differs from the true state: in short plays one draw of each may be the true one by luck."""
    for moment in subject.moments(10):
        for seat in subject.seats(moment, 4):
            others = (subject.game.resample(moment.state, seat, subject.chance(15, seat, draw)) for draw in range(_REDRAWS))  # type: ignore[attr-defined]
            if any(fingerprint(other) != fingerprint(moment.state) for other in others):
                return True
    return False


@contract("rewards do not leak", forkable=True, presets=True)
def rewards_do_not_leak(subject: Subject) -> None:
    """With all that a seat cannot see redrawn, what it is paid on the way stays the same: pay that tells a secret comes at the end."""
    for moment, seat, other in _resampled(subject, 120):
        if not moment.to_move:
            continue
        true, drawn = (subject.game.rewards(state)[seat] for state in (moment.state, other))
        expect(
            math.isclose(true, drawn, rel_tol=1e-9, abs_tol=1e-9),
            f"{moment}, seat {seat}: its reward {true} would have been {drawn} in a state that it cannot tell from this one; pay it later",
        )


def _shown(true: dict[str, Any], drawn: dict[str, Any], name: str) -> str:
    return f"true:    {true[name]!s:.600}\nredrawn: {drawn.get(name)!s:.600}"


@contract("resample uses known information only", forkable=True, presets=True)
def resample_uses_known_information(subject: Subject) -> None:
    """`resample` depends on what the seat knows and on the stream alone: redrawing a redrawn state gives the same."""
    game = _resampling(subject)
    for moment, seat, other in _resampled(subject, 120):
        first, second = (fingerprint(game.resample(state, seat, subject.chance(7, moment.seed))) for state in (moment.state, other))
        expect(
            first == second,
            f"{moment}, seat {seat}: equal streams redraw two states the seat cannot tell apart differently (sort before shuffling)",
        )


@contract("resampled states are playable", forkable=True)
def resampled_states_are_playable(subject: Subject) -> None:
    """A redrawn state can be played to the end."""
    game = _resampling(subject)
    for moment, seat, state in _resampled(subject, 15):
        rng = subject.chance(8, moment.seed, moment.step, seat)
        for _ in range(game.info.max_steps - moment.step):
            to_move = game.to_move(state)
            if not to_move:
                break
            state = game.step(state, {s: random_action(game.legal(state, s), rng) for s in to_move}, rng)
        expect(not game.to_move(state), f"{moment}, seat {seat}: the redrawn state did not end within max_steps")


def _keyed(subject: Subject) -> Any:
    if not isinstance(subject.game, Information):
        raise NotApplicable("the game has no information keys")
    return subject.game


@contract("information keys are strings", presets=True)
def keys_are_strings(subject: Subject) -> None:
    """Information keys are strings, for every seat at every moment."""
    game = _keyed(subject)
    for moment in subject.moments(60):
        for seat in subject.seats(moment):
            key = game.information(moment.state, seat)
            expect(isinstance(key, str), f"{moment}, seat {seat}: the information key is a {type(key).__name__}, expected a string")


@contract("information keys have perfect recall", forkable=True)
def perfect_recall(subject: Subject) -> None:
    """A seat's information key differs after its own different actions, and between its own decisions of one match."""
    game = _keyed(subject)
    for moment in subject.moments(60):
        for seat in subject.movers(moment, 2):
            legal = game.legal(moment.state, seat)
            if not isinstance(legal, tuple) or len(legal) < 2:
                continue
            nexts = [game.step(moment.state, {**moment.actions, seat: action}, stream(1)) for action in (legal[0], legal[-1])]
            if all(game.to_move(state) for state in nexts):
                one, two = (game.information(state, seat) for state in nexts)
                expect(
                    one != two, f"{moment}, seat {seat}: actions {legal[0]} and {legal[-1]} lead to the same information key {one!r:.200}"
                )
    for play in subject.plays():
        earlier: dict[tuple[int, str], Moment] = {}
        for moment in play:
            for seat in subject.movers(moment, 4):
                key = (seat, game.information(moment.state, seat))
                expect(
                    key not in earlier,
                    f"{moment}, seat {seat}: the same information key as at its earlier decision ({earlier.get(key)}): {key[1]!r:.200}",
                )
                earlier[key] = moment


@contract("information keys determine observations", presets=True)
def keys_determine_observations(subject: Subject) -> None:
    """States that share a seat's information key show it the same observation and the same legal moves."""
    game = _keyed(subject)
    prints_by_key: dict[tuple[int, str], tuple[Any, Moment]] = {}
    for moment in subject.moments(150):
        for seat in subject.seats(moment, 4):
            legal = game.legal(moment.state, seat) if seat in moment.to_move else ()
            prints = (fingerprint(game.observe(moment.state, seat)), fingerprint(legal))
            first, where = prints_by_key.setdefault((seat, game.information(moment.state, seat)), (prints, moment))
            expect(first == prints, f"seat {seat}: one information key for two states it can tell apart: {where}; {moment}")
