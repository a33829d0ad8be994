"""Kuhn poker: one card each, one bet.

Two seats as in H. W. Kuhn, "A simplified two-person poker" (1950); more seats as in the generalisation used by
OpenSpiel: n + 1 cards, everybody antes 1, and in turn each seat passes or bets 1. Once somebody has bet, every other
seat has one chance to bet (call) or to pass (fold). The highest card of those who bet, or of all when nobody did, wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import NotSupported
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.tabular import tabular

from .text import KuhnText

__all__ = ["BET", "PASS", "KuhnPoker", "State"]

PASS, BET = 0, 1
_LETTERS = "pb"
_MAX_LISTED = 5
"""Most seats whose deals, 720 with five, are listed."""


@dataclass(frozen=True, slots=True)
class State:
    """A hand under way.

    Attributes:
        cards: The card of each seat, 0 (lowest) to the number of seats.
        bets: What has been done so far, "p" or "b" an action; at most 2 * seats - 1 letters.
    """

    cards: tuple[int, ...]
    bets: str


@tabular
@dataclass(frozen=True)
class KuhnPoker(Game[State]):
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
    def _deals(self) -> tuple[State, ...]:
        if self.players > _MAX_LISTED:
            raise NotSupported(f"KuhnPoker: the deals of {self.players} players are too many to list; allowed: up to {_MAX_LISTED} players")
        return tuple(State(cards, "") for cards in permutations(range(self.players + 1), self.players))

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """0 pass (also fold), 1 bet (also call)."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """int8 zeros and ones, for n seats: the seat (n); one row of n + 1 for each seat's card, the own first and then
        clockwise, all zero while unknown (n * (n + 1)); one pair (pass, bet) for each action so far (2 * (2n - 1))."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        if self.players > _MAX_LISTED:
            return State(tuple(rng.permutation(self.players + 1)[: self.players].tolist()), "")
        return self._deals[int(rng.random() * len(self._deals))]

    def to_move(self, state: State) -> tuple[int, ...]:
        acted, first_bet = len(state.bets), state.bets.find("b")
        # one round; after the first bet every other seat acts once more
        if acted < (self.players if first_bet < 0 else first_bet + self.players):
            return (acted % self.players,)
        return ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return (PASS, BET)

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        (action,) = actions.values()
        return State(state.cards, state.bets + _LETTERS[action])

    def contenders(self, state: State) -> tuple[int, ...]:
        """The seats that may win the pot at the end: those who have bet, or all while nobody has."""
        bettors = {index % self.players for index, letter in enumerate(state.bets) if letter == "b"}
        return tuple(sorted(bettors)) or tuple(range(self.players))

    def showdown(self, state: State) -> tuple[int, ...]:
        """The seats whose cards all have seen: the contenders of a finished hand, unless one alone is left."""
        contenders = self.contenders(state)
        return contenders if len(contenders) > 1 and not self.to_move(state) else ()

    def rewards(self, state: State) -> tuple[float, ...]:
        if self.to_move(state):
            return (0.0,) * self.players
        contenders = self.contenders(state)
        winner = max(contenders, key=lambda seat: state.cards[seat])
        paid = [2.0 if "b" in state.bets and seat in contenders else 1.0 for seat in range(self.players)]
        return tuple(sum(paid) - chips if seat == winner else -chips for seat, chips in enumerate(paid))

    def known(self, state: State, seat: int) -> list[int]:
        """The card of each seat as `seat` knows it, -1 where unknown."""
        public = self.showdown(state)
        return [card if other == seat or other in public else -1 for other, card in enumerate(state.cards)]

    def observe(self, state: State, seat: int) -> np.ndarray:
        n, known = self.players, self.known(state, seat)
        seats, cards, bets = np.zeros(n, np.int8), np.zeros((n, n + 1), np.int8), np.zeros((2 * n - 1, 2), np.int8)
        seats[seat] = 1
        for row in range(n):
            card = known[(seat + row) % n]
            if card >= 0:
                cards[row, card] = 1
        for index, letter in enumerate(state.bets):
            bets[index, _LETTERS.index(letter)] = 1
        return np.concatenate([seats, cards.ravel(), bets.ravel()])

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.bets:
            return tuple(Event("deal", {"seat": seat, "card": card}, (seat,)) for seat, card in enumerate(state.cards))
        seat = (len(state.bets) - 1) % self.players
        events = [Event("act", {"seat": seat, "action": _LETTERS.index(state.bets[-1]), "facing": "b" in state.bets[:-1]})]
        if not self.to_move(state):
            showdown, rewards = self.showdown(state), self.rewards(state)
            if showdown:
                events.append(Event("showdown", {"cards": [[other, state.cards[other]] for other in showdown]}))
            winner = max(range(self.players), key=rewards.__getitem__)
            events.append(Event("win", {"seat": winner, "chips": rewards[winner]}))
        return tuple(events)

    def information(self, state: State, seat: int) -> str:
        return f"{seat}:{','.join('?' if card < 0 else str(card) for card in self.known(state, seat))}:{state.bets}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """The same bets with the unseen cards dealt anew, all deals equally likely."""
        known = self.known(state, seat)
        unseen = iter(rng.permutation(sorted(set(range(self.players + 1)) - set(known))).tolist())
        return State(tuple(card if card >= 0 else next(unseen) for card in known), state.bets)

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Every deal, equally likely, then nothing random; raises `NotSupported` for the deals of more than five players."""
        if state is None or actions is None:
            return tuple((1.0 / len(self._deals), deal) for deal in self._deals)
        return ((1.0, self.step(state, actions, np.random.default_rng(0))),)
