"""Dhumbal (Jhyap): shed points, call when low, and be uniquely lowest."""

from .game import Dhumbal
from .state import Showdown, State, Table

__all__ = ["Dhumbal", "Showdown", "State", "Table"]
