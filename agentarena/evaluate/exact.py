"""Exact worth of policies in small games: expected returns, best responses, NashConv and exploitability.

Nothing is sampled. Games of perfect information in turns are solved position by position; all others in sequence form
(`agentarena.agents.search.tree`), where hidden information, simultaneous moves and any number of seats are at home.

A policy is `"uniform"`, an agent that has `policy(view)` or its spec string, or a mapping information key -> {action:
probability}; or a list with one of these for each seat.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from agentarena.agents.search.graph import Graph, graph_of
from agentarena.agents.search.policies import AnyPolicy, Decide, decider, per_seat
from agentarena.agents.search.tree import MAX_HISTORIES, Tree, tree_of
from agentarena.core.agent import View
from agentarena.core.errors import WrongSeats
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of

__all__ = ["BestResponse", "best_response", "expected_returns", "exploitability", "nash_conv"]

Policies = AnyPolicy | Sequence[AnyPolicy]


class BestResponse(NamedTuple):
    """A best response.

    Attributes:
        value: The seat's expected return with it, in the game's unit.
        policy: Information key -> {action: probability}, pure, the lowest action among equals. Where the others never
            let the seat get, any action is as good, and the lowest stands.
    """

    value: float
    policy: dict[str, dict[int, float]]


def nash_conv(game: Game[Any] | str, policy: Policies, *, max_histories: int = MAX_HISTORIES) -> float:
    """How much the seats could gain in all if each alone switched to a best response: 0 at a Nash equilibrium.

        NashConv = sum over seats i of [value of a best response of i to the rest - return of i]

    Args:
        game: Rules or an environment's id.
        policy: See the module.
        max_histories: Largest game that is built.

    Returns:
        A number >= 0 (up to rounding), in the game's unit.

    Raises:
        NotSupported: The game cannot be listed (no information keys, no chances, unlisted actions), is too large, or
            the agent does not know its probabilities.
        UsageError: The policy lacks a decision, or is no distribution there.

    Reference: Lanctot et al., "OpenSpiel" (arXiv 1908.09453), section 3.3.3.

    >>> nash_conv("TicTacToe-v0", "uniform") > 1.8
    True
    """
    form, policies = _prepared(game, policy, max_histories)
    return form.nash_conv(policies)


def exploitability(game: Game[Any] | str, policy: Policies, *, max_histories: int = MAX_HISTORIES) -> float:
    """NashConv divided by the number of seats: in a two-seat zero-sum game, what a perfect opponent wins on average.

        exploitability = NashConv / S

    The opponent takes both seats equally often, so the advantage of a seat cancels. Arguments and errors as in `nash_conv`.

    Reference: as `nash_conv`.
    """
    rules = game_of(game)
    return nash_conv(rules, policy, max_histories=max_histories) / rules.info.seats


def best_response(game: Game[Any] | str, policy: Policies, seat: int, *, max_histories: int = MAX_HISTORIES) -> BestResponse:
    """The most that `seat` can earn against `policy` in the other seats, and how. `policy[seat]`, if given, is not looked at.

    Arguments and errors as in `nash_conv`.

    >>> round(best_response("TicTacToe-v0", "uniform", 0).value * 192, 6)  # 191 wins and a draw in 192
    191.0
    """
    rules = game_of(game)
    if not 0 <= seat < rules.info.seats:
        raise WrongSeats(f"got seat {seat}, and {type(rules).__name__} has seats 0 to {rules.info.seats - 1}")
    if not isinstance(policy, str | bytes) and isinstance(policy, Sequence) and len(policy) == rules.info.seats:
        policy = [*policy[:seat], "uniform", *policy[seat + 1 :]]
    form, policies = _prepared(rules, policy, max_histories, skip=seat)
    if isinstance(form, Graph):
        return BestResponse(*form.best(policies, seat))
    form.recalling()
    value, slots = form.best(policies, seat)
    return BestResponse(value, form.sides[seat].table(slots))


def expected_returns(game: Game[Any] | str, policy: Policies, *, max_histories: int = MAX_HISTORIES) -> np.ndarray:
    """Mean return of each seat when all play `policy`. Shape (S,), in the game's unit.

    Arguments and errors as in `nash_conv`.

    >>> expected_returns("TicTacToe-v0", "uniform").round(6).tolist()  # X wins 737/1260 and O 121/420 of random games
    [0.296825, -0.296825]
    """
    form, policies = _prepared(game, policy, max_histories)
    return form.returns(policies)


def _prepared(game: Game[Any] | str, policy: Policies, limit: int, skip: int = -1) -> tuple[Any, list[Any]]:
    """The game's exact form and the policies in its terms; seat `skip` may be anything."""
    rules = game_of(game)
    deciders = per_seat(rules, policy)
    if skip >= 0:
        deciders[skip] = decider("uniform")
    if rules.info.hidden or rules.info.simultaneous:
        tree = tree_of(rules, limit)
        return tree, [_slots(tree, seat, deciders[seat]) for seat in range(rules.info.seats)]
    graph = graph_of(rules, limit)
    return graph, [deciders[p.seat](p.key, p.actions, partial(View, rules, p.state, p.seat)) for p in graph.positions]


def _slots(tree: Tree, seat: int, decide: Decide) -> np.ndarray:
    side = tree.sides[seat]
    policy = np.ones(side.size)
    for information_set, first in zip(side.sets, side.first.tolist(), strict=True):
        policy[first : first + len(information_set.actions)] = decide(
            information_set.key, information_set.actions, partial(information_set.view, tree.game, seat)
        )
    return policy
