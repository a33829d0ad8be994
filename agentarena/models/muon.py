"""Muon: momentum whose matrices are made orthogonal before they are applied, for the hidden layers of a small transformer.

Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024), with the step sizes of
J. Liu et al., "Muon is scalable for LLM training" (2025), which let it share AdamW's learning rate. `torch.optim.Muon` is
the same method in bfloat16; on processors without bfloat16 units that took more time than the gradient (see the lab log),
so this one stays in the precision of the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch

__all__ = ["Muon", "orthogonal"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic x -> a x + b x^3 + c x^5 that moves singular values towards 1."""


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """A matrix with the singular vectors of `matrix` and singular values near 1 (about 0.7 to 1.2 after five steps).

    >>> values = torch.linalg.svdvals(orthogonal(torch.diag(torch.tensor([1.0, 0.2, 0.05]))))
    >>> bool((values > 0.6).all() and (values < 1.3).all())
    True
    """
    a, b, c = _COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Orthogonalized momentum for two-dimensional parameters.

    Args:
        params: Matrices.
        lr: Learning rate, on the scale of AdamW's.
        momentum: Of the running mean of gradients (Nesterov's form).
        weight_decay: Decoupled, relative to `lr`.
    """

    def __init__(self, params: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.02) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update; `closure` is not used."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                mean = state.setdefault("mean", torch.zeros_like(parameter))
                mean.lerp_(parameter.grad, 1 - group["momentum"])
                update = orthogonal(parameter.grad.lerp(mean, group["momentum"]))
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-0.2 * group["lr"] * math.sqrt(max(parameter.shape)))
