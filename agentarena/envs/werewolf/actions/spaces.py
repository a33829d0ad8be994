"""What can be said by number: the hand-written speech acts, silence, and latent moves that are heard as symbols."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.registry import load
from agentarena.core.speech import LatentMove, is_latent, latent_moves, signal
from agentarena.envs.werewolf.options import ROLES, Options, speech_pairs
from agentarena.envs.werewolf.state import Act

__all__ = ["KINDS", "Acts", "Latent", "Silence", "SpeechSpace", "sentence_of", "space_of", "spaces_for"]

KINDS = ("silent", "claim", "accuse", "defend", "result", "agree", "question", "talk")
"""Kinds of speech acts. "talk" is speech without a meaning that others could count, e.g. of a learned space."""


class SpeechSpace(ABC):
    """A finite set of things to say.

    Args:
        seats: Number of seats.
        roles: The roles that occur in the game, in increasing order.

    Attributes:
        plain: Whether `sentence` is `sentence_of` the act; such a sentence is written only when somebody reads it.
        ambiguous: Whether two moves mean the same to everybody, so that only the speaker knows which of them was made.
    """

    plain: bool = False
    ambiguous: bool = False

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


_WORDINGS = {
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
    if act.kind == "talk" and act.value >= 0:
        return signal(act.value, label(act.target) if act.target >= 0 else "")
    forms = _WORDINGS[f"result{act.value}" if act.kind == "result" else act.kind]
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

    plain = True

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


class Silence(SpeechSpace):
    """One move: say nothing by numbers. Words alone carry the discussion."""

    plain = True

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


class Latent(SpeechSpace):
    """Moves that are heard as symbols (`core.speech`). Those that name a seat stand for N moves, one a seat: a living other.

    A symbol says nothing of the role, nor of the move behind it where several moves are heard as one.
    """

    plain = True

    def __init__(self, seats: int, roles: tuple[int, ...], moves: tuple[LatentMove, ...]) -> None:
        super().__init__(seats, roles)
        self.moves = moves
        self._choices = [(move, target) for move, kind in enumerate(moves) for target in (range(seats) if kind.names_seat else (-1,))]
        self._numbers = {choice: index for index, choice in enumerate(self._choices)}
        self.ambiguous = len(set(moves)) < len(moves)

    @property
    def size(self) -> int:
        return len(self._choices)

    @property
    def symbols(self) -> int:
        """One more than the greatest symbol."""
        return 1 + max(move.symbol for move in self.moves)

    def legal(self, seat: int, alive: int) -> int:
        named = alive & ~(1 << seat)
        return sum(1 << index for index, (_, target) in enumerate(self._choices) if target < 0 or named >> target & 1)

    def choice(self, index: int) -> tuple[int, int]:
        """Which of the role's moves it is, and the seat it names; -1 for none."""
        return self._choices[index]

    def number(self, move: int, target: int) -> int:
        """The inverse of `choice`.

        Raises:
            UsageError: There is no such move, or it names a seat and `target` is none, or the other way round.
        """
        if (move, target) not in self._numbers:
            raise UsageError(
                f"Werewolf: no latent move {shown(move)} about seat {shown(target)}; the role has {shown(self.moves)} and {self.seats} seats "
                "(target -1 where a move names none)"
            )
        return self._numbers[move, target]

    def act(self, index: int) -> Act:
        move, target = self._choices[index]
        return Act("talk", target, self.moves[move].symbol)

    def index(self, act: Act) -> int | None:
        return next((index for index in range(self.size) if self.act(index) == act), None)

    def name(self, index: int, label: Callable[[int], str]) -> str:
        move, _ = self._choices[index]
        earlier = self.moves[:move].count(self.moves[move])
        return f"{self.sentence(index, label, 0)}{f' variant {earlier}' if earlier else ''}"

    def sentence(self, index: int, label: Callable[[int], str], variant: int) -> str:
        return sentence_of(self.act(index), label, variant)


_BUILT_IN: dict[str, type[SpeechSpace]] = {"acts": Acts, "silence": Silence}


def space_of(options: Options, role: int) -> SpeechSpace:
    """The speech space of a role, 0 to 9."""
    memo = options.memo
    if "spaces" not in memo:
        memo["spaces"] = spaces_for(options.speech, options.players, options.roles_in_play)
    space: SpeechSpace = memo["spaces"][role]
    return space


def spaces_for(option: str, seats: int, roles: tuple[int, ...]) -> tuple[SpeechSpace, ...]:
    """The speech space of every role, 0 to 9, by the game's option `speech`.

    Args:
        option: A space for all roles, or `role=space` pairs parted by commas where `*` stands for the roles not named. A
            space is "acts", "silence", latent moves such as "latent:0.2@.1", or "package.module:Class".
        seats: Number of seats.
        roles: The roles in the game.

    Raises:
        BadOption: No such role or space.
    """
    pairs = speech_pairs(option)
    chosen = dict(pairs)
    unknown = sorted(set(chosen) - {"*", *ROLES})
    if unknown or len(chosen) != len(pairs):
        raise BadOption(f"Werewolf: option 'speech' is {shown(option)}; roles may be named once each: *, {', '.join(ROLES)}")
    spaces = {name: _space_named(name, seats, roles) for name in dict.fromkeys((*chosen.values(), "acts"))}
    default = chosen.get("*", "acts")
    return tuple(spaces[chosen.get(role, default)] for role in ROLES)


def _space_named(name: str, seats: int, roles: tuple[int, ...]) -> SpeechSpace:
    if is_latent(name):
        try:
            return Latent(seats, roles, latent_moves(name))
        except BadOption as error:
            raise BadOption(f"Werewolf: option 'speech': {error}") from None
    kind = _BUILT_IN.get(name) or (load(name) if ":" in name else None)
    if not (isinstance(kind, type) and issubclass(kind, SpeechSpace)):
        raise BadOption(
            f"Werewolf: option 'speech' names {shown(name)}; allowed: {', '.join(_BUILT_IN)}, latent moves such as latent:0.2@.1, "
            "or 'package.module:SpeechSpace'"
        )
    return kind(seats, roles)
