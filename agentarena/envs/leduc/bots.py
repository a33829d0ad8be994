"""Reference players of Leduc poker. Each is its policy; they act on the observation alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.errors import BadOption

from .game import CALL, FOLD, RAISE

__all__ = ["BOTS", "AlwaysCall", "AlwaysRaise", "FoldOrCheck", "Hand", "Heuristic", "hand_of"]

_JACK, _KING = 0, 2


class Hand(NamedTuple):
    """What an observation says: ranks (-1 while unknown) and the chips still to be matched."""

    own: int
    public: int
    to_match: int


def hand_of(observation: np.ndarray) -> Hand:
    """The observation in words a player would use."""
    own, public = (int(part.argmax()) if part.any() else -1 for part in (observation[2:5], observation[5:8]))
    return Hand(own, public, int(observation[12]) - int(observation[11]))


class _Deterministic(PolicyAgent):
    """A player that takes the first legal action of its list."""

    preference: tuple[int, ...]

    def policy(self, view: View) -> dict[int, float]:
        preferred = next(action for action in self.preference if action in view.choices)
        return {action: float(action == preferred) for action in view.choices}


class AlwaysCall(_Deterministic):
    """Checks and calls."""

    preference = (CALL,)


class AlwaysRaise(_Deterministic):
    """Raises while it may, then calls."""

    preference = (RAISE, CALL)


class FoldOrCheck(_Deterministic):
    """Folds to every raise, else checks."""

    preference = (FOLD, CALL)


class Heuristic(PolicyAgent):
    """Raises pairs and kings, calls with the middle, mostly folds the worst to a raise, and bluffs now and then.

    Args:
        bluff: Probability of raising a weak hand when there is nothing to match.
    """

    def __init__(self, bluff: float = 0.1) -> None:
        if isinstance(bluff, bool) or not isinstance(bluff, int | float) or not 0 <= bluff <= 1:
            raise BadOption(f"leducpoker/heuristic: bluff is {bluff!r}; allowed: 0 to 1")
        self.bluff = float(bluff)

    def policy(self, view: View) -> dict[int, float]:
        probabilities = self._probabilities(hand_of(view.observation))
        if RAISE not in view.choices:  # where no raise is left, call instead
            probabilities[CALL] += probabilities[RAISE]
        return {action: probabilities[action] for action in view.choices}

    def _probabilities(self, hand: Hand) -> dict[int, float]:
        """Probabilities, were everything legal that makes sense here."""
        if hand.own == hand.public or (hand.public < 0 and hand.own == _KING):
            return {FOLD: 0.0, CALL: 0.0, RAISE: 1.0}
        weak = hand.own == _JACK if hand.public < 0 else hand.own != _KING
        if hand.to_match > 0:
            return {FOLD: 1.0, CALL: 0.0, RAISE: 0.0} if weak else {FOLD: 0.0, CALL: 1.0, RAISE: 0.0}
        return {FOLD: 0.0, CALL: 1.0 - self.bluff, RAISE: self.bluff} if weak else {FOLD: 0.0, CALL: 1.0, RAISE: 0.0}


BOTS: dict[str, type[Agent]] = {
    "leducpoker/always_call": AlwaysCall,
    "leducpoker/always_raise": AlwaysRaise,
    "leducpoker/fold_or_check": FoldOrCheck,
    "leducpoker/heuristic": Heuristic,
}
"""Names of the reference players -> class."""
