"""News: what the customer wants, each command with what came of it, and the purchase."""

from __future__ import annotations

from agentarena.core.events import Event

from .rules.session import purchase
from .rules.store import Store
from .state import DONE, State

__all__ = ["news"]


def news(store: Store, state: State) -> tuple[Event, ...]:
    """What the step that led here made known."""
    if not state.turn:
        return (Event("goal", {"goal": state.goal, "instruction": store.goal_of(state.goal).instruction}),)
    command = Event("command", {"command": state.command, "parse_ok": state.parsed, "action_valid": state.valid})
    if state.place.page != DONE or not state.valid:
        return (command,)
    product, result = store.catalogue.product(state.place.product), purchase(store, state)
    bought = {
        "asin": product.asin,
        "price": product.price,
        "options": dict(state.place.chosen),
        "reward": result.total,
        "attributes": result.attributes,
        "options_matched": result.options,
        "price_ok": result.price,
        "type": result.type,
    }
    return (command, Event("purchase", bought))
