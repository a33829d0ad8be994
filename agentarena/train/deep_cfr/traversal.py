"""Sampled traversals in lockstep: many traversals of one seat, depth by depth, so that networks are asked once a depth.

External sampling follows every action of the seat; outcome sampling one, drawn uniformly, whose value is divided by the chance of
drawing it. Uniform draws keep the seat's own part in how often a decision is met the same in every iteration, so that a network that
is fitted to the samples learns what it learns from external sampling, from more but noisier rows.

Axis letters: N points of a level, R decisions, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.game import Game

from .decisions import Decisions

__all__ = ["SAMPLINGS", "Level", "Samples", "Sampling", "advantages", "draw", "traverse"]

Sampling = Literal["external", "outcome"]
SAMPLINGS: tuple[Sampling, ...] = ("external", "outcome")

Decide = Callable[[int, Sequence[Any]], Decisions]
"""From a seat and states where it is to move, its decisions."""

_MOST_POINTS = 2_000_000
"""Points of one depth, all traversals together."""


class Samples(NamedTuple):
    """Rows of one kind. Shapes (R, D), (R, A), (R, A)."""

    observations: np.ndarray
    targets: np.ndarray
    masks: np.ndarray


@dataclass
class Level:
    """The points of one depth.

    Attributes:
        credited: Rewards of the traversing seat there. Shape (N,).
        parents: For each child, the point it follows. Shape (children,).
        weights: For each child, the traversing seat's probability of going there over that of following it; 1 where another seat moved.
        scales: For each child, 1 over the probability of following it.
        own: The traversing seat's decisions; `None` where it has none.
        own_rows, own_actions: For each child, which of these decisions it follows (-1: none) and by which action.
    """

    credited: np.ndarray
    parents: Sequence[int] | np.ndarray = field(default_factory=list)
    weights: Sequence[float] | np.ndarray = field(default_factory=list)
    scales: Sequence[float] | np.ndarray = field(default_factory=list)
    own: Decisions | None = None
    own_rows: Sequence[int] | np.ndarray = field(default_factory=list)
    own_actions: Sequence[int] | np.ndarray = field(default_factory=list)


def traverse(
    game: Game[Any], seat: int, count: int, decide: Decide, rng: np.random.Generator, sampling: Sampling = "external"
) -> tuple[list[Samples], dict[int, list[Samples]]]:
    """Sampled advantages of one seat, and the policies of the others on the way, of `count` traversals.

        advantage[a] = v[a] - sum over b of policy[b] * v[b],   v: return from the decision on, others and chance sampled

    Every action of `seat` is followed, or one, and one of everyone else's. Seats that move at once are sampled apart from each other.
    With outcome sampling v[a] is n v for the action drawn of n, and 0 for the others: the same in the mean.

    Args:
        game: The rules.
        seat: The traversing seat.
        count: Traversals.
        decide: The policies of all seats.
        rng: Source of all draws.
        sampling: "external" or "outcome".

    Returns:
        Advantages in the game's unit, one entry a depth; and for each other seat its probabilities.

    Raises:
        NotSupported: The traversals need too many points at one depth.
    """
    states = [game.start(rng) for _ in range(count)]
    levels: list[Level] = []
    strategies: dict[int, list[Samples]] = defaultdict(list)
    while states:
        if len(states) > _MOST_POINTS:
            raise NotSupported(
                f"deep CFR: {count} traversals of {type(game).__name__} have more than {_MOST_POINTS:,} points at one depth; "
                "run fewer in parallel, or use smaller options"
            )
        level = Level(np.array([game.rewards(state)[seat] for state in states], np.float64))
        movers = [game.to_move(state) for state in states] if len(levels) < game.info.max_steps else [()] * len(states)
        decisions, where = _ask(states, movers, decide)
        for other, decision in decisions.items():
            if other != seat:
                strategies[other].append(Samples(decision.observations, decision.policies, decision.masks))
        choices = {other: draw(decision.policies, rng) for other, decision in decisions.items() if other != seat}
        level.own = decisions.get(seat)
        states = _children(game, level, states, movers, where, choices, seat, rng, sampling)
        levels.append(level)
    return advantages(levels), strategies


def _ask(
    states: Sequence[Any], movers: Sequence[tuple[int, ...]], decide: Decide
) -> tuple[dict[int, Decisions], dict[int, dict[int, int]]]:
    """Every seat's decisions at this depth, and for each seat the row of each point in them."""
    points: dict[int, list[int]] = defaultdict(list)
    for point, seats in enumerate(movers):
        for seat in seats:
            points[seat].append(point)
    decisions = {seat: decide(seat, [states[point] for point in own]) for seat, own in sorted(points.items())}
    return decisions, {seat: {point: row for row, point in enumerate(own)} for seat, own in points.items()}


def draw(policies: np.ndarray, rng: np.random.Generator) -> list[int]:
    """One action a row. Shape (R, A) -> R."""
    cumulative = policies.cumsum(1)
    cumulative /= cumulative[:, -1:]
    chosen: list[int] = (rng.random(len(policies))[:, None] >= cumulative).sum(1).tolist()
    return chosen


def _children(
    game: Game[Any],
    level: Level,
    states: Sequence[Any],
    movers: Sequence[tuple[int, ...]],
    where: dict[int, dict[int, int]],
    choices: dict[int, list[int]],
    seat: int,
    rng: np.random.Generator,
    sampling: Sampling,
) -> list[Any]:
    """The points of the next depth; what leads to them is noted in `level`."""
    children: list[Any] = []
    links: list[tuple[int, float, float, int, int]] = []

    def follow(point: int, actions: dict[int, int], weight: float, scale: float, row: int, action: int) -> None:
        children.append(game.step(states[point], actions, rng))
        links.append((point, weight * scale, scale, row, action))

    for point, seats in enumerate(movers):
        if not seats:
            continue
        actions = {other: choices[other][where[other][point]] for other in seats if other != seat}
        if seat not in seats:
            follow(point, actions, 1.0, 1.0, -1, -1)
            continue
        assert level.own is not None
        row = where[seat][point]
        policy = level.own.policies[row].tolist()
        followed = np.flatnonzero(level.own.masks[row]).tolist()
        scale = 1.0
        if sampling == "outcome":
            scale = float(len(followed))
            followed = [followed[int(rng.random() * len(followed))]]
        for action in followed:
            follow(point, {**actions, seat: action}, policy[action], scale, row, action)
    if links:
        level.parents, level.weights, level.scales, level.own_rows, level.own_actions = zip(*links, strict=True)
    return children


def advantages(levels: list[Level]) -> list[Samples]:
    """Advantages of all own decisions, from the last depth up."""
    samples = []
    values = np.zeros(0)  # of the points one depth below
    for level in reversed(levels):
        parents = np.array(level.parents, np.intp)  # empty at the end
        if level.own is not None:
            rows, actions = np.array(level.own_rows, np.intp), np.array(level.own_actions, np.intp)
            own = rows >= 0
            of_actions = np.zeros(level.own.policies.shape)
            of_actions[rows[own], actions[own]] = values[own] * np.array(level.scales)[own]
            means = (level.own.policies * of_actions).sum(1, keepdims=True)
            samples.append(Samples(level.own.observations, np.where(level.own.masks, of_actions - means, 0.0), level.own.masks))
        weighted = np.array(level.weights) * values
        values = level.credited + np.bincount(parents, weighted, len(level.credited)) if len(parents) else level.credited
    return samples
