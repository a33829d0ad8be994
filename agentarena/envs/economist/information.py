"""Resampling what a seat cannot see: others' skills (where they are drawn), hours, utilities and personas.

Incomes, taxes, rebates, opinions and the welfare are on the public roll, for everybody to consult, and stay as they are.
A skill is redrawn from its distribution given that its greatest income so far took at most 100 hours; that the published
welfare also says a little about utilities is not used.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .options import MOST_HOURS
from .rules.labour import utility
from .rules.personas import draw_personas
from .rules.skills import skill_quantile, skill_share
from .rules.society import Society
from .rules.taxes import taxes
from .state import State, Week, frozen

__all__ = ["resample"]


def resample(society: Society, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; a function of what it knows and of `rng`."""
    if not society.has_hidden:
        return state
    others = np.arange(society.population) != seat - 1
    personas, skills, past = state.personas, state.skills, state.past
    if society.bounded:
        personas = frozen(np.where(others, draw_personas(society.population, rng), state.personas))
    if society.secret_skills:
        skills = frozen(np.where(others, _skills(society, state, rng), state.skills))
        past = tuple(_with_skills(society, week, skills, others) for week in state.past)
    return replace(state, skills=skills, personas=personas, past=past)


def _skills(society: Society, state: State, rng: np.random.Generator) -> np.ndarray:
    """Skills that could have earned the incomes on the roll. Shape (N,)."""
    peak = np.max([week.income for week in state.past], axis=0) if state.past else np.zeros(society.population)
    parameters = tuple(map(float, society.skill_parameters))
    least = np.maximum(peak / MOST_HOURS, 1e-6)
    low, high = skill_share(society.skills, least, parameters), np.ones(society.population)
    if society.draw == "stratified":
        slices = np.arange(society.population + 1) / society.population
        low, high = np.maximum(low, slices[:-1]), np.maximum(low, slices[1:])
    share = low + (high - low) * rng.random(society.population)
    return np.maximum(skill_quantile(society.skills, np.clip(share, 1e-9, 1.0 - 1e-12), parameters), least)


def _with_skills(society: Society, week: Week, skills: np.ndarray, others: np.ndarray) -> Week:
    """A week with others' utilities as they follow from new skills."""
    after = week.income - taxes(week.income, society.edges, np.array(week.rates) / 100.0) + week.rebate
    drawn = utility(after, np.minimum(week.income / skills, MOST_HOURS), society.tastes)
    return replace(week, utility=np.where(others, drawn, week.utility))
