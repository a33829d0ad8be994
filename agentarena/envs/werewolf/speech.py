"""What may be said in the discussion, as numbers: speech-act spaces, one a role, replaceable without touching the rules.

A `SpeechSpace` numbers its moves from 0; the game places them behind the targets, the pass, the antidote and the bids.
The default, `Acts`, is hand-written: claim a role, accuse, defend, report a result, agree, question, stay silent. A space
learned from transcripts (clusters of utterances) is a subclass that offers `size` moves and a sentence for each; it is named by
the game's option `speech`, e.g. `"werewolf=mypkg.latent:Wolves,*=acts"`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from agentarena.core.errors import BadOption
from agentarena.core.registry import load

from .roles import ROLES

__all__ = ["KINDS", "Act", "Acts", "Silence", "SpeechSpace", "sentence_of", "spaces_for"]

KINDS = ("silent", "claim", "accuse", "defend", "result", "agree", "question", "talk")
"""Kinds of speech acts. "talk" is speech without a meaning that others could count, e.g. of a learned space."""


class Act(NamedTuple):
    """What a speech act says.

    Attributes:
        kind: One of `KINDS`.
        target: The seat it is about; -1 for nobody.
        value: The role claimed, or 1 (a werewolf) and 0 (not one) for a result; -1 where neither applies.
    """

    kind: str
    target: int = -1
    value: int = -1


class SpeechSpace(ABC):
    """A finite set of things to say.

    Args:
        seats: Number of seats.
        roles: The roles that occur in the game, in increasing order.
    """

    def __init__(self, seats: int, roles: tuple[int, ...]) -> None:
        self.seats, self.roles = seats, roles

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of moves; they are numbered 0 to size - 1. Move 0 is the one made when nothing else was understood."""

    def legal(self, seat: int, alive: int) -> int:
        """The moves `seat` may make when the bit set `alive` lives, as a bit set; never empty."""
        return (1 << self.size) - 1

    def act(self, index: int) -> Act:
        """What the move means to everybody. It must not betray the speaker's role, nor which space the role speaks in."""
        return Act("talk")

    def index(self, act: Act) -> int | None:
        """The move that means `act`; `None` when there is none."""
        return None

    @abstractmethod
    def name(self, index: int, label: Callable[[int], str]) -> str:
        """How the move is written, e.g. "accuse Ann"; distinct for distinct moves. `label` names a seat."""

    @abstractmethod
    def sentence(self, index: int, label: Callable[[int], str], variant: int) -> str:
        """The move as a sentence; `variant` is any non-negative number that picks one of several wordings."""

    @property
    def plain(self) -> bool:
        """Whether `sentence` is `sentence_of` the act, so that it need not be made before somebody reads it."""
        return False


_WORDS = {
    "talk": ("...",),
    "silent": ("I have nothing to add.", "I would rather listen for now.", "I pass."),
    "claim": ("I am the {role}.", "You should know that I am the {role}.", "Listen: my role is {role}."),
    "accuse": ("I think {target} is a werewolf.", "{target} looks like a werewolf to me.", "My suspicion falls on {target}."),
    "defend": ("I trust {target}.", "I do not believe {target} is a werewolf.", "{target} seems honest to me."),
    "result1": ("I checked {target}: a werewolf.", "My check of {target} showed a werewolf.", "{target} is a werewolf, I have looked."),
    "result0": ("I checked {target}: not a werewolf.", "My check of {target} showed no werewolf.", "{target} is clean, I have looked."),
    "agree": ("I agree with {target}.", "What {target} said makes sense.", "I am with {target} on this."),
    "question": ("{target}, what do you know?", "I would like to hear from {target}.", "{target}, whom do you suspect?"),
}


def sentence_of(act: Act, label: Callable[[int], str], variant: int) -> str:
    """A speech act as a sentence, in one of several wordings.

    >>> sentence_of(Act("accuse", 2), "Ann Bob Cy".split().__getitem__, variant=1)
    'Cy looks like a werewolf to me.'
    """
    forms = _WORDS[f"result{act.value}" if act.kind == "result" else act.kind]
    role = ROLES[act.value] if act.kind == "claim" else ""
    form = forms[variant % len(forms)]
    if role in ("villager", "werewolf", "mason"):
        form = form.replace("the {role}", "a {role}")
    return form.format(role=role, target=label(act.target) if act.target >= 0 else "")


class Acts(SpeechSpace):
    """The hand-written grammar: silent; claim a role; accuse, defend, report (wolf or not), agree with, question a seat.

    With N seats and R roles in the game there are 1 + R + 6 N moves. One speaks about the living, reports on anyone, and
    never about oneself.
    """

    @cached_property
    def _acts(self) -> tuple[Act, ...]:
        every = range(self.seats)
        return (
            Act("silent"),
            *(Act("claim", value=role) for role in self.roles),
            *(Act("accuse", target) for target in every),
            *(Act("defend", target) for target in every),
            *(Act("result", target, 1) for target in every),
            *(Act("result", target, 0) for target in every),
            *(Act("agree", target) for target in every),
            *(Act("question", target) for target in every),
        )

    @cached_property
    def _indices(self) -> dict[Act, int]:
        return {act: index for index, act in enumerate(self._acts)}

    @property
    def size(self) -> int:
        return len(self._acts)

    def legal(self, seat: int, alive: int) -> int:
        bits = 0
        for index, act in enumerate(self._acts):
            if act.target == seat or (act.target >= 0 and act.kind != "result" and not alive >> act.target & 1):
                continue
            bits |= 1 << index
        return bits

    def act(self, index: int) -> Act:
        return self._acts[index]

    def index(self, act: Act) -> int | None:
        return self._indices.get(act)

    def name(self, index: int, label: Callable[[int], str]) -> str:
        act = self._acts[index]
        if act.kind == "silent":
            return "silent"
        if act.kind == "claim":
            return f"claim {ROLES[act.value]}"
        if act.kind == "result":
            return f"report {label(act.target)} {'wolf' if act.value else 'clean'}"
        return f"{act.kind} {label(act.target)}"

    def sentence(self, index: int, label: Callable[[int], str], variant: int) -> str:
        return sentence_of(self._acts[index], label, variant)

    @property
    def plain(self) -> bool:
        return True


class Silence(SpeechSpace):
    """One move: say nothing by numbers. Words alone carry the discussion."""

    @property
    def size(self) -> int:
        return 1

    def act(self, index: int) -> Act:
        return Act("silent")

    def index(self, act: Act) -> int | None:
        return 0 if act.kind == "silent" else None

    def name(self, index: int, label: Callable[[int], str]) -> str:
        return "silent"

    def sentence(self, index: int, label: Callable[[int], str], variant: int) -> str:
        return sentence_of(Act("silent"), label, variant)

    @property
    def plain(self) -> bool:
        return True


_BUILT_IN: dict[str, type[SpeechSpace]] = {"acts": Acts, "silence": Silence}


def spaces_for(option: str, seats: int, roles: tuple[int, ...]) -> tuple[SpeechSpace, ...]:
    """The speech space of every role, 0 to 9, by the game's option `speech`.

    Args:
        option: A space for all roles, or `role=space` pairs parted by commas where `*` stands for the roles not named. A
            space is "acts", "silence" or "package.module:Class".
        seats: Number of seats.
        roles: The roles in the game.

    Raises:
        BadOption: No such role or space.
    """
    pairs = [item.partition("=")[::2] if "=" in item else ("*", item) for item in option.replace(" ", "").split(",")]
    chosen = dict(pairs)
    unknown = sorted(set(chosen) - {"*", *ROLES})
    if unknown or len(chosen) != len(pairs):
        raise BadOption(f"Werewolf: option 'speech' is {option!r}; roles may be named once each: *, {', '.join(ROLES)}")
    made: dict[str, SpeechSpace] = {}
    for name in dict.fromkeys((*chosen.values(), "acts")):
        kind = _BUILT_IN.get(name) or (load(name) if ":" in name else None)
        if not (isinstance(kind, type) and issubclass(kind, SpeechSpace)):
            raise BadOption(f"Werewolf: option 'speech' names {name!r}; allowed: {', '.join(_BUILT_IN)}, or 'package.module:SpeechSpace'")
        made[name] = kind(seats, roles)
    default = chosen.get("*", "acts")
    return tuple(made[chosen.get(role, default)] for role in ROLES)
