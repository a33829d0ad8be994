"""States of the economy. Arrays in them are read-only and shared by later states.

Axis letters: N workers, K brackets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["DECREE", "OVER", "PLATFORM", "VOTE", "WORK", "State", "Week", "frozen"]

DECREE, WORK, VOTE, PLATFORM, OVER = "decree", "work", "vote", "platform", "over"


@dataclass(frozen=True, slots=True)
class Week:
    """What one week brought.

    Attributes:
        year: Number of the tax year, from 0.
        week: Number of the week within it, from 0.
        rates: Marginal rates in force, percent. Length K.
        income: z, dollars a year. Shape (N,).
        utility: u, before satisfaction. Shape (N,).
        satisfied: 1 or 0 for each worker; 1 throughout in games without opinions. Shape (N,), int8.
        rebate: What each worker was given.
        welfare: The planner's objective.
    """

    year: int
    week: int
    rates: tuple[float, ...]
    income: np.ndarray
    utility: np.ndarray
    satisfied: np.ndarray
    rebate: float
    welfare: float


@dataclass(frozen=True, slots=True)
class State:
    """A match.

    Attributes:
        phase: What is decided now: DECREE, WORK, VOTE, PLATFORM or OVER.
        played: What was decided last; "" at the start.
        year: Tax years that are over.
        week: Weeks of this year that are over.
        rates: Marginal rates in force, percent, 0 to 100. Length K.
        leader: The seat that sets the rates this year.
        skills: Dollars of annual income for each weekly hour, positive. Shape (N,).
        personas: Number of each worker's persona; empty without personas.
        platforms: Who stands for election with which rates, in seat order.
        votes: Votes for each seat that got any, in seat order.
        past: Every week so far.
    """

    phase: str
    played: str
    year: int
    week: int
    rates: tuple[float, ...]
    leader: int
    skills: np.ndarray
    personas: np.ndarray
    platforms: tuple[tuple[int, tuple[float, ...]], ...] = ()
    votes: tuple[tuple[int, int], ...] = ()
    past: tuple[Week, ...] = ()

    @property
    def standing(self) -> tuple[int, ...]:
        """The seats that stand for election with a platform."""
        return tuple(seat for seat, _ in self.platforms)


def frozen(array: np.ndarray) -> np.ndarray:
    """The array itself, made read-only."""
    array.flags.writeable = False
    return array
