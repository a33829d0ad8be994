"""The household: text tasks in the manner of ALFWorld. See card.md."""

from .engine.files import ALFWorldFiles
from .game import Household
from .state import State

__all__ = ["ALFWorldFiles", "Household", "State"]
