"""Sampled traversals on array rules: what `traversal.traverse` does, all points of a depth stepped at once.

Axis letters: B points of a depth, S seats, R decisions, D numbers of an observation, A actions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from agentarena.core.batch import ListedBatch
from agentarena.core.errors import NotSupported

from .decisions import Decisions
from .traversal import Level, Samples, Sampling, advantages, draw

__all__ = ["DecideRows", "traverse_arrays"]

DecideRows = Callable[[int, np.ndarray, np.ndarray], np.ndarray]
"""From a seat, observations (R, D) and masks (R, A), probabilities (R, A)."""

_MOST_POINTS = 2_000_000


def traverse_arrays(
    rules: ListedBatch[Any], seat: int, count: int, decide: DecideRows, rng: np.random.Generator, sampling: Sampling = "external"
) -> tuple[list[Samples], dict[int, list[Samples]]]:
    """Sampled advantages of one seat, and the policies of the others on the way, of `count` traversals; see `traversal.traverse`.

    Args:
        rules: Array rules of the game.
        seat: The traversing seat.
        count: Traversals.
        decide: The policies of all seats.
        rng: Source of all draws.
        sampling: "external" or "outcome".

    Raises:
        NotSupported: The traversals have too many points at one depth.
    """
    state = rules.start(count, rng)
    levels: list[Level] = []
    strategies: dict[int, list[Samples]] = defaultdict(list)
    while True:
        credited = np.asarray(rules.rewards(state)[:, seat], np.float64)
        legal = np.asarray(rules.legal(state), bool)
        moving = np.any(legal, axis=2)
        level = Level(credited)
        levels.append(level)
        going_on = np.flatnonzero(np.any(moving, axis=1))
        if not len(going_on):
            return advantages(levels), strategies
        actions = np.zeros(moving.shape, np.intp)
        for other in np.flatnonzero(np.any(moving, axis=0)).tolist():
            rows = np.flatnonzero(moving[:, other])
            decision = _decision(rules, state, other, rows, legal, decide)
            if other == seat:
                level.own = decision
                continue
            strategies[other].append(Samples(decision.observations, decision.policies, decision.masks))
            actions[rows, other] = draw(decision.policies, rng)
        parents = _follow(level, seat, moving, actions, going_on, rng, sampling)
        if len(parents) > _MOST_POINTS:
            raise NotSupported(f"deep CFR: {count} traversals have more than {_MOST_POINTS:,} points at one depth; run fewer in parallel")
        joint = actions[parents]
        own = np.asarray(level.own_rows) >= 0
        joint[own, seat] = np.asarray(level.own_actions)[own]
        state = rules.step(rules.select(state, parents), joint, rng)


def _decision(rules: ListedBatch[Any], state: Any, seat: int, rows: np.ndarray, legal: np.ndarray, decide: DecideRows) -> Decisions:
    observations, masks = rules.observe_where(state, rows, np.full(len(rows), seat)), legal[rows, seat]
    return Decisions(observations, masks, decide(seat, observations, masks))


def _follow(
    level: Level, seat: int, moving: np.ndarray, actions: np.ndarray, going_on: np.ndarray, rng: np.random.Generator, sampling: Sampling
) -> np.ndarray:
    """The point that each child follows; what leads to the children is noted in `level`."""
    if level.own is None:
        size = len(going_on)
        level.parents, level.weights, level.scales = going_on, np.ones(size), np.ones(size)
        level.own_rows = level.own_actions = np.full(size, -1)
        return going_on
    others = going_on[~moving[going_on, seat]]
    owners = np.flatnonzero(moving[:, seat])
    masks, policies = level.own.masks, level.own.policies
    rows, chosen = np.nonzero(masks)
    scales = np.ones(len(rows))
    if sampling == "outcome":
        counts = masks.sum(1)
        first = np.cumsum(counts) - counts
        picked = first + (rng.random(len(counts)) * counts).astype(np.intp)
        rows, chosen, scales = rows[picked], chosen[picked], counts.astype(float)
    level.parents = np.concatenate([others, owners[rows]])
    level.weights = np.concatenate([np.ones(len(others)), policies[rows, chosen] * scales])
    level.scales = np.concatenate([np.ones(len(others)), scales])
    level.own_rows = np.concatenate([np.full(len(others), -1), rows])
    level.own_actions = np.concatenate([np.full(len(others), -1), chosen])
    return level.parents
