"""Counterfactual regret minimisation for small games, tabular: CFR, CFR+, linear CFR and discounted CFR.

One sweep of a seat: what each choice gains against the others' current policies (`Tree.gains`), the value of every
choice and information set from the bottom up, regrets added, the next policy by regret matching; seats in turn, each
against the newest policies of the rest. Everything is an array operation over one level of information sets.

References: M. Zinkevich et al., "Regret minimization in games with incomplete information" (NIPS 2007);
O. Tammelin, "Solving large imperfect information games using CFR+" (arXiv 1407.5042); N. Brown and T. Sandholm,
"Solving imperfect-information games via discounted regret minimization" (arXiv 1809.04040).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of

from .tabular import Solution, TabularAgent, checked_count, once, solved, until
from .tree import MAX_HISTORIES, Side, Tree, tree_of

__all__ = ["CFR", "VARIANTS", "Discount", "Variant", "solve", "solve_tree"]

Variant = Literal["cfr", "plus", "linear", "dcfr"]

_INFINITE = float("inf")


class Discount(NamedTuple):
    """How the past is discounted after iteration t.

    Attributes:
        alpha: Positive regrets are multiplied by t^alpha / (t^alpha + 1).
        beta: Negative regrets are multiplied by t^beta / (t^beta + 1).
        gamma: Iteration t has weight t^gamma in the average policy.
    """

    alpha: float
    beta: float
    gamma: float

    def factors(self, t: int) -> tuple[float, float]:
        """What positive and negative regrets are multiplied by; an exponent of inf stands for 1, of -inf for 0.

        >>> Discount(1.0, -_INFINITE, 1.0).factors(3)
        (0.75, 0.0)
        """
        return _factor(t, self.alpha), _factor(t, self.beta)


def _factor(t: int, exponent: float) -> float:
    if abs(exponent) == _INFINITE:
        return float(exponent > 0.0)
    return float(t**exponent / (t**exponent + 1.0))


VARIANTS: dict[str, Discount] = {
    "cfr": Discount(_INFINITE, _INFINITE, 0.0),
    "plus": Discount(_INFINITE, -_INFINITE, 1.0),
    "linear": Discount(1.0, 1.0, 1.0),
    "dcfr": Discount(1.5, 0.0, 2.0),
}
"""CFR; CFR+ with its linear average; linear CFR; discounted CFR with the settings its authors recommend (their section 4)."""


class _Learner:
    """One seat's regrets and averages. All arrays have shape (Q,)."""

    def __init__(self, side: Side, discount: Discount, rng: np.random.Generator | None = None) -> None:
        self.side, self.discount = side, discount
        self.regrets = np.zeros(side.size)
        self.total = np.zeros(side.size)
        self.policy = side.normalised(np.zeros(side.size) if rng is None else 1.0 + rng.random(side.size))
        self.reach = side.reach(self.policy)

    def learn(self, gains: np.ndarray, t: int) -> None:
        """Iteration t: average in the current policy, then move by regret matching."""
        self.total += float(t) ** self.discount.gamma * self.reach
        value, of_set = self.side.values(gains, self.policy)
        self.regrets += value - of_set
        of_positive, of_negative = self.discount.factors(t)
        self.regrets *= np.where(self.regrets > 0.0, of_positive, of_negative)
        self.policy = self.side.normalised(np.maximum(self.regrets, 0.0))
        self.reach = self.side.reach(self.policy)

    def average(self) -> np.ndarray:
        return self.side.normalised(self.total)


def solve(
    game: Game[Any] | str,
    iterations: int = 1000,
    *,
    variant: Variant | Discount = "cfr",
    checkpoints: Sequence[int] = (),
    max_histories: int = MAX_HISTORIES,
) -> Solution:
    """The average policy of a CFR variant: in two-seat zero-sum games it nears a Nash equilibrium as iterations grow.

        regret[I, a] += v[I, a] - v[I];  then times t^alpha / (t^alpha + 1) where positive, else times t^beta / (t^beta + 1)
        policy[I, a] = max(regret[I, a], 0) / sum   uniform where all are <= 0
        average[I, a] ~ sum over t of t^gamma * own reach_t[I] * policy_t[I, a]

    Args:
        game: Rules or an environment's id; any number of seats (only with two and zero sum does it find equilibria).
        iterations: How often every seat learns; at least 1.
        variant: A name in `VARIANTS`, or exponents of one's own.
        checkpoints: Iterations after which NashConv is taken.
        max_histories: Largest game that is built.

    Raises:
        NotSupported: The game cannot be listed, is too large, or its information keys forget the seat's own past.
        BadOption: `iterations` < 1, or an unknown `variant`.
    """
    checked_count("cfr: iterations", iterations)
    _discount(variant)
    tree = tree_of(game_of(game), max_histories, True)
    return solved(tree, *solve_tree(tree, iterations, variant, checkpoints))


def solve_tree(
    tree: Tree,
    iterations: int,
    variant: Variant | Discount = "cfr",
    checkpoints: Sequence[int] | None = (),
    rng: np.random.Generator | None = None,
) -> tuple[list[np.ndarray], dict[int, float]]:
    """`solve` on a tree.

    Args:
        tree: The game.
        iterations: See `solve`; so are the next two, but for `None`: NashConv is not taken.
        variant: See there.
        checkpoints: See there.
        rng: Draws the first policy, near the uniform one; `None` for the uniform one itself. Where signals have no meaning yet, uniform
            play treats all alike, and so does every policy that follows from it.

    Returns:
        The average policies over the tree's slots, and NashConv by iteration.
    """
    discount = _discount(variant)
    learners = [_Learner(side, discount, rng) for side in tree.sides]
    reach = [learner.reach for learner in learners]
    nash_convs = {}
    for t, stop in until(iterations, checkpoints or ()):
        for seat, learner in enumerate(learners):
            learner.learn(tree.gains(seat, reach), t)
            reach[seat] = learner.reach
        if stop and checkpoints is not None:
            nash_convs[t] = tree.nash_conv([learner.average() for learner in learners])
    return [learner.average() for learner in learners], nash_convs


def _discount(variant: Any) -> Discount:
    if isinstance(variant, Discount):
        return variant
    if not isinstance(variant, str) or variant not in VARIANTS:
        raise BadOption(f"cfr: variant is {shown(variant)}; allowed: {', '.join(map(repr, VARIANTS))}")
    return VARIANTS[variant]


_solve_once = once(solve)


class CFR(TabularAgent):
    """Plays the average policy of CFR in small games; solved when it first meets a game, once for all its matches.

    Args:
        iterations: Iterations of the solver.
        variant: "cfr", "plus" (CFR+), "linear" or "dcfr".
    """

    def __init__(self, iterations: int = 1000, variant: Variant = "cfr") -> None:
        self.iterations = checked_count("cfr: iterations", iterations)
        _discount(variant)
        self.variant: Variant = variant

    def solve(self, game: Game[Any]) -> Solution:
        return _solve_once(game, self.iterations, variant=self.variant)
