"""Levine's hats."""

from .game import LevineHats, State

__all__ = ["LevineHats", "State"]
