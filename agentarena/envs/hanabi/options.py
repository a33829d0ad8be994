"""The options of Hanabi, and what follows from them before a card is dealt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from agentarena.core.errors import BadOption
from agentarena.core.game import option

__all__ = ["HanabiOptions"]


@dataclass(frozen=True)
class HanabiOptions:
    """One configuration; the defaults are the standard game for two."""

    players: int = option(2, "Number of players.", low=2, high=5)
    colors: int = option(5, "Number of colours.", low=1, high=5)
    ranks: int = option(5, "Number of ranks; a pile is complete at this height.", low=1, high=5)
    hand: int = option(5, "Cards in a hand.", low=1, high=5)
    tokens: int = option(8, "Information tokens at the start, and the most there can be.", low=1, high=20)
    lives: int = option(3, "Misplayed cards that end the match.", low=1, high=10)
    keep_score: bool = option(False, "Whether the score stands when the last life is lost; otherwise it falls to 0.", choices=(False, True))

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "standard": {"players": 2, "colors": 5, "ranks": 5, "hand": 5, "tokens": 8, "lives": 3},
        "standard4": {"players": 4, "colors": 5, "ranks": 5, "hand": 4, "tokens": 8, "lives": 3},
    }

    def check_combination(self) -> None:
        """Refuse hands that the deck is too small for.

        Raises:
            BadOption: There are fewer cards than the hands hold together.
        """
        if self.stock < 0:
            raise BadOption(
                f"{type(self).__name__}: {self.players} hands of {self.hand} cards need {self.players * self.hand} cards, "
                f"the deck has {len(self.cards)}; lower `hand` or raise `colors` or `ranks`"
            )

    @cached_property
    def cards(self) -> bytes:
        """The kinds of all cards, sorted: of each colour three 1s, one of the highest rank, two of each between."""
        copies = [3, *[2] * (self.ranks - 2), 1] if self.ranks > 1 else [3]
        return bytes(color * self.ranks + rank for color in range(self.colors) for rank in range(self.ranks) for _ in range(copies[rank]))

    @cached_property
    def kinds(self) -> int:
        """K: how many different cards there are."""
        return self.colors * self.ranks

    @cached_property
    def any_kind(self) -> int:
        """All kinds, as a bit set."""
        return (1 << self.kinds) - 1

    @cached_property
    def stock(self) -> int:
        """Cards left to draw after the deal."""
        return len(self.cards) - self.players * self.hand

    @property
    def greatest_score(self) -> int:
        """The cards of all piles or, where that is less, the plays there is time for: one a drawn card, and one a player after that."""
        return min(self.kinds, self.stock + self.players)

    @property
    def longest_match(self) -> int:
        """Most moves: all tokens are spent, then every discard buys one hint, until the last card is drawn and all move once more."""
        return self.tokens + 2 * self.stock - 1 + self.players if self.stock else self.players
