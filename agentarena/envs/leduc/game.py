"""Leduc poker: two rounds of betting, one private card each and one public card.

After Southey et al., "Bayes' bluff: opponent modelling in poker" (2005). Suits never matter, so a card is its rank:
a deal is one of 24 triples of ranks, each standing for 4 or 8 of the 120 deals of the six cards.
All three cards are dealt at the start; the public one stays hidden until the second round.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import gymnasium
import numpy as np

from agentarena.core.events import Event
from agentarena.core.game import GameInfo
from agentarena.core.tabular import Node, Tabular

from .text import LeducText

__all__ = ["CALL", "FOLD", "RAISE", "LeducPoker", "State"]

FOLD, CALL, RAISE = 0, 1, 2
_LETTERS = "fcr"
_DECK = (0, 0, 1, 1, 2, 2)
_SIZES = (2, 4)
_MOST_RAISES = 2
_LONGEST = 4  # actions in a round: check, raise, raise, call


@dataclass(frozen=True, slots=True)
class State(Node):
    """A hand under way.

    Attributes:
        cards: Ranks (0 jack, 1 queen, 2 king) of seat 0's card, seat 1's card and the public card.
        bets: What has been done: "f", "c" or "r" an action, and "/" where the public card was turned.
        paid: Chips each seat has put into the pot, 1 to 13.
    """

    cards: tuple[int, int, int]
    bets: str
    paid: tuple[int, int]


@dataclass(frozen=True)
class LeducPoker(Tabular[State]):
    """The rules. Returns are in chips."""

    @cached_property
    def info(self) -> GameInfo:
        return GameInfo(seats=2, low=-13.0, high=13.0, unit="chip", sum="zero", hidden=True, chance=True, max_steps=2 * _LONGEST)

    @cached_property
    def text(self) -> LeducText:
        return LeducText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(3)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        high = np.ones(2 + 3 + 3 + 3 + 2 + 2 * _LONGEST * 3, np.int8)
        high[11:13] = 13
        return gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.int8)

    @cached_property
    def _roots(self) -> dict[tuple[int, int, int], State]:
        return {(a, b, c): State(0, (0,), (CALL, RAISE), (0.0, 0.0), (a, b, c), "", (1, 1)) for a, b, c in sorted(set(self._triples))}

    @cached_property
    def _triples(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((a, b, c) for a, b, c in permutations(_DECK, 3))

    @cached_property
    def _dealt(self) -> tuple[State, ...]:
        return tuple(self._roots[cards] for cards in self._triples)

    @cached_property
    def _deals(self) -> tuple[tuple[float, State], ...]:
        counts = Counter(self._triples)
        return tuple((counts[cards] / len(self._triples), root) for cards, root in self._roots.items())

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 fold, 1 call (also check), 2 raise."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8, one-hot unless said otherwise: the seat (2); own card (3); public card (3) and the opponent's card (3),
        all zero while unknown; chips paid by oneself and by the opponent (2, numbers); then for each round four actions
        of (fold, call, raise) (2 * 4 * 3)."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return self._dealt[int(rng.random() * 120)]

    def deals(self) -> tuple[tuple[float, State], ...]:
        """The 24 triples of ranks with their true weights out of the 120 deals of the six cards."""
        return self._deals

    def play(self, state: State, action: int) -> State:
        seat, bets, paid = state.seat, state.bets + _LETTERS[action], list(state.paid)
        first_of_round = not state.bets or state.bets[-1] == "/"
        if action == FOLD:
            return self._finish(state.cards, bets, state.paid, winner=1 - seat)
        if action == RAISE:
            paid[seat] = paid[1 - seat] + _SIZES["/" in bets]
            return self._ask(1 - seat, state.cards, bets, (paid[0], paid[1]))
        paid[seat] = paid[1 - seat]
        if first_of_round:
            return self._ask(1 - seat, state.cards, bets, (paid[0], paid[1]))
        if "/" not in bets:
            return self._ask(0, state.cards, bets + "/", (paid[0], paid[1]))
        return self._finish(state.cards, bets, (paid[0], paid[1]), winner=_better(state.cards))

    def _ask(self, seat: int, cards: tuple[int, int, int], bets: str, paid: tuple[int, int]) -> State:
        legal = (CALL, RAISE) if bets.rpartition("/")[2].count("r") < _MOST_RAISES else (CALL,)
        if paid[seat] < paid[1 - seat]:
            legal = (FOLD, *legal)
        return State(seat, (seat,), legal, (0.0, 0.0), cards, bets, paid)

    def _finish(self, cards: tuple[int, int, int], bets: str, paid: tuple[int, int], winner: int | None) -> State:
        won = 0.0 if winner is None else float(paid[1 - winner])
        return State(-1, (), (), (won, -won) if winner == 0 else (-won, won), cards, bets, paid)

    def known(self, state: State, seat: int) -> tuple[int, int, int]:
        """Ranks of the own card, the opponent's and the public one as `seat` knows them, -1 where unknown."""
        showdown = not state.asked and state.bets[-1] != "f"
        own, other, public = state.cards[seat], state.cards[1 - seat], state.cards[2]
        return own, other if showdown else -1, public if "/" in state.bets else -1

    def observe(self, state: State, seat: int) -> np.ndarray:
        out = np.zeros(self._observation_space.shape, np.int8)
        own, other, public = self.known(state, seat)
        out[seat] = 1
        for base, card in ((2, own), (5, public), (8, other)):
            if card >= 0:
                out[base + card] = 1
        out[11:13] = state.paid[seat], state.paid[1 - seat]
        for number, bets in enumerate(state.bets.split("/")):
            for index, letter in enumerate(bets):
                out[13 + 3 * (_LONGEST * number + index) + _LETTERS.index(letter)] = 1
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.bets:
            return tuple(Event("deal", {"seat": seat, "card": state.cards[seat]}, (seat,)) for seat in (0, 1))
        acted = state.bets.rstrip("/")
        past = acted[:-1].rpartition("/")[2]
        facing = "r" in past
        events = [Event("act", {"seat": len(past) & 1, "action": _LETTERS.index(acted[-1]), "facing": facing})]
        if state.bets[-1] == "/":
            events.append(Event("public", {"card": state.cards[2]}))
        if not state.asked:
            if acted[-1] != "f":
                events.append(Event("showdown", {"cards": [state.cards[0], state.cards[1]]}))
            winner = None if state.rewards[0] == 0 else int(state.rewards[1] > 0)
            events.append(Event("win", {"seat": winner, "chips": abs(state.rewards[0])}))
        return tuple(events)

    def information(self, state: State, seat: int) -> str:
        own, other, public = ("?" if card < 0 else self.text.card(card) for card in self.known(state, seat))
        return f"{seat}:{own}{other}{public}:{state.bets}"

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
        return self.replay((other, own, public) if seat else (own, other, public), state.bets)

    def replay(self, cards: tuple[int, int, int], bets: str) -> State:
        """The state after these bets of this deal."""
        state = self._roots[cards]
        for letter in bets.replace("/", ""):
            state = self.after(state, _LETTERS.index(letter))
        return state


def _better(cards: tuple[int, int, int]) -> int | None:
    """Who wins a showdown: a pair with the public card, else the higher card; `None` when equal."""
    first, second, public = cards
    strength = [3 if card == public else card for card in (first, second)]
    return None if strength[0] == strength[1] else int(strength[1] > strength[0])
