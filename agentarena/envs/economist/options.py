"""The options of the tax economy, their ranges, what follows from them directly, and named configurations.

Dollars are dollars a year throughout.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import option

__all__ = [
    "CUTOFFS",
    "FULL_WEEK",
    "GB2",
    "HIGHEST",
    "MOST_HOURS",
    "OBJECTIVES",
    "SKILL_PARAMETERS",
    "EconomistOptions",
]

MOST_HOURS = 100.0
"""Longest working week."""

FULL_WEEK = 40.0
"""Weekly hours at which a skill earns the income it stands for."""

GB2 = (72402.78177917618, 2.0721070746154746, 0.48651871959386955, 1.1410398548220329)
"""(mu, sigma, nu, tau) of annual income in dollars: the LLM Economist's fit to the American Community Survey of 2023."""

HIGHEST = 1e7 / FULL_WEEK
"""Skills are cut off here: an income of 10 million dollars at 40 hours, where the top bracket of the paper's code ends."""

SKILLS = ("gb2", "uniform", "lognormal", "pareto", "given")
"""Names of the distributions."""

DRAWS = ("quantiles", "stratified", "random")
"""How N skills come from a distribution; see `rules.skills.draw_skills`."""

SKILL_PARAMETERS: dict[str, tuple[float, ...]] = {
    "gb2": GB2,
    "uniform": (1.24, 159.1),  # low, high: the paper's code
    "lognormal": (3.5, 0.5),  # mean and deviation of the logarithm: the code's baseline trained by PPO
    "pareto": (500.0, 2.364357),  # least skill, tail index: ours, with the tail index of the GB2 fit
    "given": (),
}
"""Parameters of each distribution when none are given."""

CUTOFFS: dict[str, tuple[float, ...]] = {
    "flat": (0.0,),
    "three": (0.0, 90_000.0, 159_100.0),
    "us": (0.0, 11_600.0, 47_150.0, 100_525.0, 191_950.0, 243_725.0, 609_350.0),
}
"""Lower edges of the brackets; "us" is the federal income tax of 2024 for a single filer."""

OBJECTIVES = ("inverse_income", "reference_income", "utilitarian", "isoelastic", "rawls", "equality_productivity", "paper_raw")
"""Names of the welfare functions; see `rules.welfare.swf`."""

PAPER = {"cost": 0.0005, "objective": "paper_raw", "planner": "delta", "warmup": 1, "satisfaction": "paper"}
"""The constants of the LLM Economist's released code."""


@dataclass(frozen=True)
class EconomistOptions:
    """The options. `Society` adds what the rules compute from them, and the game inherits both."""

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
    objective: str = option("inverse_income", "What the planner is credited.", choices=OBJECTIVES)
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

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
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

    def check_combination(self) -> None:
        """Raise `BadOption` where options, each within its range, do not go together."""
        _check_skills(self.skills, _numbers(self.skill_parameters, "skill_parameters"), self.population)
        edges = _numbers(self.cutoffs, "cutoffs")
        if edges and (edges[0] != 0 or any(a >= b for a, b in itertools.pairwise(edges))):
            raise BadOption(
                f"Economist: option 'cutoffs' is {shown(edges)}; expected increasing edges, the first 0, e.g. (0, 20000, 90000)"
            )
        rates = _numbers(self.rates, "rates")
        if len(rates) not in (1, len(self.edges)) or not all(0 <= rate <= 100 for rate in rates):
            raise BadOption(f"Economist: option 'rates' is {shown(rates)}; expected 1 or {len(self.edges)} percentages from 0 to 100")
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
    def secret_skills(self) -> bool:
        """Whether skills are drawn, so that nobody knows another's."""
        return self.draw != "quantiles" and self.skills != "given"

    @cached_property
    def has_hidden(self) -> bool:
        """Whether anything is hidden from some seat."""
        return self.secret_skills or self.bounded

    @cached_property
    def deltas(self) -> bool:
        """Whether rates are set by changes."""
        return self.planner == "delta"

    @cached_property
    def workers(self) -> tuple[int, ...]:
        """The seats of the workers, 1 to N; seat 0 is the planner."""
        return tuple(range(1, self.population + 1))


def _numbers(values: Any, name: str) -> tuple[float, ...]:
    good = isinstance(values, tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in values)
    if not good:
        raise BadOption(f"Economist: option {name!r} is {shown(values)}; expected finite numbers, e.g. (10, 20, 35)")
    return cast("tuple[float, ...]", values)


def _check_skills(kind: str, parameters: tuple[float, ...], workers: int) -> None:
    """Raise `BadOption` unless the parameters fit the distribution."""
    where = f"Economist: option 'skill_parameters' is {shown(parameters)}"
    if not all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in parameters):
        raise BadOption(f"{where}; expected finite numbers")
    if kind == "given":
        if len(parameters) != workers or not all(0 < x <= HIGHEST for x in parameters):
            raise BadOption(f"{where}; with skills='given' expected one skill in (0, {HIGHEST:g}] for each of the {workers} workers")
        return
    expected = len(SKILL_PARAMETERS[kind])
    positive = parameters if kind != "lognormal" else parameters[1:]
    if parameters and (len(parameters) != expected or not all(x > 0 for x in positive)):
        raise BadOption(f"{where}; {kind} takes {expected} positive numbers, by default {SKILL_PARAMETERS[kind]}")
    if kind == "uniform" and parameters and parameters[0] >= parameters[1]:
        raise BadOption(f"{where}; expected low < high")
