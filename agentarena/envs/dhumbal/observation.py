"""What a seat sees, as a vector of float32; `layout` names its parts.

Sets of cards are planes of one entry a card (D = 52, or 54 with jokers), seats are counted from the observer: place 0
is the seat itself, place 1 the seat after it, and so on. With n seats:

    hand          (D,)         the seat's own cards
    offer         (D,)         cards that may be taken this turn: 1 the first on offer, 1/2 the second, 1/4 the third ...
    laid          (D,)         the newest discard, as far as it still lies there
    pile          (D,)         all cards of the discard pile
    stock         (D,)         cards that may still lie in the stock, as far as the seat can know
    known         ((n - 1) D,) cards that others took from the pile and still hold, one plane each
    phase         (1,)         0 to call or discard, 1 to take a card
    value         (1,)         value of the hand / 64
    turn          (1,)         number of the turn / 128
    left          (1,)         cards in the stock / 64
    round         (1,)         number of the round / 128
    mover, first  (n,)         who is to move, who started the round: one-hot
    sizes         (n,)         cards in each hand / 8
    purses        (n,)         coins won or lost since the start of the match, or points collected, / 128
    opened        (n,)         1 for a seat that has dropped two or more cards at once in this round
    alive         (n,)         1 for a seat that plays this round

Divisors are powers of two, so that a reader gets exact numbers back.
"""

from __future__ import annotations

import gymnasium
import numpy as np

from .actions import deck_of
from .options import DhumbalOptions
from .state import State, mask_of

__all__ = ["LEFT", "PURSE", "ROUND", "SIZE", "TURN", "VALUE", "layout", "observe", "public_cards", "space", "unseen"]

VALUE, TURN, LEFT, ROUND, SIZE, PURSE = 64, 128, 64, 128, 8, 128
"""Divisors of the scaled entries."""


def layout(options: DhumbalOptions) -> dict[str, slice]:
    """Where each part lies; the parts follow each other without gaps."""
    size, n = deck_of(options).size, options.players
    widths = {"hand": size, "offer": size, "laid": size, "pile": size, "stock": size, "known": (n - 1) * size}
    widths |= dict.fromkeys(("phase", "value", "turn", "left", "round"), 1)
    widths |= dict.fromkeys(("mover", "first", "sizes", "purses", "opened", "alive"), n)
    parts, begin = {}, 0
    for name, width in widths.items():
        parts[name] = slice(begin, begin + width)
        begin += width
    return parts


def space(options: DhumbalOptions, greatest: float) -> gymnasium.spaces.Box:
    """A box with the bounds of each part.

    Args:
        options: The configuration.
        greatest: Most coins or points that a seat can win or lose in a match.
    """
    parts = layout(options)
    size = parts["alive"].stop
    low, high = np.zeros(size, np.float32), np.ones(size, np.float32)
    high[parts["turn"]] = (options.turn_cap + 1) / TURN
    high[parts["round"]] = options.rounds / ROUND
    if options.scoring == "coins":
        low[parts["purses"]] = -greatest / PURSE
    high[parts["purses"]] = greatest / PURSE
    return gymnasium.spaces.Box(low, high, (size,), np.float32)


def public_cards(state: State) -> tuple[int, ...]:
    """The cards of each hand that everyone knows: those taken from the pile, and at the end of the match all."""
    return state.hands.cards if state.over else state.hands.known


def unseen(state: State, seat: int) -> int:
    """The cards whose place the seat does not know, as a set: face down in the stock or in another hand."""
    visible = state.piles.discards | state.hands.cards[seat]
    for cards in public_cards(state):
        visible |= cards
    deck = 0
    for pool in state.piles.pools:
        deck |= pool
    return deck & ~visible


def observe(options: DhumbalOptions, state: State, seat: int) -> np.ndarray:
    """The vector described in this module, freshly made."""
    size = deck_of(options).size
    planes = _card_planes(state, seat)
    width = len(planes) * size
    vector = np.empty(width + 5 + 6 * options.players, np.float32)
    vector[:width] = _as_bits(planes, size)
    for depth, card in enumerate(state.piles.offer):
        vector[size + card] = 0.5**depth
    vector[width:] = _numbers(options, state, seat)
    return vector


def _card_planes(state: State, seat: int) -> tuple[int, ...]:
    """The sets of cards of the observation in order; the offer is left empty, since its entries are not 0 or 1."""
    piles, public = state.piles, public_cards(state)
    stock = unseen(state, seat) & piles.pools[-1] if piles.left else 0
    return (state.hands.cards[seat], 0, mask_of(piles.newest), piles.discards, stock, *public[seat + 1 :], *public[:seat])


def _as_bits(planes: tuple[int, ...], size: int) -> np.ndarray:
    """Sets of cards one after the other, one entry of 0 or 1 a card."""
    joined, width = 0, len(planes) * size
    for plane in reversed(planes):
        joined = joined << size | plane
    return np.unpackbits(np.frombuffer(joined.to_bytes((width + 7) // 8, "little"), np.uint8), count=width, bitorder="little")


def _numbers(options: DhumbalOptions, state: State, seat: int) -> list[float]:
    """The entries behind the sets of cards."""
    table, hands, everyone = state.table, state.hands, range(options.players)
    stake = options.coins if options.scoring == "coins" else 0
    value = deck_of(options).value(hands.cards[seat])
    numbers: list[float] = [state.taking, value / VALUE, state.turn / TURN, state.piles.left / LEFT, table.number / ROUND]
    by_seat: tuple[list[float], ...] = (
        [other == state.seat for other in everyone],
        [other == table.first for other in everyone],
        [hand.bit_count() / SIZE for hand in hands.cards],
        [(purse - stake) / PURSE for purse in table.purses],
        [hands.dropped >> other & 1 for other in everyone],
        [other in table.alive for other in everyone],
    )
    for entries in by_seat:
        numbers += entries[seat:]
        numbers += entries[:seat]
    return numbers
