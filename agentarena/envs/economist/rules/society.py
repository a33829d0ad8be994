"""What the rules compute from the options before a match is played: tastes, expected skills, motives, and the arithmetic of a week.

Axis letters: N workers, K brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agentarena.envs.economist.options import EconomistOptions
from agentarena.envs.economist.state import Week, frozen

from .economy import Economy, Result
from .labour import Tastes, calibrated_cost
from .skills import mid_quantiles, skill_quantile

__all__ = ["Society"]

_GOLDEN_RATIO = 0.6180339887498949


@dataclass(frozen=True)
class Society(EconomistOptions):
    """The options with what follows from them. Rules, observations and texts take it instead of the game, which inherits it."""

    @cached_property
    def tastes(self) -> Tastes:
        """What workers like."""
        return Tastes(self.cost or calibrated_cost(self.curvature, self.eta), self.curvature, self.eta)

    @cached_property
    def economy(self) -> Economy:
        """The arithmetic of a week under these options."""
        return Economy(self.edges, self.tastes, self.objective, self.aversion)

    @cached_property
    def motives(self) -> np.ndarray:
        """What each worker is credited with: 0 its utility, 1 social welfare, -1 its opposite. Shape (N,), int8.

        The altruistic and the adversarial are spread evenly over the seats, so that neither is a matter of skill.
        """
        percentiles = mid_quantiles(self.population) * 100
        turn = (np.arange(self.population) * _GOLDEN_RATIO + 0.5) % 1.0  # a sequence that fills (0, 1) evenly
        order = np.argsort(np.argsort(turn, kind="stable"), kind="stable")
        rank = percentiles[order]
        motives = np.where(rank < self.altruistic, 1, np.where(rank >= 100 - self.adversarial, -1, 0))
        return frozen(motives.astype(np.int8))

    @cached_property
    def expected_skills(self) -> np.ndarray:
        """The skills as everybody may expect them from the rules: those given, or mid-quantiles. Shape (N,), increasing unless given."""
        if self.skills == "given":
            return frozen(np.array(self.skill_parameters, np.float64))
        return frozen(skill_quantile(self.skills, mid_quantiles(self.population), tuple(self.skill_parameters)))

    @cached_property
    def all_satisfied(self) -> np.ndarray:
        """The opinions of workers that are not asked for one: ones. Shape (N,), int8."""
        return frozen(np.ones(self.population, np.int8))

    @cached_property
    def no_rewards(self) -> tuple[float, ...]:
        """A reward of 0 for every seat."""
        return (0.0,) * (self.population + 1)

    def week(self, skills: np.ndarray, hours: np.ndarray, rates: tuple[float, ...]) -> Result:
        """What a week of these hours brings under these rates (percent). Shapes (N,), (N,), K."""
        return self.economy.week(skills, hours, np.array(rates) / 100.0)

    def credits(self, week: Week) -> np.ndarray:
        """What each worker is credited with for a week: its utility as its opinion and its motive leave it. Shape (N,)."""
        credited = week.utility
        if self.bounded:
            halved = 0.5 * credited if self.satisfaction == "paper" else credited - 0.5 * np.abs(credited)
            credited = np.where(week.satisfied == 1, credited, halved)
        if self.altruistic or self.adversarial:
            credited = np.where(self.motives == 0, credited, self.motives * week.welfare)
        return credited

    def credit(self, week: Week, worker: int) -> float:
        """What one worker, counted from 0, is credited with for a week: an entry of `credits`."""
        if self.altruistic or self.adversarial:
            motive = int(self.motives[worker])
            if motive:
                return motive * week.welfare
        utility = float(week.utility[worker])
        if not self.bounded or week.satisfied[worker] == 1:
            return utility
        return 0.5 * utility if self.satisfaction == "paper" else utility - 0.5 * abs(utility)
