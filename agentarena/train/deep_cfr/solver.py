"""Deep CFR, one iteration at a time.

    for each iteration t:
        for each seat:                                        (in turn: the next seat meets the new network)
            traverse: sampled advantages of the seat, and policies of the others on the way, into reservoirs
            fit the seat's advantage network to its reservoir, rows weighted by their iteration
    at the end: fit an average network to the reservoir of policies, rows weighted by their iteration

Deviations from the paper: where no advantage is positive the greatest is played (the paper says so too), equal ones share;
the policies of all seats but the traversing one are stored, with three seats and more as well, where sampling weights
them by what the rest plays; networks may go on from the last iteration (`reinitialise`).

Reference: N. Brown, A. Lerer, S. Gross and T. Sandholm, "Deep counterfactual regret minimization" (arXiv 1811.00164),
algorithms 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork
from agentarena.agents.search.size import histories
from agentarena.agents.search.tree import Tree, tree_of
from agentarena.core.batch import ListedBatch
from agentarena.core.capabilities import Lockstep
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, Information
from agentarena.core.rng import stream

from .config import DeepCFRConfig
from .decisions import Decisions, Seat, regret_matching
from .lockstep import traverse_arrays
from .networks import advantages_of, fit_advantages, fit_average, fresh
from .recall import check
from .reservoir import Reservoir
from .traversal import Samples, Sampling, traverse

__all__ = ["DeepCFR"]

_JUDGED = 200_000
"""Histories of the largest game that is judged exactly."""
_ADVANTAGES, _AVERAGE, _START = 0, 1, 2
"""Purposes of random streams: `stream(seed, purpose, iteration, seat)`."""


class DeepCFR:
    """Deep CFR under way. Nothing but `config.seed` and the iteration's number decides what an iteration draws.

    Args:
        game: The rules: any number of seats, which may move at once; listed actions, and a vector face that says all.
        config: The settings; `config.env` is not looked at.
        exact: Whether to look at the game beforehand: whether its observations say all (`recall`), and at its tree where it is small. If
            not, all seats share an average network.

    Attributes:
        iteration: Iterations made.
        networks: The advantage network of each seat.
        memories: Its reservoir of advantages.
        groups: Seats that share an average network: all of them where no two seats ever see the same numbers, else one each.
        strategies: The reservoir of policies of each group.

    Raises:
        NotSupported: The game has no such vector face, or cannot branch.
    """

    def __init__(self, game: Game[Any], config: DeepCFRConfig, *, exact: bool = True) -> None:
        if not game.info.forkable:
            raise NotSupported(f"deep CFR must branch, and a state of {type(game).__name__} can be stepped only once")
        self.game, self.config, self.iteration = game, config, 0
        self.seats = [Seat(game, seat) for seat in range(game.info.seats)]
        self.recall = check(game, self.seats, config.allow_ambiguous) if exact else None
        self.unit = max(abs(game.info.low), abs(game.info.high)) or 1.0
        numbers = tuple(range(game.info.seats))
        self.groups = (numbers,) if self.recall is None or self.recall.seats_differ else tuple((seat,) for seat in numbers)
        self.networks = [fresh(self._spec(seat), stream(config.seed, _START, 0, seat)) for seat in numbers]
        self.memories = [Reservoir(config.buffer, seat.inputs, seat.actions) for seat in self.seats]
        first = [self.seats[group[0]] for group in self.groups]
        self.strategies = [Reservoir(config.buffer, seat.inputs, seat.actions) for seat in first]
        self.iterates = _Iterates(game) if exact and _small(game) else None
        self._rules = _array_rules(game)

    def iterate(self) -> dict[str, float]:
        """Every seat traverses and learns once.

        Returns:
            Figures: `iteration`, `advantage_loss` (squared error in units of the greatest return, mean over seats), `points`
            (rows of advantages stored).
        """
        self.iteration += 1
        if self.iterates is not None:
            self.iterates.add([self._policy_slots(seat) for seat in range(len(self.seats))], self.iteration)
        losses = [self._learn(seat) for seat in range(len(self.seats))]
        return {
            "iteration": self.iteration,
            "advantage_loss": float(np.mean(losses)),
            "points": float(sum(memory.seen for memory in self.memories)),
        }

    def average(self) -> list[PolicyNetwork]:
        """Average networks, one a group, fitted from the start: their softmax over the legal actions is the result."""
        config, networks = self.config, []
        for group, memory in zip(self.groups, self.strategies, strict=True):
            rng = stream(config.seed, _AVERAGE, self.iteration, group[0])
            network = fresh(self._spec(group[0]), rng)
            if len(memory):
                fit_average(
                    network,
                    memory,
                    steps=config.average_steps,
                    batch_size=config.average_batch_size,
                    learning_rate=config.learning_rate,
                    rng=rng,
                )
            networks.append(network)
        return networks

    def decide(self, seat: int, states: Sequence[Any]) -> Decisions:
        """The decisions of a seat by its present advantage network."""
        return self.seats[seat].decisions(states, partial(advantages_of, self.networks[seat]))

    def _traverse(self, seat: int, count: int, rng: np.random.Generator) -> tuple[list[Samples], dict[int, list[Samples]]]:
        sampling = cast(Sampling, self.config.sampling)
        if self._rules is None:
            return traverse(self.game, seat, count, self.decide, rng, sampling)
        own, others = traverse_arrays(self._rules, seat, count, self.decide_rows, rng, sampling)
        scaled = {other: [self._scaled(other, rows) for rows in batches] for other, batches in others.items()}
        return [self._scaled(seat, rows) for rows in own], scaled

    def _scaled(self, seat: int, rows: Samples) -> Samples:
        return rows._replace(observations=rows.observations / self.seats[seat].scales)

    def decide_rows(self, seat: int, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The present policy of a seat that sees flat observations, not yet scaled. Shapes (R, D), (R, A) -> (R, A)."""
        advantages = advantages_of(self.networks[seat], observations / self.seats[seat].scales)
        return regret_matching(advantages, masks)

    def _spec(self, seat: int) -> NetworkSpec:
        face = self.seats[seat]
        return NetworkSpec(face.inputs, face.actions, hidden=self.config.hidden)

    def _learn(self, seat: int) -> float:
        config = self.config
        rng = stream(config.seed, _ADVANTAGES, self.iteration, seat)
        for begin in range(0, config.traversals, config.parallel):
            count = min(config.parallel, config.traversals - begin)
            advantages, policies = self._traverse(seat, count, rng)
            for rows in advantages:
                _store(self.memories[seat], rows._replace(targets=rows.targets / self.unit), self.iteration, rng)
            for other, batches in sorted(policies.items()):
                memory = next(memory for group, memory in zip(self.groups, self.strategies, strict=True) if other in group)
                for rows in batches:
                    _store(memory, rows, self.iteration, rng)
        if not len(self.memories[seat]):
            return 0.0  # the seat never moves
        if config.reinitialise:
            self.networks[seat] = fresh(self._spec(seat), rng)
        self.seats[seat].forget_policies()
        return fit_advantages(
            self.networks[seat],
            self.memories[seat],
            steps=config.steps,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            rng=rng,
        )

    # --- exact judgement of small games -----------------------------------------------------------------------------

    def _policy_slots(self, seat: int) -> np.ndarray:
        return self._slots(seat, lambda observations, masks: regret_matching(advantages_of(self.networks[seat], observations), masks))

    def _slots(self, seat: int, policies: Any) -> np.ndarray:
        """A policy on rows as one over the tree's slots."""
        assert self.iterates is not None
        side = self.iterates.tree.sides[seat]
        if not side.sets:
            return np.ones(side.size)
        observations, masks = self.seats[seat].rows([one.state for one in side.sets])
        return np.concatenate([[1.0], policies(observations, masks)[masks]])

    def nash_convs(self, networks: Sequence[PolicyNetwork] | None = None) -> dict[str, float]:
        """Exact NashConv where the game is small enough, else nothing.

        Returns:
            `nash_conv_iterates`: of the exact linear average of all iterates, what perfect average networks would reach;
            with `networks`, those of `average`, `nash_conv` of them.
        """
        if self.iterates is None:
            return {}
        figures = {"nash_conv_iterates": self.iterates.nash_conv()}
        if networks is not None:
            of_seat = {seat: network for group, network in zip(self.groups, networks, strict=True) for seat in group}
            slots = [self._slots(seat, partial(_softmax, of_seat[seat])) for seat in range(len(self.seats))]
            figures["nash_conv"] = self.iterates.tree.nash_conv(slots)
        return figures


def _array_rules(game: Game[Any]) -> ListedBatch[Any] | None:
    """Array rules to traverse on, where the game has some for its options."""
    try:
        return game.lockstep() if isinstance(game, Lockstep) else None
    except NotSupported:
        return None


def _softmax(network: PolicyNetwork, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
    logits = np.where(masks, advantages_of(network, observations).astype(np.float64), -np.inf)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def _store(memory: Reservoir, rows: Samples, iteration: int, rng: np.random.Generator) -> None:
    memory.add(rows.observations, rows.targets, rows.masks, iteration, rng)


def _small(game: Game[Any]) -> bool:
    """Whether the game is judged exactly; its keys must tell each seat's own past."""
    try:
        return isinstance(game, Information) and histories(game).mean <= _JUDGED and tree_of(game, 2 * _JUDGED).forgetful is None
    except NotSupported:
        return False


class _Iterates:
    """The exact average of all policies so far: iteration t counts t times, each choice by the seat's own reach."""

    def __init__(self, game: Game[Any]) -> None:
        self.tree: Tree = tree_of(game, 2 * _JUDGED)
        self.totals = [np.zeros(side.size) for side in self.tree.sides]

    def add(self, policies: Sequence[np.ndarray], iteration: int) -> None:
        for side, total, policy in zip(self.tree.sides, self.totals, policies, strict=True):
            total += iteration * side.reach(policy)

    def nash_conv(self) -> float:
        return self.tree.nash_conv([side.normalised(total) for side, total in zip(self.tree.sides, self.totals, strict=True)])
