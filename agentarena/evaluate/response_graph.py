"""ResponseGraphUCB: which profile to play next, until the direction of every switch between profiles is known.

The response graph has a profile for each choice of strategies and an edge wherever two profiles differ in one population;
it points to what that population earns more from. alpha-Rank at infinite alpha needs nothing else.

Axis letters: K populations, C cells (what can be played), Q payoffs observed in a cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from ._stationary import closed_classes
from .arguments import finite_array, number, whole_number
from .mean_bounds import Bound, bound_ends, check_bound
from .orientations import Edges, orientation_bounds
from .rank_intervals import profile_edges

__all__ = ["ResponseGraph", "ResponseGraphUCB", "Sampling"]

Sampling = Literal["U", "UE", "VW", "CW"]
"""Uniform, uniform-exhaustive, valence-weighted, count-weighted."""
_LEVEL = 1e-12
"""Sample means closer than this, as a share of the range of payoffs, are level."""


@dataclass(frozen=True, eq=False)
class ResponseGraph:
    """What is known of a response graph.

    Attributes:
        shape: Strategies of each population; one number for one population.
        first: Shape (edges,), number of one profile of each edge, row-major; with one population, of a strategy.
        second: Number of the other.
        favours: 1 where `first` is better, -1 where `second` is: for sure where resolved, else by the sample means; 0 where
            those are level.
        resolved: Which edges are decided.
    """

    shape: tuple[int, ...]
    first: np.ndarray
    second: np.ndarray
    favours: np.ndarray
    resolved: np.ndarray

    def __repr__(self) -> str:
        return f"<ResponseGraph of {math.prod(self.shape)} profiles, {int(self.resolved.sum())} of {len(self.first)} edges resolved>"

    @property
    def recurrent_classes(self) -> tuple[tuple[int, ...], ...]:
        """Sets of profiles that the graph never leaves; a level edge goes both ways."""
        forth, back = self.favours <= 0, self.favours >= 0
        rows = np.concatenate([self.first[forth], self.second[back]])
        columns = np.concatenate([self.second[forth], self.first[back]])
        return closed_classes(math.prod(self.shape), rows, columns)

    def bounds(self, *, epsilon: float = 0.01) -> np.ndarray:
        """Least and largest alpha-Rank share of each profile at infinite alpha, over all ways the open edges may point. Shape (n, 2)."""
        known = np.where(self.resolved, self.favours, 0)
        return orientation_bounds(Edges(math.prod(self.shape), self.first, self.second, known), epsilon)

    def wrong(self, payoffs: Any) -> int:
        """How many edges point against a game's true payoffs: one square table, or K tables. Level edges are never wrong."""
        tables = np.asarray(payoffs, np.float64)
        if len(self.shape) == 1:
            gains = tables[self.first, self.second] - tables[self.second, self.first]
        else:
            population = profile_edges(self.shape)[2]
            flat = tables.reshape(len(self.shape), -1)
            gains = flat[population, self.first] - flat[population, self.second]
        return int((np.sign(gains) * self.favours < 0).sum())


class ResponseGraphUCB:
    """Chooses profiles to play and keeps count until every edge of the response graph is resolved.

    One step: `profile = sampler.next_profile(rng)`; play it once; `sampler.observe(profile, payoffs)`. Every profile is played
    once first. An edge is resolved, for good, when the intervals of its two mean payoffs are apart (`payoff_intervals`).

        U   an open edge at random, then one of its two profiles at random
        UE  the first open edge in a fixed random order, until it is resolved; one of its profiles at random
        VW  a profile with chance proportional to (number of its open edges)^2
        CW  the least-played profile that has an open edge

    One population: what is played is a pair of strategies, which decides its own edge by the margin of the two payoffs; VW
    then weighs a pair by (open pairs of the one + open pairs of the other)^2, as a match informs about two strategies.

    UE stays at a near-tie for as long as there is a budget. `patience` is our guard: after so many games in a row an edge goes
    to the end of the order. The paper has none.

    The chance of a wrong edge is at most that of an interval that misses while it is looked at. With `share="payoff"` delta is
    for each interval by itself and for one look, as in the paper's experiments. `share="all"` divides it by the number of
    payoffs, `shrinking=True` gives the interval after N samples delta 6 / (pi^2 N^2); with both, the whole graph is right with
    chance 1 - delta, whenever it stops (Hoeffding without `relax`).

    Args:
        shape: Number of strategies of each population, e.g. (3, 3, 3); one number for one population of a symmetric game.
        sampling: "U", "UE", "VW" or "CW".
        bound: "hoeffding" or "clopper-pearson", see `payoff_intervals`.
        relax: How far both ends of an interval move inwards, in units of the range of payoffs; 0 for honest intervals.
        delta: Chance of error, in (0, 1).
        share: "payoff" or "all".
        shrinking: Whether delta falls with the number of samples.
        payoff_bounds: Least and largest payoff of the game; payoffs are scaled to [0, 1] by it. One population: the margin of
            the two payoffs is scaled from [-(high - low), high - low].
        budget: Most games; none when left out.
        patience: See above; for UE alone.
        seed: Of the order of UE.

    Reference: M. Rowland et al., "Multiagent Evaluation under Incomplete Information" (NeurIPS 2019, arXiv 1909.09849), section
    4, as implemented in OpenSpiel 2.0.2, with these differences: relaxed Hoeffding intervals are relaxed at both ends (there the shifts
    cancel), an edge keeps the direction in which it was resolved (there a later sign of the means adds the opposite edge).

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> sampler = ResponseGraphUCB((2, 2), sampling="CW", bound="clopper-pearson", delta=0.1)
    >>> while (profile := sampler.next_profile(rng)) is not None:  # a prisoner's dilemma, payoffs without noise
    ...     sampler.observe(profile, {(0, 0): (0.6, 0.6), (0, 1): (0, 1), (1, 0): (1, 0), (1, 1): (0.2, 0.2)}[profile])
    >>> sampler.decided, sampler.graph().recurrent_classes
    (True, ((3,),))
    """

    def __init__(
        self,
        shape: int | Sequence[int],
        *,
        sampling: Sampling = "CW",
        bound: Bound = "hoeffding",
        relax: float = 0.0,
        delta: float = 0.05,
        share: Literal["payoff", "all"] = "payoff",
        shrinking: bool = False,
        payoff_bounds: tuple[float, float] = (0.0, 1.0),
        budget: int | None = None,
        patience: int | None = None,
        seed: int = 0,
    ) -> None:
        if sampling not in get_args(Sampling):
            raise UsageError(f"sampling is {sampling!r}; allowed: {', '.join(get_args(Sampling))}")
        check_bound(bound)
        if share not in ("payoff", "all"):
            raise UsageError(f"share is {share!r}; allowed: 'payoff', 'all'")
        if patience is not None and sampling != "UE":
            raise UsageError("patience is for sampling='UE' alone")
        self.sampling, self.bound, self.shrinking = sampling, bound, bool(shrinking)
        self.relax = number("relax", relax, least=0)
        if not self.relax < 0.5 or not 0 < number("delta", delta) < 1:
            raise UsageError(f"need 0 <= relax < 0.5 and 0 < delta < 1, got {relax} and {delta}")
        self.low, self.high = (number("payoff_bounds", end) for end in payoff_bounds)
        if not self.low < self.high:
            raise UsageError(f"payoff_bounds are {payoff_bounds}; expected the least and the largest payoff, e.g. (-1, 1)")
        self.budget = None if budget is None else whole_number("budget", budget, 1)
        self.patience = None if patience is None else whole_number("patience", patience, 1)
        self._cells = _cells(shape)
        self.shape = self._cells.shape
        self.delta = delta / (self._cells.payoffs * len(self._cells.profiles) if share == "all" else 1)
        count = len(self._cells.profiles)
        self.games = 0
        self.counts = np.zeros(count, np.int64)
        self._unplayed = list(range(count))[::-1]
        self._means = np.zeros((count + 1, self._cells.payoffs))
        self._means[count] = 0.5
        self._ends = np.tile(np.array([-math.inf, math.inf]), (count + 1, self._cells.payoffs, 1))
        self._ends[count] = 0.5  # the constant that a margin is compared with
        self._resolved = np.zeros(len(self._cells.first), np.int64)
        self.open_edges = len(self._resolved)
        self._order = np.random.default_rng(whole_number("seed", seed, 0, 2**128)).permutation(len(self._cells.first)).tolist()
        self._turns = 0  # games since the present edge of UE came first

    def __repr__(self) -> str:
        return f"<ResponseGraphUCB {self.sampling}, {self.bound}: {self.games} games, {self.graph()!r}>"

    @property
    def decided(self) -> bool:
        """Whether every edge is resolved."""
        return self.open_edges == 0

    def next_profile(self, rng: np.random.Generator) -> tuple[int, ...] | None:
        """The profile to play once; with one population, the pair of strategies. `None` when all is decided or the budget is spent.

        No state changes: the same observations and the same state of `rng` give the same profile.
        """
        if self.decided or (self.budget is not None and self.games >= self.budget):
            return None
        while self._unplayed and self.counts[self._unplayed[-1]]:
            self._unplayed.pop()
        return self._cells.profiles[self._unplayed[-1] if self._unplayed else self._choice(rng)]

    def observe(self, profile: Sequence[int], payoffs: npt.ArrayLike) -> None:
        """Count one game.

        Args:
            profile: What was played.
            payoffs: Shape (K,), one a population, in the game's unit; with one population, of the two strategies of the pair.

        Raises:
            UsageError: There is no such profile, or a payoff is outside `payoff_bounds`.
        """
        key = tuple(profile)
        if key not in self._cells.index:
            raise UsageError(f"profile is {shown(profile)}; expected one of {len(self._cells.profiles)} such as {self._cells.profiles[0]}")
        values = finite_array("payoffs", payoffs)
        if values.shape != (len(key),) or values.min() < self.low or values.max() > self.high:
            raise UsageError(f"payoffs are {shown(payoffs)}; expected {len(key)} numbers from {self.low:g} to {self.high:g}")
        cell = self._cells.index[key]
        self.games += 1
        self.counts[cell] += 1
        self._means[cell] += (self._scaled(values) - self._means[cell]) / self.counts[cell]
        self._resolve(cell)

    def graph(self) -> ResponseGraph:
        """What is known now: resolved edges as they were resolved, the others by their sample means."""
        cells = self._cells
        gaps = self._means[cells.one, cells.payoff] - self._means[cells.other, cells.payoff]
        gaps = np.where(np.abs(gaps) < _LEVEL, 0, np.sign(gaps)).astype(np.int64)
        return ResponseGraph(
            self.shape, cells.first, cells.second, np.where(self._resolved != 0, self._resolved, gaps), self._resolved != 0
        )

    def _scaled(self, payoffs: np.ndarray) -> np.ndarray:
        share = (payoffs - self.low) / (self.high - self.low)
        return share if len(self.shape) > 1 else np.array([(1 + share[0] - share[1]) / 2])

    def _resolve(self, cell: int) -> None:
        """New intervals of one cell, and its open edges tested."""
        cells, count = self._cells, float(self.counts[cell])
        delta = self.delta * (6 / (math.pi * count) ** 2 if self.shrinking else 1.0)
        mean = np.clip(self._means[cell], 0.0, 1.0)
        low, high = bound_ends(mean, np.full_like(mean, count), np.full_like(mean, delta), self.bound)
        self._ends[cell, :, 0], self._ends[cell, :, 1] = low + self.relax, high - self.relax
        before = self._order[0] if self.sampling == "UE" and self._order else None
        edges = cells.edges_of[cell]
        edges = edges[self._resolved[edges] == 0]
        one, other, payoff = cells.one[edges], cells.other[edges], cells.payoff[edges]
        ahead = self._means[one, payoff] > self._means[other, payoff]
        first = ahead & (self._ends[one, payoff, 0] > self._ends[other, payoff, 1])
        second = ~ahead & (self._ends[other, payoff, 0] > self._ends[one, payoff, 1])
        self._resolved[edges[first]], self._resolved[edges[second]] = 1, -1
        self.open_edges -= int(first.sum() + second.sum())
        if self.sampling == "UE":
            self._turn(before)

    def _turn(self, before: int | None) -> None:
        """Drop resolved edges from the front of UE's order, and send one that took too long to the end."""
        while self._order and self._resolved[self._order[0]] != 0:
            self._order.pop(0)
        self._turns = self._turns + 1 if self._order and self._order[0] == before and not self._unplayed else 0
        if self.patience is not None and self._turns >= self.patience:
            self._order.append(self._order.pop(0))
            self._turns = 0

    def _choice(self, rng: np.random.Generator) -> int:
        cells = self._cells
        open_edges = np.flatnonzero(self._resolved == 0)
        if self.sampling in ("U", "UE"):
            edge = int(rng.choice(open_edges)) if self.sampling == "U" else self._order[0]
            ends = (cells.one[edge], cells.other[edge]) if len(self.shape) > 1 else (cells.one[edge],)
            return int(rng.choice(ends))
        valence = cells.valence(open_edges)
        if self.sampling == "VW":
            weights = valence.astype(np.float64) ** 2
            return int(rng.choice(len(weights), p=weights / weights.sum()))
        return int(np.argmin(np.where(valence > 0, self.counts, np.iinfo(np.int64).max)))


# --- what is played and what it decides -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells, and edges that compare `payoff` of cell `one` with that of cell `other`. With one population a cell is a pair of
    strategies and its one payoff, the scaled margin, is compared with the constant in the last place."""

    shape: tuple[int, ...]
    profiles: list[tuple[int, ...]]
    index: dict[tuple[int, ...], int]
    payoffs: int
    first: np.ndarray
    second: np.ndarray
    one: np.ndarray
    other: np.ndarray
    payoff: np.ndarray
    edges_of: list[np.ndarray]

    def valence(self, open_edges: np.ndarray) -> np.ndarray:
        """Open edges of each cell; one population: of the two strategies together. Shape (C,)."""
        if len(self.shape) > 1:
            ends = np.concatenate([self.one[open_edges], self.other[open_edges]])
            return np.bincount(ends, minlength=len(self.profiles))
        of_strategy = np.bincount(np.concatenate([self.first[open_edges], self.second[open_edges]]), minlength=self.shape[0])
        valence = np.zeros(len(self.profiles), np.int64)
        valence[open_edges] = of_strategy[self.first[open_edges]] + of_strategy[self.second[open_edges]]
        return valence


def _cells(shape: int | Sequence[int]) -> _Cells:
    sizes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    whole = tuple(whole_number("shape", size, 1, 10_000) for size in sizes)
    if len(whole) == 1:
        if whole[0] < 2:
            raise UsageError("one population needs at least 2 strategies")
        first, second = np.triu_indices(whole[0], 1)
        profiles: list[tuple[int, ...]] = list(zip(first.tolist(), second.tolist(), strict=True))
        cell = np.arange(len(first))
        parts = (first, second, cell, np.full(len(first), len(first)), np.zeros(len(first), np.int64))
    elif not whole or math.prod(whole) > 1_000_000:
        raise UsageError(f"shape is {shown(shape)}; expected strategies of each population, at most a million profiles")
    else:
        first, second, payoff = profile_edges(whole)
        profiles = [tuple(int(s) for s in np.unravel_index(n, whole)) for n in range(math.prod(whole))]
        parts = (first, second, first, second, payoff)
    payoffs = 1 if len(whole) == 1 else len(whole)
    cells = _Cells(whole, profiles, {profile: n for n, profile in enumerate(profiles)}, payoffs, *parts, [])
    return replace(cells, edges_of=_incident(cells))


def _incident(cells: _Cells) -> list[np.ndarray]:
    """The edges of each cell."""
    edges = np.arange(len(cells.first))
    ends = np.concatenate([cells.one, cells.other])
    order = np.argsort(ends, kind="stable")
    counts = np.bincount(ends, minlength=len(cells.profiles) + 1)
    return np.split(np.concatenate([edges, edges])[order], np.cumsum(counts)[:-1])
