"""Members that differ in how much they harvest, and take no part in institutions of their own accord."""

from __future__ import annotations

import math

from agentarena.core.agent import View
from agentarena.envs.commons.observation import Observation
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import Move

from .member import Member, check_number, fair_harvest, greatest_request, request_for

__all__ = ["Conditional", "Constant", "Greedy", "Sustainable", "Threshold"]


class Constant(Member):
    """Asks for the same every round.

    Args:
        amount: Effort in [0, 1], units or tokens; as much of it as can be asked for.
    """

    def __init__(self, amount: float = 0.5) -> None:
        check_number("constant", "amount", amount, 0.0, math.inf)
        self.amount = float(amount)

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        return Move(min(self.amount, greatest_request(options, obs)))


class Greedy(Member):
    """Asks for all it can."""

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        return Move(greatest_request(options, obs))

    def cap(self, options: CommonsOptions, obs: Observation, view: View) -> float:
        return options.highest_cap


class Sustainable(Member):
    """Takes an equal part of what can be taken for ever; see `fair_harvest`."""

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        return Move(request_for(options, obs, fair_harvest(options, obs)))


class Threshold(Member):
    """Harvests only while the stock stands above a share of the capacity.

    Args:
        above: The share.
        amount: What it asks for then: effort, units or tokens.
    """

    def __init__(self, above: float = 0.5, amount: float = 1.0) -> None:
        check_number("threshold", "above", above, 0.0, 1.0)
        check_number("threshold", "amount", amount, 0.0, math.inf)
        self.above, self.amount = float(above), float(amount)

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        rich = options.resource == "static" or obs.general["stock"] > self.above * options.capacity
        return Move(min(self.amount, greatest_request(options, obs)) if rich else 0.0)


class Conditional(Member):
    """A conditional cooperator: takes its fair part first, then as much as the others did on average, times a bias towards itself.

    Args:
        bias: Factor on the others' mean harvest; people match others imperfectly, to their own advantage.
    """

    def __init__(self, bias: float = 1.05) -> None:
        check_number("conditional", "bias", bias, 0.0, 100.0)
        self.bias = float(bias)

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        own = float(obs.column("harvested")[0])
        others = float((obs.column("active")[1:]).sum())
        if not obs.general["shown"] or own < 0 or not others:
            return Move(request_for(options, obs, fair_harvest(options, obs)))
        mean = (obs.general["total"] - own) / others
        if options.resource == "logistic" and obs.general["before"] > 0:  # the same effort, whatever the stock
            mean *= obs.general["stock"] / obs.general["before"]
        wanted = self.bias * mean
        if options.resource != "logistic":  # whole units: the fraction is a chance
            wanted = math.floor(wanted) + float(view.rng.random() < wanted % 1.0)
        return Move(request_for(options, obs, wanted))
