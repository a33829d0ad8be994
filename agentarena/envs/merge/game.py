"""Two cars at a merge: both lanes become one, and both drivers choose at once whether to go or to yield.

Who goes alone gains time, who yields gains nothing. Two who go both gain it too, mostly: with a small chance they crash, and both
pay dearly. Going is worth more on average whatever the other does, so an equilibrium of mean returns crashes as often as it may; a
driver who dislikes variance yields. A test bed of our own for risk-averse equilibria, after the driving game that is described, but not
given, by O. Slumbers et al. (arXiv 2205.15434).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from .text import MergeText

__all__ = ["GO", "YIELD", "Merge", "State"]

GO, YIELD = 0, 1


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        actions: What both drivers chose; `()` before.
        crashed: Whether they crashed.
    """

    actions: tuple[int, ...]
    crashed: bool


@dataclass(frozen=True)
class Merge(Game[State]):
    """The rules. A return is the time gained, in seconds; a crash costs `cost` of them."""

    crash_chance: float = option(0.05, "Chance of a crash when both go.", low=0.0, high=1.0)
    cost: float = option(10.0, "Seconds that a crash costs each driver.", low=0.0, high=1e6)
    gain: float = option(1.0, "Seconds that a driver gains who goes and does not crash.", low=0.0, high=1e6)

    presets = {"icy": {"crash_chance": 0.2, "cost": 4.0}}

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(
            seats=2,
            low=-float(self.cost),
            high=float(self.gain),
            unit="second",
            sum="general",
            simultaneous=True,
            lockstep=True,
            chance=True,
            max_steps=1,
        )

    @cached_property
    def text(self) -> MergeText:
        return MergeText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(2)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (6,), np.int8)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 goes, 1 yields."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8 vector of 6: the own choice, one-hot (go, yield), and the other driver's, both zero before; whether they crashed; the seat."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State((), False)

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if state.actions else (0, 1)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return (GO, YIELD)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        chosen = (int(actions[0]), int(actions[1]))
        return State(chosen, chosen == (GO, GO) and bool(rng.random() < self.crash_chance))

    def rewards(self, state: State) -> tuple[float, ...]:
        if state.crashed:
            return (-float(self.cost), -float(self.cost))
        return tuple(float(self.gain) * (action == GO) for action in state.actions) or (0.0, 0.0)

    def observe(self, state: State, seat: int) -> np.ndarray:
        out = np.zeros(6, np.int8)
        if state.actions:
            out[state.actions[seat]] = out[2 + state.actions[1 - seat]] = 1
        out[4], out[5] = state.crashed, seat
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        return (Event("merge", {"actions": list(state.actions), "crashed": state.crashed}),) if state.actions else ()

    def information(self, state: State, seat: int) -> str:
        return f"{seat}:{','.join(map(str, state.actions))}{':crash' if state.crashed else ''}"

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """One start; a crash or none when both go."""
        if state is None or actions is None:
            return ((1.0, State((), False)),)
        self.check(state, actions)
        chosen = (int(actions[0]), int(actions[1]))
        p = float(self.crash_chance) if chosen == (GO, GO) else 0.0
        return tuple((chance, State(chosen, crashed)) for chance, crashed in ((1 - p, False), (p, True)) if chance > 0)
