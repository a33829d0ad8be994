"""Online Elo: ratings that move after every game, for ladders that never end.

For a finished set of games `bradley_terry` is better: it has no K and no order. The functions here also say how much of
an online rating is order and how much is luck.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agentarena.core.errors import UsageError

from .arguments import check_level, finite_array, number, random_generator, whole_number, whole_numbers

__all__ = ["EloSpread", "elo", "elo_spread"]


class EloSpread(NamedTuple):
    """Result of `elo_spread`; every array has shape (P,) or (P, 2).

    Attributes:
        elo: Mean final rating over random orders of the games played.
        order_sd: Standard deviation over those orders: noise of the method, not of the players.
        interval: Percentiles over resampled games in random order: of the rating that this `k` gives after these many games, not of
            a strength. nan with one cluster only, or where nothing varies.
    """

    elo: np.ndarray
    order_sd: np.ndarray
    interval: np.ndarray


def _games(
    first: npt.ArrayLike, second: npt.ArrayLike, score: npt.ArrayLike, players: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    i, j, y = whole_numbers("first", first), whole_numbers("second", second), finite_array("score", score)
    if not (i.ndim == 1 and i.shape == j.shape == y.shape) or i.size == 0:
        raise UsageError(f"first, second and score must have one shape (E,), E >= 1; got {i.shape}, {j.shape}, {y.shape}")
    count = int(max(i.max(), j.max())) + 1 if players is None else whole_number("players", players, 2)
    if min(i.min(), j.min()) < 0 or max(i.max(), j.max()) >= count or np.any(i == j):
        raise UsageError(f"players are numbered 0 to {count - 1} and never meet themselves")
    if not np.all((y >= 0) & (y <= 1)):
        raise UsageError("a score lies between 0 and 1")
    return i, j, y, count


def _run(i: np.ndarray, j: np.ndarray, y: np.ndarray, players: int, k: float, init: float, played: np.ndarray | None = None) -> np.ndarray:
    """Final ratings of R runs at once. Shapes (R, E) each; returns (R, P). Games where `played` is 0 change nothing."""
    ratings = np.full((len(i), players), init)
    row = np.arange(len(i))
    for step in range(i.shape[1]):
        a, b = i[:, step], j[:, step]
        expected = 1.0 / (1.0 + 10.0 ** ((ratings[row, b] - ratings[row, a]) / 400.0))
        change = k * (y[:, step] - expected)
        if played is not None:
            change = change * played[:, step]
        ratings[row, a] += change
        ratings[row, b] -= change
    return ratings


def elo(
    first: npt.ArrayLike, second: npt.ArrayLike, score: npt.ArrayLike, *, players: int | None = None, k: float = 32.0, init: float = 1000.0
) -> np.ndarray:
    """Each player's rating after the games in the order given.

        E = 1 / (1 + 10^((R_second - R_first) / 400));   R_first += k (score - E);   R_second -= k (score - E)

    Args:
        first: Shape (E,), player numbers.
        second: Shape (E,).
        score: Shape (E,), of `first`: 1 won, 0.5 drawn, 0 lost.
        players: P; the largest number plus 1 when left out.
        k: Largest change per game. Small ones have not converged after few games, large ones are noisy.
        init: Rating before the first game; the mean stays there.

    Returns:
        Shape (P,), Elo points.

    Raises:
        UsageError: Shapes differ, a player is unknown or meets itself, or a score, `k` or `init` is out of range.

    Reference: A. Elo, The Rating of Chessplayers (1978).

    >>> elo([0], [1], [1.0]).tolist()
    [1016.0, 984.0]
    """
    i, j, y, count = _games(first, second, score, players)
    k, init = number("k", k, above=0), number("init", init)
    return np.asarray(_run(i[None], j[None], y[None], count, k, init)[0])


def elo_spread(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    players: int | None = None,
    clusters: npt.ArrayLike | None = None,
    k: float = 32.0,
    init: float = 1000.0,
    resamples: int = 300,
    level: float = 0.95,
    rng: np.random.Generator | int = 0,
) -> EloSpread:
    """Online Elo averaged over random orders, with what the order adds and an interval.

    Args:
        first: As in `elo`, like `second`, `score`, `players`, `k` and `init`.
        second: See `elo`.
        score: See `elo`.
        players: See `elo`.
        clusters: Shape (E,): games that share their luck and are resampled together, e.g. those of one deal.
        k: See `elo`.
        init: See `elo`.
        resamples: Number of random orders, and of resampled sets of games.
        level: Coverage of the interval.
        rng: A generator or a seed.

    Raises:
        UsageError: As in `elo`.

    >>> elo_spread([0, 0], [1, 1], [1.0, 0.0], resamples=9).elo.sum().round(6).item()
    2000.0
    """
    check_level(level)
    i, j, y, count = _games(first, second, score, players)
    k, init, resamples = number("k", k, above=0), number("init", init), whole_number("resamples", resamples, 1)
    generator = random_generator(rng)
    games = len(i)
    orders = np.stack([generator.permutation(games) for _ in range(resamples)])
    ordered = _run(i[orders], j[orders], y[orders], count, k, init)
    labels = np.arange(games) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    if labels.shape != (games,):
        raise UsageError(f"clusters must have shape ({games},) like the scores, got {labels.shape}")
    members = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
    draws = []
    for _ in range(resamples):
        chosen = np.concatenate([members[c] for c in generator.integers(len(members), size=len(members))])
        draws.append(chosen[generator.permutation(len(chosen))])
    longest = max(map(len, draws))
    played = np.array([np.arange(longest) < len(draw) for draw in draws], np.float64)
    index = np.array([np.pad(draw, (0, longest - len(draw))) for draw in draws])
    finals = _run(i[index], j[index], y[index], count, k, init, played)
    tail = (1 - level) / 2
    interval = np.quantile(finals, [tail, 1 - tail], axis=0).T
    varies = np.ptp(finals, axis=0) > 1e-9 if len(members) > 1 else np.zeros(count, bool)
    return EloSpread(ordered.mean(0), ordered.std(0), np.where(varies[:, None], interval, np.nan))
