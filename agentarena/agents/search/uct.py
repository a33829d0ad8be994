"""The tree search that MCTS and ISMCTS share: UCB1 in the tree, random play below it, returns backed up for every seat.

One simulation: draw a state the searching seat cannot tell from the truth; go down the tree by UCB1, each seat that is
asked maximising its own return (max^n; at simultaneous moves each by its own bandit, blind to the others' choice: decoupled
UCT); at the first untried action or unknown node add it; play on at random; credit what each seat earned to its choices.

Returns are rescaled for each seat by itself, by the spread this search has seen so far: twice their standard deviation, but no
less than a quarter of the way from the least to the greatest (else a bandit that has settled on a safe action would see its
own certainty as a tiny scale and never look elsewhere again). In a game that is won or lost as often this is the usual scale,
on which the two differ by 1. Fixed scales would not do: declared bounds belong to rare endings, on whose scale ordinary
payments differ by so little that the bandit only explores; and raw returns in tens, as in arXiv 2510.11736, drown an exploration
term of order one, so that it hardly explores at all.

        score(a) = mean(a) / max(2 sd, (high - low) / 4) + c * sqrt(ln(n) / visits(a))
        n = visits of the node (MCTS), or how often a was legal there (ISMCTS)

References: L. Kocsis and C. Szepesvari, "Bandit based Monte-Carlo planning" (ECML 2006); N. Sturtevant, "An analysis of UCT
in multi-player games" (ICGA Journal 31, 2008); P. Cowling, E. Powley, D. Whitehouse, "Information set Monte Carlo tree
search" (IEEE TCIAIG 4, 2012).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from math import inf, log, sqrt
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.agents.suitability import refusal
from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game, Resample

from .size import unlisted

__all__ = ["Node", "Settings", "TreeSearch", "uniforms"]

_BLOCK = 1024


def uniforms(rng: np.random.Generator) -> Callable[[], float]:
    """A source of uniform numbers in [0, 1) that draws them from `rng` by the block: a tenth of the cost of single draws."""
    block: list[float] = []
    pop = block.pop

    def draw() -> float:
        if not block:
            block.extend(rng.random(_BLOCK).tolist())
        return pop()

    return draw


class Settings:
    """How to search; checked once, when the agent is made.

    Args:
        name: The agent's name, for messages.
        simulations: Passes through the tree a decision.
        c: Weight of exploration, on the scale where a win and a loss differ by 1 (see above).
        rollouts: Plays from each new leaf; their returns are averaged.
        rollout: Who plays them: "random", or the spec of an agent, which is shown views of the imagined states.
        rollout_limit: Steps after which a play is cut off, the rest counting 0; `None` plays to the end.
        time_s: Wall-clock limit of a decision in seconds; `None` for none. With it, equal seeds no longer give equal moves.

    Raises:
        BadOption: A value is out of range.
    """

    def __init__(
        self, name: str, simulations: int, c: float, rollouts: int, rollout: str, rollout_limit: int | None, time_s: float | None
    ) -> None:
        for key, value, least in (("simulations", simulations, 1), ("rollouts", rollouts, 1), ("rollout_limit", rollout_limit, 0)):
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= least
            if not whole and not (key == "rollout_limit" and value is None):
                raise BadOption(f"{name}: {key} is {shown(value)}; expected a whole number, at least {least}")
        for key, number in (("c", c), ("time_s", time_s)):
            if number is not None and not (isinstance(number, int | float) and 0 <= number < inf):
                raise BadOption(f"{name}: {key} is {shown(number)}; expected a number, at least 0")
        self.name, self.simulations, self.c, self.rollouts = name, simulations, float(c), rollouts
        self.rollout_limit, self.time_s = rollout_limit, time_s
        self.player: Agent | None = None if rollout == "random" else agent(rollout)

    def cannot_play(self, game: Game[Any]) -> str | None:
        """See `Agent.cannot_play`."""
        if not game.info.forkable:
            return "it must branch, and a state of this game can be stepped only once"
        if game.info.hidden and not isinstance(game, Resample):
            return "it needs resample() of a game with hidden information, which this one lacks"
        if unlisted(game):
            return "it needs listed actions, and this game's are not"
        reason = None if self.player is None else refusal(self.player, game)
        return None if self.player is None or reason is None else f"its rollouts are played by {self.player.name}, and {reason}"


class Node:
    """What the search knows at one point of its tree.

    Attributes:
        arms: For each seat asked here, action -> [visits, sum of returns, times it was legal].
        children: The nodes that follow, by what tells them apart.
    """

    __slots__ = ("arms", "children")

    def __init__(self) -> None:
        self.arms: dict[int, dict[int, list[float]]] = {}
        self.children: dict[Any, Node] = {}


class TreeSearch:
    """One search from one view.

    Args:
        view: What the searching seat may know; the true state is never looked at, only `view.imagine`.
        settings: How to search.
        availability: Count how often an action was legal (ISMCTS) instead of how often its node was visited (MCTS).
        informed: Tell nodes apart by the searching seat's information key instead of by the actions played. It separates what
            chance has shown the seat and merges what it cannot see.
    """

    def __init__(self, view: View, settings: Settings, *, availability: bool, informed: bool) -> None:
        game: Game[Any] = view.game
        if not view.can_imagine:
            view.imagine(view.rng)  # says why not
        legal = view.legal
        if not isinstance(legal, tuple):
            raise NotSupported(f"{settings.name} needs listed actions, and {type(game).__name__} has {type(legal).__name__}")
        self.legal = legal
        self.view, self.game, self.settings, self.availability = view, game, settings, availability
        self.rng, self.uniform = view.rng, uniforms(view.rng)
        self.key: Callable[[Any, int], str] | None = game.information if informed else None  # type: ignore[attr-defined]  # the caller knows
        self.root = Node()
        self.mean = [0.0] * game.info.seats  # of the returns so far, by seat
        self.squares = [0.0] * game.info.seats  # their sum of squared distances from it
        self.low = [inf] * game.info.seats
        self.high = [-inf] * game.info.seats
        self.scale = [0.0] * game.info.seats  # what one unit of return counts in a score; 0 while all returns are equal
        self.simulations = 0

    def run(self) -> int:
        """Search, and the action visited most; among equals the one of greater mean return, then the lowest."""
        deadline = inf if self.settings.time_s is None else time.monotonic() + self.settings.time_s
        while self.simulations < self.settings.simulations:
            self._simulate(self.view.imagine(self.rng))
            self.simulations += 1
            if deadline < inf and time.monotonic() >= deadline:
                break
        arms = self.root.arms[self.view.seat]
        return max(sorted(arms), key=lambda action: (arms[action][0], arms[action][1] / arms[action][0]))

    def report(self) -> dict[str, Any]:
        """What the search found: simulations, and for each action of the root its visits and mean return."""
        arms = sorted(self.root.arms[self.view.seat].items())
        return {
            "simulations": self.simulations,
            "visits": {action: int(arm[0]) for action, arm in arms},
            "values": {action: arm[1] / arm[0] for action, arm in arms},
        }

    def _simulate(self, state: Any) -> None:
        game, key, seat_of_search, rng = self.game, self.key, self.view.seat, self.rng
        returns = [0.0] * len(self.scale)
        node = self.root
        path: list[tuple[int, list[float]]] = []
        while movers := game.to_move(state):
            actions = {}
            for seat in movers:
                arms = node.arms.get(seat)
                if arms is None:
                    arms = node.arms[seat] = {}
                action, arm = self._select(arms, game.legal(state, seat), seat, len(movers) > 1)
                actions[seat] = action
                path.append((seat, arm))
            state = game.step(state, actions, rng)
            for seat, reward in enumerate(game.rewards(state)):
                if reward:
                    returns[seat] += reward
            name = key(state, seat_of_search) if key is not None else actions[movers[0]] if len(movers) == 1 else tuple(actions.values())
            child = node.children.get(name)
            if child is None:
                node.children[name] = Node()
                break
            node = child
        self._credit(path, self._play_on(state, returns))

    def _select(self, arms: dict[int, list[float]], legal: Any, seat: int, together: bool) -> tuple[int, list[float]]:
        """A random untried action if there is one, else the one of greatest score; and its statistics.

        Where several seats choose `together`, the exploration term is multiplied by a uniform number (RandUCB, arXiv 1910.04928):
        two deterministic bandits can fall in step, and one of them then wins every time.
        """
        if not all(map(arms.__contains__, legal)):
            untried = [action for action in legal if action not in arms]
            action = untried[int(self.uniform() * len(untried))]
            arms[action] = [0.0, 0.0, 0.0]
            if self.availability:
                for other in legal:
                    if other in arms:
                        arms[other][2] += 1.0
            return action, arms[action]
        scale, c = self.scale[seat], self.settings.c
        best, chosen = -inf, legal[0]
        by_node = 0.0 if self.availability else log(sum([arm[0] for arm in arms.values()]))
        for action in legal:
            arm = arms[action]
            visits = arm[0]
            if self.availability:
                arm[2] += 1.0
                explore = c * sqrt(log(arm[2]) / visits)
            else:
                explore = c * sqrt(by_node / visits)
            score = arm[1] / visits * scale + (explore * self.uniform() if together else explore)
            if score > best:
                best, chosen = score, action
        return chosen, arms[chosen]

    def _play_on(self, leaf: Any, before: list[float]) -> list[float]:
        """Mean returns of random play from `leaf`, with what was earned before it."""
        rollouts = self.settings.rollouts
        player = self.settings.player
        play = self._rollout if player is None else partial(self._guided, player)
        if rollouts == 1 or not self.game.to_move(leaf):
            return play(leaf, before)
        plays = [play(leaf, before) for _ in range(rollouts)]
        return [sum(column) / rollouts for column in zip(*plays, strict=True)]

    def _rollout(self, state: Any, before: list[float]) -> list[float]:
        returns = before.copy()
        to_move, legal, step, rewards = self.game.to_move, self.game.legal, self.game.step, self.game.rewards
        uniform, rng = self.uniform, self.rng
        left = -1 if self.settings.rollout_limit is None else self.settings.rollout_limit
        while left and (movers := to_move(state)):
            left -= 1
            actions = {}
            for seat in movers:
                choices: Any = legal(state, seat)
                actions[seat] = choices[int(uniform() * len(choices))]
            state = step(state, actions, rng)
            for seat, reward in enumerate(rewards(state)):
                if reward:
                    returns[seat] += reward
        return returns

    def _guided(self, player: Agent, state: Any, before: list[float]) -> list[float]:
        """A play by an agent in all seats, each shown what it would know in the imagined match."""
        returns, game, rng = before.copy(), self.game, self.rng
        seed, turn = int(self.uniform() * 2**32), 0
        memory: list[dict[str, Any]] = [{} for _ in returns]
        left = -1 if self.settings.rollout_limit is None else self.settings.rollout_limit
        while turn != left and (movers := game.to_move(state)):
            turn += 1
            actions = {seat: player.choose(View(game, state, seat, seed=seed, turn=turn, memory=memory[seat])) for seat in movers}
            state = game.step(state, actions, rng)
            for seat, reward in enumerate(game.rewards(state)):
                if reward:
                    returns[seat] += reward
        return returns

    def _credit(self, path: list[tuple[int, list[float]]], returns: list[float]) -> None:
        count = self.simulations + 1
        for seat, value in enumerate(returns):
            off = value - self.mean[seat]
            self.mean[seat] += off / count
            self.squares[seat] += off * (value - self.mean[seat])
            if value < self.low[seat]:
                self.low[seat] = value
            if value > self.high[seat]:
                self.high[seat] = value
            spread = max(2.0 * sqrt(self.squares[seat] / count), (self.high[seat] - self.low[seat]) / 4.0)
            self.scale[seat] = 1.0 / spread if spread > 0.0 else 0.0
        for seat, arm in path:
            arm[0] += 1.0
            arm[1] += returns[seat]
