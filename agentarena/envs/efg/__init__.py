"""Games from Gambit's .efg texts. See card.md."""

from .game import EFG, State

__all__ = ["EFG", "State"]
