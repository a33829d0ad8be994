"""What two strategies cost exactly: the tree of public beliefs that they lead to, differentiable, without a draw.

At every node the attackers' prototypes and chances for all types are known, so that the mean cost over types and draws is a sum over
the tree's nodes. A strategy is a network or free numbers, which a best response changes.

Axis letters: M nodes of a level, I types, N players a side, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.agents.rl.belief_network import BeliefPolicies, features
from agentarena.envs.football.rules.system import Motion, System
from agentarena.envs.football.state import ATTACK, DEFENCE

__all__ = ["Attack", "Defend", "Walk", "attack_of", "defend_of", "walk"]

Attack = Callable[[int, Motion, Tensor], tuple[Tensor, Tensor]]
"""Step, motion, belief (M, I) -> prototypes (M, I, N, D), chances (M, I, I)."""
Defend = Callable[[int, Motion, Tensor], Tensor]
"""Step, motion, belief (M, I) -> controls (M, N, D)."""
_LEAST = 1e-8


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk through the tree gives.

    Attributes:
        cost: The mean cost, differentiable.
        joints: Chance of each type and node at each level, (M, I); the root's first.
    """

    cost: Tensor
    joints: list[Tensor]

    @property
    def beliefs(self) -> list[Tensor]:
        """The belief at every node of each level, (M, I)."""
        return [_belief(joint) for joint in self.joints]

    @property
    def certainty(self) -> list[float]:
        """The mean chance of the likelier type after each step, (K,): 1 once the type is known."""
        return [float(joint.max(1).values.sum()) for joint in self.joints[1:]]


def walk(system: System, prior: np.ndarray, discretization: str, attack: Attack, defend: Defend) -> Walk:
    """Play all of two strategies' tree, in float64. A match that would be over early goes on to the horizon."""
    motion = Motion(*(torch.as_tensor(np.asarray(part))[None] for part in (*system.start, np.ones(system.types))))
    joint = torch.as_tensor(np.asarray(prior, np.float64))[None]
    bounds = [torch.as_tensor(bound, dtype=torch.float64) for bound in system.bound]
    total, joints, types = torch.zeros((), dtype=torch.float64), [joint], system.types
    for k in range(system.steps):
        belief = _belief(joint)
        prototypes, chances = attack(k, motion, belief)
        joint = (joint[:, :, None] * chances).transpose(1, 2).reshape(-1, types)
        parent = torch.arange(len(belief)).repeat_interleave(types)
        below = Motion(*(part[parent] for part in motion))
        answer = defend(k, below, _belief(joint)) if discretization == "split" else defend(k, motion, belief)[parent]
        controls = [prototypes.flatten(0, 1), answer]
        both = torch.stack([torch.clamp(c, -b, b) for c, b in zip(controls, bounds, strict=True)], 1)
        motion, cost, typed = system.advance(below, both)
        total = total + (joint.sum(1) * cost).sum()
        if typed is not None:
            total = total + (joint * typed).sum()
        joints.append(joint)
    return Walk(total + (joint * system.terminal(motion)).sum(), joints)


def _belief(joint: Tensor) -> Tensor:
    rows = joint.clamp(min=_LEAST)
    return rows / rows.sum(-1, keepdim=True)


def attack_of(system: System, policies: BeliefPolicies) -> Attack:
    """The attackers' network with its means; the policies must be float64."""
    head = policies.head(ATTACK)

    def attack(k: int, motion: Motion, belief: Tensor) -> tuple[Tensor, Tensor]:
        if policies.shapes.public:
            return policies.strategy(head(features(system, k, motion, belief)))
        rows, types = belief.shape
        own = torch.eye(types, dtype=belief.dtype)
        typed = [policies.controls(ATTACK, head(features(system, k, motion, own[i].expand(rows, types)))) for i in range(types)]
        return torch.stack(typed, 1), own.expand(rows, types, types)

    return attack


def defend_of(system: System, policies: BeliefPolicies, prior: Any = None) -> Defend:
    """The defenders' network with its means; `prior` stands for the belief where none is posted."""
    head = policies.head(DEFENCE)

    def defend(k: int, motion: Motion, belief: Tensor) -> Tensor:
        if not policies.shapes.public:
            belief = torch.as_tensor(np.asarray(prior), dtype=belief.dtype).expand_as(belief)
        return policies.controls(DEFENCE, head(features(system, k, motion, belief)))

    return defend
