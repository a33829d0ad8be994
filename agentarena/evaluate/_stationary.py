"""Stationary distributions of Markov chains given by the logarithms of their rates, without overflow or cancellation.

Three methods. GTH elimination only ever adds, multiplies and divides positive numbers, so every entry is accurate however
far apart the rates are; in logarithms it cannot underflow; it is dense. Gauss-Seidel on the jump chain is sparse and
quick, and is used on large chains that do not fall into nearly separate parts. The leading-order form of GTH follows the
exponents themselves: it gives the limit of a chain whose rates are c e^(-alpha q) as alpha grows.

Letters: n states; arrays of switches have shape (edges,).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported

__all__ = ["Rates", "closed_classes", "leading_order", "stationary"]

DENSE = 300
"""Up to this many states the dense method is used at once."""
DENSE_LIMIT = 2000
"""Up to this many it is used where Gauss-Seidel is not safe."""
_COUPLING = 1e-3
"""Jump probabilities below this do not count as holding a chain together."""
_SWEEPS = 5000


class Rates(NamedTuple):
    """A chain: from `rows` to `columns` with rate e^log_weight; the scale is free, the diagonal is left out."""

    states: int
    rows: np.ndarray
    columns: np.ndarray
    log_weight: np.ndarray


def _graph(count: int, rows: np.ndarray, columns: np.ndarray) -> Any:
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))


def closed_classes(count: int, rows: np.ndarray, columns: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """The strongly connected sets of states that no edge leaves, in order of their first state."""
    from scipy.sparse.csgraph import connected_components

    classes, labels = connected_components(_graph(count, rows, columns), directed=True, connection="strong")
    closed = np.ones(classes, bool)
    closed[labels[rows][labels[rows] != labels[columns]]] = False
    order = np.argsort(labels, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(labels, minlength=classes))[:-1])
    return tuple(sorted(tuple(states.tolist()) for states, keep in zip(members, closed, strict=True) if keep))


def stationary(rates: Rates) -> tuple[np.ndarray, str]:
    """The stationary distribution, shape (n,), and the method: "gth" or "gauss-seidel".

    Raises:
        NotSupported: More than `DENSE_LIMIT` states in nearly separate parts.
    """
    if rates.states <= DENSE:
        return _gth(rates), "gth"
    distribution = _gauss_seidel(rates)
    if distribution is not None:
        return distribution, "gauss-seidel"
    if rates.states <= DENSE_LIMIT:
        return _gth(rates), "gth"
    raise NotSupported(
        f"{rates.states:,} profiles fall into nearly separate parts, which only the dense method resolves, and that takes at most "
        f"{DENSE_LIMIT:,}. Lower alpha, or drop dominated strategies"
    )


def _gth(rates: Rates) -> np.ndarray:
    """GTH elimination in logarithms.

    for k = n-1 ... 1:  out = sum_{j<k} C[k, j];   C[i, j] += C[i, k] C[k, j] / out  for i, j < k
    pi[0] = 1;  pi[k] = sum_{i<k} pi[i] C[i, k] / out_k

    Reference: W. K. Grassmann, M. I. Taksar and D. P. Heyman, Operations Research 33 (1985).
    """
    n = rates.states
    log = np.full((n, n), -np.inf)
    log[rates.rows, rates.columns] = rates.log_weight
    out = np.zeros(n)
    for k in range(n - 1, 0, -1):
        out[k] = np.logaddexp.reduce(log[k, :k])
        into = np.flatnonzero(log[:k, k] > -np.inf)
        onto = np.flatnonzero(log[k, :k] > -np.inf)
        through = (log[into, k] - out[k])[:, None] + log[k, onto][None]
        if len(into) == len(onto) == k:
            np.logaddexp(log[:k, :k], through, out=log[:k, :k])
        else:
            log[np.ix_(into, onto)] = np.logaddexp(log[np.ix_(into, onto)], through)
    pi = np.zeros(n)
    for k in range(1, n):
        pi[k] = np.logaddexp.reduce(pi[:k] + log[:k, k]) - out[k]
    return _normalised(pi)


def _normalised(log_pi: np.ndarray) -> np.ndarray:
    pi = np.exp(log_pi - log_pi.max())
    return np.asarray(pi / pi.sum())


def _gauss_seidel(rates: Rates) -> np.ndarray | None:
    """Gauss-Seidel sweeps, forth and back, on the flow x[i] = pi[i] out[i] = sum_j x[j] P[j, i] of the jump chain P.

    The time spent in a state enters at the end alone and in logarithms, so slow states cost nothing. None where the
    chain falls into parts joined by small jump probabilities, on which the sweeps would stop short of the answer.
    """
    from scipy.sparse import csr_array, eye_array, tril, triu
    from scipy.sparse.linalg import splu

    n, rows, columns, log_weight = rates
    top = np.full(n, -np.inf)
    np.maximum.at(top, rows, log_weight)
    log_out = top + np.log(np.bincount(rows, np.exp(log_weight - top[rows]), minlength=n))
    jump = np.exp(log_weight - log_out[rows])
    strong = jump >= min(_COUPLING, 0.5 / max(np.bincount(rows, minlength=n).max(), 1))
    if len(closed_classes(n, rows[strong], columns[strong])) != 1:
        return None
    inflow = csr_array((jump, (columns, rows)), shape=(n, n))
    lower, upper = tril(inflow, -1), triu(inflow, 1)
    options = {"permc_spec": "NATURAL", "diag_pivot_thresh": 0.0}
    forth = splu((eye_array(n) - lower).tocsc(), **options)
    back = splu((eye_array(n) - upper).tocsc(), **options)
    lower, upper = lower.tocsr(), upper.tocsr()
    x, best = np.full(n, 1.0 / n), np.inf
    for sweep in range(_SWEEPS):
        y = forth.solve(upper @ x) if sweep % 2 == 0 else back.solve(lower @ x)
        y = np.maximum(y, 0.0) / np.maximum(y, 0.0).sum()
        change = float(np.abs(y - x).sum())
        x = y
        if change < 1e-15 or (change < 1e-13 and change >= best):
            with np.errstate(divide="ignore"):
                return _normalised(np.log(x) - log_out)
        best = min(best, change)
    return None


def leading_order(rates: Rates, order: np.ndarray, classes: tuple[tuple[int, ...], ...]) -> tuple[np.ndarray, str]:
    """The limit, as alpha grows, of the stationary distribution of the chain with rates e^(log_weight - alpha order).

    Args:
        rates: Coefficients c as `log_weight`.
        order: Exponents q >= 0, shape (edges,); 0 for rates that do not vanish.
        classes: The closed classes of the graph of the rates of order 0.

    Raises:
        NotSupported: More than `DENSE_LIMIT` states with several closed classes.
    """
    if len(classes) == 1:  # all mass is there, and only rates of order 0 matter
        members = np.array(classes[0])
        pi = np.zeros(rates.states)
        if len(members) == 1:
            pi[members] = 1.0
            return pi, "gth"
        place = np.full(rates.states, -1)
        place[members] = np.arange(len(members))
        inside = (order == 0) & (place[rates.rows] >= 0) & (place[rates.columns] >= 0)
        part = Rates(len(members), place[rates.rows[inside]], place[rates.columns[inside]], rates.log_weight[inside])
        pi[members], method = stationary(part)
        return pi, method
    if rates.states > DENSE_LIMIT:
        raise NotSupported(
            f"{len(classes)} recurrent classes among {rates.states:,} profiles: weighing them takes the dense method, for at most "
            f"{DENSE_LIMIT:,} profiles. `recurrent_classes` of a finite alpha names them"
        )
    return _gth_orders(rates, order), "leading-order"


def _gth_orders(rates: Rates, order: np.ndarray) -> np.ndarray:
    """GTH elimination on numbers c e^(-alpha q), kept as the pair (q, ln c): a sum is its term of least q."""
    n = rates.states
    q, c = np.full((n, n), np.inf), np.full((n, n), -np.inf)
    q[rates.rows, rates.columns], c[rates.rows, rates.columns] = order, rates.log_weight
    slack = 1e-9 * max(1e-300, float(order.max()))
    out_q, out_c = np.zeros(n), np.zeros(n)
    for k in range(n - 1, 0, -1):
        out_q[k], out_c[k] = _sum(q[k, :k], c[k, :k], slack)
        new_q = (q[:k, k] - out_q[k])[:, None] + q[k, :k][None]
        new_c = (c[:k, k] - out_c[k])[:, None] + c[k, :k][None]
        here_q, here_c = q[:k, :k], c[:k, :k]
        with np.errstate(invalid="ignore"):  # inf - inf where neither term exists
            gap = new_q - here_q
        less, level = gap < -slack, np.abs(gap) <= slack
        here_c[:] = np.where(less, new_c, np.where(level, np.logaddexp(here_c, new_c), here_c))
        here_q[:] = np.fmin(here_q, new_q)
    pi_q, pi_c = np.zeros(n), np.zeros(n)
    for k in range(1, n):
        total_q, total_c = _sum(pi_q[:k] + q[:k, k], pi_c[:k] + c[:k, k], slack)
        pi_q[k], pi_c[k] = total_q - out_q[k], total_c - out_c[k]
    return _normalised(np.where(pi_q <= pi_q.min() + slack, pi_c, -np.inf))


def _sum(q: np.ndarray, c: np.ndarray, slack: float) -> tuple[float, float]:
    least = float(q.min())
    return least, float(np.logaddexp.reduce(c[q <= least + slack]))
