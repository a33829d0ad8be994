"""The state of a match: frozen records of rounds, the phases a round goes through, and who takes part.

Tuples by seat have one entry for each of the N seats, in seat order. -1 stands for "none" wherever a number cannot be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

from .options import CommonsOptions

__all__ = [
    "HARVEST",
    "OVER",
    "PHASES",
    "PROPOSE",
    "REFLECT",
    "SANCTION",
    "TALK",
    "VOTE",
    "WATCH",
    "WORDY",
    "Move",
    "Round",
    "State",
    "Utterance",
    "active_seats",
    "empty_round",
    "last_note",
    "speakers",
]

TALK, HARVEST, WATCH, SANCTION, REFLECT, PROPOSE, VOTE, OVER = range(8)
PHASES = ("talk", "harvest", "watch", "sanction", "reflect", "propose", "vote", "over")
"""Names of the phases, by number."""
WORDY = (TALK, REFLECT)
"""Phases in which the words of a move count."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move in the terms of the rules, however it is encoded as an action.

    Attributes:
        amount: Effort in [0, 1], units or tokens at the harvest; a cap on harvests, in units or tokens, when talking or proposing.
        choice: 0 for nothing (or no), 1 for yes, 2 + j for seat j, 2 + N + i for signal i of `options.signals`.
        words: What is said or noted.
    """

    amount: float = 0.0
    choice: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance of a conversation.

    Attributes:
        number: Round, counted from 1.
        seat: Who spoke.
        amount: The cap it named; 0 for none.
        choice: 0 nothing, 1 agreement, 2 + j blame for seat j, 2 + N + i signal i.
        words: Its words, raw.
    """

    number: int
    seat: int
    amount: float
    choice: int
    words: str

    @property
    def is_silence(self) -> bool:
        """Whether nothing was said."""
        return not (self.amount or self.choice or self.words)


@dataclass(frozen=True, slots=True)
class Round:
    """One round, from its harvest on.

    Attributes:
        number: Counted from 1.
        stock: What there was before the harvest.
        norm: The cap in force; -1 for none.
        requested: Effort, units wanted or tokens invested, by seat; -1 where it did not harvest.
        harvested: Units harvested, or tokens invested, by seat; -1 where it did not harvest.
        total: Sum of the harvests.
        left: Stock of the next round; of a doubling pool what was left over before it doubled.
        watched: Whom each seat watched.
        punished: Whom each seat punished.
        cost: What watching, punishing and being punished cost each seat.
        model: From whom each seat learned.
        model_note: The latest note of each seat's model, as it was shown to the learner.
        notes: What each seat noted when it reflected.
        proposed: The cap each seat proposed.
        ballots: Whose proposal each seat voted for.
    """

    number: int
    stock: float
    norm: float
    requested: tuple[float, ...]
    harvested: tuple[float, ...]
    total: float
    left: float
    watched: tuple[int, ...]
    punished: tuple[int, ...]
    cost: tuple[float, ...]
    model: tuple[int, ...]
    model_note: tuple[str, ...]
    notes: tuple[str, ...]
    proposed: tuple[float, ...]
    ballots: tuple[int, ...]

    @property
    def is_harvested(self) -> bool:
        """Whether the harvest of this round is over."""
        return max(self.harvested) >= 0


def empty_round(number: int, stock: float, norm: float, seats: int) -> Round:
    """A round in which nothing has happened yet."""
    none = (-1.0,) * seats
    nobody = (-1,) * seats
    silent = ("",) * seats
    return Round(number, stock, norm, none, none, 0.0, stock, nobody, nobody, (0.0,) * seats, nobody, silent, silent, none, nobody)


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        phase: One of `TALK` to `OVER`.
        to_move: Seats to move.
        stock: The stock seats see now.
        norm: The cap in force; -1 for none.
        wealth: What each seat has.
        alive: Whether each seat still takes part.
        past: Finished rounds.
        current: The round under way; once the match is over, a fresh one that is never played.
        utterances: Everything said, oldest first.
        turn: Utterances made in the conversation under way; in turns, one a seat.
        rewards: What the last step credited.
        news: What the last step made known: kinds of events, each with the number of its round (of utterances, their count).
        cause: Why the match is over: "", "collapse", "time" or "starved".
    """

    phase: int
    to_move: tuple[int, ...]
    stock: float
    norm: float
    wealth: tuple[float, ...]
    alive: tuple[bool, ...]
    past: tuple[Round, ...]
    current: Round
    utterances: tuple[Utterance, ...]
    turn: int
    rewards: tuple[float, ...]
    news: tuple[tuple[str, int], ...]
    cause: str

    @property
    def number(self) -> int:
        """The round under way, counted from 1."""
        return self.current.number

    def round(self, number: int) -> Round:
        """A round by its number."""
        return self.past[number - 1] if number <= len(self.past) else self.current


def active_seats(options: CommonsOptions, state: State) -> tuple[int, ...]:
    """The seats that take part now: alive, and joined."""
    if not options.newcomer and not options.starvation:
        return options.all_seats
    return tuple(seat for seat in options.all_seats if state.alive[seat] and options.has_joined(seat, state.number))


def speakers(options: CommonsOptions, active: tuple[int, ...], number: int, turn: int) -> tuple[int, ...]:
    """Who speaks: everybody, or in turns beginning one seat later every round."""
    return active if options.floor == "together" else (active[(number - 1 + turn) % len(active)],)


def last_note(state: State, seat: int) -> str:
    """What a seat noted last in a finished round; "" if nothing."""
    return next((done.notes[seat] for done in reversed(state.past) if done.notes[seat]), "")
