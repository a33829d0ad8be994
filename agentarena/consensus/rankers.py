"""Rankings of candidates from what a model gives them: alone as generator or discriminator, both together, and in equilibrium.

Axis letters: N questions, Y candidates, S seeds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.envs.consensus import equilibrium_ranking
from agentarena.envs.consensus.solver.arguments import Strength

from .scored import Scored

__all__ = ["LENGTHS", "RANKERS", "correctness", "rankings"]

RANKERS = {
    "generative": "log P(y | correct)",
    "discriminative": "P(correct | y)",
    "mutual information": "log P(y | correct) + log P(correct | y)",
    "self-consistency": "how often the answer was sampled",
    "initial G": "the generator's initial policy: P(y | correct) over the sum for both values",
    "initial D": "the discriminator's initial policy",
    "ER-G": "the generator in equilibrium",
    "ER-D": "the discriminator in equilibrium",
    "learned mix": "logistic regression on the above, trained on the other half",
}
"""Name -> what the score is."""
LENGTHS = ("sum", "mean")
"""Whether a reply's log-probability is the sum over its tokens or their mean."""


def rankings(
    rows: Sequence[Scored], *, length: str = "sum", eta: Strength = 0.1, lam: Strength = 0.1, iterations: int = 5000
) -> dict[str, list[np.ndarray]]:
    """The score that each ranker but the learned mix gives each candidate, one array a question, higher first.

    A row's log-probabilities are normalised over the candidates for each value, then the game is solved. Questions of fewer
    than two candidates have nothing to rank. Self-consistency is there where answers were sampled.

    Args:
        rows: What the model gave.
        length: One of `LENGTHS`.
        eta: See `equilibrium_ranking`.
        lam: Likewise.
        iterations: Likewise.

    Raises:
        UsageError: No such length, or a number out of range.
    """
    if length not in LENGTHS:
        raise UsageError(f"length is {length!r:.50}; allowed: {', '.join(LENGTHS)}")
    names = [name for name in RANKERS if name != "learned mix" and (name != "self-consistency" or any(row.counts for row in rows))]
    out: dict[str, list[np.ndarray]] = {name: [np.zeros(len(row.candidates)) for row in rows] for name in names}
    for size in sorted({len(row.candidates) for row in rows if len(row.candidates) > 1}):
        places = [place for place, row in enumerate(rows) if len(row.candidates) == size]
        group = [rows[place] for place in places]
        generator, odds = log_likelihoods(group, length), np.array([row.discriminator for row in group])
        probability = 1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0)))
        solved = equilibrium_ranking(_softmax(generator), probability, eta=eta, lam=lam, iterations=iterations)
        scores = {
            "generative": generator[:, 0],
            "discriminative": odds,
            "mutual information": generator[:, 0] - np.logaddexp(0.0, -odds),
            "initial G": solved.prior_generator[:, 0],
            "initial D": solved.prior_discriminator,
            "ER-G": solved.generator[:, 0],
            "ER-D": solved.discriminator,
        }
        if "self-consistency" in out:
            scores["self-consistency"] = np.array([row.counts or (0,) * size for row in group], np.float64)
        for name, values in scores.items():
            for place, value in zip(places, values, strict=True):
                out[name][place] = value
    return out


def log_likelihoods(rows: Sequence[Scored], length: str) -> np.ndarray:
    """log P(y | v) of questions with equally many candidates. Shape (N, 2, Y)."""
    sums = np.array([row.generator for row in rows])
    return sums if length == "sum" else sums / np.maximum(np.array([row.tokens for row in rows]), 1)


def _softmax(logs: np.ndarray) -> np.ndarray:
    weight = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def correctness(scores: Sequence[np.ndarray], rows: Sequence[Scored]) -> np.ndarray:
    """Whether the first candidate of each question is correct; among equals at the top, the share of them that is. Shape (N,).

    A question none of whose candidates is correct counts as wrong.

    >>> row = Scored("1", ("a", "b", "c"), (1,), ((0.0,) * 3, (0.0,) * 3), ((1,) * 3, (1,) * 3), (0.0,) * 3)
    >>> correctness([np.array([0.1, 0.7, 0.7])], [row]).tolist()
    [0.5]
    """
    out = np.zeros(len(rows))
    for place, (values, row) in enumerate(zip(scores, rows, strict=True)):
        if len(values):
            top = np.flatnonzero(values == values.max())
            out[place] = np.isin(top, row.answers).mean()
    return out
