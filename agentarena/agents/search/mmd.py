"""Magnetic mirror descent, tabular: policy-gradient learning in which every step is pulled towards uniform play.

The regularised reference for learners that, like PPO with an entropy bonus, keep one current policy and no average. With
a fixed temperature it converges to the agent quantal response equilibrium, in which every seat plays each action in
proportion to exp(q / temperature); with a falling temperature its current policy nears a Nash equilibrium in practice.

Reference: S. Sokota et al., "A unified approach to reinforcement learning, quantal response equilibria, and two-player
zero-sum games" (arXiv 2206.05825), section 4 and the behavioural form of its experiments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.game import Game
from agentarena.core.registry import game as game_of

from .tabular import Solution, TabularAgent, checked_count, checked_number, once, solved, until
from .tree import MAX_HISTORIES, Side, Tree, tree_of

__all__ = ["ANNEALED_STEP", "ANNEALED_TEMPERATURE", "MMD", "action_values", "solve_mmd"]

ANNEALED_TEMPERATURE, ANNEALED_STEP = 0.3, 3.0
"""Temperature and step of the first iteration, in units of the greatest return: of a grid of fifteen the best on Kuhn and Leduc."""

_LEAST_LOG = -600.0
"""Log-probabilities are held above this, so that no action's probability underflows to 0."""


def action_values(tree: Tree, seat: int, policies: Sequence[np.ndarray]) -> np.ndarray:
    """Expected return of each choice once its information set is reached, all playing `policies` before and after.

        q[I, a] = counterfactual value of a at I / (others' and chance's probability of reaching I)

    Args:
        tree: The game.
        seat: Whose choices.
        policies: One a seat, over slots.

    Returns:
        Shape (Q,), in the game's unit; 0 where the others never let the seat get.
    """
    side = tree.sides[seat]
    reach = [other.reach(policy) for other, policy in zip(tree.sides, policies, strict=True)]
    others = tree.others(seat, reach)
    value, _ = side.values(np.bincount(tree.last[:, seat], others * tree.payoffs[:, seat], side.size), policies[seat])
    weight, _ = side.values(np.bincount(tree.last[:, seat], others * tree.chance, side.size), policies[seat])
    return np.divide(value, weight, out=np.zeros(side.size), where=weight > 0.0)


def solve_mmd(
    game: Game[Any] | str,
    iterations: int = 1000,
    *,
    temperature: float | None = None,
    step_size: float | None = None,
    checkpoints: Sequence[int] = (),
    max_histories: int = MAX_HISTORIES,
) -> Solution:
    """The last policy of magnetic mirror descent with a uniform magnet and exact action values, all seats at once.

        log policy_{t+1}[I, a] = (log policy_t[I, a] + eta_t * q_t[I, a]) / (1 + eta_t * alpha_t) - log of the sum over a

    Args:
        game: Rules or an environment's id; any number of seats.
        iterations: Steps; at least 1.
        temperature: alpha, fixed, in the unit of returns; `None` for `ANNEALED_TEMPERATURE` * U / sqrt(t), U the greatest
            absolute return.
        step_size: eta, fixed, one over the unit of returns. `None`: with a fixed temperature min(0.1 * alpha / U, 1) / U,
            with a falling one `ANNEALED_STEP` / (U * sqrt(t)).
        checkpoints: Iterations after which NashConv of the current policy is taken.
        max_histories: Largest game that is built.

    Raises:
        NotSupported: As in `cfr.solve`.
        BadOption: `iterations` < 1, or a temperature or step that is not positive.
    """
    checked_count("mmd: iterations", iterations)
    for name, number in (("temperature", temperature), ("step_size", step_size)):
        if number is not None:
            checked_number(f"mmd: {name}", number, above=True)
    rules = game_of(game)
    tree = tree_of(rules, max_histories, True)
    unit = max(abs(rules.info.low), abs(rules.info.high)) or 1.0
    logs = [-np.log(np.concatenate(([1.0], np.repeat(side.counts, side.counts)))) for side in tree.sides]
    nash_convs = {}
    for t, stop in until(iterations, checkpoints):
        alpha = ANNEALED_TEMPERATURE * unit / t**0.5 if temperature is None else temperature
        default = ANNEALED_STEP / (unit * t**0.5) if temperature is None else min(0.1 * alpha / unit, 1.0) / unit
        eta = default if step_size is None else step_size
        policies = [np.exp(log) for log in logs]
        values = [action_values(tree, seat, policies) for seat in range(len(tree.sides))]
        logs = [
            _log_normalised(side, (log + eta * value) / (1.0 + eta * alpha))
            for side, log, value in zip(tree.sides, logs, values, strict=True)
        ]
        if stop:
            nash_convs[t] = tree.nash_conv([np.exp(log) for log in logs])
    return solved(tree, [np.exp(log) for log in logs], nash_convs)


def _log_normalised(side: Side, logits: np.ndarray) -> np.ndarray:
    """Log-probabilities from logits, set by set. Shape (Q,)."""
    if not side.sets:
        return np.zeros(side.size)
    top = np.repeat(np.maximum.reduceat(logits, side.first), side.counts)
    shifted = np.maximum(logits[1:] - top, _LEAST_LOG)
    sums = np.add.reduceat(np.exp(shifted), side.first - 1)
    return np.concatenate(([0.0], shifted - np.repeat(np.log(sums), side.counts)))


_solve_once = once(solve_mmd)


class MMD(TabularAgent):
    """Plays the last policy of magnetic mirror descent in small games.

    Args:
        iterations: Steps of the solver.
        temperature: How strongly play is pulled towards uniform, in the unit of returns; by default it falls to 0.
        step_size: By default chosen from the temperature.
    """

    def __init__(self, iterations: int = 1000, temperature: float | None = None, step_size: float | None = None) -> None:
        self.iterations = checked_count("mmd: iterations", iterations)
        for name, number in (("temperature", temperature), ("step_size", step_size)):
            if number is not None:
                checked_number(f"mmd: {name}", number, above=True)
        self.temperature, self.step_size = temperature, step_size

    def solve(self, game: Game[Any]) -> Solution:
        return _solve_once(game, self.iterations, temperature=self.temperature, step_size=self.step_size)
