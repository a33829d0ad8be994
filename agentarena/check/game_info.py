"""Checks of what a game declares before anyone plays: options, presets, facts, spaces."""

from __future__ import annotations

import dataclasses
import json
import math
import pickle

import gymnasium
import numpy as np

from agentarena.core.text import TextFace

from .clauses import contract, expect
from .subject import Subject

_SUMS = ("zero", "constant", "common", "general")


@contract("builds", presets=True)
def builds(subject: Subject) -> None:
    """The game is a frozen dataclass whose fields are documented options, and it has a text face."""
    game = subject.game
    expect(dataclasses.is_dataclass(game), "the class is no dataclass; write @dataclass(frozen=True) above it")
    frozen = type(game).__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has it
    expect(frozen, "the dataclass is not frozen; write @dataclass(frozen=True)")
    for field in dataclasses.fields(game):  # type: ignore[arg-type]  # checked above to be one
        expect(bool(field.metadata.get("doc")), f"option {field.name!r} has no description; define it with option(default, doc)")
    expect(isinstance(game.text, TextFace), f"text is a {type(game.text).__name__}, expected a TextFace")
    expect(game.text is game.text and game.info is game.info, "info or text is made anew each time; use functools.cached_property")


@contract("options round-trip", presets=True)
def options_round_trip(subject: Subject) -> None:
    """The game comes back equal from its options as JSON, and from a pickle."""
    game = subject.game
    again = type(game).build(**json.loads(json.dumps(game.options, allow_nan=False)))
    expect(again == game, f"built from its own options as JSON it is {again!r}, not {game!r}")
    expect(hash(again) == hash(game), "equal games have different hashes")
    list(subject.moments(1))  # caches are full now, and must stay behind
    expect(pickle.loads(pickle.dumps(game)) == game, "the game is not equal to its pickle")


@contract("info is valid", presets=True)
def info_is_valid(subject: Subject) -> None:
    """`info` holds numbers and words that can be true."""
    info = subject.game.info
    expect(type(info.seats) is int and info.seats >= 1, f"seats is {info.seats!r}, expected a positive int")
    expect(type(info.max_steps) is int and info.max_steps >= 1, f"max_steps is {info.max_steps!r}, expected a positive int")
    finite = all(isinstance(x, int | float) and math.isfinite(x) for x in (info.low, info.high, info.total))
    expect(finite and info.low <= info.high, f"low {info.low!r}, high {info.high!r} and total {info.total!r} are no finite range")
    expect(info.sum in _SUMS, f"sum is {info.sum!r}, allowed: {', '.join(_SUMS)}")
    expect(info.sum == "constant" or info.total == 0, f"total is {info.total!r} though the sum is {info.sum!r}")
    expect(bool(info.unit.strip()), "unit is empty; say what a return of 1 means, e.g. 'win'")
    expect(info.teams is None or len(info.teams) == info.seats, f"teams names {info.teams}, expected one a seat ({info.seats})")
    expect(info.forfeit_return < info.low, f"a forfeit costs {info.forfeit_return}, which is not worse than the worst ending, {info.low}")


@contract("spaces are stable", presets=True)
def spaces_are_stable(subject: Subject) -> None:
    """Spaces are Gymnasium spaces, the same objects each time, and actions count from 0."""
    game = subject.game
    for seat in {0, game.info.seats - 1}:
        for name in ("action_space", "observation_space"):
            space = getattr(game, name)(seat)
            expect(isinstance(space, gymnasium.Space), f"{name}({seat}) is a {type(space).__name__}, expected a gymnasium.Space")
            expect(getattr(game, name)(seat) is space, f"{name}({seat}) is made anew each time; use functools.cached_property")
        actions = game.action_space(seat)
        start = np.asarray(getattr(actions, "start", 0))
        expect(not start.any(), f"action_space({seat}) counts from {start.tolist()}, expected 0")
