"""A tax economy: a planner sets the marginal rates of each tax year, workers choose their weekly hours, taxes come back in equal shares.

The game of the LLM Economist (arXiv 2507.15815; rules from its released code), with the constants and welfare functions
that its own code gets into trouble with replaced by default and available by name. See the card.

Seat 0 is the planner, seats 1 to N are the workers. Dollars are dollars a year throughout.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import gymnasium
import numpy as np

from agentarena.core.actions import Action, ActionSet
from agentarena.core.batch import Batch
from agentarena.core.errors import BadOption, IllegalAction
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from . import bounds, hidden, news, observation
from .economy import Economy, Result
from .elections import elected, standing
from .labour import MOST_HOURS, Tastes, calibrated_cost
from .moves import new_rates, schedule_set, worker_set, worker_spaces
from .personas import draw_personas
from .skills import DRAWS, SKILLS, check_parameters, draw_skills, mid_quantiles, skill_quantile
from .state import DECREE, OVER, PLATFORM, VOTE, WORK, State, Week, frozen
from .taxes import CUTOFFS
from .text import EconomistText
from .welfare import OBJECTIVES

__all__ = ["Economist"]

PAPER = {"cost": 0.0005, "objective": "paper_raw", "planner": "delta", "warmup": 1, "satisfaction": "paper"}


@dataclass(frozen=True)
class Economist(Game[State]):
    """The rules. A return is the sum over weeks: of social welfare for the planner, of utility for a worker."""

    population: int = option(5, "Number of workers, N.", low=1, high=10_000)
    years: int = option(3, "Number of tax years.", low=1, high=10_000)
    weeks: int = option(4, "Steps of work in each tax year.", low=1, high=10_000)
    skills: str = option("gb2", "Distribution of skills.", choices=SKILLS)
    draw: str = option("quantiles", "How skills come from it: its mid-quantiles, one from each slice, or at random.", choices=DRAWS)
    skill_parameters: tuple[float, ...] = option((), "Parameters of the distribution, or the skills themselves; empty for its defaults.")
    brackets: str = option("three", "Tax brackets.", choices=tuple(CUTOFFS))
    cutoffs: tuple[float, ...] = option((), "Lower edges of the brackets in dollars, the first 0; empty for those of `brackets`.")
    planner: str = option(
        "absolute", "How rates are set: as percentages, or as changes by 0, 10 or 20 points.", choices=("absolute", "delta")
    )
    rates: tuple[float, ...] = option((50.0,), "Rates before the first decree, percent: one for each bracket or one for all.")
    warmup: int = option(0, "Tax years with these rates before anybody may change them.", low=0, high=10_000)
    objective: str = option("inverse_income", "What the planner is credited.", choices=tuple(OBJECTIVES))
    aversion: float = option(1.0, "Aversion to inequality, for the objective isoelastic.", low=0.0, high=10.0)
    eta: float = option(0.0, "Curvature of the utility of consumption; 0 is quasi-linear, above that CRRA.", low=0.0, high=5.0)
    cost: float = option(0.0, "Cost of labour, c; 0 for the calibrated one.", low=0.0, high=1e6)
    curvature: float = option(3.5, "Power of labour in its disutility, d.", low=1.1, high=8.0)
    bounded: bool = option(
        False, "Whether workers have personas and say each week if they are satisfied with the taxes.", choices=(False, True)
    )
    satisfaction: str = option("loss", "What discontent does to utility: takes half its size, or halves it.", choices=("loss", "paper"))
    altruistic: int = option(0, "Percent of workers that are credited with social welfare.", low=0, high=100)
    adversarial: int = option(0, "Percent of workers that are credited with its opposite.", low=0, high=100)
    government: str = option("planner", "Who sets the rates.", choices=("planner", "election", "platforms"))
    memory: int = option(8, "Weeks of its own past that a seat is shown in words.", low=0, high=1000)
    cues: str = option("both", "Which hints a seat is given in words.", choices=("both", "explore", "exploit", "none"))

    presets = {
        "paper": PAPER,
        "paper_async": {**PAPER, "cost": 0.01, "curvature": 2.0, "planner": "absolute", "rates": (15.0,)},
        "bounded": {"bounded": True},
        "democracy": {"government": "election", "planner": "delta"},
        "platforms": {"government": "platforms", "planner": "delta"},
        "us": {"brackets": "us", "population": 20, "rates": (10.0, 12.0, 22.0, 24.0, 32.0, 35.0, 37.0)},
        "fixture": {"skills": "given", "skill_parameters": (250.0, 500.0, 1000.0, 2000.0, 5000.0)},
        "crra": {"eta": 0.23},
        "random_skills": {"draw": "random"},
        "society": {"population": 10, "altruistic": 20, "adversarial": 20},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_parameters(self.skills, _numbers(self.skill_parameters, "skill_parameters"), self.population)
        edges = _numbers(self.cutoffs, "cutoffs")
        if edges and (edges[0] != 0 or any(a >= b for a, b in itertools.pairwise(edges))):
            raise BadOption(f"Economist: option 'cutoffs' is {edges!r}; expected increasing edges, the first 0, e.g. (0, 20000, 90000)")
        rates = _numbers(self.rates, "rates")
        if len(rates) not in (1, len(self.edges)) or not all(0 <= rate <= 100 for rate in rates):
            raise BadOption(f"Economist: option 'rates' is {rates!r}; expected 1 or {len(self.edges)} percentages from 0 to 100")
        if self.altruistic + self.adversarial > 100:
            raise BadOption(f"Economist: altruistic is {self.altruistic} and adversarial {self.adversarial}; together at most 100 percent")

    # --- what follows from the options --------------------------------------------------------------------------

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """Lower edges of the K brackets."""
        return tuple(map(float, self.cutoffs)) or CUTOFFS[self.brackets]

    @cached_property
    def first_rates(self) -> tuple[float, ...]:
        """Rates before the first decree, one for each bracket."""
        return tuple(map(float, self.rates)) * (1 if len(self.rates) == len(self.edges) else len(self.edges))

    @cached_property
    def tastes(self) -> Tastes:
        """What workers like."""
        return Tastes(self.cost or calibrated_cost(self.curvature, self.eta), self.curvature, self.eta)

    @cached_property
    def economy(self) -> Economy:
        """The arithmetic of a week under these options."""
        return Economy(self.edges, self.tastes, self.objective, self.aversion)

    @cached_property
    def motives(self) -> np.ndarray:
        """What each worker is credited with: 0 its utility, 1 social welfare, -1 its opposite. Shape (N,), int8.

        The altruistic and the adversarial are spread evenly over the seats, so that neither is a matter of skill.
        """
        middle = mid_quantiles(self.population) * 100
        turn = (np.arange(self.population) * 0.6180339887498949 + 0.5) % 1.0  # a sequence that fills (0, 1) evenly
        order = np.argsort(np.argsort(turn, kind="stable"), kind="stable")
        rank = middle[order]
        made = np.where(rank < self.altruistic, 1, np.where(rank >= 100 - self.adversarial, -1, 0)).astype(np.int8)
        return frozen(made)

    @cached_property
    def expected_skills(self) -> np.ndarray:
        """The skills as everybody may expect them from the rules: those given, or mid-quantiles. Shape (N,), increasing unless given."""
        if self.skills == "given":
            return frozen(np.array(self.skill_parameters, np.float64))
        return frozen(skill_quantile(self.skills, mid_quantiles(self.population), tuple(self.skill_parameters)))

    @cached_property
    def secret_skills(self) -> bool:
        """Whether skills are drawn, so that nobody knows another's."""
        return self.draw != "quantiles" and self.skills != "given"

    @cached_property
    def info(self) -> GameInfo:
        low, high = bounds.returns(self)
        return GameInfo(
            seats=self.population + 1,
            low=low,
            high=high,
            unit="dollar a year",
            sum="general",
            simultaneous=self.population > 1,
            hidden=self.secret_skills or self.bounded,
            chance=self.secret_skills or self.bounded or self.government != "planner",
            max_steps=self.years * self.weeks + max(0, self.years - self.warmup) * (1 if self.government == "planner" else 2),
        )

    @cached_property
    def text(self) -> EconomistText:
        return EconomistText(self)

    # --- spaces -------------------------------------------------------------------------------------------------

    @cached_property
    def _spaces(self) -> tuple[gymnasium.Space[Any], gymnasium.Space[Any]]:
        count, delta = len(self.edges), self.planner == "delta"
        worker = worker_spaces(self.population, count, delta, self.bounded, self.government)
        return schedule_set(count, delta).space(), worker

    @cached_property
    def _sights(self) -> tuple[gymnasium.spaces.Box, gymnasium.spaces.Box]:
        return observation.planner_space(self), observation.worker_space(self)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        """The planner's: K percentages, or a change in each of K brackets. A worker's: its hours; with opinions or elections, a `Dict`."""
        return self._spaces[min(seat, 1)]

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `observation.read_planner` and `read_worker` say what its numbers are."""
        return self._sights[min(seat, 1)]

    # --- play ---------------------------------------------------------------------------------------------------

    @cached_property
    def _workers(self) -> tuple[int, ...]:
        return tuple(range(1, self.population + 1))

    @cached_property
    def _nothing(self) -> tuple[float, ...]:
        return (0.0,) * (self.population + 1)

    def start(self, rng: np.random.Generator) -> State:
        skills = draw_skills(self.skills, self.draw, self.population, tuple(map(float, self.skill_parameters)), rng)
        personas = draw_personas(self.population, rng) if self.bounded else np.empty(0, np.int64)
        return State(self._opening(0), "", 0, 0, self.first_rates, 0, frozen(skills), frozen(personas))

    def _opening(self, year: int) -> str:
        """What a tax year begins with."""
        if year >= self.years:
            return OVER
        if year < self.warmup:
            return WORK
        return {"planner": DECREE, "election": VOTE, "platforms": PLATFORM}[self.government]

    def to_move(self, state: State) -> tuple[int, ...]:
        if state.phase == OVER:
            return ()
        return (state.leader,) if state.phase == DECREE else self._workers

    def legal(self, state: State, seat: int) -> ActionSet:
        count, delta = len(self.edges), self.planner == "delta"
        if seat == 0:
            return schedule_set(count, delta)
        stand = standing(state) if state.phase == VOTE and self.government == "platforms" else None
        return worker_set(self.population, count, delta, self.bounded, self.government, state.phase, stand)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        if state.phase == WORK:
            return self._work(state, actions)
        self.check(state, actions)
        if state.phase == DECREE:
            rates = new_rates(state.rates, actions[state.leader], self.planner == "delta")
            return replace(state, phase=WORK, played=DECREE, rates=rates)
        if state.phase == PLATFORM:
            delta = self.planner == "delta"
            stands = tuple((seat, new_rates(state.rates, move, delta)) for seat, move in sorted(actions.items()) if int(move["stand"]))
            return replace(state, phase=VOTE if stands else WORK, played=PLATFORM, platforms=stands, votes=(), leader=0)
        return self._elect(state, actions, rng)

    def _elect(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        votes, leader = elected([int(actions[seat]["ballot"]) for seat in self._workers], rng)
        after = replace(state, phase=WORK, played=VOTE, votes=votes, leader=leader)
        if self.government == "election":
            return replace(after, phase=DECREE if leader else WORK)
        return replace(after, rates=dict(state.platforms).get(leader, state.rates))

    def _work(self, state: State, actions: Mapping[int, Action]) -> State:
        hours, satisfied = self._hours(state, actions)
        result = self.week(state.skills, hours, state.rates)
        done = Week(
            state.year, state.week, state.rates, result.income, result.utility, satisfied, float(result.rebate), float(result.welfare)
        )
        year, week = (state.year, state.week + 1) if state.week + 1 < self.weeks else (state.year + 1, 0)
        phase = WORK if week else self._opening(year)
        return State(phase, WORK, year, week, state.rates, state.leader, state.skills, state.personas, (), state.votes, (*state.past, done))

    def _hours(self, state: State, actions: Mapping[int, Action]) -> tuple[np.ndarray, np.ndarray]:
        """Hours and opinions of all workers, shape (N,) each; a thousand plain numbers are checked at once."""
        parts = self.bounded or self.government != "planner"
        if not parts and len(actions) == self.population:
            try:
                hours = np.array([actions[seat] for seat in self._workers], np.float64)
            except (KeyError, TypeError, ValueError):
                self.check(state, actions)
                raise
            if hours.shape == (self.population,) and hours.min() >= 0.0 and hours.max() <= MOST_HOURS:
                return hours, self._content
        self.check(state, actions)
        given = [actions[seat]["hours"] if parts else actions[seat] for seat in self._workers]
        hours = np.clip(np.array([float(value) for value in given]), 0.0, MOST_HOURS)
        if not np.isfinite(hours).all():
            raise IllegalAction("Economist: hours must be finite")
        opinions = self._content
        if self.bounded:
            opinions = frozen(np.array([int(actions[seat]["satisfied"]) for seat in self._workers], np.int8))
        return hours, opinions

    @cached_property
    def _content(self) -> np.ndarray:
        return frozen(np.ones(self.population, np.int8))

    def week(self, skills: np.ndarray, hours: np.ndarray, rates: tuple[float, ...]) -> Result:
        """What a week of these hours brings under these rates (percent). Shapes (N,), (N,), K."""
        return self.economy.week(skills, hours, np.array(rates) / 100.0)

    def rewards(self, state: State) -> tuple[float, ...]:
        if state.played != WORK or not state.past:
            return self._nothing
        found: tuple[float, ...] | None = state.cache.get("rewards")
        if found is None:
            felt = self.felt(state.past[-1])
            found = state.cache["rewards"] = (state.past[-1].welfare, *felt.tolist())
        return found

    def felt(self, week: Week) -> np.ndarray:
        """What each worker is credited with for a week: its utility as its opinion and its motive leave it. Shape (N,)."""
        felt = week.utility
        if self.bounded:
            halved = 0.5 * felt if self.satisfaction == "paper" else felt - 0.5 * np.abs(felt)
            felt = np.where(week.satisfied == 1, felt, halved)
        if self.altruistic or self.adversarial:
            felt = np.where(self.motives == 0, felt, self.motives * week.welfare)
        return felt

    def role(self, state: State, seat: int) -> str:
        return "planner" if seat == 0 else ("worker", "altruist", "adversary")[int(self.motives[seat - 1])]

    def winner(self, state: State, returns: tuple[float, ...]) -> None:
        """Nobody wins: the planner's welfare and workers' utilities do not compare."""

    def observe(self, state: State, seat: int) -> np.ndarray:
        return observation.observe_planner(self, state) if seat == 0 else observation.observe_worker(self, state, seat)

    def news(self, state: State) -> tuple[Event, ...]:
        return news.of(self, state)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """Others' skills and personas redrawn. Incomes and taxes are on the public roll and stay; so does the welfare as published."""
        return hidden.redraw(self, state, seat, rng)

    def batch(self) -> Batch[Any]:
        """Array rules; see `EconomyBatch` for the shape of actions."""
        from .batch import EconomyBatch

        return EconomyBatch(self)


def _numbers(values: Any, name: str) -> tuple[float, ...]:
    good = isinstance(values, tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in values)
    if not good:
        raise BadOption(f"Economist: option {name!r} is {values!r}; expected finite numbers, e.g. (10, 20, 35)")
    return cast("tuple[float, ...]", values)
