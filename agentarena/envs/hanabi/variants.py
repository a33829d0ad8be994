"""The small forms of Hanabi in MARS (arXiv 2510.15414): the same rules with other defaults."""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.game import option

from .game import Hanabi

__all__ = ["FullHanabi", "MiniHanabi", "SimpleHanabi"]


@dataclass(frozen=True)
class MiniHanabi(Hanabi):
    """Two colours, two ranks, three cards in hand: 8 cards, of which 2 are left to draw."""

    colors: int = option(2, "Number of colours.", low=1, high=5)
    ranks: int = option(2, "Number of ranks; a pile is complete at this height.", low=1, high=5)
    hand: int = option(3, "Cards in a hand.", low=1, high=5)
    tokens: int = option(3, "Information tokens at the start, and the most there can be.", low=1, high=20)

    presets = {}


@dataclass(frozen=True)
class SimpleHanabi(Hanabi):
    """Three colours, two ranks, five cards in hand: 12 cards, of which 2 are left to draw."""

    colors: int = option(3, "Number of colours.", low=1, high=5)
    ranks: int = option(2, "Number of ranks; a pile is complete at this height.", low=1, high=5)

    presets = {}


@dataclass(frozen=True)
class FullHanabi(Hanabi):
    """Three colours, three ranks, five cards in hand: 18 cards, of which 8 are left to draw."""

    colors: int = option(3, "Number of colours.", low=1, high=5)
    ranks: int = option(3, "Number of ranks; a pile is complete at this height.", low=1, high=5)
