"""Hanabi: the standard game and its small forms."""

from .game import Hanabi, State
from .variants import FullHanabi, MiniHanabi, SimpleHanabi

__all__ = ["FullHanabi", "Hanabi", "MiniHanabi", "SimpleHanabi", "State"]
