"""Tables behind the array rules: what each action throws, what hands are worth, and which actions they allow.

Axis letters: B matches, S seats, D cards of the deck, A actions, R rows. Sets of cards are int64 with bit c for card c.
"""

from __future__ import annotations

import sys
from functools import cached_property

import numpy as np

from agentarena.envs.dhumbal.actions import CALL, FIRST_RUN, JOKER, STOCK, TAKE, Deck, action_count, deck_of
from agentarena.envs.dhumbal.options import HAND, OFFERED, DhumbalOptions
from agentarena.envs.dhumbal.state import JOKERS

__all__ = ["BIT", "Tables", "as_bits", "counts"]

BIT = np.left_shift(np.int64(1), np.arange(62, dtype=np.int64))
"""[card] -> the set of that card alone."""

_SUIT = (1 << 13) - 1
_RUN_STARTS = sum(((1 << 11) - 1) << 13 * suit for suit in range(4))
_COUNT = np.array([bits.bit_count() for bits in range(1 << 16)], np.uint8)
_FIRST_JOKER = 60
"""Stands for the first joker thrown in tables of cards, 61 for the second: which they are depends on the hand."""


def counts(cards: np.ndarray) -> np.ndarray:
    """Number of cards of each set. Any shape, int64."""
    parts = np.ascontiguousarray(cards).view(np.uint16).reshape(*cards.shape, 4)
    return _COUNT[parts].sum(-1, dtype=np.int64)


def as_bits(cards: np.ndarray, size: int) -> np.ndarray:
    """Sets of cards as one entry of 0 or 1 a card. Shape (..., D), uint8.

    >>> as_bits(np.array([0b1101]), 5).tolist()
    [[1, 0, 1, 1, 0]]
    """
    cards = np.ascontiguousarray(cards)
    if sys.byteorder == "big":
        cards = cards.byteswap()
    octets = cards.view(np.uint8).reshape(*cards.shape, 8)
    return np.unpackbits(octets, axis=-1, bitorder="little")[..., :size]


class Tables:
    """Tables of one configuration.

    Attributes:
        size: Number of cards, D.
        actions: Number of actions, A.
        offers: Most cards that may be taken from the pile instead of the stock, at least 1.
        values: Value of each card. Shape (D,), int64.
        cards: The cards that each discard throws from bottom to top, -1 beyond the last; 60 and 61 for jokers. Shape (A, 5), int8.
        thrown: Number of cards of each discard. Shape (A,), int64.
    """

    def __init__(self, options: DhumbalOptions) -> None:
        deck: Deck = deck_of(options)
        self.deck, self.size, self.threshold = deck, deck.size, options.threshold
        self.actions, self.offers = action_count(options), max(1, OFFERED[options.pickup])
        self.values = np.array(deck.values, np.int64)
        self.cards = np.full((self.actions, HAND), -1, np.int8)
        self.thrown = np.zeros(self.actions, np.int64)
        for action, cards in enumerate(deck.discards):
            jokers = iter((_FIRST_JOKER, _FIRST_JOKER + 1))
            self.cards[action, : len(cards)] = [card if card >= 0 else next(jokers) for card in cards]
            self.thrown[action] = len(cards)
        self._masks = np.zeros(self.actions, np.int64)
        self._masks[: len(deck.masks)] = deck.masks
        self._suit_values = np.array([deck.value(pattern) for pattern in range(1 << 13)], np.int64)

    def value(self, hands: np.ndarray) -> np.ndarray:
        """Sum of the values of the cards of each hand. Any shape."""
        table = self._suit_values
        return table[hands & _SUIT] + table[hands >> 13 & _SUIT] + table[hands >> 26 & _SUIT] + table[hands >> 39 & _SUIT]

    def thrown_by(self, actions: np.ndarray, hands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cards that discards take from hands, from bottom to top, shape (R, 5), -1 beyond the last; and the same as sets, (R,)."""
        cards, masks = self.cards[actions], self._masks[actions]
        wild = np.flatnonzero(actions >= JOKER)
        if len(wild):
            first = np.where(hands[wild] >> 52 & 1, 52, 53).astype(np.int8)[:, None]
            some = cards[wild]
            some = np.where(some == _FIRST_JOKER, first, np.where(some == _FIRST_JOKER + 1, 53, some))
            cards[wild] = some
            masks[wild] |= np.where(some >= 52, BIT[some.clip(0)], 0).sum(1)
        return cards, masks

    # --- legal actions ------------------------------------------------------------------------------------------------

    def legal(self, hands: np.ndarray, offer: np.ndarray, throwing: np.ndarray, taking: np.ndarray) -> np.ndarray:
        """Masks of the legal actions. Shape (B, A), int8.

        Args:
            hands: Cards of the seat to move, shape (B,).
            offer: Cards on offer, shape (B, F), -1 beyond the last.
            throwing: Whether it is to call or discard, shape (B,) bool.
            taking: Whether it is to take a card, shape (B,) bool.
        """
        out = np.zeros((len(hands), self.actions), np.int8)
        hands = np.where(throwing, hands, 0)
        singles = as_bits(hands, 52)
        out[:, :52] = singles
        self._mark_sets(out, singles)
        rows = np.flatnonzero(hands & hands >> 1 & hands >> 2 & _RUN_STARTS)
        if len(rows):
            for suit in range(4):
                runs = self._runs[hands[rows] >> 13 * suit & _SUIT]
                out[rows, FIRST_RUN + 30 * suit : FIRST_RUN + 30 * (suit + 1)] = runs
        out[:, CALL] = throwing & (self.value(hands) <= self.threshold)
        out[:, STOCK] = taking
        for place in range(self.offers):
            out[:, TAKE + place] = taking & (offer[:, place] >= 0)
        if self.size > 52:
            self._mark_jokers(out, hands)
        return out

    def _mark_sets(self, out: np.ndarray, singles: np.ndarray) -> None:
        suits = singles.reshape(-1, 4, 13)
        patterns = suits[:, 0] | suits[:, 1] << 1 | suits[:, 2] << 2 | suits[:, 3] << 3
        rows, ranks = np.nonzero(patterns & patterns - (patterns > 0))  # two cards of a rank or more
        if len(rows):
            columns = 52 + 11 * ranks[:, None] + np.arange(11)
            out[rows[:, None], columns] = self._sets[patterns[rows, ranks]]

    def _mark_jokers(self, out: np.ndarray, hands: np.ndarray) -> None:
        rows = np.flatnonzero(hands & JOKERS)
        if not len(rows):
            return
        held = hands[rows]
        natural, jokers = held & ~np.int64(JOKERS), (held >> 52 & 1) + (held >> 53 & 1)
        masks, wild = self._wild
        fits = (natural[:, None] & masks == masks) & (wild <= jokers[:, None])
        out[rows, JOKER:] = fits

    @cached_property
    def _sets(self) -> np.ndarray:
        """[pattern of suits] -> which of the 11 discards of a rank it allows. Shape (16, 11)."""
        subsets = [suits for suits in range(16) if suits.bit_count() >= 2]
        return np.array([[pattern & subset == subset for subset in subsets] for pattern in range(16)], np.int8)

    @cached_property
    def _runs(self) -> np.ndarray:
        """[pattern of ranks] -> which of the 30 runs of a suit it allows. Shape (8192, 30)."""
        masks = self._masks[FIRST_RUN : FIRST_RUN + 30]
        return (np.arange(1 << 13)[:, None] & masks == masks).astype(np.int8)

    @cached_property
    def _wild(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each discard with jokers: its natural cards as a set, and its number of jokers."""
        return self._masks[JOKER:], (self.cards[JOKER:] >= _FIRST_JOKER).sum(1)
