"""Differential games with one-sided information, from Hexner's game with its closed form to 22 players with contact."""

from .game import FieldGame, Football, Hexner, Hexner22
from .state import ATTACK, DEFENCE, Field

__all__ = ["ATTACK", "DEFENCE", "Field", "FieldGame", "Football", "Hexner", "Hexner22"]
