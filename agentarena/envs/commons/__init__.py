"""The commons: shared resources and the institutions that govern them."""

from .game import Commons
from .state import Move, Round, State

__all__ = ["Commons", "Move", "Round", "State"]
