"""Latent speech: games in which one speaks by a few symbols instead of words, and the way between the two.

A *latent move* is what a player can say in such a game: everybody hears its *symbol*, and it may *name a seat*, whom it is about.
Roles have moves of their own, but the symbols are shared: a listener learns the symbol and the seat named, neither the move nor the
role. A policy that was learned there can play at a table where everybody speaks in words: whoever seats it turns the words that
were heard into symbols (`Heard`) and its moves into words.

As text, moves are their symbols in order, `@` after those that name a seat: `latent:0.2@.1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np

from .actions import Action
from .display import shown
from .errors import BadOption
from .events import Event
from .game import Game

__all__ = ["MOST_MOVES", "MOST_SYMBOLS", "Heard", "LatentMove", "Remark", "Speech", "is_latent", "latent_moves", "latent_text", "signal"]

MOST_MOVES = 64
"""Moves that one role may have."""
MOST_SYMBOLS = 64
"""Symbols are numbered from 0 and are fewer than this."""

S_contra = TypeVar("S_contra", contravariant=True)


class LatentMove(NamedTuple):
    """Something that can be said.

    Attributes:
        symbol: What everybody hears, 0 to `MOST_SYMBOLS` - 1.
        names_seat: Whether it is about a seat, which the speaker chooses.
    """

    symbol: int
    names_seat: bool = False


class Heard(NamedTuple):
    """A speech as a symbol.

    Attributes:
        day: The day (or round) on which it was made, from 1.
        order: How many speeches were made on that day before it.
        speaker: Who spoke.
        symbol: Its symbol.
        target: The seat it is about; -1 for none.
    """

    day: int
    order: int
    speaker: int
    symbol: int
    target: int = -1


class Remark(NamedTuple):
    """A speech in words.

    Attributes:
        day, order, speaker: As of `Heard`.
        words: Its words.
        named: The seats that the words name, in increasing order.
    """

    day: int
    order: int
    speaker: int
    words: str
    named: tuple[int, ...] = ()


@runtime_checkable
class Speech(Protocol[S_contra]):
    """Games in which one can speak, by symbols or in words.

    `plain` is a game of the same rules in which one speaks otherwise (`with_latent` keeps all other options). Methods about latent
    moves raise `NotSupported` in a game without them.
    """

    def speech_roles(self) -> tuple[str, ...]:
        """The roles that speak, each with moves of its own; `("player",)` where roles do not differ."""
        ...

    def speech_role(self, state: S_contra, seat: int) -> str | None:
        """The role in which `seat` is to speak now; `None` when it is not to speak."""
        ...

    def speech_names(self, state: S_contra) -> tuple[str, ...]:
        """What the seats are called in words."""
        ...

    def names_in_news(self, news: Iterable[Event]) -> tuple[str, ...]:
        """`speech_names` from what a seat was told since the match began."""
        ...

    def remarks(self, news: Iterable[Event]) -> tuple[Remark, ...]:
        """All public speeches among what a seat was told since the match began, in order."""
        ...

    def heard(self, state: S_contra, seat: int) -> tuple[Heard, ...]:
        """All public speeches that `seat` heard as symbols, in order, its own among them."""
        ...

    def with_latent(self, moves: Mapping[str, Sequence[LatentMove]]) -> Game[Any]:
        """The same game in which the roles have these moves; roles that are left out have those of `"*"`, else one move, symbol 0."""
        ...

    def speech_moves(self, role: str) -> tuple[LatentMove, ...]:
        """The latent moves of a role."""
        ...

    def latent_move(self, role: str, action: Action) -> tuple[int, int]:
        """Which move of the role a speech action is, and the seat it names (-1 for none)."""
        ...

    def latent_action(self, role: str, move: int, target: int = -1) -> Action:
        """The inverse of `latent_move`."""
        ...

    def latent_observation(self, observation: np.ndarray, heard: Sequence[Heard], plain: Game[Any], seat: int) -> np.ndarray:
        """What `seat` would see in this game, from what it sees in `plain` and the symbols of the speeches it heard there."""
        ...

    def latent_mask(self, observation: np.ndarray, legal: Iterable[int], plain: Game[Any], seat: int) -> np.ndarray:
        """Legal actions of this game, shape (A,), bool, for `seat`, which sees `observation` in `plain` and may do `legal` there."""
        ...

    def speech_seat(self, observation: np.ndarray, seat: int) -> tuple[str, bool]:
        """The role of `seat`, which sees `observation` in this game, and whether it is to speak now."""
        ...

    def speech_reply(self, words: str) -> str:
        """The reply that utters these words and nothing else, cut to what is heard and without what would end them early."""
        ...


# --- moves as text ---------------------------------------------------------------------------------------------------------------

_PREFIX = "latent:"
_MOVE = re.compile(r"(\d{1,9})(@?)", re.ASCII)
_LONGEST = len(_PREFIX) + 11 * MOST_MOVES


def is_latent(text: Any) -> bool:
    """Whether a text means to describe latent moves."""
    return isinstance(text, str) and text.startswith(_PREFIX)


def latent_text(moves: Iterable[LatentMove]) -> str:
    """Moves as text.

    >>> latent_text([LatentMove(0), LatentMove(2, True), LatentMove(1)])
    'latent:0.2@.1'
    """
    return _PREFIX + ".".join(f"{move.symbol}{'@' if move.names_seat else ''}" for move in moves)


def latent_moves(text: str) -> tuple[LatentMove, ...]:
    """The inverse of `latent_text`.

    Raises:
        BadOption: It is no such text, or moves or symbols are too many.

    >>> latent_moves("latent:0.2@")
    (LatentMove(symbol=0, names_seat=False), LatentMove(symbol=2, names_seat=True))
    """
    parts = text.removeprefix(_PREFIX).split(".") if is_latent(text) and len(text) <= _LONGEST else []
    matches = [_MOVE.fullmatch(part) for part in parts]
    if not 1 <= len(matches) <= MOST_MOVES or None in matches:
        raise BadOption(
            f"latent moves are {shown(text)}; expected 1 to {MOST_MOVES} symbols joined by points, @ after those that name a seat, "
            "e.g. latent:0.2@.1"
        )
    moves = tuple(LatentMove(int(match[1]), bool(match[2])) for match in matches if match)
    too_high = [move.symbol for move in moves if move.symbol >= MOST_SYMBOLS]
    if too_high:
        raise BadOption(f"latent moves are {shown(text)}; symbol {too_high[0]} is not allowed: symbols are 0 to {MOST_SYMBOLS - 1}")
    return moves


def signal(symbol: int, target: str = "") -> str:
    """A symbol in words.

    >>> signal(2, "Ada"), signal(0)
    ('signal 2 about Ada', 'signal 0')
    """
    return f"signal {symbol} about {target}" if target else f"signal {symbol}"
