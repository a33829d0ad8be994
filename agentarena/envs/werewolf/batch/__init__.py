"""Array rules of Werewolf with latent speech: thousands of matches in lockstep, for solvers and networks.

They cover the games of LSPO and their like (werewolves, seer, doctor, villagers; `position.Tables` says which options) and stand beside
the scalar rules, which are the readable truth; a test holds both equal.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from agentarena.core.batch import ListedBatch, Outcomes
from agentarena.core.errors import NotSupported
from agentarena.core.frozen import replace
from agentarena.envs.werewolf.options import Options
from agentarena.envs.werewolf.state import NIGHT, OVER, SPEAK, VOTE

from .position import NOBODY, VILLAGE, WOLVES, Position, Tables
from .sight import observe
from .transitions import Draws, advance, begin_night, leaders, legal, rows_of

__all__ = ["VILLAGE", "WOLVES", "Position", "WerewolfBatch"]


class WerewolfBatch(ListedBatch[Position]):
    """The array rules.

    Args:
        options: The game.

    Raises:
        NotSupported: An option has a value that they do not cover.
    """

    def __init__(self, options: Options) -> None:
        self.options, self.tables = options, Tables(options)

    def start(self, size: int, rng: np.random.Generator) -> Position:
        return self._dusk(rng.permuted(np.tile(np.array(self.options.deck, np.int8), (size, 1)), axis=1))

    def _dusk(self, roles: np.ndarray) -> Position:
        position = self.tables.dealt(roles)
        begin_night(self.tables, position, np.arange(len(roles)))
        return position

    def over(self, state: Position) -> np.ndarray:
        return np.asarray(state.phase == OVER)

    def truncated(self, state: Position) -> np.ndarray:
        return np.asarray(state.winner == NOBODY)

    def to_move(self, state: Position) -> np.ndarray:
        return np.asarray(self.legal(state).any(2))

    def legal(self, state: Position) -> np.ndarray:
        return legal(self.tables, state)

    def step(self, state: Position, actions: Any, rng: np.random.Generator) -> Position:
        return advance(self.tables, state, actions, self.draw(len(state.phase), rng))

    def draw(self, size: int, rng: np.random.Generator) -> Draws:
        """What chance decides in a step of so many matches."""
        return Draws(rng.random((size, self.options.players)), rng.random(size))

    def rewards(self, state: Position) -> np.ndarray:
        return state.rewards

    def observe(self, state: Position, seats: Any) -> np.ndarray:
        seats = np.broadcast_to(np.asarray(seats, np.intp), len(state.phase))
        moving = self.to_move(state)[np.arange(len(seats)), seats]
        return observe(self.tables, state, seats, moving)

    def observe_where(self, state: Position, rows: np.ndarray, seats: np.ndarray) -> np.ndarray:
        return observe(self.tables, rows_of(state, rows), np.asarray(seats, np.intp), np.ones(len(rows), bool))

    def select(self, state: Position, where: Any) -> Position:
        rows = np.asarray(where)
        return rows_of(state, np.flatnonzero(rows) if rows.dtype == bool else rows)

    # --- all outcomes, for exact solvers ------------------------------------------------------------------------------

    def deals(self) -> tuple[np.ndarray, Position]:
        roles = np.array(sorted(set(itertools.permutations(self.options.deck))), np.int8)
        return np.full(len(roles), 1.0 / len(roles)), self._dusk(roles)

    def outcomes(self, state: Position, actions: np.ndarray, most: int | None = None) -> Outcomes:
        """Every winner of a tied vote, every order of speech."""
        parents, chances, ties = np.arange(len(state.phase)), np.ones(len(state.phase)), np.zeros(len(state.phase))
        voting = state.phase == VOTE
        if voting.any() and self.options.tie == "random":
            tied = np.ones(len(parents), np.intp)
            tied[voting] = leaders(state, actions, np.flatnonzero(voting)).sum(1)
            parents = np.repeat(parents, tied)
            place = np.arange(len(parents)) - np.repeat(np.cumsum(tied) - tied, tied)
            chances, ties = 1.0 / tied[parents], (place + 0.5) / tied[parents]
        no_keys = np.zeros((len(parents), self.options.players))
        after = advance(self.tables, rows_of(state, parents), actions[parents], Draws(no_keys, ties))
        woken = (state.phase[parents] == NIGHT) & (after.phase == SPEAK)
        if self.options.discussion != "random" or not woken.any():
            return Outcomes(parents, chances, after)
        count = sum(math.factorial(living) for living in np.where(woken, after.alive.sum(1), 0).tolist())
        if most is not None and count > most:
            raise NotSupported(f"Werewolf: {count:,} histories follow, at most {most:,} are listed")
        return self._ordered(Outcomes(parents, chances, after), woken)

    def _ordered(self, outcomes: Outcomes, woken: np.ndarray) -> Outcomes:
        """The outcomes with every order of speech where a day begins."""
        parents, chances, after = outcomes
        living = np.where(woken, after.alive.sum(1), 0)
        pieces = []
        for count in sorted(set(living.tolist())):
            here = np.flatnonzero(living == count)
            orders = np.array(list(itertools.permutations(range(count))), np.intp)  # one, empty, where no day begins
            rows = np.repeat(here, len(orders))
            order = after.order[rows]
            order[:, :count] = after.order[here][:, orders].reshape(len(rows), count)
            pieces.append((rows, order, np.full(len(rows), 1.0 / len(orders))))
        rows, orders, weights = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
        return Outcomes(parents[rows], chances[rows] * weights, replace(rows_of(after, rows), order=orders))
