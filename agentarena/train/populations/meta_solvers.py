"""Meta-solvers: from an empirical payoff table to a mixture of each player's policies.

Each takes one array of shape (K, S_1, ..., S_K) (K players, S_k policies of player k; `payoffs[k]` is what player k gets) and
gives back K distributions of shape (S_k,). `meta_solver("prd?floor=0.01")` names one with its parameters.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agentarena.agents.specs import parse
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UnknownName, UsageError, suggest
from agentarena.evaluate.alpha_rank import alpharank as rank
from agentarena.evaluate.nash import nash_average, solve_zero_sum

from .arrays import Mixtures, deviation_payoffs, fold_copies, is_symmetric, payoff_tensor, two_player
from .bimatrix import best_equilibrium
from .risk import risk_averse

__all__ = ["META_SOLVERS", "MetaSolver", "alpharank", "latest", "meta_solver", "nash", "prd", "prioritized", "rectified_targets", "uniform"]

MetaSolver = Callable[[npt.ArrayLike], Mixtures]


def uniform(payoffs: npt.ArrayLike) -> Mixtures:
    """Every policy equally often: fictitious play, when each new policy is a best response."""
    return tuple(np.full(size, 1 / size) for size in payoff_tensor(payoffs).shape[1:])


def latest(payoffs: npt.ArrayLike) -> Mixtures:
    """The newest policy alone: naive self-play, or iterated best response."""
    return tuple(np.eye(size)[-1] for size in payoff_tensor(payoffs).shape[1:])


def prioritized(payoffs: npt.ArrayLike, exponent: float = 2.0) -> Mixtures:
    """Prioritized fictitious self-play: mostly the opponents that the newest policies lose to.

        share[j] ~ (1 - w[j]) ** exponent,    w[j] = (u[j] - low) / (high - low)

    u[j] is what the other players' newest policies get, on average, against policy j; low and high are the least and the greatest
    payoff of the table, so that without draws w is a win rate.

    Args:
        payoffs: Shape (K, S_1, ..., S_K).
        exponent: 0 is uniform.

    Reference: Vinyals et al. 2019 (AlphaStar), f_hard; read second-hand.
    """
    tensor = payoff_tensor(payoffs)
    newest = latest(tensor)
    low, high = float(tensor.min()), float(tensor.max())
    mixtures = []
    for player, size in enumerate(tensor.shape[1:]):
        others = [k for k in range(len(tensor)) if k != player]
        returns = [_against(tensor[k], newest, player) for k in others]
        rate = (np.mean(returns, axis=0) - low) / ((high - low) or 1.0) if others else np.zeros(size)
        shares = np.maximum(1 - rate, 1e-9) ** exponent
        mixtures.append(shares / shares.sum())
    return tuple(mixtures)


def _against(table: np.ndarray, mixtures: Mixtures, player: int) -> np.ndarray:
    """Entries of one player's table for each policy of `player`, the rest drawn from their mixtures. Shape (S_player,)."""
    return deviation_payoffs(np.stack([table] * len(mixtures)), mixtures, player)


def nash(payoffs: npt.ArrayLike) -> Mixtures:
    """A Nash equilibrium of the table, for one player or two.

    Policies that are exact copies of each other share the mass of one. Which equilibrium, where there are several:

        one population, zero-sum     the one of largest entropy (`evaluate.nash_average`)
        zero- or constant-sum        a corner of the set of optimal strategies (`evaluate.solve_zero_sum`)
        general-sum                  of those found, the one of greatest total payoff, of these of largest entropy (`bimatrix`)

    Raises:
        UsageError: There are more than two players.
        NotSupported: The solver failed.

    >>> [mixture.round(4).tolist() for mixture in nash([[[0, -25, 50], [25, 0, -5], [-50, 5, 0]], [[0, 25, -50], [-25, 0, 5], [50, -5, 0]]])]
    [[0.0625, 0.625, 0.3125], [0.0625, 0.625, 0.3125]]
    """
    tensor = payoff_tensor(payoffs)
    if len(tensor) == 1:
        return _shared([np.eye(tensor.shape[1])[int(tensor[0].argmax())]], [np.arange(tensor.shape[1])])
    two_player(tensor, "nash")
    smaller, places = fold_copies(tensor)
    first, second = smaller
    if is_symmetric(smaller) and np.array_equal(first, -first.T):
        middle = nash_average(first).distribution
        return _shared([middle, middle], places)
    total = first + second
    if np.ptp(total) <= 1e-9 * (np.ptp(first) or 1.0):
        # half the difference: an equilibrium of a game whose payoffs add up to nothing but rounding
        solution = solve_zero_sum((first - second) / 2)
        return _shared([solution.row, solution.column], places)
    return _shared(best_equilibrium(first, second), places)


def _shared(mixtures: Any, places: list[np.ndarray]) -> Mixtures:
    """Mixtures over groups of copies as mixtures over policies, each group's mass in equal parts."""
    return tuple(np.asarray(m)[place] / np.bincount(place)[place] for m, place in zip(mixtures, places, strict=True))


def alpharank(payoffs: npt.ArrayLike, alpha: float = math.inf, m: int = 50) -> Mixtures:
    """Marginals of alpha-Rank; of one population that all players share, its distribution.

    Args:
        payoffs: Shape (K, S_1, ..., S_K).
        alpha: Strength of selection per unit of payoff; infinite by default.
        m: Size of each population.

    Reference: P. Muller et al., "A generalized training approach for multiagent learning" (arXiv 1909.12823), read second-hand.
    """
    tensor = payoff_tensor(payoffs)
    if len(tensor) == 1:
        return nash(tensor)
    if is_symmetric(tensor):
        return (rank(tensor[0], alpha=alpha, m=m).distribution,) * 2
    return tuple(marginal / marginal.sum() for marginal in rank(list(tensor), alpha=alpha, m=m).marginals)


def prd(
    payoffs: npt.ArrayLike,
    floor: float = 0.001,
    step: float = 0.02,
    steps: int = 20_000,
    *,
    start: Sequence[npt.ArrayLike] | None = None,
) -> Mixtures:
    """Projected replicator dynamics: the time average of replicators that keep every policy alive.

        x <- P_floor[x + step * x * (u - x.u)]       u: payoffs of the policies, divided by the range of the player's table

    P_floor is the nearest point of the simplex with all entries at least `floor` (at most half of an equal share).

    Args:
        payoffs: Shape (K, S_1, ..., S_K).
        floor: Least share of a policy, which keeps exploring.
        step: Of the dynamics; payoffs have a range of 1.
        steps: How many.
        start: Mixtures to begin from; uniform ones when left out.

    Reference: M. Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning" (arXiv 1711.00832), read
    second-hand; the scaling by the range and the defaults of `step` and `steps` are ours.
    """
    tensor = payoff_tensor(payoffs)
    if not 0 <= floor < 1 or not step > 0 or steps < 1:
        raise BadOption(f"prd: got {floor=}, {step=}, {steps=}; expected 0 <= floor < 1, step > 0 and steps >= 1")
    spread = np.array([np.ptp(table) or 1.0 for table in tensor]).reshape(-1, *[1] * len(tensor))
    tensor = tensor / spread
    mixtures = list(uniform(tensor)) if start is None else [np.array(one, np.float64) for one in start]
    if [one.shape for one in mixtures] != [(size,) for size in tensor.shape[1:]]:
        raise UsageError(
            f"start has shapes {[one.shape for one in mixtures]}; expected a distribution a player, of lengths {tensor.shape[1:]}"
        )
    totals = [np.zeros_like(mixture) for mixture in mixtures]
    for _ in range(int(steps)):
        gains = [deviation_payoffs(tensor, mixtures, k) for k in range(len(tensor))]
        for k, (x, u) in enumerate(zip(mixtures, gains, strict=True)):
            totals[k] += x
            mixtures[k] = project(x + step * x * (u - x @ u), min(floor, 0.5 / len(x)))
    return tuple(total / total.sum() for total in totals)


def project(point: np.ndarray, floor: float = 0.0) -> np.ndarray:
    """The nearest distribution with all entries at least `floor`. Shape (S,).

    >>> project(np.array([1.2, 0.2, -0.6]), 0.1).round(4).tolist()
    [0.8, 0.1, 0.1]
    """
    room = 1 - floor * len(point)
    shifted = point - floor
    ordered = np.sort(shifted)[::-1]
    excess = (np.cumsum(ordered) - room) / np.arange(1, len(point) + 1)
    return floor + np.maximum(shifted - excess[np.flatnonzero(ordered > excess)[-1]], 0.0)


def rectified_targets(payoffs: npt.ArrayLike, player: int) -> list[np.ndarray]:
    """PSRO-rN: whom each policy in the equilibrium's support trains against: the opponents it beats, by their mass.

        target_i[j] ~ q[j] where A[i, j] > v, else 0,    for every i with p[i] > 0

    v is the value of the game to the player, 0 in a symmetric one. A policy that beats nobody in the support has no target; where no
    policy has one, the opponents' whole equilibrium is the one target, so that a search for best responses does not end early.

    Args:
        payoffs: Shape (2, S_1, S_2).
        player: Whose policies are to be trained, 0 or 1.

    Returns:
        Distributions over the opponent's policies, one for each policy that has a target.

    Reference: D. Balduzzi et al., "Open-ended learning in symmetric zero-sum games" (arXiv 1901.08106), read second-hand.

    >>> [target.tolist() for target in rectified_targets([[[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]], 0)]
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    tensor = payoff_tensor(payoffs)
    two_player(tensor, "rectified")
    if player not in (0, 1):
        raise UsageError(f"player is {shown(player)}; expected 0 or 1")
    mixtures = nash(tensor)
    own, others = mixtures[player], mixtures[1 - player]
    table = tensor[player] if player == 0 else tensor[player].T
    value = float(own @ table @ others)
    beats = table > value + 1e-12 * (np.ptp(table) or 1.0)
    targets = [others * beats[i] for i in np.flatnonzero(own > 1e-9)]
    return [target / target.sum() for target in targets if target.sum() > 1e-9] or [others]


def rectified(payoffs: npt.ArrayLike) -> Mixtures:
    """The Nash equilibrium; what sets PSRO-rN apart is whom policies train against (`rectified_targets`)."""
    return nash(payoffs)


META_SOLVERS: dict[str, Callable[..., Mixtures]] = {
    "uniform": uniform,
    "latest": latest,
    "prioritized": prioritized,
    "nash": nash,
    "rectified": rectified,
    "alpharank": alpharank,
    "prd": prd,
    "risk_averse": risk_averse,
}
"""Name -> function."""


def meta_solver(spec: str) -> MetaSolver:
    """A meta-solver by name, with parameters as in an agent's spec string.

    Raises:
        UnknownName: There is none of that name.
        BadOption: It has no such parameter.

    >>> meta_solver("risk_averse?gamma=2")([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])[0].round(2).tolist()
    [0.0, 1.0]
    """
    if not isinstance(spec, str):
        raise UsageError(f"a meta-solver is named by a string such as 'nash', got {shown(spec)}")
    name, parameters = parse(spec)
    if name not in META_SOLVERS:
        raise UnknownName("meta-solver", name, META_SOLVERS, hint=f"There are: {', '.join(META_SOLVERS)}.")
    function = META_SOLVERS[name]
    known = [key for key in inspect.signature(function).parameters if key not in ("payoffs", "variances", "start")]
    for key, value in parameters.items():
        if key not in known:
            raise BadOption(
                f"meta-solver {name!r} has no parameter {shown(key)}.{suggest(key, known)} Parameters: {', '.join(known) or 'none'}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadOption(f"meta-solver {name!r}: {key} is {shown(value)}; expected a number")
    return functools.partial(function, **parameters)
