"""How much trained policies lose at most: each side's best response to the other's policy, in the tree of public beliefs.

    upper   what the attackers pay when the defenders answer every node of their tree as badly for them as they can
    lower   what they pay at least against the defenders' policy, over strategies that they may state

The value lies between them. Responses are sought by gradients (L-BFGS) from several starts, through the policy that is answered, which
reacts: `upper` is exact where the search finds the greatest cost, `lower` where it finds the least. Defenders who do not react to
anything but a posted belief could lose more against attackers who state a strategy and play another; `lower` is for the game in which
what is stated is played.

Axis letters: M nodes of a level, I types, N players a side, D dimensions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.agents.rl.belief_network import BeliefPolicies
from agentarena.envs.football.rules.system import Motion, System

from .play import Attack, Defend, attack_of, defend_of, walk

__all__ = ["Bounds", "bounds", "lower", "upper"]

_SURE = 12.0
"""A logit that makes a choice as good as certain."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a pair of policies is worth.

    Attributes:
        play: What the attackers pay when both play.
        lower: See the module.
        upper: See the module.
        certainty: The mean chance of the likelier type after each step of play, (K,).
    """

    play: float
    lower: float
    upper: float
    certainty: tuple[float, ...]


def bounds(game: Any, policies: BeliefPolicies, *, iterations: int = 100) -> Bounds:
    """Both bounds, and the policies against each other.

    Args:
        game: The rules; a tree of I^K leaves is walked.
        policies: Both sides'.
        iterations: Most steps of L-BFGS from each start.
    """
    both = copy.deepcopy(policies).double().requires_grad_(False)
    attack, defend = attack_of(game.system, both), defend_of(game.system, both, game.chances)
    played = walk(game.system, game.chances, game.discretization, attack, defend)
    high = upper(game, attack, [defend], iterations=iterations)
    low = lower(game, defend, attack, hidden=not both.shapes.public, iterations=iterations)
    return Bounds(float(played.cost), low, high, tuple(played.certainty))


def upper(game: Any, attack: Attack, starts: list[Defend], *, iterations: int = 100) -> float:
    """What the attackers' strategy costs against the best response that is found.

    Args:
        game: The rules.
        attack: The strategy.
        starts: Defenders whose play the search begins with; it also begins with no control at all.
        iterations: Most steps of L-BFGS from each start.
    """
    system: System = game.system

    def still(k: int, motion: Motion, belief: Tensor) -> Tensor:
        return motion.position[:, 1] * 0.0

    best = -float("inf")
    for start in [*starts, still]:
        answers: list[Tensor] = []
        walk(system, game.chances, game.discretization, attack, _recorded(start, answers))
        numbers = [answer.detach().clone().requires_grad_() for answer in answers]

        def gain(numbers: list[Tensor] = numbers) -> Tensor:
            return -walk(system, game.chances, game.discretization, attack, lambda k, motion, belief: numbers[k]).cost

        best = max(best, -_least(gain, numbers, iterations))
    return best


def lower(game: Any, defend: Defend, own: Attack, *, hidden: bool = False, iterations: int = 100) -> float:
    """What the attackers pay at least against a defenders' policy, of the strategies that are found.

    Args:
        game: The rules.
        defend: The policy.
        own: Attackers whose play the search begins with: as it is, and revealing the type at each step or never.
        hidden: Whether nothing is posted, so that there is nothing to conceal: every type plays its own controls.
        iterations: Most steps of L-BFGS from each start.
    """
    system: System = game.system
    shown_at = [0] if hidden else range(system.steps + 1)
    starts = [own, *(_revealing(system.types, own, step) for step in shown_at)]
    best = float("inf")
    for start in starts:
        stated: list[tuple[Tensor, Tensor]] = []
        walk(system, game.chances, game.discretization, _noted(start, stated), defend)
        prototypes = [part.detach().clone().requires_grad_() for part, _ in stated]
        logits = [part.detach().clamp(min=np.exp(-_SURE)).log().requires_grad_() for _, part in stated]

        def cost(p: list[Tensor] = prototypes, q: list[Tensor] = logits) -> Tensor:
            return walk(system, game.chances, game.discretization, lambda k, motion, belief: (p[k], q[k].softmax(-1)), defend).cost

        best = min(best, _least(cost, [*prototypes, *logits], iterations))
    return best


def _revealing(types: int, own: Attack, reveal: int) -> Attack:
    """Conceals the type before a step and shows it then; the controls are those of a policy under the belief that there is."""

    def attack(k: int, motion: Motion, belief: Tensor) -> tuple[Tensor, Tensor]:
        rows = len(belief)
        if k < reveal:
            prototypes, chances = own(k, motion, belief)
            weight = (belief[:, :, None] * chances).sum(1)
            mean = (weight[..., None, None] * prototypes).sum(1, keepdim=True)
            return mean.expand_as(prototypes), torch.full_like(chances, 1 / types)
        revealing = []
        for number in range(types):
            sure = torch.eye(types, dtype=belief.dtype)[number].expand(rows, types)
            prototypes, chances = own(k, motion, sure)
            revealing.append((chances[:, number, :, None, None] * prototypes).sum(1))
        return torch.stack(revealing, 1), torch.eye(types, dtype=belief.dtype).expand(rows, types, types)

    return attack


def _recorded(defend: Defend, answers: list[Tensor]) -> Defend:
    """The same defenders, whose controls are noted."""

    def noted(k: int, motion: Motion, belief: Tensor) -> Tensor:
        answers.append(defend(k, motion, belief))
        return answers[-1]

    return noted


def _noted(attack: Attack, stated: list[tuple[Tensor, Tensor]]) -> Attack:
    """The same attackers, whose strategies are noted."""

    def noted(k: int, motion: Motion, belief: Tensor) -> tuple[Tensor, Tensor]:
        stated.append(attack(k, motion, belief))
        return stated[-1]

    return noted


def _least(cost: Callable[[], Tensor], numbers: list[Tensor], iterations: int) -> float:
    """The least cost that L-BFGS finds from these numbers, which it changes."""
    search = torch.optim.LBFGS(numbers, max_iter=iterations, line_search_fn="strong_wolfe", tolerance_grad=1e-9, tolerance_change=1e-13)
    best = float(cost().detach())

    def closure() -> Tensor:
        search.zero_grad()
        loss = cost()
        loss.backward()
        return loss

    search.step(closure)
    return min(best, float(cost().detach()))
