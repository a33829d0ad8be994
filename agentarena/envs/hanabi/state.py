"""A position of Hanabi.

A card is one of K = colors * ranks kinds, numbered color * ranks + rank, both from 0. The whole deck lies fixed in the
state, and hands hold places in it, so that redrawing what a seat cannot see means redrawing some places of the deck.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.frozen import replacer

__all__ = ["COLOR_NAMED", "RANK_NAMED", "State", "replace_state"]

COLOR_NAMED = 1 << 25
"""Bit of a card's knowledge: its colour was named. The bits below 25 are the kinds it may still be."""
RANK_NAMED = 1 << 26
"""Bit of a card's knowledge: its rank was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A position.

    Attributes:
        seat: The seat to move; -1 when the match is over.
        legal: Legal actions of the seat to move; `()` when the match is over.
        deck: Kind of every card, in the order they are drawn; length N.
        drawn: How many have been drawn, P * H to N.
        hands: Places in the deck of each seat's cards, oldest first.
        known: What each seat knows of each of its cards from hints: bits of kinds, and two bits for what was named.
        used: Places of the cards played or discarded, in order.
        fireworks: Height of each colour's pile, 0 to R.
        tokens: Hints that may still be given, 0 to `tokens`.
        lives: 0 to `lives`.
        turns_left: Turns left once the deck is empty, 0 to P; P before.
        moves: Every action so far; move i was made by seat i mod P.
        token_won: Whether the last move completed a pile and so won a token back.
        reward: What the last step credited to everybody.
    """

    seat: int
    legal: tuple[int, ...]
    deck: bytes
    drawn: int
    hands: tuple[tuple[int, ...], ...]
    known: tuple[tuple[int, ...], ...]
    used: bytes
    fireworks: tuple[int, ...]
    tokens: int
    lives: int
    turns_left: int
    moves: bytes
    token_won: bool = False
    reward: float = 0.0

    @property
    def over(self) -> bool:
        """Whether the match is over."""
        return self.seat < 0


replace_state = replacer(State)
"""`replace(...)`, but fast: every step builds a new one."""
