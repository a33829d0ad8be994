"""Latent policies at the same table on array rules: shares of matches won, for games too large to be judged exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from agentarena.core.batch import ListedBatch
from agentarena.core.game import Game
from agentarena.core.rng import stream

from .judging import role_holders
from .policy import LatentPolicy

__all__ = ["played_figures", "returns_of"]

RoleOf = Callable[[np.ndarray, int], str]


def returns_of(
    rules: ListedBatch[Any], role_of: RoleOf, policies: Mapping[str, LatentPolicy | None], matches: int, rng: np.random.Generator
) -> np.ndarray:
    """Returns of all seats in so many matches. Shape (matches, S).

    Args:
        rules: Array rules of the game.
        role_of: Names the role of a seat from what it sees.
        policies: Role -> its policy; `None`, or a role that is missing, plays uniformly.
        matches: How many.
        rng: Source of all draws.
    """
    state = rules.start(matches, rng)
    total = np.asarray(rules.rewards(state), np.float64).copy()
    while not np.all(rules.over(state)):
        legal = np.asarray(rules.legal(state), bool)
        probabilities = legal / np.maximum(1, legal.sum(2, keepdims=True))
        rows, seats = np.nonzero(np.any(legal, axis=2))
        observations = rules.observe_where(state, rows, seats)
        roles = np.array([role_of(row, seat) for row, seat in zip(observations, seats.tolist(), strict=True)])
        for role in dict.fromkeys(roles.tolist()):
            policy, here = policies.get(role), roles == role
            if policy is not None:
                masks = legal[rows[here], seats[here]]
                probabilities[rows[here], seats[here]] = policy.probabilities(role, observations[here], masks)
        state = rules.step(state, _drawn(probabilities, rng), rng)
        total += rules.rewards(state)
    return total


def _drawn(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One action for each seat to move; 0 for the others. Shape (B, S, A) -> (B, S)."""
    cumulative = probabilities.cumsum(2)
    draws = rng.random(cumulative.shape[:2]) * cumulative[..., -1]
    return np.asarray(np.minimum((draws[..., None] >= cumulative).sum(2), probabilities.shape[2] - 1) * (cumulative[..., -1] > 0))


def played_figures(
    game: Game[Any], rules: ListedBatch[Any], role_of: RoleOf, policy: LatentPolicy, matches: int, seed: int
) -> dict[str, float]:
    """Shares of wins by sampled matches; an undecided one counts half.

    Returns:
        For each of two sides of unequal size `SIDE.self`, `SIDE.uniform`, `SIDE.against_uniform`; `standard_error`, the greatest of
        theirs; `judged_matches` of each. Nothing where the game has no such sides.
    """
    holders = role_holders(game)
    sides = {team: sum(count for other, count in holders.values() if other == team) for team, _ in holders.values()}
    if len(sides) != 2 or len(set(sides.values())) != 2:
        return {}
    lead = max(sides.values()) - min(sides.values())
    everyone: dict[str, LatentPolicy | None] = dict.fromkeys(holders, policy)
    figures: dict[str, float] = {}
    for number, side in enumerate(sides):
        sign = 1.0 if sides[side] == max(sides.values()) else -1.0
        own = {role: policy if team == side else None for role, (team, _) in holders.items()}
        for at, (name, policies) in enumerate((("self", everyone), ("uniform", {}), ("against_uniform", own))):
            returns = returns_of(rules, role_of, policies, matches, stream(seed, 9, number, at))
            figures[f"{side}.{name}"] = float(0.5 + 0.5 * sign * returns.sum(1).mean() / lead)
    error = max(math.sqrt(share * (1.0 - share) / matches) for share in figures.values())
    return {**figures, "standard_error": error, "judged_matches": float(matches)}
