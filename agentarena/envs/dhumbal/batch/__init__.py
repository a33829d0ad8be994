"""Dhumbal on arrays: the rules for many matches at once, and the players of `bots` for many decisions at once."""

from .rules import DhumbalBatch
from .state import Matches

__all__ = ["DhumbalBatch", "Matches"]
