"""What moves there are, how they are numbered, which are legal, and what can be said by number.

With N seats the actions are

    0 .. N-1        a seat: to attack, test, protect, poison, shoot or vote for
    N               pass: abstain from the vote, use no potion
    N+1             the witch's antidote
    N+2 .. N+6      a bid of 0 to 4 for the floor
    N+7 ..          the moves of the speech space of the seat's role

A `SpeechSpace` numbers its moves from 0. The default, `Acts`, is hand-written: claim a role, accuse, defend, report a result, agree,
question, stay silent. A space learned from transcripts (clusters of utterances) is a subclass that offers `size` moves and a sentence
for each; the option `speech` names it, e.g. `"werewolf=mypkg.latent:Wolves,*=acts"`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from agentarena.core.actions import Spoken
from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.registry import load

from .options import DOCTOR, GUARD, ROLES, SEER, WOLF, Options
from .state import BID, BREW, HUNT, NIGHT, SHOT, SPEAK, STRAW, TALK, VOTE, Act, State

__all__ = [
    "BIDS",
    "KINDS",
    "Act",
    "Acts",
    "Silence",
    "SpeechSpace",
    "antidote",
    "beliefs_in",
    "bid",
    "legal_bits",
    "named_in",
    "night_movers",
    "pass_",
    "sentence_of",
    "space_of",
    "spaces_for",
    "speech",
    "spoken_violation",
    "targets",
    "tuple_of",
]

BIDS = 5

_SPEAKING, _VOTING, _CHOOSING = (SPEAK, TALK), (VOTE, STRAW), (HUNT, NIGHT)


def pass_(seats: int) -> int:
    """The action that names nobody."""
    return seats


def antidote(seats: int) -> int:
    """The witch's healing potion, for tonight's victim."""
    return seats + 1


def bid(seats: int, amount: int) -> int:
    """A bid of 0 to 4."""
    return seats + 2 + amount


def speech(seats: int) -> int:
    """The first speech move."""
    return seats + 2 + BIDS


# --- what is legal, as bit sets over the flat action space -------------------------------------------------------------------


def legal_bits(options: Options, state: State, seat: int) -> int:
    """What `seat` may do if it is to move, as a bit set; never empty."""
    phase = state.phase
    if phase in _SPEAKING:
        return speech_bits(options, state.deal.roles[seat], seat, state.alive)
    if phase in _VOTING:
        bits = state.ballot.candidates if phase == VOTE else state.alive
        return (bits if options.self_vote else bits & ~(1 << seat)) | (1 << options.players if options.abstain else 0)
    if phase in _CHOOSING:
        role = state.deal.roles[seat]
        return wolf_targets(options, state, seat) if role == WOLF else targets(options, state, seat, role)
    if phase == BID:
        return 0b11111 << bid(options.players, 0)
    if phase == BREW:
        return _potions(options, state, seat)
    assert phase == SHOT
    return state.alive


def wolf_targets(options: Options, state: State, seat: int) -> int:
    """Whom a wolf may attack."""
    return state.alive & ~(state.deal.wolves if options.wolf_targets == "village" else 1 << seat)


def targets(options: Options, state: State, seat: int, role: int) -> int:
    """Whom the seer, doctor or guard may choose tonight; 0 when there is nobody left."""
    others = state.alive & ~(1 << seat)
    if role == SEER:
        return others if options.seer_repeat else others & ~state.night.tested
    if role == DOCTOR:
        return _protect(state.alive if options.self_save else others, options.repeat_save, state.night.protected[0])
    assert role == GUARD
    return _protect(state.alive if options.guard_self else others, options.guard_repeat, state.night.protected[1])


def night_movers(options: Options, state: State, wolves: tuple[int, ...]) -> tuple[int, ...]:
    """Who chooses tonight, at once: these wolves, the seer, and when there is an attack the doctor and the guard."""
    acting = (SEER, DOCTOR, GUARD) if options.attacks(state.day) else (SEER,)
    others = [
        seat
        for seat, role in enumerate(state.deal.roles)
        if role in acting and state.alive >> seat & 1 and targets(options, state, seat, role)
    ]
    return tuple(sorted((*wolves, *others))) if others else wolves


def _protect(bits: int, repeat: bool, last: int) -> int:
    return bits if repeat or last < 0 else bits & ~(1 << last)


def _potions(options: Options, state: State, seat: int) -> int:
    seats, night = options.players, state.night
    bits = 1 << pass_(seats)
    if night.potions & 1 and night.victim >= 0 and (options.witch_self or night.victim != seat):
        bits |= 1 << antidote(seats)
    if night.potions & 2:
        bits |= state.alive & ~(1 << seat)
    return bits


def speech_bits(options: Options, role: int, seat: int, alive: int) -> int:
    """The speech moves of a seat with this role when these live."""
    memo, key = options.memo, (role, seat, alive)
    if key not in memo:
        memo[key] = space_of(options, role).legal(seat, alive) << speech(options.players)
    bits: int = memo[key]
    return bits


@lru_cache(maxsize=1 << 16)
def tuple_of(bits: int) -> tuple[int, ...]:
    """The members of a bit set of actions, in increasing order."""
    return tuple(a for a in range(bits.bit_length()) if bits >> a & 1)


# --- speech by number --------------------------------------------------------------------------------------------------------


KINDS = ("silent", "claim", "accuse", "defend", "result", "agree", "question", "talk")
"""Kinds of speech acts. "talk" is speech without a meaning that others could count, e.g. of a learned space."""


class SpeechSpace(ABC):
    """A finite set of things to say.

    Args:
        seats: Number of seats.
        roles: The roles that occur in the game, in increasing order.

    Attributes:
        plain: Whether `sentence` is `sentence_of` the act; such a sentence is written only when somebody reads it.
    """

    plain: bool = False

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
        raise BadOption(f"Werewolf: option 'speech' is {shown(option)}; roles may be named once each: *, {', '.join(ROLES)}")
    spaces: dict[str, SpeechSpace] = {}
    for name in dict.fromkeys((*chosen.values(), "acts")):
        kind = _BUILT_IN.get(name) or (load(name) if ":" in name else None)
        if not (isinstance(kind, type) and issubclass(kind, SpeechSpace)):
            raise BadOption(
                f"Werewolf: option 'speech' names {shown(name)}; allowed: {', '.join(_BUILT_IN)}, or 'package.module:SpeechSpace'"
            )
        spaces[name] = kind(seats, roles)
    default = chosen.get("*", "acts")
    return tuple(spaces[chosen.get(role, default)] for role in ROLES)


# --- words and remarks that ride on an action ----------------------------------------------------------------------------------


def spoken_violation(options: Options, action: Spoken) -> str | None:
    """Why the words or notes on an action cannot be taken; `None` when they can."""
    if not isinstance(action.words, str):
        return f"its words are {shown(action.words, 60)}, expected a string"
    if len(action.words) > options.words:
        return f"its words are {len(action.words)} characters long, at most {options.words} are heard; say it shorter"
    beliefs = action.notes.get("wolves", {})
    if not isinstance(beliefs, Mapping):
        return "notes['wolves'] must give a probability for each seat named, e.g. {'3': 0.7}"
    for seat, chance in beliefs.items():
        if not _is_seat(seat, options.players) or isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            return f"notes['wolves'] holds {shown(seat)}: {shown(chance)}; expected a seat below {options.players} and a probability"
    return None


def _is_seat(seat: Any, seats: int) -> bool:
    """Whether it is a seat's number, plain or as a key of JSON."""
    if isinstance(seat, str):
        return len(seat) <= 9 and seat.isdecimal() and int(seat) < seats
    return isinstance(seat, int) and not isinstance(seat, bool) and 0 <= seat < seats


def beliefs_in(notes: Mapping[str, Any]) -> tuple[tuple[int, float], ...]:
    """The stated probabilities that seats are werewolves, by seat."""
    return tuple(sorted((int(seat), float(chance)) for seat, chance in notes["wolves"].items()))


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)


def named_in(words: str, names: Sequence[str]) -> int:
    """The seats whose names occur as whole words, as a bit set.

    >>> bin(named_in("Ann, not ANNABEL.", ("Ann", "Bel", "Annabel")))
    '0b101'
    """
    return sum(1 << seat for seat, name in enumerate(names) if _pattern(name).search(words))
