"""What a move of Hanabi made known, as events with audiences. A card is [colour, rank], both from 0."""

from __future__ import annotations

from agentarena.core.events import Event

from .actions import hints_of
from .options import HanabiOptions
from .rules import named_cards
from .state import State

__all__ = ["news"]


def news(options: HanabiOptions, state: State) -> tuple[Event, ...]:
    """The events of the move that led here.

    At the start, for each seat: deal {seat, cards} to all others. Then hint {seat, target, color or rank, cards}, where
    cards are positions; play {seat, position, card, success} or discard {seat, position, card}, and draw {seat, card}
    to all others.
    """
    if not state.moves:
        return tuple(
            Event("deal", {"seat": seat, "cards": [_card(options, state.deck[place]) for place in hand]}, _others(options, seat))
            for seat, hand in enumerate(state.hands)
        )
    mover, action = (len(state.moves) - 1) % options.players, state.moves[-1]
    if action >= 2 * options.hand:
        return (_hint(options, state, mover, action),)
    playing, slot = divmod(action, options.hand)
    data = {"seat": mover, "position": slot, "card": _card(options, state.deck[state.used[-1]])}
    used = Event("play", {**data, "success": state.reward > 0}) if playing else Event("discard", data)
    if len(state.hands[mover]) < options.hand:
        return (used,)
    return (used, Event("draw", {"seat": mover, "card": _card(options, state.deck[state.drawn - 1])}, _others(options, mover)))


def _hint(options: HanabiOptions, state: State, mover: int, action: int) -> Event:
    offset, what = hints_of(options).decode(action)
    named = {"color": what} if what < options.colors else {"rank": what - options.colors}
    target = (mover + offset) % options.players
    return Event("hint", {"seat": mover, "target": target, **named, "cards": list(named_cards(options, state))})


def _card(options: HanabiOptions, kind: int) -> list[int]:
    return list(divmod(kind, options.ranks))


def _others(options: HanabiOptions, seat: int) -> tuple[int, ...]:
    return tuple(other for other in range(options.players) if other != seat)
