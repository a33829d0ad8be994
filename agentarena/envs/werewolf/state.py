"""The state of a match: its parts, the log of everything that happened, and the one way in which anything is drawn.

The log is append-only and holds hidden things too. Every kind of entry has an audience; news, texts, observations and
information keys are the log filtered by `visible`. Sets of seats are bit sets: bit s for seat s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from agentarena.core.errors import NotSupported

from .options import MASON, NAMES, WOLF, Options, side

T = TypeVar("T")

TALK, HUNT, NIGHT, BREW, SHOT, BID, SPEAK, STRAW, VOTE, OVER = range(10)
PHASES = ("talk", "hunt", "night", "brew", "shot", "bid", "speak", "straw", "vote", "over")
"""Phase number -> name: the wolves' talk, their proposals, the night's choices, the witch, the hunter's last shot, bids
for the floor, speech, a straw vote, the vote, the end."""

OPEN_PHASES = frozenset((SHOT, BID, SPEAK, STRAW, VOTE, OVER))
"""Phases that everybody can tell apart."""


# --- the parts of a state ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deal:
    """What stays the same for the whole match.

    Attributes:
        roles: Role of each seat, 0 to 9.
        names: Index into `NAMES` of each seat's name; -1 where players go by number.
        wolves: The werewolves, dead or alive, as a bit set.
    """

    roles: tuple[int, ...]
    names: tuple[int, ...]
    wolves: int


@dataclass(frozen=True, slots=True)
class Night:
    """What the night's choices depend on.

    Attributes:
        decider: The wolf whose choice counts tonight; -1 when all wolves vote.
        victim: Whom the wolves attack tonight; -1 before they chose.
        protected: Whom the doctor and the guard protect tonight, or protected last night; -1 for nobody.
        potions: What the witch has left: 1 the antidote, 2 the poison, 3 both.
        tested: Whom the seer has tested, as a bit set.
    """

    decider: int = -1
    victim: int = -1
    protected: tuple[int, int] = (-1, -1)
    potions: int = 0
    tested: int = 0


@dataclass(frozen=True, slots=True)
class Discussion:
    """Who speaks today.

    Attributes:
        order: The living in the order in which they speak and, one by one, vote today.
        speaker: Who spoke last under bidding; -1 before anybody did.
        mentioned: Whom that speaker mentioned, as a bit set.
    """

    order: tuple[int, ...] = ()
    speaker: int = -1
    mentioned: int = 0


@dataclass(frozen=True, slots=True)
class Ballot:
    """The vote of the day.

    Attributes:
        candidates: Who may be voted for, as a bit set.
        revotes: Ballots held today before this one.
    """

    candidates: int = 0
    revotes: int = 0


@dataclass(frozen=True, slots=True)
class Shot:
    """The shot of a dying hunter.

    Attributes:
        hunter: Who is to shoot; -1 when nobody is.
        exiled: Whether the hunter (or the last one) was exiled rather than killed at night.
    """

    hunter: int = -1
    exiled: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the match has come to.

    Attributes:
        rewards: What the last step credited to each seat.
        winner: "", "village", "wolves", or "nobody" when the last day went by undecided.
        votes_held: Votes held so far, one a day however many ballots it took.
    """

    rewards: tuple[float, ...]
    winner: str = ""
    votes_held: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A position. Every step changes `to_move`, the log, and `turn` or `cast`; the parts change seldom.

    Attributes:
        deal: Roles and names.
        alive: The living, as a bit set.
        phase: 0 to 9, see `PHASES`.
        day: Number of the current day, from 1; the night before day k has number k.
        to_move: Who is to move, in increasing order.
        turn: Speeches so far today, or in the wolves' talk tonight.
        cast: Votes cast one by one in this ballot, in the order of speech.
        night, discussion, ballot, shot, outcome: See there.
        log: Everything that happened, in order.
        news_from: Length of the log before the last step.
    """

    deal: Deal
    alive: int
    phase: int
    day: int
    outcome: Outcome
    log: tuple[Entry, ...]
    night: Night
    to_move: tuple[int, ...] = ()
    turn: int = 0
    cast: tuple[int, ...] = ()
    discussion: Discussion = Discussion()
    ballot: Ballot = Ballot()
    shot: Shot = Shot()
    news_from: int = 0

    @property
    def roles(self) -> tuple[int, ...]:
        """Role of each seat."""
        return self.deal.roles

    @property
    def winner(self) -> str:
        """See `Outcome`."""
        return self.outcome.winner

    @property
    def rewards(self) -> tuple[float, ...]:
        """See `Outcome`."""
        return self.outcome.rewards


@lru_cache(maxsize=1 << 16)
def seats_in(bits: int) -> tuple[int, ...]:
    """The members of a bit set in increasing order.

    >>> seats_in(0b1101)
    (0, 2, 3)
    """
    return tuple(seat for seat in range(bits.bit_length()) if bits >> seat & 1)


@lru_cache(maxsize=1 << 12)
def labels(names: tuple[int, ...]) -> tuple[str, ...]:
    """What the seats are called, by `Deal.names`: a name, or "Player 3" where players go by number."""
    return tuple(NAMES[name] if name >= 0 else f"Player {seat}" for seat, name in enumerate(names))


# --- the log -----------------------------------------------------------------------------------------------------------------


class Act(NamedTuple):
    """What a speech act says.

    Attributes:
        kind: One of `actions.KINDS`.
        target: The seat it is about; -1 for nobody.
        value: The role claimed, 1 (a werewolf) or 0 (not one) for a result, the symbol of latent talk; -1 where none applies.
    """

    kind: str
    target: int = -1
    value: int = -1


class Utterance(NamedTuple):
    """A speech.

    Attributes:
        act: Its public meaning.
        words: What is said; "" for the standard sentence of the meaning.
        heard: Whether the meaning was read in the words, not stated.
        variant: The number that picks the wording of a standard sentence.
    """

    act: Act
    words: str
    heard: bool
    variant: int


class Entry(NamedTuple):
    """One thing that happened. `AUDIENCES` says which attributes each kind has; the others keep their defaults."""

    kind: str
    seat: int = -1
    target: int = -1
    value: int = -1
    day: int = 0
    items: tuple[Any, ...] = ()
    speech: Utterance | None = None


AUDIENCES = {
    "names": "all",  # items: `Deal.names`
    "role": "seat",  # value: the seat's role
    "pack": "wolves",  # items: the werewolves
    "masons": "masons",  # items: the masons
    "night": "all",  # the night before `day` falls
    "whisper": "wolves",  # a wolf's speech to the others
    "hunt": "wolves",  # a wolf wants to attack target
    "prey": "wolves",  # the wolves attack target
    "check": "seat",  # the seer tests target; value: its role, or 1 for a werewolf and 0 for none, by the option `seer_sees`
    "protect": "seat",  # doctor or guard protects target
    "victim": "seat",  # the witch learns that the wolves attack target
    "potion": "seat",  # the witch gives nothing (value 0), the antidote (1) or the poison (2) to target, or to nobody (-1)
    "dawn": "all",  # items: (seat, what the death reveals) of all who died in the night
    "order": "all",  # items: the order of speech
    "bid": "seat",  # value: the bid
    "floor": "all",  # seat has the floor
    "speech": "all",
    "move": "seat",  # value: which move of the seat's space its speech was, where several mean the same to others
    "straw": "seat",  # a vote without effect
    "guess": "seat",  # items: (seat, probability that it is a werewolf)
    "vote": "ballots",  # target: a seat, or the number of seats for nobody
    "tally": "all",  # items: votes for each seat, last those for nobody
    "revote": "all",  # items: the tied, who stand in a new ballot
    "exile": "all",  # seat is exiled (-1: nobody); value: what that reveals
    "sense": "seat",  # the medium learns whether the exiled target was a werewolf (value)
    "shot": "all",  # the hunter shoots target; value: what the death reveals
    "end": "all",  # value: index of the winner in `WINNERS`; items: everybody's role
}
"""Kind of entry -> who may know of it: all, the wolves (dead or alive), the masons, its seat, or `ballots`: all where votes are public,
else its seat."""

WINNERS = ("nobody", "village", "wolves")


def dealt(options: Options, deal: Deal) -> tuple[Entry, ...]:
    """The log of a deal."""
    log = [Entry("names", items=deal.names)]
    log += [Entry("role", seat, value=role) for seat, role in enumerate(deal.roles)]
    log.append(Entry("pack", items=seats_in(deal.wolves)))
    if options.mason:
        log.append(Entry("masons", items=tuple(seat for seat, role in enumerate(deal.roles) if role == MASON)))
    return tuple(log)


def visible(options: Options, state: State, entry: Entry, seat: int) -> bool:
    """Whether `seat` may know of a log entry."""
    audience = AUDIENCES[entry.kind]
    if audience == "all" or (audience == "ballots" and options.ballots == "public"):
        return True
    if audience == "wolves":
        return bool(state.deal.wolves >> seat & 1)
    if audience == "masons":
        return state.deal.roles[seat] == MASON
    return entry.seat == seat


def known_log(options: Options, state: State, seat: int) -> list[Entry]:
    """The entries that `seat` may know, in order."""
    return [entry for entry in state.log if visible(options, state, entry, seat)]


def visible_phase(state: State, seat: int) -> int:
    """The phase as `seat` sees it: by night all know only that it is night, but for those who are to move."""
    return state.phase if state.phase in OPEN_PHASES or seat in state.to_move else NIGHT


# --- chance ------------------------------------------------------------------------------------------------------------------


class Script:
    """Stands in for a generator when outcomes are listed: hands out prescribed choices and notes how many there were.

    Attributes:
        choices: What `pick` returns, in order; 0 beyond the end.
        sizes: The `n` of each call so far.
    """

    def __init__(self, choices: tuple[int, ...]) -> None:
        self.choices = choices
        self.sizes: list[int] = []

    def pick(self, n: int) -> int:
        at = len(self.sizes)
        self.sizes.append(n)
        return self.choices[at] if at < len(self.choices) else 0


Rng = np.random.Generator | Script


def pick(rng: Rng, n: int) -> int:
    """A uniform number below `n`, the one way in which this game draws anything; nothing is drawn where n = 1."""
    if n == 1:
        return 0
    if isinstance(rng, Script):
        return rng.pick(n)
    return int(rng.random() * n)  # a generator; faster than rng.integers, biased by less than n / 2**53


def shuffled(rng: Rng, items: tuple[int, ...]) -> tuple[int, ...]:
    """`items` in a uniformly random order."""
    out = list(items)
    for i in range(len(out) - 1, 0, -1):
        j = pick(rng, i + 1)
        out[i], out[j] = out[j], out[i]
    return tuple(out)


_MOST_OUTCOMES = 20_000


def outcomes(draw: Callable[[Script], State]) -> tuple[tuple[float, State], ...]:
    """The distribution of `draw(script)`, whose only randomness are uniform choices taken from the script, by trying all of them.

    Raises:
        NotSupported: There are too many combinations, as when names are drawn.
    """
    probabilities: dict[State, float] = {}
    untried: list[tuple[int, ...]] = [()]
    tried = 0
    while untried:
        choices = untried.pop()
        script = Script(choices)
        state = draw(script)
        for at in range(len(choices), len(script.sizes)):  # draws beyond the script gave 0; their other values are yet to be tried
            prefix = choices + (0,) * (at - len(choices))
            untried.extend((*prefix, other) for other in range(1, script.sizes[at]))
        tried += 1
        if tried + len(untried) > _MOST_OUTCOMES or math.prod(script.sizes) > _MOST_OUTCOMES**2:
            raise NotSupported(
                f"Werewolf: more than {_MOST_OUTCOMES} outcomes to list; fewer players, names='numbers' or less to draw help"
            )
        probabilities[state] = probabilities.get(state, 0.0) + 1.0 / math.prod(script.sizes)
    return tuple((probability, state) for state, probability in probabilities.items())


def pay_for_votes(options: Options, log: Sequence[Entry], roles: Sequence[int]) -> tuple[float, ...]:
    """What `reward="shaped"` pays for the votes of a match: voters of the village +20 for a werewolf and -20 for anyone else, every
    survivor +5 when an opponent was exiled and -5 when it was one of its own side.

    It tells roles, so it is paid at the end, when all of them are known.
    """
    pay, alive, votes = [0.0] * options.players, set(range(options.players)), []
    for entry in log:
        if entry.kind == "vote":
            votes.append((entry.seat, entry.target))
        elif entry.kind == "revote":
            votes = []
        elif entry.kind == "dawn":
            alive -= {seat for seat, _ in entry.items}
        elif entry.kind == "shot":
            alive.discard(entry.target)
        elif entry.kind == "exile":
            for seat, target in votes:
                if side(roles[seat]) == "village" and target < options.players:
                    pay[seat] += 20.0 if roles[target] == WOLF else -20.0
            votes = []
            alive.discard(entry.seat)
            for seat in alive if entry.seat >= 0 else ():
                pay[seat] += 5.0 if side(roles[seat]) != side(roles[entry.seat]) else -5.0
    return tuple(pay)
