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

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .game import Hanabi, State

__all__ = ["Encoder", "Layout", "encode"]


class Layout(NamedTuple):
    """Where each part of the observation begins, for one configuration."""

    players: int
    colors: int
    ranks: int
    hand: int
    tokens: int
    lives: int
    cards: int

    @property
    def kinds(self) -> int:
        """K."""
        return self.colors * self.ranks

    @property
    def short(self) -> int:
        """First bit of whose hand is short."""
        return (self.players - 1) * self.hand * self.kinds

    @property
    def stock(self) -> int:
        """First bit of the stock thermometer."""
        return self.short + self.players

    @property
    def piles(self) -> int:
        """First bit of the piles."""
        return self.stock + self.cards - self.players * self.hand

    @property
    def token(self) -> int:
        """First bit of the token thermometer; the lives follow it."""
        return self.piles + self.kinds

    @property
    def discards(self) -> int:
        """First bit of the discards."""
        return self.token + self.tokens + self.lives

    @property
    def last(self) -> int:
        """First bit of the last move."""
        return self.discards + self.cards

    @property
    def knowledge(self) -> int:
        """First bit of the knowledge."""
        return self.last + 2 * self.players + 4 + self.colors + self.ranks + 2 * self.hand + self.kinds + 2

    @property
    def per_card(self) -> int:
        """Bits of knowledge about one card."""
        return self.kinds + self.colors + self.ranks

    @property
    def size(self) -> int:
        """Length of the observation."""
        return self.knowledge + self.players * self.hand * self.per_card


class Encoder:
    """The layout's numbers worked out once, and the bits of every piece of knowledge met so far."""

    def __init__(self, layout: Layout, cards: bytes) -> None:
        self.layout = layout
        self.short, self.stock, self.piles, self.token = layout.short, layout.stock, layout.piles, layout.token
        self.last, self.knowledge, self.per_card, self.size = layout.last, layout.knowledge, layout.per_card, layout.size
        self.discards = [layout.discards + cards.index(kind) for kind in range(layout.kinds)]
        self._bits: dict[int, tuple[int, ...]] = {}

    def bits(self, known: int) -> tuple[int, ...]:
        """Positions of the ones among the bits of knowledge about a card."""
        found = self._bits.get(known)
        if found is None:
            found = self._bits[known] = tuple(self._work_out(known))
        return found

    def _work_out(self, known: int) -> list[int]:
        layout = self.layout
        kinds = [kind for kind in range(layout.kinds) if known >> kind & 1]
        ones = list(kinds)
        if known >> 25 & 1:
            ones.append(layout.kinds + kinds[0] // layout.ranks)
        if known >> 26 & 1:
            ones.append(layout.kinds + layout.colors + kinds[0] % layout.ranks)
        return ones


def encode(game: Hanabi, state: State, seat: int) -> np.ndarray:
    """The observation of `seat`, shape (n,), int8 of 0 and 1."""
    at = game.encoder
    layout, deck, players = at.layout, state.deck, game.players
    kinds, size = layout.kinds, game.hand
    ones: list[int] = []
    for offset in range(players):
        other = (seat + offset) % players
        hand = state.hands[other]
        if offset:
            base = (offset - 1) * size * kinds
            ones += [base + slot * kinds + deck[place] for slot, place in enumerate(hand)]
        if len(hand) < size:
            ones.append(at.short + offset)
        base = at.knowledge + offset * size * at.per_card
        for known in state.known[other]:
            ones += [base + bit for bit in at.bits(known)]
            base += at.per_card
    ones += range(at.stock, at.stock + len(deck) - state.drawn)
    ones += [at.piles + color * game.ranks + height - 1 for color, height in enumerate(state.fireworks) if height]
    ones += range(at.token, at.token + state.tokens)
    ones += range(at.token + game.tokens, at.token + game.tokens + state.lives)
    ones += _discards(game, state)
    if state.moves:
        ones += _last_move(game, state, seat)
    seen = np.zeros(at.size, np.int8)
    seen[ones] = 1
    return seen


def _discards(game: Hanabi, state: State) -> list[int]:
    first = game.encoder.discards
    counts: dict[int, int] = {}
    for place in state.gone:
        kind = state.deck[place]
        counts[kind] = counts.get(kind, 0) + 1
    ones: list[int] = []
    for kind, count in counts.items():
        color, rank = divmod(kind, game.ranks)
        on_pile = rank < state.fireworks[color]
        ones += range(first[kind], first[kind] + count - on_pile)
    return ones


def _last_move(game: Hanabi, state: State, seat: int) -> list[int]:
    players, size = game.players, game.hand
    mover, action = (len(state.moves) - 1) % players, state.moves[-1]
    who = (mover - seat) % players
    start = game.encoder.last
    kind_of_move = start + players
    whom = kind_of_move + 4
    color = whom + players
    rank = color + game.colors
    named = rank + game.ranks
    position = named + size
    card = position + size
    scored = card + game.kinds
    if action >= 2 * size:
        offset, what = game.hint(action)
        of_color = what < game.colors
        said = color + what if of_color else rank + what - game.colors
        return [
            start + who,
            kind_of_move + (2 if of_color else 3),
            whom + (who + offset) % players,
            said,
            *(named + slot for slot in game.touched(state)),
        ]
    play, slot = divmod(action, size)
    ones = [start + who, kind_of_move + 1 - play, position + slot, card + state.deck[state.gone[-1]]]
    if play and state.reward > 0:
        ones.append(scored)
    if state.gained:
        ones.append(scored + 1)
    return ones
