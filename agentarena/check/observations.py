"""Checks of observations and events."""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.events import Event
from agentarena.core.game import Information
from agentarena.core.registry import screen

from .clauses import contract, expect
from .fingerprint import fingerprint
from .subject import Subject


@contract("observations fit their space", presets=True)
def observations_fit(subject: Subject) -> None:
    """Every seat's observation lies in its space, with exactly its dtypes, at every moment, the end included."""
    for moment in subject.moments(150):
        for seat in subject.seats(moment):
            observation = subject.game.observe(moment.state, seat)
            space = subject.game.observation_space(seat)
            where = f"{moment}, seat {seat}"
            _check_types(observation, space, where)
            if not space.contains(observation):  # an array is slow to print
                expect(False, f"{where}: the observation leaves {space}: {observation!r:.300}")


def _check_types(observation: Any, space: gymnasium.Space[Any], where: str) -> None:
    if isinstance(space, gymnasium.spaces.Dict):
        expect(isinstance(observation, dict), f"{where}: the observation is a {type(observation).__name__}, expected a dict")
        expect(
            set(observation) == set(space.spaces), f"{where}: the observation has {sorted(observation)}, the space {sorted(space.spaces)}"
        )
        for key, inner in space.spaces.items():
            _check_types(observation[key], inner, f"{where}, {key!r}")
    elif isinstance(observation, np.ndarray):
        expect(observation.dtype == space.dtype, f"{where}: dtype is {observation.dtype}, expected {space.dtype}")
        expect(observation.shape == space.shape, f"{where}: shape is {observation.shape}, expected {space.shape}")


@contract("observations are copies", presets=True)
def observations_are_copies(subject: Subject) -> None:
    """Writing into a returned array changes neither the match nor what is returned next."""
    for moment in subject.moments(60):
        for seat in subject.seats(moment, 3):
            first = subject.game.observe(moment.state, seat)
            before = fingerprint(first)
            expect(_overwrite(first), f"{moment}, seat {seat}: the observation is read-only; return a fresh array")
            again = fingerprint(subject.game.observe(moment.state, seat))
            expect(again == before, f"{moment}, seat {seat}: writing into the observation changed the next one; return a copy")


def _overwrite(value: Any) -> bool:
    """Spoil every array in an observation; False when one cannot be written."""
    if isinstance(value, dict):
        return all(list(map(_overwrite, value.values())))
    if isinstance(value, tuple | list):
        return all(list(map(_overwrite, value)))
    if isinstance(value, np.ndarray):
        if not value.flags.writeable:
            return False
        value[...] = 1 - value if value.dtype != bool else ~value
    return True


@contract("observing has no side effects", presets=True)
def observing_has_no_side_effects(subject: Subject) -> None:
    """Observation, text, legal moves, information key and news are the same when read twice, and reading leaves the state alone."""
    for moment in subject.moments(60):
        before = subject.trace(moment)
        for seat in subject.seats(moment, 3):
            looks = [everything_known(subject, moment.state, seat, moment.unread(seat), seat in moment.to_move) for _ in range(2)]
            for name, first in looks[0].items():
                expect(first == looks[1][name], f"{moment}, seat {seat}: {name} differs when read twice")
        expect(subject.trace(moment) == before, f"{moment}: reading the state changed it")


def everything_known(subject: Subject, state: Any, seat: int, unread: tuple[Event, ...], acts: bool) -> dict[str, Any]:
    """All that a seat may know at a state, by name."""
    game = subject.game
    known = {
        "the observation": fingerprint(game.observe(state, seat)),
        "the text": game.text.view(state, seat, unread),
        "the text without choices": game.text.view(state, seat, unread, choices=False),
        "the news": fingerprint([(event.kind, event.data) for event in game.news(state) if event.visible_to(seat)]),
        "whether it is to move": seat in game.to_move(state),  # who else moves may be a secret, as at night among hidden roles
    }
    if isinstance(game, Information):
        known["the information key"] = game.information(state, seat)
    as_screen = screen(game)
    if as_screen is not None:
        known["the screen"] = fingerprint(as_screen(game, state, seat))
    if acts:
        legal = game.legal(state, seat)
        known["the legal moves"] = legal if isinstance(legal, tuple) else fingerprint(legal)
        known["the options"] = fingerprint(game.text.options(state, seat))
    return known


@contract("events are data", presets=True)
def events_are_data(subject: Subject) -> None:
    """Events have a kind, JSON-ready data, and an audience of seats in increasing order or everybody."""
    seats = subject.game.info.seats
    for moment in subject.moments(300):
        news = subject.game.news(moment.state)
        expect(isinstance(news, tuple), f"{moment}: news is a {type(news).__name__}, expected a tuple of events")
        for event in news:
            where = f"{moment}, event {getattr(event, 'kind', event)!r:.60}"
            expect(isinstance(event, Event), f"{where} is a {type(event).__name__}, expected an Event")
            expect(isinstance(event.kind, str) and bool(event.kind), f"{where}: the kind is no word")
            _check_json(event, where)
            to = event.audience
            valid = to is None or (
                isinstance(to, tuple) and all(type(s) is int and 0 <= s < seats for s in to) and list(to) == sorted(set(to))
            )
            expect(valid, f"{where}: the audience is {to!r}, expected None or increasing seats in a tuple")


def _check_json(event: Event, where: str) -> None:
    try:
        text = json.dumps(event.data, allow_nan=False)
    except (TypeError, ValueError) as error:
        expect(False, f"{where}: the data is not JSON-ready: {error}")
    same = json.dumps(json.loads(text), sort_keys=True) == json.dumps(dict(event.data), sort_keys=True)
    expect(same and all(isinstance(key, str) for key in event.data), f"{where}: the data does not survive JSON; use string keys")
