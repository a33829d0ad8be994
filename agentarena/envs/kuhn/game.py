"""Kuhn poker: one card each, one bet.

Two seats as in H. W. Kuhn, "A simplified two-person poker" (1950); more seats as in the generalisation used by
OpenSpiel: n + 1 cards, everybody antes 1, and in turn each seat passes or bets 1. Once somebody has bet, every other
seat has one chance to bet (call) or to pass (fold). The highest card of those who bet, or of all when nobody did, wins.

The rules follow from the deal and the string of bets alone, so every state is made once and remembers its successors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import gymnasium
import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.events import Event
from agentarena.core.game import GameInfo, option
from agentarena.core.tabular import Node, Tabular

from .text import KuhnText

__all__ = ["BET", "PASS", "KuhnPoker", "State"]

PASS, BET = 0, 1
_LETTERS = "pb"
_LISTED = 5
"""Most seats whose deals (720) are listed and whose states (116,000) are kept; with more, a deal is forgotten with its match."""


@dataclass(frozen=True, slots=True)
class State(Node):
    """A hand under way.

    Attributes:
        cards: The card of each seat, 0 (lowest) to the number of seats.
        bets: What has been done so far, "p" or "b" an action; at most 2 * seats - 1 letters.
        shown: Seats whose cards all have seen: those of a showdown.
    """

    cards: tuple[int, ...]
    bets: str
    shown: tuple[int, ...]


@dataclass(frozen=True)
class KuhnPoker(Tabular[State]):
    """The rules. Returns are in chips."""

    players: int = option(2, "Number of seats; the deck has one card more.", low=2, high=10)

    @cached_property
    def info(self) -> GameInfo:
        n = self.players
        return GameInfo(seats=n, low=-2.0, high=2.0 * (n - 1), unit="chip", sum="zero", hidden=True, chance=True, max_steps=2 * n - 1)

    @cached_property
    def text(self) -> KuhnText:
        return KuhnText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(2)

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        n = self.players
        return gymnasium.spaces.Box(0, 1, (n + n * (n + 1) + 2 * (2 * n - 1),), np.int8)

    @cached_property
    def _roots(self) -> dict[tuple[int, ...], State]:
        if self.players > _LISTED:
            raise NotSupported(f"KuhnPoker: the deals of {self.players} players are too many to list; allowed: up to {_LISTED} players")
        return {cards: self._root(cards) for cards in permutations(range(self.players + 1), self.players)}

    @cached_property
    def _deals(self) -> tuple[State, ...]:
        return tuple(self._roots.values())

    def _root(self, cards: tuple[int, ...]) -> State:
        return State(0, (0,), (PASS, BET), (0.0,) * self.players, cards, "", ())

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 pass (also fold), 1 bet (also call)."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8 zeros and ones, for n seats: the seat (n); one row of n + 1 for each seat's card, the own first and then
        clockwise, all zero while unknown (n * (n + 1)); one pair (pass, bet) for each action so far (2 * (2n - 1))."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        if self.players > _LISTED:
            return self._root(tuple(rng.permutation(self.players + 1)[: self.players].tolist()))
        deals = self._deals
        return deals[int(rng.random() * len(deals))]

    def deals(self) -> tuple[tuple[float, State], ...]:
        """Every deal, equally likely; raises `NotSupported` for more than five players."""
        return tuple((1.0 / len(self._deals), deal) for deal in self._deals)

    def play(self, state: State, action: int) -> State:
        n, bets = self.players, state.bets + _LETTERS[action]
        first = bets.find("b")
        if len(bets) < (n if first < 0 else first + n):
            seat = len(bets) % n
            return State(seat, (seat,), (PASS, BET), (0.0,) * n, state.cards, bets, ())
        bettors = [index % n for index, letter in enumerate(bets) if letter == "b"]
        return self._finish(state.cards, bets, tuple(sorted(bettors)) or tuple(range(n)))

    def _finish(self, cards: tuple[int, ...], bets: str, rivals: tuple[int, ...]) -> State:
        paid = [2.0 if "b" in bets and seat in rivals else 1.0 for seat in range(self.players)]
        winner = max(rivals, key=cards.__getitem__)
        rewards = tuple(sum(paid) - own if seat == winner else -own for seat, own in enumerate(paid))
        return State(-1, (), (), rewards, cards, bets, rivals if len(rivals) > 1 else ())

    def known(self, state: State, seat: int) -> list[int]:
        """The card of each seat as `seat` knows it, -1 where unknown."""
        return [card if other == seat or other in state.shown else -1 for other, card in enumerate(state.cards)]

    def observe(self, state: State, seat: int) -> np.ndarray:
        n, known = self.players, self.known(state, seat)
        out = np.zeros(self._observation_space.shape, np.int8)
        out[seat] = 1
        for row in range(n):
            card = known[(seat + row) % n]
            if card >= 0:
                out[n + row * (n + 1) + card] = 1
        base = n + n * (n + 1)
        for index, letter in enumerate(state.bets):
            out[base + 2 * index + _LETTERS.index(letter)] = 1
        return out

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.bets:
            return tuple(Event("deal", {"seat": seat, "card": card}, (seat,)) for seat, card in enumerate(state.cards))
        seat = (len(state.bets) - 1) % self.players
        events = [Event("act", {"seat": seat, "action": _LETTERS.index(state.bets[-1]), "facing": "b" in state.bets[:-1]})]
        if state.shown:
            events.append(Event("showdown", {"cards": [[other, state.cards[other]] for other in state.shown]}))
        if not state.asked:
            winner = max(range(self.players), key=state.rewards.__getitem__)
            events.append(Event("win", {"seat": winner, "chips": state.rewards[winner]}))
        return tuple(events)

    def information(self, state: State, seat: int) -> str:
        names = "".join(self.text.card(card) if card >= 0 else "?" for card in self.known(state, seat))
        return f"{seat}:{names if state.shown else self.text.card(state.cards[seat])}:{state.bets}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The same bets with the unseen cards dealt anew, all deals equally likely."""
        known = self.known(state, seat)
        unseen = iter(rng.permutation(sorted(set(range(self.players + 1)) - set(known))).tolist())
        return self.replay(tuple(card if card >= 0 else next(unseen) for card in known), state.bets)

    def replay(self, cards: Sequence[int], bets: str) -> State:
        """The state after these bets of this deal."""
        state = self._root(tuple(cards)) if self.players > _LISTED else self._roots[tuple(cards)]
        for letter in bets:
            state = self.after(state, _LETTERS.index(letter))
        return state
