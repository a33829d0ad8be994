"""What planner and workers see, as float32 vectors, and these vectors as named numbers again.

Units: dollars in 100,000 a year (skills in 1,000 an hour), rates as fractions, hours in full weeks of 100.

Axis letters: N workers, K brackets.
"""

from __future__ import annotations

from typing import NamedTuple

import gymnasium
import numpy as np

from .options import MOST_HOURS, EconomistOptions
from .rules.personas import PERSONAS
from .rules.society import Society
from .rules.taxes import bracket_of, taxes
from .rules.welfare import gini
from .state import DECREE, PLATFORM, VOTE, WORK, State

__all__ = ["PHASES", "Layout", "PlannerObservation", "WorkerObservation", "read_planner", "read_worker", "worker_columns"]

PHASES = (DECREE, WORK, VOTE, PLATFORM)
_DOLLARS, _SKILL, _BOUND = 1e5, 1e3, 1e9
_PUBLIC = 6  # numbers of last week that everybody sees
_OWN = 10  # numbers of its own that a worker sees


class PlannerObservation(NamedTuple):
    """The planner's vector with names: length 4 + 3 + K + 6 + 1 + K + N, and N (K + 1) more with platforms.

    Attributes:
        phase: What is decided now; "over" at the end.
        year: Tax years that are over.
        week: Weeks of this year that are over.
        worked: Weeks that are over in all.
        rates: In force, fractions. Shape (K,).
        welfare: Of last week, in dollars for objectives in dollars.
        rebate: Of last week.
        mean_income: Of last week.
        gini: Of last week's incomes before tax.
        gini_after: Of last week's incomes after tax and rebate.
        satisfied: Share of workers that were satisfied last week.
        mean_utility: Of last week.
        shares: Share of workers in each bracket last week. Shape (K,).
        incomes: Last week's, by worker. Shape (N,).
    """

    phase: str
    year: int
    week: int
    worked: int
    rates: np.ndarray
    welfare: float
    rebate: float
    mean_income: float
    gini: float
    gini_after: float
    satisfied: float
    mean_utility: float
    shares: np.ndarray
    incomes: np.ndarray


class WorkerObservation(NamedTuple):
    """A worker's vector with names: length 4 + 3 + K + 6 + 2 + 5 + 3, 13 more with personas, N (K + 1) more with platforms.

    Attributes:
        phase: What is decided now; "over" at the end.
        year: Tax years that are over.
        week: Weeks of this year that are over.
        worked: Weeks that are over in all.
        rates: In force, fractions. Shape (K,).
        welfare: As for the planner; so are rebate, mean_income, gini, gini_after and satisfied.
        skill: The worker's own.
        content: Whether it was satisfied last week.
        hours: Its own, last week.
        income: Likewise.
        tax: Likewise.
        disposable: Likewise, after tax and rebate.
        utility: Likewise.
        motive: 0 for its own utility, 1 for welfare, -1 for the opposite.
        persona: Number of its persona; -1 without one.
        platforms: Rates (fractions) of each seat that stands for election.
    """

    phase: str
    year: int
    week: int
    worked: int
    rates: np.ndarray
    welfare: float
    rebate: float
    mean_income: float
    gini: float
    gini_after: float
    satisfied: float
    skill: float
    content: bool
    hours: float
    income: float
    tax: float
    disposable: float
    utility: float
    motive: int
    persona: int
    platforms: dict[int, np.ndarray]


def _platform_size(options: EconomistOptions) -> int:
    return options.population * (len(options.edges) + 1) if options.government == "platforms" else 0


def _space(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-_BOUND, _BOUND, (size,), np.float32)


class Layout:
    """Observations of one configuration.

    Attributes:
        planner_space: Where the planner's vectors lie.
        worker_space: Where a worker's vectors lie.
    """

    def __init__(self, society: Society) -> None:
        self.society = society
        count, public = len(society.edges), len(PHASES) + 3 + len(society.edges) + _PUBLIC
        personas = len(PERSONAS) if society.bounded else 0
        self.planner_space = _space(public + 1 + count + society.population + _platform_size(society))
        self.worker_space = _space(public + _OWN + personas + _platform_size(society))
        self._latest: tuple[State | None, np.ndarray] = (None, np.zeros(0))

    def vector(self, state: State, seat: int) -> np.ndarray:
        """What `seat` sees, float32; the vectors of all workers are made together for the latest state, at which each of them looks."""
        if seat == 0:
            return _planner(self.society, state)
        latest, table = self._latest
        if latest is not state:
            table = _workers(self.society, state)
            self._latest = (state, table)
        return table[seat - 1].copy()


def _clock(society: Society, state: State) -> list[float]:
    """Phase, year, week, weeks worked, rates: what everybody knows of the calendar and the law."""
    phase = [float(state.phase == name) for name in PHASES]
    return [
        *phase,
        float(state.year),
        float(state.week),
        float(state.year * society.weeks + state.week),
        *(rate / 100.0 for rate in state.rates),
    ]


def _public(society: Society, state: State) -> list[float]:
    """What everybody knows of last week: welfare, rebate, mean income, two Gini coefficients, share satisfied."""
    if not state.past:
        return [0.0] * _PUBLIC
    last = state.past[-1]
    income = last.income
    after = income - taxes(income, society.edges, np.array(last.rates) / 100.0) + last.rebate
    return [
        last.welfare / _DOLLARS,
        last.rebate / _DOLLARS,
        float(income.mean()) / _DOLLARS,
        float(gini(income)),
        float(gini(after)),
        float(last.satisfied.mean()),
    ]


def _platforms(society: Society, state: State) -> np.ndarray:
    """Who stands, and with which rates: shape (N (K + 1),)."""
    table = np.zeros((society.population, len(society.edges) + 1)) if society.government == "platforms" else np.zeros((0, 0))
    for seat, rates in state.platforms:
        table[seat - 1] = (1.0, *(rate / 100.0 for rate in rates))
    return table.ravel()


def _planner(society: Society, state: State) -> np.ndarray:
    """The planner's vector, float32."""
    incomes, shares, mean = np.zeros(society.population), np.zeros(len(society.edges)), 0.0
    if state.past:
        incomes = state.past[-1].income / _DOLLARS
        shares = np.bincount(bracket_of(state.past[-1].income, society.edges), minlength=len(society.edges)) / society.population
        mean = float(state.past[-1].utility.mean()) / _DOLLARS if not society.has_hidden else 0.0
    parts = (_clock(society, state), _public(society, state), [mean], shares, incomes, _platforms(society, state))
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _workers(society: Society, state: State) -> np.ndarray:
    """The vectors of all workers. Shape (N, D), float32."""
    head = _clock(society, state) + _public(society, state)
    count, start = society.population, len(head)
    personas, platforms = len(PERSONAS) if society.bounded else 0, _platform_size(society)
    out = np.zeros((count, start + _OWN + personas + platforms), np.float32)
    out[:, :start] = head
    own = out[:, start : start + _OWN]
    own[:, 0] = state.skills / _SKILL
    own[:, 1] = 1.0
    if state.past:
        last = state.past[-1]
        tax = taxes(last.income, society.edges, np.array(last.rates) / 100.0)
        own[:, 1] = last.satisfied
        own[:, 2] = last.income / state.skills / MOST_HOURS
        own[:, 3] = last.income / _DOLLARS
        own[:, 4] = tax / _DOLLARS
        own[:, 5] = (last.income - tax + last.rebate) / _DOLLARS
        own[:, 6] = last.utility / _DOLLARS
    own[np.arange(count), 8 + society.motives] = 1.0  # columns 7, 8, 9: adversarial, egotistical, altruistic
    if society.bounded:
        out[np.arange(count), start + _OWN + state.personas] = 1.0
    if platforms:
        out[:, -platforms:] = _platforms(society, state)
    return out


def _clock_of(options: EconomistOptions, vector: np.ndarray) -> tuple[str, int, int, int, np.ndarray]:
    phases = np.flatnonzero(vector[: len(PHASES)])
    year, week, worked = (round(float(x)) for x in vector[len(PHASES) : len(PHASES) + 3])
    start = len(PHASES) + 3
    rates = vector[start : start + len(options.edges)].astype(np.float64)
    return (PHASES[int(phases[0])] if len(phases) else "over"), year, week, worked, np.round(rates, 7)


def _public_of(options: EconomistOptions, vector: np.ndarray) -> tuple[float, float, float, float, float, float]:
    start = len(PHASES) + 3 + len(options.edges)
    welfare, rebate, income, *rest = vector[start : start + _PUBLIC].astype(np.float64).tolist()
    return welfare * _DOLLARS, rebate * _DOLLARS, income * _DOLLARS, rest[0], rest[1], rest[2]


def read_planner(options: EconomistOptions, vector: np.ndarray) -> PlannerObservation:
    """A planner's vector with names and in dollars."""
    start = len(PHASES) + 3 + len(options.edges) + _PUBLIC
    count = len(options.edges)
    rest = vector[start:].astype(np.float64)
    return PlannerObservation(
        *_clock_of(options, vector),
        *_public_of(options, vector),
        float(rest[0]) * _DOLLARS,
        rest[1 : 1 + count],
        rest[1 + count : 1 + count + options.population] * _DOLLARS,
    )


def worker_columns(options: EconomistOptions, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skills, shape (V,), and rates, shape (V, K), of V workers' vectors, shape (V, D)."""
    start = len(PHASES) + 3
    rates = np.round(vectors[:, start : start + len(options.edges)].astype(np.float64), 7)
    return vectors[:, start + len(options.edges) + _PUBLIC].astype(np.float64) * _SKILL, rates


def read_worker(options: EconomistOptions, vector: np.ndarray) -> WorkerObservation:
    """A worker's vector with names and in dollars."""
    start = len(PHASES) + 3 + len(options.edges) + _PUBLIC
    own = vector[start : start + _OWN].astype(np.float64)
    persona = int(np.argmax(vector[start + _OWN : start + _OWN + len(PERSONAS)])) if options.bounded else -1
    platforms = {}
    if _platform_size(options):
        table = vector[-_platform_size(options) :].astype(np.float64).reshape(options.population, -1)
        platforms = {int(row) + 1: np.round(table[row, 1:], 7) for row in np.flatnonzero(table[:, 0])}
    return WorkerObservation(
        *_clock_of(options, vector),
        *_public_of(options, vector),
        float(own[0]) * _SKILL,
        bool(own[1] > 0.5),
        float(own[2]) * MOST_HOURS,
        float(own[3]) * _DOLLARS,
        float(own[4]) * _DOLLARS,
        float(own[5]) * _DOLLARS,
        float(own[6]) * _DOLLARS,
        int(np.argmax(own[7:10])) - 1,
        persona,
        platforms,
    )
