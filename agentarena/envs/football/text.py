"""The games in words. A move is a call, such as "to target 1", or the numbers themselves, such as "0.5, -1.25"."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Options, TextFace, Unreadable, answer_in, quote

from .rules.system import Motion
from .state import ATTACK, DEFENCE, Field

__all__ = ["FieldText"]

_NUMBER = re.compile(r"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,3})?")
_LONGEST_BARE = 200
REVEAL = "reveal"


class FieldText(TextFace[Field]):
    """Text face of every game on the field."""

    def rules(self, seat: int) -> str:
        game = self.game
        system, side = game.system, game.layout.side(seat)
        names = [f"{system.type_name(i)} (chance {p:.3g})" for i, p in enumerate(game.chances)]
        team = "" if game.mode == "team" else f" You are player {game.layout.player(seat) + 1} of {system.players} of your side."
        order = (
            "Both sides act at once." if game.discretization == "sim" else "In each step the attackers act first, and the defenders see it."
        )
        lines = [
            f"{system.story} The play lasts {system.steps} steps of {system.dt:g}. It is one of {len(names)}: {'; '.join(names)}. The attackers "
            f"know which, the defenders do not; everybody sees how everybody moves. {order}",
            f"You are {'an attacker' if side == ATTACK else 'a defender'}.{team} {system.aim(side)}",
            f"A move is one of these calls: {', '.join(self._calls(seat))}. It may also be {len(game.layout.boxes[seat].low)} numbers with commas "
            f"between them: {self._numbers(seat)}.{self._report(seat)} {REPLY}",
        ]
        return "\n".join(lines)

    def _numbers(self, seat: int) -> str:
        game = self.game
        if game.layout.side(seat) == ATTACK and game.layout.states_strategy:
            return "a control for every type, then for every type the chance of each of these controls"
        return "your control" + (", then your belief in each type" if game.layout.reports(seat) else "")

    def _report(self, seat: int) -> str:
        if not self.game.layout.reports(seat):
            return ""
        even = ", ".join(f"{1 / self.game.system.types:.2g}" for _ in range(self.game.system.types))
        return f' After a call you may say what you believe of each type, like "hold; believe {even}".'

    def look(self, state: Field, seat: int) -> str:
        game = self.game
        lines = [f"Step {min(int(state.step) + 1, game.steps)} of {game.steps}."]
        if game.layout.side(seat) == ATTACK:
            lines.append(f"YOUR PLAY: {game.system.type_name(int(state.secret))}.")
        if game.layout.states_strategy:
            lines.append("Public belief: " + ", ".join(f"{p:.4f}" for p in state.belief) + ".")
        if state.announced:
            lines.append("The attackers' control now: " + _points(state.control[ATTACK]) + ".")
        for side, name in ((ATTACK, "Attackers"), (DEFENCE, "Defenders")):
            lines.append(f"{name} at {_points(state.position[side])}, moving {_points(state.velocity[side])}.")
        return "\n".join(lines)

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "over":
            return f"The play is over. It was {self.game.system.type_name(data['type'])}."
        belief = " Belief: " + ", ".join(f"{p:.4f}" for p in data["belief"]) + "." if "belief" in data else ""
        if event.kind == "announced":
            return f"Step {data['step']}: the attackers have acted.{belief}"
        attack, defence = (_points(np.asarray(side)) for side in data["control"])
        return f"Step {data['step']}: the attackers' control was {attack}, the defenders' {defence}.{belief}"

    def ask(self, state: Field, seat: int) -> str:
        return "Your move. Calls: " + ", ".join(self._calls(seat))

    def options(self, state: Field, seat: int) -> Options:
        return Choices(self._calls(seat))

    def _calls(self, seat: int) -> tuple[str, ...]:
        side = self.game.layout.side(seat)
        calls: tuple[str, ...] = self.game.system.calls(side)
        return (*calls, REVEAL) if side == ATTACK and self.game.layout.states_strategy else calls

    # --- replies ------------------------------------------------------------------------------------------------

    def write(self, state: Field, seat: int, action: Action) -> str:
        words = ", ".join(repr(float(x)) for x in np.asarray(action, np.float64).ravel())
        return words if len(words) <= _LONGEST_BARE else f"<answer>{words}</answer>"

    def read(self, state: Field, seat: int, reply: str) -> np.ndarray | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        first, _, rest = answer.partition(";")
        call = " ".join(first.lower().split()) if len(first) <= _LONGEST_BARE else first
        if call in self._calls(seat):
            return self._called(state, seat, call, rest)
        return _numbers(answer, len(self.game.layout.boxes[seat].low), self._calls(seat)[0])

    def _called(self, state: Field, seat: int, call: str, rest: str) -> np.ndarray | Unreadable:
        layout = self.game.layout
        motion = Motion(state.position, state.velocity, state.alive)
        numbers = call_numbers(self.game, motion, state.step, seat, call, state.report)
        if not rest.strip():
            return numbers
        types = self.game.system.types
        word, _, tail = rest.strip().partition(" ")
        if not layout.reports(seat) or word.lower() != "believe":
            return Unreadable(f"{quote(rest, 60)} after the call means nothing here; reply with the call alone")
        belief = _numbers(tail, types, "believe")
        if isinstance(belief, Unreadable):
            return belief
        return np.concatenate([numbers[:-types], belief])


def call_numbers(game: Any, motion: Motion, step: Any, seat: int, call: str, report: Any = None) -> np.ndarray:
    """The numbers that a call means for a seat now.

    A stated strategy is the same call for all types, or for `reveal` each type's own. A report is `report`, by default the prior.
    """
    layout, system, side = game.layout, game.system, game.layout.side(seat)
    step = np.asarray(step)
    if side == ATTACK and layout.states_strategy:
        own = [system.revealing(i) if call == REVEAL else call for i in range(system.types)]
        chances = np.eye(system.types) if call == REVEAL else np.full((system.types, system.types), 1 / system.types)
        return np.concatenate([np.ravel([system.called(name, side, motion, step) for name in own]), chances.ravel()])
    controls = system.called(call, side, motion, step)
    numbers = np.asarray(controls.ravel() if game.mode == "team" else controls[layout.player(seat)])
    return np.concatenate([numbers, game.chances if report is None else report]) if layout.reports(seat) else numbers


def _points(rows: np.ndarray) -> str:
    return " ".join("(" + ", ".join(f"{x + 0.0:.3f}" for x in row) + ")" for row in rows)


def _numbers(words: str, count: int, example: str) -> np.ndarray | Unreadable:
    parts = words.split(",", count + 1)
    values = [float(part) for part in parts if _NUMBER.fullmatch(part.strip())]
    if len(parts) != count or len(values) != count or not np.isfinite(values).all():
        return Unreadable(f"{quote(words, 60)} is neither a call nor {count} number{'s' if count > 1 else ''}; a call looks like {example}")
    return np.asarray(values)
