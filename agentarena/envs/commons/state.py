"""What a match of the commons consists of: frozen records of rounds, and the phases a round goes through.

Tuples by seat have one entry for each of the N seats, in seat order. -1 stands for "none" wherever a number cannot be negative.
"""

from __future__ import annotations

from typing import NamedTuple

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
    "Move",
    "Round",
    "Said",
    "State",
    "blank",
]

TALK, HARVEST, WATCH, SANCTION, REFLECT, PROPOSE, VOTE, OVER = range(8)
PHASES = ("talk", "harvest", "watch", "sanction", "reflect", "propose", "vote", "over")
"""Names of the phases, by number."""


class Move(NamedTuple):
    """A move in the terms of the rules, however it is encoded as an action.

    Attributes:
        amount: Effort in [0, 1], units or tokens at the harvest; a cap on harvests, in units or tokens, when talking or proposing.
        choice: 0 for nothing (or no), 1 for yes, 2 + j for seat j.
        words: What is said or noted.
    """

    amount: float = 0.0
    choice: int = 0
    words: str = ""


class Said(NamedTuple):
    """One utterance.

    Attributes:
        number: Round, counted from 1.
        seat: Who spoke.
        amount: The cap it named; 0 for none.
        choice: 0 nothing, 1 agreement, 2 + j blame for seat j.
        words: Its words, raw.
    """

    number: int
    seat: int
    amount: float
    choice: int
    words: str


class Round(NamedTuple):
    """One round, from its harvest on.

    Attributes:
        number: Counted from 1.
        stock: What there was before the harvest.
        norm: The cap in force; -1 for none.
        asked: Effort, units wanted or tokens invested, by seat; -1 where it did not harvest.
        taken: Units harvested, or tokens invested, by seat; -1 where it did not harvest.
        total: Sum of what was taken.
        left: Stock of the next round; of a doubling pool what was left over before it doubled.
        watched: Whom each seat watched.
        fined: Whom each seat punished.
        cost: What watching, punishing and being punished cost each seat.
        model: From whom each seat learned.
        told: The model's latest note, as it was told to the learner.
        notes: What each seat noted when it reflected.
        proposed: The cap each seat proposed.
        ballots: Whose proposal each seat voted for.
    """

    number: int
    stock: float
    norm: float
    asked: tuple[float, ...]
    taken: tuple[float, ...]
    total: float
    left: float
    watched: tuple[int, ...]
    fined: tuple[int, ...]
    cost: tuple[float, ...]
    model: tuple[int, ...]
    told: tuple[str, ...]
    notes: tuple[str, ...]
    proposed: tuple[float, ...]
    ballots: tuple[int, ...]


class State(NamedTuple):
    """A match.

    Attributes:
        phase: One of `TALK` to `OVER`.
        asked: Seats to move.
        stock: The stock seats see now.
        norm: The cap in force; -1 for none.
        wealth: What each seat has.
        alive: Whether each seat still takes part.
        past: Finished rounds.
        now: The round under way; once the match is over, a fresh one that is never played.
        speech: Everything said, oldest first.
        turn: Utterances made in the conversation under way; in turns, one a seat.
        paid: What the last step credited.
        fresh: What the last step made known: names of kinds of news, each with the number of its round.
        cause: Why the match is over: "", "collapse", "time" or "starved".
    """

    phase: int
    asked: tuple[int, ...]
    stock: float
    norm: float
    wealth: tuple[float, ...]
    alive: tuple[bool, ...]
    past: tuple[Round, ...]
    now: Round
    speech: tuple[Said, ...]
    turn: int
    paid: tuple[float, ...]
    fresh: tuple[tuple[str, int], ...]
    cause: str

    @property
    def number(self) -> int:
        """The round under way, counted from 1."""
        return self.now.number

    def record(self, number: int) -> Round:
        """A round by its number."""
        return self.past[number - 1] if number <= len(self.past) else self.now


def blank(number: int, stock: float, norm: float, seats: int) -> Round:
    """A round in which nothing has happened yet."""
    none = (-1.0,) * seats
    nobody = (-1,) * seats
    silent = ("",) * seats
    return Round(number, stock, norm, none, none, 0.0, stock, nobody, nobody, (0.0,) * seats, nobody, silent, silent, none, nobody)
