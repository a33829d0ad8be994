"""What may be said: any words, with the admissible commands as suggestions; or, with `commands="admissible"`, only those."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium

from agentarena.core import limits
from agentarena.core.actions import Legal, Text
from agentarena.core.charset import CHARSET

from .engine.scene import admissible
from .options import HouseholdOptions
from .state import State

__all__ = ["LONGEST", "SHOWN", "Commands", "legal", "space"]

LONGEST = limits.REPLY
"""Longest command that is taken, in characters; nearly all of it does nothing."""
SHOWN = 1000
"""Longest random text that the space samples."""


class Commands(Text):
    """Any words up to `LONGEST` characters; those that are admissible are suggested where the game lists them."""

    def __init__(self, suggestions: Sequence[str] = ()) -> None:
        super().__init__(LONGEST, suggestions)


class _Words(gymnasium.spaces.Text):
    """The space of all commands: it holds long ones too, but samples short ones."""

    def sample(self, mask: object = None, probability: object = None) -> str:
        if mask is not None or probability is not None:
            return super().sample(mask, probability)  # type: ignore[arg-type]  # whatever Gymnasium takes
        size = int(self.np_random.integers(1, SHOWN))
        return "".join(CHARSET[at] for at in self.np_random.integers(len(CHARSET), size=size).tolist())


def space() -> gymnasium.spaces.Text:
    """The action space: text."""
    return _Words(LONGEST, min_length=0, charset=CHARSET)


def legal(options: HouseholdOptions, state: State) -> Legal:
    """What may be said now."""
    house, scene = state.house, state.scene
    if options.commands == "admissible":
        return admissible(house, scene)
    return Commands(admissible(house, scene)) if options.admissible else _ANYTHING


_ANYTHING = Commands()
