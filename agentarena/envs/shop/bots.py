"""Reference players. They read the news and the admissible commands as data; none reads prose but for the instruction.

`shop/rule` is WebShop's rule: search for the instruction, open the first product, buy it. `shop/options` also chooses the options that the
instruction names. `shop/oracle` knows the catalogue, which is part of the rules, and buys what is wanted.
"""

from __future__ import annotations

import re
from typing import Any

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.errors import BadOption
from agentarena.core.game import Game

from .actions import BACK, BUY, MAX_CHARS, NEXT, PREVIOUS, TABS
from .game import Shop

__all__ = ["BOTS", "Options", "Oracle", "Rule"]

_BUTTONS = {f"click[{label}]" for label in (BACK, PREVIOUS, NEXT, BUY, *TABS)}
_PRICE = re.compile(r", and price lower than [\d.]+ dollars$")


class Rule(Agent):
    """Searches, opens a product of the first page, and buys it.

    Args:
        place: Which product of the page, from 1.
    """

    def __init__(self, place: int = 1) -> None:
        if isinstance(place, bool) or not isinstance(place, int) or not 1 <= place <= 10:
            raise BadOption(f"shop/rule: place is {place!r:.100}; allowed: 1 to 10")
        self.place = place

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if isinstance(game, Shop) else "it shops; play it in Shop-v0"

    def choose(self, view: View) -> Decision:
        for event in view.news:
            if event.kind == "goal":
                view.memory.update(goal=event.data["goal"], instruction=event.data["instruction"])
        commands = list(view.legal.suggestions)
        if f"click[{BUY}]" in commands:
            return self.option(view, [command for command in commands if command not in _BUTTONS]) or f"click[{BUY}]"
        if f"click[{NEXT}]" not in commands:
            return f"search[{self.query(view)}]"
        products = [command for command in commands if command not in _BUTTONS]
        return self.product(view, products)

    def query(self, view: View) -> str:
        """What to search for."""
        return _PRICE.sub("", view.memory["instruction"])[: MAX_CHARS - 8]

    def product(self, view: View, products: list[str]) -> str:
        """The product to open, of those on the page."""
        return products[min(self.place, len(products)) - 1] if products else f"click[{BACK}]"

    def option(self, view: View, options: list[str]) -> str | None:
        """The option to choose next; `None` when it is time to buy."""
        return None


class Options(Rule):
    """The rule, with the options that the instruction names."""

    def option(self, view: View, options: list[str]) -> str | None:
        clicked = view.memory.setdefault("clicked", [])
        instruction = view.memory["instruction"].lower()
        for command in options:
            value = command[len("click[") : -1]
            if command not in clicked and re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", instruction):
                clicked.append(command)
                return command
        return None


class Oracle(Rule):
    """Buys the product that is wanted: searches for its title and chooses the wanted options. The ceiling of every table."""

    def query(self, view: View) -> str:
        return self._target(view).title[: MAX_CHARS - 8]

    def product(self, view: View, products: list[str]) -> str:
        wanted = f"click[{self._target(view).asin.lower()}]"
        return wanted if wanted in products or not products else f"click[{NEXT}]"

    def option(self, view: View, options: list[str]) -> str | None:
        goal = self._store(view).goal_of(view.memory["goal"])
        clicked = view.memory.setdefault("clicked", [])
        values = goal.options.values() if hasattr(goal.options, "values") else goal.options
        wanted = [f"click[{value}]" for value in values]
        command = next((command for command in wanted if command in options and command not in clicked), None)
        if command:
            clicked.append(command)
        return command

    def _store(self, view: View) -> Shop:
        assert isinstance(view.game, Shop)
        return view.game

    def _target(self, view: View) -> Any:
        store = self._store(view)
        return store.catalogue.product(store.goal_of(view.memory["goal"]).product)


BOTS: dict[str, type[Agent]] = {"shop/rule": Rule, "shop/options": Options, "shop/oracle": Oracle}
"""Names of the reference players -> class."""
