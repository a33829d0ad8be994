"""The state of a match: a tuple of small values and one append-only log, from which every view is a filter.

Sets of seats are bit sets: bit s for seat s. A log entry is a tuple that begins with its kind; `chronicle.py` says who
may see which kind and turns entries into events.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["PHASES", "Draft", "Script", "State", "moved", "pick", "seats_in", "shuffled"]

Entry = tuple[Any, ...]

TALK, HUNT, NIGHT, BREW, SHOT, BID, SPEAK, STRAW, VOTE, OVER = range(10)
PHASES = ("talk", "hunt", "night", "brew", "shot", "bid", "speak", "straw", "vote", "over")
"""Phase number -> name: the wolves' talk, their proposals, the night's choices, the witch, the hunter's last shot, bids
for the floor, speech, a straw vote, the vote, the end."""


class State(NamedTuple):
    """A position.

    The last six change with nearly every step, the others seldom; `moved` uses that.

    Attributes:
        roles: Role of each seat, 0 to 9.
        names: Index into `NAMES` of each seat's name; -1 where players go by number.
        pack: The werewolves, dead or alive, as a bit set.
        alive: The living, as a bit set.
        phase: 0 to 9, see `PHASES`.
        day: Number of the current day, from 1; the night before day k has number k.
        order: The living in the order in which they speak and, one by one, vote today.
        decider: The wolf whose choice counts tonight; -1 when all wolves vote.
        prey: Whom the wolves attack tonight; -1 before they chose.
        shields: Whom the doctor and the guard protect tonight, or protected last night; -1 for nobody.
        potions: What the witch has left: 1 the antidote, 2 the poison, 3 both.
        seen: Whom the seer has tested, as a bit set.
        standing: Who may be voted for, as a bit set.
        revotes: Ballots held today before this one.
        mentioned: Whom the last speaker mentioned, as a bit set.
        speaker: Who spoke last today; -1 before anybody did.
        shooter: The dying hunter; -1 when nobody shoots.
        evening: Whether that hunter was exiled rather than killed at night.
        votes: Votes held so far in the match, one a day however many ballots it took.
        winner: "", "village", "wolves", or "nobody" when the last day went by undecided.
        asked: Who is to move, in increasing order.
        turn: Speeches so far today, or in the wolves' talk tonight.
        ballot: Votes cast one by one in this ballot, in `order`.
        log: Everything that happened, in order.
        mark: Length of the log before the last step.
        rewards: What the last step credited to each seat.
    """

    roles: tuple[int, ...]
    names: tuple[int, ...]
    pack: int
    alive: int
    phase: int
    day: int
    order: tuple[int, ...]
    decider: int
    prey: int
    shields: tuple[int, int]
    potions: int
    seen: int
    standing: int
    revotes: int
    mentioned: int
    speaker: int
    shooter: int
    evening: bool
    votes: int
    winner: str
    asked: tuple[int, ...]
    turn: int
    ballot: tuple[int, ...]
    log: tuple[Entry, ...]
    mark: int
    rewards: tuple[float, ...]


class Draft:
    """A state in the making: the same fields, open to change, and the entries to be added to the log."""

    __slots__ = (*State._fields, "fresh")

    roles: tuple[int, ...]
    names: tuple[int, ...]
    pack: int
    alive: int
    phase: int
    day: int
    order: tuple[int, ...]
    decider: int
    prey: int
    shields: tuple[int, int]
    potions: int
    seen: int
    standing: int
    revotes: int
    mentioned: int
    speaker: int
    shooter: int
    evening: bool
    votes: int
    winner: str
    asked: tuple[int, ...]
    turn: int
    ballot: tuple[int, ...]
    log: tuple[Entry, ...]
    mark: int
    rewards: tuple[float, ...]
    fresh: list[Entry]

    def __init__(self, state: State) -> None:
        # fmt: off
        (self.roles, self.names, self.pack, self.alive, self.phase, self.day, self.order, self.decider, self.prey, self.shields,
         self.potions, self.seen, self.standing, self.revotes, self.mentioned, self.speaker, self.shooter, self.evening,
         self.votes, self.winner, self.asked, self.turn, self.ballot, self.log, self.mark, self.rewards) = state
        # fmt: on
        self.fresh = []

    def done(self) -> State:
        """The finished state; its `mark` is where the entries of this step begin."""
        # fmt: off
        return State(
            self.roles, self.names, self.pack, self.alive, self.phase, self.day, self.order, self.decider, self.prey, self.shields,
            self.potions, self.seen, self.standing, self.revotes, self.mentioned, self.speaker, self.shooter, self.evening,
            self.votes, self.winner, self.asked, self.turn, self.ballot, self.log + tuple(self.fresh), len(self.log), self.rewards)
        # fmt: on


def moved(state: State, asked: tuple[int, ...], turn: int, ballot: tuple[int, ...], entry: Entry, rewards: tuple[float, ...]) -> State:
    """`state` with one more entry in its log and the next seat asked: what most steps come to, without a draft."""
    log = state.log
    return tuple.__new__(State, state[:_SELDOM] + (asked, turn, ballot, log + (entry,), len(log), rewards))  # noqa: RUF005  # a third faster


_SELDOM = State._fields.index("asked")


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


def pick(rng: np.random.Generator | Script, n: int) -> int:
    """A uniform number below `n`, the one way in which this game draws anything; nothing is drawn where n = 1."""
    if n == 1:
        return 0
    if isinstance(rng, Script):
        return rng.pick(n)
    return int(rng.random() * n)  # a generator; faster than rng.integers, biased by less than n / 2**53


def shuffled(rng: np.random.Generator | Script, items: tuple[int, ...]) -> tuple[int, ...]:
    """`items` in a uniformly random order."""
    out = list(items)
    for i in range(len(out) - 1, 0, -1):
        j = pick(rng, i + 1)
        out[i], out[j] = out[j], out[i]
    return tuple(out)


@lru_cache(maxsize=1 << 16)
def seats_in(bits: int) -> tuple[int, ...]:
    """The members of a bit set in increasing order.

    >>> seats_in(0b1101)
    (0, 2, 3)
    """
    return tuple(s for s in range(bits.bit_length()) if bits >> s & 1)
