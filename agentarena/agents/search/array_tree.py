"""The sequence form of a game made from its array rules: what `tree_of` makes history by history, a depth at once.

Information sets are told apart by what the seat sees and by its own last choice, so a seat remembers its own past; what it saw before
must show in what it sees, or in what it did.

Axis letters: B histories of a depth, S seats, R decisions, A actions, D numbers of an observation, I information sets of one seat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agentarena.core.batch import ListedBatch
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game

from .tree import MAX_HISTORIES, InformationSet, Side, Tree

__all__ = ["ArrayTree", "array_tree", "row_bytes"]


@dataclass(frozen=True, eq=False)
class ArrayTree:
    """A tree and what its information sets look like.

    Attributes:
        tree: The sequence form. Its sets have the digest of their observation as key, and no state.
        observations: For each seat, what it sees at each of its sets. Shape (I, D).
        masks: For each seat, the legal actions at each of its sets. Shape (I, A), bool.
    """

    tree: Tree
    observations: tuple[np.ndarray, ...]
    masks: tuple[np.ndarray, ...]


def row_bytes(rows: np.ndarray) -> list[bytes]:
    """Each row's bytes. Shape (R, D) -> R."""
    data, width = np.ascontiguousarray(rows).tobytes(), rows.shape[1] * rows.itemsize
    return [data[at : at + width] for at in range(0, len(rows) * width, width)]


def _numbered(observations: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal rows, in the order of their first occurrence: where that is, and the number of each row. Shapes (I,), (R,)."""
    marks = np.ascontiguousarray(parents, np.int64).view(np.float32).reshape(len(parents), 2)
    numbers: dict[bytes, int] = {}
    of_row = np.array([numbers.setdefault(key, len(numbers)) for key in row_bytes(np.concatenate([observations, marks], 1))], np.intp)
    return np.unique(of_row, return_index=True)[1], of_row


@dataclass
class _Sets:
    """The information sets of one seat, in the order of discovery; slot 0 stands for no choice yet."""

    size: int = 1
    parents: list[np.ndarray] = field(default_factory=list)
    observations: list[np.ndarray] = field(default_factory=list)
    masks: list[np.ndarray] = field(default_factory=list)
    depths: list[np.ndarray] = field(default_factory=list)
    depth_of_slot: list[np.ndarray] = field(default_factory=lambda: [np.zeros(1, np.intp)])

    def enter(self, observations: np.ndarray, masks: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First slot and mask of the set at each decision. Shapes (R,), (R, A)."""
        first, of_row = _numbered(observations, parents)
        counts = masks[first].sum(1)
        slots = self.size + np.concatenate(([0], np.cumsum(counts)[:-1]))
        depths = np.concatenate(self.depth_of_slot)[parents[first]]
        self.parents.append(parents[first])
        self.observations.append(observations[first])
        self.masks.append(masks[first])
        self.depths.append(depths)
        self.depth_of_slot.append(np.repeat(depths + 1, counts))
        self.size += int(counts.sum())
        return slots[of_row], masks[first][of_row]

    def side(self) -> tuple[Side, np.ndarray, np.ndarray, np.ndarray]:
        """The seat's side with sets by depth, the new number of each slot, and the sets' observations and masks in that order."""
        if not self.parents:
            return Side([]), np.zeros(1, np.intp), np.zeros((0, 0), np.float32), np.zeros((0, 0), bool)
        parents, depths = np.concatenate(self.parents), np.concatenate(self.depths)
        observations, masks = np.concatenate(self.observations), np.concatenate(self.masks)
        order = np.argsort(depths, kind="stable")
        counts = masks.sum(1)
        old = 1 + np.concatenate(([0], np.cumsum(counts)[:-1]))
        begin = 1 + np.concatenate(([0], np.cumsum(counts[order])[:-1]))
        new = np.zeros(self.size, np.intp)
        for at, index in zip(begin.tolist(), order.tolist(), strict=True):
            new[old[index] : old[index] + counts[index]] = np.arange(at, at + counts[index])
        keys = [hashlib.sha1(row, usedforsecurity=False).hexdigest() for row in row_bytes(observations)]
        sets = [
            InformationSet(keys[i], tuple(np.flatnonzero(masks[i]).tolist()), int(new[parents[i]]), None, int(depths[i]), ())
            for i in order.tolist()
        ]
        return Side(sets), new, observations[order], masks[order]


def array_tree(game: Game[Any], rules: ListedBatch[Any], max_histories: int = MAX_HISTORIES) -> ArrayTree:
    """The game in sequence form.

    Args:
        game: The game.
        rules: Its array rules.
        max_histories: Largest game that is built, in histories.

    Raises:
        NotSupported: It has more histories.
    """
    seats = game.info.seats
    sets = [_Sets() for _ in range(seats)]
    weights, state = rules.deals()
    last = np.zeros((len(weights), seats), np.intp)
    returns = np.zeros((len(weights), seats))
    ends: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    histories = 0
    while len(weights):
        histories += len(weights)
        returns = returns + rules.rewards(state)
        over = np.asarray(rules.over(state))
        ends.append((last[over], weights[over], returns[over]))
        weights, last, returns, state = weights[~over], last[~over], returns[~over], rules.select(state, ~over)
        if not len(weights):
            break
        parents, actions, last = _choices(rules, state, sets, last, max_histories - histories, game)
        outcomes = rules.outcomes(rules.select(state, parents), actions, max_histories - histories)
        if histories + len(outcomes.parents) > max_histories:
            raise _too_large(game, max_histories)
        weights = weights[parents][outcomes.parents] * outcomes.chances
        last, returns, state = last[outcomes.parents], returns[parents][outcomes.parents], outcomes.state
    return _finished(game, sets, ends, histories)


def _choices(
    rules: ListedBatch[Any], state: Any, sets: list[_Sets], last: np.ndarray, room: int, game: Game[Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every joint choice: the history it follows, the actions (C, S), and the seats' last slots after it (C, S)."""
    legal = np.asarray(rules.legal(state), bool)
    size, seats, _ = legal.shape
    moving = np.any(legal, axis=2)
    first = np.zeros((size, seats), np.intp)
    for seat in range(seats):
        rows = np.flatnonzero(moving[:, seat])
        if len(rows):
            observations = rules.observe_where(state, rows, np.full(len(rows), seat))
            first[rows, seat], legal[rows, seat] = sets[seat].enter(observations, legal[rows, seat], last[rows, seat])
    counts = np.where(moving, legal.sum(2), 1)
    total = counts.prod(1)
    if total.sum() > room:
        raise _too_large(game, room)
    parents = np.repeat(np.arange(size), total)
    rank = np.arange(len(parents)) - np.repeat(np.cumsum(total) - total, total)
    # the legal actions of each decision, in order, before the others
    sorted_actions = np.argsort(~legal, axis=2, kind="stable")[:, :, : int(counts.max())]
    actions, after = np.zeros((len(parents), seats), np.intp), last[parents]
    for seat in reversed(range(seats)):
        rank, choice = np.divmod(rank, counts[parents, seat])
        moves = moving[parents, seat]
        actions[:, seat] = np.where(moves, sorted_actions[parents, seat, choice], 0)
        after[:, seat] = np.where(moves, first[parents, seat] + choice, after[:, seat])
    return parents, actions, after


def _too_large(game: Game[Any], most: int) -> NotSupported:
    return NotSupported(f"{type(game).__name__} has too many histories to solve exactly ({most:,} more are allowed); use a sampling solver")


def _finished(game: Game[Any], sets: list[_Sets], ends: Sequence[tuple[np.ndarray, ...]], histories: int) -> ArrayTree:
    """The tree, with endings that agree in the seats' last slots added up."""
    last, weights, returns = (np.concatenate(column) for column in zip(*ends, strict=True))
    sides, slots, observations, masks = zip(*(one.side() for one in sets), strict=True)
    last = np.stack([new[last[:, seat]] for seat, new in enumerate(slots)], axis=1)
    keys = np.zeros(len(last), np.uint64)
    for seat in range(last.shape[1]):
        keys = keys * np.uint64(sets[seat].size) + last[:, seat].astype(np.uint64)
    if np.prod([float(one.size) for one in sets]) < 2.0**63:
        _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    else:
        _, first, of_row = np.unique(last, axis=0, return_index=True, return_inverse=True)
    chance = np.bincount(of_row, weights)
    payoffs = np.stack([np.bincount(of_row, weights * returns[:, seat]) for seat in range(last.shape[1])], axis=1)
    tree = Tree(game, sides, last[first], chance, payoffs, histories, None)
    return ArrayTree(tree, observations, masks)
