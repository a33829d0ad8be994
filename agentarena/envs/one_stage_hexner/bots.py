"""Reference players of the one-stage game. Each says its policy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View

from .solver.lp import solve_lp
from .solver.matrix import OneSidedMatrix, Solution
from .solver.structured import equilibrium
from .state import ATTACK

__all__ = ["BOTS", "Conceal", "Nash", "Nearest"]


class Nash(PolicyAgent):
    """Plays an equilibrium of the grid, by linear programming."""

    def policy(self, view: View) -> Mapping[int, float]:
        game: Any = view.game
        solution = _solution(game)
        row = solution.defence if view.seat != ATTACK else solution.attack[game.observation.type_of(view.observation)]
        return dict(enumerate(row.tolist()))


class Nearest(PolicyAgent):
    """Plays the point of the grid that is nearest to the equilibrium in continuous controls; the lower one of two as near."""

    def policy(self, view: View) -> Mapping[int, float]:
        game: Any = view.game
        number = game.observation.type_of(view.observation)
        return _pure(game, view.seat, self._control(game, number))

    def _control(self, game: Any, number: int | None) -> np.ndarray:
        atoms = equilibrium(game.stage)
        return atoms.defence if number is None else atoms.prototypes[number]


class Conceal(Nearest):
    """Plays as if it did not know the type: as an attacker it aims at the mean target, as `nearest` at its own."""

    def _control(self, game: Any, number: int | None) -> np.ndarray:
        atoms = equilibrium(game.stage)
        return atoms.defence if number is None else np.asarray(game.stage.prior @ atoms.prototypes)


def _pure(game: Any, seat: int, control: np.ndarray) -> dict[int, float]:
    apart = np.square(game.stage.controls[seat] - control).sum(1)
    best = int(np.flatnonzero(apart <= apart.min() + 1e-12)[0])
    return {action: float(action == best) for action in range(len(apart))}


@lru_cache(maxsize=16)
def _solution(game: Any) -> Solution:
    return solve_lp(OneSidedMatrix(game.stage.costs, game.stage.prior))


BOTS: dict[str, type[Agent]] = {
    "onestagehexner/conceal": Conceal,
    "onestagehexner/nash": Nash,
    "onestagehexner/nearest": Nearest,
}
"""Names of the reference players -> class."""
