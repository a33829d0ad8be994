"""Tiny games that the tests of search and solvers share, written apart from the package's own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from agentarena.core.game import Game, GameInfo, option
from agentarena.core.text import ChoiceFace


class _Face(ChoiceFace):
    def rules(self, seat):
        return f"Rules for seat {seat}."

    def look(self, state, seat):
        return f"You look at {self.game.information(state, seat)!r}."

    def name(self, action):
        return f"m{action}"


class Small(Game):
    """What the games below have in common."""

    @cached_property
    def text(self):
        return _Face(self)

    def action_space(self, seat):
        return gymnasium.spaces.Discrete(8)

    def observation_space(self, seat):
        return gymnasium.spaces.Box(0, 1, (1,), np.int8)

    def observe(self, state, seat):
        return np.zeros(1, np.int8)


@dataclass(frozen=True)
class SmallKuhn(Small):
    """Kuhn poker for any number of seats. A state is (cards, history of 0 pass and 1 bet)."""

    n: int = option(2, "Seats.", low=2, high=4)
    forget: bool = option(False, "Keys show the number of bets alone, so that seats forget their own past.")

    @cached_property
    def info(self):
        n = self.n
        return GameInfo(seats=n, low=-2.0, high=2.0 * (n - 1), unit="chip", sum="zero", hidden=True, chance=True, max_steps=2 * n)

    def start(self, rng):
        return (tuple(rng.permutation(self.n + 1)[: self.n].tolist()), ())

    def chance(self, state, actions):
        if actions is None:
            deals = list(itertools.permutations(range(self.n + 1), self.n))
            return tuple((1 / len(deals), (deal, ())) for deal in deals)
        return ((1.0, self.step(state, actions, None)),)

    def to_move(self, state):
        history = state[1]
        if 1 in history:
            return (len(history) % self.n,) if len(history) < history.index(1) + self.n else ()
        return (len(history),) if len(history) < self.n else ()

    def legal(self, state, seat):
        return (0, 1)

    def step(self, state, actions, rng):
        self.check(state, actions)
        return (state[0], (*state[1], *actions.values()))

    def rewards(self, state):
        cards, history = state
        if self.to_move(state):
            return (0.0,) * self.n
        paid, left = [1.0] * self.n, list(range(self.n))
        if 1 in history:
            first = history.index(1)
            left = [i % self.n for i in range(first, first + self.n) if history[i] == 1]
            for seat in left:
                paid[seat] = 2.0
        winner = max(left, key=lambda seat: cards[seat])
        return tuple((sum(paid) if seat == winner else 0.0) - paid[seat] for seat in range(self.n))

    def information(self, state, seat):
        return f"{state[0][seat]}:{sum(state[1]) if self.forget else ''.join(map(str, state[1]))}"

    def resample(self, state, seat, rng):
        mine = state[0][seat]
        rest = [card for card in range(self.n + 1) if card != mine]
        others = rng.permutation(rest)[: self.n - 1].tolist()
        return ((*others[:seat], mine, *others[seat:]), state[1])


@dataclass(frozen=True)
class Bimatrix(Small):
    """One simultaneous choice; payoffs are rows of (row seat's, column seat's)."""

    row: tuple[tuple[float, ...], ...] = option(((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0)), "Payoffs of seat 0.")
    column: tuple[tuple[float, ...], ...] = option((), "Payoffs of seat 1; empty for zero sum.")

    @cached_property
    def info(self):
        kind = "general" if self.column else "zero"
        return GameInfo(seats=2, low=-9.0, high=9.0, unit="point", sum=kind, simultaneous=True, max_steps=1)

    def start(self, rng):
        return ()

    def to_move(self, state):
        return () if state else (0, 1)

    def legal(self, state, seat):
        return tuple(range(len(self.row) if seat == 0 else len(self.row[0])))

    def step(self, state, actions, rng):
        self.check(state, actions)
        return (actions[0], actions[1])

    def rewards(self, state):
        if not state:
            return (0.0, 0.0)
        mine = self.row[state[0]][state[1]]
        return (mine, self.column[state[0]][state[1]] if self.column else -mine)

    def information(self, state, seat):
        return ".".join(map(str, state))


@dataclass(frozen=True)
class Gamble(Small):
    """Seat 0 takes a sure thing or a lottery, after which seat 1 may double what it sees. Perfect information with chance.

    A state is a tuple of what happened: the choice, the lot (1 or -1), the doubling.
    """

    win: float = option(0.75, "Probability that the lottery pays.")
    listed: bool = option(True, "Whether `chance` lists it.")
    zero: bool = option(True, "Zero sum, or seat 1 earns nothing.")

    @cached_property
    def info(self):
        return GameInfo(seats=2, low=-8.0, high=8.0, unit="coin", sum="zero" if self.zero else "general", chance=True, max_steps=2)

    def start(self, rng):
        return ()

    def chance(self, state, actions):
        if actions is None:
            return ((1.0, ()),)
        if state == () and actions[0] == 1:
            return ((self.win, (1, 1)), (1 - self.win, (1, -1)))
        return ((1.0, (*state, *actions.values())),)

    def to_move(self, state):
        return {0: (0,), 1: (), 2: (1,), 3: ()}[len(state)]

    def legal(self, state, seat):
        return (0, 1)

    def step(self, state, actions, rng):
        self.check(state, actions)
        if state == () and actions[0] == 1:
            return (1, 1 if rng.random() < self.win else -1)
        return (*state, *actions.values())

    def rewards(self, state):
        mine = {0: 0.0, 1: 0.25}.get(len(state))
        if mine is None:
            # the lot pays at once, and doubling pays it again
            mine = float(state[1]) * (1.0 if len(state) == 2 else float(state[2]))
        return (mine, -mine if self.zero else 0.0)

    def information(self, state, seat):
        return ".".join(map(str, state))
