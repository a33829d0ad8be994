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

from typing import TYPE_CHECKING

import gymnasium
import numpy as np

from .cards import mask_of
from .hidden import unseen
from .state import State

if TYPE_CHECKING:
    from .game import Dhumbal

__all__ = ["layout", "observe", "space"]

VALUE, TURN, LEFT, ROUND, SIZE, PURSE = 64, 128, 64, 128, 8, 128
"""Divisors of the scaled entries."""


def layout(game: Dhumbal) -> dict[str, slice]:
    """Where each part lies; the parts follow each other without gaps."""
    deck, n = game.deck.size, game.players
    widths = {"hand": deck, "offer": deck, "laid": deck, "pile": deck, "stock": deck, "known": (n - 1) * deck}
    widths |= dict.fromkeys(("phase", "value", "turn", "left", "round"), 1)
    widths |= dict.fromkeys(("mover", "first", "sizes", "purses", "opened", "alive"), n)
    out, at = {}, 0
    for name, width in widths.items():
        out[name] = slice(at, at + width)
        at += width
    return out


def space(game: Dhumbal) -> gymnasium.spaces.Box:
    """A box with the bounds of each part."""
    parts = game.layout
    size = parts["alive"].stop
    low, high = np.zeros(size, np.float32), np.ones(size, np.float32)
    high[parts["turn"]] = (game.turn_cap + 1) / TURN
    high[parts["round"]] = game.rounds / ROUND
    most = max(-game.info.low, game.info.high)
    if game.scoring == "coins":
        low[parts["purses"]] = -most / PURSE
    high[parts["purses"]] = most / PURSE
    return gymnasium.spaces.Box(low, high, (size,), np.float32)


def observe(game: Dhumbal, state: State, seat: int) -> np.ndarray:
    """The vector described in this module, freshly made."""
    n, size, table, hands = game.players, game.deck.size, state.table, state.hands
    known = state.known if state.asked else hands
    stock = unseen(state, seat) & state.pools[-1] if state.left else 0
    planes, at = hands[seat] | mask_of(state.laid) << 2 * size | state.pile << 3 * size | stock << 4 * size, 5 * size
    for cards in known[seat + 1 :] + known[:seat]:
        planes |= cards << at
        at += size
    vector = np.empty(at + 5 + 6 * n, np.float32)
    vector[:at] = np.unpackbits(np.frombuffer(planes.to_bytes((at + 7) // 8, "little"), np.uint8), count=at, bitorder="little")
    for depth, card in enumerate(state.offer):
        vector[size + card] = 0.5**depth
    base = game.coins if game.scoring == "coins" else 0
    tail = [state.phase, game.deck.value(hands[seat]) / VALUE, state.turn / TURN, state.left / LEFT, table.number / ROUND]
    for row in (
        [other == state.seat for other in range(n)],
        [other == table.first for other in range(n)],
        [hand.bit_count() / SIZE for hand in hands],
        [(purse - base) / PURSE for purse in table.purses],
        [state.opened >> other & 1 for other in range(n)],
        [other in table.alive for other in range(n)],
    ):
        tail += row[seat:]
        tail += row[:seat]
    vector[at:] = tail
    return vector
