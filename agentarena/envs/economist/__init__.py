"""A tax economy: a planner sets the rates, workers choose their hours."""

from .game import Economist
from .state import State, Week

__all__ = ["Economist", "State", "Week"]
