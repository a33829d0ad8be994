"""Tic-tac-toe."""

from .game import State, TicTacToe

__all__ = ["State", "TicTacToe"]
