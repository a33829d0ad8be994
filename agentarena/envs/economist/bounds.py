"""How much and how little a seat can be credited with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .labour import MOST_HOURS, Tastes
from .skills import HIGHEST

if TYPE_CHECKING:
    from .game import Economist

__all__ = ["returns"]


def returns(game: Economist) -> tuple[float, float]:
    """Bounds on the return of any seat.

    In a week nobody's income is above 100 hours of the greatest skill, z. What a worker has left is at most z, and the
    rebate at most z as well; the least there is is 100 hours of work for nothing. Discontent takes half of a utility.
    """
    least, most = _utilities(game)
    worst, best = _welfare(game, least, most)
    lows, highs = [worst], [best]
    if game.altruistic + game.adversarial < 100:
        lows.append(least - 0.5 * abs(least) if game.bounded else least)
        highs.append(most)
    if game.altruistic:
        lows, highs = [*lows, worst], [*highs, best]
    if game.adversarial:
        lows, highs = [*lows, -best], [*highs, -worst]
    weeks = game.years * game.weeks
    return math.floor(min(lows)) * weeks, math.ceil(max(highs)) * weeks


def _utilities(game: Economist) -> tuple[float, float]:
    richest = HIGHEST if game.secret_skills else float(game.expected_skills.max())
    tastes = game.tastes
    effort = tastes.cost * MOST_HOURS**tastes.curvature
    return _consumed(0.0, tastes) - effort, _consumed(2.0 * MOST_HOURS * richest, tastes)


def _consumed(dollars: float, tastes: Tastes) -> float:
    if tastes.eta == 0.0:
        return dollars
    kept = max(dollars, 1.0)
    return math.log(kept) if tastes.eta == 1.0 else (kept ** (1.0 - tastes.eta) - 1.0) / (1.0 - tastes.eta)


def _welfare(game: Economist, least: float, most: float) -> tuple[float, float]:
    """Bounds on the objective, from bounds on a utility."""
    count = game.population
    if game.objective in ("utilitarian", "paper_raw"):
        return count * least, count * most
    if game.objective == "isoelastic":
        return 0.0, count * max(0.0, _consumed(max(most, 1.0), Tastes(0.0, 2.0, game.aversion)))
    if game.objective == "equality_productivity":
        richest = HIGHEST if game.secret_skills else float(game.expected_skills.max())
        return 0.0, count * MOST_HOURS * richest
    return least, most
