"""Who is a werewolf, by Bayes' rule over deals: what a player believes from claims, reports, accusations and votes.

A hypothesis is a set of wolves. Its weight is the uniform prior over deals, restricted to what the player knows for certain, times
the likelihood of what was said and how was voted under a simple model of play, summed over who the seer is. The model's numbers are
chosen by hand; they say how much likelier a wolf is to do something than a villager, and nothing else depends on them.

Axis letters: H hypotheses, N seats.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from .roles import SEER, WOLF

__all__ = ["deals", "wolf_beliefs"]

_MOST = 20_000
# log odds of doing it to a wolf, by a wolf and by a villager, against doing it to a villager
_WOLF_ON_WOLF, _VILLAGE_ON_WOLF = np.log(0.4), np.log(1.3)
# log likelihood of claiming the seer: the true seer, a wolf, anybody else
_CLAIM = {"seer": np.log(0.6), "wolf": np.log(0.08), "other": np.log(0.01)}
_LIE = np.log(0.01)  # a true seer's report that is wrong
_FALSE_ACCUSATION, _FALSE_DEFENCE, _TRUE = np.log(0.7), np.log(0.7), np.log(0.3)  # a wolf's report about a villager, about a wolf


@lru_cache(maxsize=64)
def deals(players: int, wolves: int) -> np.ndarray:
    """All sets of `wolves` of `players` seats, or 20,000 of them drawn once when there are more. Shape (H, N), bool; read only."""
    if comb(players, wolves) <= _MOST:
        sets = np.zeros((comb(players, wolves), players), bool)
        for row, members in enumerate(combinations(range(players), wolves)):
            sets[row, list(members)] = True
    else:
        keys = np.random.Generator(np.random.PCG64(players * 100 + wolves)).random((_MOST, players))
        sets = keys.argsort(axis=1).argsort(axis=1) < wolves
    sets.setflags(write=False)
    return sets


def wolf_beliefs(parts: Mapping[str, np.ndarray], wolves: int, *, seer: bool) -> np.ndarray:
    """Probability that each seat is a werewolf, for a player with this observation.

    Args:
        parts: The observation by parts (`observe.Layout.parts`).
        wolves: Wolves dealt.
        seer: Whether there is a seer.

    Returns:
        Shape (N,); adds up to `wolves`. Seats known for certain have 0 or 1.
    """
    n = len(parts["alive"])
    sets = deals(n, wolves)
    sure_wolf = (parts["wolf"] > 0) | (parts["known"][:, WOLF] > 0)
    sure_clean = ((parts["clean"] > 0) | ((parts["known"].sum(axis=1) > 0) & ~sure_wolf)) & ~sure_wolf
    fits = ~(sets & sure_clean).any(axis=1) & (sets | ~sure_wolf).all(axis=1)
    if not fits.any():  # the drawn sample of deals holds none that fits
        return np.where(sure_wolf, 1.0, np.where(sure_clean, 0.0, wolves / n))
    sets = sets[fits]
    log_weights = _from_deeds(sets, parts) + (_from_claims(sets, parts) if seer else 0.0)
    weights = np.exp(log_weights - log_weights.max())
    made: np.ndarray = weights @ sets / weights.sum()
    return made


def _from_deeds(sets: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log likelihood of votes, accusations and defences. Shape (H,)."""
    n = sets.shape[1]
    against = parts["votes"][:, :, :n].sum(axis=0) + 2 * parts["accuse"] - 2 * parts["defend"]
    hits = against @ sets.T.astype(np.float64)  # (N, H): what each did against the wolves of each hypothesis
    by_wolves = (hits.T * sets).sum(axis=1)
    by_others = (hits.T * ~sets).sum(axis=1)
    made: np.ndarray = _WOLF_ON_WOLF * by_wolves + _VILLAGE_ON_WOLF * by_others
    return made


def _from_claims(sets: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Log likelihood of claims to be the seer and of reports, summed over who the seer is. Shape (H,)."""
    n = sets.shape[1]
    reports = parts["wolves"] - parts["cleans"]  # (N, N): 1 reported as a wolf, -1 as clean
    spoke = (parts["claims"][:, SEER] > 0) | (reports != 0).any(axis=1)
    wrong = ((reports > 0) @ ~sets.T) + ((reports < 0) @ sets.T)  # (N, H): reports that would be false
    as_seer = _CLAIM["seer"] + _LIE * wrong.T
    as_wolf = _CLAIM["wolf"] + _FALSE_ACCUSATION * ((reports > 0) @ ~sets.T).T + _FALSE_DEFENCE * ((reports < 0) @ sets.T).T
    as_wolf = as_wolf + _TRUE * (((reports > 0) @ sets.T) + ((reports < 0) @ ~sets.T)).T
    otherwise = np.where(sets, as_wolf, _CLAIM["other"]) * spoke  # (H, N): each speaker's likelihood when not the seer
    total = otherwise.sum(axis=1)
    gain = np.where(spoke, as_seer - otherwise, 0.0)  # in place of that, were the speaker the seer
    known = parts["known"][:, SEER] > 0
    may_be = ~sets & (known if known.any() else parts["known"].sum(axis=1) == 0)
    score = np.where(may_be, gain, -np.inf)
    best = score.max(axis=1, keepdims=True)
    safe = np.where(np.isfinite(best), best, 0.0)
    seers = safe[:, 0] + np.log(np.maximum(np.exp(score - safe).sum(axis=1), 1e-12))
    made: np.ndarray = total + seers - np.log(n)
    return made
