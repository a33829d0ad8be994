"""Players of Pokemon doubles."""

from .learned import Network
from .players import Heuristic, MaxDamage
from .search import Search

__all__ = ["BOTS", "Heuristic", "MaxDamage", "Network", "Search"]

BOTS = {
    "pokemonvgc/max_damage": MaxDamage,
    "pokemonvgc/heuristic": Heuristic,
    "pokemonvgc/search": Search,
    "pokemonvgc/network": Network,
}
"""Names and classes."""
