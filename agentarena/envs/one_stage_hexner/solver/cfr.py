"""CFR+ on arrays, for matrix games with one informed side: no game tree, one product of a matrix and a vector a side and iteration."""

from __future__ import annotations

import numpy as np

from .matrix import OneSidedMatrix, Profile, Solution, Stop, iterate

__all__ = ["solve_cfr_plus"]


def solve_cfr_plus(matrix: OneSidedMatrix, stop: Stop | None = None) -> Solution:
    """The average strategies of CFR+: regret matching with regrets cut at 0, sides in turn, iteration t with weight t.

    Reference: O. Tammelin, "Solving large imperfect information games using CFR+" (arXiv 1407.5042). The same iterates as
    `agentarena.agents.search.cfr.solve(variant="plus")` on the tree of the game.

    >>> pennies = OneSidedMatrix(np.array([[[2.0, -1.0], [-1.0, 1.0]]]), np.ones(1))
    >>> solve_cfr_plus(pennies, Stop(improvement=1e-3)).attack.round(2).tolist()
    [[0.4, 0.6]]
    """
    return iterate(matrix, _CFRPlus(matrix), stop or Stop())


class _CFRPlus:
    """Regrets and sums of strategies of both sides."""

    def __init__(self, matrix: OneSidedMatrix) -> None:
        types, width, answers = matrix.costs.shape
        self.matrix, self.t = matrix, 0
        self.attack, self.defence = np.full((types, width), 1 / width), np.full(answers, 1 / answers)
        self.regrets = (np.zeros((types, width)), np.zeros(answers))
        self.totals = (np.zeros((types, width)), np.zeros(answers))

    def step(self) -> None:
        self.t += 1
        first, second = self.regrets
        self.totals[0][:] += self.t * self.attack
        costs = self.matrix.prior[:, None] * self.matrix.attack_costs(self.defence)
        np.maximum(first + (costs * self.attack).sum(1, keepdims=True) - costs, 0.0, out=first)
        self.attack = _matching(first)
        self.totals[1][:] += self.t * self.defence
        gains = self.matrix.defence_gains(self.attack)
        np.maximum(second + gains - gains @ self.defence, 0.0, out=second)
        self.defence = _matching(second)

    def profile(self) -> Profile:
        attack, defence = self.totals
        return attack / attack.sum(1, keepdims=True), defence / defence.sum()


def _matching(regrets: np.ndarray) -> np.ndarray:
    """Strategies in proportion to regrets, uniform where there is none; the last axis is that of actions."""
    total = regrets.sum(-1, keepdims=True)
    return np.where(total > 0, regrets / np.where(total > 0, total, 1.0), 1 / regrets.shape[-1])
