"""Bounds on the value of a game: what each side gets at worst. The value lies between them, and where they meet they are the value.

    upper   what the informed side pays with its tree, when the other side answers every node as badly for it as it can
    lower   what the informed side pays against the other side's strategy, when every type plays its best against it

Both are best responses sought by gradients. They are exact where the responder's problem is concave (upper, linear-quadratic games) or
has one best answer; elsewhere a bound holds as far as there is no better response than those that were found. `upper_bounds` starts from
several answers and reports how far apart they end; for the other side of any system see `dual.lower_bound_of`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, DEFENCE

from .equilibrium import Equilibrium
from .tree import Tree

__all__ = ["Bound", "lower_bound", "upper_bound", "upper_bounds"]


@dataclass(frozen=True)
class Bound:
    """The worst that the other side's responses do.

    Attributes:
        value: The greatest mean cost of all starts.
        ends: The mean cost that each start ends at; the first starts from the answers that the tree has.
    """

    value: float
    ends: tuple[float, ...]

    @property
    def spread(self) -> float:
        """How far apart the starts end."""
        return max(self.ends) - min(self.ends)


def upper_bounds(tree: Tree, *, restarts: int = 8, iterations: int = 300, rate: float = 0.05, seed: int = 0) -> Bound:
    """`upper_bound` for any system: the other side's answers at every node are sought by Adam from several starts at once.

    Args:
        tree: Its controls and chances stay.
        restarts: How many starts: the tree's own answers, then these with more and more noise.
        iterations: Steps of Adam; its rate falls to 0 as a cosine does.
        rate: Of the greatest control.
        seed: Of the noise.
    """
    import torch

    generator, scale = torch.Generator().manual_seed(seed), float(tree.system.bound[DEFENCE].max())
    size = scale * torch.linspace(0.0, 1.0, restarts, dtype=torch.float64)[:, None, None, None]
    answers = []
    for level in tree.levels:
        answer = level.answer.detach()
        noise = torch.randn((restarts, *answer.shape), generator=generator, dtype=torch.float64)
        answers.append((answer + size * noise).requires_grad_())
    adam = torch.optim.Adam(answers, betas=(0.9, 0.99), maximize=True)
    best = torch.full((restarts,), -np.inf, dtype=torch.float64)
    for i in range(iterations):
        cost = _answered(tree, answers)
        best = torch.maximum(best, cost.detach())
        for answer, slope in zip(answers, torch.autograd.grad(cost.sum(), answers), strict=True):
            answer.grad = slope
        adam.param_groups[0]["lr"] = rate * scale * 0.5 * (1 + np.cos(np.pi * i / iterations))
        adam.step()
    ends = torch.maximum(best, _answered(tree, answers).detach())
    return Bound(float(ends.max()), tuple(ends.tolist()))


def _answered(tree: Tree, answers: list[Any]) -> Any:
    """The mean cost for raw answers (R, M, N, D) of each level: (R,)."""
    import torch

    starts = len(answers[0])
    motion = Motion(*(torch.as_tensor(np.array(part), dtype=torch.float64).expand(starts, 1, *np.shape(part)) for part in tree.motion))
    joint, total = torch.as_tensor(tree.prior, dtype=torch.float64)[None], torch.zeros(starts, dtype=torch.float64)
    for level, raw in zip(tree.levels, answers, strict=True):
        joint = joint[level.parent] * tree.chances(level).detach()[level.parent, :, level.slot]
        answer = tree.controls(raw, DEFENCE)
        answer = answer if tree.discretization == "split" else answer[:, level.parent]
        own = tree.controls(level.control.detach(), ATTACK).expand_as(answer)
        motion, cost, typed = tree.system.advance(Motion(*(part[:, level.parent] for part in motion)), torch.stack([own, answer], 2))
        total = total + (joint.sum(1) * cost).sum(-1)
        if typed is not None:
            total = total + (joint * typed).sum((-2, -1))
    return total + (joint * tree.system.terminal(motion)).sum((-2, -1))


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
