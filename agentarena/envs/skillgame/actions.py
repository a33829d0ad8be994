"""What may be said: any words, with the admissible commands as suggestions; or, with `commands="admissible"`, only those."""

from __future__ import annotations

import gymnasium

from agentarena.core import limits
from agentarena.core.actions import Legal, Text
from agentarena.core.charset import CHARSET

from .engine.scene import admissible
from .options import SkillOptions
from .state import State

__all__ = ["LONGEST", "legal", "space"]

LONGEST = limits.REPLY
"""Longest command that is taken, in characters."""
_LONGEST_SAMPLE = 200


class _Words(gymnasium.spaces.Text):
    """The space of all commands: it holds long ones too, but samples short ones."""

    def sample(self, mask: object = None, probability: object = None) -> str:
        if mask is not None or probability is not None:
            return super().sample(mask, probability)  # type: ignore[arg-type]  # whatever Gymnasium takes
        size = int(self.np_random.integers(1, _LONGEST_SAMPLE))
        return "".join(CHARSET[at] for at in self.np_random.integers(len(CHARSET), size=size).tolist())


def space() -> gymnasium.spaces.Text:
    """The action space: text."""
    return _Words(LONGEST, min_length=0, charset=CHARSET)


def legal(options: SkillOptions, state: State) -> Legal:
    """What may be said now."""
    if options.commands == "admissible":
        return admissible(state.world, state.scene)
    return Text(LONGEST, admissible(state.world, state.scene)) if options.admissible else _ANYTHING


_ANYTHING = Text(LONGEST)
