"""The generated catalogue: families of products, each a target and siblings that nearly fit, all a function of a seed.

A family has one kind of product. Its target is what customers ask for; a sibling lacks one of the attributes, or values of an option, or costs
more than the customer pays. More siblings make a family harder to shop in: their number is its difficulty.

Families are made when they are needed, so that a catalogue of a million products needs no memory but for its index.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from agentarena.core.rng import stream

from .catalogue import NO_CAP, Catalogue, Goal, Product, cap_above
from .words import ATTRIBUTES, BRANDS, KINDS, NOISE, OPENINGS, OPTIONS, SENTENCES, USES, Kind

__all__ = ["Family", "GeneratedCatalogue"]

T = TypeVar("T")

_SIZES, _FAMILY, _WORDS, _ORDER = range(4)
"""What a stream of the catalogue is for."""
_CACHED = 200_000
"""Products and families that are remembered."""
_OPTION_SHARES = (0.1, 0.4, 0.8)
"""Running shares of families with no, one and two options; the rest has three."""
_VALUES = 4
"""Values of an option that a product comes in."""
_MOST_COMBINATIONS = 16
"""Most combinations of options that customers of one family want."""
_SEPARATOR = " \u203a "
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SPACE = 36**8
_SPREAD = 2_654_435_761
"""Prime to 36, so that multiplying by it shuffles the numbers of the products."""


@dataclass(frozen=True, slots=True)
class Family:
    """A target and its siblings.

    Attributes:
        kind: What they are.
        products: All of them, in the order of their numbers.
        target: Which of them is the target.
        wanted: The attributes that customers want.
        cap: The price cap of its customers.
        combinations: The values of each option that customers want, one combination a goal.
    """

    kind: Kind
    products: tuple[Product, ...]
    target: int
    wanted: tuple[str, ...]
    cap: float
    combinations: tuple[tuple[str, ...], ...]


class GeneratedCatalogue(Catalogue):
    """Products, goals and words that are functions of a seed. `engine.build` gives it its index and its goals.

    Args:
        size: Number of products.
        seed: Of everything.
        siblings: Most siblings of a family; each family has a number of its own, from 0 to this.
        paraphrase: Percentage of wanted attributes that customers say in other words; 0 makes every instruction from a template.
        human: Whether instructions are in people's manner; else all are from the template, and options are wanted by name and value.
    """

    def __init__(self, size: int, seed: int, siblings: int, paraphrase: int, human: bool) -> None:
        self.seed, self.paraphrase, self.human = seed, paraphrase, human
        sizes = 1 + stream(seed, _SIZES).integers(siblings + 1, size=size)
        ends = np.cumsum(sizes)
        count = int(np.searchsorted(ends, size)) + 1
        self._starts = np.concatenate([[0], ends[:count]])
        self._starts[count] = size
        self.goal_families: np.ndarray = np.zeros(0, np.int32)
        self.goal_combinations: np.ndarray = np.zeros(0, np.int16)
        self._products: dict[int, Product] = {}
        self.family = functools.lru_cache(maxsize=_CACHED // 4)(self.make_family)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def families(self) -> int:
        """Number of families."""
        return len(self._starts) - 1

    def product(self, number: int) -> Product:
        product = self._products.get(number)
        if product is None:
            if len(self._products) >= _CACHED:
                self._products.clear()
            family = int(self._starts.searchsorted(number, "right")) - 1
            self._products.update(enumerate(self.family(family).products, int(self._starts[family])))
            product = self._products[number]
        return product

    def find(self, asin: str) -> int | None:
        code = asin.lower()
        if len(code) != 10 or not code.startswith("b0") or not (code.isascii() and code.isalnum()):
            return None
        number = (int(code[2:], 36) - self.seed) * pow(_SPREAD, -1, _SPACE) % _SPACE
        return number if number < len(self) else None

    def goal(self, number: int) -> Goal:
        index, combination = int(self.goal_families[number]), int(self.goal_combinations[number])
        family = self.family(index)
        target = family.products[family.target]
        names = [name for name, _ in target.options]
        options = dict(zip(names, family.combinations[combination], strict=True))
        if self.human:
            words = random.Random(_key(self.seed, _WORDS, index * _MOST_COMBINATIONS + combination))
            text = _instruction(words, family, options, self.paraphrase / 100)
        else:
            chosen = f" with {', and '.join(f'{name}: {value}' for name, value in options.items())}" if options else ""
            text = f"Find me {', '.join(family.wanted)} {family.kind.name}{chosen}"
        price = f", and price lower than {family.cap:.2f} dollars" if family.cap < NO_CAP else ""
        return Goal(
            int(self._starts[index]) + family.target,
            text + price,
            family.wanted,
            tuple(options.values()) if self.human else options,
            family.cap,
            len(family.products) - 1,
        )

    def make_goals(self) -> Iterator[Family]:
        """Work out which goals there are, with their weights and order; yields each family on the way."""
        counts: Counter[str] = Counter()
        combinations, wanted = [], []
        for index in range(self.families):
            family = self.make_family(index)
            counts.update(dict.fromkeys(family.wanted, len(family.combinations)))
            combinations.append(len(family.combinations))
            wanted.append(family.wanted)
            yield family
        numbers = np.array(combinations)
        self.goal_families = np.repeat(np.arange(self.families, dtype=np.int32), numbers)
        self.goal_combinations = np.concatenate([np.arange(number, dtype=np.int16) for number in combinations])
        rarity = np.array([math.fsum(1 / counts[name] for name in names) / len(names) for names in wanted], np.float64)
        goals = len(self.goal_families)
        self.weights = np.ones(goals) if self.human else rarity[self.goal_families]
        self.difficulties = (np.diff(self._starts) - 1)[self.goal_families]
        self.order = stream(self.seed, _ORDER).permutation(goals)

    # --- one family -----------------------------------------------------------------------------------------------

    def make_family(self, index: int) -> Family:
        """A family, from its own stream."""
        draw = random.Random(_key(self.seed, _FAMILY, index))
        start, size = int(self._starts[index]), int(self._starts[index + 1] - self._starts[index])
        kind = _pick(draw, KINDS)
        attributes = _sample(draw, tuple(ATTRIBUTES[kind.pool]), 5)
        wanted = tuple(_sample(draw, attributes, 2 + (draw.random() < 0.4)))
        names = kind.options[: int(np.searchsorted(_OPTION_SHARES, draw.random(), "right"))]
        options = tuple((name, tuple(_sample(draw, OPTIONS[name], min(_VALUES, len(OPTIONS[name]))))) for name in names)
        target = _product(draw, kind, attributes, options, round(kind.low + draw.random() ** 2 * (kind.high - kind.low), 2))
        cap = cap_above(target.price, draw.random(), draw.random())
        products = [target, *(_sibling(draw, kind, target, wanted, cap) for _ in range(size - 1))]
        places = _sample(draw, tuple(range(size)), size)
        return Family(
            kind,
            tuple(replace(products[place], asin=self._asin(start + number)) for number, place in enumerate(places)),
            places.index(0),
            wanted,
            cap,
            _combinations(options),
        )

    def _asin(self, number: int) -> str:
        code = (number * _SPREAD + self.seed) % _SPACE
        digits = []
        for _ in range(8):
            code, digit = divmod(code, 36)
            digits.append(_DIGITS[digit])
        return "B0" + "".join(reversed(digits)).upper()


def _product(
    draw: random.Random, kind: Kind, attributes: list[str], options: tuple[tuple[str, tuple[str, ...]], ...], price: float
) -> Product:
    """A product with these attributes, of which some stand in the title and all but the last two in the first bullet points."""
    brand, use = _pick(draw, BRANDS), _pick(draw, USES)
    shown = _sample(draw, attributes, min(2, len(attributes)))
    title = f"{brand} {shown[0].title()} {kind.name.title()} {use}"
    if draw.random() < 0.6:
        title += f", {shown[-1].title()}"
    if draw.random() < 0.5:
        title += f", {_pick(draw, NOISE)}"
    title += f", {brand[:2].upper()}-{int(draw.random() * 9000) + 1000}"
    listed = _sample(draw, attributes, len(attributes))
    fill = {"brand": brand, "kind": kind.name, "use": use}
    sentences = [sentence.format(**fill) for sentence in _sample(draw, SENTENCES, 4)]
    bullets = (f"{', '.join(listed[:2])}. {sentences[0]}", f"{', '.join(listed[2:4])}. {sentences[1]}", *listed[4:])
    ranged = draw.random() < 0.1
    pricing = (price, round(price + 5.0, 2)) if ranged else (price,)
    paid = round(price + 5.0 * draw.random(), 2) if ranged else price
    path = _SEPARATOR.join(kind.path)
    return Product(
        "", title, " ".join(sentences[2:]), bullets, pricing, paid, options, kind.category, kind.name, path, tuple(sorted(attributes))
    )


def _sibling(draw: random.Random, kind: Kind, target: Product, wanted: tuple[str, ...], cap: float) -> Product:
    """A product that nearly fits: too dear, without values of one option, or without a wanted attribute."""
    attributes, options, price = list(target.attributes), target.options, target.price
    fault = draw.random()
    if fault < 0.3 and cap < NO_CAP:
        price = round(cap + 1 + 30 * draw.random(), 2)
    elif fault < 0.6 and options:
        which = int(draw.random() * len(options))
        name, values = options[which]
        others = [value for value in OPTIONS[name] if value not in values]
        left = tuple(_sample(draw, others, min(_VALUES, len(others)))) or values[:1]
        options = (*options[:which], (name, left), *options[which + 1 :])
    else:
        lost = _pick(draw, wanted)
        spare = [name for name in ATTRIBUTES[kind.pool] if name not in attributes]
        attributes = [name for name in attributes if name != lost] + _sample(draw, spare, 1)
    if price <= cap:
        price = round(max(kind.low / 2, price * (0.8 + 0.2 * draw.random())), 2)
    return _product(draw, kind, attributes, options, price)


def _combinations(options: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[str, ...], ...]:
    """Combinations of values, evenly spread where there are more than customers want."""
    every = tuple(itertools.product(*(values for _, values in options)))
    count = min(len(every), _MOST_COMBINATIONS)
    return tuple(every[i * len(every) // count] for i in range(count))


def _instruction(draw: random.Random, family: Family, options: dict[str, str], paraphrase: float) -> str:
    """A customer's words, without the price."""
    pool = ATTRIBUTES[family.kind.pool]
    plain: list[str] = []
    other: list[str] = []
    for name in _sample(draw, family.wanted, len(family.wanted)):
        (other if draw.random() < paraphrase else plain).append(name)
    what = f"{', '.join(plain)} {family.kind.name}" if plain else family.kind.name
    if other:
        what += f" {' and '.join(pool[name] for name in other)}"
    parts = [_OPTION_PHRASES.get(name, "with {} as the " + name).format(value) for name, value in options.items()]
    return ", ".join((_pick(draw, OPENINGS).format(what), *([" and ".join(parts)] if parts else [])))


_OPTION_PHRASES = {"color": "in {}", "size": "size {}", "fit": "{} fit", "scent": "{} scent", "flavor": "in {} flavor", "shade": "in {}"}


# --- draws ------------------------------------------------------------------------------------------------------------


def _key(seed: int, purpose: int, number: int) -> int:
    return (seed << 40) + (number << 4) + purpose


def _pick(draw: random.Random, values: tuple[T, ...]) -> T:
    return values[int(draw.random() * len(values))]


def _sample(draw: random.Random, values: tuple[T, ...] | list[T], count: int) -> list[T]:
    """Some of the values in a random order; drawn by `random()` alone, which no version of Python changes."""
    rest = list(values)
    for i in range(count):
        j = i + int(draw.random() * (len(rest) - i))
        rest[i], rest[j] = rest[j], rest[i]
    return rest[:count]
