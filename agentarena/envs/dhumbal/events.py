"""What a step made known, as events with audiences."""

from __future__ import annotations

from agentarena.core.events import Event

from .actions import CALL, STOCK, is_discard
from .state import UNKNOWN, Move, State, Table, bits, card_name

__all__ = ["news"]


def news(state: State) -> tuple[Event, ...]:
    """The events of the step that led here, in order.

    reshuffle {seat}; discard {seat, cards}; draw {seat} and, for the seat alone, drawn {seat, card};
    pick {seat, card}; call {seat}; showdown (see `_showdown`); deal {round, first, players, up} and, for each seat
    alone, hand {seat, cards}.
    """
    last = state.last
    events = [Event("reshuffle", {"seat": last.seat})] if last.reshuffled else []
    if last.action >= 0:
        events += _move(last)
    if last.ended:
        events.append(_showdown(state))
    if last.dealt:
        events += _deal(state.table)
    return tuple(events)


def _move(last: Move) -> list[Event]:
    seat = last.seat
    if is_discard(last.action):
        return [Event("discard", {"seat": seat, "cards": [card_name(card) for card in last.cards]})]
    if last.action == CALL:
        return [Event("call", {"seat": seat})]
    card = last.cards[0]
    if last.action != STOCK:
        return [Event("pick", {"seat": seat, "card": card_name(card)})]
    drawn = [Event("drawn", {"seat": seat, "card": card_name(card)}, (seat,))] if card != UNKNOWN else []
    return [Event("draw", {"seat": seat}), *drawn]


def _showdown(state: State) -> Event:
    """{round, how, caller, winner, hands, values, payments, purses, turns}; caller is null when nobody called."""
    showdown = state.table.showdown
    assert showdown is not None
    return Event(
        "showdown",
        {
            "round": state.table.number - state.last.dealt,
            "how": showdown.how,
            "caller": None if showdown.caller < 0 else showdown.caller,
            "winner": showdown.winner,
            "hands": [[card_name(card) for card in bits(hand)] for hand in showdown.hands],
            "values": list(showdown.values),
            "payments": list(showdown.payments),
            "purses": list(state.table.purses),
            "turns": showdown.turns,
        },
    )


def _deal(table: Table) -> list[Event]:
    public = Event("deal", {"round": table.number, "first": table.first, "players": list(table.alive), "up": card_name(table.up)})
    private = [
        Event("hand", {"seat": seat, "cards": [card_name(card) for card in bits(table.deal[seat])]}, (seat,))
        for seat in table.alive
        if table.deal[seat]
    ]
    return [public, *private]
