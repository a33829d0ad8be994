"""Bounds on the value of a game: what each side gets at worst. The value lies between them, and where they meet they are the value.

    upper   what the informed side pays with its tree, when the other side answers every node as badly for it as it can
    lower   what the informed side pays against the other side's strategy, when every type plays its best against it

Both are best responses sought by gradients. They are exact where the responder's problem is concave (upper, linear-quadratic games) or
has one best answer; elsewhere a bound holds for the responses that were found.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK

from .equilibrium import Equilibrium
from .tree import Tree

__all__ = ["lower_bound", "upper_bound"]


def upper_bound(tree: Tree, *, iterations: int = 200) -> float:
    """What the informed side pays with the strategy of a tree against the other side's best response to it.

    Args:
        tree: Its controls and chances stay; the other side's controls are sought anew from those it has.
        iterations: Most steps of L-BFGS.
    """
    import torch

    own = copy.deepcopy(tree)
    for level in own.levels:
        level.control = level.control.detach()
        level.logits = level.logits.detach()
        level.answer = level.answer.detach().clone().requires_grad_()
    answers = [level.answer for level in own.levels]
    search = torch.optim.LBFGS(answers, max_iter=iterations, line_search_fn="strong_wolfe", tolerance_grad=1e-10, tolerance_change=1e-14)

    def closure() -> Any:
        search.zero_grad()
        loss = -own.cost()
        loss.backward()
        return loss

    search.step(closure)
    return float(own.cost().detach())


def lower_bound(plan: Equilibrium, prior: np.ndarray) -> float:
    """What the informed side pays on average when every type plays its best against `Equilibrium.guard`. For two types, split steps.

    The best is sought from as many starts as there are steps: from showing the type at each of them, and at none.

    Args:
        plan: The equilibrium whose `guard` defends.
        prior: Belief, (2,).
    """
    from scipy.optimize import minimize

    tilt, total = plan.tilt(prior), 0.0
    for number in range(2):
        searches = (
            minimize(lambda x, number=number: _cost(plan, tilt, number, x), _shown_at(plan, prior, number, step), method="L-BFGS-B")
            for step in range(plan.system.steps + 1)
        )
        total += float(prior[number]) * min(float(search.fun) for search in searches)
    return total


def _shown_at(plan: Equilibrium, prior: np.ndarray, number: int, reveal: int) -> np.ndarray:
    """Controls that aim at the mean target before a step and at the own one from then on, flat."""
    system = plan.system
    aims = [np.tensordot(prior, system.targets[:, ATTACK], 1), system.targets[number, ATTACK]]
    motion, controls = Motion(*system.start, np.ones(2)), []
    for step in range(system.steps):
        own = system.aimed(aims[step >= reveal], ATTACK, motion, np.asarray(step))
        controls.append(own)
        motion, _, _ = system.advance(motion, np.stack([own, np.zeros_like(own)]))
    return np.ravel(controls)


def _cost(plan: Equilibrium, tilt: float, number: int, flat: np.ndarray) -> float:
    """What a type pays for its controls when `guard` answers them."""
    system = plan.system
    controls = flat.reshape(system.steps, system.players, system.dims)
    motion, total = Motion(*system.start, np.ones(2)), 0.0
    for step, control in enumerate(controls):
        motion, cost, _ = system.advance(motion, np.stack([control, plan.guard(motion, control, tilt, step)]))
        total += float(cost)
    return total + float(system.terminal(motion)[number])
