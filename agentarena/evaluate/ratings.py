"""Ratings by maximum likelihood, all games at once: Bradley-Terry, and Davidson's form with draws.

Axis letters: P players, Q pairs of players that met, E comparisons, T parameters. Strengths are in nats inside
and in Elo points outside: elo = centre + (400 / ln 10) r, with the r of all players adding up to 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import check_level, finite_array, number, whole_number, whole_numbers
from .deals import t_quantile
from .ratings_exist import Pairs, draws_are_bounded, groups_of, why_not
from .stats import normal_quantile

__all__ = ["ELO_PER_NAT", "PRIOR_SD_ELO", "Ratings", "bradley_terry", "bradley_terry_pairs"]

ELO_PER_NAT = 400.0 / math.log(10.0)
"""Elo points of one nat of log-odds."""
PRIOR_SD_ELO = 400.0
"""Spread of the prior that is used where no finite estimate exists."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Fitted ratings.

    Attributes:
        elo: Shape (P,), Elo points; their mean is the centre asked for.
        se: Shape (P,), standard errors in Elo points. Ratings are correlated: for a difference use `gap`.
        interval: Shape (P, 2): elo -+ z se, with clusters elo -+ t(G_i - 1) se for the G_i clusters that player i is in; nan
            where the error is 0 (games that say nothing of how they would vary) or G_i is 1.
        covariance: Shape (P, P), Elo points squared.
        log_likelihood: Of the data at the estimate, in nats, the prior left out.
        nu: Davidson's draw parameter; `None` when draws count as half wins.
        ridge: Precision of the prior on each strength, per nat squared; 0 for none.
        groups: Players that beat or drew each other round and round. With several, no finite estimate exists without a prior.
        finite: Whether an estimate exists without a prior. Where not, the prior sets the ratings, and no interval covers.
        note: A caveat to print with the ratings, e.g. that an undefeated player made a prior necessary; `""` when nothing.
    """

    elo: np.ndarray
    se: np.ndarray
    interval: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    nu: float | None
    ridge: float
    groups: tuple[tuple[int, ...], ...]
    finite: bool
    note: str

    def __repr__(self) -> str:
        ratings = ", ".join(f"{elo:.0f}" for elo in self.elo[:8])
        return f"<Ratings of {len(self.elo)} players: {ratings}{', ...' if len(self.elo) > 8 else ''}>"

    def gap(self, first: int, second: int) -> tuple[float, float]:
        """Elo of `first` minus Elo of `second`, with its standard error."""
        c = self.covariance
        variance = c[first, first] + c[second, second] - 2 * c[first, second]
        return float(self.elo[first] - self.elo[second]), math.sqrt(max(0.0, float(variance)))


def bradley_terry(
    wins: npt.ArrayLike,
    draws: npt.ArrayLike | None = None,
    *,
    ties: str = "half",
    covariance: str = "sandwich",
    ridge: float | None = None,
    centre: float = 1000.0,
    level: float = 0.95,
) -> Ratings:
    """How strong each player is, from who beat whom how often, as if all games were played today.

    Unlike online Elo it does not depend on the order of the games and needs no K.

        P(i beats j) = 1 / (1 + e^-(r_i - r_j))                                 ties="half": a draw is half a win
        P(i beats j) : P(draw) : P(j beats i) = e^(d/2) : nu : e^(-d/2), d = r_i - r_j        ties="davidson"
        H = -second derivative of the log-likelihood;   Fisher: H^+;   sandwich: H^+ B H^+,  B = sum over games of g g^T

    Args:
        wins: Shape (P, P): games the row player won against the column player.
        draws: Shape (P, P), symmetric: games the two drew.
        ties: "half" or "davidson".
        covariance: "sandwich" (right also when games are not as the model says) or "fisher".
        ridge: Precision of a Gaussian prior around 0 on each strength, per nat squared. Left out: none where a finite
            estimate exists, else that of a spread of `PRIOR_SD_ELO`, and the result's `note` says so. No estimate exists
            where the players fall into groups of which one never lost or drew a game against the rest; nor, with
            ties="davidson", where no circle of games (each against the loser or the drawn opponent of the one before) has
            more wins than draws, e.g. a player with wins and draws and no loss.
        centre: Mean of the ratings.
        level: Coverage of the intervals.

    Returns:
        The ratings; for matches of more than two seats or on shared deals see `bradley_terry_pairs`.

    Raises:
        UsageError: A table is not square, negative or without games, or an argument is unknown or out of range.

    Reference: R. A. Bradley and M. E. Terry, Biometrika 39 (1952); L. R. Ford, American Mathematical Monthly 64
    (1957) for existence; R. R. Davidson, JASA 65 (1970) for draws.

    >>> fit = bradley_terry([[0, 3], [1, 0]])
    >>> round(fit.gap(0, 1)[0], 1)      # 400 log10(3)
    190.8
    """
    won = _table("wins", wins)
    drawn = np.zeros_like(won) if draws is None else _table("draws", draws)
    if drawn.shape != won.shape or not np.array_equal(drawn, drawn.T):
        raise UsageError(f"draws must be a symmetric table of shape {won.shape}, like wins; got shape {drawn.shape}")
    upper = np.triu(won + won.T + drawn, 1)
    first, second = np.nonzero(upper)
    outcomes = np.stack([won[first, second], drawn[first, second], won[second, first]], axis=1)
    pairs = Pairs(first, second, outcomes, len(won))
    fit = _fit(pairs, ties, ridge)
    if covariance == "sandwich":
        residuals = _residuals(pairs, fit, ties)  # (Q, 3, D)
        each = np.arange(len(first)).repeat(3)
        weights = np.sqrt(outcomes.reshape(-1))[:, None]
        meat = _meat(first[each], second[each], residuals.reshape(len(each), -1) * weights, len(won), None)
    else:
        meat = None
    return _ratings(fit, meat, None, covariance, centre, level)


def bradley_terry_pairs(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    players: int,
    clusters: npt.ArrayLike | None = None,
    ties: str = "half",
    covariance: str = "sandwich",
    ridge: float | None = None,
    centre: float = 1000.0,
    level: float = 0.95,
) -> Ratings:
    """`bradley_terry` on a list of comparisons, some of which share their luck.

    A match of n seats is n (n-1) / 2 comparisons that are not independent, and neither are matches on one deal. The
    ratings are the same as from the table of counts; the sandwich sums the residuals within each cluster first:

        B = G / (G-1)  sum over the G clusters of (sum of g in the cluster) (the same)^T

    Args:
        first: Shape (E,), player numbers.
        second: Shape (E,), player numbers, never the same as `first`.
        score: Shape (E,): 1 where `first` did better, 0.5 where level, 0 where worse.
        players: P.
        clusters: Shape (E,), e.g. the deal of each comparison; each its own when left out.
        ties: As in `bradley_terry`, like all that follow.
        covariance: "sandwich" or "fisher"; the latter ignores clusters.
        ridge: See there.
        centre: See there.
        level: See there.

    Raises:
        UsageError: Shapes differ, a player is unknown or meets itself, a score is not 0, 0.5 or 1, or an argument is out of
            range.

    >>> bradley_terry_pairs([0, 0, 1, 0], [1, 1, 0, 1], [1, 1, 1, 1], players=2).elo.round(1).tolist()
    [1095.4, 904.6]
    """
    players = whole_number("players", players, 2)
    i, j, y = whole_numbers("first", first), whole_numbers("second", second), finite_array("score", score)
    if not (i.ndim == 1 and i.shape == j.shape == y.shape):
        raise UsageError(f"first, second and score must have one shape (E,), got {i.shape}, {j.shape}, {y.shape}")
    if i.size and (min(i.min(), j.min()) < 0 or max(i.max(), j.max()) >= players or np.any(i == j)):
        raise UsageError(f"players are numbered 0 to {players - 1} and never meet themselves")
    if not np.all(np.isin(y, (0.0, 0.5, 1.0))):
        raise UsageError("a score is 1, 0.5 or 0")
    low, high = np.minimum(i, j), np.maximum(i, j)
    outcome = np.rint(2 * np.where(i < j, 1 - y, y)).astype(np.int64)  # 0 won, 1 drawn, 2 lost by the lower number
    keys, inverse = np.unique(low * players + high, return_inverse=True)
    outcomes = np.zeros((len(keys), 3))
    np.add.at(outcomes, (inverse, outcome), 1.0)
    pairs = Pairs(keys // players, keys % players, outcomes, players)
    fit = _fit(pairs, ties, ridge)
    meat, counts = None, None
    if covariance == "sandwich":
        meat = _meat(low, high, _residuals(pairs, fit, ties)[inverse, outcome], players, clusters)
        counts = None if clusters is None else _clusters_of(low, high, np.asarray(clusters), players)
    return _ratings(fit, meat, counts, covariance, centre, level)


def _clusters_of(first: np.ndarray, second: np.ndarray, clusters: np.ndarray, players: int) -> np.ndarray:
    """How many clusters each player is in. Shape (P,)."""
    _, labels = np.unique(clusters, return_inverse=True)
    pairs = np.unique(np.stack([np.concatenate([first, second]), np.concatenate([labels, labels])]), axis=1)
    return np.bincount(pairs[0], minlength=players)


def _table(name: str, values: npt.ArrayLike) -> np.ndarray:
    table = finite_array(name, values)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 2:
        raise UsageError(f"{name} must be a square table of at least two players, got shape {table.shape}")
    if not np.all(table >= 0):
        raise UsageError(f"{name} must be counts, 0 or more")
    if np.any(np.diag(table) != 0):
        raise UsageError(f"{name} must be 0 on the diagonal: nobody plays itself here")
    return table


# --- the fit --------------------------------------------------------------------------------------------------------


class _Fit(NamedTuple):
    theta: np.ndarray  # (T,): strengths, then ln nu
    inverse: np.ndarray  # (T, T): generalised inverse of the information
    log_likelihood: float
    players: int
    ridge: float
    groups: tuple[tuple[int, ...], ...]
    finite: bool


_HALF = np.array([[1.0], [0.5], [0.0]])  # statistic of won, drawn, lost: (3, D)
_DAVIDSON = np.array([[0.5, 0.0], [0.0, 1.0], [-0.5, 0.0]])


def _moments(theta: np.ndarray, pairs: Pairs, ties: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probabilities of the outcomes (Q, 3), mean (Q, D) and information (Q, D, D) of the statistics."""
    d = theta[pairs.first] - theta[pairs.second]
    if ties == "half":
        won, lost = -np.logaddexp(0, -d), -np.logaddexp(0, d)
        p = np.exp(won)
        return np.stack([won, (won + lost) / 2, lost], 1), p[:, None], (p * np.exp(lost))[:, None, None]
    logits = np.stack([d / 2, np.full_like(d, theta[pairs.players]), -d / 2], 1)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    p = np.exp(log_p)
    mean = p @ _DAVIDSON
    second = np.einsum("qo,od,oe->qde", p, _DAVIDSON, _DAVIDSON)
    return log_p, mean, second - mean[:, :, None] * mean[:, None, :]


def _fit(pairs: Pairs, ties: str, ridge: float | None) -> _Fit:
    if ties not in ("half", "davidson"):
        raise UsageError(f"ties is {ties!r}; allowed: 'half', 'davidson'")
    if len(pairs.first) == 0:
        raise UsageError("there are no games to rate")
    if ties == "davidson" and (pairs.outcomes[:, 1].sum() == 0 or pairs.outcomes[:, 1].sum() == pairs.outcomes.sum()):
        raise UsageError("Davidson's model needs some games drawn and some decided; use ties='half'")
    groups = groups_of(pairs)
    finite = len(groups) == 1 and (ties == "half" or draws_are_bounded(pairs))
    precision = number("ridge", ridge, least=0) if ridge is not None else 0.0 if finite else (ELO_PER_NAT / PRIOR_SD_ELO) ** 2
    if precision == 0 and not finite:
        raise UsageError(f"ridge is 0, but no finite estimate exists: {why_not(groups)}; give a positive ridge, or None")
    statistic = _HALF if ties == "half" else _DAVIDSON
    observed = pairs.outcomes @ statistic  # (Q, D)
    games = pairs.outcomes.sum(1)
    size = pairs.players + statistic.shape[1] - 1
    prior = np.zeros(size)
    prior[: pairs.players] = precision
    theta = np.zeros(size)
    for _ in range(100):
        _, mean, information = _moments(theta, pairs, ties)
        gradient = _scatter(pairs, observed - games[:, None] * mean, size) - prior * theta
        inverse = _inverse(_information(pairs, games[:, None, None] * information, size) + np.diag(prior), pairs.players, precision)
        step = inverse @ gradient
        if np.abs(step).max() < 1e-13:
            break
        theta = _climb(theta, step, lambda at: _likelihood(at, pairs, ties) - 0.5 * float(prior @ at**2))
    return _Fit(theta, inverse, _likelihood(theta, pairs, ties), pairs.players, precision, groups, finite)


def _likelihood(theta: np.ndarray, pairs: Pairs, ties: str) -> float:
    return float((pairs.outcomes * _moments(theta, pairs, ties)[0]).sum())


def _climb(theta: np.ndarray, step: np.ndarray, objective: Callable[[np.ndarray], float]) -> np.ndarray:
    """`theta` after the step, halved until the objective does not fall (it is concave, so that ends)."""
    before = objective(theta)
    slack = 1e-12 * abs(before)
    while objective(theta + step) < before - slack and np.abs(step).max() > 1e-15:
        step = step / 2
    return theta + step


def _scatter(pairs: Pairs, per_pair: np.ndarray, size: int) -> np.ndarray:
    """The gradient from each pair's residual statistics. Shapes (Q, D) to (T,)."""
    out = np.zeros(size)
    np.add.at(out, pairs.first, per_pair[:, 0])
    np.add.at(out, pairs.second, -per_pair[:, 0])
    if size > pairs.players:
        out[-1] = per_pair[:, 1].sum()
    return out


def _information(pairs: Pairs, per_pair: np.ndarray, size: int) -> np.ndarray:
    """The information matrix from each pair's. Shapes (Q, D, D) to (T, T)."""
    out = np.zeros((size, size))
    i, j, w = pairs.first, pairs.second, per_pair[:, 0, 0]
    for row, column, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
        np.add.at(out, (row, column), sign * w)
    if size > pairs.players:
        cross = np.zeros(size)
        np.add.at(cross, i, per_pair[:, 0, 1])
        np.add.at(cross, j, -per_pair[:, 0, 1])
        out[-1], out[:, -1] = cross, cross
        out[-1, -1] = per_pair[:, 1, 1].sum()
    return out


def _inverse(information: np.ndarray, players: int, precision: float) -> np.ndarray:
    """The inverse on the strengths that add up to 0 (without a prior, only differences are determined)."""
    flat = np.zeros_like(information)
    flat[:players, :players] = 1.0 / players
    if precision > 0:
        return np.linalg.inv(information)
    return np.linalg.inv(information + flat) - flat


# --- covariance -----------------------------------------------------------------------------------------------------


def _residuals(pairs: Pairs, fit: _Fit, ties: str) -> np.ndarray:
    """What one game of each pair and outcome adds to the gradient. Shape (Q, 3, D)."""
    _, mean, _ = _moments(fit.theta, pairs, ties)
    return (_HALF if ties == "half" else _DAVIDSON)[None] - mean[:, None, :]


def _meat(first: np.ndarray, second: np.ndarray, residuals: np.ndarray, players: int, clusters: npt.ArrayLike | None) -> np.ndarray:
    """The middle of the sandwich. Shapes (E,), (E,), (E, D) to (T, T)."""
    from scipy.sparse import coo_array

    games, size = len(first), players + residuals.shape[1] - 1
    if clusters is None:
        labels = np.arange(games)
    else:
        _, labels = np.unique(np.asarray(clusters), return_inverse=True)
        if labels.shape != (games,):
            raise UsageError(f"clusters must have shape ({games},) like the scores, got {labels.shape}")
    rows, columns, values = [labels, labels], [first, second], [residuals[:, 0], -residuals[:, 0]]
    if size > players:
        rows.append(labels)
        columns.append(np.full(games, players))
        values.append(residuals[:, 1])
    index = (np.concatenate(rows), np.concatenate(columns))
    count = int(labels.max()) + 1
    scores = coo_array((np.concatenate(values), index), shape=(count, size)).tocsr()
    factor = 1.0 if clusters is None else count / max(count - 1, 1)
    return factor * np.asarray((scores.T @ scores).todense())


def _ratings(fit: _Fit, meat: np.ndarray | None, clusters: np.ndarray | None, covariance: str, centre: float, level: float) -> Ratings:
    check_level(level)
    centre = number("centre", centre)
    if covariance not in ("sandwich", "fisher"):
        raise UsageError(f"covariance is {covariance!r}; allowed: 'sandwich', 'fisher'")
    spread = fit.inverse
    if meat is not None:
        prior = np.diag(np.where(np.arange(len(meat)) < fit.players, fit.ridge, 0.0))  # a prior is as good as that much data
        spread = fit.inverse @ (meat + prior) @ fit.inverse
    strengths = fit.theta[: fit.players]
    elo = centre + ELO_PER_NAT * (strengths - strengths.mean())
    centring = np.eye(fit.players) - 1.0 / fit.players  # the ratings' mean is fixed, a prior's is not
    covariance_elo = ELO_PER_NAT**2 * (centring @ spread[: fit.players, : fit.players] @ centring)
    se = np.sqrt(np.maximum(np.diag(covariance_elo), 0.0))
    if clusters is None:
        quantile = np.full(fit.players, normal_quantile(0.5 + level / 2))
    else:
        quantile = np.array([t_quantile(0.5 + level / 2, count - 1) if count > 1 else math.nan for count in clusters])
    half = np.where(se > 1e-9, quantile * se, math.nan)
    nu = float(np.exp(fit.theta[-1])) if len(fit.theta) > fit.players else None
    interval = np.stack([elo - half, elo + half], 1)
    return Ratings(elo, se, interval, covariance_elo, fit.log_likelihood, nu, fit.ridge, fit.groups, fit.finite, _note(fit))


def _note(fit: _Fit) -> str:
    if fit.finite:
        return "" if fit.ridge == 0 else f"ratings are drawn towards the mean by a prior of precision {fit.ridge:g} per nat squared"
    return (
        f"{why_not(fit.groups)}, so no finite estimate exists; a prior of spread {ELO_PER_NAT / math.sqrt(fit.ridge):.0f} Elo makes it "
        f"finite and sets the gaps"
    )
