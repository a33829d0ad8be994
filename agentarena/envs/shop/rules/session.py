"""What a command does."""

from __future__ import annotations

import numpy as np

from agentarena.core.frozen import replacer
from agentarena.envs.shop.actions import BACK, BUY, NEXT, PREVIOUS, Command, parse
from agentarena.envs.shop.engine.search import MOST_RESULTS
from agentarena.envs.shop.state import DONE, INDEX, ITEM, RESULTS, TAB, Place, State, make_place, make_state

from .clicks import labels
from .reward import Reward, reward
from .store import Store

__all__ = ["after", "is_over", "purchase"]

_with = replacer(Place)
_SPECIAL = ("<r>", "<a>", "<c>", "<q>")
_MOST_QUERIES = 512
"""Queries whose results are remembered."""
_MOST_SCANNED = 100_000
"""Products that a special query looks at."""


def is_over(store: Store, state: State) -> bool:
    """Whether the visit has ended: by a purchase, or because the commands are used up."""
    return state.turn >= store.max_steps or (state.place.page == DONE and not store.buy_again)


def after(store: Store, state: State, text: str, rng: np.random.Generator) -> State:
    """The state after a command. One that is unknown, or names nothing on the page, leaves the page as it is."""
    command = parse(text)
    place = state.place
    visited, earned, valid = state.visited, 0.0, False
    if command.name == "search":
        valid = place.page == INDEX
        place = make_place(RESULTS, _results(store, command.argument, rng), 1)
    elif command.name == "click":
        kind, what = labels(store, place).get(command.argument, ("", ""))
        valid = kind != ""
        if kind == "product":
            number = store.catalogue.find(command.argument)
            assert number is not None
            place = _with(place, page=ITEM, product=number)
            visited = visited if number in visited else (*visited, number)
        elif kind == "button" and what == BUY:
            earned = purchase(store, state).total
            place = _with(place, page=DONE)
        elif kind:
            place = _clicked(place, kind, what, command.argument)
    return make_state(
        state.goal, place, visited, state.turn + 1, text, command != Command("", "") and command.name in _NAMES, valid, earned
    )


_NAMES = ("search", "click")


def _clicked(place: Place, kind: str, what: str, label: str) -> Place:
    """The page after a click that neither opens a product nor buys it."""
    if kind == "option":
        return _with(place, chosen=tuple({**dict(place.chosen), what: label}.items()))
    if kind == "tab":
        return _with(place, page=TAB, tab=what)
    if what == BACK:
        return Place()
    if what == NEXT:
        return _with(place, results_page=place.results_page + 1)
    assert what == PREVIOUS
    if place.page == RESULTS:
        return _with(place, results_page=place.results_page - 1)
    if place.page == TAB:
        return _with(place, page=ITEM, tab="")
    return _with(place, page=RESULTS, product=-1, chosen=())


def purchase(store: Store, state: State) -> Reward:
    """What buying the product that is open would earn, with the options that are chosen."""
    product = store.catalogue.product(state.place.product)
    goal = store.goal_of(state.goal)
    return reward(
        goal.as_dict(store.catalogue.product(goal.product)),
        product.as_dict(),
        dict(state.place.chosen),
        product.price,
        nouns=store.noun_finder,
        original_options=store.original_options,
    )


def _results(store: Store, query: str, rng: np.random.Generator) -> tuple[int, ...]:
    if store.special_queries and query.split(" ")[0] in _SPECIAL:
        return _special(store, query, rng)
    cache = store.queries
    results = cache.get(query)
    if results is None:
        if len(cache) >= _MOST_QUERIES:
            cache.clear()
        results = cache[query] = store.catalogue.index.search(query)
    return results


def _special(store: Store, query: str, rng: np.random.Generator) -> tuple[int, ...]:
    """What the original finds past its search engine: random products, or those of an attribute, a category or a query: the first fifty, among
    the first hundred thousand."""
    kind, *terms = query.split(" ")
    catalogue = store.catalogue
    if kind == "<r>":
        return tuple(rng.permutation(len(catalogue))[:MOST_RESULTS].tolist())
    words = " ".join(terms).strip()
    hits: list[int] = []
    for number in range(min(len(catalogue), _MOST_SCANNED)):
        product = catalogue.product(number)
        values = {"<a>": product.attributes, "<c>": (product.category,), "<q>": (product.query,)}[kind]
        if words in values:
            hits.append(number)
            if len(hits) == MOST_RESULTS:
                break
    return tuple(hits)
