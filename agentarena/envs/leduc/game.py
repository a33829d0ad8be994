"""Leduc poker: two rounds of betting, one private card each and one public card.

After Southey et al., "Bayes' bluff: opponent modelling in poker" (2005). Suits never matter, so a card is its rank:
a deal is one of 24 triples of ranks, each standing for 4 or 8 of the 120 deals of the six cards.
All three cards are dealt at the start; the public one stays hidden until the second round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo
from agentarena.core.tabular import tabular

from .text import LeducText

__all__ = ["CALL", "FOLD", "RAISE", "LeducPoker", "State"]

FOLD, CALL, RAISE = 0, 1, 2
_LETTERS = "fcr"
_DECK = (0, 0, 1, 1, 2, 2)
_DEALS = tuple(permutations(_DECK, 3))
"""All 120 ways to deal seat 0, seat 1 and the public card."""
_RAISES = (2, 4)
"""Chips of a raise in each round."""
_MAX_RAISES = 2
_MAX_ACTIONS = 4
"""Most actions in a round: check, raise, raise, call."""


@dataclass(frozen=True, slots=True)
class State:
    """A hand under way.

    Attributes:
        cards: Ranks (0 jack, 1 queen, 2 king) of seat 0's card, seat 1's card and the public card.
        bets: What has been done: "f", "c" or "r" an action, and "/" where the public card was turned.
    """

    cards: tuple[int, int, int]
    bets: str


@tabular
@dataclass(frozen=True)
class LeducPoker(Game[State]):
    """The rules. Returns are in chips."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=-13.0, high=13.0, unit="chip", sum="zero", hidden=True, chance=True, max_steps=2 * _MAX_ACTIONS)

    @cached_property
    def text(self) -> LeducText:
        return LeducText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(3)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        high = np.ones(2 + 3 + 3 + 3 + 2 + 2 * _MAX_ACTIONS * 3, np.int8)
        high[11:13] = 13
        return gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.int8)

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 fold, 1 call (also check), 2 raise."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8, one-hot unless said otherwise: the seat (2); own card (3); public card (3) and the opponent's card (3),
        all zero while unknown; chips paid by oneself and by the opponent (2, numbers); then for each round four actions
        of (fold, call, raise) (2 * 4 * 3)."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return State(_DEALS[int(rng.random() * len(_DEALS))], "")

    def to_move(self, state: State) -> tuple[int, ...]:
        bets = _round(state.bets)
        folded, second_closed = bets.endswith("f"), "/" in state.bets and _is_closed(bets)
        return () if folded or second_closed else (len(bets) % 2,)  # seat 0 opens both rounds

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        bets = _round(state.bets)
        facing, may_raise = bets.endswith("r"), bets.count("r") < _MAX_RAISES
        return (*((FOLD,) if facing else ()), CALL, *((RAISE,) if may_raise else ()))

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        (action,) = actions.values()
        bets = state.bets + _LETTERS[action]
        return State(state.cards, f"{bets}/" if "/" not in bets and _is_closed(bets) else bets)

    def paid(self, state: State) -> tuple[int, int]:
        """Chips each seat has put into the pot, 1 to 13."""
        chips = [1, 1]
        for bets, raise_ in zip(state.bets.split("/"), _RAISES, strict=False):
            for index, letter in enumerate(bets):
                if letter != "f":
                    chips[index % 2] = chips[1 - index % 2] + (raise_ if letter == "r" else 0)
        return chips[0], chips[1]

    def winner_of(self, state: State) -> int | None:
        """Who takes the pot of a finished hand: whoever did not fold, a pair, or the higher card; `None` when cards are equal."""
        if state.bets[-1] == "f":
            return len(_round(state.bets)) % 2
        first, second, public = state.cards
        strength = [3 if card == public else card for card in (first, second)]
        return None if strength[0] == strength[1] else int(strength[1] > strength[0])

    def rewards(self, state: State) -> tuple[float, float]:
        if self.to_move(state):
            return (0.0, 0.0)
        winner = self.winner_of(state)
        won = 0.0 if winner is None else float(self.paid(state)[1 - winner])
        return (won, -won) if winner == 0 else (-won, won)

    def known(self, state: State, seat: int) -> tuple[int, int, int]:
        """Ranks of the own card, the opponent's and the public one as `seat` knows them, -1 where unknown."""
        showdown = not self.to_move(state) and state.bets[-1] != "f"
        own, other, public = state.cards[seat], state.cards[1 - seat], state.cards[2]
        return own, other if showdown else -1, public if "/" in state.bets else -1

    def observe(self, state: State, seat: int) -> np.ndarray:
        own, other, public = self.known(state, seat)
        paid = self.paid(state)
        out = np.zeros(self._observation_space.shape, np.int8)
        out[seat] = 1
        for base, card in ((2, own), (5, public), (8, other)):
            if card >= 0:
                out[base + card] = 1
        out[11:13] = paid[seat], paid[1 - seat]
        for number, bets in enumerate(state.bets.split("/")):
            for index, letter in enumerate(bets):
                out[13 + 3 * (_MAX_ACTIONS * number + index) + _LETTERS.index(letter)] = 1
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.bets:
            return tuple(Event("deal", {"seat": seat, "card": state.cards[seat]}, (seat,)) for seat in (0, 1))
        bets = _round(state.bets.rstrip("/"))  # of the round of the last action
        events = [Event("act", {"seat": (len(bets) - 1) % 2, "action": _LETTERS.index(bets[-1]), "facing": "r" in bets[:-1]})]
        if state.bets[-1] == "/":
            events.append(Event("public", {"card": state.cards[2]}))
        if not self.to_move(state):
            if bets[-1] != "f":
                events.append(Event("showdown", {"cards": [state.cards[0], state.cards[1]]}))
            events.append(Event("win", {"seat": self.winner_of(state), "chips": abs(self.rewards(state)[0])}))
        return tuple(events)

    def information(self, state: State, seat: int) -> str:
        return f"{seat}:{','.join('?' if card < 0 else str(card) for card in self.known(state, seat))}:{state.bets}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The same bets with the unseen cards drawn anew from the cards that the seat has not seen."""
        own, other, public = self.known(state, seat)
        unseen = list(_DECK)
        for card in (own, other, public):
            if card >= 0:
                unseen.remove(card)
        drawn = rng.permutation(unseen).tolist()
        other = other if other >= 0 else drawn.pop()
        public = public if public >= 0 else drawn.pop()
        return State((other, own, public) if seat else (own, other, public), state.bets)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """The 24 triples of ranks with their true weights out of the 120 deals of the six cards, then nothing random."""
        if state is None or actions is None:
            counts = Counter(_DEALS)
            return tuple((counts[cards] / len(_DEALS), State(cards, "")) for cards in sorted(counts))
        return ((1.0, self.step(state, actions, np.random.default_rng(0))),)


def _round(bets: str) -> str:
    """The actions of the round under way.

    >>> _round("rc/c")
    'c'
    """
    return bets.rpartition("/")[2]


def _is_closed(bets: str) -> bool:
    """Whether the round under way is over with both seats still in: a raise was called, or both have checked."""
    return len(_round(bets)) > 1 and bets.endswith("c")
