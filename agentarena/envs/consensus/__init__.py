"""The consensus game: a generator and a discriminator that must agree on which candidates are correct."""

from .game import ConsensusGame, State
from .options import initial_policies
from .solver import Equilibrium, best_responses, equilibrium_ranking, expected_payoff, fixed_point, potential

__all__ = [
    "ConsensusGame",
    "Equilibrium",
    "State",
    "best_responses",
    "equilibrium_ranking",
    "expected_payoff",
    "fixed_point",
    "initial_policies",
    "potential",
]
