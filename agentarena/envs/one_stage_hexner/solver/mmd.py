"""Magnetic mirror descent on arrays, for matrix games with one informed side."""

from __future__ import annotations

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .matrix import OneSidedMatrix, Profile, Solution, Stop, iterate

__all__ = ["STEP", "solve_mmd"]

STEP = 40.0
"""Step of the one-stage experiment in the public notebook of Ghimire et al., with temperature 0."""
_LEAST_LOG = -600.0
"""Log-probabilities are held above this, so that no action's probability underflows to 0."""


def solve_mmd(matrix: OneSidedMatrix, stop: Stop | None = None, *, temperature: float = 0.0, step: float = STEP) -> Solution:
    """The last strategies of magnetic mirror descent with a uniform magnet, both sides at once.

        log policy' = (log policy + step * q) / (1 + step * temperature) - log of the sum over actions

    With temperature 0 this is multiplicative weights, whose last strategies need not converge where an equilibrium is mixed.

    Args:
        matrix: The game.
        stop: When to stop.
        temperature: How strongly play is pulled towards uniform, in the unit of costs.
        step: In one over the unit of costs.

    Raises:
        BadOption: A number is out of range.

    Reference: S. Sokota et al., arXiv 2206.05825, section 4. The same iterates as `agentarena.agents.search.mmd.solve_mmd`.
    """
    for name, number, least in (("temperature", temperature, 0.0), ("step", step, 1e-12)):
        if isinstance(number, bool) or not isinstance(number, int | float) or not least <= number <= 1e12:
            raise BadOption(f"mmd: {name} is {shown(number)}; allowed: a number from {least:g} to 1e12")
    return iterate(matrix, _MirrorDescent(matrix, float(temperature), float(step)), stop or Stop())


class _MirrorDescent:
    """Log-probabilities of both sides."""

    def __init__(self, matrix: OneSidedMatrix, temperature: float, step: float) -> None:
        types, width, answers = matrix.costs.shape
        self.matrix, self.size, self.shrink = matrix, step, 1.0 + step * temperature
        self.logs = np.full((types, width), -np.log(width)), np.full(answers, -np.log(answers))

    def step(self) -> None:
        attack, defence = self.profile()
        costs, gains = self.matrix.attack_costs(defence), self.matrix.defence_gains(attack)
        first, second = self.logs
        self.logs = (
            _normalised((first - self.size * costs) / self.shrink),
            _normalised((second + self.size * gains) / self.shrink),
        )

    def profile(self) -> Profile:
        return np.exp(self.logs[0]), np.exp(self.logs[1])


def _normalised(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities over the last axis."""
    shifted = np.maximum(logits - logits.max(-1, keepdims=True), _LEAST_LOG)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
