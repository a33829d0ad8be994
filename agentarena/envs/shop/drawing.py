"""The shop as a screen: the instruction, then the search bar, results, a product with its options, one of its tabs, or the purchase.

What stands on a screen is what stands on the page in words (`rules.pages`): texts of products are data, which viewers escape.
"""

from __future__ import annotations

from typing import Any

from agentarena.core.screen import Block, Item, Screen, bounded

from .actions import BACK, BUY, NEXT, PREVIOUS, TABS
from .engine.catalogue import Product
from .rules.clicks import page_of_results
from .rules.pages import tab_texts
from .rules.session import purchase
from .state import DONE, INDEX, ITEM, RESULTS, State

__all__ = ["screen"]

_LABELS = {BACK: "Back to Search", PREVIOUS: "< Prev", NEXT: "Next >", BUY: "Buy Now"}


def screen(game: Any, state: State, seat: int) -> Screen:
    """The page that is open."""
    place = state.place
    blocks = [Block("text", (Item(game.goal_of(state.goal).instruction),), "Instruction")]
    if place.page == DONE:
        blocks += _receipt(game, state)
    elif place.page == INDEX:
        blocks.append(Block("field", title="Search", before="search[", after="]"))
    elif place.page == RESULTS:
        blocks += _results(game, state)
    else:
        product = game.catalogue.product(place.product)
        blocks += _item(game, state, product) if place.page == ITEM else _tab(place.tab, product)
    steps = Item("Commands used", f"{state.turn} of {game.max_steps}")
    return bounded(
        (*blocks, Block("facts", (steps, *([Item("The visit is over", "nothing was bought")] if game.truncated(state) else []))))
    )


def _button(label: str) -> Item:
    return Item(_LABELS.get(label, label.capitalize()), command=f"click[{label}]")


def _buttons(*labels: str) -> Block:
    return Block("buttons", tuple(map(_button, labels)))


def _results(game: Any, state: State) -> list[Block]:
    place = state.place
    products = [(number, game.catalogue.product(number)) for number in page_of_results(place)]
    entries = tuple(
        Item(product.title, f"{product.asin} · {product.price_tag}", f"click[{product.asin.lower()}]", number in state.visited)
        for number, product in products
    )
    title = f"Page {place.results_page}, {len(place.results)} results in all" if entries else "No more results"
    buttons = _buttons(BACK, *([PREVIOUS] if place.results_page > 1 else []), NEXT)
    return [buttons, Block("list", entries, title)]


def _item(game: Any, state: State, product: Product) -> list[Block]:
    chosen = dict(state.place.chosen)
    options = [
        Block("choice", tuple(Item(value, command=f"click[{value}]", on=chosen.get(name) == value) for value in values), name)
        for name, values in product.options
    ]
    facts = Block("facts", (Item("Price", product.price_tag), Item("Rating", "N.A."), Item("Number", product.asin)))
    tabs = _buttons(*(TABS if game.attributes_tab else TABS[:3]))
    return [_buttons(BACK, PREVIOUS), Block("text", title=product.title), facts, *options, tabs, _buttons(BUY)]


def _tab(tab: str, product: Product) -> list[Block]:
    texts = tuple(map(Item, tab_texts(tab, product))) or (Item("There is nothing here."),)
    return [_buttons(BACK, PREVIOUS), Block("text", title=product.title), Block("text", texts, tab.capitalize())]


def _receipt(game: Any, state: State) -> list[Block]:
    """What was bought, and what it is worth."""
    product, result = game.catalogue.product(state.place.product), purchase(game, state)
    options = ", ".join(f"{name}: {value}" for name, value in state.place.chosen) or "none"
    bought = (
        Item("Product", product.title),
        Item("Number", product.asin),
        Item("Price", f"{product.price:.2f} dollars"),
        Item("Options", options),
    )
    worth = (
        Item("Score", f"{state.earned:.3f} of 1"),
        Item("Attributes met", f"{result.attributes:.0%}"),
        Item("Options met", f"{result.options:.0%}"),
        Item("Price cap", "kept" if result.price else "too high"),
        Item("Kind of product", f"counts {result.type:g}"),
    )
    return [Block("text", (Item("Thank you for shopping with us!"),)), Block("facts", bought), Block("facts", worth)]
