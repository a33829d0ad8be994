"""What the tabular solvers share: their result, and the agent that plays it in any game it can solve."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.game import Chance, Game, Information

from .size import histories, unlisted
from .tree import MAX_HISTORIES, Tree, tree_of

__all__ = [
    "Solution",
    "Table",
    "TabularAgent",
    "checked_count",
    "checked_number",
    "draw",
    "missing_parts",
    "once",
    "slots_of",
    "solved",
    "until",
]

Table = Mapping[str, Mapping[int, float]]
"""Information key -> {action: probability}."""


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found.

    Attributes:
        policies: For each seat, information key -> {action: probability}.
        values: Expected return of each seat under them; empty where the solver did not look at the whole game.
        nash_conv: NashConv after the iterations asked for; those solvers that work on the whole game include the last one.
    """

    policies: tuple[Table, ...]
    values: tuple[float, ...]
    nash_conv: dict[int, float]


def until(iterations: int, checkpoints: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Every iteration's number, from 1, and whether NashConv is taken after it: at the checkpoints and at the end."""
    stops = {*checkpoints, iterations}
    return ((t, t in stops) for t in range(1, iterations + 1))


def solved(tree: Tree, policies: Sequence[np.ndarray], nash_conv: dict[int, float]) -> Solution:
    """The result for policies over the tree's slots."""
    tables = tuple(side.table(policy) for side, policy in zip(tree.sides, policies, strict=True))
    return Solution(tables, tuple(tree.returns(policies).tolist()), nash_conv)


def slots_of(tree: Tree, tables: Sequence[Table]) -> list[np.ndarray]:
    """Tables as policies over the tree's slots; uniform at information sets that a table lacks."""
    policies = []
    for side, table in zip(tree.sides, tables, strict=True):
        policy = np.ones(side.size)
        for information_set, first in zip(side.sets, side.first.tolist(), strict=True):
            actions = information_set.actions
            row = table.get(information_set.key)
            policy[first : first + len(actions)] = 1.0 / len(actions) if row is None else [row[action] for action in actions]
        policies.append(policy)
    return policies


def draw(row: Mapping[int, float], uniform: float) -> int:
    """The action that a number in [0, 1) picks from a distribution."""
    for action, probability in row.items():
        uniform -= probability
        if uniform < 0.0:
            return action
    return max(row, key=lambda action: row[action])  # rounding left nothing over


def missing_parts(game: Game[Any], *, chances: bool) -> list[str]:
    """What a game lacks for a tabular solver, in words; `chances`: whether it must list its chances."""
    lacks = [] if isinstance(game, Information) else ["no information keys"]
    if chances and game.info.chance and not isinstance(game, Chance):
        lacks.append("chances that are not listed")
    if not game.info.forkable:
        lacks.append("states that can be stepped only once")
    return lacks or (["actions that are not listed"] if unlisted(game) else [])


def checked_count(where: str, value: Any) -> int:
    """A whole number that is at least 1.

    Raises:
        BadOption: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadOption(f"{where} is {shown(value)}; expected a whole number, at least 1")
    return value


def checked_number(where: str, value: Any, low: float = 0.0, high: float = float("inf"), *, above: bool = False) -> float:
    """A number from `low` to `high`; `above`: greater than `low`.

    Raises:
        BadOption: It is not.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or (above and value == low):
        bounds = f"{'above' if above else 'at least'} {low:g}" + (f" and at most {high:g}" if high < float("inf") else "")
        raise BadOption(f"{where} is {shown(value)}; expected a number, {bounds}")
    return float(value)


class TabularAgent(Agent):
    """Plays the policy of a tabular solver; solved when it first meets a game, once for all its matches.

    Those that do not work on the whole tree say themselves what they cannot play.
    """

    @abstractmethod
    def solve(self, game: Game[Any]) -> Solution:
        """The game's solution, remembered."""

    def cannot_play(self, game: Game[Any]) -> str | None:
        lacks = missing_parts(game, chances=True)
        if lacks:
            return f"it needs information keys, listed actions and listed chances, and to branch; this game has {' and '.join(lacks)}"
        try:
            if histories(game).least > MAX_HISTORIES:
                return f"it solves games of up to {MAX_HISTORIES:,} histories; this one has about {histories(game).mean:.1e}"
            tree_of(game, MAX_HISTORIES, True)  # remembered: the first decision needs it
        except NotSupported as error:
            return str(error)
        return None

    def policy(self, view: View) -> Mapping[int, float]:
        """The solver's policy at the view's information set.

        Raises:
            UsageError: The solution has no such information set.
        """
        row = self.solve(view.game).policies[view.seat].get(view.information)
        return self.unmet(view) if row is None else row

    def unmet(self, view: View) -> Mapping[int, float]:
        """The policy where the solver never was; those that work on the whole game were everywhere."""
        raise UsageError(f"{type(self).__name__}: no entry for information {shown(view.information)} of seat {view.seat}")

    def choose(self, view: View) -> int:
        return draw(self.policy(view), view.rng.random())


S = TypeVar("S", bound=Callable[..., Solution])


def once(solver: S) -> S:
    """The solver, with its last few solutions remembered: all agents with equal parameters share them."""
    return functools.lru_cache(maxsize=8)(solver)  # type: ignore[return-value]  # the same call, remembered
