"""Hanabi: the standard game and its small forms."""

from .game import FullHanabi, Hanabi, MiniHanabi, SimpleHanabi
from .state import State

__all__ = ["FullHanabi", "Hanabi", "MiniHanabi", "SimpleHanabi", "State"]
