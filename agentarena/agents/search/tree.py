"""A finite game as arrays: the sequence form that tabular CFR, best responses and linear programs work on.

Under perfect recall a seat's probability of reaching any point of the game depends only on the *last own choice* made
on the way there. So each seat gets one number a choice (a *slot*: one action of one of its information sets; slot 0
stands for "no choice yet"), and the whole game shrinks to one row an ending: the last slot of every seat, and the
returns weighted by chance. Histories that agree in these are added up.

Axis letters: T endings, S seats, Q slots of one seat, I information sets of one seat.

Simultaneous moves are choices made one after the other, each hidden from the rest. A seat remembers its own past: an
information key that is reached by two different own pasts is two information sets here, and is noted in `forgetful`.

Reference: B. von Stengel, "Efficient computation of behavior strategies", Games and Economic Behavior 14 (1996).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import View
from agentarena.core.display import shown
from agentarena.core.errors import ContractError, NotSupported
from agentarena.core.game import Chance, Game, Information, require
from agentarena.core.rng import stream

__all__ = ["MAX_HISTORIES", "InformationSet", "Level", "Side", "Tree", "outcomes_of", "tree_of"]

MAX_HISTORIES = 1_000_000
"""Largest game tree that is built unless the caller allows more, in histories (nodes)."""


History = tuple[Any, Any]
"""A state, and the history before it or `None`."""


class InformationSet(NamedTuple):
    """What a seat may know at one of its decisions.

    Attributes:
        key: `game.information` there.
        actions: The legal actions.
        parent: The seat's last slot before it.
        state: One state of the set, for agents that are asked for their policy.
        depth: How many decisions the seat has made before.
        recent: The states since the seat's decision before, that one excluded and `state` included: their news are new to it.
    """

    key: str
    actions: tuple[int, ...]
    parent: int
    state: Any
    depth: int
    recent: tuple[Any, ...]

    def view(self, game: Game[Any], seat: int) -> View:
        """What the seat is shown there, as in a match."""
        news = tuple(event for state in self.recent for event in game.news(state) if event.visible_to(seat))
        return View(game, self.state, seat, news=news, turn=self.depth)


class Level(NamedTuple):
    """The information sets of one seat that have the same number of own decisions before them.

    Attributes:
        slots: Where their slots lie.
        starts: First slot of each set, counted from `slots.start`. Shape (I,).
        parents: Parent slot of each set. Shape (I,).
        above: Parent slot of each slot's set. Shape (Q,).
        counts: Number of actions of each set. Shape (I,).
    """

    slots: slice
    starts: np.ndarray
    parents: np.ndarray
    above: np.ndarray
    counts: np.ndarray


class Side:
    """One seat's information sets and slots, level by level from the top; each set's slots lie together.

    Attributes:
        sets: The information sets, in the order of their slots.
        first: First slot of each set. Shape (I,).
        size: Number of slots Q, slot 0 included.
        levels: See `Level`.
    """

    def __init__(self, sets: Sequence[InformationSet]) -> None:
        self.sets = tuple(sets)
        counts = np.array([len(info_set.actions) for info_set in sets], np.intp)
        self.counts = counts
        self.first = 1 + np.concatenate(([0], np.cumsum(counts)))[:-1].astype(np.intp)
        self.size = 1 + int(counts.sum())
        depths = np.array([info_set.depth for info_set in sets], np.intp)
        parents = np.array([info_set.parent for info_set in sets], np.intp)
        self.levels: list[Level] = []
        for depth in range(int(depths.max()) + 1 if len(sets) else 0):
            low, high = np.searchsorted(depths, depth), np.searchsorted(depths, depth, side="right")
            slots = slice(int(self.first[low]), int(self.first[high - 1] + counts[high - 1]))
            above = np.repeat(parents[low:high], counts[low:high])
            self.levels.append(Level(slots, self.first[low:high] - slots.start, parents[low:high], above, counts[low:high]))

    def reach(self, policy: np.ndarray) -> np.ndarray:
        """The seat's own part in the probability of making each choice: the product of its policy on the way. Shape (Q,)."""
        reach = np.ones(self.size)
        for level in self.levels:
            reach[level.slots] = policy[level.slots] * reach[level.above]
        return reach

    def normalised(self, weights: np.ndarray) -> np.ndarray:
        """The policy in proportion to non-negative `weights`, uniform where a set's weights are all zero. Shape (Q,)."""
        policy = np.ones(self.size)
        if not self.sets:
            return policy
        total = np.add.reduceat(weights, self.first)
        none = total <= 0.0
        policy[1:] = (weights[1:] + np.repeat(none, self.counts)) / np.repeat(np.where(none, self.counts, total), self.counts)
        return policy

    def values(self, gains: np.ndarray, policy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Counterfactual value of each choice, and of its set, when the seat goes on with `policy`. Shapes (Q,), (Q,).

        v[q] = gains[q] + sum of V[I] over the sets I right after q;  V[I] = sum over q in I of policy[q] * v[q]
        """
        value, of_set = gains.copy(), np.zeros(self.size)
        for level in reversed(self.levels):
            mine = np.add.reduceat(policy[level.slots] * value[level.slots], level.starts)
            of_set[level.slots] = np.repeat(mine, level.counts)
            value += np.bincount(level.parents, mine, self.size)
        return value, of_set

    def best(self, gains: np.ndarray) -> tuple[float, np.ndarray]:
        """Greatest value the seat can reach, and a pure policy that reaches it (lowest action among equals). Shape (Q,)."""
        value, policy = gains.copy(), np.zeros(self.size)
        policy[0] = 1.0
        for level in reversed(self.levels):
            here = value[level.slots]
            top = np.maximum.reduceat(here, level.starts)
            # the first slot of each set that reaches the set's greatest value
            slots = np.where(here >= np.repeat(top, level.counts), np.arange(len(here)), len(here))
            policy[level.slots.start + np.minimum.reduceat(slots, level.starts)] = 1.0
            value += np.bincount(level.parents, top, self.size)
        return float(value[0]), policy

    def table(self, policy: np.ndarray) -> dict[str, dict[int, float]]:
        """A policy over slots as information key -> {action: probability}."""
        rows = zip(self.sets, self.first.tolist(), strict=True)
        return {s.key: dict(zip(s.actions, policy[q : q + len(s.actions)].tolist(), strict=True)) for s, q in rows}


@dataclass(frozen=True, eq=False)
class Tree:
    """A game in sequence form.

    Attributes:
        game: The rules.
        sides: One a seat.
        last: Last slot of each seat at each ending. Shape (T, S).
        chance: Probability that chance allots to each ending. Shape (T,).
        payoffs: Returns at each ending, times `chance`. Shape (T, S).
        histories: Number of histories behind it.
        forgetful: A key that is reached by two different own pasts, `None` when every key remembers the seat's past.
    """

    game: Game[Any]
    sides: tuple[Side, ...]
    last: np.ndarray
    chance: np.ndarray
    payoffs: np.ndarray
    histories: int
    forgetful: str | None

    def returns(self, policies: Sequence[np.ndarray]) -> np.ndarray:
        """Expected return of each seat when all play `policies`. Shape (S,)."""
        reach = [side.reach(policy) for side, policy in zip(self.sides, policies, strict=True)]
        return self.others(-1, reach) @ self.payoffs

    def others(self, seat: int, reach: Sequence[np.ndarray]) -> np.ndarray:
        """Part of everyone but `seat` in the probability of each ending; chance is in `payoffs`. Shape (T,)."""
        product = np.ones(len(self.last))
        for other, weights in enumerate(reach):
            if other != seat:
                product *= weights[self.last[:, other]]
        return product

    def gains(self, seat: int, reach: Sequence[np.ndarray]) -> np.ndarray:
        """What `seat` gains where each slot is its last choice, weighted by the others' and chance's reach. Shape (Q,)."""
        weighted = self.others(seat, reach) * self.payoffs[:, seat]
        return np.bincount(self.last[:, seat], weighted, self.sides[seat].size)

    def best(self, policies: Sequence[np.ndarray], seat: int) -> tuple[float, np.ndarray]:
        """Value and slots of a best response of `seat` to the others' policies."""
        reach = [side.reach(policy) for side, policy in zip(self.sides, policies, strict=True)]
        return self.sides[seat].best(self.gains(seat, reach))

    def recalling(self) -> Tree:
        """This tree, when its keys say each seat's own past, so that a policy is a table of keys.

        Raises:
            NotSupported: They do not.
        """
        if self.forgetful is not None:
            raise _forgets(self.game, self.forgetful)
        return self

    def nash_conv(self, policies: Sequence[np.ndarray]) -> float:
        """Sum over seats of what a best response gains over the policy."""
        returns = self.returns(policies)
        return float(sum(self.best(policies, seat)[0] - returns[seat] for seat in range(len(self.sides))))


def outcomes_of(game: Game[Any]) -> Callable[[Any, Mapping[int, Action] | None], Sequence[tuple[float, Any]]]:
    """The function that lists what may follow a state and actions (or start a match), with probabilities.

    Raises:
        NotSupported: The game is random and does not list its chances.
    """
    if isinstance(game, Chance):
        return game.chance
    if game.info.chance:
        require(game, Chance, "exact evaluation")
    rng = stream(0)  # never drawn from: the game is not random

    def outcomes(state: Any, actions: Mapping[int, Action] | None) -> Sequence[tuple[float, Any]]:
        return ((1.0, game.start(rng) if actions is None else game.step(state, actions, rng)),)

    return outcomes


class _Builder:
    """Walks every history once and numbers sets and slots in the order of discovery."""

    def __init__(self, game: Game[Any], limit: int, recall: bool) -> None:
        require(game, Information, "exact evaluation")
        if not game.info.forkable:
            raise NotSupported(f"exact evaluation must branch, and a state of {type(game).__name__} can be stepped only once")
        self.game, self.limit, self.recall, self.outcomes = game, limit, recall, outcomes_of(game)
        seats = range(game.info.seats)
        self.known: list[dict[tuple[str, int], tuple[int, int]]] = [{} for _ in seats]  # (key, parent) -> (set, first slot)
        self.keys: list[set[str]] = [set() for _ in seats]
        self.sets: list[list[InformationSet]] = [[] for _ in seats]
        self.owner: list[list[int]] = [[-1] for _ in seats]  # set of each slot
        self.rows: dict[tuple[int, ...], list[float]] = {}
        self.histories = 0
        self.forgetful: str | None = None

    def run(self) -> Tree:
        seats = self.game.info.seats
        zero = (0.0,) * seats
        stack: list[tuple[History, tuple[int, ...], float, tuple[float, ...], int]]
        stack = [((state, None), (0,) * seats, p, zero, 0) for p, state in self.outcomes(None, None)]
        while stack:
            history, last, p, before, depth = stack.pop()
            state = history[0]
            self._count()
            returns = tuple(map(float.__add__, before, map(float, self.game.rewards(state))))
            to_move = self.game.to_move(state)
            if not to_move or depth >= self.game.info.max_steps:
                self._end(last, p, returns)
                continue
            entries = [self._enter(history, seat, last[seat]) for seat in to_move]
            for choice in itertools.product(*(range(len(self.sets[s][i].actions)) for s, (i, _) in zip(to_move, entries, strict=True))):
                after, actions = list(last), {}
                for seat, (index, first), number in zip(to_move, entries, choice, strict=True):
                    after[seat] = first + number
                    actions[seat] = self.sets[seat][index].actions[number]
                path = tuple(after)
                stack.extend(((child, history), path, p * q, returns, depth + 1) for q, child in self.outcomes(state, actions))
        return self._tree()

    def _count(self) -> None:
        self.histories += 1
        if self.histories > self.limit:
            raise NotSupported(
                f"{type(self.game).__name__} has more than {self.limit} histories, too many to evaluate exactly; use smaller options, "
                "raise the limit (max_histories), or estimate by playing matches"
            )

    def _end(self, last: tuple[int, ...], p: float, returns: tuple[float, ...]) -> None:
        row = self.rows.setdefault(last, [0.0] * (1 + len(returns)))
        row[0] += p
        for seat, value in enumerate(returns):
            row[1 + seat] += p * value

    def _enter(self, history: History, seat: int, parent: int) -> tuple[int, int]:
        """Number and first slot of the information set of `seat` at the end of a history."""
        state = history[0]
        key: str = self.game.information(state, seat)  # type: ignore[attr-defined]  # checked by __init__
        legal = self.game.legal(state, seat)
        if not isinstance(legal, tuple):
            raise NotSupported(f"exact evaluation needs listed actions, and {type(self.game).__name__} has {type(legal).__name__}")
        entry = self.known[seat].get((key, parent))
        if entry is None:
            entry = (len(self.sets[seat]), len(self.owner[seat]))
            self.known[seat][key, parent] = entry
            if key in self.keys[seat]:
                self.forgetful = self.forgetful or key
                if self.recall:
                    raise _forgets(self.game, key)
            self.keys[seat].add(key)
            above = self.owner[seat][parent]
            depth = 0 if above < 0 else self.sets[seat][above].depth + 1
            self.sets[seat].append(InformationSet(key, legal, parent, state, depth, self._recent(history, seat)))
            self.owner[seat].extend([entry[0]] * len(legal))
        elif self.sets[seat][entry[0]].actions != legal:
            was = self.sets[seat][entry[0]].actions
            raise ContractError(f"{type(self.game).__name__}: information {key!r} of seat {seat} has legal actions {was} and {legal}")
        return entry

    def _recent(self, history: History, seat: int) -> tuple[Any, ...]:
        """The states since the seat's last decision, in order."""
        state, earlier = history
        states = [state]
        while earlier is not None and seat not in self.game.to_move(earlier[0]):
            state, earlier = earlier
            states.append(state)
        return tuple(reversed(states))

    def _tree(self) -> Tree:
        """Renumbers slots so that the sets of one depth lie together, which makes each sweep a few array operations."""
        sides, renumber = [], []
        for sets in self.sets:
            old_first = np.cumsum([1, *(len(s.actions) for s in sets)])[:-1]
            order = sorted(range(len(sets)), key=lambda i: sets[i].depth)
            new = np.zeros(1 + sum(len(s.actions) for s in sets), np.intp)
            slot = 1
            for i in order:
                count = len(sets[i].actions)
                new[old_first[i] : old_first[i] + count] = np.arange(slot, slot + count)
                slot += count
            sides.append(Side([sets[i]._replace(parent=int(new[sets[i].parent])) for i in order]))
            renumber.append(new)
        last = np.array(list(self.rows), np.intp).reshape(len(self.rows), len(sides))
        weights = np.array(list(self.rows.values()))
        last = np.stack([new[last[:, seat]] for seat, new in enumerate(renumber)], axis=1)
        return Tree(self.game, tuple(sides), last, weights[:, 0], weights[:, 1:], self.histories, self.forgetful)


def _forgets(game: Game[Any], key: str) -> NotSupported:
    return NotSupported(
        f"{type(game).__name__}: information {shown(key)} does not tell the seat's own past, so a policy is no table of "
        "keys, which tabular solvers and best responses need (nash_conv does without; for perfect information use minimax)"
    )


@functools.lru_cache(maxsize=8)
def tree_of(game: Game[Any], max_histories: int = MAX_HISTORIES, recall: bool = False) -> Tree:
    """The game in sequence form; made once a game.

    Args:
        game: The rules.
        max_histories: Largest game that is built.
        recall: Whether to stop as soon as an information key is seen not to tell the seat's own past (`Tree.recalling`).

    Raises:
        NotSupported: The game lacks `information` or `chance`, has unlisted actions, or more than `max_histories` histories.
        ContractError: One information key goes with two different lists of legal actions.
    """
    return _Builder(game, max_histories, recall).run()
