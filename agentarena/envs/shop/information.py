"""What trainers may know of a visit, a key of what is on the screen, and states as bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from agentarena.core.errors import UsageError

from .rules.clicks import labels
from .rules.session import is_over
from .rules.store import Store
from .state import DONE, INDEX, Place, State

__all__ = ["anchor", "diagnostics", "pack", "unpack"]

_PAGES = ("index", "results", "item", "tab", "done")


def anchor(state: State) -> str:
    """A key of what is on the screen, whatever led there: the same for equal pages of one goal. It is what GiGPO groups turns by."""
    return hashlib.blake2b(repr((state.goal, state.place)).encode(), digest_size=8).hexdigest()


def diagnostics(store: Store, state: State) -> dict[str, Any]:
    """What trainers may know of a state; it tells things that no customer can see. The names are the same at all times."""
    goal = store.goal_of(state.goal)
    bought = state.place.page == DONE
    return {
        "won": bought and state.earned == 1.0,
        "score": state.earned,
        "bought": bought,
        "action_valid": state.valid,
        "parse_ok": state.parsed,
        "state_hash": anchor(state),
        "goal_id": state.goal,
        "page": _PAGES[state.place.page],
        "available_actions": {
            "has_search_bar": state.place.page == INDEX and not is_over(store, state),
            "clickables": [] if is_over(store, state) else list(labels(store, state.place)),
        },
        "difficulty": {
            "siblings": goal.difficulty,
            "attributes": len(goal.attributes),
            "options": len(goal.options),
            "price_cap": goal.cap,
            "products": len(store.catalogue),
        },
    }


# --- bytes ------------------------------------------------------------------------------------------------------------


def pack(state: State) -> bytes:
    """The state as bytes; equal states give equal bytes."""
    place = state.place
    parts = [place.page, place.results, place.results_page, place.product, place.tab, place.chosen]
    rest = [state.visited, state.turn, state.command, state.parsed, state.valid, state.earned]
    return json.dumps([state.goal, parts, rest]).encode()


def unpack(store: Store, data: bytes) -> State:
    """The inverse of `pack`.

    Raises:
        UsageError: The bytes are no state of this shop.
    """
    try:
        goal, (page, results, results_page, product, tab, chosen), (visited, turn, command, parsed, valid, earned) = json.loads(data)
        products = [*results, *visited, *([product] if product >= 0 else [])]
        if not 0 <= goal < len(store.catalogue.order) or not all(0 <= one < len(store.catalogue) for one in products):
            raise ValueError("it is of another catalogue")
        options = tuple((str(name), str(value)) for name, value in chosen)
        place = Place(int(page), tuple(map(int, results)), int(results_page), int(product), str(tab), options)
        return State(int(goal), place, tuple(map(int, visited)), int(turn), str(command), bool(parsed), bool(valid), float(earned))
    except (ValueError, TypeError) as error:
        raise UsageError(f"these bytes are no state of the shop: {str(error)[:200]}") from None
