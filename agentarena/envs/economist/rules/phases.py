"""What happens in each phase: a decree, a week of work, platforms, a vote. Every function returns the next state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import IllegalAction
from agentarena.envs.economist.actions import new_rates
from agentarena.envs.economist.options import MOST_HOURS
from agentarena.envs.economist.state import DECREE, OVER, PLATFORM, VOTE, WORK, State, Week, frozen

from .elections import elected
from .personas import draw_personas
from .skills import draw_skills
from .society import Society

__all__ = ["decree", "elect", "first_state", "plain_hours", "stated_hours", "take_platforms", "work"]

Actions = Mapping[int, Action]


def first_state(society: Society, rng: np.random.Generator) -> State:
    """A fresh match."""
    parameters = tuple(map(float, society.skill_parameters))
    skills = draw_skills(society.skills, society.draw, society.population, parameters, rng)
    personas = draw_personas(society.population, rng) if society.bounded else np.empty(0, np.int64)
    return State(
        phase=_opening(society, 0),
        played="",
        year=0,
        week=0,
        rates=society.first_rates,
        leader=0,
        skills=frozen(skills),
        personas=frozen(personas),
    )


def _opening(society: Society, year: int) -> str:
    """The phase in which a tax year begins."""
    if year >= society.years:
        return OVER
    if year < society.warmup:
        return WORK
    return {"planner": DECREE, "election": VOTE, "platforms": PLATFORM}[society.government]


def decree(society: Society, state: State, actions: Actions) -> State:
    """The leader sets the rates of the year."""
    rates = new_rates(state.rates, actions[state.leader], society.deltas)
    return replace(state, phase=WORK, played=DECREE, rates=rates)


def take_platforms(society: Society, state: State, actions: Actions) -> State:
    """Workers stand for election with a platform of rates; without any, the rates stay."""
    platforms = tuple(
        (seat, new_rates(state.rates, action, society.deltas)) for seat, action in sorted(actions.items()) if int(action["stand"])
    )
    return replace(state, phase=VOTE if platforms else WORK, played=PLATFORM, platforms=platforms, votes=(), leader=0)


def elect(society: Society, state: State, actions: Actions, rng: np.random.Generator) -> State:
    """The workers elect a leader, who sets the rates next, or a platform, which becomes law."""
    votes, leader = elected([int(actions[seat]["ballot"]) for seat in society.workers], rng)
    after = replace(state, phase=WORK, played=VOTE, votes=votes, leader=leader)
    if society.government == "election":
        return replace(after, phase=DECREE if leader else WORK)
    return replace(after, rates=dict(state.platforms).get(leader, state.rates))


def work(society: Society, state: State, hours: np.ndarray, satisfied: np.ndarray) -> State:
    """A week of work.

    Args:
        society: The options.
        state: In the phase WORK.
        hours: Of each worker, shape (N,).
        satisfied: 1 or 0 for each worker, shape (N,), int8.
    """
    result = society.week(state.skills, hours, state.rates)
    done = Week(
        year=state.year,
        week=state.week,
        rates=state.rates,
        income=result.income,
        utility=result.utility,
        satisfied=satisfied,
        rebate=float(result.rebate),
        welfare=float(result.welfare),
    )
    year, week = (state.year, state.week + 1) if state.week + 1 < society.weeks else (state.year + 1, 0)
    return State(
        phase=WORK if week else _opening(society, year),
        played=WORK,
        year=year,
        week=week,
        rates=state.rates,
        leader=state.leader,
        skills=state.skills,
        personas=state.personas,
        votes=state.votes,
        past=(*state.past, done),
    )


def plain_hours(society: Society, actions: Actions) -> np.ndarray | None:
    """Hours of workers whose actions are plain numbers, checked all at once, shape (N,); `None` where that cannot be."""
    if society.bounded or society.government != "planner" or len(actions) != society.population:
        return None
    try:
        hours = np.array([actions[seat] for seat in society.workers], np.float64)
    except (KeyError, TypeError, ValueError):
        return None
    legal = hours.shape == (society.population,) and hours.min() >= 0.0 and hours.max() <= MOST_HOURS
    return hours if legal else None


def stated_hours(society: Society, actions: Actions) -> tuple[np.ndarray, np.ndarray]:
    """Hours and opinions of all workers from legal actions. Shape (N,) each."""
    parts = society.bounded or society.government != "planner"
    stated: list[Any] = [actions[seat]["hours"] if parts else actions[seat] for seat in society.workers]
    hours = np.clip(np.array([float(value) for value in stated]), 0.0, MOST_HOURS)
    if not np.isfinite(hours).all():
        raise IllegalAction("Economist: hours must be finite")
    if not society.bounded:
        return hours, society.all_satisfied
    return hours, frozen(np.array([int(actions[seat]["satisfied"]) for seat in society.workers], np.int8))
