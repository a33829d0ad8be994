"""Reference drivers. Each says its policy."""

from __future__ import annotations

from collections.abc import Mapping

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .game import GO, YIELD, Merge

__all__ = ["BOTS", "Go", "Mixed", "RiskAverse", "Yield", "risk_averse_go"]


class _Driver(PolicyAgent):
    def go(self, game: Merge) -> float:
        """The chance to go."""
        raise NotImplementedError

    def policy(self, view: View) -> Mapping[int, float]:
        p = self.go(view.game)  # type: ignore[arg-type]  # these bots are for this game
        return {GO: p, YIELD: 1.0 - p}


class Go(_Driver):
    """Always goes: the equilibrium of mean returns, wherever a crash is rare enough."""

    def go(self, game: Merge) -> float:
        return 1.0


class Yield(_Driver):
    """Always yields."""

    def go(self, game: Merge) -> float:
        return 0.0


class Mixed(_Driver):
    """Goes with a fixed chance.

    Args:
        p: The chance.
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = _number("p", p, 1.0)

    def go(self, game: Merge) -> float:
        return self.p


class RiskAverse(_Driver):
    """Goes as often as a driver does who dislikes variance, against one of its kind.

    Args:
        gamma: How much variance it dislikes, per second.
    """

    def __init__(self, gamma: float = 0.5) -> None:
        self.gamma = _number("gamma", gamma, 1e6)

    def go(self, game: Merge) -> float:
        return risk_averse_go(game, self.gamma)


def risk_averse_go(game: Merge, gamma: float) -> float:
    """The chance to go in the symmetric equilibrium of drivers who maximise x v(s) - gamma x^2 w(s), x their chance to go.

        v(s) = gain - s p (gain + cost),   w(s) = s p (1 - s p) (gain + cost)^2,   s = x

    v is the mean return of going against one who goes with chance s, w its variance, p the chance of a crash. The best response
    v / (2 gamma w), cut to [0, 1], falls with s, so the fixed point is found by halving.

    >>> round(risk_averse_go(Merge(), 0.5), 4)
    0.3666
    """

    def response(s: float) -> float:
        crash = s * game.crash_chance
        loss = game.gain + game.cost
        mean, variance = game.gain - crash * loss, crash * (1 - crash) * loss**2
        if mean <= 0:
            return 0.0
        return min(1.0, mean / (2 * gamma * variance)) if gamma * variance > 0 else 1.0

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if response(middle) >= middle else (low, middle)
    return high if response(high) >= high else low


def _number(name: str, value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadOption(f"merge: {name} is {shown(value)}; expected a number from 0 to {most:g}")
    return float(value)


BOTS: dict[str, type[Agent]] = {"merge/go": Go, "merge/mixed": Mixed, "merge/risk_averse": RiskAverse, "merge/yield": Yield}
"""Names of the reference players -> class."""
