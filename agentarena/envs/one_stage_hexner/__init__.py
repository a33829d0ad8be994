"""Hexner's game in one step, on grids of controls: a matrix game in which one side knows the type."""

from .game import ATTACK, DEFENCE, OneStageHexner
from .state import State

__all__ = ["ATTACK", "DEFENCE", "OneStageHexner", "State"]
