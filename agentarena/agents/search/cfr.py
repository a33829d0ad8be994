"""Counterfactual regret minimisation for small games, tabular: CFR and CFR+.

One sweep of a seat: what each choice gains against the others' current policies (`Tree.gains`), the value of every
choice and information set from the bottom up, regrets added, the next policy by regret matching; seats in turn, each
against the newest policies of the rest. Everything is an array operation over one level of information sets.

References: M. Zinkevich et al., "Regret minimization in games with incomplete information" (NIPS 2007);
O. Tammelin, "Solving large imperfect information games using CFR+" (arXiv 1407.5042).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.game import Chance, Game, Information
from agentarena.core.registry import game as game_of

from .size import histories, unlisted
from .tree import MAX_HISTORIES, Side, tree_of

__all__ = ["CFR", "Averaging", "Solution", "solve"]

Averaging = Literal["uniform", "linear"]


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found.

    Attributes:
        policies: For each seat, information key -> {action: probability}.
        values: Expected return of each seat under them.
        nash_conv: NashConv of the average policy after the iterations asked for, the last one included.
    """

    policies: tuple[dict[str, dict[int, float]], ...]
    values: tuple[float, ...]
    nash_conv: dict[int, float]


class _Learner:
    """One seat's regrets and averages. All arrays have shape (Q,)."""

    def __init__(self, side: Side, plus: bool) -> None:
        self.side, self.plus = side, plus
        self.regrets = np.zeros(side.size)
        self.total = np.zeros(side.size)
        self.policy = side.normalised(np.zeros(side.size))
        self.reach = side.reach(self.policy)

    def learn(self, gains: np.ndarray, weight: float) -> None:
        """One iteration: average in the current policy, then move by regret matching."""
        self.total += weight * self.reach
        value, of_set = self.side.values(gains, self.policy)
        self.regrets += value - of_set
        positive = np.maximum(self.regrets, 0.0)
        if self.plus:
            self.regrets = positive
        self.policy = self.side.normalised(positive)
        self.reach = self.side.reach(self.policy)

    def average(self) -> np.ndarray:
        return self.side.normalised(self.total)


def solve(
    game: Game[Any] | str,
    iterations: int = 1000,
    *,
    plus: bool = False,
    averaging: Averaging | None = None,
    checkpoints: Sequence[int] = (),
    max_histories: int = MAX_HISTORIES,
) -> Solution:
    """The average policy of CFR or CFR+: in two-seat zero-sum games it nears a Nash equilibrium as iterations grow.

        regret[I, a] += v[I, a] - v[I]              CFR+: then max(., 0)
        policy[I, a] = max(regret[I, a], 0) / sum   uniform where all are <= 0
        average[I, a] ~ sum over t of weight_t * own reach_t[I] * policy_t[I, a],   weight_t = 1 or t

    Args:
        game: Rules or an environment's id; any number of seats (only with two and zero sum does it find equilibria).
        iterations: How often every seat learns; at least 1.
        plus: CFR+: regrets are cut at zero.
        averaging: "uniform" or "linear"; `None` means linear for CFR+ and uniform for CFR.
        checkpoints: Iterations after which NashConv is taken.
        max_histories: Largest game that is built.

    Raises:
        NotSupported: The game cannot be listed, is too large, or its information keys forget the seat's own past.
        BadOption: `iterations` < 1, or an unknown `averaging`.
    """
    if iterations < 1 or averaging not in (None, "uniform", "linear"):
        raise BadOption(f"cfr: got {iterations=}, {averaging=}; expected iterations >= 1, averaging 'uniform', 'linear' or None")
    tree = tree_of(game_of(game), max_histories, True)
    linear = plus if averaging is None else averaging == "linear"
    learners = [_Learner(side, plus) for side in tree.sides]
    reach = [learner.reach for learner in learners]
    wanted, nash_convs = {*checkpoints, iterations}, {}
    for t in range(1, iterations + 1):
        for seat, learner in enumerate(learners):
            learner.learn(tree.gains(seat, reach), float(t) if linear else 1.0)
            reach[seat] = learner.reach
        if t in wanted:
            nash_convs[t] = tree.nash_conv([learner.average() for learner in learners])
    average = [learner.average() for learner in learners]
    tables = tuple(side.table(policy) for side, policy in zip(tree.sides, average, strict=True))
    return Solution(tables, tuple(tree.returns(average).tolist()), nash_convs)


_solved = functools.lru_cache(maxsize=8)(solve)


class CFR(Agent):
    """Plays the average policy of CFR in small games; solved when it first meets a game, once for all its matches.

    Args:
        iterations: Iterations of the solver.
        plus: CFR+ instead of CFR.
        averaging: "uniform" or "linear"; by default linear for CFR+ and uniform for CFR.
    """

    def __init__(self, iterations: int = 1000, plus: bool = False, averaging: Averaging | None = None) -> None:
        if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
            raise BadOption(f"cfr: iterations is {shown(iterations)}; expected a whole number, at least 1")
        if averaging not in (None, "uniform", "linear"):
            raise BadOption(f"cfr: averaging is {shown(averaging)}; allowed: 'uniform', 'linear'")
        self.iterations, self.plus, self.averaging = iterations, bool(plus), averaging

    def cannot_play(self, game: Game[Any]) -> str | None:
        needs = "it needs information keys, listed actions and listed chances, and to branch"
        lacks = [
            reason
            for holds, reason in (
                (not isinstance(game, Information), "no information keys"),
                (game.info.chance and not isinstance(game, Chance), "chances that are not listed"),
                (not game.info.forkable, "states that can be stepped only once"),
            )
            if holds
        ]
        if not lacks and unlisted(game):
            lacks = ["actions that are not listed"]
        if lacks:
            return f"{needs}; this game has {' and '.join(lacks)}"
        try:
            if histories(game).least > MAX_HISTORIES:
                return f"it solves games of up to {MAX_HISTORIES:,} histories; this one has about {histories(game).mean:.1e}"
            tree_of(game, MAX_HISTORIES, True)  # kept, and what the first decision would build
        except NotSupported as error:
            return str(error)
        return None

    def policy(self, view: View) -> Mapping[int, float]:
        """The average policy at the view's information set."""
        solution = _solved(view.game, self.iterations, plus=self.plus, averaging=self.averaging)
        row = solution.policies[view.seat].get(view.information)
        if row is None:
            raise UsageError(f"cfr: no entry for information {view.information!r} of seat {view.seat}")
        return row

    def choose(self, view: View) -> int:
        draw, actions = view.rng.random(), self.policy(view)
        for action, probability in actions.items():
            draw -= probability
            if draw < 0.0:
                return action
        return max(actions, key=lambda action: actions[action])  # rounding left nothing over
