"""A perfect-information game in turns as a graph of positions: exact values without walking every history.

Positions that share an information key are one node, so transpositions are met once: tic-tac-toe has 4520 positions
where somebody moves and 549946 histories.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, Information, require

from .tree import MAX_HISTORIES, outcomes_of

__all__ = ["Graph", "Position", "graph_of"]


class Outcome(NamedTuple):
    """One thing that may follow an action.

    Attributes:
        p: Its probability.
        rewards: What the step credits, one number a seat.
        then: Number of the position that follows, -1 when the match is over.
    """

    p: float
    rewards: tuple[float, ...]
    then: int


class Position(NamedTuple):
    """A position where `seat` is to move.

    Attributes:
        key: Its information key.
        seat: Who moves.
        actions: The legal actions.
        after: The outcomes of each action.
        state: A state of it, for agents that are asked for their policy.
    """

    key: str
    seat: int
    actions: tuple[int, ...]
    after: tuple[tuple[Outcome, ...], ...]
    state: Any


@dataclass(frozen=True, eq=False)
class Graph:
    """Every position that can be reached, each after all that may follow it.

    Attributes:
        game: The rules.
        positions: In an order in which successors come first.
        starts: How a match may begin.
    """

    game: Game[Any]
    positions: tuple[Position, ...]
    starts: tuple[Outcome, ...]

    def returns(self, policies: Sequence[Sequence[float]]) -> np.ndarray:
        """Expected return of each seat; `policies` has one list of probabilities a position. Shape (S,)."""
        return self._sweep(policies, -1)[0]

    def best(self, policies: Sequence[Sequence[float]], seat: int) -> tuple[float, dict[str, dict[int, float]]]:
        """Value and table of a best response of `seat` to the others' policies (lowest action among equals)."""
        value, chosen = self._sweep(policies, seat)
        table = {}
        for position, number in zip(self.positions, chosen, strict=True):
            if position.seat == seat:
                table[position.key] = {action: float(i == number) for i, action in enumerate(position.actions)}
        return float(value[seat]), table

    def nash_conv(self, policies: Sequence[Sequence[float]]) -> float:
        """Sum over seats of what a best response gains over the policy."""
        returns = self.returns(policies)
        return float(sum(self.best(policies, seat)[0] - returns[seat] for seat in range(len(returns))))

    def _sweep(self, policies: Sequence[Sequence[float]], best: int) -> tuple[np.ndarray, list[int]]:
        """Values of all seats when `best` takes its best action and the rest follow `policies`; and the actions taken."""
        seats = range(self.game.info.seats)
        values: list[tuple[float, ...]] = []
        chosen = [-1] * len(self.positions)

        def expected(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
            return tuple(sum(o.p * (o.rewards[s] + (values[o.then][s] if o.then >= 0 else 0.0)) for o in outcomes) for s in seats)

        for number, position in enumerate(self.positions):
            options = [expected(outcomes) for outcomes in position.after]
            if position.seat == best:
                chosen[number] = max(range(len(options)), key=lambda i: options[i][best])
                values.append(options[chosen[number]])
            else:
                values.append(tuple(sum(p * o[s] for p, o in zip(policies[number], options, strict=True)) for s in seats))
        return np.array(expected(self.starts)), chosen


class _Builder:
    """Visits every position once, depth first and without recursion: a position is numbered when all that may follow it is."""

    def __init__(self, game: Game[Any], limit: int) -> None:
        require(game, Information, "exact evaluation")
        if game.info.hidden or game.info.simultaneous or not game.info.forkable:
            raise NotSupported(f"{type(game).__name__} is not a game of perfect information in turns that can be branched")
        self.game, self.limit, self.outcomes = game, limit, outcomes_of(game)
        self.numbers: dict[tuple[int, str], int] = {}  # -1 while what follows is being visited
        self.positions: list[Position] = []

    def run(self) -> Graph:
        starts = self.outcomes(None, None)
        for _, state in starts:
            if self.game.to_move(state) and self._name(state) not in self.numbers:
                self._visit(state)
        return Graph(self.game, tuple(self.positions), self._outcomes(starts))

    def _visit(self, root: Any) -> None:
        stack = [self._open(root)]
        while stack:
            state, after, pending = stack[-1]
            child = next(pending, None)
            if child is None:
                self._close(state, after)
                stack.pop()
                continue
            number = self.numbers.get(self._name(child))
            if number is None:
                stack.append(self._open(child))
            elif number < 0:
                raise NotSupported(f"{type(self.game).__name__} can return to a position, so it has no exact values here")

    def _open(self, state: Any) -> tuple[Any, list[Sequence[tuple[float, Any]]], Iterator[Any]]:
        """A position, what may follow each of its actions, and its successors that are yet to be visited."""
        if len(self.numbers) >= self.limit:
            raise NotSupported(
                f"{type(self.game).__name__} has more than {self.limit} positions, too many to evaluate exactly; use smaller options, "
                "raise the limit (max_histories), or estimate by playing matches"
            )
        name = self._name(state)
        self.numbers[name] = -1
        legal = self.game.legal(state, name[0])
        if not isinstance(legal, tuple):
            raise NotSupported(f"exact evaluation needs listed actions, and {type(self.game).__name__} has {type(legal).__name__}")
        after = [self.outcomes(state, {name[0]: action}) for action in legal]
        return state, after, iter([child for listed in after for _, child in listed if self.game.to_move(child)])

    def _close(self, state: Any, after: list[Sequence[tuple[float, Any]]]) -> None:
        seat, key = name = self._name(state)
        legal = self.game.legal(state, seat)
        assert isinstance(legal, tuple)  # see _open
        self.numbers[name] = len(self.positions)
        self.positions.append(Position(key, seat, legal, tuple(map(self._outcomes, after)), state))

    def _name(self, state: Any) -> tuple[int, str]:
        """The seat to move and its information key, which in these games say everything that still matters."""
        seat = self.game.to_move(state)[0]
        return seat, self.game.information(state, seat)  # type: ignore[attr-defined]  # checked by __init__

    def _outcomes(self, listed: Sequence[tuple[float, Any]]) -> tuple[Outcome, ...]:
        return tuple(
            Outcome(p, self.game.rewards(state), self.numbers[self._name(state)] if self.game.to_move(state) else -1) for p, state in listed
        )


@functools.lru_cache(maxsize=4)
def graph_of(game: Game[Any], max_positions: int = MAX_HISTORIES) -> Graph:
    """The graph of a game's positions; made once a game.

    Raises:
        NotSupported: Hidden information, simultaneous moves, unlisted chances or actions, positions that come back, or
            more than `max_positions` of them.
    """
    return _Builder(game, max_positions).run()
