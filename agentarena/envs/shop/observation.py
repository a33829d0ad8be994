"""What a customer sees: the page in words, and as numbers what the words of the page have in common with the instruction.

Everything is worked out from what stands on the page; nothing of the goal or of products that are not shown is in it.
"""

from __future__ import annotations

import functools
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.charset import CHARSET, fold

from .engine.search import words
from .rules.clicks import labels
from .rules.pages import page_text
from .rules.store import Store
from .state import State

__all__ = ["LONGEST_PAGE", "MOST_LABELS", "SCENE", "observe", "space"]

LONGEST_PAGE = 16_384
"""Longest page in characters; a longer one loses its end."""
MOST_LABELS = 48
"""Labels that are shown as numbers; further ones are left out."""
SCENE = ("page", "steps_left", "results_page", "results", "options_chosen", "price", "cap", "valid")
"""Names of the numbers of the scene: kind of page, shares of the steps, hundreds of dollars."""
_KINDS = ("button", "tab", "option", "product")


def space() -> gymnasium.spaces.Dict:
    """Where observations lie; see `observe`."""
    return gymnasium.spaces.Dict(
        {
            "scene": gymnasium.spaces.Box(0.0, 1e6, (len(SCENE),), np.float32),
            "labels": gymnasium.spaces.Box(0.0, 1e6, (MOST_LABELS, 4), np.float32),
            "page": gymnasium.spaces.Text(LONGEST_PAGE, min_length=0, charset=CHARSET),
        }
    )


def observe(store: Store, state: State) -> dict[str, Any]:
    """The page, in three parts. "page": its words. "scene": the numbers named in `SCENE`. "labels": a row for each label that can be clicked, in the order
    of the admissible commands: its kind (1 button, 2 tab, 3 option, 4 product), the share of its words, of a product those of its title,
    that the instruction has, the lowest price in hundreds of dollars of a product, and whether it was clicked; zeros where there is nothing."""
    place = state.place
    goal = store.goal_of(state.goal)
    wanted = _word_set(goal.instruction)
    product = store.catalogue.product(place.product) if place.product >= 0 else None
    cap = goal.cap / 100.0 if "price lower than" in goal.instruction else 0.0
    price = (product.pricing[0] if product.pricing else 100.0) / 100.0 if product is not None else 0.0
    left = (store.max_steps - state.turn) / store.max_steps
    scene = np.array((place.page, left, place.results_page, len(place.results), len(place.chosen), price, cap, state.valid), np.float32)
    rows = np.zeros((MOST_LABELS, 4), np.float32)
    for row, (label, (kind, what)) in enumerate(labels(store, place).items()):
        if row == MOST_LABELS:
            break
        rows[row] = _label_row(store, state, wanted, label, kind, what)
    return {"scene": scene, "labels": rows, "page": fold(page_text(store, state))[:LONGEST_PAGE]}


def _label_row(store: Store, state: State, wanted: frozenset[str], label: str, kind: str, what: str) -> tuple[float, float, float, float]:
    if kind == "product":
        number = store.catalogue.find(label)
        assert number is not None
        product = store.catalogue.product(number)
        return (
            4.0,
            _share(product.title, wanted),
            (product.pricing[0] if product.pricing else 100.0) / 100.0,
            float(number in state.visited),
        )
    if kind == "option":
        return 3.0, _share(label, wanted), 0.0, float((what, label) in state.place.chosen)
    return _KINDS.index(kind) + 1.0, 0.0, 0.0, 0.0


def _share(text: str, wanted: frozenset[str]) -> float:
    own = _word_set(text)
    return len(own & wanted) / len(own) if own else 0.0


@functools.lru_cache(maxsize=65_536)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(words(text))
