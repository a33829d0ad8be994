"""Werewolf."""

from .game import State, Werewolf

__all__ = ["State", "Werewolf"]
