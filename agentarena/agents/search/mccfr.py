"""Monte-Carlo counterfactual regret minimisation, tabular: CFR by sampled play, on the game itself and not on its tree.

It needs information keys, listed actions and a game that can branch, but neither listed chances nor room for the whole
tree; any number of seats, which may move at once. External sampling follows every action of the traversing seat and one of
everyone else; outcome sampling plays a single match, the traversing seat exploring.

Reference: M. Lanctot, K. Waugh, M. Zinkevich and M. Bowling, "Monte Carlo sampling for regret minimization in extensive
games" (NIPS 2009), sections 3.1 and 3.2; the weighting of iterations is N. Brown and T. Sandholm's (arXiv 1809.04040).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from agentarena.core.agent import View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of
from agentarena.core.rng import stream

from .size import histories
from .tabular import Solution, TabularAgent, checked_count, checked_number, missing_parts, once, slots_of
from .tree import tree_of

__all__ = ["MCCFR", "Sampler", "Sampling", "solve_mccfr"]

Sampling = Literal["external", "outcome"]
_SAMPLINGS = ("external", "outcome")

_MOST_VISITS = 100_000_000
"""Histories that an agent may visit before its first decision: some minutes."""


class _Node:
    """What is remembered about one information set: a regret and an average for each action."""

    __slots__ = ("actions", "regrets", "totals")

    def __init__(self, actions: tuple[Any, ...]) -> None:
        self.actions = actions
        self.regrets = [0.0] * len(actions)
        self.totals = [0.0] * len(actions)

    def policy(self) -> list[float]:
        """Regret matching; uniform where no regret is positive."""
        return _normalised([regret if regret > 0.0 else 0.0 for regret in self.regrets])

    def average_in(self, policy: list[float], weight: float) -> None:
        totals = self.totals
        for index, probability in enumerate(policy):
            totals[index] += weight * probability


class _Visit(NamedTuple):
    """One decision of the traversing seat in a sampled match; `own`, `sampled` and `others` are reaches before it."""

    node: _Node
    policy: list[float]
    choice: int
    drawn_with: float
    credited: float
    own: float
    sampled: float
    others: float


class Sampler:
    """MCCFR under way. One iteration is one traversal a seat; nothing but `rng` is random.

    Args:
        game: The rules.
        rng: Source of all draws.
        sampling: "external" or "outcome".
        epsilon: Outcome sampling: how often the traversing seat acts at random.
        gamma: Iteration t has weight t^gamma, in the regrets and in the average policy: 1 is linear CFR, 0 the plain one.

    Raises:
        NotSupported: No information keys, actions not listed, no branching, or external sampling with a single seat.
        BadOption: A parameter is out of range.
    """

    def __init__(
        self, game: Game[Any], rng: np.random.Generator, *, sampling: Sampling = "external", epsilon: float = 0.6, gamma: float = 1.0
    ) -> None:
        _check(sampling, epsilon, gamma)
        reason = _lacking(game, sampling)
        if reason is not None:
            raise NotSupported(f"mccfr: {reason}")
        self.game, self.rng, self.gamma = game, rng, gamma
        self.epsilon = float(epsilon)
        self.tables: list[dict[str, _Node]] = [{} for _ in range(game.info.seats)]
        self.iteration = 0
        self._traverse = self._external if sampling == "external" else self._outcome

    def iterate(self) -> None:
        """Every seat traverses once."""
        self.iteration += 1
        weight = float(self.iteration) ** self.gamma
        for seat in range(self.game.info.seats):
            self._traverse(self.game.start(self.rng), seat, weight)

    def policies(self) -> tuple[dict[str, dict[int, float]], ...]:
        """The average policies: for each seat, information key -> {action: probability}, of the sets met so far."""
        return tuple(
            {key: dict(zip(node.actions, _normalised(node.totals), strict=True)) for key, node in table.items()} for table in self.tables
        )

    def _node(self, state: Any, seat: int) -> _Node:
        key = self.game.information(state, seat)  # type: ignore[attr-defined]  # checked by __init__
        node = self.tables[seat].get(key)
        if node is None:
            node = self.tables[seat][key] = _Node(self.game.legal(state, seat))  # type: ignore[arg-type]  # checked by __init__
        return node

    def _external(self, state: Any, seat: int, weight: float, others: float = 1.0, depth: int = 0) -> float:
        """Sampled return of `seat` from here on; its regrets learn, and the average of the seat after it.

        That seat acts by its own policy here, so each visit counts as often as its own reach; dividing by `others`, the
        reach of the seats that are neither, keeps the average exact with three seats and more.
        """
        game, rng = self.game, self.rng
        follower = (seat + 1) % game.info.seats
        credited = 0.0
        while True:
            credited += game.rewards(state)[seat]
            movers = game.to_move(state)
            if not movers or depth >= game.info.max_steps:
                return credited
            actions: dict[int, Any] = {}
            mine, before = None, others
            for mover in movers:
                node = self._node(state, mover)
                policy = node.policy()
                if mover == seat:
                    mine = node
                    continue
                choice = _pick(policy, rng.random())
                actions[mover] = node.actions[choice]
                if mover == follower:
                    node.average_in(policy, weight / before)
                else:
                    others *= policy[choice]
            depth += 1
            if mine is None:
                state = game.step(state, actions, rng)
                continue
            policy = mine.policy()
            after = [game.step(state, {**actions, seat: action}, rng) for action in mine.actions]
            values = [self._external(child, seat, weight, others, depth) for child in after]
            mean = sum(p * value for p, value in zip(policy, values, strict=True))
            for index, value in enumerate(values):
                mine.regrets[index] += weight * (value - mean)
            return credited + mean

    def _outcome(self, state: Any, seat: int, weight: float) -> float:
        """Return of `seat` in one match, weighted for how it was sampled; its regrets and its average learn."""
        game, rng, epsilon = self.game, self.rng, self.epsilon
        visits: list[_Visit] = []
        credited, own, sampled, others = 0.0, 1.0, 1.0, 1.0
        for _ in range(game.info.max_steps + 1):
            credited += game.rewards(state)[seat]
            movers = game.to_move(state)
            if not movers or len(visits) > game.info.max_steps:
                break
            actions: dict[int, Any] = {}
            before = others
            for mover in movers:
                node = self._node(state, mover)
                policy = node.policy()
                if mover == seat:
                    mixed = [epsilon / len(policy) + (1.0 - epsilon) * p for p in policy]
                    choice = _pick(mixed, rng.random())
                    visits.append(_Visit(node, policy, choice, mixed[choice], credited, own, sampled, before))
                    own, sampled = own * policy[choice], sampled * mixed[choice]
                else:
                    choice = _pick(policy, rng.random())
                    others *= policy[choice]
                actions[mover] = node.actions[choice]
            state = game.step(state, actions, rng)
        for visit in reversed(visits):
            value = (credited - visit.credited) / visit.drawn_with  # of the action drawn; the others' estimate is 0
            mean = visit.policy[visit.choice] * value
            regrets = visit.node.regrets
            for index in range(len(regrets)):
                regrets[index] += ((value if index == visit.choice else 0.0) - mean) * (weight / visit.sampled)
            visit.node.average_in(visit.policy, weight * visit.own / (visit.sampled * visit.others))
            credited = visit.credited + mean
        return credited


def solve_mccfr(
    game: Game[Any] | str,
    iterations: int = 10_000,
    *,
    sampling: Sampling = "external",
    epsilon: float = 0.6,
    gamma: float = 1.0,
    seed: int = 0,
    checkpoints: Sequence[int] = (),
) -> Solution:
    """The average policy of MCCFR: in expectation one iteration does what one of CFR does, at the cost of a few matches.

        external: regret[I, a] += t^gamma * (v[I, a] - sum over b of policy[I, b] * v[I, b]),   v sampled
        outcome:  the same with v[I, a] = return / (sampling reach of the seat) for the action drawn, 0 for the others
        average[I, a] ~ sum over t of t^gamma * own reach_t[I] * policy_t[I, a]         in expectation

    Args:
        game: Rules or an environment's id.
        iterations: How often every seat traverses; at least 1.
        sampling: See `Sampler`; so are the next two.
        epsilon: See there.
        gamma: See there.
        seed: The run's seed; equal seeds give equal policies.
        checkpoints: Iterations after which NashConv is taken, which needs a game small enough for `cfr.solve`.

    Returns:
        Policies of the information sets that were met; no `values`, and NashConv at the checkpoints alone.

    Raises:
        NotSupported, BadOption: See `Sampler`.
    """
    checked_count("mccfr: iterations", iterations)
    rules = game_of(game)
    sampler = Sampler(rules, stream(seed), sampling=sampling, epsilon=epsilon, gamma=gamma)
    nash_convs, stops = {}, set(checkpoints)
    for t in range(1, iterations + 1):
        sampler.iterate()
        if t in stops:
            tree = tree_of(rules)
            nash_convs[t] = tree.nash_conv(slots_of(tree, sampler.policies()))
    return Solution(sampler.policies(), (), nash_convs)


def _pick(policy: Sequence[float], uniform: float) -> int:
    """Index that a number in [0, 1) picks; never one of probability 0."""
    last = 0
    for index, probability in enumerate(policy):
        if probability > 0.0:
            last = index
            uniform -= probability
            if uniform < 0.0:
                break
    return last


def _normalised(weights: list[float]) -> list[float]:
    total = sum(weights)
    if total <= 0.0:
        return [1.0 / len(weights)] * len(weights)
    return [weight / total for weight in weights]


def _check(sampling: Any, epsilon: Any, gamma: Any) -> None:
    if not isinstance(sampling, str) or sampling not in _SAMPLINGS:
        raise BadOption(f"mccfr: sampling is {shown(sampling)}; allowed: {', '.join(map(repr, _SAMPLINGS))}")
    checked_number("mccfr: epsilon", epsilon, 0.0, 1.0, above=True)
    checked_number("mccfr: gamma", gamma)


def _lacking(game: Game[Any], sampling: Sampling) -> str | None:
    lacks = missing_parts(game, chances=False)
    if lacks:
        return f"it needs information keys and listed actions, and to branch; this game has {' and '.join(lacks)}"
    if sampling == "external" and game.info.seats == 1:
        return "external sampling needs another seat; use sampling=outcome"
    return None


_solve_once = once(solve_mccfr)


class MCCFR(TabularAgent):
    """Plays the average policy of Monte-Carlo CFR, and uniformly where it never was; solved when it first meets a game.

    Args:
        iterations: How often every seat traverses.
        sampling: "external" or "outcome".
        epsilon: Outcome sampling: how often the traversing seat acts at random.
        gamma: Iteration t has weight t^gamma, in the regrets and in the average.
        seed: Of the traversals.
    """

    def __init__(
        self, iterations: int = 10_000, sampling: Sampling = "external", epsilon: float = 0.6, gamma: float = 1.0, seed: int = 0
    ) -> None:
        self.iterations = checked_count("mccfr: iterations", iterations)
        _check(sampling, epsilon, gamma)
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise BadOption(f"mccfr: seed is {shown(seed)}; expected a whole number, at least 0")
        self.sampling, self.epsilon, self.gamma, self.seed = sampling, float(epsilon), float(gamma), seed

    def solve(self, game: Game[Any]) -> Solution:
        return _solve_once(game, self.iterations, sampling=self.sampling, epsilon=self.epsilon, gamma=self.gamma, seed=self.seed)

    def unmet(self, view: View) -> Mapping[int, float]:
        """Uniform."""
        return {action: 1.0 / len(view.choices) for action in view.choices}

    def cannot_play(self, game: Game[Any]) -> str | None:
        reason = _lacking(game, self.sampling)
        if reason is not None:
            return reason
        seats = range(game.info.seats)
        nodes = sum(histories(game, seat).mean for seat in seats) if self.sampling == "external" else len(seats) * game.info.max_steps
        if nodes * self.iterations > _MOST_VISITS:
            return (
                f"{self.iterations:,} iterations would visit about {nodes * self.iterations:.1e} histories, and it visits up to "
                f"{_MOST_VISITS:.0e}; use fewer iterations" + (", or sampling=outcome" if self.sampling == "external" else "")
            )
        return None
