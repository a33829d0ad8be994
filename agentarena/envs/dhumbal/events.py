"""What a step made known, as events with audiences."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event

from .cards import CALL, STOCK, bits, card_name
from .state import DEALT, ENDED, RESHUFFLED, UNKNOWN, State

__all__ = ["news"]


def news(state: State) -> tuple[Event, ...]:
    """The events of the step that led here, in order.

    reshuffle {seat}; discard {seat, cards}; draw {seat} and, for the seat alone, drawn {seat, card};
    pick {seat, card}; call {seat}; showdown (see `_showdown`); deal {round, first, up} and, for each seat alone,
    hand {seat, cards}.
    """
    seat, action, cards, flags = state.last
    events = [Event("reshuffle", {"seat": seat})] if flags & RESHUFFLED else []
    if action >= 0:
        events.extend(_move(seat, action, cards))
    if flags & ENDED:
        events.append(_showdown(state))
    if flags & DEALT:
        events.extend(_deal(state))
    return tuple(events)


def _move(seat: int, action: int, cards: tuple[int, ...]) -> list[Event]:
    if action == CALL:
        return [Event("call", {"seat": seat})]
    if action == STOCK:
        private = [Event("drawn", {"seat": seat, "card": card_name(cards[0])}, (seat,))] if cards[0] != UNKNOWN else []
        return [Event("draw", {"seat": seat}), *private]
    if STOCK < action < STOCK + 6:
        return [Event("pick", {"seat": seat, "card": card_name(cards[0])})]
    return [Event("discard", {"seat": seat, "cards": [card_name(card) for card in cards]})]


def _showdown(state: State) -> Event:
    """{round, how, caller, winner, hands, values, payments, purses, turns}; caller is null when nobody called."""
    shown = state.table.shown
    assert shown is not None
    data: dict[str, Any] = {
        "round": state.table.number - (state.last[3] & DEALT > 0),
        "how": shown.how,
        "caller": None if shown.caller < 0 else shown.caller,
        "winner": shown.winner,
        "hands": [[card_name(card) for card in bits(hand)] for hand in shown.hands],
        "values": list(shown.values),
        "payments": list(shown.payments),
        "purses": list(state.table.purses),
        "turns": shown.turns,
    }
    return Event("showdown", data)


def _deal(state: State) -> list[Event]:
    table = state.table
    public = Event("deal", {"round": table.number, "first": table.first, "players": list(table.alive), "up": card_name(table.up)})
    private = [
        Event("hand", {"seat": seat, "cards": [card_name(card) for card in bits(table.deal[seat])]}, (seat,))
        for seat in table.alive
        if table.deal[seat]
    ]
    return [public, *private]
