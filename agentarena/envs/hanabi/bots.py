"""Players of Hanabi without conventions: they play what hints have made certain, or likely. They read the observation's bits alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption

from .game import Hanabi

__all__ = ["BOTS", "Bold", "Cautious", "Decoded", "decode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The observation read back.

    Attributes:
        piles: Height of each colour's pile.
        tokens: Hints that may be given.
        lives: Lives left.
        stock: Cards left to draw.
        discarded: Discarded cards of each kind.
        hands: Kinds of each other player's cards, from player +1 on.
        known: For each player from oneself on and each card, the kinds that hints leave possible.
        unseen: Cards of each kind that are in one's own hand or in the stock.
    """

    piles: tuple[int, ...]
    tokens: int
    lives: int
    stock: int
    discarded: np.ndarray
    hands: tuple[tuple[int, ...], ...]
    known: tuple[tuple[tuple[int, ...], ...], ...]
    unseen: np.ndarray


def decode(game: Hanabi, bits: np.ndarray) -> Decoded:
    """What an observation says."""
    at, kinds, size = game.layout, game.kinds, game.hand
    others = bits[: at.short].reshape(game.players - 1, size, kinds)
    hands = tuple(tuple(int(np.argmax(card)) for card in hand if card.any()) for hand in others)
    heights = bits[at.piles : at.tokens].reshape(game.colors, game.ranks)
    piles = tuple(int(np.argmax(pile)) + 1 if pile.any() else 0 for pile in heights)
    knowledge = bits[at.knowledge :].reshape(game.players, size, at.per_card)[:, :, :kinds]
    copies = np.bincount(list(game.cards), minlength=kinds)
    discarded = np.add.reduceat(bits[at.discards : at.last].astype(np.int64), np.cumsum(copies) - copies)
    unseen = copies - discarded
    for kind in (*(kind for hand in hands for kind in hand), *(c * game.ranks + r for c, pile in enumerate(piles) for r in range(pile))):
        unseen[kind] -= 1
    return Decoded(
        piles=piles,
        tokens=int(bits[at.tokens : at.lives].sum()),
        lives=int(bits[at.lives : at.discards].sum()),
        stock=int(bits[at.stock : at.piles].sum()),
        discarded=discarded,
        hands=hands,
        known=tuple(tuple(tuple(np.flatnonzero(card).tolist()) for card in hand if card.any()) for hand in knowledge),
        unseen=unseen,
    )


class Cautious(Agent):
    """Plays a card only when it is certain to fit, tells others of cards that fit, discards what is useless, else the oldest."""

    def choose(self, view: View) -> Action:
        game = view.game
        assert isinstance(game, Hanabi)
        legal = view.legal
        assert isinstance(legal, tuple)
        table = decode(game, view.observation)
        for action in self.preferences(game, table):
            if action in legal:
                return action
        return legal[0]  # not reached: the last preferences are every hint, every discard and every play

    def preferences(self, game: Hanabi, table: Decoded) -> Iterator[int]:
        """Actions in order of preference, legal or not."""
        own = [self._possible(table, kinds) for kinds in table.known[0]]
        yield from (game.hand + slot for slot, kinds in enumerate(own) if all(self._fits(game, table, kind) for kind in kinds))
        yield from self._guesses(game, table, own)
        yield from self._hints(game, table)
        yield from (slot for slot, kinds in enumerate(own) if all(self._useless(game, table, kind) for kind in kinds))
        yield from range(game.hand)
        yield from range(2 * game.hand, int(game.action_space(0).n))
        yield from range(game.hand, 2 * game.hand)

    def _guesses(self, game: Hanabi, table: Decoded, own: list[tuple[int, ...]]) -> Iterator[int]:
        """Cards worth playing though they are not certain; none for a cautious player."""
        yield from ()

    def _possible(self, table: Decoded, kinds: tuple[int, ...]) -> tuple[int, ...]:
        """The kinds an own card may be, once all cards in sight are counted."""
        return tuple(kind for kind in kinds if table.unseen[kind])

    def _fits(self, game: Hanabi, table: Decoded, kind: int) -> bool:
        color, rank = divmod(kind, game.ranks)
        return table.piles[color] == rank

    def _useless(self, game: Hanabi, table: Decoded, kind: int) -> bool:
        """Whether a card can never be played any more: it lies on its pile, or a lower one is gone for good."""
        color, rank = divmod(kind, game.ranks)
        if rank < table.piles[color]:
            return True
        lower = range(color * game.ranks + table.piles[color], kind)
        return any(table.discarded[other] == game.cards.count(other) for other in lower)

    def _hints(self, game: Hanabi, table: Decoded) -> Iterator[int]:
        """Hints about cards that fit, those first that make most of them certain, then those that narrow them down."""
        rated = []
        for action in range(2 * game.hand, int(game.action_space(0).n)):
            offset, what = game.hint(action)
            value = self._value(game, table, offset, what)
            if value > (0, 0):
                rated.append((tuple(-part for part in value), action))
        yield from (action for _, action in sorted(rated))

    def _value(self, game: Hanabi, table: Decoded, offset: int, what: int) -> tuple[int, int]:
        """How many fitting cards a hint makes certain, and how many kinds it rules out for fitting cards."""
        certain = ruled_out = 0
        for kind, before in zip(table.hands[offset - 1], table.known[offset], strict=True):
            if not self._named(game, kind, what):
                continue
            after = [other for other in before if self._named(game, other, what)]
            if self._fits(game, table, kind):
                sure = all(self._fits(game, table, other) for other in after)
                certain += sure and not all(self._fits(game, table, other) for other in before)
                ruled_out += len(before) - len(after)
        return certain, ruled_out

    def _named(self, game: Hanabi, kind: int, what: int) -> bool:
        color, rank = divmod(kind, game.ranks)
        return color == what if what < game.colors else rank == what - game.colors


class Bold(Cautious):
    """Like the cautious player, but plays a card that is likely enough to fit while a life can be spared.

    Args:
        chance: Least probability of fitting at which a card is played; in the last round the likeliest card is played
            whatever its probability.
    """

    def __init__(self, chance: float = 0.8) -> None:
        if not 0.0 <= chance <= 1.0:
            raise BadOption(f"hanabi/bold: chance is {chance!r}, expected a probability from 0 to 1")
        self.chance = chance

    def _guesses(self, game: Hanabi, table: Decoded, own: list[tuple[int, ...]]) -> Iterator[int]:
        if table.lives < 2:
            return
        odds = []
        for slot, kinds in enumerate(own):
            weights = [int(table.unseen[kind]) for kind in kinds]
            fitting = sum(weight for kind, weight in zip(kinds, weights, strict=True) if self._fits(game, table, kind))
            odds.append((-fitting / sum(weights), slot))
        best, slot = min(odds)
        if -best >= (self.chance if table.stock else 1e-9):
            yield game.hand + slot


BOTS: dict[str, type[Agent]] = {
    "hanabi/cautious": Cautious,
    "hanabi/bold": Bold,
}
"""Names of the reference players -> class."""
