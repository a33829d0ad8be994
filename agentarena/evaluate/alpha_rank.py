"""alpha-Rank: how much of the long run each strategy profile gets when populations drift towards what pays.

Every profile of K populations is a state. One population at a time considers one other strategy; a mutant of it takes
over a population of size m with probability rho, and the stationary distribution of that walk is the ranking. Everything
is computed in float64 and in the logarithms of the rates, so no alpha overflows. The solvers are in `_stationary.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from ._stationary import Rates, closed_classes, leading_order, stationary
from .arguments import number, whole_number

__all__ = ["AlphaRank", "alpharank", "log_fixation"]

_TIE = 1e-12
"""Payoffs closer than this share of the largest payoff are level, which matters for alpha = inf alone."""
_BYTES_PER_EDGE = 100


@dataclass(frozen=True, slots=True, eq=False)
class AlphaRank:
    """A ranking of strategy profiles.

    Attributes:
        distribution: Shape (n,): the long-run share of each profile, row-major (the last population's strategy runs
            fastest); adds up to 1. With one population a profile is a strategy.
        ranking: Profiles from the largest share to the smallest; equal ones by number.
        recurrent_classes: The sets of profiles that the response graph (an edge wherever one population's switch does
            not cost it) never leaves: Markov-Conley chains. In the limit of large alpha all mass is there.
        shape: Number of strategies of each population.
        model: Selection model, alpha or which limit, and population size, in words.
        method: How it was solved: "gth", "gauss-seidel" or "leading-order".
    """

    distribution: np.ndarray
    ranking: tuple[int, ...]
    recurrent_classes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    model: str
    method: str

    def __repr__(self) -> str:
        shares = ", ".join(f"{share:.3f}" for share in self.distribution[:8])
        return f"<AlphaRank of {self.distribution.size} profiles: {shares}{', ...' if self.distribution.size > 8 else ''}>"

    def profile(self, number: int) -> tuple[int, ...]:
        """The strategies of a profile, one a population."""
        return tuple(int(s) for s in np.unravel_index(number, self.shape))

    @property
    def marginals(self) -> tuple[np.ndarray, ...]:
        """For each population, the long-run share of each strategy. K arrays of shape (S_k,)."""
        table = self.distribution.reshape(self.shape)
        axes = range(len(self.shape))
        return tuple(table.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes)


def alpharank(
    payoffs: Any,
    *,
    alpha: float = 10.0,
    m: int = 50,
    selection: str = "local",
    epsilon: float | None = None,
    memory_gib: float = 4.0,
) -> AlphaRank:
    """Rank strategies, or profiles of them, by where evolution spends its time.

    Unlike a Nash equilibrium it exists once, is quick to find, and names cycles as cycles.

        rho(u) = (1 - e^-u) / (1 - e^-(m u)),  1/m at u = 0;    C[s, s'] = rho(u) / sum_k (S_k - 1);    pi C = pi
        K populations:          u = alpha (M^k(s') - M^k(s)) where s' differs from s in population k alone
        one population, local:  u = alpha (M[r, s] - M[s, r]) for a mutant r among residents s
        one population, global: rho = 1 / (1 + sum_{l=1}^{m-1} exp(-alpha sum_{p=1}^{l} (f_r(p) - f_s(p)))), the mean payoffs of
            p mutants and m - p residents who meet at random:  f_r(p) = ((p-1) M[r,r] + (m-p) M[r,s]) / (m-1)

    Args:
        payoffs: One (S, S) array, the row player's payoffs of a symmetric game: one population. Or K arrays of shape
            (S_1, ..., S_K), one a population (a list, or an array of shape (K, S_1, ..., S_K) with K >= 2).
        alpha: Strength of selection, >= 0, per unit of payoff: doubling all payoffs is doubling alpha. `math.inf` means
            the limit of large alpha of the formulas above, ties kept at 1/m and several recurrent classes weighed by
            how much payoff must be given up to leave them.
        m: Size of each population, >= 2.
        selection: "local" (OpenSpiel's default) or "global" (one population only).
        epsilon: With `alpha=math.inf` alone: OpenSpiel's infinite-alpha model instead, in which a switch that pays has
            weight 1 - epsilon, a level one 1/2 and one that costs epsilon, whatever it costs. 0 means its limit. It
            differs from the true limit in ties and in the weights of several recurrent classes.
        memory_gib: Refuse tables whose chain would need more memory than this.

    Raises:
        UsageError: Shapes do not fit, a payoff is not finite, a parameter is out of range, or the table is too large.
        NotSupported: A large chain falls into nearly separate parts that only the dense method resolves.

    Reference: S. Omidshafiei et al., Scientific Reports 9:9937 (2019), equations 4 to 10, as implemented in OpenSpiel's
    `egt/alpharank.py` (read 2026), which cannot solve many of the cases solved here.

    >>> rps = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    >>> alpharank(rps).distribution.round(6).tolist()
    [0.333333, 0.333333, 0.333333]
    >>> dilemma = [[3, 0], [5, 1]]
    >>> alpharank(dilemma, alpha=math.inf).ranking
    (1, 0)
    """
    tables, single = _tables(payoffs)
    _check(alpha, m, selection, epsilon, single)
    shape = tables[0].shape[:1] if single else tables[0].shape
    count = math.prod(shape)
    _check_memory(shape, memory_gib)
    rows, columns, gains = _pair_gains(tables[0]) if single else _gains(tables)
    if count == 1:
        return AlphaRank(np.ones(1), (0,), ((0,),), shape, _model(alpha, m, selection, epsilon, single), "gth")
    if selection == "global":
        order, log_weight = _global_rates(tables[0], alpha, m, rows, columns)
    else:
        order, log_weight = _local_rates(gains, alpha, m, epsilon, _TIE * max(float(np.abs(t).max()) for t in tables))
    level = (
        gains >= -_TIE * max(float(np.abs(t).max()) for t in tables) if selection == "local" else _not_costly(tables[0], m, rows, columns)
    )
    classes = closed_classes(count, rows[level], columns[level])
    if order is None:
        distribution, method = stationary(Rates(count, rows, columns, log_weight))
    else:
        distribution, method = leading_order(Rates(count, rows, columns, log_weight), order, classes)
    ranking = np.lexsort((np.arange(count), -np.round(distribution, 12)))
    return AlphaRank(distribution, tuple(ranking.tolist()), classes, shape, _model(alpha, m, selection, epsilon, single), method)


# --- reading the arguments ------------------------------------------------------------------------------------------


def _tables(payoffs: Any) -> tuple[list[np.ndarray], bool]:
    """The payoff arrays in float64, and whether they describe one population."""
    try:
        if isinstance(payoffs, np.ndarray) or not _is_list_of_tables(payoffs):
            whole = np.asarray(payoffs, np.float64)
            tables = [whole] if whole.ndim == 2 else list(whole)
        else:
            tables = [np.asarray(table, np.float64) for table in payoffs]
    except (TypeError, ValueError) as error:
        raise UsageError(f"payoffs cannot be read as arrays of numbers: {error}") from None
    single = len(tables) == 1
    shape = tables[0].shape if tables else ()
    if single and (len(shape) != 2 or shape[0] != shape[1]):
        raise UsageError(f"one population needs one square table of payoffs, got shape {shape}")
    if not single and (len(tables) < 2 or len(shape) != len(tables) or any(t.shape != shape for t in tables)):
        shapes = ", ".join(str(t.shape) for t in tables)
        raise UsageError(
            f"{len(tables)} populations need {len(tables)} tables of one shape with {len(tables)} axes, got {shapes or 'none'}"
        )
    if 0 in shape:
        raise UsageError(f"a population has no strategy: shape {shape}")
    if not all(np.all(np.isfinite(t)) for t in tables):
        raise UsageError("payoffs must be finite numbers; is a pair of strategies never played?")
    return tables, single


def _is_list_of_tables(payoffs: Any) -> bool:
    return isinstance(payoffs, Sequence) and len(payoffs) > 0 and np.ndim(payoffs[0]) >= 2


def _check(alpha: float, m: int, selection: str, epsilon: float | None, single: bool) -> None:
    number("alpha", alpha, least=0, infinite=True)
    whole_number("m", m, 2)
    if selection not in ("local", "global"):
        raise UsageError(f"selection is {selection!r}; allowed: 'local', 'global'")
    if selection == "global" and not single:
        raise UsageError("selection='global' is a model of one population; pass one square table")
    if epsilon is not None and (not number("epsilon", epsilon, least=0) < 0.5 or not math.isinf(alpha) or selection == "global"):
        raise UsageError(f"epsilon is {epsilon}; it goes with alpha=math.inf and selection='local', from 0 to below 0.5")


def _check_memory(shape: tuple[int, ...], memory_gib: float) -> None:
    count = math.prod(shape)
    edges = count * (sum(shape) - len(shape))
    number("memory_gib", memory_gib, above=0, infinite=True)
    need = edges * _BYTES_PER_EDGE / 2**30
    if need > memory_gib:
        raise UsageError(
            f"{count:,} profiles with {edges:,} unilateral switches need about {need:.1f} GiB, more than memory_gib={memory_gib:g}. "
            "Drop dominated strategies, or raise memory_gib"
        )


def _model(alpha: float, m: int, selection: str, epsilon: float | None, single: bool) -> str:
    kind = f"one population, {selection} selection" if single else "one population a seat"
    if epsilon is not None:
        return (
            f"{kind}, infinite alpha with mistakes of probability {epsilon:g}" if epsilon else f"{kind}, infinite alpha, vanishing mistakes"
        )
    return f"{kind}, {'limit of large alpha' if math.isinf(alpha) else f'alpha = {alpha:g}'}, m = {m}"


# --- rates ----------------------------------------------------------------------------------------------------------


def _gains(tables: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every unilateral switch of K populations: from profile, to profile, what the switcher gains. Shapes (edges,)."""
    numbers = np.arange(tables[0].size).reshape(tables[0].shape)
    parts = []
    for axis, table in enumerate(tables):
        size = table.shape[axis]
        lines = np.moveaxis(numbers, axis, -1).reshape(-1, size)
        values = np.moveaxis(table, axis, -1).reshape(-1, size)
        now, then = np.nonzero(~np.eye(size, dtype=bool))
        parts.append((lines[:, now].ravel(), lines[:, then].ravel(), (values[:, then] - values[:, now]).ravel()))
    rows, columns, gains = (np.concatenate(part) for part in zip(*parts, strict=True))
    return rows, columns, gains


def _pair_gains(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every switch of one population: from resident s, to mutant r, M[r, s] - M[s, r]."""
    residents, mutants = np.nonzero(~np.eye(len(table), dtype=bool))
    return residents, mutants, table[mutants, residents] - table[residents, mutants]


def log_fixation(u: npt.ArrayLike, m: int) -> np.ndarray:
    """The logarithm of the chance that a single mutant takes over, for any advantage, without overflow.

        ln rho = ln(1 - e^-|u|) - ln(1 - e^-m|u|)  [- (m-1) |u|  where u < 0];    -ln m at u = 0

    Args:
        u: Advantage of the mutant times alpha, any shape.
        m: Population size.

    >>> log_fixation([0.0, 1000.0, -1000.0], 50).round(3).tolist()
    [-3.912, 0.0, -49000.0]
    """
    advantage = np.asarray(u, np.float64)
    size = np.minimum(np.abs(advantage), 1e290)
    safe = np.where(size > 0, size, 1.0)
    base = np.log(-np.expm1(-safe)) - np.log(-np.expm1(-m * safe))
    return np.where(size > 0, base - np.where(advantage < 0, (m - 1) * size, 0.0), -math.log(m))


def _local_rates(gains: np.ndarray, alpha: float, m: int, epsilon: float | None, tie: float) -> tuple[np.ndarray | None, np.ndarray]:
    """Orders (for limits, else None) and log weights of the switches. Shapes (edges,)."""
    if not math.isinf(alpha):
        return None, log_fixation(alpha * gains, m)
    costly, level = gains < -tie, np.abs(gains) <= tie
    if epsilon is None:
        return np.where(costly, -(m - 1) * gains, 0.0), np.where(level, -math.log(m), 0.0)
    if epsilon == 0:
        return costly.astype(np.float64), np.where(level, -math.log(2), 0.0)
    return None, np.where(level, -math.log(2), np.where(costly, math.log(epsilon), math.log1p(-epsilon)))


def _partial_sums(table: np.ndarray, m: int, mutants: np.ndarray, residents: np.ndarray) -> np.ndarray:
    """sum_{p=1}^{l} (f_r(p) - f_s(p)) for l = 0 to m-1. Shape (m, edges)."""
    a, b = table[mutants, mutants], table[mutants, residents]
    c, d = table[residents, mutants], table[residents, residents]
    steps = np.arange(m, dtype=np.float64)[:, None]
    pairs = steps * (steps + 1) / 2
    return np.asarray((a * (pairs - steps) + b * (m * steps - pairs) - d * ((m - 1) * steps - pairs) - c * pairs) / (m - 1))


def _global_rates(
    table: np.ndarray, alpha: float, m: int, residents: np.ndarray, mutants: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    sums = _partial_sums(table, m, mutants, residents)
    if not math.isinf(alpha):
        return None, -np.logaddexp.reduce(-alpha * sums, axis=0)
    least = sums.min(axis=0)
    tie = _TIE * m * max(float(np.abs(table).max()), 1e-300)
    return np.where(least < -tie, -least, 0.0), -np.log((sums <= np.minimum(least, 0.0) + tie).sum(axis=0))


def _not_costly(table: np.ndarray, m: int, residents: np.ndarray, mutants: np.ndarray) -> np.ndarray:
    """Switches whose chance does not vanish as alpha grows, under global selection."""
    tie = _TIE * m * max(float(np.abs(table).max()), 1e-300)
    return np.asarray(_partial_sums(table, m, mutants, residents).min(axis=0) >= -tie)
