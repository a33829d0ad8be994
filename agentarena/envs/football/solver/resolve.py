"""Solving what is left of a match again at every step, from the plan of the step before.

A plan is a tree of beliefs from the motion and the belief that are now. The first one comes from the signals of the bilevel solver where
the game is linear-quadratic, from a full tree where that is small, and else from the best row of a sweep over revealing steps.
When a step has been played, the tree below the prototype that was played is what is left of the plan; the true motion and the
belief replace those that it expected, and a few steps of gradients mend it. The belief follows from the plan itself: the
informed side knows how likely each type was to play what it played, and the other side assumes that plan.

Source: model-predictive solving at every step is that of "Fast strategy solving for the informed player in two-player zero-sum
linear-quadratic differential games with one-sided information" (arXiv 2605.03112); the plans and the warm start are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agentarena.envs.football.rules.linear_quadratic import Discretization
from agentarena.envs.football.rules.quadratic import QuadraticSystem
from agentarena.envs.football.rules.system import Motion, System

from .bilevel import MOST_LEAVES, BilevelConfig, solve_bilevel
from .sweep import SweepConfig, reveal_sweep
from .tree import Tree, TreeConfig, solve

__all__ = ["Budget", "first_plan", "mended", "planned_answer", "planned_move"]

MOST_PLANNED_LEAVES = 64
"""Leaves of the largest tree that is grown in full for a system that is not linear-quadratic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much is spent on plans.

    Attributes:
        first: Iterations of the first plan; the signals of a linear-quadratic game take as many as they need.
        again: Iterations at each later step.
        seconds: Wall time that any plan may take; 0 for no limit, and then equal seeds play equal matches.
        seed: Of the first plan.
    """

    first: int = 200
    again: int = 20
    seconds: float = 0.0
    seed: int = 0


def first_plan(system: System, prior: np.ndarray, *, discretization: Discretization = "split", budget: Budget | None = None) -> Tree:
    """A plan from the start of a game."""
    budget = budget or Budget()
    leaves = system.types**system.steps
    if isinstance(system, QuadraticSystem) and leaves <= MOST_LEAVES:
        tree: Tree = solve_bilevel(system, prior, discretization=discretization, config=BilevelConfig(seed=budget.seed)).tree()
        return tree
    config = TreeConfig(iterations=budget.first, seconds=budget.seconds, seed=budget.seed)
    if leaves <= MOST_PLANNED_LEAVES:
        return solve(system, prior, discretization=discretization, config=config)
    sweep = reveal_sweep(
        system, prior, discretization=discretization, config=SweepConfig(iterations=budget.first, responses=0, starts=1, restarts=1)
    )
    return sweep.tree(system, prior, discretization)


def mended(plan: Tree, motion: Motion, belief: np.ndarray, budget: Budget) -> Tree:
    """A plan from the motion and the belief that are, after a few iterations from one for others. The plan is changed."""
    if isinstance(plan.system, QuadraticSystem) and len(belief) ** len(plan.levels) <= MOST_LEAVES:
        config = BilevelConfig(seed=budget.seed)
        signals = solve_bilevel(
            plan.system, belief, motion=motion, steps=len(plan.levels), discretization=plan.discretization, config=config
        )
        tree: Tree = signals.tree()
        return tree
    config_ = TreeConfig(iterations=budget.again, rate=0.05, signal_rate=0.02, seconds=budget.seconds, merge_at=())
    return solve(plan.system, belief, motion=motion, discretization=plan.discretization, config=config_, warm=plan)


def planned_move(plan: Tree, number: int, draw: float) -> tuple[int, np.ndarray]:
    """The prototype that type `number` plays at the root for a `draw` from [0, 1), and its control, (N, D)."""
    level = plan.levels[0]
    chances = plan.chances(level)[0, number].detach().numpy()
    slot = min(int(np.searchsorted(np.cumsum(chances / chances.sum()), draw, side="right")), len(chances) - 1)
    node = int(np.flatnonzero(level.slot.numpy() == slot)[0])
    return slot, np.asarray(plan.controls(level.control, 0).detach().numpy()[node])


def planned_answer(plan: Tree, announced: np.ndarray | None) -> tuple[int, np.ndarray]:
    """The prototype of the root nearest to a control, and the other side's control (N, D) that answers it.

    With `None` the attackers have not been seen, and the answer is the one before them.
    """
    level = plan.levels[0]
    answers = plan.controls(level.answer, 1).detach().numpy()
    if announced is None:
        return 0, np.asarray(answers[0])
    node = nearest(plan, announced)
    return int(level.slot[node]), np.asarray(answers[node if plan.discretization == "split" else 0])


def nearest(plan: Tree, control: np.ndarray) -> int:
    """The child of the root whose control is nearest to one, (N, D)."""
    prototypes = plan.controls(plan.levels[0].control, 0).detach().numpy()
    return int(np.argmin(((prototypes - control) ** 2).sum((-2, -1))))
