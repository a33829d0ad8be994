"""Leduc poker."""

from .game import LeducPoker, State

__all__ = ["LeducPoker", "State"]
