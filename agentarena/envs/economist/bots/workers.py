"""Reference workers of the economy, and what they share with the reference planners in `planners`.

Each acts on its observation, the rules and its own notebook; none on prose or on anybody else's private figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from agentarena.core.actions import Action, Product
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption
from agentarena.envs.economist.actions import DELTAS, default_part
from agentarena.envs.economist.game import Economist
from agentarena.envs.economist.observation import WorkerObservation, read_planner, read_worker, worker_columns
from agentarena.envs.economist.rules.labour import grid_labour, rational_labour, utility
from agentarena.envs.economist.rules.taxes import taxes
from agentarena.envs.economist.solver import GRID_HOURS, by_grid, rational_response, welfare_of
from agentarena.envs.economist.state import PLATFORM, VOTE, WORK

__all__ = ["Fixed", "HillClimber", "Rational", "action_with", "rules_of"]


def rules_of(view: View) -> Economist:
    """The rules, known to be this game's."""
    game = view.game
    if not isinstance(game, Economist):
        raise BadOption(f"this agent plays Economist-v0, not {type(game).__name__}")
    return game


def action_with(view: View, **parts: Any) -> Action:
    """A move with these parts; the others say nothing. `rates` are percent, also where only changes can be made."""
    game, legal = rules_of(view), view.legal
    count = len(game.edges)
    rates = parts.pop("rates", None)
    if rates is not None and game.deltas:
        old = parts.pop("old")
        for j in range(count):
            parts[f"bracket_{j + 1}"] = int(np.argmin([abs(min(100.0, max(0.0, old[j] + d)) - rates[j]) + 1e-9 * abs(d) for d in DELTAS]))
    elif rates is not None:
        parts.pop("old", None)
        parts["rates"] = np.asarray(rates, np.float64)
    if not isinstance(legal, Product):
        return parts["hours"] if "hours" in parts else parts["rates"]
    return {name: parts.get(name, default_part(name, count)) for name in legal.parts}


class _Worker(Agent):
    """A worker that decides hours by `hours`; elections by its own interest among rational workers."""

    def hours(self, view: View, game: Economist, obs: WorkerObservation) -> float:
        raise NotImplementedError

    def choose(self, view: View) -> Action:
        game = rules_of(view)
        if view.seat == 0:
            rates = by_grid(welfare_of(game), len(game.edges))
            return action_with(view, rates=rates, old=_percent(game, view))
        obs = read_worker(game, view.observation)
        if obs.phase == WORK:
            hours = float(np.clip(self.hours(view, game, obs), 0.0, 100.0))
            content = obs.motive != 0 or game.satisfaction == "loss" or self._gains(view, game, obs, hours)
            return action_with(view, hours=hours, satisfied=int(content))
        if obs.phase == VOTE:
            return action_with(view, ballot=self._vote(view, game, obs))
        rates = self._wish(view, game, obs)
        standing = {"stand": 1} if obs.phase == PLATFORM else {}
        return action_with(view, rates=rates, old=obs.rates * 100.0, **standing)

    def _gains(self, view: View, game: Economist, obs: WorkerObservation, hours: float) -> bool:
        """Whether halving the utility would cost it: under the paper's rule a negative utility is better halved."""
        return _utility(game, obs, hours) >= 0.0

    def _vote(self, view: View, game: Economist, obs: WorkerObservation) -> int:
        """The platform under which it would fare best; itself where there are no platforms."""
        if game.government == "election":
            return view.seat
        worth = {seat: self._fares(view, game, obs, rates * 100.0) for seat, rates in obs.platforms.items()}
        return max(worth, key=lambda seat: (worth[seat], -seat)) if worth else 0

    def _fares(self, view: View, game: Economist, obs: WorkerObservation, rates: np.ndarray) -> float:
        """Its utility under a schedule when all are rational and the others' skills are as expected."""
        skills = game.expected_skills.copy()
        skills[view.seat - 1] = obs.skill
        return float(game.economy.answer(skills, rates / 100.0).utility[view.seat - 1])

    def _wish(self, view: View, game: Economist, obs: WorkerObservation) -> np.ndarray:
        """The schedule on a coarse grid under which it would fare best itself."""
        skills = game.expected_skills.copy()
        skills[view.seat - 1] = obs.skill
        economy, row = game.economy, view.seat - 1

        def own(rates: np.ndarray) -> np.ndarray:
            return np.array([economy.answer(skills, rate / 100.0).utility[row] for rate in rates])

        return by_grid(own, len(game.edges), points=6, most=300)


def _percent(game: Economist, view: View) -> np.ndarray:
    return read_planner(game, view.observation).rates * 100.0


def _utility(game: Economist, obs: WorkerObservation, hours: float) -> float:
    income = np.array([obs.skill * hours])
    after = income - taxes(income, game.edges, obs.rates) + obs.rebate
    return float(utility(after, np.array([hours]), game.tastes)[0])


class Rational(_Worker):
    """Works the hours that are best for it under the schedule in force: exact, with kinks and corners.

    It takes the rebate as given (with CRRA utility it expects last week's again). For itself alone: with other motives it
    plays the same. In elections it votes for itself, or for the platform that suits it best; elected, it sets the rates
    that suit it best on a coarse grid. As planner it sets the best rates of a grid.

    Args:
        own_rebate: Whether it counts the N-th part of its own tax that comes back to it.
        grid: Whether it works multiples of ten hours only, as the paper's prompt offers; of equally good ones the fewest.
    """

    def __init__(self, own_rebate: bool = False, grid: bool = False) -> None:
        self.own_rebate, self.grid = bool(own_rebate), bool(grid)

    def act(self, views: Sequence[View]) -> list[Action]:
        """All questions at once: a crowd of workers of plain economies is answered by one call on arrays."""
        games = {id(view.game): view.game for view in views}
        game = rules_of(views[0]) if len(games) == 1 and len(views) > 1 else None
        plain = game is not None and not (game.bounded or game.tastes.eta or self.grid or game.government != "planner")
        if game is None or not plain or any(view.seat == 0 for view in views):
            return [self.choose(view) for view in views]
        skills, rates = worker_columns(game, np.stack([view.observation for view in views]))
        share = 1.0 / game.population if self.own_rebate else 0.0
        return list(rational_labour(skills[:, None], game.edges, rates, game.tastes, own_share=share)[:, 0])

    def hours(self, view: View, game: Economist, obs: WorkerObservation) -> float:
        skill, share = np.array([obs.skill]), 1.0 / game.population if self.own_rebate else 0.0
        rebate = obs.rebate
        if game.tastes.eta and not obs.worked:
            rebate = float(rational_response(game, obs.rates * 100.0).rebate)
        if self.grid:
            return float(grid_labour(skill, game.edges, obs.rates, game.tastes, GRID_HOURS, rebate=rebate, own_share=share)[0])
        return float(rational_labour(skill, game.edges, obs.rates, game.tastes, rebate=rebate, own_share=share)[0])


class Fixed(_Worker):
    """Works the same hours every week, whatever the taxes.

    Args:
        hours: How many; by default each seat has its own number, drawn from 40 to 60 in its first week, as in the paper's code.
    """

    def __init__(self, hours: float | None = None) -> None:
        if hours is not None and not (isinstance(hours, int | float) and 0 <= hours <= 100):
            raise BadOption(f"economist/fixed: hours is {hours!r}; expected a number from 0 to 100")
        self.always = hours

    def hours(self, view: View, game: Economist, obs: WorkerObservation) -> float:
        if self.always is not None:
            return float(self.always)
        return float(view.memory.setdefault("hours", int(view.rng.integers(40, 61))))


class HillClimber(_Worker):
    """Learns its hours by trying: keeps a change that raised its result, takes one back that lowered it, with smaller steps.

    Knows nothing of formulas: what a worker of the paper is meant to do from its memory alone. It leaves the rebate out,
    which moves with what everybody does. Starts anew each tax year from where it is.

    Args:
        start: Hours of the first week.
        step: First change, in hours.
    """

    def __init__(self, start: float = 40.0, step: float = 10.0) -> None:
        self.start, self.first_step = float(start), float(step)

    def hours(self, view: View, game: Economist, obs: WorkerObservation) -> float:
        memory = view.memory
        own = obs.utility - (obs.rebate if game.tastes.eta == 0 else 0.0)
        result = own if obs.motive == 0 else obs.motive * obs.welfare
        if "hours" not in memory:
            memory.update(year=obs.year, base=self.start, hours=self.start, worth=None, step=self.first_step, up=bool(view.rng.integers(2)))
            return self.start
        if memory["worth"] is None or result > memory["worth"]:
            memory["base"], memory["worth"] = memory["hours"], result
        else:
            memory["up"], memory["step"] = not memory["up"], max(0.5, memory["step"] / 2)
        if memory["year"] != obs.year:
            memory.update(year=obs.year, hours=memory["base"], worth=None, step=self.first_step)
        else:
            memory["hours"] = float(np.clip(memory["base"] + (memory["step"] if memory["up"] else -memory["step"]), 0.0, 100.0))
        return cast("float", memory["hours"])
