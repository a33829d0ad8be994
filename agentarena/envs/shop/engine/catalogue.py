"""What the shop sells: products, what customers want of them, and the face that generated and loaded catalogues share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .search import SearchIndex

__all__ = ["NO_CAP", "PRICE_STEPS", "Catalogue", "Goal", "Product", "cap_above"]

NO_CAP = 1_000_000.0
"""The price cap of a customer who names none."""
PRICE_STEPS = tuple(float(price) for price in range(10, 1000, 10))
"""Where caps may lie, in dollars."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it is sold.

    Attributes:
        asin: Its number, at most ten characters.
        title: Its title.
        description: Running text.
        bullets: Bullet points.
        pricing: Its price in dollars, or the two ends of a range; `()` where it has none.
        price: What it costs in this shop: 100 dollars without a price, and a draw from a range.
        options: Name and values of each option; all in lower case.
        category: One of five departments.
        query: The search it came from; products of one query are of one type.
        path: Its category as "A \u203a B \u203a C".
        attributes: What it is, e.g. "machine washable".
    """

    asin: str
    title: str
    description: str
    bullets: tuple[str, ...]
    pricing: tuple[float, ...]
    price: float
    options: tuple[tuple[str, tuple[str, ...]], ...]
    category: str
    query: str
    path: str
    attributes: tuple[str, ...]

    @property
    def price_tag(self) -> str:
        """The price as pages show it."""
        if not self.pricing:
            return "$100.0"
        return f"${self.pricing[0]}" if len(self.pricing) == 1 else f"${self.pricing[0]} to ${self.pricing[1]}"

    @property
    def indexed_text(self) -> str:
        """What searching looks at: title, description, first bullet point and options, in lower case."""
        options = ", ".join(f"{name}: {', '.join(values)}" for name, values in self.options)
        return " ".join((self.title, self.description, *self.bullets[:1], options)).lower()

    def as_dict(self) -> dict[str, Any]:
        """The product under the names of the original's file of products, with its attributes."""
        return {
            "asin": self.asin,
            "name": self.title,
            "full_description": self.description,
            "small_description": list(self.bullets),
            "pricing": " - ".join(f"${price:.2f}" for price in self.pricing),
            "customization_options": {name: [{"value": value, "image": None} for value in values] for name, values in self.options},
            "category": self.category,
            "query": self.query,
            "product_category": self.path,
            "images": [],
            "attributes": list(self.attributes),
        }


@dataclass(frozen=True, slots=True)
class Goal:
    """What a customer wants.

    Attributes:
        product: Number of a product that fits in every way.
        instruction: The customer's words, the price cap included.
        attributes: Attributes wanted.
        options: Values wanted; name and value where the instruction was made from them.
        cap: Most that may be paid, in dollars; `NO_CAP` for any price.
        difficulty: How many products there are that nearly fit; 0 where it is not known.
    """

    product: int
    instruction: str
    attributes: tuple[str, ...]
    options: Mapping[str, str] | tuple[str, ...]
    cap: float
    difficulty: int = 0

    def as_dict(self, product: Product) -> dict[str, Any]:
        """The goal under the names of the original, given the product that it wants."""
        return {
            "asin": product.asin,
            "name": product.title,
            "category": product.category,
            "query": product.query,
            "product_category": product.path,
            "instruction_text": self.instruction,
            "attributes": list(self.attributes),
            "goal_options": dict(self.options) if isinstance(self.options, Mapping) else list(self.options),
            "price_upper": self.cap,
        }


class Catalogue(ABC):
    """Products with their goals and their index. Products and goals are numbered from 0.

    Attributes:
        index: Finds products by words.
        weights: Relative frequency of each goal in training, shape (G,).
        difficulties: Difficulty of each goal, shape (G,).
        order: The goals in the order from which the splits are taken, shape (G,).
    """

    index: SearchIndex
    weights: np.ndarray
    difficulties: np.ndarray
    order: np.ndarray

    @abstractmethod
    def __len__(self) -> int:
        """Number of products."""

    @abstractmethod
    def product(self, number: int) -> Product:
        """A product by its number."""

    @abstractmethod
    def goal(self, number: int) -> Goal:
        """A goal by its number."""

    @abstractmethod
    def find(self, asin: str) -> int | None:
        """The number of a product, by its asin in any case; `None` where there is none."""

    def products(self) -> Sequence[Product]:
        """All products, for small catalogues."""
        return [self.product(number) for number in range(len(self))]


def cap_above(price: float, first: float, second: float) -> float:
    """The price cap of a customer whose product costs `price`.

    Of the first four multiples of 10 from 10 to 990 above the price two are drawn, and the greater one is taken; where there are fewer than
    two, the customer names no cap.

    Args:
        price: In dollars.
        first: A number in [0, 1) that draws one of the multiples.
        second: A number in [0, 1) that draws one of the others.

    >>> cap_above(42.5, 0.0, 0.0), cap_above(42.5, 0.99, 0.0), cap_above(985.0, 0.5, 0.5)
    (60.0, 80.0, 1000000.0)
    """
    steps = [step for step in PRICE_STEPS if step > price][:4]
    if len(steps) < 2:
        return NO_CAP
    one = int(first * len(steps))
    other = int(second * (len(steps) - 1))
    return max(steps[one], steps[other + (other >= one)])
