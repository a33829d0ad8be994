"""What planner and workers see, as float32 vectors, and these vectors as named numbers again.

Units: dollars in 100,000 a year (skills in 1,000 an hour), rates as fractions, hours in full weeks of 100.

Axis letters: N workers, K brackets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import gymnasium
import numpy as np

from .labour import MOST_HOURS
from .personas import PERSONAS
from .state import DECREE, PLATFORM, VOTE, WORK, State
from .taxes import bracket_of, taxes
from .welfare import gini

if TYPE_CHECKING:
    from .game import Economist

__all__ = [
    "PlannerSees",
    "WorkerSees",
    "observe_planner",
    "observe_worker",
    "planner_space",
    "read_planner",
    "read_worker",
    "worker_columns",
    "worker_space",
]

PHASES = (DECREE, WORK, VOTE, PLATFORM)
_DOLLARS, _SKILL, _BOUND = 1e5, 1e3, 1e9
_PUBLIC = 6


class PlannerSees(NamedTuple):
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


class WorkerSees(NamedTuple):
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


def _platform_size(game: Economist) -> int:
    return game.population * (len(game.edges) + 1) if game.government == "platforms" else 0


def _space(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-_BOUND, _BOUND, (size,), np.float32)


def planner_space(game: Economist) -> gymnasium.spaces.Box:
    """Where the planner's vectors lie."""
    return _space(len(PHASES) + 3 + 2 * len(game.edges) + _PUBLIC + 1 + game.population + _platform_size(game))


def worker_space(game: Economist) -> gymnasium.spaces.Box:
    """Where a worker's vectors lie."""
    persona = len(PERSONAS) if game.bounded else 0
    return _space(len(PHASES) + 3 + len(game.edges) + _PUBLIC + 10 + persona + _platform_size(game))


def _clock(game: Economist, state: State) -> list[float]:
    """Phase, year, week, weeks worked, rates: what everybody knows of the calendar and the law."""
    phase = [float(state.phase == name) for name in PHASES]
    return [
        *phase,
        float(state.year),
        float(state.week),
        float(state.year * game.weeks + state.week),
        *(rate / 100.0 for rate in state.rates),
    ]


def _public(game: Economist, state: State) -> list[float]:
    """What everybody knows of last week: welfare, rebate, mean income, two Gini coefficients, share satisfied."""
    if not state.past:
        return [0.0] * _PUBLIC
    last = state.past[-1]
    income = last.income
    after = income - taxes(income, game.edges, np.array(last.rates) / 100.0) + last.rebate
    return [
        last.welfare / _DOLLARS,
        last.rebate / _DOLLARS,
        float(income.mean()) / _DOLLARS,
        float(gini(income)),
        float(gini(after)),
        float(last.satisfied.mean()),
    ]


def _platforms(game: Economist, state: State) -> np.ndarray:
    """Who stands, and with which rates: shape (N (K + 1),)."""
    table = np.zeros((game.population, len(game.edges) + 1)) if game.government == "platforms" else np.zeros((0, 0))
    for seat, rates in state.platforms:
        table[seat - 1] = (1.0, *(rate / 100.0 for rate in rates))
    return table.ravel()


def observe_planner(game: Economist, state: State) -> np.ndarray:
    """The planner's vector, float32."""
    incomes, shares, mean = np.zeros(game.population), np.zeros(len(game.edges)), 0.0
    if state.past:
        incomes = state.past[-1].income / _DOLLARS
        shares = np.bincount(bracket_of(state.past[-1].income, game.edges), minlength=len(game.edges)) / game.population
        mean = float(state.past[-1].utility.mean()) / _DOLLARS if not game.info.hidden else 0.0
    parts = (_clock(game, state), _public(game, state), [mean], shares, incomes, _platforms(game, state))
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def observe_worker(game: Economist, state: State, seat: int) -> np.ndarray:
    """The vector of one worker, float32; those of all workers are made together when the first is asked for."""
    table: np.ndarray | None = state.cache.get("seen")
    if table is None:
        table = state.cache["seen"] = _workers(game, state)
    return table[seat - 1].copy()


def _workers(game: Economist, state: State) -> np.ndarray:
    head = _clock(game, state) + _public(game, state)
    count, start = game.population, len(head)
    out = np.zeros((count, game.observation_space(1).shape[0]), np.float32)
    out[:, :start] = head
    own = out[:, start : start + 10]
    own[:, 0] = state.skills / _SKILL
    own[:, 1] = 1.0
    if state.past:
        last = state.past[-1]
        tax = taxes(last.income, game.edges, np.array(last.rates) / 100.0)
        own[:, 1] = last.satisfied
        own[:, 2] = last.income / state.skills / MOST_HOURS
        own[:, 3] = last.income / _DOLLARS
        own[:, 4] = tax / _DOLLARS
        own[:, 5] = (last.income - tax + last.rebate) / _DOLLARS
        own[:, 6] = last.utility / _DOLLARS
    own[np.arange(count), 8 + game.motives] = 1.0  # columns 7, 8, 9: adversarial, egotistical, altruistic
    if game.bounded:
        out[np.arange(count), start + 10 + state.personas] = 1.0
    if _platform_size(game):
        out[:, -_platform_size(game) :] = _platforms(game, state)
    return out


def _clock_of(game: Economist, seen: np.ndarray) -> tuple[str, int, int, int, np.ndarray]:
    phases = np.flatnonzero(seen[: len(PHASES)])
    year, week, worked = (round(float(x)) for x in seen[len(PHASES) : len(PHASES) + 3])
    start = len(PHASES) + 3
    rates = seen[start : start + len(game.edges)].astype(np.float64)
    return (PHASES[int(phases[0])] if len(phases) else "over"), year, week, worked, np.round(rates, 7)


def _public_of(game: Economist, seen: np.ndarray) -> tuple[float, float, float, float, float, float]:
    start = len(PHASES) + 3 + len(game.edges)
    welfare, rebate, income, *rest = seen[start : start + _PUBLIC].astype(np.float64).tolist()
    return welfare * _DOLLARS, rebate * _DOLLARS, income * _DOLLARS, rest[0], rest[1], rest[2]


def read_planner(game: Economist, seen: np.ndarray) -> PlannerSees:
    """A planner's vector with names and in dollars."""
    start = len(PHASES) + 3 + len(game.edges) + _PUBLIC
    count = len(game.edges)
    rest = seen[start:].astype(np.float64)
    return PlannerSees(
        *_clock_of(game, seen),
        *_public_of(game, seen),
        float(rest[0]) * _DOLLARS,
        rest[1 : 1 + count],
        rest[1 + count : 1 + count + game.population] * _DOLLARS,
    )


def worker_columns(game: Economist, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skills, shape (V,), and rates, shape (V, K), of V workers' vectors, shape (V, D)."""
    start = len(PHASES) + 3
    rates = np.round(seen[:, start : start + len(game.edges)].astype(np.float64), 7)
    return seen[:, start + len(game.edges) + _PUBLIC].astype(np.float64) * _SKILL, rates


def read_worker(game: Economist, seen: np.ndarray) -> WorkerSees:
    """A worker's vector with names and in dollars."""
    start = len(PHASES) + 3 + len(game.edges) + _PUBLIC
    own = seen[start : start + 10].astype(np.float64)
    persona = int(np.argmax(seen[start + 10 : start + 10 + len(PERSONAS)])) if game.bounded else -1
    platforms = {}
    if _platform_size(game):
        table = seen[-_platform_size(game) :].astype(np.float64).reshape(game.population, -1)
        platforms = {int(row) + 1: np.round(table[row, 1:], 7) for row in np.flatnonzero(table[:, 0])}
    return WorkerSees(
        *_clock_of(game, seen),
        *_public_of(game, seen),
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
