"""The state of a visit to the shop."""

from __future__ import annotations

from dataclasses import dataclass

from agentarena.core.frozen import constructor

__all__ = ["DONE", "INDEX", "ITEM", "RESULTS", "TAB", "Place", "State", "make_place", "make_state"]

INDEX, RESULTS, ITEM, TAB, DONE = range(5)
"""Kinds of pages: the search bar, results, a product, one of its tabs, the end."""


@dataclass(frozen=True, slots=True)
class Place:
    """The page that is open.

    Attributes:
        page: Its kind.
        results: Products that the last search found, best first.
        results_page: Page of the results, from 1; 0 before the first search.
        product: The product that is open; -1 for none.
        tab: The tab that is open, in lower case; "" for none.
        chosen: Options that are chosen, name and value, in the order in which they were first chosen.
    """

    page: int = INDEX
    results: tuple[int, ...] = ()
    results_page: int = 0
    product: int = -1
    tab: str = ""
    chosen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A visit.

    Attributes:
        goal: Number of the customer's goal in the catalogue.
        place: The page that is open.
        visited: Products that were opened, each once.
        turn: Commands so far.
        command: The last command; "" at the start.
        parsed: Whether it had the form of one.
        valid: Whether it was among the admissible ones.
        earned: What it earned.
    """

    goal: int
    place: Place
    visited: tuple[int, ...] = ()
    turn: int = 0
    command: str = ""
    parsed: bool = True
    valid: bool = True
    earned: float = 0.0


make_place = constructor(Place)
make_state = constructor(State)
