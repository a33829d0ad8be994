"""The uniformly random player: the floor of every table, and the opponent of every smoke test."""

from __future__ import annotations

from collections.abc import Mapping

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View

__all__ = ["RandomAgent"]


class RandomAgent(Agent):
    """Plays a uniformly random legal action."""

    def choose(self, view: View) -> Action:
        return view.sample()

    def policy(self, view: View) -> Mapping[int, float]:
        legal = view.legal
        assert isinstance(legal, tuple)
        return dict.fromkeys(legal, 1.0 / len(legal))
