"""Players of Pokemon doubles."""

from .players import Heuristic, MaxDamage

__all__ = ["BOTS", "Heuristic", "MaxDamage"]

BOTS = {"pokemonvgc/max_damage": MaxDamage, "pokemonvgc/heuristic": Heuristic}
"""Names and classes."""
