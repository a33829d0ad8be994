"""What each of the two slots may do, numbered 0 to 54, and which choices of the two go together.

| number | choice |
|---|---|
| 0 | pass: nothing to choose for this slot |
| 1 to 6 | switch to a team member, by its place in the team as it was registered; at the preview, bring it |
| 7 + 4m + t | move m, from 0, at target t: 0 none or the user itself, 1 the left foe, 2 the right foe, 3 the ally |
| 23 + 4m + t | the same with Terastallization or Mega Evolution (X) |
| 39 + 4m + t | the same with Mega Evolution Y |

Two choices do not go together where both switch to one member or both use a gimmick; of a double forced switch with one member left
exactly one passes. Axis letters: A = 55 choices of a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import gymnasium
import numpy as np

from agentarena.core.actions import Product

__all__ = [
    "FIRST_MOVE",
    "GIMMICK",
    "MEGA_Y",
    "OPTIONS",
    "PASS",
    "SIZE",
    "Choice",
    "Pair",
    "choice",
    "joint_masks",
    "number",
    "option_index",
    "second_mask",
    "space",
]

SIZE = 55
"""Choices of a slot."""
PASS = 0
FIRST_MOVE, GIMMICK, MEGA_Y = 7, 23, 39
"""The first number of plain moves, of moves with Tera or Mega (X), and of moves with Mega Y."""
OPTIONS = 16
"""Pairs of a move and a target: the rows of the option vectors of a slot."""


class Choice(NamedTuple):
    """What a number means.

    Attributes:
        kind: "pass", "switch" or "move".
        member: Of a switch, the team member from 0; else -1.
        move: Of a move, which of the four from 0; else -1.
        target: Of a move, 0 none or the user, 1 the left foe, 2 the right foe, 3 the ally.
        gimmick: 0 none, 1 Tera or Mega (X), 2 Mega Y.
    """

    kind: str
    member: int = -1
    move: int = -1
    target: int = 0
    gimmick: int = 0


def choice(action: int) -> Choice:
    """What a number means.

    >>> choice(3), choice(30)
    (Choice(kind='switch', member=2, move=-1, target=0, gimmick=0), Choice(kind='move', member=-1, move=1, target=3, gimmick=1))
    """
    return _CHOICES[action]


def number(move: int, target: int, gimmick: int = 0) -> int:
    """The number of a move at a target.

    >>> number(1, 3, 1)
    30
    """
    return FIRST_MOVE + 16 * gimmick + 4 * move + target


def option_index(action: int) -> int:
    """The row of the option vectors that describes a move, whatever gimmick goes with it; -1 of passes and switches.

    >>> option_index(30), option_index(14), option_index(2)
    (7, 7, -1)
    """
    return (action - FIRST_MOVE) % OPTIONS if action >= FIRST_MOVE else -1


def _meaning(action: int) -> Choice:
    if action == PASS:
        return Choice("pass")
    if action < FIRST_MOVE:
        return Choice("switch", member=action - 1)
    gimmick, rest = divmod(action - FIRST_MOVE, OPTIONS)
    return Choice("move", move=rest // 4, target=rest % 4, gimmick=gimmick)


_CHOICES = tuple(map(_meaning, range(SIZE)))

_TOGETHER = np.ones((SIZE, SIZE), bool)
"""Which choices of the two slots go together, forced passes apart. Shape (A, A)."""
_TOGETHER[np.arange(1, FIRST_MOVE), np.arange(1, FIRST_MOVE)] = False
_TOGETHER[GIMMICK:, GIMMICK:] = False
_PASSES = np.zeros((SIZE, SIZE), np.int8)
"""How many of two choices are passes."""
_PASSES[PASS, :] += 1
_PASSES[:, PASS] += 1


def space() -> gymnasium.spaces.MultiDiscrete:
    """The choices of both slots."""
    return gymnasium.spaces.MultiDiscrete([SIZE, SIZE])


def joint_masks(slots: np.ndarray, passes: np.ndarray) -> np.ndarray:
    """Which pairs of choices are legal, of R decisions at once.

    Args:
        slots: What each slot may do by itself. Shape (R, 2, A), bool.
        passes: How many slots must pass; -1 where it does not matter. Shape (R,).

    Returns:
        Shape (R, A, A), bool.
    """
    masks: np.ndarray = slots[:, 0, :, None] & slots[:, 1, None, :] & _TOGETHER
    if (rows := np.flatnonzero(passes >= 0)).size:
        masks[rows] &= passes[rows, None, None] == _PASSES
    return masks


def second_mask(joint: np.ndarray, first: int) -> np.ndarray:
    """What the second slot may do once the first has chosen: the row of the joint mask. Shape (A, A) -> (A,)."""
    return joint[first]


class Pair(Product):
    """The legal choices of both slots, worked out by tables: equal to `Product((first, second), allowed=...)` with the rules above.

    Args:
        first: What the left slot may do, increasing.
        second: What the right slot may do.
        passes: How many of them must pass; `None` where it does not matter.
    """

    def __init__(self, first: Sequence[int], second: Sequence[int], passes: int | None = None) -> None:
        reason = _REASON if passes is None else f"exactly {passes} of the two must pass"
        super().__init__((tuple(first), tuple(second)), allowed=self._fit, reason=reason)
        self._slots, self._passes = (list(first), list(second)), passes

    def _fit(self, action: tuple[int, int]) -> bool:
        """Whether two choices that are legal by themselves go together."""
        first, second = action
        return bool(_TOGETHER[first, second]) and (self._passes is None or int(_PASSES[first, second]) == self._passes)

    def _allowed(self) -> np.ndarray:
        """Which combinations are allowed. Shape (choices of the first, of the second), bool."""
        block = np.ix_(*self._slots)
        table: np.ndarray = _TOGETHER[block]
        return table if self._passes is None else table & (_PASSES[block] == self._passes)

    @cached_property
    def _table(self) -> np.ndarray:
        return self._allowed()

    @cached_property
    def listed(self) -> tuple[tuple[int, int], ...]:
        rows, columns = np.nonzero(self._table)
        first, second = self._slots
        return tuple([(first[row], second[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)])

    def mask(self, sizes: tuple[int, ...]) -> np.ndarray:
        mask = np.zeros(sizes, np.int8)
        mask[np.ix_(*self._slots)] = self._table
        return mask

    def sample(self, rng: np.random.Generator) -> tuple[int, int]:
        """A random pair, all legal ones being equally likely."""
        allowed = np.flatnonzero(self._table)
        row, column = divmod(int(allowed[int(rng.integers(len(allowed)))]), len(self._slots[1]))
        return self._slots[0][row], self._slots[1][column]


_REASON = "the slots cannot switch to one member, nor both use a gimmick"
