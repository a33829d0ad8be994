"""What moves there are in Hanabi and how they are numbered, as in the Hanabi Learning Environment (arXiv 1902.00506).

With H cards a hand, C colours, R ranks and P players:

    0 .. H-1            discard the card at that position, oldest first
    H .. 2H-1           play it
    next (P-1)*C        tell player +1 the cards of one colour, then player +2, ...
    next (P-1)*R        tell them the cards of one rank

What a hint names is one number: colour c is c, rank r is C + r.
"""

from __future__ import annotations

from functools import cache

from .options import HanabiOptions

__all__ = ["Hints", "hints_of"]


class Hints:
    """The hints of one configuration.

    Args:
        players: P.
        colors: C.
        ranks: R.
        hand: H.

    Attributes:
        first: The first hint: everything below discards or plays.
        first_rank: The first hint that names a rank.
        count: Number of all actions.
        kinds: [what is named] -> the kinds that match, as a bit set.
    """

    def __init__(self, players: int, colors: int, ranks: int, hand: int) -> None:
        self.colors, self.ranks = colors, ranks
        self.first = 2 * hand
        self.first_rank = self.first + (players - 1) * colors
        self.count = self.first_rank + (players - 1) * ranks
        of_color = [sum(1 << color * ranks + rank for rank in range(ranks)) for color in range(colors)]
        of_rank = [sum(1 << color * ranks + rank for color in range(colors)) for rank in range(ranks)]
        self.kinds = (*of_color, *of_rank)
        self._about: dict[tuple[int, int], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def decode(self, action: int) -> tuple[int, int]:
        """What a hint says: the offset of the player it is for, and what it names."""
        if action < self.first_rank:
            offset, color = divmod(action - self.first, self.colors)
            return offset + 1, color
        offset, rank = divmod(action - self.first_rank, self.ranks)
        return offset + 1, self.colors + rank

    def about(self, offset: int, held: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The hints of colours and those of ranks for the player at an offset who holds these kinds, a bit set."""
        hints = self._about.get((offset, held))
        if hints is None:
            hints = self._about[offset, held] = self._matching(offset, held)
        return hints

    def _matching(self, offset: int, held: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        first_color = self.first + (offset - 1) * self.colors
        first_rank = self.first_rank + (offset - 1) * self.ranks
        return (
            tuple(first_color + color for color in range(self.colors) if held & self.kinds[color]),
            tuple(first_rank + rank for rank in range(self.ranks) if held & self.kinds[self.colors + rank]),
        )


@cache
def _hints(players: int, colors: int, ranks: int, hand: int) -> Hints:
    return Hints(players, colors, ranks, hand)


def hints_of(options: HanabiOptions) -> Hints:
    """The hints of a configuration."""
    return _hints(options.players, options.colors, options.ranks, options.hand)
