"""Array rules: B economies of N workers side by side.

Axis letters: B economies, N workers, S = N + 1 seats, K brackets, A numbers of a move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agentarena.core.batch import Batch
from agentarena.core.errors import NotSupported

from .actions import DELTAS
from .observation import Layout
from .options import MOST_HOURS
from .rules.skills import draw_skills
from .rules.society import Society
from .state import DECREE, OVER, WORK, State

__all__ = ["Economies", "EconomyBatch"]


@dataclass(frozen=True, slots=True)
class Economies:
    """B matches. Columns of the last week are 0 before the first.

    Attributes:
        skills: (B, N).
        rates: Percent, (B, K).
        year: Tax years that are over, (B,).
        week: Weeks of this year that are over, (B,).
        decree: Whether the planner is to set rates, (B,) bool.
        law: Rates of last week, percent, (B, K).
        income: z of last week, (B, N).
        utility: u of last week, (B, N).
        rebate: Of last week, (B,).
        welfare: Of last week, (B,).
        paid: Whether the last step was a week of work, (B,) bool.
    """

    skills: np.ndarray
    rates: np.ndarray
    year: np.ndarray
    week: np.ndarray
    decree: np.ndarray
    law: np.ndarray
    income: np.ndarray
    utility: np.ndarray
    rebate: np.ndarray
    welfare: np.ndarray
    paid: np.ndarray


class EconomyBatch(Batch[Economies]):
    """The rules of economies with a planner and without opinions; a move is an array of numbers.

    Actions have shape (B, S, A): of economies that are to set rates the first K numbers of seat 0 count (percent, or in
    delta mode places in `DELTAS`), of those at work the first number of each worker, its hours. A = 1 is enough while
    all are at work, A = K always. Numbers beyond the bounds count as the bound.
    """

    def __init__(self, game: Society) -> None:
        if game.government != "planner" or game.bounded:
            raise NotSupported("Economist: array rules are for government='planner' and bounded=False; play the scalar rules")
        self.game = game

    def start(self, size: int, rng: np.random.Generator) -> Economies:
        game, count = self.game, self.game.population
        given = tuple(map(float, game.skill_parameters))
        if game.secret_skills:
            skills = np.stack([draw_skills(game.skills, game.draw, count, given, rng) for _ in range(size)])
        else:
            skills = np.tile(game.expected_skills, (size, 1))
        return Economies(
            skills,
            np.tile(np.array(game.first_rates), (size, 1)),
            np.zeros(size, np.int64),
            np.zeros(size, np.int64),
            np.full(size, game.warmup == 0),
            np.tile(np.array(game.first_rates), (size, 1)),
            np.zeros((size, count)),
            np.zeros((size, count)),
            np.zeros(size),
            np.zeros(size),
            np.zeros(size, bool),
        )

    def over(self, state: Economies) -> np.ndarray:
        return np.asarray(state.year >= self.game.years)

    def to_move(self, state: Economies) -> np.ndarray:
        """Shape (B, S), bool."""
        over = self.over(state)
        out = np.repeat((~state.decree & ~over)[:, None], self.game.population + 1, axis=1)
        out[:, 0] = state.decree & ~over
        return out

    def legal(self, state: Economies) -> np.ndarray:
        """There is no list: hours lie in 0 to 100 and rates in 0 to 100."""
        raise NotSupported("Economist: moves are real numbers and have no mask")

    def step(self, state: Economies, actions: np.ndarray, rng: np.random.Generator) -> Economies:
        over = self.over(state)
        if not state.decree.any() and not over.any():
            return self._work(state, actions)
        working = ~state.decree & ~over
        out = replace(state, paid=np.zeros_like(over))
        if working.any():
            out = self.replace(out, working, self._work(state, actions))
        if (state.decree & ~over).any():
            out = self.replace(out, state.decree & ~over, self._decree(out, actions))
        return out

    def _decree(self, state: Economies, actions: np.ndarray) -> Economies:
        count = len(self.game.edges)
        said = np.asarray(actions[:, 0, :count], np.float64)
        if self.game.planner == "delta":
            said = state.rates + np.array(DELTAS, np.float64)[np.clip(said, 0, len(DELTAS) - 1).astype(np.int64)]
        return replace(state, rates=np.clip(said, 0.0, 100.0), decree=np.zeros_like(state.decree))

    def _work(self, state: Economies, actions: np.ndarray) -> Economies:
        hours = np.clip(actions[:, 1:, 0], 0.0, MOST_HOURS, dtype=np.float64)
        result = self.game.economy.week(state.skills, hours, state.rates / 100.0)
        week = state.week + 1
        ended = week >= self.game.weeks
        year = state.year + ended
        return Economies(
            state.skills,
            state.rates,
            year,
            np.where(ended, 0, week),
            ended & (year < self.game.years) & (year >= self.game.warmup),
            state.rates,
            result.income,
            result.utility,
            result.rebate,
            result.welfare,
            np.ones(len(year), bool),
        )

    def rewards(self, state: Economies) -> np.ndarray:
        out = np.empty((len(state.year), self.game.population + 1))
        out[:, 0], out[:, 1:] = state.welfare, state.utility
        if self.game.altruistic or self.game.adversarial:
            moved = self.game.motives != 0
            out[:, 1:][:, moved] = self.game.motives[moved] * state.welfare[:, None]
        return out * state.paid[:, None]

    def observe(self, state: Economies, seats: np.ndarray | int) -> np.ndarray:
        """As the scalar rules show it. Shape (B, D); all seats must be the planner, or all workers."""
        chosen = np.broadcast_to(np.asarray(seats), state.year.shape)
        return np.stack([Layout(self.game).vector(self.unbatch(state, row), int(seat)) for row, seat in enumerate(chosen)])

    def replace(self, state: Economies, where: np.ndarray, fresh: Economies) -> Economies:
        pick = {
            name: np.where(where.reshape(-1, *(1,) * (getattr(state, name).ndim - 1)), getattr(fresh, name), getattr(state, name))
            for name in Economies.__dataclass_fields__
        }
        return Economies(**pick)

    def unbatch(self, state: Economies, index: int) -> State:
        """The scalar state, with the last week as its whole past."""
        from .state import Week, frozen

        year, week = int(state.year[index]), int(state.week[index])
        over = year >= self.game.years
        rates = tuple(state.rates[index].tolist())
        past: tuple[Week, ...] = ()
        weeks = year * self.game.weeks + week
        if weeks:
            before = divmod(weeks - 1, self.game.weeks)
            satisfied = frozen(np.ones(self.game.population, np.int8))
            figures = (frozen(state.income[index].copy()), frozen(state.utility[index].copy()), satisfied)
            past = (Week(*before, tuple(state.law[index].tolist()), *figures, float(state.rebate[index]), float(state.welfare[index])),)
        phase = OVER if over else DECREE if state.decree[index] else WORK
        played = WORK if state.paid[index] else DECREE if weeks or not state.decree[index] else ""
        skills = frozen(state.skills[index].copy())
        return State(
            phase,
            played if weeks or not self.game.warmup else "",
            year,
            week,
            rates,
            0,
            skills,
            frozen(np.empty(0, np.int64)),
            (),
            (),
            past,
        )
