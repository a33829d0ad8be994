"""Kuhn poker."""

from .game import KuhnPoker, State

__all__ = ["KuhnPoker", "State"]
