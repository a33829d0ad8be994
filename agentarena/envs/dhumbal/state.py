"""What lies on the table: cards, sets of cards, and a position of the game in parts.

A card is an int, suit * 13 + rank, suits in the order S H D C and ranks A 2 ... K; 52 and 53 are the red and the black
joker. A set of cards is an int with bit c for card c. Tuples with one entry a seat are indexed by the seat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from agentarena.core.frozen import constructor, replacer

__all__ = [
    "JOKERS",
    "RANKS",
    "SUITS",
    "UNKNOWN",
    "Hands",
    "Move",
    "Piles",
    "Showdown",
    "State",
    "Table",
    "bits",
    "card_name",
    "card_names",
    "mask_of",
    "new_move",
    "replace_hands",
    "replace_move",
    "replace_piles",
    "replace_state",
    "replace_table",
    "shuffled",
]

SUITS = "SHDC"
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")
JOKERS = 0b11 << 52
"""The two jokers as a set of cards."""
UNKNOWN = -1
"""Stands for a card that was drawn unseen, in redrawn states."""


# --- cards and sets of cards -----------------------------------------------------------------------------------------

_BITS_OF_BYTE = [[tuple(8 * place + bit for bit in range(8) if byte >> bit & 1) for byte in range(256)] for place in range(7)]


def bits(cards: int) -> list[int]:
    """The cards of a set in increasing order.

    >>> bits(0b1101)
    [0, 2, 3]
    """
    b = _BITS_OF_BYTE
    return [
        *b[0][cards & 255],
        *b[1][cards >> 8 & 255],
        *b[2][cards >> 16 & 255],
        *b[3][cards >> 24 & 255],
        *b[4][cards >> 32 & 255],
        *b[5][cards >> 40 & 255],
        *b[6][cards >> 48],
    ]


def mask_of(cards: Iterable[int]) -> int:
    """Distinct cards as a set."""
    mask = 0
    for card in cards:
        mask |= 1 << card
    return mask


def shuffled(cards: int, rng: np.random.Generator) -> list[int]:
    """The cards of a set in random order; depends on the set and the stream alone."""
    members = bits(cards)
    return [members[i] for i in rng.permutation(len(members)).tolist()]


def card_name(card: int) -> str:
    """A card's name, rank and suit.

    >>> card_name(0), card_name(13 + 9), card_name(52)
    ('AS', '10H', 'RJ')
    """
    return _CARD_NAMES[card]


def card_names(cards: int) -> str:
    """The names of the cards of a set in increasing order, or "none".

    >>> card_names(0b1101), card_names(0)
    ('AS 3S 4S', 'none')
    """
    n = _NAMES_OF_BYTE
    names = (
        n[0][cards & 255]
        + n[1][cards >> 8 & 255]
        + n[2][cards >> 16 & 255]
        + n[3][cards >> 24 & 255]
        + n[4][cards >> 32 & 255]
        + n[5][cards >> 40 & 255]
        + n[6][cards >> 48]
    )
    return names[1:] or "none"


_CARD_NAMES = (*(rank + suit for suit in SUITS for rank in RANKS), "RJ", "BJ", "", "")
_NAMES_OF_BYTE = [["".join(f" {_CARD_NAMES[card]}" for card in cards) for cards in table] for table in _BITS_OF_BYTE]


# --- a position --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hands:
    """The cards of the seats.

    Attributes:
        cards: Each seat's hand, a set of at most 5 cards.
        known: Of these, the cards that everyone saw the seat take from the pile and that it still holds.
        dropped: Seats that have dropped two or more cards at once in this round, as bits.
    """

    cards: tuple[int, ...]
    known: tuple[int, ...]
    dropped: int


@dataclass(frozen=True, slots=True)
class Piles:
    """The stock and the discard pile.

    Attributes:
        stock: Face-down cards; the next one is `stock[left - 1]`, entries from `left` on are spent.
        left: Number of cards in the stock.
        pools: The deck by the stock a card last lay in, oldest stock first: public, since reshuffles are.
        discards: The cards of the discard pile, a set.
        newest: The newest discard as far as it still lies there, top last.
        offer: The cards of the discard pile that the seat to move may take this turn, first choice first.
    """

    stock: tuple[int, ...]
    left: int
    pools: tuple[int, ...]
    discards: int
    newest: tuple[int, ...]
    offer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """The last step.

    Attributes:
        seat: Who acted; -1 at the start of the match.
        action: The action; -1 at the start of the match.
        cards: The cards discarded, or the one card taken, `UNKNOWN` where it was drawn unseen.
        reshuffled: Whether the stock was refilled first.
        ended: Whether it ended a round.
        dealt: Whether a round was dealt after it.
    """

    seat: int
    action: int
    cards: tuple[int, ...]
    reshuffled: bool = False
    ended: bool = False
    dealt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Showdown:
    """How a round ended. A seat that is out has an empty hand, value 0 and payment 0.

    Attributes:
        how: "call", "empty" (a hand without cards), "turns" (the turn cap) or "stock" (the stock ran out).
        caller: The seat that called, emptied its hand, or counts as caller; -1 when nobody does.
        winner: The seat that won the round.
        hands: The hands as sets of cards.
        values: Their values.
        payments: What each seat gained: coins (they add up to 0), or points times -1.
        turns: Number of turns played in the round, the call included.
    """

    how: str
    caller: int
    winner: int
    hands: tuple[int, ...]
    values: tuple[int, ...]
    payments: tuple[int, ...]
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What changes only between rounds.

    Attributes:
        number: Number of the round, from 1.
        first: Who started it.
        purses: Coins or points of each seat before the round.
        alive: Seats that are dealt in, in increasing order.
        next_seat: The seat whose turn follows each seat's.
        deal: The hands as dealt, 0 where unknown.
        up: The card turned up to open the discard pile.
        showdown: The end of the last finished round, if any.
        memories: What each seat remembers of the finished rounds, a string each; `()` where unknown.
    """

    number: int
    first: int
    purses: tuple[int, ...]
    alive: tuple[int, ...]
    next_seat: tuple[int, ...]
    deal: tuple[int, ...]
    up: int
    showdown: Showdown | None
    memories: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class State:
    """A position.

    Attributes:
        seat: The seat to move; -1 when the match is over.
        taking: Whether it is to take a card; otherwise it is to call or discard.
        turn: Number of the turn in this round, from 1.
        legal: The legal actions of the seat to move, in increasing order.
        hands: The cards of the seats.
        piles: The stock and the discard pile.
        actions: All actions of this round, two bytes each.
        draws: Cards each seat drew from the stock in this round, a byte each; `b""` where unknown.
        last: The last step.
        table: What changes only between rounds.
    """

    seat: int
    taking: bool
    turn: int
    legal: tuple[int, ...]
    hands: Hands
    piles: Piles
    actions: bytes
    draws: tuple[bytes, ...]
    last: Move
    table: Table

    @property
    def over(self) -> bool:
        """Whether the match is over."""
        return self.seat < 0


new_move = constructor(Move)
replace_hands, replace_piles, replace_state = replacer(Hands), replacer(Piles), replacer(State)
replace_move, replace_table = replacer(Move), replacer(Table)
"""`Move(...)` and `replace(...)`, but fast: every step builds new ones."""
