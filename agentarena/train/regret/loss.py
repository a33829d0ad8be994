"""The regret loss: how much more a policy lost in rounds of a game than the best single action, as something to descend.

Axis letters: B plays, T rounds, A actions.

Reference: the regret-loss of Park, Liu, Ozdaglar, Zhang, "Do LLM agents have regret?" (arXiv 2403.16843), read second-hand: the mean
over plays of an increasing function of the regret, weighed towards the plays of most regret. The form of both functions is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor

from agentarena.core.errors import UsageError

__all__ = ["external_regret", "regret_loss"]


def external_regret(policies: Tensor, losses: Tensor) -> Tensor:
    """How much more each play lost than the best single action in hindsight: `evaluate.external_regret` after the last round, with a gradient.

        R = sum_t <pi_t, l_t> - min_a sum_t l_t(a)

    Args:
        policies: The distribution played in each round. Shape (B, T, A).
        losses: What each action would have lost; constants. Shape (B, T, A).

    Returns:
        Shape (B,), in the unit of the losses; negative where play beat every single action.

    >>> external_regret(torch.tensor([[[0.5, 0.5], [0.5, 0.5]]]), torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])).tolist()
    [1.0]
    """
    if policies.dim() != 3 or policies.shape != losses.shape:
        raise UsageError(f"policies and losses must have one shape (B, T, A), got {tuple(policies.shape)} and {tuple(losses.shape)}")
    return (policies * losses).sum((1, 2)) - losses.sum(1).amin(1)


def regret_loss(policies: Tensor, losses: Tensor, *, sharpness: float = 0.0, positive: bool = True) -> Tensor:
    """The mean regret of a round over plays, those of most regret weighing more.

        loss = sum_b w_b h(R_b / T),   w = softmax over b of sharpness * R_b / T,   h(x) = max(0, x), or x

    With `sharpness` 0 it is the plain mean, towards infinity the worst play's regret.

    Args:
        policies: Shape (B, T, A), with gradient.
        losses: Shape (B, T, A).
        sharpness: How much more the plays of most regret weigh, at least 0; the weights have a gradient, too.
        positive: Whether play that beats every single action counts as no regret, so that nothing is gained by it.

    Returns:
        A scalar, in the unit of the losses a round.

    >>> always_first = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> regret_loss(always_first, torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]]])).item()
    0.5
    """
    if not sharpness >= 0:
        raise UsageError(f"sharpness must be at least 0, got {sharpness!r}")
    mean = external_regret(policies, losses) / policies.shape[1]
    weights = torch.softmax(sharpness * mean, 0)
    return (weights * (mean.clamp(min=0) if positive else mean)).sum()
