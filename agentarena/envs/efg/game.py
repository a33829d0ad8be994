"""Any finite game that an `.efg` text describes: players, chance, information sets, listed actions and payoffs.

A match goes from the root to an ending. Chance draws between the moves. All payoffs on the way are paid at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, Sum, option
from agentarena.core.tabular import tabular

from .engine.form import CHANCE, ExtensiveForm
from .engine.played import Played
from .engine.source import played_of
from .text import EFGText

__all__ = ["EFG", "State"]


@dataclass(frozen=True, slots=True)
class State:
    """A point of a match.

    Attributes:
        node: Index of the node, one where a player moves or an ending.
        before: The node before the last move; -1 at the start.
    """

    node: int
    before: int = -1


@tabular
@dataclass(frozen=True)
class EFG(Game[State]):
    """The rules. Returns are in the unit of the file."""

    source: str = option("", "Path of an .efg file, or its text; empty for the example in the package.")
    outline: int = option(100, "Most nodes of a tree that is shown whole in the rules.", low=0, high=5000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(mover is None for _, node in self.played.draws(0) for mover in (self.played.mover(node),)):
            raise BadOption("EFG: the game may end before anyone moves; such a tree cannot be played")

    @cached_property
    def played(self) -> Played:
        """The tree, prepared for play."""
        return played_of(self.source)

    @property
    def form(self) -> ExtensiveForm:
        """The tree as it was read."""
        return self.played.form

    @cached_property
    def info(self) -> GameInfo:
        form, returns = self.form, [self.played.returns[node] for node in self.form.endings()]
        low, high = min(map(min, returns)), max(map(max, returns))
        kind, total = _sum_of(returns)
        decisions = [node.info_set for node in form.nodes if node.children and form.sets[node.info_set].player != CHANCE]
        return GameInfo(
            seats=len(form.players),
            low=low,
            high=high,
            unit="payoff",
            sum=kind,
            total=total,
            hidden=len(decisions) > len(set(decisions)),
            chance=any(info_set.player == CHANCE for info_set in form.sets),
            max_steps=self.played.depth,
        )

    @cached_property
    def text(self) -> EFGText:
        return EFGText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(len(self.played.actions))

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (self.info.seats + len(self.form.sets) + 1,), np.int8)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """One number a name of an action; equal names of different information sets have one number."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8 zeros and ones: the seat; the information set it is to move at; whether the match is over."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State(self._draw(0, rng))

    def _draw(self, node: int, rng: np.random.Generator) -> int:
        draws = self.played.draws(node)
        if len(draws) == 1:
            return draws[0][1]
        return draws[_pick([p for p, _ in draws], rng)][1]

    def to_move(self, state: State) -> tuple[int, ...]:
        mover = self.played.mover(state.node)
        return () if mover is None else (mover,)

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return self.played.legal[self.form.nodes[state.node].info_set]

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        return State(self._draw(self._child(state, actions), rng), state.node)

    def _child(self, state: State, actions: Mapping[int, Action]) -> int:
        (action,) = actions.values()
        node = self.form.nodes[state.node]
        return node.children[self.played.child[node.info_set][int(action)]]

    def rewards(self, state: State) -> tuple[float, ...]:
        return (0.0,) * self.info.seats if self.to_move(state) else self.played.returns[state.node]

    def observe(self, state: State, seat: int) -> np.ndarray:
        numbers = np.zeros(self._observation_space.shape, np.int8)
        mover = self.played.mover(state.node)
        numbers[seat] = 1
        if mover is None:
            numbers[-1] = 1
        elif mover == seat:
            numbers[self.info.seats + self.form.nodes[state.node].info_set] = 1
        return numbers

    def news(self, state: State) -> tuple[Event, ...]:
        """Event "move": the seat's own move, told to it alone; what others learn of it is their next information set."""
        if state.before < 0:
            return ()
        mover = self.played.mover(state.before)
        assert mover is not None
        slot = self.played.slots[self.played.past[state.node][mover]]
        action = self.played.moves[slot.info_set][slot.action]
        return (Event("move", {"set": slot.info_set, "action": action, "name": self.played.actions[action]}, (mover,)),)

    # --- what is known, and chance ---------------------------------------------------------------------------------

    def information(self, state: State, seat: int) -> str:
        return self.played.key(state.node, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """A point that the seat cannot tell from this one, by chance's probabilities, as if the others had moved uniformly."""
        alike = self.played.alike[self.played.key(state.node, seat)]
        node = alike[_pick([weight for weight, _ in alike], rng)][1]
        return State(node, self._before(node))

    def _before(self, node: int) -> int:
        return self._parents[node]

    @cached_property
    def _parents(self) -> list[int]:
        """The last decision before each node; -1 for none."""
        parents = [-1] * len(self.form.nodes)
        for index, node in enumerate(self.form.nodes):
            chance = bool(node.children) and self.form.sets[node.info_set].player == CHANCE
            for child in node.children:
                parents[child] = parents[index] if chance else index
        return parents

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        if state is None or actions is None:
            return tuple((p, State(node)) for p, node in self.played.draws(0))
        self.check(state, actions)
        return tuple((p, State(node, state.node)) for p, node in self.played.draws(self._child(state, actions)))


def _pick(weights: list[float], rng: np.random.Generator) -> int:
    """An index, drawn in proportion to the weights."""
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, rng.random() * sums[-1], side="right")), len(weights) - 1)


def _sum_of(returns: list[tuple[float, ...]]) -> tuple[Sum, float]:
    """What the seats' returns have in common, and their total where it is constant."""
    if len(returns[0]) == 1:
        return "general", 0.0
    totals = [sum(row) for row in returns]
    if max(totals) - min(totals) <= 1e-9 * max(1.0, *map(abs, totals)):
        return ("zero", 0.0) if abs(totals[0]) <= 1e-9 else ("constant", totals[0])
    return ("common", 0.0) if all(len(set(row)) == 1 for row in returns) else ("general", 0.0)
