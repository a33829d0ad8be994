"""How strong the evidence is that one agent is ahead of another, for every pair, at any time: from their deals and from ratings by all deals.

Axis letters: P agents, Q comparisons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .deal_results import DealResults
from .ratings import Ratings, bradley_terry_pairs
from .sequential import BETS, mixture_log_e

__all__ = ["SCALE_ELO", "Evidence", "direct_evidence", "rating_evidence"]

SCALE_ELO = 100.0
"""Elo difference that the mixture over differences is centred on; differences of other sizes take little longer."""
_FEWEST_SPARE = 10
"""Degrees of freedom below which a rating is no evidence: deals of an agent less the agents it is rated against."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the results say of every ordered pair of agents.

    Attributes:
        log_e: Shape (P, P): natural logarithm of the e-value for "the row agent is ahead of the column agent".
        level_log_e: Shape (P, P), symmetric: of the e-value for "they differ by less than the margin"; -inf without a margin.
        elo: Shape (P,), Bradley-Terry ratings, for the order; a prior sets the gaps where no finite estimate exists.
        finite: Whether one exists.
        deals: Units behind it.
    """

    log_e: np.ndarray
    level_log_e: np.ndarray
    elo: np.ndarray
    finite: bool
    deals: int


def direct_evidence(results: DealResults) -> np.ndarray:
    """ln e that the row agent scores more than half against the column agent, from their own deals alone. Shape (P, P).

    `sequential.betting_log_e` on the mean score of each deal, for all pairs at once. It needs no model and no number of deals;
    0 where two never met.
    """
    size = len(results.agents)
    low, high, score = results.means()
    out = np.zeros((size, size))
    keys = low * size + high
    for x, cells in ((score, keys), (1.0 - score, high * size + low)):
        bets = np.stack([np.bincount(cells, np.log1p(b * (x - 0.5)), minlength=size * size) for b in BETS])
        out += np.where(np.bincount(cells, minlength=size * size) > 0, np.logaddexp.reduce(bets) - math.log(len(BETS)), 0.0).reshape(
            size, size
        )
    return out


def rating_evidence(results: DealResults, margin_elo: float = 0.0) -> Evidence:
    """What ratings and direct results say together.

        e = (e of the Bradley-Terry gap + e of the pair's own deals) / 2

    The average of two e-values is one. The gap's (`sequential.mixture_log_e`) uses every deal that links the two agents; its
    error is the sandwich by deals, with as many degrees of freedom as the agent of fewer deals has to spare over the number of
    agents rated. An agent that never lost to the others, or never won, has no rating: agents are rated within the sets that beat
    each other round and round (`Ratings.groups`), and across sets only their own deals count.

    Args:
        results: Complete deals.
        margin_elo: Agents that differ by less than this, in Elo points, are level; 0 for no such thing.

    Returns:
        For agents without a deal, ln e of 0: nothing is known.
    """
    size = len(results.agents)
    gap_log_e = np.zeros((size, size))  # e = 1: no evidence either way
    level = np.full((size, size), -math.inf)
    elo, finite = np.full(size, 1000.0), False
    if len(results.first):
        played = np.unique(np.concatenate([results.first, results.second]))
        fit = _fit(results, played)
        elo[played], finite = fit.elo, fit.finite and len(played) == size
        for group in fit.groups:
            members = played[list(group)]
            if len(members) > 1:
                within = fit if len(group) == len(played) else _fit(_within(results, members), members)
                _add_gaps(gap_log_e, level, within, members, results, margin_elo)
    log_e = np.logaddexp(gap_log_e, direct_evidence(results)) - math.log(2)
    np.fill_diagonal(log_e, 0.0)
    return Evidence(log_e, level - math.log(2), elo, finite, len(results.groups))


def _fit(results: DealResults, members: np.ndarray) -> Ratings:
    place = np.full(len(results.agents), -1)
    place[members] = np.arange(len(members))
    return bradley_terry_pairs(place[results.first], place[results.second], results.score, players=len(members), clusters=results.deals)


def _within(results: DealResults, members: np.ndarray) -> DealResults:
    """The comparisons among some agents."""
    mask = np.isin(results.first, members) & np.isin(results.second, members)
    return results.only(mask)


def _add_gaps(gap_log_e: np.ndarray, level: np.ndarray, fit: Ratings, members: np.ndarray, results: DealResults, margin_elo: float) -> None:
    """Evidence of the gaps within one set of agents, written into the tables."""
    gaps = fit.elo[:, None] - fit.elo[None, :]
    variance = np.diag(fit.covariance)
    squared = variance[:, None] + variance[None, :] - 2 * fit.covariance
    spare = deals_of(results)[members] - len(members)
    df = np.minimum(spare[:, None], spare[None, :])
    usable = (squared > 1e-9) & (df >= _FEWEST_SPARE)
    se = np.sqrt(np.where(usable, squared, 1.0))
    place = np.ix_(members, members)
    gap_log_e[place] = np.where(usable, mixture_log_e(gaps, se, SCALE_ELO, np.maximum(df, 1)), 0.0)
    if margin_elo > 0:
        one_side = mixture_log_e(margin_elo - gaps, se, margin_elo, np.maximum(df, 1))
        level[place] = np.where(usable, np.minimum(one_side, one_side.T), -math.inf)


def deals_of(results: DealResults) -> np.ndarray:
    """Units that each agent took part in, of those with a comparison. Shape (P,)."""
    size = len(results.agents)
    units = np.concatenate([results.units, results.units])
    pairs = np.unique(units * size + np.concatenate([results.first, results.second]))
    return np.bincount(pairs % size, minlength=size)
