"""What stands on each page."""

from __future__ import annotations

from agentarena.envs.shop.actions import TABS
from agentarena.envs.shop.engine.catalogue import Product
from agentarena.envs.shop.state import DONE, INDEX, ITEM, RESULTS, State

from .clicks import page_of_results
from .formats import BUTTON, OPTION, OPTION_NAME, PRODUCT, TEXT, Part, as_lines, as_plain, as_rich
from .store import Store

__all__ = ["page_parts", "page_text", "tab_texts"]

_BACK, _PREVIOUS, _NEXT = Part(BUTTON, "Back to Search"), Part(BUTTON, "< Prev"), Part(BUTTON, "Next >")
_INSTRUCTION = Part(TEXT, "Instruction:")
_RATING = Part(TEXT, "Rating: N.A.")
_TABS = [Part(BUTTON, label.title()) for label in TABS]
_BUY = Part(BUTTON, "Buy Now")


def page_text(store: Store, state: State, format: str | None = None) -> str:
    """The page that is open, in the format of the options or in another one: "lines", "plain" or "rich"."""
    parts = page_parts(store, state)
    name = format or store.format
    if name == "plain":
        return as_plain(parts)
    return as_rich(parts, ascii_only=store.ascii_marks) if name == "rich" else as_lines(parts)


def page_parts(store: Store, state: State) -> list[Part]:
    """The strings of the page that is open, from top to bottom."""
    place = state.place
    if place.page == DONE:
        score = (Part(TEXT, "Your score (min 0.0, max 1.0)"), Part(TEXT, str(round(state.earned, 4))))
        return [Part(TEXT, "Thank you for shopping with us!"), *score]
    head = [_INSTRUCTION, Part(TEXT, store.goal_of(state.goal).instruction)]
    if place.page == INDEX:
        return [Part(TEXT, "WebShop"), *head, Part(BUTTON, "Search")]
    if place.page == RESULTS:
        return head + _results(store, state)
    product = store.catalogue.product(place.product)
    if place.page == ITEM:
        return head + _item(store, state, product)
    return [*head, _BACK, _PREVIOUS, *(Part(TEXT, text) for text in tab_texts(place.tab, product))]


def _results(store: Store, state: State) -> list[Part]:
    place = state.place
    parts = [_BACK, Part(TEXT, f"Page {place.results_page} (Total results: {len(place.results)})")]
    if place.results_page > 1:
        parts.append(_PREVIOUS)
    parts.append(_NEXT)
    for number in page_of_results(place):
        product = store.catalogue.product(number)
        parts += (Part(PRODUCT, product.asin, number in state.visited), Part(TEXT, product.title), Part(TEXT, product.price_tag))
    return parts


def _item(store: Store, state: State, product: Product) -> list[Part]:
    chosen = dict(state.place.chosen)
    parts = [_BACK, _PREVIOUS]
    for name, values in product.options:
        parts.append(Part(OPTION_NAME, name))
        parts += [Part(OPTION, value, chosen.get(name) == value) for value in values]
    parts += [Part(TEXT, product.title), Part(TEXT, f"Price: {product.price_tag}"), _RATING]
    return [*parts, *(_TABS if store.attributes_tab else _TABS[:3]), _BUY]


def tab_texts(tab: str, product: Product) -> tuple[str, ...]:
    """What a tab shows: there are no reviews."""
    if tab == "description":
        return (product.description,) if product.description else ()
    if tab == "features":
        return tuple(product.bullets)
    return tuple(product.attributes) if tab == "attributes" else ()
