"""Losses of Gaussian policies: the clipped one of PPO and the one of magnetic mirror descent. Pure functions of tensors.

Axis letters: R rows, A raw numbers of an action.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["divergence", "entropy", "mmd_loss", "ppo_loss"]


def ppo_loss(ratio: Tensor, advantages: Tensor, clip_range: float) -> Tensor:
    """The clipped loss of PPO.

        mean of -min(ratio A, clip(ratio, 1 - c, 1 + c) A)

    Args:
        ratio: New over old probability of each action, (R,).
        advantages: (R,).
        clip_range: c.

    Reference: Schulman et al., "Proximal policy optimization algorithms" (arXiv 1707.06347), equation 7.

    >>> float(ppo_loss(torch.tensor([2.0]), torch.tensor([1.0]), 0.25))
    -1.25
    """
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip_range, 1 + clip_range) * advantages).mean()


def mmd_loss(ratio: Tensor, advantages: Tensor, to_last: Tensor, to_magnet: Tensor, step: float, pull: float) -> Tensor:
    """The loss of magnetic mirror descent.

        mean of -ratio A + to_last / step + pull to_magnet

    Args:
        ratio: New over old probability of each action, (R,).
        advantages: (R,).
        to_last: Divergence of the new policy from the one that played, (R,), in nats.
        to_magnet: Divergence of the new policy from the magnet, (R,), in nats.
        step: The step size eta.
        pull: The strength alpha of the magnet.

    Reference: Sokota et al., "A unified approach to reinforcement learning, quantal response equilibria, and two-player zero-sum
    games" (arXiv 2206.05825), section 5: the update as a loss for function approximation.

    >>> one = torch.ones(1)
    >>> float(mmd_loss(one, 2 * one, one, one, 0.5, 0.25))
    0.25
    """
    return (-ratio * advantages + to_last / step + pull * to_magnet).mean()


def divergence(mean: Tensor, log_deviation: Tensor, other_mean: Tensor, other_log_deviation: Tensor) -> Tensor:
    """KL divergence of a diagonal Gaussian from another, in nats: (R, A) -> (R,).

    >>> zero = torch.zeros(1, 2)
    >>> float(divergence(zero + 1, zero, zero, zero))
    1.0
    """
    gap = log_deviation - other_log_deviation
    squared = (2 * gap).exp() + ((mean - other_mean) * (-other_log_deviation).exp()) ** 2
    return (0.5 * (squared - 1) - gap).sum(-1)


def entropy(log_deviation: Tensor) -> Tensor:
    """Differential entropy of a diagonal Gaussian, in nats."""
    return (log_deviation + 1.4189385332046727).sum(-1)
