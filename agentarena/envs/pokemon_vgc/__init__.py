"""Pokemon doubles as played in VGC, on the official open-source simulator. See card.md."""

from .game import PokemonVGC
from .state import State

__all__ = ["PokemonVGC", "State"]
