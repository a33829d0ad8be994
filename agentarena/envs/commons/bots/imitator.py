"""Members whose strategies spread by social learning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agentarena.core.agent import View
from agentarena.core.errors import BadOption
from agentarena.envs.commons.observation import Observation
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import HARVEST, Move

from .member import Member, check_number, greatest_request, request_for

__all__ = ["Imitator"]

_STARTS: dict[str, tuple[tuple[float, float], ...]] = {
    "selfish": ((0.6, 1.0), (0.0, 0.2), (0.0, 0.2), (0.2, 0.6)),
    "altruistic": ((0.0, 0.4), (0.5, 1.0), (0.5, 1.0), (0.0, 0.2)),
    "none": ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
}


class Imitator(Member):
    """A strategy of four numbers that social learning spreads: effort e, watching m, punishing p, and a belief b, what part of the stock may be taken.

    It harvests with effort e, or under a norm keeps to it with chance `obeys`; watches with chance m and punishes with chance p who took more than the norm;
    proposes the cap b R / N, and believes less when the stock falls: b is multiplied by R' / R. When it learns from another it copies what it is told and
    what all see: the effort, the proposal, how often the other watched, and how often it punished for each violation it can be supposed to have seen. Small errors
    come with copying.
    Initial strategies are drawn by disposition: selfish e ~ U(0.6, 1), m and p ~ U(0, 0.2), b ~ U(0.2, 0.6); altruistic e ~ U(0, 0.4),
    m and p ~ U(0.5, 1), b ~ U(0, 0.2); neither: all of [0, 1], b of [0, 0.6]. All of this is this project's proposal, not a paper's. [PROP]

    Args:
        disposition: "selfish", "altruistic", "none", or "" for the game's own.
        obeys: Chance of keeping to a norm.
        error: Standard deviation of what is added to a copied effort.
    """

    def __init__(self, disposition: str = "", obeys: float = 0.7, error: float = 0.02) -> None:
        if disposition not in ("", *_STARTS):
            raise BadOption(f"imitator: disposition is {disposition!r}; allowed: {', '.join(_STARTS)}")
        check_number("imitator", "obeys", obeys, 0.0, 1.0)
        check_number("imitator", "error", error, 0.0, 1.0)
        self.disposition, self.obeys, self.error = disposition, float(obeys), float(error)

    def _mind(self, options: CommonsOptions, obs: Observation, view: View) -> dict[str, Any]:
        """Its strategy in this match, brought up to date with the round shown."""
        mind = view.memory
        if not mind:
            draws = view.rng.random(4).tolist()
            values = (
                low + (high - low) * u for (low, high), u in zip(_STARTS[self.disposition or options.disposition], draws, strict=True)
            )
            mind.update(zip("empb", values, strict=True))
            zeros = [0.0] * options.players
            mind.update(rounds=0, watches=zeros, watches_under_norm=zeros, fines=zeros, judged=0, violations=0)
        number = int(obs.general["shown"])
        if obs.phase == HARVEST and number > mind["rounds"]:
            mind["rounds"] = number
            under_norm = float(obs.general["shown_norm"] >= 0)
            counts = {
                "watches": obs.column("watches"),
                "watches_under_norm": obs.column("watches") * under_norm,
                "fines": obs.column("fines"),
            }
            for name, count in counts.items():
                mind[name] = (np.array(mind[name]) + count).tolist()
            if obs.general["before"] > 0 and options.resource != "static":
                mind["b"] = min(1.0, mind["b"] * min(1.0, obs.general["stock"] / obs.general["before"]))
            if obs.column("model").any():
                self._copy(options, obs, view, mind)
        return mind

    def _copy(self, options: CommonsOptions, obs: Observation, view: View, mind: dict[str, Any]) -> None:
        """Take over the strategy of the seat it learns from, as far as it shows."""
        model = int(obs.column("model").argmax())
        request = float(obs.column("requested")[model])
        if request >= 0:
            possible = {"logistic": 1.0, "doubling": max(1.0, obs.general["before"]), "static": float(options.tokens)}[options.resource]
            mind["e"] = min(1.0, max(0.0, request / possible + self.error * float(view.rng.standard_normal())))
        cap, before = float(obs.column("model_cap")[model]), obs.general["before"]
        if cap >= 0 and before > 0:
            mind["b"] = min(1.0, cap * options.players / before)
        mind["m"] = mind["watches"][model] / mind["rounds"]
        if mind["watches_under_norm"][model]:  # how often it punished a violation, if it met as many as I did
            violations = mind["watches_under_norm"][model] * (mind["violations"] + 1) / (mind["judged"] + 2)
            mind["p"] = min(1.0, mind["fines"][model] / violations)

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        mind = self._mind(options, obs, view)
        possible, norm = greatest_request(options, obs), obs.general["norm"]
        free = mind["e"] * possible if options.resource == "logistic" else float(math.floor(mind["e"] * possible))
        if norm < 0 or view.rng.random() >= self.obeys:
            return Move(free)
        return Move(min(free, request_for(options, obs, norm)))

    def watch(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        return Move(0.0, int(view.rng.random() < self._mind(options, obs, view)["m"]))

    def sanction(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        norm, harvested = obs.general["shown_norm"], obs.column("harvested")
        # whom it watched, or where it may choose the one that took most
        other = int(obs.column("watched").argmax()) if options.sanction == "random" else 1 + int(harvested[1:].argmax())
        violates = norm >= 0 and harvested[other] > norm * (1 + 1e-6)
        mind = self._mind(options, obs, view)
        mind["judged"] += int(norm >= 0)
        mind["violations"] += int(violates)
        punishes = violates and view.rng.random() < mind["p"]
        choice = 2 + (view.seat + other) % options.players if options.sanction == "chosen" else 1
        return Move(0.0, choice) if punishes else Move()

    def cap(self, options: CommonsOptions, obs: Observation, view: View) -> float:
        stock = obs.general["stock"] if options.resource != "static" else float(options.tokens * options.players)
        return float(self._mind(options, obs, view)["b"] * stock / options.players)
