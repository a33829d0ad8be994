"""Array rules: B economies of N workers side by side, on numpy.

Axis letters: B economies, N workers, S = N + 1 seats, K brackets, D numbers of an observation.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.batch import Batch, Bounds
from agentarena.core.errors import NotSupported, UsageError

from .actions import DELTAS
from .observation import PHASES
from .options import MOST_HOURS
from .rules.skills import draw_skills
from .rules.society import Society
from .rules.taxes import bracket_of, taxes
from .rules.welfare import gini
from .state import DECREE, OVER, WORK, State, Week, frozen

__all__ = ["Economies", "EconomyBatch"]


_DOLLARS, _SKILL = 1e5, 1e3  # units of observations
_HIGHEST_PLACE = float(np.nextafter(len(DELTAS), 0))  # a place in DELTAS is a number's whole part


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
    """The rules of economies with a planner and without opinions; an action is an array of numbers.

    Actions have shape (B, S, K): of economies that are to set rates the numbers of seat 0 count (percent, or in delta mode
    places in `DELTAS`, the fraction dropped), of those at work the first number of each worker, its hours. Shape (B, S, 1) is
    enough while all are at work. Numbers beyond the bounds count as the bound.

    Args:
        game: The options with what follows from them; the `Economist` is one.
    """

    def __init__(self, game: Society) -> None:
        if game.government != "planner" or game.bounded:
            raise NotSupported("Economist: array rules are for government='planner' and bounded=False; play the scalar rules")
        self.game = game

    def start(self, size: int, rng: np.random.Generator) -> Economies:
        game, count = self.game, self.game.population
        parameters = tuple(map(float, game.skill_parameters))
        if game.secret_skills:
            skills = np.stack([draw_skills(game.skills, game.draw, count, parameters, rng) for _ in range(size)])
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
        """Seats that are to move. Shape (B, S), bool; (B,), the seat or -1, with a single worker, whose game is played in turn."""
        over = self.over(state)
        if self.game.population == 1:
            return np.where(over, -1, np.where(state.decree, 0, 1))
        out = np.repeat((~state.decree & ~over)[:, None], self.game.population + 1, axis=1)
        out[:, 0] = state.decree & ~over
        return out

    def legal(self, state: Economies) -> Bounds:
        """Rates from 0 to 100 percent, or places in `DELTAS`; hours from 0 to 100. Shape (B, S, K), or (B, K) with a single worker."""
        decree, work = state.decree & ~self.over(state), ~state.decree & ~self.over(state)
        count = len(self.game.edges)
        high = np.zeros((len(state.year), self.game.population + 1, count))
        high[:, 0, :] = decree[:, None] * (_HIGHEST_PLACE if self.game.planner == "delta" else 100.0)
        high[:, 1:, 0] = work[:, None] * MOST_HOURS
        if self.game.population == 1:
            high = high.sum(axis=1)  # only one of the two moves
        return Bounds(np.zeros_like(high), high)

    def step(self, state: Economies, actions: np.ndarray, rng: np.random.Generator) -> Economies:
        if actions.ndim == 2:  # a single worker: each row is of the seat to move
            actions = np.repeat(actions[:, None, :], 2, axis=1)
        over = self.over(state)
        if not state.decree.any() and not over.any():
            return self._work(state, actions)
        decree, work = state.decree & ~over, ~state.decree & ~over
        out = replace(state, paid=np.zeros_like(over))
        if work.any():
            out = _mixed(work, self._work(state, actions), out)
        if decree.any():
            out = _mixed(decree, self._decree(out, actions), out)
        return out

    def _decree(self, state: Economies, actions: np.ndarray) -> Economies:
        rates = np.asarray(actions[:, 0, : len(self.game.edges)], np.float64)
        if self.game.planner == "delta":
            rates = state.rates + np.array(DELTAS, np.float64)[np.clip(rates, 0, len(DELTAS) - 1).astype(np.int64)]
        return replace(state, rates=np.clip(rates, 0.0, 100.0), decree=np.zeros_like(state.decree))

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

    def observe(self, state: Economies, seats: Any) -> np.ndarray:
        """As the scalar rules show it, float32. Shape (B, D); all seats must be the planner, or all workers.

        Raises:
            UsageError: Planner and workers together; their vectors differ in length.
        """
        chosen = np.broadcast_to(np.asarray(seats), state.year.shape)
        if (chosen == 0).all():
            return self._planner(state)
        if (chosen == 0).any():
            raise UsageError("Economist: the planner's vector and a worker's differ in length; observe them apart, or all with observe_all")
        return self._workers(state, chosen[:, None] - 1)[:, 0]

    def observe_all(self, state: Economies) -> np.ndarray:
        """What every seat sees, shorter vectors filled up with zeros. Shape (B, S, D), float32."""
        planner = self._planner(state)
        workers = self._workers(state, np.broadcast_to(np.arange(self.game.population), state.skills.shape))
        out = np.zeros((len(planner), self.game.population + 1, max(planner.shape[-1], workers.shape[-1])), np.float32)
        out[:, 0, : planner.shape[-1]], out[:, 1:, : workers.shape[-1]] = planner, workers
        return out

    def _public(self, state: Economies) -> tuple[np.ndarray, np.ndarray]:
        """What everybody knows of calendar, law and last week, (B, D) float32; and last week's taxes, (B, N)."""
        game, worked = self.game, state.year * self.game.weeks + state.week
        phase = np.select([self.over(state), state.decree], [-1, PHASES.index(DECREE)], PHASES.index(WORK))
        tax = taxes(state.income, game.edges, state.law / 100.0)
        after = state.income - tax + state.rebate[:, None]
        columns = [
            phase[:, None] == np.arange(len(PHASES)),
            np.stack([state.year, state.week, worked], axis=1),
            state.rates / 100.0,
            np.stack([state.welfare, state.rebate, state.income.mean(axis=1)], axis=1) / _DOLLARS,
            np.stack([gini(state.income), gini(after), worked > 0], axis=1),
        ]
        return np.concatenate([column.astype(np.float32) for column in columns], axis=1), tax

    def _planner(self, state: Economies) -> np.ndarray:
        """Shape (B, D), float32."""
        game, (public, _) = self.game, self._public(state)
        bracket = bracket_of(state.income, game.edges)
        shares = (bracket[..., None] == np.arange(len(game.edges))).sum(axis=1) / game.population
        shares *= (state.year + state.week > 0)[:, None]
        mean = state.utility.mean(axis=1) / _DOLLARS if not game.has_hidden else np.zeros(len(public))
        columns = [public, mean[:, None], shares, state.income / _DOLLARS]
        return np.concatenate([column.astype(np.float32) for column in columns], axis=1)

    def _workers(self, state: Economies, workers: np.ndarray) -> np.ndarray:
        """What some workers see: `workers` numbers M of each economy, from 0. Shape (B, M) -> (B, M, D), float32."""
        public, tax = self._public(state)
        rows = np.arange(len(public))[:, None]
        skill, income, tax = state.skills[rows, workers], state.income[rows, workers], tax[rows, workers]
        start = public.shape[1]
        out = np.zeros((*workers.shape, start + 10), np.float32)
        out[..., :start] = public[:, None, :]
        own = out[..., start:]
        own[..., 0] = skill / _SKILL
        own[..., 1] = 1.0
        own[..., 2] = income / skill / MOST_HOURS
        own[..., 3] = income / _DOLLARS
        own[..., 4] = tax / _DOLLARS
        own[..., 5] = (income - tax + state.rebate[:, None]) / _DOLLARS
        own[..., 6] = state.utility[rows, workers] / _DOLLARS
        own[..., 7:] = self.game.motives[workers][..., None] == np.array([-1, 0, 1])
        return out

    def numbers(self, seat: int, actions: Any) -> np.ndarray:
        """Rates or hours as they are; of a planner's choices of changes, the place in `DELTAS` for each bracket."""
        if seat == 0 and self.game.planner == "delta":
            return np.stack([actions[f"bracket_{j + 1}"] for j in range(len(self.game.edges))], axis=1).astype(np.float64)
        return np.asarray(super().numbers(seat, actions))

    def scalar_action(self, state: Economies, index: int, seat: int, action: Any) -> Action:
        """Hours as an array of no dimensions, rates as an array, or a choice for each bracket."""
        numbers = np.asarray(action, np.float64).ravel()
        if seat:
            return numbers[0]
        if self.game.planner == "delta":
            return {f"bracket_{j + 1}": int(number) for j, number in enumerate(numbers[: len(self.game.edges)])}
        return numbers[: len(self.game.edges)]

    def unbatch(self, state: Economies, index: int) -> State:
        """The scalar state, with the last week as its whole past."""
        year, week = int(state.year[index]), int(state.week[index])
        worked, decree = year * self.game.weeks + week, bool(state.decree[index])
        over = year >= self.game.years
        played = WORK if state.paid[index] else DECREE if worked or not decree else ""
        return State(
            OVER if over else DECREE if decree else WORK,
            played if worked or not self.game.warmup else "",
            year,
            week,
            tuple(state.rates[index].tolist()),
            0,
            frozen(state.skills[index].copy()),
            frozen(np.empty(0, np.int64)),
            past=(self._last_week(state, index, worked - 1),) if worked else (),
        )

    def _last_week(self, state: Economies, index: int, number: int) -> Week:
        """The last week of one match, the `number`-th since its start, from 0."""
        year, week = divmod(number, self.game.weeks)
        return Week(
            year,
            week,
            tuple(state.law[index].tolist()),
            frozen(state.income[index].copy()),
            frozen(state.utility[index].copy()),
            frozen(np.ones(self.game.population, np.int8)),
            float(state.rebate[index]),
            float(state.welfare[index]),
        )


def _mixed(where: np.ndarray, one: Economies, other: Economies) -> Economies:
    """The matches of `one` in `where`, shape (B,) bool, and those of `other` elsewhere."""
    pairs = [(getattr(one, f.name), getattr(other, f.name)) for f in fields(Economies)]
    return Economies(*(a if a is b else np.where(where if a.ndim == 1 else where[:, None], a, b) for a, b in pairs))
