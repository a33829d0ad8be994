"""What moves there are in Dhumbal, how they are numbered, and which discards a hand allows.

An action keeps its meaning under every option:

    0 .. 51      discard one card
    52 .. 194    discard a set: 2 to 4 cards of one rank, by rank and then by the bits of the suits
    195 .. 314   discard a run: 3 to 5 consecutive cards of one suit, by suit, lowest card and length
    315          call
    316          take the top card of the stock
    317          take the first card on offer, the top of the discard
    318 .. 321   take the second to the fifth card on offer, where the pick-up rule offers more than one
    322 ..       with jokers: discard one joker (322), or a run with one or two jokers in it

The legal discards of a hand are assembled from tables by the 13-bit pattern of each suit and the suits of each rank.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import combinations

from .options import HAND, OFFERED, DhumbalOptions
from .state import JOKERS, bits, card_name, mask_of

__all__ = [
    "CALL",
    "DISCARDS",
    "FIRST_RUN",
    "JOKER",
    "STOCK",
    "TAKE",
    "TAKES",
    "Deck",
    "action_count",
    "action_name",
    "deck",
    "deck_of",
    "is_discard",
]

CALL, STOCK, TAKE = 315, 316, 317
"""Actions: call, take from the stock, take the first card on offer."""
JOKER = 322
"""Action: discard one joker; the other discards with jokers follow it."""
TAKES = tuple((STOCK, *range(TAKE, TAKE + offered)) for offered in range(HAND + 1))
"""[cards on offer] -> the actions that take a card."""

_SUIT = (1 << 13) - 1
_RUN_STARTS = sum(((1 << 11) - 1) << 13 * suit for suit in range(4))  # ranks A to J can be the lowest of three in a row


def is_discard(action: int) -> bool:
    """Whether an action discards cards."""
    return action < CALL or action >= JOKER


# --- discards without jokers ------------------------------------------------------------------------------------------

_SUIT_SETS = tuple(suits for suits in range(16) if suits.bit_count() >= 2)
_RUNS = tuple((low, length) for low in range(11) for length in (3, 4, 5) if low + length <= 13)

DISCARDS: tuple[tuple[int, ...], ...] = (
    *((card,) for card in range(52)),
    *(tuple(13 * suit + rank for suit in bits(suits)) for rank in range(13) for suits in _SUIT_SETS),
    *(tuple(range(13 * suit + low, 13 * suit + low + length)) for suit in range(4) for low, length in _RUNS),
)
"""The 315 discards of a deck without jokers, each as its cards from the bottom to the top of the pile."""

FIRST_RUN = 52 + 13 * len(_SUIT_SETS)
"""Action: the first discard of a run; sets lie between the single cards and the runs."""


def _single_cards() -> list[list[tuple[int, ...]]]:
    tables: list[list[tuple[int, ...]]] = []
    for suit in range(4):
        table: list[tuple[int, ...]] = [()]
        for pattern in range(1, 1 << 13):
            high = pattern.bit_length() - 1
            fits_in_hand = pattern.bit_count() <= HAND
            table.append((*table[pattern ^ 1 << high], 13 * suit + high) if fits_in_hand else ())
        tables.append(table)
    return tables


_SINGLES = _single_cards()
"""[suit][pattern of ranks] -> the cards, which are also the actions that discard one of them."""

_SETS = [
    [tuple(52 + 11 * rank + i for i, subset in enumerate(_SUIT_SETS) if subset & suits == subset) for suits in range(16)]
    for rank in range(13)
]
"""[rank][pattern of suits] -> the actions that discard a set of them."""


@cache
def _runs(suit: int, pattern: int) -> tuple[int, ...]:
    """The actions that discard a run of the suit's cards in `pattern`."""
    first = FIRST_RUN + suit * len(_RUNS)
    return tuple(first + i for i, (low, length) in enumerate(_RUNS) if pattern >> low & (1 << length) - 1 == (1 << length) - 1)


# --- discards with jokers ---------------------------------------------------------------------------------------------


def _wild_patterns() -> list[tuple[int, int]]:
    """(jokers, pattern of ranks) of every run with jokers in one suit: two or more natural cards, 3 to 5 in all."""
    return [
        (jokers, mask_of(ranks))
        for jokers in (1, 2)
        for natural in range(2, HAND - jokers + 1)
        for ranks in combinations(range(13), natural)
        if ranks[-1] - ranks[0] < natural + jokers and natural + jokers >= 3
    ]


_WILD_PATTERNS = _wild_patterns()
_WILD_DISCARDS = ((1, 0, 0), *((jokers, suit, pattern) for jokers, pattern in _WILD_PATTERNS for suit in range(4)))
"""Number of jokers, suit and ranks of each discard with jokers, from action `JOKER` on."""


@cache
def _wild_runs(suit: int, pattern: int, jokers: int) -> tuple[int, ...]:
    """The actions that discard a run of the suit's cards in `pattern` with one or more of `jokers` jokers."""
    return tuple(JOKER + 1 + 4 * i + suit for i, (wild, ranks) in enumerate(_WILD_PATTERNS) if wild <= jokers and ranks & pattern == ranks)


def _wild_cards(action: int) -> tuple[int, ...]:
    """A discard with jokers from bottom to top, -1 for a joker: gaps first, then on top, below when the top is a king."""
    wild, suit, pattern = _WILD_DISCARDS[action - JOKER]
    if not pattern:
        return (-1,)
    ranks = bits(pattern)
    length = len(ranks) + wild
    low = min(ranks[0], 13 - length)
    return tuple(13 * suit + rank if pattern >> rank & 1 else -1 for rank in range(low, low + length))


# --- a deck -------------------------------------------------------------------------------------------------------------


class Deck:
    """A deck under given card values: sizes, values and the discards of a hand.

    Args:
        court: "rank" for J Q K worth 11, 12, 13; "ten" for 10 each.
        jokers: 0, or 2 worth nothing, wild in runs only.

    Attributes:
        size: Number of cards.
        all: All cards, as a set.
        values: Value of each card.
        discards: The cards of each discard from bottom to top, -1 for a joker; `()` for actions that discard nothing.
        masks: The same as sets, without jokers.
    """

    def __init__(self, court: str, jokers: int) -> None:
        self.size = 52 + jokers
        self.all = (1 << self.size) - 1
        ranks = tuple(rank + 1 if court == "rank" else min(rank + 1, 10) for rank in range(13))
        self.values = ranks * 4 + (0,) * jokers
        self._suit_value = [sum(ranks[rank] for rank in bits(pattern)) for pattern in range(1 << 13)]
        wild = [_wild_cards(action) for action in range(JOKER, JOKER + len(_WILD_DISCARDS))]
        self.discards = (*DISCARDS, *[()] * (JOKER - CALL), *wild) if jokers else DISCARDS
        self.masks = tuple(mask_of(card for card in cards if card >= 0) for cards in self.discards)

    @cached_property
    def worth(self) -> tuple[int, ...]:
        """Value of the cards of each discard."""
        return tuple(map(self.value, self.masks))

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of cards of each discard."""
        return tuple(map(len, self.discards))

    def value(self, hand: int) -> int:
        """Sum of the values of the cards of a hand."""
        value = self._suit_value
        return value[hand & _SUIT] + value[hand >> 13 & _SUIT] + value[hand >> 26 & _SUIT] + value[hand >> 39 & _SUIT]

    def moves(self, hand: int, threshold: int) -> tuple[int, ...]:
        """The legal discards of a hand in increasing order, and `CALL` where its value is at most the threshold."""
        jokers = hand >> 52
        spades, hearts, diamonds, clubs = hand & _SUIT, hand >> 13 & _SUIT, hand >> 26 & _SUIT, hand >> 39 & _SUIT
        moves = _SINGLES[0][spades] + _SINGLES[1][hearts] + _SINGLES[2][diamonds] + _SINGLES[3][clubs]
        paired = spades & hearts | diamonds & clubs | (spades | hearts) & (diamonds | clubs)  # ranks held twice or more
        while paired:
            rank = (paired & -paired).bit_length() - 1
            suits = spades >> rank & 1 | (hearts >> rank & 1) << 1 | (diamonds >> rank & 1) << 2 | (clubs >> rank & 1) << 3
            moves += _SETS[rank][suits]
            paired &= paired - 1
        if hand & hand >> 1 & hand >> 2 & _RUN_STARTS:
            moves += _runs(0, spades) + _runs(1, hearts) + _runs(2, diamonds) + _runs(3, clubs)
        value = self._suit_value
        if value[spades] + value[hearts] + value[diamonds] + value[clubs] <= threshold:
            moves += (CALL,)
        return moves + self._joker_moves(hand, jokers.bit_count()) if jokers else moves

    def _joker_moves(self, hand: int, jokers: int) -> tuple[int, ...]:
        """The legal discards of a hand that have a joker in them, in increasing order."""
        return (JOKER, *sorted(action for suit in range(4) for action in _wild_runs(suit, hand >> 13 * suit & _SUIT, jokers)))

    def thrown(self, action: int, hand: int) -> tuple[tuple[int, ...], int]:
        """The cards that a discard takes from a hand, from the bottom to the top of the pile, and the same as a set.

        The red joker goes first.
        """
        if action < CALL:
            return DISCARDS[action], self.masks[action]
        jokers = iter(bits(hand & JOKERS))
        cards = tuple(card if card >= 0 else next(jokers) for card in self.discards[action])
        return cards, mask_of(cards)


@cache
def deck(court: str, jokers: int) -> Deck:
    """The one deck of these values."""
    return Deck(court, jokers)


def deck_of(options: DhumbalOptions) -> Deck:
    """The deck of a configuration."""
    return deck(options.court, options.jokers)


def action_count(options: DhumbalOptions) -> int:
    """Number of actions: 318, more with jokers or where more than one card of the pile is on offer."""
    return len(deck_of(options).discards) if options.jokers else TAKE + max(1, OFFERED[options.pickup])


# --- names --------------------------------------------------------------------------------------------------------------


@cache
def action_name(action: int) -> str:
    """What an action is called in words.

    >>> [action_name(a) for a in (0, 315, 316, 317, 318)]
    ['discard AS', 'call', 'take stock', 'take discard', 'take discard 2']
    """
    if action in (CALL, STOCK, TAKE):
        return {CALL: "call", STOCK: "take stock", TAKE: "take discard"}[action]
    if TAKE < action < JOKER:
        return f"take discard {action - TAKE + 1}"
    cards = DISCARDS[action] if action < CALL else _wild_cards(action)
    return "discard " + " ".join(card_name(card) if card >= 0 else "joker" for card in cards)
