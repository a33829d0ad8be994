"""Reference players of `.efg` games."""

from __future__ import annotations

from agentarena.core.agent import Agent, PolicyAgent, View

__all__ = ["BOTS", "First", "Last"]


class First(PolicyAgent):
    """Always takes the first action, in the order of the numbers of actions."""

    def policy(self, view: View) -> dict[int, float]:
        assert isinstance(view.legal, tuple)
        return {action: float(place == 0) for place, action in enumerate(view.legal)}


class Last(PolicyAgent):
    """Always takes the last action."""

    def policy(self, view: View) -> dict[int, float]:
        assert isinstance(view.legal, tuple)
        return {action: float(place == len(view.legal) - 1) for place, action in enumerate(view.legal)}


BOTS: dict[str, type[Agent]] = {"efg/first": First, "efg/last": Last}
"""Names of the reference players -> class."""
