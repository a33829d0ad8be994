"""The rules of Dhumbal in the order of play: the deal, a turn (call or discard, then take a card), the showdown, the next round.

Every function takes the options and returns a new value.
"""

from __future__ import annotations

import numpy as np

from .actions import CALL, STOCK, TAKE, TAKES, deck_of
from .options import HAND, DhumbalOptions
from .state import (
    Hands,
    Move,
    Piles,
    Showdown,
    State,
    Table,
    mask_of,
    new_move,
    replace_hands,
    replace_move,
    replace_piles,
    replace_state,
    replace_table,
    shuffled,
)

__all__ = ["memories", "memory", "offered", "start", "step"]

_ACTION_BYTES = tuple(action.to_bytes(2, "big") for action in range(2048))
_CARD_BYTES = tuple(bytes((card,)) for card in range(54))


def _with(values: tuple[int, ...], seat: int, value: int) -> tuple[int, ...]:
    """`values` with the entry of one seat replaced."""
    return (*values[:seat], value, *values[seat + 1 :])


# --- the deal -------------------------------------------------------------------------------------------------------


def start(options: DhumbalOptions, rng: np.random.Generator) -> State:
    """The first round is dealt; everyone has the same stake."""
    first = 0 if options.starter == "fixed" else int(rng.integers(options.players))
    everyone = tuple(range(options.players))
    stake = options.coins if options.scoring == "coins" else 0
    table = Table(
        number=1,
        first=first,
        purses=(stake,) * options.players,
        alive=everyone,
        next_seat=(),
        deal=(),
        up=0,
        showdown=None,
        memories=((),) * options.players,
    )
    return deal(options, table, Move(seat=-1, action=-1, cards=(), dealt=True), rng)


def deal(options: DhumbalOptions, table: Table, last: Move, rng: np.random.Generator) -> State:
    """Five cards to each seat that is in the round, one at a time, and one card turned up to open the pile."""
    pack, alive = deck_of(options), table.alive
    cards = shuffled(pack.all, rng)
    left = pack.size - HAND * len(alive) - 1
    hands = [0] * options.players
    for place, seat in enumerate(alive):
        hands[seat] = mask_of(cards[left + 1 + place :: len(alive)])
    up, seats = cards[left], range(options.players)
    table = replace_table(table, next_seat=tuple(_next_alive(seat, alive) for seat in seats), deal=tuple(hands), up=up)
    return State(
        seat=table.first,
        taking=False,
        turn=1,
        legal=pack.moves(hands[table.first], options.threshold),
        hands=Hands(cards=tuple(hands), known=(0,) * options.players, dropped=0),
        piles=Piles(stock=tuple(cards[:left]), left=left, pools=(pack.all,), discards=1 << up, newest=(up,), offer=offered(options, (up,))),
        actions=b"",
        draws=(b"",) * options.players,
        last=last,
        table=table,
    )


def offered(options: DhumbalOptions, newest: tuple[int, ...]) -> tuple[int, ...]:
    """The cards of the previous discard that the next seat may take, first choice first."""
    if options.pickup in ("own_top", "stock"):
        return ()
    if options.pickup == "ends" and len(newest) > 1:
        return (newest[-1], newest[0])
    return newest[::-1] if options.pickup == "any" else newest[-1:]


# --- a turn -----------------------------------------------------------------------------------------------------------


def step(options: DhumbalOptions, state: State, action: int, rng: np.random.Generator) -> State:
    """The seat to move plays a legal action."""
    if state.taking:
        return _take(options, state, action, rng)
    if action == CALL:
        return _call(options, state, rng)
    return _discard(options, state, action, rng)


def _call(options: DhumbalOptions, state: State, rng: np.random.Generator) -> State:
    """The seat says that its hand is the lowest: the round is over."""
    called = replace_state(state, actions=state.actions + _ACTION_BYTES[CALL], last=Move(seat=state.seat, action=CALL, cards=()))
    return _end_round(options, called, "call", state.seat, state.turn, rng)


def _discard(options: DhumbalOptions, state: State, action: int, rng: np.random.Generator) -> State:
    """The cards go from the hand to the top of the pile; the seat then takes a card, unless its hand is empty."""
    seat, hands, piles = state.seat, state.hands, state.piles
    cards, mask = deck_of(options).thrown(action, hands.cards[seat])
    hand = hands.cards[seat] ^ mask
    known = hands.known
    if known[seat] & mask:
        known = _with(known, seat, known[seat] & ~mask)
    dropped = hands.dropped | 1 << seat if len(cards) > 1 else hands.dropped
    offer = cards[-1:] if options.pickup == "own_top" else piles.offer
    if options.pickup_after > 1 and not dropped >> seat & 1:
        offer = ()
    after = replace_state(
        state,
        taking=True,
        legal=TAKES[len(offer)],
        hands=replace_hands(hands, cards=_with(hands.cards, seat, hand), known=known, dropped=dropped),
        piles=replace_piles(piles, discards=piles.discards | mask, newest=cards, offer=offer),
        actions=state.actions + _ACTION_BYTES[action],
        last=new_move(seat=seat, action=action, cards=cards),
    )
    if not hand and options.empty == "ends":
        return _end_round(options, after, "empty", seat, state.turn, rng)
    return after


def _take(options: DhumbalOptions, state: State, action: int, rng: np.random.Generator) -> State:
    """A card comes to the hand, from the stock or from the pile, and the next seat's turn begins."""
    seat, hands, piles, draws = state.seat, state.hands, state.piles, state.draws
    known, reshuffled = hands.known, False
    if action == STOCK:
        if not piles.left:
            piles, reshuffled = _refilled(options, piles, rng), True
        left, discards, newest = piles.left - 1, piles.discards, piles.newest
        card = piles.stock[left]
        draws = (*draws[:seat], draws[seat] + _CARD_BYTES[card], *draws[seat + 1 :])
    else:
        card = piles.offer[action - TAKE]
        left, discards, newest = piles.left, piles.discards ^ 1 << card, piles.newest
        known = _with(known, seat, known[seat] | 1 << card)
        if newest[-1] == card:
            newest = newest[:-1]
    held = _with(hands.cards, seat, hands.cards[seat] | 1 << card)
    following = state.table.next_seat[seat]
    after = replace_state(
        state,
        seat=following,
        taking=False,
        turn=state.turn + 1,
        legal=deck_of(options).moves(held[following], options.threshold),
        hands=replace_hands(hands, cards=held, known=known),
        piles=replace_piles(piles, left=left, discards=discards, newest=newest, offer=offered(options, newest)),
        actions=state.actions + _ACTION_BYTES[action],
        draws=draws,
        last=new_move(seat=seat, action=action, cards=(card,), reshuffled=reshuffled),
    )
    if state.turn >= options.turn_cap:
        return _end_round(options, after, "turns", -1, state.turn, rng)
    if not left and not options.reshuffle:
        return _end_round(options, after, "stock", -1, state.turn, rng)
    return after


def _refilled(options: DhumbalOptions, piles: Piles, rng: np.random.Generator) -> Piles:
    """The pile but for its top card (where more is on offer, its top discard) is shuffled and becomes the stock.

    There is always enough: with at most 5 cards in each of 7 hands, 17 or more lie on the pile.
    """
    newest = piles.newest if options.pickup in ("ends", "any") else piles.newest[-1:]
    turned = piles.discards & ~mask_of(newest)
    stock = tuple(shuffled(turned, rng))
    older = [pool & ~turned for pool in piles.pools]
    return replace_piles(
        piles, stock=stock, left=len(stock), pools=(*filter(None, older), turned), discards=piles.discards ^ turned, newest=newest
    )


# --- the showdown -----------------------------------------------------------------------------------------------------


def _settle(options: DhumbalOptions, state: State, how: str, caller: int, turns: int) -> Showdown:
    """Compare the hands and work out the payments.

    The caller wins only when uniquely lowest; on a tie or a lower hand elsewhere, the winner is the first other seat
    with the lowest hand, in the order of option `ties`. A round that ends by the turn cap or the stock has no caller
    (-1): by option `forced` the first seat with the lowest hand counts as one, or nobody does.
    """
    alive, hands = state.table.alive, state.hands.cards
    values = tuple(map(deck_of(options).value, hands))
    least = min(values[seat] for seat in alive)
    lowest = [seat for seat in _tie_order(options, alive, state.seat if caller < 0 else caller + 1) if values[seat] == least]
    if caller < 0 and options.forced == "caller":
        caller = lowest[0]
    others = [seat for seat in lowest if seat != caller]
    winner = others[0] if others else caller
    payments = (
        _coin_payments(caller, winner, values, alive)
        if options.scoring == "coins"
        else _point_payments(options, caller, winner, values, state.table)
    )
    return Showdown(how=how, caller=caller, winner=winner, hands=hands, values=values, payments=payments, turns=turns)


def _tie_order(options: DhumbalOptions, alive: tuple[int, ...], first: int) -> tuple[int, ...]:
    """The seats in the order in which the first of equals wins: by number, or in turn order from `first`."""
    if options.ties == "seat":
        return alive
    return tuple(sorted(alive, key=lambda seat: (seat - first) % options.players))


def _coin_payments(caller: int, winner: int, values: tuple[int, ...], alive: tuple[int, ...]) -> tuple[int, ...]:
    """A winning caller gets from each other seat that seat's hand; a failed caller pays the winner all hands together."""
    payments = [0] * len(values)
    if caller < 0:
        return tuple(payments)
    if caller == winner:
        for seat in alive:
            payments[seat] = -values[seat]
        payments[caller] = sum(values) - values[caller]
    else:
        payments[caller] = -sum(values)
        payments[winner] = sum(values)
    return tuple(payments)


def _point_payments(options: DhumbalOptions, caller: int, winner: int, values: tuple[int, ...], table: Table) -> tuple[int, ...]:
    """Points collected, times -1: 0 for a winning caller, hand and penalty for a failed one, their hand for the others."""
    payments = []
    for seat, before in enumerate(table.purses):
        if seat not in table.alive or seat == caller == winner:
            points = 0
        else:
            points = values[seat] + (options.penalty if seat == caller else 0)
        after = before + points
        if points and after == options.limit:
            after = {"out": after, "half": after // 2, "minus50": after - 50}[options.exact]
        payments.append(before - after)
    return tuple(payments)


# --- the next round ---------------------------------------------------------------------------------------------------


def _end_round(options: DhumbalOptions, state: State, how: str, caller: int, turns: int, rng: np.random.Generator) -> State:
    """Settle the round, then deal the next one or end the match."""
    table = state.table
    showdown = _settle(options, state, how, caller, turns)
    purses = _purses_after(options, table.purses, showdown.payments)
    alive = _survivors(options, purses, table.alive)
    table = replace_table(table, purses=purses, showdown=showdown, memories=memories(state))
    last = replace_move(state.last, ended=True)
    if table.number >= options.rounds or len(alive) < 2:
        return replace_state(state, seat=-1, taking=False, legal=(), piles=replace_piles(state.piles, offer=()), last=last, table=table)
    first = _next_first(options, table, alive, showdown.winner)
    return deal(options, replace_table(table, number=table.number + 1, first=first, alive=alive), replace_move(last, dealt=True), rng)


def _purses_after(options: DhumbalOptions, purses: tuple[int, ...], payments: tuple[int, ...]) -> tuple[int, ...]:
    """Coins or points after a round."""
    sign = 1 if options.scoring == "coins" else -1
    return tuple(purse + sign * payment for purse, payment in zip(purses, payments, strict=True))


def _survivors(options: DhumbalOptions, purses: tuple[int, ...], alive: tuple[int, ...]) -> tuple[int, ...]:
    """The seats that are dealt into another round; fewer than two end the match."""
    if options.scoring == "points":
        return tuple(seat for seat in alive if not options.limit or purses[seat] < options.limit)
    solvent = tuple(seat for seat in alive if purses[seat] > 0)
    return alive if options.broke == "plays" and len(solvent) > 1 else solvent


def _next_first(options: DhumbalOptions, table: Table, alive: tuple[int, ...], winner: int) -> int:
    """Who starts the next round."""
    if options.starter == "fixed":
        return alive[0]
    if options.starter == "winner":
        return winner if winner in alive else _next_alive(winner, alive)
    return _next_alive(table.first, alive)


def _next_alive(seat: int, alive: tuple[int, ...]) -> int:
    """The first seat after `seat`, in turn order, that is in `alive`."""
    return next((other for other in alive if other > seat), alive[0])


# --- what seats remember ----------------------------------------------------------------------------------------------


def memory(state: State, seat: int) -> str:
    """What the seat remembers of the round so far: all public moves, its own deal and draws."""
    table = state.table
    return f"{table.first}|{table.up}|{table.deal[seat]:x}|{state.draws[seat].hex()}|{state.actions.hex()}"


def memories(state: State) -> tuple[tuple[str, ...], ...]:
    """What each seat remembers of all rounds, the one that has just ended with all hands shown included."""
    hands = ",".join(f"{hand:x}" for hand in state.hands.cards)
    return tuple((*earlier, f"{memory(state, seat)}|{hands}") for seat, earlier in enumerate(state.table.memories))
