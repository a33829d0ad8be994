"""A learned mix of what a model gives candidates: logistic regression over the candidates of a question, always trained on the other half.

Axis letters: N questions, Y candidates, F features, S seeds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agentarena.core.rng import stream

from .rankers import correctness, log_likelihoods
from .scored import Scored

__all__ = ["FEATURES", "fit", "mixed"]

FEATURES = ("log P(y | correct)", "log P(y | incorrect)", "log-odds of correct", "share of the samples")
_RIDGE = 1e-2
_STEPS = 50


def features(rows: Sequence[Scored], length: str = "sum") -> list[np.ndarray]:
    """What the regression sees of each candidate, centred within its question. One array of shape (Y, F) a question."""
    out = []
    for row in rows:
        size = len(row.candidates)
        if not size:
            out.append(np.zeros((0, len(FEATURES))))
            continue
        counts = np.array(row.counts or (0,) * size, np.float64)
        columns = [*log_likelihoods([row], length)[0], np.array(row.discriminator), counts / max(counts.sum(), 1.0)]
        table = np.stack(columns, axis=-1)
        out.append(table - table.mean(axis=0))
    return out


def fit(tables: Sequence[np.ndarray], answers: Sequence[Sequence[int]]) -> np.ndarray:
    """Weights of a softmax over each question's candidates, by Newton's method with a small ridge. Shape (F,).

        maximise sum_n mean_{y correct} log softmax(x_n w)_y - ridge N / 2 |w|^2,   features scaled to unit variance

    Questions without a correct or without a wrong candidate teach nothing.
    """
    pairs = [(table, list(places)) for table, places in zip(tables, answers, strict=True) if places and len(places) < len(table)]
    if not pairs:
        return np.zeros(len(FEATURES))
    width = max(len(table) for table, _ in pairs)
    x, mask, target = np.zeros((len(pairs), width, len(FEATURES))), np.zeros((len(pairs), width), bool), np.zeros((len(pairs), width))
    for n, (table, places) in enumerate(pairs):
        x[n, : len(table)], mask[n, : len(table)], target[n, places] = table, True, 1.0 / len(places)
    scale = np.where((spread := x[mask].std(axis=0)) > 1e-12, spread, 1.0)
    x /= scale
    weights = np.zeros(x.shape[-1])
    for _ in range(_STEPS):
        logits = np.where(mask, x @ weights, -np.inf)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        gradient = np.einsum("ny,nyf->f", target - p, x) - _RIDGE * len(x) * weights
        mean = np.einsum("ny,nyf->nf", p, x)
        curvature = np.einsum("ny,nyf,nyg->fg", p, x, x) - mean.T @ mean + _RIDGE * len(x) * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))  # bounded, so that separable data do not overshoot
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights / scale)


def mixed(rows: Sequence[Scored], *, length: str = "sum", seeds: int = 5) -> np.ndarray:
    """How often the mix is right at each question, over random halvings: each half is ranked by what the other taught. Shape (N,).

    >>> mixed([], seeds=1).shape
    (0,)
    """
    tables = features(rows, length)
    total = np.zeros(len(rows))
    for seed in range(seeds):
        order = stream(seed, len(rows)).permutation(len(rows))
        halves = (order[: len(rows) // 2], order[len(rows) // 2 :])
        for learned, ranked in (halves, halves[::-1]):
            weights = fit([tables[k] for k in learned], [rows[k].answers for k in learned])
            total[ranked] += correctness([tables[k] @ weights for k in ranked], [rows[k] for k in ranked])
    return total / max(seeds, 1)
