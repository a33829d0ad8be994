"""Words of the scenarios, so that the same rules are about a lake, a pasture, a river, a laboratory or nothing in particular; and small phrases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["MOST_SEATS", "VOCABULARY", "Vocabulary", "listed", "number", "times", "who"]

MOST_SEATS = 40
"""How many seats a sentence lists."""


class Vocabulary(NamedTuple):
    """Words of one scenario.

    Attributes:
        setting: One sentence that says where the players are.
        pool: What is shared, with its article.
        unit: Its units, in the plural.
        take: What one does with it: "harvest".
        took: The same in the past tense.
        taking: The same as a noun.
        span: Name of a round.
        regrows: How it renews itself, as a sentence that begins with the pool.
    """

    setting: str
    pool: str
    unit: str
    take: str
    took: str
    taking: str
    span: str
    regrows: str


VOCABULARY: dict[str, Vocabulary] = {
    "commons": Vocabulary(
        "You live with others off a common resource.", "the resource", "units", "harvest", "harvested", "harvest", "round",
        "The resource regrows by itself, the less the smaller what is left of it, and it can be destroyed.",
    ),
    "fishery": Vocabulary(
        "You and the other fishers of a village live off one lake.", "the lake", "tons of fish", "catch", "caught", "catch", "month",
        "What is left in the lake breeds.",
    ),
    "pasture": Vocabulary(
        "You and the other shepherds of a valley graze your flocks on one pasture.", "the pasture", "hectares of grass", "graze", "grazed", "grazing", "month",
        "What is left of the grass spreads.",
    ),
    "pollution": Vocabulary(
        "You and the other factory owners of a valley draw on one river: every pallet you make spoils one unit of clean water.", "the river",
        "units of clean water", "use", "used", "use of the river", "month", "What is left of the clean water renews the rest.",
    ),
    "laboratory": Vocabulary(
        "You take part in an experiment on decisions: all have tokens to invest.", "the group account", "tokens", "invest", "invested", "investment", "round",
        "Every round begins with fresh tokens.",
    ),
}  # fmt: skip
"""The scenarios, by the option `scenario`."""


def times(count: int) -> str:
    """How often.

    >>> times(1), times(3)
    ('once', '3 times')
    """
    return "once" if count == 1 else f"{count} times"


def number(value: float) -> str:
    """A quantity as it is shown: whole numbers plainly, others with five significant digits.

    >>> number(12.0), number(0.123456)
    ('12', '0.12346')
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.5g}"


def who(other: int, seat: int, start: bool = False) -> str:
    """A seat as another seat calls it; `start` at the start of a sentence.

    >>> who(3, 2), who(2, 2, start=True)
    ('player 3', 'You')
    """
    if other == seat:
        return "You" if start else "you"
    return f"{'Player' if start else 'player'} {other}"


def listed(values: Mapping[Any, float], seat: int) -> str:
    """Quantities by seat (a number, or a string of digits as in events), the first `MOST_SEATS` of them.

    >>> listed({0: 4.0, 1: 2.5}, seat=1)
    'player 0 4, you 2.5'
    """
    items = list(values.items())[:MOST_SEATS]
    more = f" and {len(values) - len(items)} more" if len(values) > len(items) else ""
    return ", ".join(f"{who(int(other), seat)} {number(value)}" for other, value in items) + more
