"""The uniformly random player: the floor of every table, and the opponent of every smoke test."""

from __future__ import annotations

from collections.abc import Mapping

from agentarena.core.actions import Action, sample
from agentarena.core.agent import Agent, View

__all__ = ["RandomAgent"]


class RandomAgent(Agent):
    """Plays a uniformly random legal action."""

    def choose(self, view: View) -> Action:
        legal = view.legal
        if isinstance(legal, tuple):
            return legal[int(view.uniform * len(legal))]
        return sample(legal, view.rng)

    def policy(self, view: View) -> Mapping[int, float]:
        legal = view.legal
        assert isinstance(legal, tuple)
        return dict.fromkeys(legal, 1.0 / len(legal))
