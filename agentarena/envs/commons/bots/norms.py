"""Members that keep to norms, and members that enforce them."""

from __future__ import annotations

import math

import numpy as np

from agentarena.core.agent import View
from agentarena.envs.commons.observation import Observation
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import Move

from .member import Member, check_number, greatest_request, request_for

__all__ = ["NormFollower", "Punisher"]


class NormFollower(Member):
    """Keeps to the norm in force, or to the lowest cap that was named in the last conversation and that most did not oppose by naming a higher one.

    Args:
        otherwise: Share of all it can that it asks for where there is no norm.
        obeys: Chance of keeping to the norm in a round; otherwise it behaves as if there were none.
        fear: Chance that it surely keeps to the norm after a round in which it was punished, or without a norm to that round's mean harvest.
        resents: Chance that it ignores the norm after a round in which all together took more than the norm allows and nobody was punished.
    """

    def __init__(self, otherwise: float = 1.0, obeys: float = 1.0, fear: float = 0.0, resents: float = 0.0) -> None:
        for name, value in (("otherwise", otherwise), ("obeys", obeys), ("fear", fear), ("resents", resents)):
            check_number("norm_follower", name, value, 0.0, 1.0)
        self.otherwise, self.obeys, self.fear, self.resents = float(otherwise), float(obeys), float(fear), float(resents)

    def limit(self, options: CommonsOptions, obs: Observation) -> float:
        """The cap it feels bound to; -1 for none."""
        if obs.general["norm"] >= 0:
            return obs.general["norm"]
        named = np.sort(obs.column("named")[obs.column("named") >= 0])
        return float(named[(len(named) - 1) // 2]) if len(named) else -1.0

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        free, limit = self.otherwise * greatest_request(options, obs), self.limit(options, obs)
        free = free if options.resource == "logistic" else float(math.floor(free + 1e-9))
        draws, seats = view.rng.random(3).tolist(), max(1.0, float(obs.column("active").sum()))
        punished = obs.column("fined_by")
        afraid = draws[1] < self.fear and punished[0] > 0
        broken = 0 <= limit * seats * (1 + 1e-6) < obs.general["total"] and not punished.any()
        keeps = draws[0] < self.obeys and not (broken and draws[2] < self.resents)
        if afraid and limit < 0:
            limit = obs.general["total"] / seats
        if limit < 0 or not (keeps or afraid):
            return Move(free)
        return Move(min(free, request_for(options, obs, limit)))


class Punisher(NormFollower):
    """A norm follower that watches others and punishes those above the norm; where it may choose, the worst of them.

    Without a norm it holds others to the mean harvest.

    Args:
        watches: Chance of watching.
        punishes: Chance of punishing a violation it sees.
        otherwise: As for the norm follower.
        obeys: Likewise.
        fear: Likewise.
        resents: Likewise.
    """

    def __init__(
        self,
        watches: float = 1.0,
        punishes: float = 1.0,
        otherwise: float = 1.0,
        obeys: float = 1.0,
        fear: float = 0.0,
        resents: float = 0.0,
    ) -> None:
        super().__init__(otherwise, obeys, fear, resents)
        check_number("punisher", "watches", watches, 0.0, 1.0)
        check_number("punisher", "punishes", punishes, 0.0, 1.0)
        self.watches, self.punishes = float(watches), float(punishes)

    def watch(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        return Move(0.0, int(view.rng.random() < self.watches))

    def sanction(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        harvested, limit = obs.column("harvested"), self.limit(options, obs)
        if limit < 0:
            limit = obs.general["total"] / max(1.0, float(obs.column("active").sum()))
        if view.rng.random() >= self.punishes:
            return Move()
        if options.sanction == "random":
            watched = int(obs.column("watched").argmax())
            return Move(0.0, int(harvested[watched] > limit * (1 + 1e-6)))
        worst = 1 + int(harvested[1:].argmax())
        return Move(0.0, 2 + (view.seat + worst) % options.players) if harvested[worst] > limit * (1 + 1e-6) else Move()
