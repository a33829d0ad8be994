"""The rule-based players of arXiv 2510.11736 and its random player, with the paper's parameters as arguments.

They act on the observation and the legal actions alone. A legal discard with cards worth S, from a hand worth V, scores

    (S * hand_priority + 2 per card if several + 3 if a run + 50 if V - S <= threshold + 10 * S / V) * risk

and the first greatest score is played, singles first, then sets, then the longest run, each in the order of the actions.
A hand that could have called but did not throws the highest card c with V - c + 5 <= threshold, else the first set
for which that holds, else its lowest card. `risk` scales all scores alike, so it changes nothing; it is here because
the paper lists it (see the card for its ablations).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption

from .actions import CALL, FIRST_RUN, STOCK, TAKE
from .batch.players import ArrayHeuristic, ArrayRandom
from .game import Dhumbal
from .observation import PURSE, TURN, VALUE

__all__ = ["BOTS", "Aggressive", "Balanced", "Conservative", "Heuristic", "Opportunistic", "PaperRandom"]


class Heuristic(Agent):
    """What the four rule-based players share.

    Args:
        call: Calls when the hand is worth at most this; `None` for whenever it is legal.
        pickup: Takes a card from the pile that is worth at most this, two more with more than 15 left in hand, one
            less with at most 12.
        hand_priority: Weight of the value of the cards discarded.
        risk: Factor on all scores; without effect.
    """

    def __init__(self, call: int | None, pickup: int, hand_priority: float, risk: float) -> None:
        if risk <= 0:
            raise BadOption(f"risk must be above 0, got {risk}")
        self.call, self.pickup, self.hand_priority, self.risk = call, pickup, hand_priority, risk

    def choose(self, view: View) -> int:
        game, legal = view.game, view.legal
        assert isinstance(game, Dhumbal)
        assert isinstance(legal, tuple)
        if legal[0] == STOCK:
            return self._take(game, view, legal)
        worth = game.deck.worth
        value = sum(worth[card] for card in legal if card < 52)  # every card may be thrown alone
        if CALL not in legal:
            return self._discard(game, legal, value)
        if self.calls(game, view, value):
            return CALL
        return _low_discard(worth, [a for a in legal if a != CALL], value, game.threshold)

    def calls(self, game: Dhumbal, view: View, value: int) -> bool:
        """Whether to call with a hand worth `value`, which is legal."""
        return self.call is None or value <= self.call

    def call_chances(self, game: Dhumbal, observations: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The same for R decisions: probabilities of a call. Shapes (R, N), (R,) -> (R,)."""
        return np.ones(len(values)) if self.call is None else (values <= self.call).astype(np.float64)

    def batch_policy(self, game: Dhumbal) -> ArrayHeuristic:
        """The player on arrays, with equal decisions."""
        return ArrayHeuristic(game, partial(self.call_chances, game), self.pickup, self.hand_priority, self.risk)

    def _discard(self, game: Dhumbal, legal: tuple[int, ...], value: int) -> int:
        worth, size, room = game.deck.worth, game.deck.counts, value - game.threshold
        best, most = -1, -1.0
        longest = max((size[action] for action in legal if FIRST_RUN <= action < CALL), default=0)
        for action in legal:
            cards, count = worth[action], size[action]
            score = cards * self.hand_priority
            if count > 1:
                score += 2.0 * count
                if action >= FIRST_RUN:
                    if count < longest:
                        continue  # part of a longer run
                    score += 3.0
            if cards >= room:
                score += 50.0
            score = (score + cards / value * 10.0) * self.risk
            if score > most:
                best, most = action, score
        return best

    def _take(self, game: Dhumbal, view: View, legal: tuple[int, ...]) -> int:
        observation = view.observation
        value = int(observation[game.layout["value"].start] * VALUE)
        bar = self.pickup + (2 if value > 15 else -1 if value <= 12 else 0)
        offer = observation[game.layout["offer"]]
        best, least = STOCK, bar + 1
        for card in offer.nonzero()[0].tolist():
            action = TAKE - int(np.log2(offer[card]))
            cost = game.deck.values[card]
            if cost < least or (cost == least and best != STOCK and action < best):
                best, least = action, cost
        return best


def _low_discard(worth: tuple[int, ...], discards: list[int], value: int, threshold: int) -> int:
    singles = [a for a in discards if a < 52]
    safe = [a for a in singles if value - worth[a] + 5 <= threshold]
    if safe:
        return max(safe, key=lambda a: worth[a])
    for action in discards:
        if 52 <= action < FIRST_RUN and value - worth[action] + 5 <= threshold:
            return action
    return min(singles or discards, key=lambda a: worth[a])


class Aggressive(Heuristic):
    """Calls whenever it may, throws the most points, takes cheap cards."""

    def __init__(self, call: int | None = None, pickup: int = 4, hand_priority: float = 1.0, risk: float = 1.2) -> None:
        super().__init__(call, pickup, hand_priority, risk)


class Conservative(Heuristic):
    """Calls with 7 or less."""

    def __init__(self, call: int = 7, pickup: int = 3, hand_priority: float = 0.6, risk: float = 0.8) -> None:
        super().__init__(call, pickup, hand_priority, risk)


class Balanced(Heuristic):
    """Calls with 5 or less always, with 6 to 8 often, with 9 or 10 sometimes.

    Args:
        call: Always calls with this or less.
        often: Probability of a call with up to three points more.
        sometimes: Probability of a call with up to five points more.
    """

    def __init__(
        self,
        call: int = 5,
        pickup: int = 4,
        hand_priority: float = 0.8,
        risk: float = 1.0,
        often: float = 0.7,
        sometimes: float = 0.4,
    ) -> None:
        super().__init__(call, pickup, hand_priority, risk)
        _probabilities(often=often, sometimes=sometimes)
        self.often, self.sometimes = often, sometimes

    def calls(self, game: Dhumbal, view: View, value: int) -> bool:
        assert self.call is not None
        if value <= self.call:
            return True
        chance = self.often if value <= self.call + 3 else self.sometimes if value <= self.call + 5 else 0.0
        return bool(view.rng.random() < chance)

    def call_chances(self, game: Dhumbal, observations: np.ndarray, values: np.ndarray) -> np.ndarray:
        assert self.call is not None
        steps = (values <= self.call, values <= self.call + 3, values <= self.call + 5)
        return np.select(steps, (1.0, self.often, self.sometimes), 0.0)


class Opportunistic(Heuristic):
    """Calls with 7 or less always; with up to three points more by how it stands and how late it is.

    There it calls with probability p0 + 0.05 * (call + 3 - V) + 0.15 after turn 20, where p0 is `ahead` when it has
    more coins (or fewer points) than the table's mean, else `behind`.
    """

    def __init__(
        self,
        call: int = 7,
        pickup: int = 4,
        hand_priority: float = 0.8,
        risk: float = 1.0,
        ahead: float = 0.8,
        behind: float = 0.3,
    ) -> None:
        super().__init__(call, pickup, hand_priority, risk)
        _probabilities(ahead=ahead, behind=behind)
        self.ahead, self.behind = ahead, behind

    def calls(self, game: Dhumbal, view: View, value: int) -> bool:
        assert self.call is not None
        if value <= self.call or value > self.call + 3:
            return value <= self.call
        observation, parts = view.observation, game.layout
        purses = (observation[parts["purses"]] * PURSE).tolist()
        lead = purses[0] * len(purses) - sum(purses)
        chance = self.ahead if (lead if game.scoring == "coins" else -lead) > 0 else self.behind
        chance += 0.05 * (self.call + 3 - value)
        if observation[parts["turn"].start] * TURN > 20:
            chance += 0.15
        return bool(view.rng.random() < chance)

    def call_chances(self, game: Dhumbal, observations: np.ndarray, values: np.ndarray) -> np.ndarray:
        assert self.call is not None
        purses = observations[:, game.layout["purses"]] * PURSE
        lead = purses[:, 0] * game.players - purses.sum(axis=1)
        chances = np.where((lead if game.scoring == "coins" else -lead) > 0, self.ahead, self.behind)
        chances = chances + 0.05 * (self.call + 3 - values) + 0.15 * (observations[:, game.layout["turn"].start] * TURN > 20)
        return np.select((values <= self.call, values <= self.call + 3), (1.0, chances), 0.0)


class PaperRandom(Agent):
    """The paper's random player: calls with probability 1/2, any discard, takes from the pile with probability 1/2.

    Args:
        call: Probability of a call when it is legal.
        take: Probability of taking from the pile when it is legal.
    """

    def __init__(self, call: float = 0.5, take: float = 0.5) -> None:
        _probabilities(call=call, take=take)
        self.call, self.take = call, take

    def batch_policy(self, game: Dhumbal) -> ArrayRandom:
        """The player on arrays."""
        return ArrayRandom(self.call, self.take)

    def choose(self, view: View) -> int:
        legal, rng = view.legal, view.rng
        assert isinstance(legal, tuple)
        if legal[0] == STOCK:
            if len(legal) == 1 or rng.random() >= self.take:
                return STOCK
            return legal[1 + int(rng.integers(len(legal) - 1))]
        if CALL in legal:
            if rng.random() < self.call:
                return CALL
            legal = tuple(action for action in legal if action != CALL)
        return legal[int(rng.integers(len(legal)))]


def _probabilities(**values: float) -> None:
    for name, value in values.items():
        if not 0.0 <= value <= 1.0:
            raise BadOption(f"{name} is a probability, got {value}; give a number from 0 to 1")


BOTS: dict[str, type[Agent]] = {
    "dhumbal/aggressive": Aggressive,
    "dhumbal/balanced": Balanced,
    "dhumbal/conservative": Conservative,
    "dhumbal/opportunistic": Opportunistic,
    "dhumbal/random": PaperRandom,
}
"""Names of the reference players -> class."""
