"""Reference players of Leduc poker. Each is its policy; they act on the observation alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.errors import BadOption

from .game import CALL, FOLD, RAISE

__all__ = ["BOTS", "AlwaysCall", "AlwaysRaise", "FoldOrCheck", "Heuristic", "Seen", "see"]

_JACK, _KING = 0, 2


class Seen(NamedTuple):
    """What an observation says: ranks (-1 while unknown) and the chips still to be matched."""

    own: int
    public: int
    to_match: int


def see(observation: np.ndarray) -> Seen:
    """The observation in words a player would use."""
    own, public = (int(part.argmax()) if part.any() else -1 for part in (observation[2:5], observation[5:8]))
    return Seen(own, public, int(observation[12]) - int(observation[11]))


class _Certain(PolicyAgent):
    """A player that takes the first legal action of its list."""

    wishes: tuple[int, ...]

    def policy(self, view: View) -> dict[int, float]:
        chosen = next(action for action in self.wishes if action in view.choices)
        return {action: float(action == chosen) for action in view.choices}


class AlwaysCall(_Certain):
    """Checks and calls."""

    wishes = (CALL,)


class AlwaysRaise(_Certain):
    """Raises while it may, then calls."""

    wishes = (RAISE, CALL)


class FoldOrCheck(_Certain):
    """Folds to every raise, else checks."""

    wishes = (FOLD, CALL)


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
        seen = see(view.observation)
        wanted = self._wanted(seen)
        return {action: wanted[action] for action in view.choices} if RAISE in view.choices else _without_raise(wanted, view.choices)

    def _wanted(self, seen: Seen) -> dict[int, float]:
        """Probabilities, were everything legal that makes sense here."""
        if seen.own == seen.public or (seen.public < 0 and seen.own == _KING):
            return {FOLD: 0.0, CALL: 0.0, RAISE: 1.0}
        weak = seen.own == _JACK if seen.public < 0 else seen.own != _KING
        if seen.to_match > 0:
            return {FOLD: 1.0, CALL: 0.0, RAISE: 0.0} if weak else {FOLD: 0.0, CALL: 1.0, RAISE: 0.0}
        return {FOLD: 0.0, CALL: 1.0 - self.bluff, RAISE: self.bluff} if weak else {FOLD: 0.0, CALL: 1.0, RAISE: 0.0}


def _without_raise(wanted: dict[int, float], legal: tuple[int, ...]) -> dict[int, float]:
    """The wish to raise turned into a call where no raise is left."""
    return {action: wanted[action] + (wanted[RAISE] if action == CALL else 0.0) for action in legal}


BOTS: dict[str, type[Agent]] = {
    "leducpoker/always_call": AlwaysCall,
    "leducpoker/always_raise": AlwaysRaise,
    "leducpoker/fold_or_check": FoldOrCheck,
    "leducpoker/heuristic": Heuristic,
}
"""Names of the reference players -> class."""
