"""Choosing the next tokens of a batch: each row by its own temperature, cut-offs, constraint and stream of randomness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from .constraint import Constraint
from .engine import Request

__all__ = ["Sampled", "choose"]


class Sampled(Protocol):
    """A row whose next token is chosen."""

    request: Request
    rng: np.random.Generator
    constraint: Constraint | None


def choose(logits: torch.Tensor, rows: Sequence[Sampled]) -> tuple[list[int], list[float]]:
    """The next token of each row and its log-probability under the model alone, in nats.

    A row draws one uniform number a token from its own stream and takes the token whose cumulated probability first exceeds
    it; a constrained row draws one Gumbel number a token of the vocabulary instead and takes the best allowed one. Neither
    depends on the other rows.

    Args:
        logits: Shape (B, V), V entries of the vocabulary.
        rows: Their rows, in the same order.
    """
    scores = torch.log_softmax(logits.float(), -1)
    tokens = scores.argmax(-1)
    drawn = [place for place, row in enumerate(rows) if row.constraint is None and row.request.temperature != 0]
    if drawn:
        where = torch.tensor(drawn, device=logits.device)
        tokens[where] = _drawn(scores[where], [rows[place] for place in drawn])
    for place, row in enumerate(rows):
        if row.constraint is not None:
            tokens[place] = row.constraint.choose(_perturbed(scores[place], row))
    picked = scores.gather(1, tokens.unsqueeze(1)).squeeze(1)
    return tokens.tolist(), picked.tolist()


def _temperature(row: Sampled) -> float:
    return 1.0 if row.request.temperature is None else row.request.temperature


def _drawn(scores: torch.Tensor, rows: Sequence[Sampled]) -> torch.Tensor:
    double = torch.float32 if scores.device.type == "mps" else torch.float64
    temperatures = torch.tensor([_temperature(row) for row in rows], device=scores.device, dtype=double)
    scaled = scores.to(double) / temperatures.unsqueeze(1)
    for place, row in enumerate(rows):
        if row.request.top_k or row.request.top_p < 1:
            scaled[place] = _cut(scaled[place], row.request.top_k, row.request.top_p)
    cdf = torch.softmax(scaled, -1).cumsum(-1)
    marks = torch.tensor([row.rng.random() for row in rows], device=scores.device, dtype=double)
    return torch.searchsorted(cdf, (marks * cdf[:, -1]).unsqueeze(1), right=True).squeeze(1).clamp(max=scores.shape[1] - 1)


def _cut(scaled: torch.Tensor, top_k: int, top_p: float) -> torch.Tensor:
    """Minus infinity for all but the `top_k` likeliest, and of these the fewest that add up to `top_p`. Shape (V,)."""
    ordered, places = scaled.sort(descending=True, stable=True)
    kept = torch.ones_like(ordered, dtype=torch.bool)
    if top_k:
        kept[top_k:] = False
    if top_p < 1:
        chances = torch.softmax(ordered.masked_fill(~kept, -torch.inf), -1)
        kept &= chances.cumsum(-1) - chances < top_p
    return torch.full_like(scaled, -torch.inf).scatter(0, places[kept], ordered[kept])


def _perturbed(scores: torch.Tensor, row: Sampled) -> np.ndarray:
    """Scores whose order is that of a draw without replacement; plain ones when greedy. Shape (V,)."""
    plain: np.ndarray = scores.double().cpu().numpy() if scores.device.type != "mps" else scores.cpu().numpy().astype(np.float64)
    if row.request.temperature == 0:
        return plain
    return plain / _temperature(row) + row.rng.gumbel(size=len(plain))
