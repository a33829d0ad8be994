"""Reference players of Kuhn poker. Each is its policy; they act on the observation alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game

from .game import BET, PASS

__all__ = ["BOTS", "AlwaysBet", "AlwaysPass", "Hand", "Honest", "Nash", "hand_of"]


class Hand(NamedTuple):
    """What an observation says.

    Attributes:
        card: The own card, 0 lowest.
        highest: The highest card of the deck.
        bets: The actions so far, each `PASS` or `BET`.
    """

    card: int
    highest: int
    bets: tuple[int, ...]


def hand_of(observation: np.ndarray, seats: int) -> Hand:
    """The observation of a game of `seats` players in words a player would use."""
    cards = observation[seats : seats + seats + 1]
    acts = observation[seats + seats * (seats + 1) :].reshape(-1, 2)
    return Hand(int(cards.argmax()), seats, tuple(int(act.argmax()) for act in acts if act.any()))


class _Poker(PolicyAgent):
    def bet(self, hand: Hand) -> float:
        """Probability of betting."""
        raise NotImplementedError

    def policy(self, view: View) -> dict[int, float]:
        bet = self.bet(hand_of(view.observation, view.game.info.seats))
        return {PASS: 1.0 - bet, BET: bet}


class AlwaysBet(_Poker):
    """Bets and calls with everything."""

    def bet(self, hand: Hand) -> float:
        return 1.0


class AlwaysPass(_Poker):
    """Never puts in a second chip."""

    def bet(self, hand: Hand) -> float:
        return 0.0


class Honest(_Poker):
    """Bets with the highest card, calls a bet also with the second highest half of the time, never bluffs."""

    def bet(self, hand: Hand) -> float:
        if hand.card == hand.highest:
            return 1.0
        return 0.5 if hand.card == hand.highest - 1 and BET in hand.bets else 0.0


class Nash(_Poker):
    """An equilibrium of the game of two; `alpha` picks one of seat 0's family (Kuhn 1950), seat 1's is unique.

    Seat 0 bets J with probability alpha, Q never, K with 3 alpha; after pass and bet it calls with J never, Q with
    alpha + 1/3, K always. Seat 1 calls with J never, Q 1/3, K always, and after a pass bets J 1/3, Q never, K always.

    Args:
        alpha: How often seat 0 bluffs, 0 to 1/3.
    """

    def __init__(self, alpha: float = 0.2) -> None:
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 <= alpha <= 1 / 3:
            raise BadOption(f"kuhnpoker/nash: alpha is {alpha!r}; allowed: 0 to 1/3")
        self.alpha = float(alpha)
        self._table = {
            (): (self.alpha, 0.0, 3 * self.alpha),
            (PASS, BET): (0.0, self.alpha + 1 / 3, 1.0),
            (PASS,): (1 / 3, 0.0, 1.0),
            (BET,): (0.0, 1 / 3, 1.0),
        }

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.info.seats == 2 else f"it plays the game of 2 players; this one has {game.info.seats}"

    def bet(self, hand: Hand) -> float:
        if hand.highest != 2:
            raise NotSupported(f"kuhnpoker/nash plays the game of 2 players; this one has {hand.highest}. Try kuhnpoker/honest or cfr")
        return min(1.0, self._table[hand.bets][hand.card])


BOTS: dict[str, type[Agent]] = {
    "kuhnpoker/always_bet": AlwaysBet,
    "kuhnpoker/always_pass": AlwaysPass,
    "kuhnpoker/honest": Honest,
    "kuhnpoker/nash": Nash,
}
"""Names of the reference players -> class."""
