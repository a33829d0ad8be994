"""Reference workers and planners of the tax economy."""

from __future__ import annotations

from agentarena.core.agent import Agent

from .planners import CMAES, PPO, US, Bandit, Flat, Grid, Saez, SaezEstimated
from .workers import Fixed, HillClimber, Rational

__all__ = ["BOTS"]

BOTS: dict[str, type[Agent]] = {
    "economist/rational": Rational,
    "economist/fixed": Fixed,
    "economist/hill_climber": HillClimber,
    "economist/us": US,
    "economist/flat": Flat,
    "economist/saez": Saez,
    "economist/saez_estimated": SaezEstimated,
    "economist/grid": Grid,
    "economist/cmaes": CMAES,
    "economist/bandit": Bandit,
    "economist/ppo": PPO,
}
"""Names of the reference players -> class."""
