"""A position of Dhumbal, as named tuples: cheap to make, compared by value, never changed."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DEALT", "ENDED", "RESHUFFLED", "UNKNOWN", "Showdown", "State", "Table"]

RESHUFFLED, ENDED, DEALT = 1, 2, 4
"""Flags of `State.last`: the step shuffled the pile into the stock, ended a round, dealt a round."""
UNKNOWN = -1
"""Stands for a card that was drawn unseen, in redrawn states."""


class Showdown(NamedTuple):
    """How a round ended. Tuples have one entry a seat; a seat that is out has an empty hand, value 0 and payment 0.

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


class Table(NamedTuple):
    """What changes only between rounds.

    Attributes:
        number: Number of the round, from 1.
        first: Who started it.
        purses: Coins or points of each seat before the round.
        alive: Seats that are dealt in, in increasing order.
        after: The seat whose turn follows each seat's.
        deal: The hands as dealt, 0 where unknown.
        up: The card turned up to open the pile.
        shown: The end of the last finished round, if any.
        pasts: What each seat remembers of the finished rounds, a string each; `()` where unknown.
    """

    number: int
    first: int
    purses: tuple[int, ...]
    alive: tuple[int, ...]
    after: tuple[int, ...]
    deal: tuple[int, ...]
    up: int
    shown: Showdown | None
    pasts: tuple[tuple[str, ...], ...]


class State(NamedTuple):
    """A position. Sets of cards are ints with bit c for card c.

    Attributes:
        seat: The seat to move; -1 when the match is over.
        phase: 0 to call or discard, 1 to take a card.
        asked: The seat to move as `to_move` says it.
        legal: Its legal actions.
        hands: The cards of each seat, at most 5.
        known: Of these, the cards that everyone saw the seat take and that it still holds.
        stock: Face-down cards; the next one is `stock[left - 1]`, entries from `left` on are spent.
        left: Number of cards in the stock.
        pile: The cards of the discard pile.
        laid: The newest discard as far as it still lies there, top last.
        offer: The cards of the pile that the seat to move may take this turn, first choice first.
        turn: Number of the turn in this round, from 1.
        opened: Seats that have dropped two or more cards at once, as bits.
        pools: The deck by the stock a card last lay in, oldest stock first: public, since reshuffles are.
        past: The actions of this round, two bytes each.
        draws: Cards each seat drew from the stock this round, a byte each.
        last: Who acted last, the action, its cards and flags; seat -1 at the start.
        rewards: What the last step credited.
        table: What changes only between rounds.
    """

    seat: int
    phase: int
    asked: tuple[int, ...]
    legal: tuple[int, ...]
    hands: tuple[int, ...]
    known: tuple[int, ...]
    stock: tuple[int, ...]
    left: int
    pile: int
    laid: tuple[int, ...]
    offer: tuple[int, ...]
    turn: int
    opened: int
    pools: tuple[int, ...]
    past: bytes
    draws: tuple[bytes, ...]
    last: tuple[int, int, tuple[int, ...], int]
    rewards: tuple[float, ...]
    table: Table
