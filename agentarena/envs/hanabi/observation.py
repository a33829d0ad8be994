"""What a seat sees as bits, in the layout of the Hanabi Learning Environment (`canonical_encoders`, arXiv 1902.00506).

Seats are counted from the one that looks: 0 is itself, 1 the next, and so on. Thermometers have as many ones, from the
left, as the number they show. P players, C colours, R ranks, K = C*R kinds, H cards a hand, N cards in all:

    hands       (P-1)*H*K  kinds of the others' cards;  P  whose hand is short
    board       N-P*H      stock thermometer;  C*R  height of each pile;  tokens and lives thermometers
    discards    N          for each kind a thermometer of its discarded copies
    last move   P + 4 + P + C + R + H + H + K + 2
                           who; play, discard, colour, rank; whom; which colour; which rank; the cards named; the card's
                           position; its kind; whether it scored; whether it won a token
    knowledge   P*H*(K+C+R)  for each card of each hand: kinds it may be after all hints; colour named; rank named
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .actions import hints_of
from .options import HanabiOptions
from .rules import named_cards
from .state import COLOR_NAMED, RANK_NAMED, State

__all__ = ["Layout", "layout", "observe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of the observation begin, for one configuration.

    Attributes:
        short: Whose hand is short; the others' cards come before it.
        stock: The stock thermometer.
        piles: The piles.
        tokens: The token thermometer.
        lives: The thermometer of lives.
        discards: The discards.
        last: The last move.
        knowledge: The knowledge.
        per_card: Bits of knowledge about one card.
        size: Length of the observation.
    """

    short: int
    stock: int
    piles: int
    tokens: int
    lives: int
    discards: int
    last: int
    knowledge: int
    per_card: int
    size: int


def layout(options: HanabiOptions) -> Layout:
    """The layout of a configuration; the parts follow each other without gaps."""
    players, colors, ranks, hand, kinds = options.players, options.colors, options.ranks, options.hand, options.kinds
    short = (players - 1) * hand * kinds
    stock = short + players
    piles = stock + options.stock
    tokens = piles + kinds
    lives = tokens + options.tokens
    discards = lives + options.lives
    last = discards + len(options.cards)
    knowledge = last + players + 4 + players + colors + ranks + hand + hand + kinds + 2
    per_card = kinds + colors + ranks
    return Layout(
        short=short,
        stock=stock,
        piles=piles,
        tokens=tokens,
        lives=lives,
        discards=discards,
        last=last,
        knowledge=knowledge,
        per_card=per_card,
        size=knowledge + players * hand * per_card,
    )


def observe(options: HanabiOptions, at: Layout, state: State, seat: int) -> np.ndarray:
    """The observation of `seat`, shape (n,), int8 of 0 and 1."""
    ones = _hands(options, at, state, seat)
    ones += range(at.stock, at.stock + len(state.deck) - state.drawn)
    ones += [at.piles + color * options.ranks + height - 1 for color, height in enumerate(state.fireworks) if height]
    ones += range(at.tokens, at.tokens + state.tokens)
    ones += range(at.lives, at.lives + state.lives)
    ones += _discards(options, at, state)
    if state.moves:
        ones += _last_move(options, at, state, seat)
    observation = np.zeros(at.size, np.int8)
    observation[ones] = 1
    return observation


def _hands(options: HanabiOptions, at: Layout, state: State, seat: int) -> list[int]:
    """The cards of the others, whose hand is short, and what hints said of every card."""
    size, kinds = options.hand, options.kinds
    ones: list[int] = []
    for offset in range(options.players):
        other = (seat + offset) % options.players
        hand = state.hands[other]
        if offset:
            begin = (offset - 1) * size * kinds
            ones += [begin + slot * kinds + state.deck[place] for slot, place in enumerate(hand)]
        if len(hand) < size:
            ones.append(at.short + offset)
        begin = at.knowledge + offset * size * at.per_card
        for knowledge in state.known[other]:
            ones += [begin + bit for bit in _knowledge(knowledge, options.colors, options.ranks)]
            begin += at.per_card
    return ones


@lru_cache(maxsize=1 << 14)
def _knowledge(knowledge: int, colors: int, ranks: int) -> tuple[int, ...]:
    """Positions of the ones among the bits of knowledge about a card."""
    kinds = [kind for kind in range(colors * ranks) if knowledge >> kind & 1]
    ones = list(kinds)
    if knowledge & COLOR_NAMED:
        ones.append(colors * ranks + kinds[0] // ranks)
    if knowledge & RANK_NAMED:
        ones.append(colors * ranks + colors + kinds[0] % ranks)
    return tuple(ones)


def _discards(options: HanabiOptions, at: Layout, state: State) -> list[int]:
    ones: list[int] = []
    for kind, count in Counter(state.deck[place] for place in state.used).items():
        color, rank = divmod(kind, options.ranks)
        on_pile = rank < state.fireworks[color]
        first = at.discards + options.cards.index(kind)
        ones += range(first, first + count - on_pile)
    return ones


def _last_move(options: HanabiOptions, at: Layout, state: State, seat: int) -> list[int]:
    players, size = options.players, options.hand
    mover, action = (len(state.moves) - 1) % players, state.moves[-1]
    who = (mover - seat) % players
    kind_of_move = at.last + players
    whom = kind_of_move + 4
    color = whom + players
    rank = color + options.colors
    named = rank + options.ranks
    position = named + size
    card = position + size
    scored = card + options.kinds
    if action >= 2 * size:
        offset, what = hints_of(options).decode(action)
        of_color = what < options.colors
        return [
            at.last + who,
            kind_of_move + (2 if of_color else 3),
            whom + (who + offset) % players,
            color + what if of_color else rank + what - options.colors,
            *(named + slot for slot in named_cards(options, state)),
        ]
    playing, slot = divmod(action, size)
    ones = [at.last + who, kind_of_move + 1 - playing, position + slot, card + state.deck[state.used[-1]]]
    if playing and state.reward > 0:
        ones.append(scored)
    if state.token_won:
        ones.append(scored + 1)
    return ones
