"""One week of the economy as arithmetic on arrays: incomes, taxes, the rebate, utilities, welfare.

Axis letters: N workers, K brackets; leading axes (...) are economies side by side. Rates are fractions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .labour import Tastes, grid_labour, rational_labour, utility
from .taxes import taxes
from .welfare import swf

__all__ = ["Economy", "Result"]

_ROUNDS = 200


class Result(NamedTuple):
    """What a week brought.

    Attributes:
        hours: l, shape (..., N).
        income: z = v l, before tax. Shape (..., N).
        tax: T, shape (..., N).
        rebate: R, the mean tax, given to everybody. Shape (...).
        disposable: z - T + R, shape (..., N); adds up to what `income` adds up to.
        utility: u, shape (..., N).
        welfare: The objective, shape (...).
    """

    hours: np.ndarray
    income: np.ndarray
    tax: np.ndarray
    rebate: np.ndarray
    disposable: np.ndarray
    utility: np.ndarray
    welfare: np.ndarray


class Economy(NamedTuple):
    """The arithmetic under one configuration.

    Attributes:
        cutoffs: Lower edges of the brackets.
        tastes: What workers like.
        objective: Name of the planner's objective.
        aversion: Parameter of the objective "isoelastic".
    """

    cutoffs: tuple[float, ...]
    tastes: Tastes
    objective: str = "inverse_income"
    aversion: float = 1.0

    def week(self, skills: np.ndarray, hours: np.ndarray, rates: np.ndarray) -> Result:
        """What a week of work brings.

        Args:
            skills: v, shape (..., N).
            hours: l in [0, 100], shape (..., N).
            rates: Fractions, shape (K,) or (..., K).
        """
        income = skills * hours
        tax = taxes(income, self.cutoffs, rates)
        rebate = np.asarray(tax.mean(axis=-1))
        disposable = income - tax
        disposable += rebate[..., None]
        utilities = utility(disposable, hours, self.tastes)
        reference = self.untaxed(skills) if self.objective == "reference_income" else None
        welfare = swf(self.objective, utilities, income, disposable, reference=reference, aversion=self.aversion)
        return Result(hours, income, tax, rebate, disposable, utilities, welfare)

    def untaxed(self, skills: np.ndarray) -> np.ndarray:
        """Incomes that rational workers would earn without a tax: the weights of the objective "reference_income". Shape of `skills`."""
        return skills * rational_labour(skills, (0.0,), np.zeros(1), self.tastes)

    def answer(self, skills: np.ndarray, rates: np.ndarray, *, hours: np.ndarray | None = None, own_share: float = 0.0) -> Result:
        """The week of rational workers, each of whom takes the rebate as given; with CRRA utility, at the rebate that results.

        Args:
            skills: Shape (..., N).
            rates: Fractions, shape (K,) or (..., K).
            hours: Hours on offer, shape (H,); any hours up to 100 when left out.
            own_share: Share of its own tax that a worker expects back: 0, or 1 / N.
        """

        def worked(rebate: np.ndarray | float) -> np.ndarray:
            if hours is None:
                return rational_labour(skills, self.cutoffs, rates, self.tastes, rebate=rebate, own_share=own_share)
            return grid_labour(skills, self.cutoffs, rates, self.tastes, hours, rebate=rebate, own_share=own_share)

        result = self.week(skills, worked(0.0), rates)
        if self.tastes.eta == 0.0:
            return result
        # more rebate means less work, less work less rebate: halve the distance until it no longer moves
        rebate = result.rebate
        for _ in range(_ROUNDS):
            result = self.week(skills, worked(rebate[..., None]), rates)
            if np.all(np.abs(result.rebate - rebate) <= 1e-9 * np.maximum(rebate, 1.0)):
                break
            rebate = (rebate + result.rebate) / 2
        return result
