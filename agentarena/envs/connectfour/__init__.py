"""Connect Four."""

from .game import ConnectFour, State

__all__ = ["ConnectFour", "State"]
