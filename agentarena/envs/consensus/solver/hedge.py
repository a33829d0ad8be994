"""piKL-hedge with its last iterate: the equilibrium ranking of the consensus game, many instances at once.

Source: A. P. Jacob, Y. Shen, G. Farina, J. Andreas, "The consensus game: language model generation via equilibrium search"
(arXiv 2310.09139, ICLR 2024), read second-hand; the form of the updates was compared with public third-party code.

Axis letters: Y candidates, B instances; leading axes are instances. A generator's policy has shape (..., 2, Y), index 0 for
"correct"; a discriminator's is pi_D(correct | y), shape (..., Y). Logs are in nats.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from agentarena.envs.consensus.options import initial_policies

from .arguments import Pair, Strength, pair, whole
from .policies import Equilibrium, equilibrium

__all__ = ["equilibrium_ranking"]

_CHUNK = 8192
"""Instances that are solved together: fewer cost more calls, more leave the processor's cache."""
_LARGEST_EXPONENT = 600.0


def equilibrium_ranking(
    generator: npt.ArrayLike,
    discriminator: npt.ArrayLike,
    *,
    eta: Strength = 0.1,
    lam: Strength = 0.1,
    iterations: int = 5000,
    workers: int | None = None,
) -> Equilibrium:
    """The policies after `iterations` updates of piKL-hedge from the initial policies: the last iterate.

        Q_G(y | v) = 1/(2t) sum_{s<=t} pi_D^s(v | y),      Q_D(v | y) = 1/(2t) sum_{s<=t} pi_G^s(y | v)
        pi_G^{t+1}(y | v) ~ pi_G^1(y | v)^w exp(Q_G(y | v) / (1/(eta t) + lam)),   w = lam / (1/(eta t) + lam);   pi_D alike

    The first updates are nearly uniform (w is small) and the initial policy returns with t. Candidates are ranked by
    `generator[..., 0, :]` (ER-G) or by `discriminator` (ER-D).

    A candidate or value whose initial probability is 0 keeps 0: its divergence from the initial policy would be infinite.

    Args:
        generator: P(y | correct) and P(y | incorrect) of a language model. Shape (..., 2, Y), rows adding up to 1.
        discriminator: P(correct | y). Shape (..., Y).
        eta: Learning rate, greater than 0, of both players or (generator, discriminator).
        lam: Strength of the pull to the initial policies, at least 0, likewise.
        iterations: Number of updates; 0 returns the initial policies.
        workers: Threads for large batches; by default one a processor. The result does not depend on it.

    Raises:
        UsageError: An array is not of probabilities (see `options.checked`), or a number is out of range.

    >>> result = equilibrium_ranking([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], [0.4, 0.7, 0.2], iterations=100)
    >>> result.generator[0].round(4).tolist()
    [0.336, 0.4692, 0.1947]
    """
    rates, pulls = pair("eta", eta, above=True), pair("lam", lam)
    steps = whole("iterations", iterations, 0, 10**8)
    prior_g, prior_d = initial_policies(generator, discriminator)
    lead, width = prior_d.shape[:-1], prior_d.shape[-1]
    flat_g = np.moveaxis(prior_g.reshape(-1, 2, width), 0, -1)  # (2, Y, B): instances last, so that loops run along them
    flat_d = np.moveaxis(prior_d.reshape(-1, width), 0, -1)
    count = flat_d.shape[-1]
    out = (np.empty_like(flat_g), np.empty_like(flat_d), np.empty_like(flat_g), np.empty_like(flat_d))

    def solve(start: int) -> None:
        part = slice(start, start + chunk)
        results = _iterate(np.ascontiguousarray(flat_g[..., part]), np.ascontiguousarray(flat_d[..., part]), rates, pulls, steps)
        for target, result in zip(out, results, strict=True):
            target[..., part] = result

    threads = whole("workers", workers or os.cpu_count() or 1, 1, 1024)
    chunk = max(1, min(_CHUNK, -(-count // threads)) if count >= 512 * threads else _CHUNK)
    _each(solve, range(0, count, chunk), threads)
    policy_g, policy_d, mean_g, mean_d = out
    return equilibrium(_back(policy_g, lead), _back(policy_d, lead), prior_g, prior_d, pulls, _back(mean_g, lead), _back(mean_d, lead))


def _back(flat: np.ndarray, lead: tuple[int, ...]) -> np.ndarray:
    """Instances first again, under their own axes."""
    return np.ascontiguousarray(np.moveaxis(flat, -1, 0)).reshape(*lead, *flat.shape[:-1])


def _each(work: Callable[[int], None], starts: range, threads: int) -> None:
    if len(starts) <= 1 or threads == 1:
        for start in starts:
            work(start)
        return
    with ThreadPoolExecutor(min(threads, len(starts))) as pool:
        list(pool.map(work, starts))


def _iterate(
    prior_g: np.ndarray, prior_d: np.ndarray, eta: Pair, lam: Pair, iterations: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The last iterates and the means of all of them. Shapes (2, Y, B), (Y, B) and the same again; everything in place.

    The discriminator's softmax over two values is a logistic function of sum_s pi_G^s(y | correct) - pi_G^s(y | incorrect).
    """
    log_g, odds = _logs(prior_g, prior_d, lam)
    g, d = prior_g.copy(), prior_d.copy()
    sum_g, sum_d, gap = np.zeros_like(g), np.zeros_like(d), np.empty_like(d)
    total = np.empty((2, 1, d.shape[-1]))
    shifted = 0.5 / (1.0 / (eta[0] * max(iterations, 1)) + lam[0]) > _LARGEST_EXPONENT
    with np.errstate(over="ignore"):
        for t in range(1, iterations + 1):
            scale_g, scale_d = 1.0 / (1.0 / (eta[0] * t) + lam[0]), 1.0 / (1.0 / (eta[1] * t) + lam[1])
            sum_g += g
            sum_d += d
            # sum_s pi_D^s(incorrect | y) = t - sum_d, and t is the same for every candidate
            np.multiply(log_g, lam[0] * scale_g or 1.0, out=g)
            np.multiply(sum_d, scale_g / (2 * t), out=gap)
            g[0] += gap
            g[1] -= gap
            _softmax(g, total, shifted)
            np.subtract(sum_g[1], sum_g[0], out=gap)
            gap *= scale_d / (2 * t)
            np.multiply(odds, lam[1] * scale_d or 1.0, out=d)
            d += gap
            _logistic(d)
    return g, d, sum_g / iterations if iterations else g, sum_d / iterations if iterations else d


def _logs(prior_g: np.ndarray, prior_d: np.ndarray, lam: Pair) -> tuple[np.ndarray, np.ndarray]:
    """ln pi_G^1(y | v) and ln pi_D^1(incorrect | y) - ln pi_D^1(correct | y); without a pull only what is possible: 0 or infinite."""
    with np.errstate(divide="ignore"):
        log_g, odds = np.log(prior_g), np.log(1.0 - prior_d) - np.log(prior_d)
    log_g = log_g if lam[0] else np.where(prior_g > 0, 0.0, -np.inf)
    return log_g, odds if lam[1] else np.where(np.isinf(odds), odds, 0.0)


def _softmax(exponent: np.ndarray, total: np.ndarray, shifted: bool) -> None:
    """exp(exponent) / its sum over axis 1, in place. Without a shift where no exponent can overflow."""
    if shifted:
        exponent -= exponent.max(axis=1, keepdims=True)
    np.exp(exponent, out=exponent)
    np.sum(exponent, axis=1, keepdims=True, out=total)
    np.divide(1.0, total, out=total)
    exponent *= total


def _logistic(odds: np.ndarray) -> None:
    """1 / (1 + exp(odds)), in place."""
    np.exp(odds, out=odds)
    odds += 1.0
    np.divide(1.0, odds, out=odds)
