"""What can be clicked on a page, and which commands are admissible."""

from __future__ import annotations

import re
from functools import cached_property

from agentarena.core.actions import Text
from agentarena.envs.shop.actions import BACK, BUY, MAX_CHARS, NEXT, PREVIOUS, TABS
from agentarena.envs.shop.state import DONE, INDEX, ITEM, RESULTS, TAB, Place, State

from .store import Store

__all__ = ["PER_PAGE", "Commands", "admissible", "labels", "page_of_results"]

PER_PAGE = 10
"""Products on a page of results."""
_PRICE = re.compile(r", and price lower than [\d.]+ dollars$")
_ON_TABS = {BACK: ("button", BACK), PREVIOUS: ("button", PREVIOUS)}
_ON_ITEMS = {
    shown: {**_ON_TABS, **{label: ("tab", label) for label in TABS[: 4 if shown else 3]}, BUY: ("button", BUY)} for shown in (False, True)
}


def page_of_results(place: Place) -> tuple[int, ...]:
    """The products on the page of results that is open; `()` beyond the last."""
    first = (place.results_page - 1) * PER_PAGE
    return place.results[first : first + PER_PAGE]


def labels(store: Store, place: Place) -> dict[str, tuple[str, str]]:
    """What can be clicked on a page, in lower case, and what for: ("button", its label), ("tab", its label), ("option", its name) or ("product", "").

    Of equal labels the last counts, as in the original: of equal values of two options only one can be reached.
    """
    page = place.page
    if page == RESULTS:
        clickable = {BACK: ("button", BACK)}
        if place.results_page > 1:
            clickable[PREVIOUS] = ("button", PREVIOUS)
        clickable[NEXT] = ("button", NEXT)
        product = store.catalogue.product
        for number in page_of_results(place):
            clickable[product(number).asin.lower()] = ("product", "")
        return clickable
    if page == TAB:
        return dict(_ON_TABS)
    if page != ITEM:
        return {}
    clickable = dict(_ON_ITEMS[store.attributes_tab])
    for name, values in store.catalogue.product(place.product).options:
        for value in values:
            clickable[value] = ("option", name)
    return clickable


def admissible(store: Store, state: State) -> tuple[str, ...]:
    """The commands that surely do something: a click on each label; on the first page searches for the instruction, whole and without its price."""
    page = state.place.page
    if page == DONE:
        return ()
    if page != INDEX:
        return tuple([f"click[{label}]" for label in labels(store, state.place)])
    instruction = store.goal_of(state.goal).instruction
    queries = dict.fromkeys((instruction, _PRICE.sub("", instruction)))
    return tuple([f"search[{query[: MAX_CHARS - 8].lower()}]" for query in queries])


class Commands(Text):
    """Any words of bounded length; the admissible commands are the suggestions, worked out when they are looked at."""

    def __init__(self, store: Store, state: State) -> None:
        self.max_chars = MAX_CHARS
        self._store, self._state = store, state

    @cached_property
    def suggestions(self) -> tuple[str, ...]:  # type: ignore[override]  # worked out, not stored
        return admissible(self._store, self._state)
