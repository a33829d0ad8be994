"""The map that piKL-hedge converges to: its fixed points, and best replies in turn.

Axis letters: Y candidates, B instances; leading axes are instances. A generator's policy has shape (..., 2, Y), index 0 for
"correct"; a discriminator's is pi_D(correct | y), shape (..., Y). Logs are in nats.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError
from agentarena.envs.consensus.options import checked, initial_policies

from .arguments import Pair, Strength, number, pair, whole
from .policies import Equilibrium, equilibrium, potential, reply_of_discriminator, reply_of_generator

__all__ = ["best_responses", "fixed_point"]

_CHUNK = 4096
"""Instances that are solved together."""
_LOOK = 16
"""Steps after which instances that have converged leave."""


def fixed_point(
    generator: npt.ArrayLike,
    discriminator: npt.ArrayLike,
    *,
    eta: Strength = 0.1,
    lam: Strength = 0.1,
    iterations: int = 5000,
    damping: float = 0.5,
    tolerance: float = 1e-12,
    start: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> Equilibrium:
    """A pair of policies that are each other's replies, by the damped limit map from the initial policies.

        pi_G(y | v) ~ pi_G^1(y | v) exp(pi_D(v | y) / (2 lam)),      pi_D(v | y) ~ pi_D^1(v | y) exp(pi_G(y | v) / (2 lam))
        pi <- (1 - damping) pi + damping reply

    Where there are several fixed points, which one is reached depends on the start, as with `equilibrium_ranking`.

    Args:
        generator: As `equilibrium_ranking`.
        discriminator: As `equilibrium_ranking`.
        eta: Not used: it decides how fast piKL-hedge goes and not where to. Both functions take the same arguments.
        lam: Strength of the pull to the initial policies, greater than 0, of both players or (generator, discriminator).
        iterations: Most steps; an instance that has not converged by then shows it in `residual`.
        damping: Share of the reply in a step, in (0, 1].
        tolerance: Greatest difference of a probability from its reply at which the steps end.
        start: Policies to begin from, of the shapes of `Equilibrium.generator` and `.discriminator`; else the initial ones.

    Raises:
        UsageError: An array is not of probabilities, or a number is out of range.

    >>> fixed_point([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], [0.4, 0.7, 0.2]).generator[0].round(6).tolist()
    [0.059862, 0.936522, 0.003616]
    """
    pair("eta", eta, above=True)
    pulls, share = pair("lam", lam, above=True), number("damping", damping, above=True, most=1.0)
    steps, tolerance = whole("iterations", iterations, 0, 10**8), number("tolerance", tolerance)
    prior_g, prior_d = initial_policies(generator, discriminator)
    g, d = (prior_g, prior_d) if start is None else _started(start, prior_g, prior_d)
    shape_g, shape_d, width = g.shape, d.shape, d.shape[-1]
    flat_g, flat_d, base_g, base_d = (
        g.reshape(-1, 2, width),
        d.reshape(-1, width),
        prior_g.reshape(-1, 2, width),
        prior_d.reshape(-1, width),
    )
    chunks = [slice(k, k + _CHUNK) for k in range(0, len(flat_d), _CHUNK)]
    parts = [_settled(flat_g[k], flat_d[k], base_g[k], base_d[k], pulls, share, tolerance, steps) for k in chunks]
    g = np.concatenate([part[0] for part in parts] or [np.empty((0, 2, width))]).reshape(shape_g)
    d = np.concatenate([part[1] for part in parts] or [np.empty((0, width))]).reshape(shape_d)
    return equilibrium(g, d, prior_g, prior_d, pulls, g, d)


def _settled(
    g: np.ndarray, d: np.ndarray, prior_g: np.ndarray, prior_d: np.ndarray, lam: Pair, share: float, tolerance: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The damped map on B instances, shapes (B, 2, Y) and (B, Y); those that have converged leave."""
    with np.errstate(divide="ignore"):
        log_g, odds = np.log(prior_g), np.log(1.0 - prior_d) - np.log(prior_d)
    out_g, out_d = np.array(g), np.array(d)
    places = np.arange(len(d))
    g, d, log_g, odds = (np.ascontiguousarray(np.moveaxis(array, 0, -1)) for array in (out_g, out_d, log_g, odds))  # instances last
    for step in range(steps):
        reply_g = log_g + np.stack([d, 1.0 - d]) / (2 * lam[0])
        reply_g -= reply_g.max(axis=1, keepdims=True)
        np.exp(reply_g, out=reply_g)
        reply_g /= reply_g.sum(axis=1, keepdims=True)
        with np.errstate(over="ignore"):
            reply_d = 1.0 / (1.0 + np.exp(odds + (g[1] - g[0]) / (2 * lam[1])))
        reply_g -= g
        reply_d -= d
        if step % _LOOK == 0:
            gaps = np.maximum(np.abs(reply_g).max(axis=(0, 1)), np.abs(reply_d).max(axis=0))
            left = gaps > tolerance
            if not left.all():
                done = places[~left]
                out_g[done], out_d[done] = np.moveaxis(g[..., ~left], -1, 0), d[..., ~left].T
                g, d, log_g, odds, reply_g, reply_d = (array[..., left] for array in (g, d, log_g, odds, reply_g, reply_d))
                places = places[left]
                if not len(places):
                    return out_g, out_d
        g += share * reply_g
        d += share * reply_d
    out_g[places], out_d[places] = np.moveaxis(g, -1, 0), d.T
    return out_g, out_d


def _started(start: Any, prior_g: np.ndarray, prior_d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    g, d = checked(*start)
    try:
        return np.broadcast_to(g, prior_g.shape), np.broadcast_to(d, prior_d.shape)
    except ValueError:
        raise UsageError(f"start has shapes {g.shape} and {d.shape}; expected {prior_g.shape} and {prior_d.shape}") from None


def best_responses(
    generator: npt.ArrayLike, discriminator: npt.ArrayLike, *, lam: Strength = 0.1, rounds: int = 100
) -> tuple[Equilibrium, np.ndarray]:
    """Where exact best replies in turn lead from the initial policies, and the potential on the way.

    The generator replies first. The potential never falls, since each player's utility differs from it by what the other decides.

    Args:
        generator: As `equilibrium_ranking`.
        discriminator: As `equilibrium_ranking`.
        lam: As `fixed_point`.
        rounds: Replies of each player.

    Returns:
        The policies after the last round, and the potential before the first reply and after each. Shape (2 rounds + 1, ...).
    """
    pulls, turns = pair("lam", lam, above=True), whole("rounds", rounds, 0, 10**6)
    prior_g, prior_d = initial_policies(generator, discriminator)
    g, d = prior_g, prior_d
    path = [potential(g, d, prior_g, prior_d, lam=pulls)]
    for _ in range(turns):
        g = reply_of_generator(d, prior_g, pulls[0])
        path.append(potential(g, d, prior_g, prior_d, lam=pulls))
        d = reply_of_discriminator(g, prior_d, pulls[1])
        path.append(potential(g, d, prior_g, prior_d, lam=pulls))
    return equilibrium(g, d, prior_g, prior_d, pulls, g, d), np.stack(path)
