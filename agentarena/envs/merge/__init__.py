"""Two cars at a merge."""

from .game import GO, YIELD, Merge, State

__all__ = ["GO", "YIELD", "Merge", "State"]
