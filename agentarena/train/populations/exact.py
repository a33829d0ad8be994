"""Populations of policies in small games, exactly: payoffs, best responses and NashConv of mixtures, in sequence form.

A mixture over policies is drawn once a match, not at every decision. So policies are averaged as plans: the mixture reaches a choice
with the mean of its members' own probabilities of reaching it (`Side.reach`), and an average of rows of their tables would be wrong.

Axis letters: K seats, S_k policies of seat k, T endings, Q slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from agentarena.agents.search.policies import decider
from agentarena.agents.search.size import histories, unlisted
from agentarena.agents.search.tree import MAX_HISTORIES, tree_of
from agentarena.agents.specs import agent
from agentarena.core.agent import HasPolicy
from agentarena.core.errors import NotSupported
from agentarena.core.game import Chance, Game, Information

__all__ = ["ExactGame", "SpecMixture", "is_exact"]

SpecMixture = Mapping[str, float]
"""Spec string -> share; the shares add up to 1."""


class ExactGame:
    """A game that can be listed, with the reach of every policy that was looked at.

    Args:
        game: The rules.
        max_histories: Largest game that is built.

    Raises:
        NotSupported: The game cannot be listed, is too large, or its information keys forget a seat's own past.
    """

    def __init__(self, game: Game[Any], max_histories: int = MAX_HISTORIES) -> None:
        self.game = game
        reason = _refusal(game, max_histories)
        if reason is not None:
            raise NotSupported(f"{type(game).__name__} cannot be solved exactly: {reason}")
        self.tree = tree_of(game, max_histories, True)
        self._reach: dict[tuple[int, str], np.ndarray] = {}

    def reach(self, seat: int, spec: str) -> np.ndarray:
        """A policy's own part in reaching each of its choices. Shape (Q,).

        Raises:
            NotSupported: The agent does not say its probabilities.
        """
        if (seat, spec) not in self._reach:
            side, decide = self.tree.sides[seat], decider(spec)
            policy = np.ones(side.size)
            for information_set, first in zip(side.sets, side.first.tolist(), strict=True):
                view = partial(information_set.view, self.game, seat)
                policy[first : first + len(information_set.actions)] = decide(information_set.key, information_set.actions, view)
            self._reach[seat, spec] = side.reach(policy)
        return self._reach[seat, spec]

    def mixed_reach(self, seat: int, mixture: SpecMixture) -> np.ndarray:
        """The same of a policy that is drawn from a mixture once a match. Shape (Q,)."""
        total = np.zeros(self.tree.sides[seat].size)
        for spec, share in mixture.items():
            if share > 0:
                total += share * self.reach(seat, spec)
        return total / total[0]

    def payoffs(self, populations: Sequence[Sequence[str]]) -> np.ndarray:
        """Expected return of each seat for every choice of one policy a seat. Shape (K, S_1, ..., S_K).

        Args:
            populations: The policies of each seat.
        """
        tree = self.tree
        reach = [np.stack([self.reach(seat, spec)[tree.last[:, seat]] for spec in specs]) for seat, specs in enumerate(populations)]
        *before, last = reach
        shape = [len(specs) for specs in populations]
        tensor = np.empty((len(shape), *shape))
        for seat in range(len(shape)):
            # the endings' payoffs, weighted by ever more seats, end in one matrix product
            weighted = tree.payoffs[:, seat][None]
            for one in before:
                weighted = (weighted[:, None, :] * one[None]).reshape(-1, weighted.shape[-1])
            tensor[seat] = (weighted @ last.T).reshape(shape)
        return tensor

    def best_response(self, seat: int, mixtures: Sequence[SpecMixture]) -> tuple[float, dict[str, dict[int, float]]]:
        """The most that a seat can earn against the other seats' mixtures, and a pure policy that earns it."""
        reach = [np.ones(0) if k == seat else self.mixed_reach(k, mixture) for k, mixture in enumerate(mixtures)]
        side = self.tree.sides[seat]
        value, slots = side.best(self.tree.gains(seat, reach))
        return value, side.table(slots)

    def gains(self, mixtures: Sequence[SpecMixture]) -> np.ndarray:
        """What each seat could gain by a best response to the others' mixtures, alone. Shape (K,); its sum is NashConv."""
        reach = [self.mixed_reach(seat, mixture) for seat, mixture in enumerate(mixtures)]
        returns = self.tree.others(-1, reach) @ self.tree.payoffs
        best = [side.best(self.tree.gains(seat, reach))[0] for seat, side in enumerate(self.tree.sides)]
        return np.array(best) - returns

    def nash_conv(self, mixtures: Sequence[SpecMixture]) -> float:
        """NashConv of mixtures of whole policies, one mixture a seat."""
        return float(self.gains(mixtures).sum())

    def table(self, seat: int, mixture: SpecMixture) -> dict[str, dict[int, float]]:
        """The one tabular policy that plays as the mixture does (H. W. Kuhn's theorem): information key -> {action: probability}."""
        side = self.tree.sides[seat]
        weights = self.mixed_reach(seat, mixture)
        weights[0] = 1.0
        return side.table(side.normalised(weights))


def is_exact(game: Game[Any], specs: Sequence[str], max_histories: int = MAX_HISTORIES) -> bool:
    """Whether the game can be listed and every one of the agents says its probabilities."""
    return _refusal(game, max_histories) is None and all(isinstance(agent(spec), HasPolicy) for spec in specs)


def _refusal(game: Game[Any], max_histories: int) -> str | None:
    """Why a game cannot be listed; `None` when it can. Large games are known by an estimate of their size, without listing them."""
    if not isinstance(game, Information):
        return "it has no information keys"
    if game.info.chance and not isinstance(game, Chance):
        return "its chances are not listed"
    if unlisted(game):
        return "its actions are not listed"
    try:
        if histories(game).least > max_histories:
            return f"it has about {histories(game).mean:.1e} histories, and {max_histories:,} are allowed (max_histories)"
        tree_of(game, max_histories, True)
    except NotSupported as error:
        return str(error)
    return None
