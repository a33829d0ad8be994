"""What the reference players have in common: a method for each phase, and ideas of a fair harvest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.commons.actions import action_of, signals
from agentarena.envs.commons.game import Commons
from agentarena.envs.commons.observation import Observation
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.rules import dynamics
from agentarena.envs.commons.state import HARVEST, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Move

__all__ = ["Member", "check_number", "fair_harvest", "greatest_request", "request_for"]


def greatest_request(options: CommonsOptions, obs: Observation) -> float:
    """All that a seat can ask for: effort 1, the whole stock, or all its tokens."""
    return {"logistic": 1.0, "doubling": obs.general["stock"], "static": float(options.tokens)}[options.resource]


def fair_harvest(options: CommonsOptions, obs: Observation) -> float:
    """An equal part of what can be taken for ever, in units or tokens.

    Of a doubling pool the threshold, of a logistic stock whatever brings it to K/2, where it grows fastest, and of the group account the tokens of the
    greatest rent; each divided by the seats that take part.
    """
    seats, stock = max(1.0, float(obs.column("active").sum())), obs.general["stock"]
    if options.resource == "doubling":
        return obs.general["share"]
    if options.resource == "static":
        return (options.pool_a - options.outside) / (2 * options.pool_b) / seats if options.pool_b else float(options.tokens)
    grown = stock if options.order == "harvest_then_grow" else float(dynamics.grow(stock, options.growth, options.capacity))
    return max(0.0, grown - options.capacity / 2) / seats


def request_for(options: CommonsOptions, obs: Observation, harvest: float) -> float:
    """What to ask for in order to get a harvest: an effort, or whole units or tokens that do not exceed it."""
    if options.resource != "logistic":
        return float(min(greatest_request(options, obs), max(0, math.floor(harvest + 1e-9))))
    stock = obs.general["stock"]
    base = float(dynamics.grow(stock, options.growth, options.capacity)) if options.order == "grow_then_harvest" else stock
    return min(1.0, max(0.0, harvest / (options.alpha * base))) if base > 0 else 0.0


class Member(Agent):
    """What all have in common: one method a phase, of which a subclass overrides those that matter to it.

    By default a member neither watches nor punishes, proposes and names its idea of a fair harvest as the cap, agrees once it has named
    one, and votes for the proposal nearest to its own.
    """

    def choose(self, view: View) -> Action:
        game = view.game
        if not isinstance(game, Commons):
            raise NotSupported(f"{self.name or type(self).__name__} plays the commons only")
        obs = game.layout.read(view.observation)
        phases = {
            TALK: self.talk,
            HARVEST: self.harvest,
            WATCH: self.watch,
            SANCTION: self.sanction,
            REFLECT: self.reflect,
            PROPOSE: self.propose,
            VOTE: self.vote,
        }
        if obs.phase == TALK and game.latent:  # its acts have no signals
            active = [(view.seat + place) % game.players for place in np.flatnonzero(obs.column("active")).tolist()]
            return action_of(game, TALK, Move(0.0, signals(game, active, view.seat)[0]))
        return action_of(game, obs.phase, phases[obs.phase](game, obs, view))

    def harvest(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """How much to harvest."""
        raise NotImplementedError(f"{type(self).__name__} must define harvest")

    def talk(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """What to say."""
        if obs.column("named")[0] >= 0:
            return Move(0.0, 1)
        return Move(min(options.highest_cap, self.cap(options, obs, view)))

    def watch(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """Whether to watch another."""
        return Move()

    def sanction(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """Whom to punish, or whether to punish the one that was watched."""
        return Move()

    def reflect(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """What to note."""
        return Move()

    def propose(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """Which cap to propose."""
        return Move(min(options.highest_cap, self.cap(options, obs, view)))

    def vote(self, options: CommonsOptions, obs: Observation, view: View) -> Move:
        """Whose proposal to vote for: the nearest to one's own idea; of equals the first round the table from oneself."""
        caps, own = obs.column("proposed"), self.cap(options, obs, view)
        distance = np.where(caps >= 0, np.abs(caps - own), np.inf)
        return Move(0.0, 2 + (view.seat + int(distance.argmin())) % options.players)

    def cap(self, options: CommonsOptions, obs: Observation, view: View) -> float:
        """Its idea of what one seat should take, in units or tokens."""
        return fair_harvest(options, obs)


def check_number(bot: str, name: str, value: Any, low: float, high: float) -> None:
    """Raise `BadOption` unless a parameter of a bot is a number in its range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadOption(f"{bot}: {name} is {value!r}; expected a number from {low:g} to {high:g}")
