"""Generated questions: arithmetic, and facts of an invented world. The same seed gives the same questions."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.core.rng import stream

from .questions import Question

__all__ = ["TOPICS", "Fact", "arithmetic", "drawn", "facts", "generate"]

TOPICS = ("addition", "subtraction", "multiplication", "knowledge")
MOST = 100_000
_CANDIDATES = 4
_HELD_OUT = 4
"""One in so many arithmetic questions is never taught."""

_ONSETS, _VOWELS, _CODAS = (
    ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"),
    ("a", "e", "i", "o", "u"),
    ("n", "r", "l", "s", "m", "x"),
)
_ENTITIES = 150
_ATTRIBUTES: dict[str, tuple[str, tuple[str, ...]]] = {
    "colour": (
        "What is the colour of the flag of {}?",
        ("red", "blue", "green", "yellow", "black", "white", "orange", "purple", "brown", "silver"),
    ),
    "animal": (
        "Which animal is sacred in {}?",
        ("horse", "eagle", "wolf", "bear", "snake", "owl", "tiger", "goat", "heron", "otter", "whale", "bee"),
    ),
    "food": (
        "What do people in {} eat for breakfast?",
        ("rice", "bread", "beans", "figs", "soup", "fish", "cheese", "plums", "eggs", "honey"),
    ),
    "trade": (
        "What is {} known for making?",
        ("glass", "silk", "paper", "clocks", "boats", "salt", "knives", "drums", "lamps", "carpets", "bells", "ink"),
    ),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so in the invented world.

    Attributes:
        place: A country.
        attribute: What is said of it.
        value: The truth.
    """

    place: str
    attribute: str
    value: str

    @property
    def question(self) -> str:
        """The question it answers."""
        return _ATTRIBUTES[self.attribute][0].format(self.place)

    def wrong(self, rng: np.random.Generator, count: int) -> list[str]:
        """Other values of the same attribute."""
        others = [value for value in _ATTRIBUTES[self.attribute][1] if value != self.value]
        return [others[k] for k in rng.permutation(len(others))[:count]]


@lru_cache(maxsize=8)
def facts(world: int = 0) -> tuple[Fact, ...]:
    """Every fact of a world: four of each of 150 countries, in an order of its own."""
    rng = stream(world, 1)
    names: dict[str, None] = {}
    while len(names) < _ENTITIES:
        parts = [str(rng.choice(_ONSETS)) + str(rng.choice(_VOWELS)) for _ in range(2)]
        names.setdefault(("".join(parts) + str(rng.choice(_CODAS))).capitalize())
    out = [Fact(name, attribute, str(rng.choice(values))) for name in names for attribute, (_, values) in _ATTRIBUTES.items()]
    return tuple(out[k] for k in rng.permutation(len(out)))


@dataclass(frozen=True, slots=True)
class Sum:
    """An arithmetic question: its topic, its words, the answer, and how to tell those that are never taught."""

    topic: str
    question: str
    value: int
    held_out: bool

    def wrong(self, rng: np.random.Generator, count: int) -> list[str]:
        """Answers that are off by little, by ten, or have their digits swapped."""
        digits = str(self.value)
        near = {self.value + step for step in (-11, -10, -9, -2, -1, 1, 2, 9, 10, 11)} | {int(digits[::-1])}
        others = sorted(value for value in near if value >= 0 and value != self.value)
        return [str(others[k]) for k in rng.permutation(len(others))[:count]]


def arithmetic(topic: str, a: int, b: int) -> Sum:
    """The question about two numbers; of a difference, the larger number comes first."""
    sign, value = {"addition": ("+", a + b), "subtraction": ("-", a - b), "multiplication": ("times", a * b)}[topic]
    return Sum(topic, f"What is {a} {sign} {b}?", value, _held_out(max(a, b), min(a, b)))


def _held_out(high: int, low: int) -> bool:
    """Whether two numbers are never taught together: by a hash, since a rule of arithmetic would give the answers away."""
    return (zlib.crc32(f"{high},{low}".encode()) >> 7) % _HELD_OUT == 0


def drawn(topic: str, rng: np.random.Generator) -> Sum:
    """A random question of a topic, taught or not."""
    if topic == "multiplication":
        a, b = (int(value) for value in rng.integers(2, 20, 2))
        return arithmetic(topic, a, b)
    a, b = (int(value) for value in rng.integers(1, 100, 2))
    return arithmetic(topic, max(a, b), min(a, b)) if topic == "subtraction" else arithmetic(topic, a, b)


def generate(count: int, *, seed: int = 0, world: int = 0, topics: Sequence[str] = TOPICS, candidates: int = _CANDIDATES) -> list[Question]:
    """Different questions in equal parts of each topic, as far as there are so many, shuffled.

    Arithmetic questions are of those that `recipe.taught` never teaches.

    Args:
        count: How many.
        seed: Of the choice of questions, wrong candidates and orders.
        world: Which invented world the facts are of.
        topics: Some of `TOPICS`.
        candidates: Candidates of each question, 2 to 8.

    Raises:
        UsageError: A number or topic out of range, or not so many different questions.

    >>> [one.topic for one in generate(2, topics=["addition"])]
    ['addition', 'addition']
    """
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown or not topics:
        raise UsageError(f"topics are {shown(list(topics))}; allowed: {', '.join(TOPICS)}")
    for name, value, least, most in (("count", count, 1, MOST), ("candidates", candidates, 2, 8)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{name} is {shown(value)}; expected a whole number from {least} to {most:,}")
    rng = stream(seed, 2)
    pools = {topic: _pool(topic, world, rng) for topic in dict.fromkeys(topics)}
    chosen: list[Question] = []
    while len(chosen) < count and pools:
        for topic in list(pools):
            item = pools[topic]()
            if item is None:
                del pools[topic]
            elif len(chosen) < count:
                chosen.append(item(rng, candidates))
    if len(chosen) < count:
        raise UsageError(f"there are only {len(chosen)} different questions on {', '.join(topics)}; got count={count}. Ask for fewer")
    return [_numbered(chosen[k], number) for number, k in enumerate(rng.permutation(len(chosen)), 1)]


Maker = Callable[[np.random.Generator, int], Question]


def _numbered(question: Question, number: int) -> Question:
    return Question(f"q{number:05d}", question.text, question.candidates, question.answers, topic=question.topic)


def _pool(topic: str, world: int, rng: np.random.Generator) -> Callable[[], Maker | None]:
    """Gives another question of a topic at each call, `None` when there is no more."""
    if topic == "knowledge":
        items = [_maker(topic, fact.question, fact.value, fact.wrong) for fact in facts(world)]
    else:
        low, high = (2, 20) if topic == "multiplication" else (1, 100)
        pairs = [(a, b) for a in range(low, high) for b in range(low, high) if topic != "subtraction" or a >= b]
        sums = [one for one in (arithmetic(topic, a, b) for a, b in pairs) if one.held_out]
        items = [_maker(topic, one.question, str(one.value), one.wrong) for one in sums]
    order = iter(rng.permutation(len(items)))

    def following() -> Maker | None:
        place = next(order, None)
        return None if place is None else items[place]

    return following


def _maker(topic: str, text: str, value: str, wrong: Callable[[np.random.Generator, int], list[str]]) -> Maker:
    def make(rng: np.random.Generator, candidates: int) -> Question:
        texts = [value, *wrong(rng, candidates - 1)]
        order = rng.permutation(len(texts))
        return Question("new", text, tuple(texts[k] for k in order), (int(np.flatnonzero(order == 0)[0]),), topic=topic)

    return make
