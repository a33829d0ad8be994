"""The arrays of matches under the array rules, and one of them as a state of the scalar rules.

Axis letters as in `batch`. Sets of cards are int64 with bit c for card c; lists of cards end in -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agentarena.envs.dhumbal.actions import STOCK, TAKES, deck_of
from agentarena.envs.dhumbal.options import HAND, DhumbalOptions
from agentarena.envs.dhumbal.state import Hands, Move, Piles, Showdown, State, Table, mask_of

from .tables import Tables

__all__ = ["EMPTY", "HOW", "Matches", "blank", "scalar_state"]

EMPTY = "empty"
HOW = ("call", EMPTY, "turns", "stock")
"""How a round ended, by the number that `Matches.how` holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """B matches. Shapes are (B,) and entries int64 where nothing else is said; what parts mean is said in `state`.

    Attributes:
        seat, taking, turn: As in `State`; `taking` is bool.
        steps: Actions of this round.
        hands, known: Sets, (B, S).
        dropped: (B, S), bool.
        stock, left, stocked: The stock, (B, D) int8; its cards that are left, and those it had.
        pool: The cards of this stock, a set.
        ages: In which stock of the round each card lay last, (B, D) uint8.
        discards, laid: Sets: the pile, and the newest discard as far as it still lies there.
        newest, newest_count: The same discard from bottom to top, (B, 5) int8, and its number of cards.
        offer: What may be taken, (B, F) int8.
        last_seat, last_action, last_cards, reshuffled, ended, dealt: The last step; the cards are (B, 5) int8, the last three bool.
        number, first, up: Of the round.
        purses, alive, deal: (B, S) int64, bool and sets.
        how, caller, winner, turns: The last showdown; `how` is -1 before the first.
        shown, values, payments: (B, S), of the last showdown.
        paid: Whether the step that led here ended a round, bool.
        actions: The actions of this round, (B, 2 * turn_cap) int16; no columns without history. So are the next three.
        draws, drawn: Cards drawn from the stock in this round, (B, turn_cap) int8, and their number, (B,).
        past: What the seats remember of the finished rounds, (B, 1) object.
    """

    seat: np.ndarray
    taking: np.ndarray
    turn: np.ndarray
    steps: np.ndarray
    hands: np.ndarray
    known: np.ndarray
    dropped: np.ndarray
    stock: np.ndarray
    left: np.ndarray
    stocked: np.ndarray
    pool: np.ndarray
    ages: np.ndarray
    discards: np.ndarray
    laid: np.ndarray
    newest: np.ndarray
    newest_count: np.ndarray
    offer: np.ndarray
    last_seat: np.ndarray
    last_action: np.ndarray
    last_cards: np.ndarray
    reshuffled: np.ndarray
    ended: np.ndarray
    dealt: np.ndarray
    number: np.ndarray
    first: np.ndarray
    up: np.ndarray
    purses: np.ndarray
    alive: np.ndarray
    deal: np.ndarray
    how: np.ndarray
    caller: np.ndarray
    winner: np.ndarray
    turns: np.ndarray
    shown: np.ndarray
    values: np.ndarray
    payments: np.ndarray
    paid: np.ndarray
    actions: np.ndarray
    draws: np.ndarray
    drawn: np.ndarray
    past: np.ndarray


def blank(options: DhumbalOptions, tables: Tables, size: int, history: bool) -> Matches:
    """Matches before their first deal."""
    n, cap = options.players, options.turn_cap if history else 0

    def full(value: int, *shape: int, dtype: type = np.int64) -> np.ndarray:
        return np.full((size, *shape), value, dtype)

    zeros = ("turn", "steps", "left", "stocked", "pool", "discards", "laid", "newest_count", "first", "up", "turns", "drawn")
    past = np.empty((size, 1 if history else 0), object)
    for row in range(size if history else 0):
        past[row, 0] = ((),) * n
    return Matches(
        **{name: full(0) for name in zeros},
        **{name: full(-1) for name in ("seat", "last_seat", "last_action", "how", "caller", "winner")},
        **{name: full(0, dtype=np.bool_) for name in ("taking", "reshuffled", "ended", "dealt", "paid")},
        **{name: full(0, n) for name in ("hands", "known", "deal", "shown", "values", "payments")},
        number=full(1),
        dropped=full(0, n, dtype=np.bool_),
        alive=full(1, n, dtype=np.bool_),
        purses=full(options.coins if options.scoring == "coins" else 0, n),
        stock=full(0, tables.size, dtype=np.int8),
        ages=full(0, tables.size, dtype=np.uint8),
        newest=full(-1, HAND, dtype=np.int8),
        last_cards=full(-1, HAND, dtype=np.int8),
        offer=full(-1, tables.offers, dtype=np.int8),
        actions=full(0, 2 * cap, dtype=np.int16),
        draws=full(0, cap, dtype=np.int8),
        past=past,
    )


# --- one match as a scalar state --------------------------------------------------------------------------------------


def scalar_state(options: DhumbalOptions, matches: Matches, row: int) -> State:
    """The scalar state of one match; without history its actions, draws and memories are empty."""
    seat, taking = int(matches.seat[row]), bool(matches.taking[row])
    offer = _cards(matches.offer[row])
    hands = _ints(matches.hands[row])
    legal: tuple[int, ...] = ()
    if seat >= 0:
        legal = TAKES[len(offer)] if taking else deck_of(options).moves(hands[seat], options.threshold)
    stocked, left = int(matches.stocked[row]), int(matches.left[row])
    table = _table(options, matches, row)
    actions = matches.actions[row, : int(matches.steps[row])].tolist() if matches.actions.shape[1] else []
    return State(
        seat=seat,
        taking=taking,
        turn=int(matches.turn[row]),
        legal=legal,
        hands=Hands(hands, _ints(matches.known[row]), mask_of(np.flatnonzero(matches.dropped[row]).tolist())),
        piles=Piles(
            stock=tuple(matches.stock[row, :stocked].tolist()),
            left=left,
            pools=_pools(matches, row),
            discards=int(matches.discards[row]),
            newest=_cards(matches.newest[row]),
            offer=offer,
        ),
        actions=b"".join(action.to_bytes(2, "big") for action in actions),
        draws=_draws(matches, row, actions, table),
        last=Move(
            seat=int(matches.last_seat[row]),
            action=int(matches.last_action[row]),
            cards=_cards(matches.last_cards[row]),
            reshuffled=bool(matches.reshuffled[row]),
            ended=bool(matches.ended[row]),
            dealt=bool(matches.dealt[row]),
        ),
        table=table,
    )


def _table(options: DhumbalOptions, matches: Matches, row: int) -> Table:
    seats = range(options.players)
    alive = tuple(np.flatnonzero(matches.alive[row]).tolist())
    showdown = None
    if matches.how[row] >= 0:
        showdown = Showdown(
            how=HOW[matches.how[row]],
            caller=int(matches.caller[row]),
            winner=int(matches.winner[row]),
            hands=_ints(matches.shown[row]),
            values=_ints(matches.values[row]),
            payments=_ints(matches.payments[row]),
            turns=int(matches.turns[row]),
        )
    return Table(
        number=int(matches.number[row]),
        first=int(matches.first[row]),
        purses=_ints(matches.purses[row]),
        alive=alive,
        next_seat=tuple(next((other for other in alive if other > seat), alive[0]) for seat in seats),
        deal=_ints(matches.deal[row]),
        up=int(matches.up[row]),
        showdown=showdown,
        memories=matches.past[row, 0] if matches.past.shape[1] else ((),) * options.players,
    )


def _pools(matches: Matches, row: int) -> tuple[int, ...]:
    ages = matches.ages[row]
    return tuple(mask_of(np.flatnonzero(ages == age).tolist()) for age in np.unique(ages).tolist())


def _draws(matches: Matches, row: int, actions: list[int], table: Table) -> tuple[bytes, ...]:
    """The cards that each seat drew, in order: every second action of a round takes a card."""
    out, seat, number = [b""] * len(table.purses), table.first, 0
    for action in actions[1::2]:
        if action == STOCK:
            out[seat] += bytes((int(matches.draws[row, number]),))
            number += 1
        seat = table.next_seat[seat]
    return tuple(out)


def _ints(values: np.ndarray) -> tuple[int, ...]:
    return tuple(values.tolist())


def _cards(cards: np.ndarray) -> tuple[int, ...]:
    return tuple(card for card in cards.tolist() if card >= 0)
