"""What a seat knows of Dhumbal: information keys and redrawn states.

Everyone knows which cards lie on the pile, which cards were picked up from it and are still held, and, since the pile
is turned over at a reshuffle, which cards each stock was made of. What a seat cannot see is uniform given that: within
each pool (the cards that last lay in one stock), every way to fill the hidden places of hands and stock is as likely
as any other. How the others chose to play is not weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .cards import STOCK, bits
from .state import UNKNOWN, State, Table

if TYPE_CHECKING:
    from .game import Dhumbal

__all__ = ["information", "remembering", "resample", "shuffled", "unseen"]

T = TypeVar("T")


def shuffled(cards: int, rng: np.random.Generator) -> list[int]:
    """The cards of a set in random order; depends on the set and the stream alone."""
    members = bits(cards)
    return [members[i] for i in rng.permutation(len(members)).tolist()]


def information(state: State, seat: int) -> str:
    """The seat's hand and past: all public moves, its own deals and draws, and every showdown."""
    return "/".join((f"{state.hands[seat]:x}|{remembered(state, seat)}", *state.table.pasts[seat]))


def remembered(state: State, seat: int) -> str:
    """What the seat remembers of the round so far."""
    table = state.table
    return f"{table.first}|{table.up}|{table.deal[seat]:x}|{state.draws[seat].hex()}|{state.past.hex()}"


def remembering(state: State) -> tuple[tuple[str, ...], ...]:
    """What each seat remembers of all rounds, the one that has just ended with all hands shown included."""
    shown = ",".join(f"{hand:x}" for hand in state.hands)
    return tuple((*past, f"{remembered(state, seat)}|{shown}") for seat, past in enumerate(state.table.pasts))


def unseen(state: State, seat: int) -> int:
    """The cards whose place the seat does not know: face down in the stock or in another hand."""
    seen = state.pile | state.hands[seat]
    for known in state.known if state.asked else state.hands:
        seen |= known
    everything = 0
    for pool in state.pools:
        everything |= pool
    return everything & ~seen


def resample(game: Dhumbal, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state the seat cannot tell from this one, uniform over the hidden cards.

    What others were dealt, drew and remember of earlier rounds is left unknown in the copy, so their information keys
    there hold their hands and the public moves of this round only; so are their private news.
    """
    places = unseen(state, seat)
    known = state.known if state.asked else state.hands
    hands = list(known)
    hands[seat] = state.hands[seat]
    cards: list[int] = []
    for pool in state.pools:  # the last one is the stock's; older stocks are spent
        cards = shuffled(pool & places, rng)
        for other in state.table.alive:
            if other != seat:
                for _ in range((state.hands[other] & ~known[other] & pool).bit_count()):
                    hands[other] |= 1 << cards.pop()
    return _redrawn(game, state, seat, tuple(hands), tuple(cards))


def _redrawn(game: Dhumbal, state: State, seat: int, hands: tuple[int, ...], stock: tuple[int, ...]) -> State:
    mover, phase, asked, legal, _, known, _, left, pile, laid, offer, turn, opened, pools, past, draws, last, rewards, table = state
    if last[1] == STOCK and last[0] != seat:
        last = (*last[:2], (UNKNOWN,), last[3])
    if mover >= 0 and mover != seat and not phase:
        legal = game.deck.moves(hands[mover], game.threshold)
    number, first, purses, alive, after, deal, up, shown, pasts = table
    return State(
        *(mover, phase, asked, legal, hands, known, stock, left, pile, laid, offer, turn, opened, pools, past),
        *(_only(seat, draws, b""), last, rewards),
        Table(number, first, purses, alive, after, _only(seat, deal, 0), up, shown, _only(seat, pasts, ())),
    )


def _only(seat: int, values: tuple[T, ...], blank: T) -> tuple[T, ...]:
    """The seat's own entry, and `blank` for all others."""
    out = [blank] * len(values)
    out[seat] = values[seat]
    return tuple(out)
