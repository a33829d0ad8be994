"""Policies in every form a caller may give them, as probabilities over the actions of one decision."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentarena.agents.specs import agent
from agentarena.core.agent import Agent, HasPolicy, View
from agentarena.core.errors import NotSupported, UsageError, WrongSeats
from agentarena.core.game import Game

__all__ = ["AnyPolicy", "Decide", "decider", "per_seat"]

AnyPolicy = str | Agent | Mapping[str, Mapping[int, float]]
"""`"uniform"`, an agent with `policy(view)` or its spec string, or information key -> {action: probability}."""

Decide = Callable[[str, tuple[int, ...], Callable[[], View]], list[float]]
"""From an information key, the legal actions and a maker of the view: one probability an action."""

_SLACK = 1e-6
_FORMS = "'uniform', an agent or its spec string, or a mapping information key -> {action: probability}"


def per_seat(game: Game[Any], policy: AnyPolicy | Sequence[AnyPolicy]) -> list[Decide]:
    """One decider a seat, from one policy for all seats or a list with one for each.

    Raises:
        WrongSeats: The list has another length than the game has seats.
        UsageError: Not a policy.
    """
    seats = game.info.seats
    if isinstance(policy, str | Agent | Mapping):
        return [decider(policy)] * seats
    if not isinstance(policy, Sequence):
        raise UsageError(f"expected {_FORMS}, or a list with one of these a seat, got {policy!r:.200}")
    if len(policy) != seats:
        raise WrongSeats(f"got {len(policy)} policies, and {type(game).__name__} has {seats} seats; give one policy or one a seat")
    return [decider(one) for one in policy]


def decider(policy: AnyPolicy) -> Decide:
    """The policy as a function.

    Raises:
        NotSupported: The agent cannot tell its probabilities.
        UsageError: Not a policy.
    """
    if policy == "uniform":
        return lambda key, actions, view: [1.0 / len(actions)] * len(actions)
    if isinstance(policy, Mapping):
        return _of_table(policy)
    if not isinstance(policy, str | Agent):
        raise UsageError(f"expected {_FORMS}, got {policy!r:.200}")
    player = agent(policy)
    if not isinstance(player, HasPolicy):
        raise NotSupported(
            f"agent {player.name or type(player).__name__!r} has no policy(view), so its probabilities are unknown; "
            "exact evaluation needs them (estimate such an agent by playing matches)"
        )
    return lambda key, actions, view: _checked(player.policy(view()), key, actions)


def _of_table(table: Mapping[str, Mapping[int, float]]) -> Decide:
    def decide(key: str, actions: tuple[int, ...], view: Callable[[], View]) -> list[float]:
        try:
            row = table[key]
        except KeyError:
            raise UsageError(f"the policy has no entry for information {key!r}; it has {len(table)}, and needs one a decision") from None
        return _checked(row, key, actions)

    return decide


def _checked(row: Mapping[int, float], key: str, actions: tuple[int, ...]) -> list[float]:
    chances = [float(row.get(action, 0.0)) for action in actions]
    total = sum(chances)
    if not math.isclose(total, 1.0, abs_tol=_SLACK) or min(chances) < 0.0 or math.isnan(total):
        raise UsageError(f"the policy at information {key!r} is {dict(row)!r:.200}, not a distribution over the legal actions {actions}")
    return chances
