"""The players of `bots` on arrays: the same decisions from the same observations, for many matches at once.

Axis letters: R decisions, A actions, N numbers of an observation, P pairs of a decision and one of its legal discards.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agentarena.envs.dhumbal.actions import CALL, FIRST_RUN, STOCK, TAKE, deck_of
from agentarena.envs.dhumbal.observation import VALUE, layout
from agentarena.envs.dhumbal.options import DhumbalOptions

__all__ = ["ArrayHeuristic", "ArrayRandom"]

CallChances = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Observations (R, N) and values of the hands (R,) -> probability of a call (R,)."""


class ArrayHeuristic:
    """A rule-based player as a `BatchPolicy`.

    Args:
        options: The configuration.
        call_chances: How likely it calls where it may.
        pickup: As in `bots.Heuristic`; so are the next two.
        hand_priority: Weight of the value of the cards discarded.
        risk: Factor on all scores; without effect.
    """

    def __init__(self, options: DhumbalOptions, call_chances: CallChances, pickup: int, hand_priority: float, risk: float) -> None:
        deck = deck_of(options)
        self.threshold, self.call_chances = options.threshold, call_chances
        self.pickup, self.hand_priority, self.risk = pickup, hand_priority, risk
        self._parts = layout(options)
        self._worth, self._counts = np.array(deck.worth, np.int64), np.array(deck.counts, np.int64)
        self._values = np.array(deck.values, np.int64)

    def act(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One action for each decision; see `BatchPolicy.act`."""
        out = np.full(len(masks), STOCK)
        values = (observations[:, self._parts["value"].start] * VALUE).astype(np.int64)
        taking, may_call = masks[:, STOCK] != 0, masks[:, CALL] != 0
        rows = np.flatnonzero(may_call)
        if len(rows):
            calls = rng.random(len(rows)) < self.call_chances(observations[rows], values[rows])
            out[rows[calls]] = CALL
            self._play(out, rows[~calls], masks, values, self._low_scores)
        self._play(out, np.flatnonzero(~taking & ~may_call), masks, values, self._scores)
        self._take(out, np.flatnonzero(taking), observations, values)
        return out

    def _play(self, out: np.ndarray, rows: np.ndarray, masks: np.ndarray, values: np.ndarray, scores: Callable[..., np.ndarray]) -> None:
        """Writes the first of each row's discards with the greatest score."""
        if not len(rows):
            return
        legal = masks[rows] != 0
        legal[:, CALL] = False
        places, actions = np.divmod(np.flatnonzero(legal), masks.shape[1])  # sorted by row, then by action
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        score = scores(places, starts, actions, values[rows][places])
        best = np.flatnonzero(score == np.maximum.reduceat(score, starts)[places])[::-1]
        out[rows[places[best]]] = actions[best]  # backwards, so that the first of equals is written last

    def _scores(self, places: np.ndarray, starts: np.ndarray, actions: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Scores of discards from hands that may not call. Shapes (P,)."""
        cards, counts = self._worth[actions], self._counts[actions]
        run = (actions >= FIRST_RUN) & (counts > 1)
        natural = run & (actions < CALL)
        longest = np.maximum.reduceat(np.where(natural, counts, 0), starts)[places]
        scores = cards * self.hand_priority
        scores = np.where(counts > 1, scores + 2.0 * counts, scores)
        scores = np.where(run, scores + 3.0, scores)
        scores = np.where(cards >= values - self.threshold, scores + 50.0, scores)
        scores = (scores + cards / values * 10.0) * self.risk
        return np.where(run & (counts < longest), -np.inf, scores)  # part of a longer run

    def _low_scores(self, places: np.ndarray, starts: np.ndarray, actions: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Scores of discards from hands that could have called. Shapes (P,)."""
        cards, single = self._worth[actions], actions < 52
        safe = values - cards + 5 <= self.threshold
        low = np.where(single, 1000 - cards, -cards)
        return np.where(single & safe, 10_000 + cards, np.where(safe & (actions >= 52) & (actions < FIRST_RUN), 5000, low))

    def _take(self, out: np.ndarray, rows: np.ndarray, observations: np.ndarray, values: np.ndarray) -> None:
        offer = observations[rows, self._parts["offer"]]
        places, cards = np.nonzero(offer)
        value = values[rows[places]]
        bar = self.pickup + np.where(value > 15, 2, np.where(value <= 12, -1, 0))
        actions = TAKE - np.log2(offer[places, cards]).astype(np.int64)
        cost = self._values[cards]
        cheap = np.flatnonzero(cost <= bar)
        dearest_first = cheap[np.lexsort((-actions[cheap], -cost[cheap]))]
        out[rows[places[dearest_first]]] = actions[dearest_first]


class ArrayRandom:
    """The paper's random player as a `BatchPolicy`.

    Args:
        call: Probability of a call when it is legal.
        take: Probability of taking from the pile when it is legal.
    """

    needs_observations = False

    def __init__(self, call: float, take: float) -> None:
        self.call, self.take = call, take

    def act(self, observations: np.ndarray | None, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One action for each decision; see `BatchPolicy.act`."""
        legal = masks != 0
        draws, places = rng.random((2, len(legal)))
        may_call, may_pick = legal[:, CALL].copy(), legal[:, STOCK] & legal[:, TAKE]
        legal[:, CALL] = False
        picks = may_pick & (draws < self.take)
        legal[picks, STOCK] = False
        legal[may_pick & ~picks, TAKE:] = False
        ranks = legal.T.cumsum(0, dtype=np.int16)
        out = (ranks <= (places * ranks[-1]).astype(np.int16)).sum(0)
        return np.where(may_call & (draws < self.call), CALL, out)
