"""Pairs of policies: what they are worth, best replies to them, and how far they are from a fixed point.

Axis letters: Y candidates, B instances; leading axes are instances. A generator's policy has shape (..., 2, Y), index 0 for
"correct"; a discriminator's is pi_D(correct | y), shape (..., Y). Logs are in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arguments import Pair, Strength, number, pair

__all__ = [
    "Equilibrium",
    "equilibrium",
    "expected_payoff",
    "potential",
    "reply_of_discriminator",
    "reply_of_generator",
    "residuals",
    "separation",
]


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """A pair of policies for each instance, with what it began from.

    Attributes:
        generator: pi_G(y | v). Shape (..., 2, Y), rows adding up to 1.
        discriminator: pi_D(correct | y). Shape (..., Y).
        payoff: Probability that the discriminator guesses the value. Shape (...).
        prior_generator: The initial policy of the generator. Shape (..., 2, Y).
        prior_discriminator: The initial policy of the discriminator. Shape (..., Y).
        average_generator: Mean of the iterates of `equilibrium_ranking`; of `fixed_point` the policy itself.
        average_discriminator: The same of the discriminator.
        residual: How far each policy is from the reply of the limit map to the other: greatest difference of a
            probability, generator first. Shape (..., 2); 0 at a fixed point. nan where a `lam` is 0.
    """

    generator: np.ndarray
    discriminator: np.ndarray
    payoff: np.ndarray
    prior_generator: np.ndarray
    prior_discriminator: np.ndarray
    average_generator: np.ndarray
    average_discriminator: np.ndarray
    residual: np.ndarray


def equilibrium(
    g: np.ndarray, d: np.ndarray, prior_g: np.ndarray, prior_d: np.ndarray, lam: Pair, mean_g: np.ndarray, mean_d: np.ndarray
) -> Equilibrium:
    gaps = residuals(g, d, prior_g, prior_d, lam=lam) if min(lam) > 0 else np.full((*d.shape[:-1], 2), math.nan)
    return Equilibrium(g, d, expected_payoff(g, d), prior_g, prior_d, mean_g, mean_d, gaps)


def expected_payoff(generator: np.ndarray, discriminator: np.ndarray) -> np.ndarray:
    """Probability that the discriminator guesses the value: 1/2 sum_v sum_y pi_G(y | v) pi_D(v | y). Shape (...).

    >>> float(expected_payoff(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 0.0])))
    1.0
    """
    values = generator[..., 0, :] * discriminator + generator[..., 1, :] * (1.0 - discriminator)
    return np.asarray(values.sum(axis=-1) / 2)


def potential(
    generator: np.ndarray, discriminator: np.ndarray, prior_generator: np.ndarray, prior_discriminator: np.ndarray, *, lam: Strength = 0.1
) -> np.ndarray:
    """What both players climb: the payoff less their divergences from the initial policies. Shape (...).

    Phi = payoff - lam_G sum_v KL(pi_G(. | v) || pi_G^1(. | v)) - lam_D sum_y KL(pi_D(. | y) || pi_D^1(. | y))
    """
    pull_g, pull_d = pair("lam", lam)
    from_g = _divergence(generator, prior_generator).sum(axis=(-1, -2))
    from_d = _divergence(discriminator, prior_discriminator) + _divergence(1.0 - discriminator, 1.0 - prior_discriminator)
    return np.asarray(expected_payoff(generator, discriminator) - pull_g * from_g - pull_d * from_d.sum(axis=-1))


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """p ln(p / q), 0 where p is 0, infinite where q alone is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)


def residuals(
    generator: np.ndarray, discriminator: np.ndarray, prior_generator: np.ndarray, prior_discriminator: np.ndarray, *, lam: Strength = 0.1
) -> np.ndarray:
    """Greatest difference of a probability from the best reply to the other player, generator first. Shape (..., 2)."""
    pulls = pair("lam", lam, above=True)
    gap_g = np.abs(reply_of_generator(discriminator, prior_generator, pulls[0]) - generator).max(axis=(-1, -2))
    gap_d = np.abs(reply_of_discriminator(generator, prior_discriminator, pulls[1]) - discriminator).max(axis=-1)
    return np.stack([gap_g, gap_d], axis=-1)


def separation(lam: float) -> float:
    """How far two candidates with uniform initial policies separate: m >= 0 with pi(correct) = (1 + m) / 2 and (1 - m) / 2.

        m = tanh(m / (4 lam)): only 0 for lam >= 1/4, one more solution and its mirror image below

    >>> round((1 + separation(0.1)) / 2, 4), separation(0.25)
    (0.9928, 0.0)
    """
    strength = number("lam", lam, above=True)
    if strength >= 0.25:
        return 0.0
    low, high = 1e-12, 1.0
    while high - low > 1e-15:
        middle = (low + high) / 2
        low, high = (middle, high) if math.tanh(middle / (4 * strength)) > middle else (low, middle)
        if middle in (low, high) and high - low <= np.spacing(high):
            break
    return (low + high) / 2


def reply_of_generator(discriminator: np.ndarray, prior: np.ndarray, lam: float) -> np.ndarray:
    """The generator's best reply under its pull to `prior`: ~ prior(y | v) exp(pi_D(v | y) / (2 lam)). Shape (..., 2, Y)."""
    with np.errstate(divide="ignore"):
        exponent = np.log(prior) + np.stack([discriminator, 1.0 - discriminator], axis=-2) / (2 * lam)
    weight = np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def reply_of_discriminator(generator: np.ndarray, prior: np.ndarray, lam: float) -> np.ndarray:
    """The discriminator's best reply under its pull to `prior`: ~ prior(v | y) exp(pi_G(y | v) / (2 lam)). Shape (..., Y)."""
    with np.errstate(divide="ignore", over="ignore"):
        odds = np.log(1.0 - prior) - np.log(prior) + (generator[..., 1, :] - generator[..., 0, :]) / (2 * lam)
        return np.asarray(1.0 / (1.0 + np.exp(odds)))
