"""Orders of a deck: listing them all, and drawing a hand that agrees with what is known of its cards."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

__all__ = ["deals", "draw_hand"]


def deals(cards: bytes) -> Iterator[bytes]:
    """Every distinct order of the cards, in lexicographic order.

    >>> [order.hex() for order in deals(bytes((0, 0, 1)))]
    ['000001', '000100', '010000']
    """
    order = sorted(cards)
    while True:
        yield bytes(order)
        descent = next((i for i in range(len(order) - 2, -1, -1) if order[i] < order[i + 1]), None)
        if descent is None:
            return
        swap = next(i for i in range(len(order) - 1, -1, -1) if order[i] > order[descent])
        order[descent], order[swap] = order[swap], order[descent]
        order[descent + 1 :] = reversed(order[descent + 1 :])


def draw_hand(masks: tuple[int, ...], counts: list[int], rng: np.random.Generator) -> list[int]:
    """A hand drawn without return from a pool of cards, given which kinds each of its cards may be.

    Every way to lay distinct cards of the pool into the positions that agrees with the masks is equally likely. The
    cards are drawn one by one, each class of kinds (those that fit the same positions) with weight

        (its cards left) * (ways to draw the rest of the hand after it)

    Args:
        masks: For each position, a bit set of the kinds it may be; at least one hand agrees with them.
        counts: Cards of each kind in the pool; the drawn ones are taken away.
        rng: Source of randomness.
    """
    fits = [sum((mask >> kind & 1) << i for i, mask in enumerate(masks)) if count else 0 for kind, count in enumerate(counts)]
    classes = sorted({fit for fit in fits if fit})
    left = [sum(count for fit, count in zip(fits, counts, strict=True) if fit == own) for own in classes]
    over = tuple(sum((fit >> i & 1) << c for c, fit in enumerate(classes)) for i in range(len(masks)))
    hand = []
    for i in range(len(masks)):
        chosen, card = _pick(over[i:], left, rng)
        left[chosen] -= 1
        kind = next(kind for kind, total in _running(fits, counts, classes[chosen]) if card < total)
        counts[kind] -= 1
        hand.append(kind)
    return hand


def _pick(masks: tuple[int, ...], left: list[int], rng: np.random.Generator) -> tuple[int, int]:
    """The class of the next card, and the number of the card within its class."""
    pool = tuple(left)
    ways = [_ways(masks[1:], (*pool[:c], n - 1, *pool[c + 1 :])) if n and masks[0] >> c & 1 else 0 for c, n in enumerate(pool)]
    pick = int(rng.integers(sum(n * after for n, after in zip(pool, ways, strict=True))))
    for c, (n, after) in enumerate(zip(pool, ways, strict=True)):
        if pick < n * after:
            return c, pick // after
        pick -= n * after
    raise AssertionError("unreachable: the weights add up to more than the number drawn")


def _running(fits: list[int], counts: list[int], own: int) -> Iterator[tuple[int, int]]:
    """The kinds of a class with the running total of their cards."""
    total = 0
    for kind, fit in enumerate(fits):
        if fit == own:
            total += counts[kind]
            yield kind, total


@lru_cache(maxsize=1 << 16)
def _ways(masks: tuple[int, ...], counts: tuple[int, ...]) -> int:
    """Ways to lay distinct cards into positions, where position i takes cards of the classes in `masks[i]`.

    >>> _ways((0b1, 0b11), (2, 3))  # one of two, then any of the four left
    8
    """
    if not masks:
        return 1
    return sum(
        count * _ways(masks[1:], (*counts[:c], count - 1, *counts[c + 1 :]))
        for c, count in enumerate(counts)
        if count and masks[0] >> c & 1
    )
