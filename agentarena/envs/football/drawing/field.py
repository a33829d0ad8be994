"""The field as marks: the ground with a line every five yards, targets, the players with their roles, the ball, tackles and throws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from agentarena.core.marks import Mark
from agentarena.envs.football.rules.football import FootballSystem
from agentarena.envs.football.rules.plays import LANE, carrier
from agentarena.envs.football.rules.transitions import finished
from agentarena.envs.football.state import ATTACK, DEFENCE

from .facts import carriers, labels, names, types_drawn

__all__ = ["Sheet", "field_marks", "sheet"]

_WIDE, _TALL = 640, 500
_PLAYER, _LONE = 11.0, 13.0
"""Radius of a player among many, and of one alone."""
_TONES = ("first", "second")
_DASHES = (4.0, 3.0)
_HELD = 0.2
"""How firmly a carrier is held before it is drawn so."""
_BACK, _AHEAD, _ASIDE, _FREE = 0.8, 2.4, 0.7, 0.6
"""Units of field shown behind and ahead of a formation and beside it, and around targets."""


@dataclass(frozen=True)
class Sheet:
    """The part of the field that is drawn.

    Attributes:
        low: Least x and y shown.
        high: Greatest.
        scale: Length of a unit.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return tuple(2 * math.ceil(self.scale * (high - low) / 2) for low, high in zip(self.low, self.high, strict=True))  # type: ignore[return-value]

    def clipped(self, point: np.ndarray) -> np.ndarray:
        """A point moved to the edge where it is beyond it. Fields of one dimension are a line, of three the first two count."""
        flat = np.pad(np.asarray(point, np.float64)[:2], (0, max(0, 2 - len(point))))
        return np.clip(flat, self.low, self.high)

    def at(self, point: Any, inset: float = 0.0) -> tuple[float, float]:
        """Where a point of the field is on the picture, at least `inset` from its edges; y points up there."""
        x, y = self.clipped(np.asarray(point))
        across, up = (x - self.low[0]) * self.scale, (self.high[1] - y) * self.scale
        width, height = self.size
        return float(min(max(across, inset), width - inset)), float(min(max(up, inset), height - inset))


@lru_cache(maxsize=64)
def sheet(game: Any) -> Sheet:
    """What is shown of a game's field; the same in all its pictures."""
    system = game.system
    points = np.asarray(system.start[0], np.float64).reshape(-1, system.dims)
    if isinstance(system, FootballSystem):
        low, high = points.min(0) - np.array([_BACK, _ASIDE]), points.max(0) + np.array([_AHEAD, _ASIDE])
    else:
        points = np.concatenate([points, system.targets.reshape(-1, system.dims)])
        points = np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - system.dims))))
        low, high = points.min(0) - _FREE, points.max(0) + _FREE
    if np.isfinite(system.box):
        low, high = np.maximum(low, -system.box - 0.1), np.minimum(high, system.box + 0.1)
    scale = min(_WIDE / (high[0] - low[0]), _TALL / (high[1] - low[1]))
    return Sheet((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), float(scale))


def field_marks(game: Any, state: Any, knows: int | None) -> tuple[Mark, ...]:
    """All of a picture. `knows` is the type where it may be drawn."""
    own = sheet(game)
    marks = [Mark("box", ((0.0, 0.0), (float(own.size[0]), float(own.size[1]))), "ground")]
    if isinstance(game.system, FootballSystem):
        marks += [*_yards(game.system, own), *_lanes(game, own, knows), *_throws(game, state, own, knows)]
    else:
        marks += _targets(game, own, knows)
    return (*marks, *_tackles(game, state, own, knows), *_players(game, state, own), *_balls(game, state, own, knows))


# --- the ground -----------------------------------------------------------------------------------------------------


def line_of_scrimmage(system: FootballSystem) -> float:
    """Where the ball is at the snap: between the two lines."""
    positions = system.roster.positions
    lines = [positions[side, [role.group == "line" for role in roles], 0] for side, roles in enumerate(_sides(system))]
    return float((lines[ATTACK].max() + lines[DEFENCE].min()) / 2)


def _sides(system: FootballSystem) -> tuple[Any, Any]:
    return system.roster.attack, system.roster.defence


def _yards(system: FootballSystem, own: Sheet) -> Iterator[Mark]:
    """A line every five yards, a unit being ten, with yards from the line of scrimmage; and the hash marks of each yard."""
    snap, top, bottom = line_of_scrimmage(system), own.high[1], own.low[1]
    for number in range(math.ceil((own.low[0] - snap) / 0.5), math.floor((own.high[0] - snap) / 0.5) + 1):
        x = snap + number / 2
        line = (own.at((x, top)), own.at((x, bottom)))
        if number == 0:
            yield Mark("line", line, "ink", title="line of scrimmage", size=2.0, strength=0.55)
            continue
        yield Mark("line", line, "rule", size=1.6 if number % 2 == 0 else 0.8)
        if number % 2 == 0:
            left, low = own.at((x, bottom))
            yield Mark("words", ((left, low - 8),), "soft", words=f"{5 * number:+d}", size=11.0)
    for row in (own.high[1], 0.31, -0.31, own.low[1]):
        first = snap + math.ceil((own.low[0] - snap) * 10) / 10
        ends = (own.at((first, row), 0.0), own.at((own.high[0], row), 0.0))
        yield Mark("line", ends, "rule", size=7.0, dash=(1.2, own.scale / 10 - 1.2))


def _lanes(game: Any, own: Sheet, knows: int | None) -> Iterator[Mark]:
    """The lanes of sweeps; the one that counts in its own tone where it is known."""
    for number, play in enumerate(game.system.plays):
        if play.startswith("sweep"):
            y = LANE if play == "sweep_left" else -LANE
            ends = (own.at((line_of_scrimmage(game.system), y)), own.at((own.high[0], y)))
            tone, strength = _weight(number, knows)
            yield Mark("line", ends, tone, title=f"lane of the {names(game)[number]}", size=2.5, strength=0.7 * strength, dash=(9.0, 5.0))


def _targets(game: Any, own: Sheet, knows: int | None) -> Iterator[Mark]:
    """Where the players want to be under each type; under the one that counts in its own tone where it is known, of teams that alone."""
    system = game.system
    for number in range(system.types) if system.players == 1 else types_drawn(game, knows):
        tone, strength = _weight(number, knows)
        dash = () if number == knows else _DASHES
        places = dict.fromkeys(own.at(point, 6.0) for point in system.targets[number].reshape(-1, system.dims))
        size = 15.0 if len(places) == 1 else 4.0
        for place in places:
            yield Mark("ring", (place,), tone, title=f"target {number + 1}", size=size, strength=strength, dash=dash)
            if len(places) == 1:
                yield Mark("words", ((place[0], place[1] + 28.0),), tone, words=f"target {number + 1}", size=12.0, strength=strength)


def _weight(number: int, knows: int | None) -> tuple[str, float]:
    """Tone and strength of what belongs to a type."""
    if knows is None:
        return "soft", 1.0
    return ("target", 1.0) if number == knows else ("soft", 0.5)


# --- who and what moves -----------------------------------------------------------------------------------------------


def _players(game: Any, state: Any, own: Sheet) -> Iterator[Mark]:
    size = _LONE if game.system.players == 1 else _PLAYER
    for side, shape in ((DEFENCE, "square"), (ATTACK, "disc")):
        word = "attacker" if side == ATTACK else "defender"
        on_top = carriers(game, None) if side == ATTACK else ()
        for number, label in sorted(enumerate(labels(game, side)), key=lambda player: player[0] in on_top):
            place = own.at(state.position[side, number], size)
            yield Mark(shape, (place,), _TONES[side], label, f"{label}, {word}", size, track=f"{word} {number}")


def _balls(game: Any, state: Any, own: Sheet, knows: int | None) -> Iterator[Mark]:
    """The ball beside its carrier, or a ring around each who may have it where that is not known; how firmly a carrier is held."""
    weights = _holds(game.system, state)
    numbers = carriers(game, knows)
    for number in numbers:
        left, top = own.at(state.position[ATTACK, number], _PLAYER)
        if len(numbers) > 1:
            yield Mark("ring", ((left, top),), "ball", title="may have the ball", size=_PLAYER + 4, track=f"ball {number}", dash=_DASHES)
        else:
            yield Mark("diamond", ((left + 9.0, top - 9.0),), "ball", title="the ball", size=6.5, track="ball")
        held = min(1.0, float(weights[number].sum())) if weights is not None else 0.0
        if held >= _HELD:
            strength = math.ceil(3 * held) / 3
            yield Mark("ring", ((left, top),), "alert", title="held", size=_PLAYER + 7, strength=strength, track=f"hold {number}")


def _tackles(game: Any, state: Any, own: Sheet, knows: int | None) -> Iterator[Mark]:
    """A cross behind every carrier whose play has more likely ended than not."""
    for number in carriers(game, knows):
        if _alive(game, state, number, knows) < 0.5:
            place = own.at(state.position[ATTACK, number], _PLAYER)
            yield Mark("cross", (place,), "alert", title="more likely tackled than not", size=_PLAYER + 5, track=f"tackle {number}")


def _holds(system: Any, state: Any) -> np.ndarray | None:
    """How firmly each attacker is held by each defender; `None` in games without contact."""
    contact = getattr(system, "contact", None)
    return None if contact is None else np.asarray(contact.weights(state.position))


def _alive(game: Any, state: Any, number: int, knows: int | None) -> float:
    """The greatest chance that a play with this carrier still goes on."""
    system = game.system
    return max(float(state.alive[kind]) for kind in types_drawn(game, knows) if carrier(system.plays[kind], system.roster) == number)


def _throws(game: Any, state: Any, own: Sheet, knows: int | None) -> Iterator[Mark]:
    """At the end of a pass a line to every receiver, the stronger the likelier it is thrown to."""
    system = game.system
    if knows is None or system.plays[knows] != "pass" or not bool(finished(system, state)):
        return
    passer = carrier("pass", system.roster)
    start = own.at(state.position[ATTACK, passer])
    shares = _shares(game, state)
    for number, share in enumerate(shares):
        if share >= 0.5 * shares.max():
            end = own.at(state.position[ATTACK, number])
            title = f"thrown to {system.roster.attack[number].name} with chance {share:.2f}"
            yield Mark("line", (start, end), "ball", title=title, size=3.0, strength=float(share / shares.max()), dash=(7.0, 4.0))


def _shares(game: Any, state: Any) -> np.ndarray:
    """The chance that each attacker is thrown to, (N,)."""
    from agentarena.envs.football.rules.plays import throw_shares
    from agentarena.envs.football.rules.system import Motion

    system = game.system
    weights = _holds(system, state)
    weights = np.zeros((system.players, system.players)) if weights is None else weights
    motion = Motion(state.position, state.velocity, state.alive)
    return np.asarray(throw_shares(system.roster, motion, weights, system.completion))
