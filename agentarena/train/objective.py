"""What one optimizer step minimises: the surrogate, entropy, divergence and guards of a configuration, on the choices of some turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from . import losses
from .config import SelfPlayConfig

__all__ = ["Choices", "objective", "turn_entropies"]


@dataclass(frozen=True, slots=True)
class Choices:
    """The sampled tokens of some turns, one turn a row.

    Axis letters: B turns, T tokens of a reply.

    Attributes:
        mask: 1 where more than one token could be drawn. Shape (B, T).
        old: Log-probabilities as sampled. Shape (B, T).
        new: Log-probabilities under the policy, with gradient. Shape (B, T).
        entropy: Of the distributions that were drawn from, under the policy. Shape (B, T).
        divergence: From the reference. Shape (B, T).
        advantages: Shape (B,).
        trajectories: Number of each row's trajectory. Shape (B,).
        usual: Usual mean entropy of each row's turn, 0 where nothing is known of it. Shape (B,).
        draws: Uniform numbers in [0, 1), for guards that leave tokens out at random. Shape (B, T).
    """

    mask: Tensor
    old: Tensor
    new: Tensor
    entropy: Tensor
    divergence: Tensor
    advantages: Tensor
    trajectories: Tensor
    usual: Tensor
    draws: Tensor


def objective(config: SelfPlayConfig, c: Choices, parameters: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss, and figures about it.

        loss = - surrogate / max(1, ||C||) - entropy_coef * H + beta * KL(policy || reference)
               + entropy_band_coef * band + kl_cov_coef * KL(old || policy) on the tokens of KL-Cov

    each term averaged by `loss_type`; the division only where `clipping_bias = "correct"`.

    Args:
        config: Weights and thresholds.
        c: The choices.
        parameters: What C is a gradient by.
    """
    how: Any = config.loss_type
    clip: dict[str, Any] = {"low": config.epsilon, "high": config.epsilon_high or config.epsilon, "dual": config.delta}
    ratio = _ratios(config, c)
    values = losses.surrogate(ratio, c.advantages, **clip)
    if config.clip_cov:
        dropped = losses.clip_cov(c.old, c.advantages, c.mask, share=config.clip_cov, low=config.clip_cov_low, high=config.clip_cov_high)
        values = torch.where(c.draws < dropped, values.detach(), values)
    policy = -losses.average(values, c.mask, how)
    figures = {
        "kl_reference": losses.average(c.divergence, c.mask, how).detach(),
        "kl_step": losses.average(losses.kl(c.old, c.new.detach(), "k3"), c.mask),
        "clip_ratio": losses.average(losses.clipped(ratio, c.advantages, **clip).float(), c.mask),
        "entropy": losses.average(c.entropy, c.mask).detach(),
    }
    if config.clipping_bias != "ignore":
        bias = _norm(losses.average(losses.clipping_bias(ratio, c.advantages, **clip), c.mask, how), parameters)
        figures["clipping_bias_norm"] = bias
        if config.clipping_bias == "correct":
            policy = policy / bias.clamp(min=1.0)
    loss = policy - config.entropy_coef * losses.average(c.entropy, c.mask, how) + config.beta * losses.average(c.divergence, c.mask, how)
    if config.entropy_band_coef:
        loss = loss + config.entropy_band_coef * _band(config, c)
    if config.kl_cov:
        chosen = losses.kl_cov(c.old, c.advantages, c.mask, share=config.kl_cov)
        loss = loss + config.kl_cov_coef * losses.average(torch.where(chosen, losses.kl(c.old, c.new, "k3"), 0.0), c.mask, how)
    return loss, figures


def _ratios(config: SelfPlayConfig, c: Choices) -> Tensor:
    """A row is a turn: the turn's ratio is that of the row, the sequence's that of all rows of its trajectory."""
    if config.importance_sampling_level == "sequence":
        return losses.trajectory_ratios(c.new, c.old, c.mask, c.trajectories)
    return losses.ratios(c.new, c.old, c.mask, "sequence" if config.importance_sampling_level == "turn" else "token")


def _norm(value: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """Length of the gradient of a value by the parameters; the value keeps its graph."""
    if not value.requires_grad:
        return torch.zeros(())
    gradients = torch.autograd.grad(value, list(parameters), retain_graph=True, allow_unused=True)
    return torch.stack([gradient.square().sum() for gradient in gradients if gradient is not None]).sum().sqrt()


def turn_entropies(entropy: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean entropy of each turn's choices, and whether it had any. Shapes (B, T), (B, T) -> (B,), (B,)."""
    counts = mask.sum(1)
    return (entropy * mask).sum(1) / counts.clamp(min=1), counts > 0


def _band(config: SelfPlayConfig, c: Choices) -> Tensor:
    entropies, counted = turn_entropies(c.entropy, c.mask)
    outside = losses.entropy_band(entropies, c.usual, low=config.entropy_band_low, high=config.entropy_band_high)
    counted = counted & (c.usual > 0)
    return torch.where(counted, outside, 0.0).sum() / counted.sum().clamp(min=1)
