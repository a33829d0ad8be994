"""What a seat knows of Dhumbal: information keys and redrawn states.

Everyone knows which cards lie on the pile, which cards were picked up from it and are still held, and, since the pile
is turned over at a reshuffle, which cards each stock was made of. What a seat cannot see is uniform given that: within
each pool (the cards that last lay in one stock), every way to fill the hidden places of hands and stock is as likely
as any other. How the others chose to play is not weighed.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from .actions import STOCK, deck_of
from .observation import public_cards, unseen
from .options import DhumbalOptions
from .rules import memory
from .state import UNKNOWN, State, replace_hands, replace_move, replace_piles, replace_state, replace_table, shuffled

__all__ = ["information", "resample"]

T = TypeVar("T")


def information(state: State, seat: int) -> str:
    """The seat's hand and past: all public moves, its own deals and draws, and every showdown."""
    return "/".join((f"{state.hands.cards[seat]:x}|{memory(state, seat)}", *state.table.memories[seat]))


def resample(options: DhumbalOptions, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state the seat cannot tell from this one, uniform over the hidden cards.

    What others were dealt, drew and remember of earlier rounds is left unknown in the copy, so their information keys
    there hold their hands and the public moves of this round only; so are their private news.
    """
    hidden, public = unseen(state, seat), public_cards(state)
    held = list(public)
    held[seat] = state.hands.cards[seat]
    cards: list[int] = []
    for pool in state.piles.pools:  # the last one is the stock's; older stocks are spent
        cards = shuffled(pool & hidden, rng)
        for other in state.table.alive:
            if other != seat:
                for _ in range((state.hands.cards[other] & ~public[other] & pool).bit_count()):
                    held[other] |= 1 << cards.pop()
    return _as_known(options, state, seat, tuple(held), tuple(cards))


def _as_known(options: DhumbalOptions, state: State, seat: int, held: tuple[int, ...], stock: tuple[int, ...]) -> State:
    """The state with other hidden cards, and without what the seat does not know of the past."""
    mover, legal, last, table = state.seat, state.legal, state.last, state.table
    if mover >= 0 and mover != seat and not state.taking:
        legal = deck_of(options).moves(held[mover], options.threshold)
    if last.action == STOCK and last.seat != seat:
        last = replace_move(last, cards=(UNKNOWN,))
    return replace_state(
        state,
        legal=legal,
        hands=replace_hands(state.hands, cards=held),
        piles=replace_piles(state.piles, stock=stock),
        draws=_only(seat, state.draws, b""),
        last=last,
        table=replace_table(table, deal=_only(seat, table.deal, 0), memories=_only(seat, table.memories, ())),
    )


def _only(seat: int, values: tuple[T, ...], blank: T) -> tuple[T, ...]:
    """The seat's own entry, and `blank` for all others."""
    own = [blank] * len(values)
    own[seat] = values[seat]
    return tuple(own)
