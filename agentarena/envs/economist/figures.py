"""Figures of recorded matches for reports: schedules and welfare over the tax years, Lorenz curves, labour by skill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.replay import states
from agentarena.plots import lines

from .game import Economist
from .rules.taxes import taxes
from .rules.welfare import gini, lorenz
from .state import State, Week
from .text.phrases import dollars

__all__ = ["figures"]

_MOST_CURVES = 6
_POINTS = 101


def figures(records: Sequence[Any]) -> list[tuple[str, str]]:
    """Figures for a report: (title, SVG) each.

    Welfare is drawn for each planner, averaged over its matches; the other figures are of the first match of the planner with
    the greatest mean return.

    Args:
        records: Matches of Economist-v0 (`agentarena.matches.Record`).
    """
    ended = [record for record in records if record.actions]
    if not ended:
        return []
    by_planner: dict[str, list[Any]] = {}
    for record in ended:
        by_planner.setdefault(_planner(record), []).append(record)
    finals = {name: [(record.game(), _last(record)) for record in group[:20]] for name, group in by_planner.items()}
    worth = {name: float(np.mean([record.returns[0] for record in group])) for name, group in by_planner.items()}
    order = sorted(finals, key=lambda name: (-worth[name], name))
    best = order[0]
    game, state = finals[best][0]
    titled = [
        ("Social welfare over the tax years, mean of a week, by who sets the rates", _welfare(finals, order[:_MOST_CURVES])),
        (f"Tax rates by bracket over the years: {best}", _schedule(game, state)),
        (f"Inequality over the years (Gini coefficient): {best}", _inequality(game, state)),
        (f"Lorenz curves of the last week: {best}", _lorenz(game, state)),
        (f"Labour by skill in the last week: {best}", _labour(state)),
    ]
    return [(title, svg) for title, svg in titled if svg]


def _planner(record: Any) -> str:
    if record.game().government != "planner":
        return f"elections among {record.seats[1].agent}"
    return str(record.seats[0].agent)


def _last(record: Any) -> State:
    """Where a match ended; it remembers every week."""
    state: State | None = None
    for reached in states(record):
        state = reached
    assert state is not None
    return state


def _by_year(state: State, figure: Any) -> list[tuple[float, float]]:
    years = sorted({week.year for week in state.past})
    return [(year + 1.0, float(np.mean([figure(week) for week in state.past if week.year == year]))) for year in years]


def _welfare(finals: dict[str, list[tuple[Economist, State]]], names: Sequence[str]) -> str:
    series = {}
    for name in names:
        curves = [_by_year(state, lambda week: week.welfare) for _, state in finals[name] if state.past]
        longest = max((len(curve) for curve in curves), default=0)
        series[name] = [(year + 1.0, float(np.mean([curve[year][1] for curve in curves if len(curve) > year]))) for year in range(longest)]
    return lines(series, x="tax year", y="welfare")


def _schedule(game: Economist, state: State) -> str:
    series = {f"from {dollars(edge)}": _by_year(state, lambda week, j=j: week.rates[j]) for j, edge in enumerate(game.edges)}
    return lines(series, x="tax year", y="percent", steps=True, low=0.0, high=100.0)


def _after(game: Economist, week: Week) -> np.ndarray:
    """Incomes after tax and rebate. Shape (N,)."""
    return week.income - taxes(week.income, game.edges, np.array(week.rates) / 100.0) + week.rebate


def _inequality(game: Economist, state: State) -> str:
    series = {
        "before tax": _by_year(state, lambda week: float(gini(week.income))),
        "after tax and rebate": _by_year(state, lambda week: float(gini(_after(game, week)))),
    }
    return lines(series, x="tax year", y="Gini coefficient", low=0.0, high=1.0)


def _lorenz(game: Economist, state: State) -> str:
    if not state.past:
        return ""
    last = state.past[-1]
    people = np.linspace(0.0, 1.0, len(last.income) + 1)
    points = np.unique(np.linspace(0, len(people) - 1, min(_POINTS, len(people))).astype(int))

    def curve(shares: np.ndarray) -> list[tuple[float, float]]:
        return [(float(people[i]), float(shares[i])) for i in points]

    series = {
        "before tax": curve(lorenz(last.income)),
        "after tax and rebate": curve(lorenz(_after(game, last))),
        "all the same": [(0.0, 0.0), (1.0, 1.0)],
    }
    return lines(series, x="share of workers, poorest first", y="share of income", low=0.0, high=1.0)


def _labour(state: State) -> str:
    if not state.past:
        return ""
    order = np.argsort(state.skills, kind="stable")
    order = order[np.unique(np.linspace(0, len(order) - 1, min(_POINTS, len(order))).astype(int))]
    week = state.past[-1]
    points = [(float(np.log10(state.skills[i])), float(week.income[i] / state.skills[i])) for i in order]
    return lines({"hours": points}, x="skill (decimal logarithm of dollars an hour)", y="hours a week", low=0.0, high=100.0)
