"""Adam or AdamW for a policy, and the learning rate of every update."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from .config import SelfPlayConfig

__all__ = ["learning_rate", "optimizer"]


def optimizer(config: SelfPlayConfig, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Adam; AdamW where there is weight decay. As in transformers, vectors (norms and biases) do not decay."""
    options = {"lr": config.learning_rate, "betas": (config.adam_beta1, config.adam_beta2)}
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not config.weight_decay:
        return torch.optim.Adam(trained, **options)  # type: ignore[arg-type]  # a dict of two types
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, **options)  # type: ignore[arg-type]  # a dict of two types


def learning_rate(config: SelfPlayConfig, step: int) -> float:
    """The rate of an update.

        rises linearly over the first `warmup_steps` updates, the last of which has `learning_rate`; then
        linear      falls in a straight line to lr_min_ratio * learning_rate at max_steps
        cosine      falls to the same along half a period of a cosine
        constant    stays

    Args:
        config: See `lr_scheduler_type`, `warmup_steps`, `lr_min_ratio`, `learning_rate`.
        step: Updates made before it.
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.max_steps - config.warmup_steps)
    if config.lr_scheduler_type == "constant":
        return config.learning_rate
    if config.lr_scheduler_type == "cosine":
        done = (1 - math.cos(math.pi * done)) / 2
    return config.learning_rate * (1 - (1 - config.lr_min_ratio) * done)
