"""Equilibria of the consensus game near a language model: piKL-hedge with its last iterate, and the map it converges to."""

from .hedge import equilibrium_ranking
from .limit import best_responses, fixed_point
from .policies import Equilibrium, expected_payoff, potential, reply_of_discriminator, reply_of_generator, residuals, separation

__all__ = [
    "Equilibrium",
    "best_responses",
    "equilibrium_ranking",
    "expected_payoff",
    "fixed_point",
    "potential",
    "reply_of_discriminator",
    "reply_of_generator",
    "residuals",
    "separation",
]
