"""What a seat of Hanabi knows: information keys, and states redrawn so that they agree with all hints."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .options import HanabiOptions
from .rules import legal_actions
from .state import State, replace_state

__all__ = ["draw_hand", "information", "resample"]


def information(state: State, seat: int) -> str:
    """All moves, the cards the seat has seen in the order of the deck, and what hints said of its own."""
    own = state.hands[seat]
    cards = ",".join("?" if place in own else str(state.deck[place]) for place in range(state.drawn))
    return f"{seat}|{state.moves.hex()}|{cards}|{','.join(map(str, state.known[seat]))}"


def resample(options: HanabiOptions, state: State, seat: int, rng: np.random.Generator) -> State:
    """Own hand and stock drawn anew, uniformly over all orders of the unseen cards that agree with the hints."""
    own = state.hands[seat]
    deck = bytearray(state.deck)
    counts = [0] * options.kinds  # of the cards this seat has not seen
    for place in (*own, *range(state.drawn, len(deck))):
        counts[deck[place]] += 1
    hand = draw_hand(tuple(knowledge & options.any_kind for knowledge in state.known[seat]), counts, rng)
    for place, kind in zip(own, hand, strict=True):
        deck[place] = kind
    stock = np.repeat(np.arange(options.kinds, dtype=np.uint8), counts)
    deck[state.drawn :] = rng.permutation(stock).tobytes()
    redrawn = bytes(deck)
    if state.seat in (seat, -1):
        return replace_state(state, deck=redrawn)
    return replace_state(state, deck=redrawn, legal=legal_actions(options, redrawn, state.hands, state.seat, state.tokens))


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
    classes: dict[int, list[int]] = {}  # kinds by the set of positions they fit
    for kind, count in enumerate(counts):
        if count:
            fits = 0
            for i, mask in enumerate(masks):
                fits |= (mask >> kind & 1) << i
            if fits:
                classes.setdefault(fits, []).append(kind)
    order = sorted(classes)
    left = tuple(sum(counts[kind] for kind in classes[fits]) for fits in order)
    over = tuple(sum((fits >> i & 1) << c for c, fits in enumerate(order)) for i in range(len(masks)))
    hand = []
    for i in range(len(masks)):
        c, card = _pick(over[i:], left, rng)
        left = (*left[:c], left[c] - 1, *left[c + 1 :])
        for kind in classes[order[c]]:
            if card < counts[kind]:
                break
            card -= counts[kind]
        counts[kind] -= 1
        hand.append(kind)
    return hand


def _pick(masks: tuple[int, ...], left: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int]:
    """The class of the next card, and the number of the card within its class."""
    ways = [_ways(masks[1:], (*left[:c], n - 1, *left[c + 1 :])) if n and masks[0] >> c & 1 else 0 for c, n in enumerate(left)]
    pick = int(rng.integers(sum(n * after for n, after in zip(left, ways, strict=True))))
    c = 0
    while pick >= left[c] * ways[c]:
        pick -= left[c] * ways[c]
        c += 1
    return c, pick // ways[c]


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
