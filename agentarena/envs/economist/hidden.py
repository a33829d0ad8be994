"""What a seat cannot see, redrawn: others' skills (where they are drawn), hours, utilities and personas.

Incomes, taxes, rebates, opinions and the welfare are on the public roll, for everybody to consult, and stay as they are.
A skill is redrawn from its distribution given that its greatest income so far took at most 100 hours; that the published
welfare also says a little about utilities is not used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .labour import MOST_HOURS, utility
from .personas import draw_personas
from .skills import skill_quantile, skill_share
from .state import State, Week, frozen
from .taxes import taxes

if TYPE_CHECKING:
    from .game import Economist

__all__ = ["redraw"]


def redraw(game: Economist, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; a function of what it knows and of `rng`."""
    if not game.info.hidden:
        return state
    others = np.arange(game.population) != seat - 1
    personas, skills, past = state.personas, state.skills, state.past
    if game.bounded:
        personas = frozen(np.where(others, draw_personas(game.population, rng), state.personas))
    if game.secret_skills:
        skills = frozen(np.where(others, _skills(game, state, rng), state.skills))
        past = tuple(_again(game, week, skills, others) for week in state.past)
    return replace(state, skills=skills, personas=personas, past=past)


def _skills(game: Economist, state: State, rng: np.random.Generator) -> np.ndarray:
    """Skills that could have earned the incomes on the roll. Shape (N,)."""
    peak = np.max([week.income for week in state.past], axis=0) if state.past else np.zeros(game.population)
    given = tuple(map(float, game.skill_parameters))
    least = np.maximum(peak / MOST_HOURS, 1e-6)
    low, high = skill_share(game.skills, least, given), np.ones(game.population)
    if game.draw == "stratified":
        slices = np.arange(game.population + 1) / game.population
        low, high = np.maximum(low, slices[:-1]), np.maximum(low, slices[1:])
    share = low + (high - low) * rng.random(game.population)
    return np.maximum(skill_quantile(game.skills, np.clip(share, 1e-9, 1.0 - 1e-12), given), least)


def _again(game: Economist, week: Week, skills: np.ndarray, others: np.ndarray) -> Week:
    """A week with others' utilities as their new skills would have felt it."""
    after = week.income - taxes(week.income, game.edges, np.array(week.rates) / 100.0) + week.rebate
    felt = utility(after, np.minimum(week.income / skills, MOST_HOURS), game.tastes)
    return week._replace(utility=np.where(others, felt, week.utility))
