"""What a seat knows of Dhumbal: information keys and redrawn states.

Everyone knows which cards lie on the pile, which cards were picked up from it and are still held, and, since the pile
is turned over at a reshuffle, which cards each stock was made of. What a seat cannot see is uniform given that: within
each pool (the cards that last lay in one stock), every way to fill the hidden places of hands and stock is as likely
as any other. How the others chose to play is not weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .cards import STOCK, bits
from .state import UNKNOWN, Past, State

if TYPE_CHECKING:
    from .game import Dhumbal

__all__ = ["information", "resample", "shuffled", "unseen"]


def shuffled(cards: int, rng: np.random.Generator) -> list[int]:
    """The cards of a set in random order; depends on the set and the stream alone."""
    members = bits(cards)
    return [members[i] for i in rng.permutation(len(members)).tolist()]


def information(state: State, seat: int) -> str:
    """The seat's hand and past: all public moves, its own deals and draws, and every showdown."""
    table = state.table
    parts = [f"{table.first}|{table.up}|{state.hands[seat]:x}|{_private(table.deal, state.draws, state.past, seat)}"]
    for past in table.rounds:
        shown = ",".join(f"{hand:x}" for hand in past.shown.hands)
        parts.append(f"{past.first}|{past.up}|{shown}|{_private(past.deal, past.draws, past.moves, seat)}")
    return "/".join(parts)


def _private(deal: tuple[int, ...], draws: tuple[bytes, ...], moves: bytes, seat: int) -> str:
    return f"{deal[seat]:x}|{draws[seat].hex()}|{moves.hex()}"


def unseen(state: State, seat: int) -> int:
    """The cards whose place the seat does not know: face down in the stock or in another hand."""
    seen = state.pile | state.hands[seat]
    for known in state.known if state.asked else state.hands:
        seen |= known
    return (1 << sum(pool.bit_count() for pool in state.pools)) - 1 & ~seen


def resample(game: Dhumbal, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state the seat cannot tell from this one, uniform over the hidden cards.

    What others were dealt and drew is left unknown in the copy's history, so their information keys there hold their
    hands and the public moves only; so are their private news.
    """
    places = unseen(state, seat)
    known = state.known if state.asked else state.hands
    hands = list(known)
    hands[seat] = state.hands[seat]
    stock: tuple[int, ...] = ()
    for pool in state.pools:  # the last one is the stock's; older stocks are spent
        cards = shuffled(pool & places, rng)
        for other in state.table.alive:
            if other != seat:
                for _ in range((state.hands[other] & ~known[other] & pool).bit_count()):
                    hands[other] |= 1 << cards.pop()
        stock = tuple(cards)
    return _redrawn(game, state, seat, tuple(hands), stock)


def _redrawn(game: Dhumbal, state: State, seat: int, hands: tuple[int, ...], stock: tuple[int, ...]) -> State:
    table, mover = state.table, state.seat
    draws = tuple(drawn if s == seat else b"" for s, drawn in enumerate(state.draws))
    deal = tuple(hand if s == seat else 0 for s, hand in enumerate(table.deal))
    rounds = tuple(_blank(past, seat) for past in table.rounds) if table.rounds else ()
    actor, action, cards, flags = state.last
    if action == STOCK and actor != seat:
        cards = (UNKNOWN,)
    legal = state.legal
    if mover >= 0 and mover != seat and not state.phase:
        legal = game.deck.moves(hands[mover], game.threshold)
    return state._replace(
        hands=hands,
        stock=stock,
        draws=draws,
        legal=legal,
        last=(actor, action, cards, flags),
        table=table._replace(deal=deal, rounds=rounds),
    )


def _blank(past: Past, seat: int) -> Past:
    return past._replace(
        deal=tuple(hand if s == seat else 0 for s, hand in enumerate(past.deal)),
        draws=tuple(drawn if s == seat else b"" for s, drawn in enumerate(past.draws)),
    )
