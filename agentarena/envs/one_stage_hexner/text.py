"""The one-stage game in words. A move is the numbers of a control, such as "0.33, -1.316"."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, TextFace, Unreadable, answer_in, quote

from .state import ATTACK, State

__all__ = ["OneStageText"]

_NUMBER = re.compile(r"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,3})?")
_AXES = "xyz"
_SLACK = 0.01
"""How far a number may be from a point of the grid, in units of the distance of two points."""


class OneStageText(TextFace[State]):
    """Text face."""

    def rules(self, seat: int) -> str:
        game, system = self.game, self.game.stage.system
        types = "; ".join(f"{self._target(number)} (chance {p:.3g})" for number, p in enumerate(game.stage.prior))
        start = [_point(system.start[0][side, 0] + system.start[1][side, 0]) for side in (0, 1)]
        weights = [_listed(system.weights[side, 0]) for side in (0, 1)]
        own, other = ("attacker's", "defender's") if seat == ATTACK else ("defender's", "attacker's")
        knows = "You know" if seat == ATTACK else "The attacker knows"
        lines = [
            f"One attacker and one defender choose a control at once, without seeing each other's. A control moves its player by half of it, "
            f"from {start[0]} for the attacker and from {start[1]} for the defender. One target counts: {types}. {knows} which"
            f"{'; the defender does not.' if seat == ATTACK else ' and you do not.'}",
            f"You are the {'attacker' if seat == ATTACK else 'defender'}. You lose the {own} squared distance from the target and gain the "
            f"{other}; you also lose the {own} squared controls and gain the {other}, each times its weight: {weights[0]} for the attacker, "
            f"{weights[1]} for the defender, in the order {', '.join(_AXES[: system.dims])}.",
            f"A move is {system.dims} number{'s with commas between them' if system.dims > 1 else ''}, your control. {self._values(seat)} {REPLY}",
        ]
        return "\n".join(lines)

    def _values(self, seat: int) -> str:
        rows = [f"{_AXES[axis]} is one of {'; '.join(_short(v) for v in values)}." for axis, values in enumerate(self._axes[seat])]
        return " ".join(rows)

    @cached_property
    def _axes(self) -> tuple[tuple[np.ndarray, ...], ...]:
        """The values of each seat's grid in every dimension."""
        stage = self.game.stage
        cube = stage.controls.reshape(2, *(stage.grid,) * stage.system.dims, stage.system.dims)
        dims = stage.system.dims
        return tuple(
            tuple(cube[(seat, *(slice(None) if axis == other else 0 for other in range(dims)), axis)] for axis in range(dims))
            for seat in (0, 1)
        )

    def _target(self, number: int) -> str:
        return f"target {number + 1}, at {_point(self.game.stage.system.targets[number, 0, 0])}"

    def look(self, state: State, seat: int) -> str:
        if state.actions:
            return "Both have chosen."
        return f"YOUR TARGET: {self._target(state.secret)}." if seat == ATTACK else "You do not know the target."

    def tell(self, event: Event, seat: int) -> str:
        attack, defence = (_point(control) for control in event.data["controls"])
        return f"The attacker chose {attack}, the defender {defence}. It was {self._target(event.data['type'])}."

    def ask(self, state: State, seat: int) -> str:
        return "Your move: your control, from the values that the rules list."

    def options(self, state: State, seat: int) -> Choices:
        return Choices(self._names[seat])

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(", ".join(map(_short, control)) for control in grid) for grid in self.game.stage.controls)

    def write(self, state: State, seat: int, action: Action) -> str:
        return self._names[seat][action]

    def read(self, state: State, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        axes = self._axes[seat]
        parts = [part.strip() for part in answer.split(",", len(axes) + 1)]
        if len(parts) != len(axes) or not all(map(_NUMBER.fullmatch, parts)):
            return Unreadable(
                f"{quote(answer, 60)} is not {len(axes)} numbers with commas between them; a move looks like {self._names[seat][0]}"
            )
        action = 0
        for name, part, values in zip(_AXES, parts, axes, strict=False):
            place = int(np.abs(values - float(part)).argmin())
            if not abs(values[place] - float(part)) <= _SLACK * (values[1] - values[0]):
                return Unreadable(f"{name} is {quote(part, 40)}, and no value of the grid; the nearest is {_short(values[place])}")
            action = action * len(values) + place
        return action


def _short(value: Any) -> str:
    return f"{float(value) + 0.0:.4g}"


def _listed(row: np.ndarray) -> str:
    return " and ".join(f"{x:g}" for x in row)


def _point(row: Any) -> str:
    return "(" + ", ".join(map(_short, row)) + ")"
