"""Cards, discards and the table of actions of Dhumbal.

A card is an int, suit * 13 + rank, suits in the order S H D C and ranks A 2 ... K; 52 and 53 are the red and the black
joker. A set of cards is an int with bit c for card c. An action keeps its meaning under every option:

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

__all__ = ["CALL", "DISCARDS", "JOKER", "JOKERS", "RANKS", "STOCK", "SUITS", "TAKE", "Deck", "action_name", "bits", "card_name", "mask_of"]

SUITS = "SHDC"
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")

CALL, STOCK, TAKE = 315, 316, 317
"""Actions: call, take from the stock, take the first card on offer."""
JOKER = 322
"""Action: discard one joker; the other discards with jokers follow it."""
JOKERS = 0b11 << 52
"""The two jokers as a set of cards."""

_SUIT = (1 << 13) - 1
_RUN_STARTS = sum(((1 << 11) - 1) << 13 * suit for suit in range(4))  # ranks A to J can be the lowest of three in a row
_HAND = 5
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


def mask_of(cards: tuple[int, ...] | list[int]) -> int:
    """Distinct cards as a set."""
    out = 0
    for card in cards:
        out |= 1 << card
    return out


def card_name(card: int) -> str:
    """A card's name, rank and suit.

    >>> card_name(0), card_name(13 + 9), card_name(52)
    ('AS', '10H', 'RJ')
    """
    return f"{RANKS[card % 13]}{SUITS[card // 13]}" if card < 52 else "RB"[card - 52] + "J"


# --- discards without jokers ------------------------------------------------------------------------------------------

_SUBSETS = tuple(pattern for pattern in range(16) if pattern.bit_count() >= 2)
_LENGTHS = tuple((low, length) for low in range(11) for length in (3, 4, 5) if low + length <= 13)

DISCARDS: tuple[tuple[int, ...], ...] = (
    *((card,) for card in range(52)),
    *(tuple(13 * suit + rank for suit in bits(suits)) for rank in range(13) for suits in _SUBSETS),
    *(tuple(range(13 * suit + low, 13 * suit + low + length)) for suit in range(4) for low, length in _LENGTHS),
)
"""The 315 discards of a deck without jokers, each as its cards from the bottom to the top of the pile."""

_FIRST_SET, _FIRST_RUN = 52, 52 + 13 * len(_SUBSETS)


def _by_pattern() -> list[list[tuple[int, ...]]]:
    tables: list[list[tuple[int, ...]]] = []
    for suit in range(4):
        table: list[tuple[int, ...]] = [()]
        for pattern in range(1, 1 << 13):
            high = pattern.bit_length() - 1
            few = pattern.bit_count() <= _HAND  # no hand is larger
            table.append((*table[pattern ^ 1 << high], 13 * suit + high) if few else ())
        tables.append(table)
    return tables


_SINGLES = _by_pattern()
"""[suit][pattern of ranks] -> the cards, which are also the actions that discard one of them."""

_SETS = [
    [tuple(_FIRST_SET + 11 * rank + i for i, subset in enumerate(_SUBSETS) if subset & suits == subset) for suits in range(16)]
    for rank in range(13)
]
"""[rank][pattern of suits] -> the actions that discard a set of them."""


@cache
def _runs(suit: int, pattern: int) -> tuple[int, ...]:
    """The actions that discard a run of the suit's cards in `pattern`."""
    first = _FIRST_RUN + suit * len(_LENGTHS)
    return tuple(first + i for i, (low, length) in enumerate(_LENGTHS) if pattern >> low & (1 << length) - 1 == (1 << length) - 1)


# --- discards with jokers ---------------------------------------------------------------------------------------------


def _wild_patterns() -> list[tuple[int, int]]:
    """(jokers, pattern of ranks) of every run with jokers in one suit: two or more natural cards, 3 to 5 in all."""
    out = []
    for wild in (1, 2):
        for natural in range(2, _HAND - wild + 1):
            for ranks in combinations(range(13), natural):
                if ranks[-1] - ranks[0] < natural + wild and natural + wild >= 3:
                    out.append((wild, mask_of(ranks)))  # noqa: PERF401  # three nested loops read better
    return out


_WILD_PATTERNS = _wild_patterns()
_WILD_DISCARDS = ((1, 0, 0), *((wild, suit, pattern) for wild, pattern in _WILD_PATTERNS for suit in range(4)))
"""Number of jokers, suit and ranks of each discard with jokers, from action `JOKER` on."""


@cache
def _wild_runs(suit: int, pattern: int, jokers: int) -> tuple[int, ...]:
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


class Deck:
    """A deck under given card values: sizes, values and the discards of a hand.

    Args:
        court: "rank" for J Q K worth 11, 12, 13; "ten" for 10 each.
        jokers: 0, or 2 worth nothing, wild in runs only.

    Attributes:
        size: Number of cards.
        actions: Number of actions (without those of other pick-up rules).
        values: Value of each card.
    """

    def __init__(self, court: str, jokers: int) -> None:
        self.size = 52 + jokers
        self.all = (1 << self.size) - 1
        ranks = tuple(rank + 1 if court == "rank" else min(rank + 1, 10) for rank in range(13))
        self.values = ranks * 4 + (0,) * jokers
        self._row = [0]
        for pattern in range(1, 1 << 13):
            high = pattern.bit_length() - 1
            self._row.append(self._row[pattern ^ 1 << high] + ranks[high])
        self.discards = (
            DISCARDS if not jokers else (*DISCARDS, *[()] * (JOKER - CALL), *map(_wild_cards, range(JOKER, JOKER + len(_WILD_DISCARDS))))
        )
        self.masks = tuple(sum(1 << card for card in cards if card >= 0) for cards in self.discards)
        self.moves = self._moves_with_jokers if jokers else self._moves

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
        row = self._row
        return row[hand & _SUIT] + row[hand >> 13 & _SUIT] + row[hand >> 26 & _SUIT] + row[hand >> 39 & _SUIT]

    def _moves(self, hand: int, threshold: int) -> tuple[int, ...]:
        """The legal discards of a hand in increasing order, then `CALL` where its value allows it."""
        s, h, d, c = hand & _SUIT, hand >> 13 & _SUIT, hand >> 26 & _SUIT, hand >> 39
        out = _SINGLES[0][s] + _SINGLES[1][h] + _SINGLES[2][d] + _SINGLES[3][c]
        twos = s & h | d & c | (s | h) & (d | c)
        while twos:
            rank = (twos & -twos).bit_length() - 1
            out += _SETS[rank][s >> rank & 1 | (h >> rank & 1) << 1 | (d >> rank & 1) << 2 | (c >> rank & 1) << 3]
            twos &= twos - 1
        if hand & hand >> 1 & hand >> 2 & _RUN_STARTS:
            out += _runs(0, s) + _runs(1, h) + _runs(2, d) + _runs(3, c)
        row = self._row
        return (*out, CALL) if row[s] + row[h] + row[d] + row[c] <= threshold else out

    def _moves_with_jokers(self, hand: int, threshold: int) -> tuple[int, ...]:
        natural, jokers = hand & ~JOKERS, (hand >> 52).bit_count()
        out = self._moves(natural, threshold)
        if not jokers:
            return out
        wild = [action for suit in range(4) for action in _wild_runs(suit, natural >> 13 * suit & _SUIT, jokers)]
        return (*out, JOKER, *sorted(wild))

    def cards(self, action: int, hand: int) -> tuple[int, ...]:
        """The cards that a discard takes from a hand, from the bottom to the top of the pile; the red joker goes first."""
        cards = self.discards[action]
        if action < CALL:
            return cards
        jokers = iter(bits(hand & JOKERS))
        return tuple(card if card >= 0 else next(jokers) for card in cards)


@cache
def deck(court: str, jokers: int) -> Deck:
    """The one deck of these values."""
    return Deck(court, jokers)


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
