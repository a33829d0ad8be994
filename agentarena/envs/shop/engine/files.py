"""The original's files: products, their attributes and instructions, and people's instructions.

A folder holds `items_shuffle*.json` (products), `items_ins_v2*.json` (attributes and instructions by product) and `items_human_ins.json`.
Records are read one at a time. A broken one is left out and reported with its line; a file that is no JSON is refused with the place.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product as combinations_of
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.display import printable, shown
from agentarena.core.errors import UsageError
from agentarena.core.rng import uniform

from .catalogue import NO_CAP, Catalogue, Goal, Product, cap_above
from .records import records
from .schema import BadRecord, product_of, strings

__all__ = ["FileCatalogue", "Problem"]

_MOST_PROBLEMS = 1000
"""Problems that are kept; more are counted."""
_MOST_COMBINATIONS = 10_000
"""Most combinations of options of one product that become goals."""
_SHUFFLE = 233
"""The seed with which the original shuffles its goals."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that is left out.

    Attributes:
        file: Name of the file.
        line: Line on which the record begins, from 1.
        record: Its asin, or its number from 1.
        reason: What is wrong with it.
    """

    file: str
    line: int
    record: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, record {self.record}: {self.reason}"


class FileCatalogue(Catalogue):
    """The catalogue of a folder; `engine.build` gives it its index.

    About 3 kB of memory a product.

    Args:
        folder: Where the files lie.
        seed: Of prices within ranges and of price caps, which the original draws without a seed.
        human: People's instructions, whose options are values; else one goal for each combination of a product's options.

    Attributes:
        problems: The first thousand records that were left out.
        problem_count: How many were.

    Raises:
        UsageError: There is no file of products, or nothing in it can be sold, or there are no goals.
        CorruptRecord: A file is no JSON.
    """

    def __init__(self, folder: Path, seed: int, human: bool) -> None:
        self.problems: list[Problem] = []
        self.problem_count = 0
        self._folder, self._seed, self._human = folder, seed, human
        items = self._file("items_shuffle*.json", "products")
        attributes = self._file("items_ins_v2*.json", "attributes")
        instructions = self._file("items_human_ins.json", "people's instructions") if human else attributes
        self.signature = _signature(items, attributes, seed)
        wanted, words = self._attribute_file(attributes)
        people = self._human_file(instructions) if human else {}
        self._products: list[Product] = []
        self._numbers: dict[str, int] = {}
        self._read_products(items, wanted)
        if not self._products:
            raise UsageError(f"{items} holds no product that can be sold. {self._first_problem()}")
        self._goals: list[Goal] = []
        if human:
            self._human_goals(people)
        else:
            self._synthetic_goals(words)
        if not self._goals:
            raise UsageError(f"the instructions in {folder} make no goal for any of its {len(self)} products. {self._first_problem()}")
        self.weights = self._weights()
        self.difficulties = np.zeros(len(self._goals), np.int64)
        order = list(range(len(self._goals)))
        random.Random(_SHUFFLE).shuffle(order)
        self.order = np.array(order)

    def __len__(self) -> int:
        return len(self._products)

    def product(self, number: int) -> Product:
        return self._products[number]

    def goal(self, number: int) -> Goal:
        return self._goals[number]

    def find(self, asin: str) -> int | None:
        return self._numbers.get(asin.upper())

    # --- reading --------------------------------------------------------------------------------------------------

    def _file(self, pattern: str, what: str) -> Path:
        files = sorted(path for path in self._folder.glob(pattern) if path.is_file())
        if not files:
            raise UsageError(f"{self._folder} has no file of {what}, {pattern!r}; point the option 'files' at the folder of WebShop's data")
        return files[0]

    def _report(self, file: Path, line: int, record: Any, reason: str) -> None:
        self.problem_count += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(file.name, line, printable(str(record), 40), printable(reason, 200)))

    def _first_problem(self) -> str:
        return f"The first of {self.problem_count} broken records: {self.problems[0]}" if self.problems else ""

    def _read_products(self, path: Path, wanted: Mapping[str, tuple[str, ...]]) -> None:
        for number, (line, _, record) in enumerate(records(path), 1):
            label = record.get("asin", number) if isinstance(record, dict) else number
            try:
                product = product_of(record, wanted, lambda asin: uniform(self._seed, _number(asin)))
                if product.asin in self._numbers:
                    raise BadRecord("its asin has occurred before")
            except BadRecord as error:
                self._report(path, line, label, str(error))
                continue
            self._numbers[product.asin] = len(self._products)
            self._products.append(product)

    def _attribute_file(self, path: Path) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, tuple[str, ...]]]]:
        """Attributes of each product, and the instruction of each with the attributes it wants."""
        attributes: dict[str, tuple[str, ...]] = {}
        instructions: dict[str, tuple[str, tuple[str, ...]]] = {}
        for line, asin, record in records(path):
            try:
                if not isinstance(record, dict) or asin is None:
                    raise BadRecord(f"it is {shown(record)}; expected an object under an asin")
                attributes[asin] = strings(record.get("attributes"), "attributes")
                text = record.get("instruction")
                if text:
                    if not isinstance(text, str):
                        raise BadRecord(f"instruction is {shown(text)}; expected a string")
                    instructions[asin] = text, strings(record.get("instruction_attributes"), "instruction_attributes")
            except BadRecord as error:
                self._report(path, line, asin, str(error))
        return attributes, instructions

    def _human_file(self, path: Path) -> dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]]:
        """People's instructions for each product: words, attributes, options."""
        people: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {}
        for line, asin, entries in records(path):
            if asin is None or not isinstance(entries, list):
                self._report(path, line, asin, f"it is {shown(entries)}; expected a list under an asin")
                continue
            for place, record in enumerate(entries):
                try:
                    if not isinstance(record, dict) or not isinstance(record.get("instruction"), str):
                        raise BadRecord(f"instruction {place + 1} is {shown(record)}; expected an object with a string as 'instruction'")
                    wants = strings(record.get("instruction_attributes"), "instruction_attributes")
                    options = strings(record.get("instruction_options"), "instruction_options")
                    people.setdefault(asin, []).append((record["instruction"], wants, options))
                except BadRecord as error:
                    self._report(path, line, asin, str(error))
        return people

    # --- goals ----------------------------------------------------------------------------------------------------

    def _human_goals(self, people: Mapping[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]]) -> None:
        """One goal for each instruction that wants attributes, with a price cap of its own."""
        for number, product in enumerate(self._products):
            for place, (text, attributes, options) in enumerate(people.get(product.asin, ())):
                if attributes:
                    cap = self._cap(product, place)
                    self._goals.append(Goal(number, text.strip(".") + _price_words(cap), attributes, options, cap))

    def _synthetic_goals(self, words: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
        """One goal for each combination of option values, with one price cap a product."""
        for number, product in enumerate(self._products):
            text, attributes = words.get(product.asin, ("", ()))
            if not text or not attributes:
                continue
            cap = self._cap(product, 0)
            names = sorted(name for name, _ in product.options)
            values = dict(product.options)
            for place, chosen in enumerate(combinations_of(*(values[name] for name in names))):
                if place >= _MOST_COMBINATIONS:
                    break
                options = dict(zip(names, chosen, strict=True))
                phrase = f" with {', and '.join(f'{name}: {value}' for name, value in options.items())}" if options else ""
                self._goals.append(Goal(number, text.strip(".") + phrase + _price_words(cap), attributes, options, cap))

    def _weights(self) -> np.ndarray:
        """1 for each of people's goals; of others the mean, over their attributes, of 1 over the number of goals that want the attribute."""
        if self._human:
            return np.ones(len(self._goals))
        counts = Counter(name for goal in self._goals for name in goal.attributes)
        return np.array([sum(1 / counts[name] for name in goal.attributes) / len(goal.attributes) for goal in self._goals])

    def _cap(self, product: Product, place: int) -> float:
        number = _number(product.asin)
        return cap_above(product.price, uniform(self._seed, number, place, 1), uniform(self._seed, number, place, 2))


def _number(asin: str) -> int:
    """An asin as a number, for its stream."""
    return int.from_bytes(asin.encode(), "big")


def _price_words(cap: float) -> str:
    return f", and price lower than {cap:.2f} dollars" if cap < NO_CAP else ""


def _signature(items: Path, attributes: Path, seed: int) -> str:
    """What tells one state of the files from another: names, sizes and times."""
    facts = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in (items, attributes)]
    return hashlib.blake2b(repr((facts, seed)).encode(), digest_size=12).hexdigest()
