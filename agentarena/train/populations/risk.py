"""The risk-averse equilibrium: players who dislike the variance of what they get, given how the others may play.

    v = M sigma,    C = sum_j sigma_j (M_j - v)(M_j - v)^T + diag(sum_j sigma_j V_j),    x = argmax  x.v - gamma x' C x

M has a row for each own policy and a column for each joint choice of the others; sigma is how likely that choice is, after every
other player's hand trembles; V is the variance that chance adds within a cell. The equilibrium is a fixed point of these best
responses, found by fictitious play. gamma = 0 is a Nash equilibrium's own best response.

Reference: O. Slumbers et al., "Learning risk-averse equilibria in multi-agent systems" (arXiv 2205.15434), read second-hand; the
trembles' form, V and the solver of the quadratic program are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import BadOption, UsageError

from .arrays import Mixtures, payoff_tensor

__all__ = ["mean_and_covariance", "mean_variance_response", "risk_adjusted_values", "risk_averse", "tremble"]

_GAP = 1e-12
"""Most that the first-order condition may miss, in units of the largest payoff."""


def tremble(mixture: np.ndarray, eps: float) -> np.ndarray:
    """The mixture when, with chance eps, another policy than the chosen one is played, each of them equally often.

        sigma[a] = (1 - eps) x[a] + eps (1 - x[a]) / (S - 1)

    >>> tremble(np.array([1.0, 0.0, 0.0]), 0.1).tolist()
    [0.9, 0.05, 0.05]
    """
    return mixture if len(mixture) == 1 else (1 - eps) * mixture + eps * (1 - mixture) / (len(mixture) - 1)


def mean_and_covariance(table: np.ndarray, sigma: np.ndarray, variances: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each own policy's payoff, and covariance of the policies' payoffs, over what the others do.

    Args:
        table: M, shape (S, J): S own policies, J joint choices of the others.
        sigma: Shape (J,), their chances.
        variances: V, shape (S, J): variance within each cell; none when left out.

    Returns:
        Shapes (S,) and (S, S).
    """
    mean = table @ sigma
    centred = table - mean[:, None]
    covariance = (centred * sigma) @ centred.T
    return mean, covariance if variances is None else covariance + np.diag(variances @ sigma)


def risk_adjusted_values(table: npt.ArrayLike, sigma: npt.ArrayLike, gamma: float, variances: npt.ArrayLike | None = None) -> np.ndarray:
    """What each own policy is worth by itself: mean payoff minus gamma times variance. Shape (S,).

        w[a] = v[a] - gamma C[a, a]

    >>> hunt = [[4, 0], [3, 3]]  # the stag is worth 3.8 on average, with a variance of 0.76, if others hunt it 19 times in 20
    >>> risk_adjusted_values(hunt, [0.95, 0.05], gamma=1.0).round(6).tolist()
    [3.04, 3.0]
    """
    extra = None if variances is None else np.asarray(variances, np.float64)
    mean, covariance = mean_and_covariance(np.asarray(table, np.float64), np.asarray(sigma, np.float64), extra)
    return np.asarray(mean - gamma * np.diag(covariance))


def mean_variance_response(mean: np.ndarray, covariance: np.ndarray, gamma: float) -> np.ndarray:
    """argmax over the simplex of x.mean - gamma x' covariance x. Shape (S,).

    Pairs of entries are moved against each other, the most against the least profitable, each by the exact best amount: sequential
    minimal optimisation. It ends when no exchange gains anything to speak of. Of equal maximisers it gives the one that is reached
    from the policy that is best by itself.

    >>> mean_variance_response(np.array([3.8, 3.0]), np.diag([0.76, 0.0]), 1.0).round(4).tolist()
    [0.5263, 0.4737]
    """
    x = np.eye(len(mean))[int((mean - gamma * np.diag(covariance)).argmax())]
    gradient = mean - 2 * gamma * covariance @ x
    scale = float(np.abs(mean).max() + gamma * np.abs(covariance).max()) or 1.0
    for _ in range(10_000 * len(mean)):
        up = int(gradient.argmax())
        down = int(np.where(x > 0, gradient, np.inf).argmin())
        gain = float(gradient[up] - gradient[down])
        if gain <= _GAP * scale:
            break
        curvature = 2 * gamma * float(covariance[up, up] + covariance[down, down] - 2 * covariance[up, down])
        amount = float(x[down]) if curvature * x[down] <= gain else gain / curvature
        x[up] += amount
        x[down] = 0.0 if amount == x[down] else x[down] - amount
        gradient -= 2 * gamma * amount * (covariance[:, up] - covariance[:, down])
    return np.asarray(np.maximum(x, 0.0) / np.maximum(x, 0.0).sum())


def risk_averse(
    payoffs: npt.ArrayLike,
    gamma: float = 1.0,
    eps: float = 0.05,
    steps: int = 2000,
    *,
    variances: npt.ArrayLike | None = None,
    start: Sequence[npt.ArrayLike] | None = None,
) -> Mixtures:
    """The risk-averse equilibrium of a table, by fictitious play; see the module.

    Every player answers the others' average so far; the averages move by 2 / (t + 2), so that late answers count more.

    Args:
        payoffs: Shape (K, S_1, ..., S_K).
        gamma: Dislike of variance, per unit of payoff, >= 0.
        eps: Chance that another policy than the chosen one is played, in [0, 1).
        steps: Steps of fictitious play.
        variances: Shape of `payoffs`: variance of the payoff within each cell, where chance is part of the game.
        start: Mixtures to begin from; uniform ones when left out. Where there are several equilibria they decide which is reached.

    Raises:
        BadOption: A parameter is out of range.
        UsageError: Shapes differ.
    """
    tensor = payoff_tensor(payoffs)
    if not gamma >= 0 or not 0 <= eps < 1 or steps < 1:
        raise BadOption(f"risk_averse: got {gamma=}, {eps=}, {steps=}; expected gamma >= 0, 0 <= eps < 1 and steps >= 1")
    spread = None if variances is None else payoff_tensor(variances)
    if spread is not None and (spread.shape != tensor.shape or spread.min() < 0):
        raise UsageError(f"variances must be at least 0 and of the payoffs' shape {tensor.shape}, got shape {spread.shape}")
    sizes = tensor.shape[1:]
    average = [np.full(size, 1 / size) for size in sizes] if start is None else [np.array(one, np.float64) for one in start]
    if [one.shape for one in average] != [(size,) for size in sizes]:
        raise UsageError(f"start has shapes {[one.shape for one in average]}; expected one distribution a player, of lengths {sizes}")
    for step in range(int(steps)):
        shaken = [tremble(one, eps) for one in average]
        answers = [_answer(tensor, spread, shaken, player, gamma) for player in range(len(sizes))]
        average = [
            one + 2 / (step + 2) * (answer - one) if step else (one + answer) / 2 for one, answer in zip(average, answers, strict=True)
        ]
    return tuple(average)


def _answer(tensor: np.ndarray, spread: np.ndarray | None, mixtures: Sequence[np.ndarray], player: int, gamma: float) -> np.ndarray:
    """A player's best response to the others' mixtures."""
    sigma = np.ones(1)
    for other, mixture in enumerate(mixtures):
        if other != player:
            sigma = np.outer(sigma, mixture).ravel()
    tables = [np.moveaxis(part[player], player, 0).reshape(len(mixtures[player]), -1) for part in (tensor, spread) if part is not None]
    mean, covariance = mean_and_covariance(tables[0], sigma, tables[1] if spread is not None else None)
    return mean_variance_response(mean, covariance, gamma)
