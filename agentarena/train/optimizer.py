"""What moves the weights of a policy: Adam, or AdamW."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from .config import SelfPlayConfig

__all__ = ["optimizer"]


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
