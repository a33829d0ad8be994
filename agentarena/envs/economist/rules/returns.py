"""Bounds on the return of a seat."""

from __future__ import annotations

import math

from agentarena.envs.economist.options import HIGHEST, MOST_HOURS

from .labour import Tastes
from .society import Society

__all__ = ["return_bounds"]


def return_bounds(society: Society) -> tuple[float, float]:
    """Bounds on the return of any seat.

    In a week nobody's income is above 100 hours of the greatest skill, z. What a worker has left is at most z, and the
    rebate at most z as well; the least there is is 100 hours of work for nothing. Discontent takes half of a utility.
    """
    least, most = _utilities(society)
    worst, best = _welfare(society, least, most)
    lows, highs = [worst], [best]
    if society.altruistic + society.adversarial < 100:
        lows.append(least - 0.5 * abs(least) if society.bounded else least)
        highs.append(most)
    if society.altruistic:
        lows, highs = [*lows, worst], [*highs, best]
    if society.adversarial:
        lows, highs = [*lows, -best], [*highs, -worst]
    weeks = society.years * society.weeks
    return math.floor(min(lows)) * weeks, math.ceil(max(highs)) * weeks


def _utilities(society: Society) -> tuple[float, float]:
    richest = HIGHEST if society.secret_skills else float(society.expected_skills.max())
    tastes = society.tastes
    effort = tastes.cost * MOST_HOURS**tastes.curvature
    return _utility_of(0.0, tastes) - effort, _utility_of(2.0 * MOST_HOURS * richest, tastes)


def _utility_of(dollars: float, tastes: Tastes) -> float:
    if tastes.eta == 0.0:
        return dollars
    consumption = max(dollars, 1.0)
    return math.log(consumption) if tastes.eta == 1.0 else (consumption ** (1.0 - tastes.eta) - 1.0) / (1.0 - tastes.eta)


def _welfare(society: Society, least: float, most: float) -> tuple[float, float]:
    """Bounds on the objective, from bounds on a utility."""
    count = society.population
    if society.objective in ("utilitarian", "paper_raw"):
        return count * least, count * most
    if society.objective == "isoelastic":
        return 0.0, count * max(0.0, _utility_of(max(most, 1.0), Tastes(0.0, 2.0, society.aversion)))
    if society.objective == "equality_productivity":
        richest = HIGHEST if society.secret_skills else float(society.expected_skills.max())
        return 0.0, count * MOST_HOURS * richest
    return least, most
