"""Players of Hanabi without conventions: they play what hints have made certain, or likely. They read the observation's bits alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption

from .game import Hanabi

__all__ = ["BOTS", "Bold", "Cautious", "Sight", "sight"]


@dataclass(frozen=True, slots=True)
class Sight:
    """The observation read back.

    Attributes:
        piles: Height of each colour's pile.
        tokens: Hints that may be given.
        lives: Lives left.
        stock: Cards left to draw.
        gone: Discarded cards of each kind.
        hands: Kinds of each other player's cards, from player +1 on.
        known: For each player from oneself on and each card, the kinds that hints leave possible.
        unseen: Cards of each kind that are in one's own hand or in the stock.
    """

    piles: tuple[int, ...]
    tokens: int
    lives: int
    stock: int
    gone: np.ndarray
    hands: tuple[tuple[int, ...], ...]
    known: tuple[tuple[tuple[int, ...], ...], ...]
    unseen: np.ndarray


def sight(game: Hanabi, bits: np.ndarray) -> Sight:
    """What an observation says."""
    at, kinds, size = game.layout, game.kinds, game.hand
    others = bits[: at.short].reshape(game.players - 1, size, kinds)
    hands = tuple(tuple(int(np.argmax(card)) for card in hand if card.any()) for hand in others)
    heights = bits[at.piles : at.token].reshape(game.colors, game.ranks)
    piles = tuple(int(np.argmax(pile)) + 1 if pile.any() else 0 for pile in heights)
    knowledge = bits[at.knowledge :].reshape(game.players, size, at.per_card)[:, :, :kinds]
    known = tuple(tuple(tuple(np.flatnonzero(card).tolist()) for card in hand if card.any()) for hand in knowledge)
    copies = np.bincount(list(game.cards), minlength=kinds)
    gone = np.add.reduceat(bits[at.discards : at.last].astype(np.int64), np.cumsum(copies) - copies)
    unseen = copies - gone
    for kind in (*(kind for hand in hands for kind in hand), *(c * game.ranks + r for c, pile in enumerate(piles) for r in range(pile))):
        unseen[kind] -= 1
    tokens = int(bits[at.token : at.token + game.tokens].sum())
    lives = int(bits[at.token + game.tokens : at.discards].sum())
    return Sight(piles, tokens, lives, int(bits[at.stock : at.piles].sum()), gone, hands, known, unseen)


class Cautious(Agent):
    """Plays a card only when it is certain to fit, tells others of cards that fit, discards what is useless, else the oldest."""

    def choose(self, view: View) -> Action:
        game = view.game
        assert isinstance(game, Hanabi)
        legal = view.legal
        assert isinstance(legal, tuple)
        seen = sight(game, view.observation)
        for action in self.wishes(game, seen):
            if action in legal:
                return action
        return legal[0]  # not reached: the last wishes are every hint, every discard and every play

    def wishes(self, game: Hanabi, seen: Sight) -> Iterator[int]:
        """Actions in order of preference, legal or not."""
        own = [self._possible(seen, kinds) for kinds in seen.known[0]]
        yield from (game.hand + slot for slot, kinds in enumerate(own) if all(self._fits(game, seen, kind) for kind in kinds))
        yield from self._guesses(game, seen, own)
        yield from self._hints(game, seen)
        yield from (slot for slot, kinds in enumerate(own) if all(self._useless(game, seen, kind) for kind in kinds))
        yield from range(game.hand)
        yield from range(2 * game.hand, int(game.action_space(0).n))
        yield from range(game.hand, 2 * game.hand)

    def _guesses(self, game: Hanabi, seen: Sight, own: list[tuple[int, ...]]) -> Iterator[int]:
        """Cards worth playing though they are not certain; none for a cautious player."""
        yield from ()

    def _possible(self, seen: Sight, kinds: tuple[int, ...]) -> tuple[int, ...]:
        """The kinds an own card may be, once all cards in sight are counted."""
        return tuple(kind for kind in kinds if seen.unseen[kind])

    def _fits(self, game: Hanabi, seen: Sight, kind: int) -> bool:
        color, rank = divmod(kind, game.ranks)
        return seen.piles[color] == rank

    def _useless(self, game: Hanabi, seen: Sight, kind: int) -> bool:
        """Whether a card can never be played any more: it lies on its pile, or a lower one is gone for good."""
        color, rank = divmod(kind, game.ranks)
        if rank < seen.piles[color]:
            return True
        lower = range(color * game.ranks + seen.piles[color], kind)
        return any(seen.gone[other] == game.cards.count(other) for other in lower)

    def _hints(self, game: Hanabi, seen: Sight) -> Iterator[int]:
        """Hints about cards that fit, those first that make most of them certain, then those that narrow them down."""
        rated = []
        for action in range(2 * game.hand, int(game.action_space(0).n)):
            offset, what = game.hint(action)
            value = self._value(game, seen, offset, what)
            if value > (0, 0):
                rated.append((tuple(-part for part in value), action))
        yield from (action for _, action in sorted(rated))

    def _value(self, game: Hanabi, seen: Sight, offset: int, what: int) -> tuple[int, int]:
        """How many fitting cards a hint makes certain, and how many kinds it rules out for fitting cards."""
        certain = ruled_out = 0
        for kind, before in zip(seen.hands[offset - 1], seen.known[offset], strict=True):
            said = self._named(game, kind, what)
            if not said:
                continue
            after = [other for other in before if self._named(game, other, what)]
            if self._fits(game, seen, kind):
                sure = all(self._fits(game, seen, other) for other in after)
                certain += sure and not all(self._fits(game, seen, other) for other in before)
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

    def _guesses(self, game: Hanabi, seen: Sight, own: list[tuple[int, ...]]) -> Iterator[int]:
        if seen.lives < 2:
            return
        odds = []
        for slot, kinds in enumerate(own):
            weights = [int(seen.unseen[kind]) for kind in kinds]
            fitting = sum(weight for kind, weight in zip(kinds, weights, strict=True) if self._fits(game, seen, kind))
            odds.append((-fitting / sum(weights), slot))
        best, slot = min(odds)
        if -best >= (self.chance if seen.stock else 1e-9):
            yield game.hand + slot


BOTS: dict[str, type[Agent]] = {
    "hanabi/cautious": Cautious,
    "hanabi/bold": Bold,
}
"""Names of the reference players -> class."""
