"""Intervals of a mean payoff in [0, 1] from its samples, as ResponseGraphUCB uses them: Hoeffding's, Clopper and Pearson's, and both relaxed.

Axis letter: C means.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import finite_array, number

__all__ = ["Bound", "bound_ends", "check_bound", "payoff_intervals"]

Bound = Literal["hoeffding", "clopper-pearson"]


def check_bound(bound: Any) -> None:
    """Refuse the name of an interval that there is not."""
    if bound not in get_args(Bound):
        raise UsageError(f"bound is {bound!r}; allowed: {', '.join(map(repr, get_args(Bound)))}")


def payoff_intervals(mean: npt.ArrayLike, count: npt.ArrayLike, delta: npt.ArrayLike, *, bound: Bound, relax: float = 0.0) -> np.ndarray:
    """Where each mean payoff may lie: an interval that misses it with chance at most delta, for one look at one mean.

        hoeffding:        mean -+ sqrt(ln(2 / delta) / (2 count))
        clopper-pearson:  Beta quantile delta/2 of (x, count-x+1), quantile 1-delta/2 of (x+1, count-x),   x = mean count
        relax:            low + relax, high - relax: both ends move inwards

    Relaxed intervals call two means different while they are still up to 2 relax from being told apart; they buy speed with
    wrong answers on small gaps and have no coverage. OpenSpiel 2.0.2 moves both Hoeffding ends *down* ("ucb-standard-relaxed"):
    the two shifts cancel when a lower end is compared with an upper one, so its relaxed variant saves nothing. Here, as in
    its Clopper-Pearson variant, the lower end moves up.

    Args:
        mean: Shape (C,), sample means, in [0, 1].
        count: Shape (C,), samples of each, >= 0.
        delta: Shape (C,) or one number, in (0, 1): chance to miss, both sides together.
        bound: "hoeffding" for any payoff in [0, 1]; "clopper-pearson" is exact for payoffs that are 0 or 1 (a match won or
            lost) and an approximation, usually a wide one, for those in between.
        relax: At least 0 and below 1/2.

    Returns:
        Shape (C, 2). Hoeffding's ends may leave [0, 1]; a relaxed interval may be empty (low > high). Without samples -inf and inf.

    Raises:
        UsageError: A mean or delta is out of range, or `bound` is unknown.

    Reference: W. Hoeffding, JASA 58 (1963), theorem 2; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); the variants of
    M. Rowland et al., "Multiagent Evaluation under Incomplete Information" (NeurIPS 2019), read in OpenSpiel's
    `response_graph_ucb.py`.

    >>> payoff_intervals([0.5], [200], 0.1, bound="hoeffding").round(3).tolist()
    [[0.413, 0.587]]
    >>> payoff_intervals([0.0], [10], 0.05, bound="clopper-pearson").round(4).tolist()
    [[0.0, 0.3085]]
    """
    check_bound(bound)
    m, n = finite_array("mean", mean), finite_array("count", count)
    risk = np.broadcast_to(finite_array("delta", delta), m.shape)
    if m.ndim != 1 or m.shape != n.shape:
        raise UsageError(f"mean and count must have one shape (C,), got {m.shape} and {n.shape}")
    if not np.all((m >= 0) & (m <= 1) & (n >= 0)) or not np.all((risk > 0) & (risk < 1)):
        raise UsageError("means are in [0, 1], counts at least 0 and delta between 0 and 1; scale payoffs by their bounds first")
    if not number("relax", relax, least=0) < 0.5:
        raise UsageError(f"relax is {relax}; expected at least 0 and below 0.5")
    low, high = bound_ends(m, n, risk, bound)
    return np.where(n[:, None] > 0, np.stack([low + relax, high - relax], 1), np.array([-math.inf, math.inf]))


def bound_ends(mean: np.ndarray, count: np.ndarray, delta: np.ndarray, bound: Bound) -> tuple[np.ndarray, np.ndarray]:
    """The two ends for arguments known to be in range, not relaxed; counts of 0 are taken for 1."""
    from scipy.special import betaincinv

    trials = np.maximum(count, 1.0)
    if bound == "hoeffding":
        half = np.sqrt(np.log(2 / delta) / (2 * trials))
        return mean - half, mean + half
    x = mean * trials
    whole = np.rint(x)
    x = np.where(np.abs(x - whole) < 1e-6, whole, x)
    low = betaincinv(np.maximum(x, 1e-300), trials - x + 1, delta / 2)
    high = betaincinv(x + 1, np.maximum(trials - x, 1e-300), 1 - delta / 2)
    return np.where(x <= 0, 0.0, low), np.where(x >= trials, 1.0, high)
