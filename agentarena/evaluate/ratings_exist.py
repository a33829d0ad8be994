"""Whether finite ratings exist: who scored against whom, and whether draws bound the gaps. Axis letters: P players, Q pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Pairs", "draws_are_bounded", "groups_of", "why_not"]


class Pairs(NamedTuple):
    """Games by pair: who met, how often the first won, they drew, the first lost."""

    first: np.ndarray
    second: np.ndarray
    outcomes: np.ndarray  # (Q, 3): won, drawn, lost
    players: int


def groups_of(pairs: Pairs) -> tuple[tuple[int, ...], ...]:
    """Strongly connected components of "scored against". With draws as half wins, one component is the condition of Ford (1957)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    won, drawn, lost = pairs.outcomes.T
    forth, back = won + drawn > 0, lost + drawn > 0
    rows = np.concatenate([pairs.first[forth], pairs.second[back]])
    columns = np.concatenate([pairs.second[forth], pairs.first[back]])
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(pairs.players, pairs.players))
    count, labels = connected_components(graph, directed=True, connection="strong")
    return tuple(sorted(tuple(np.flatnonzero(labels == label).tolist()) for label in range(count)))


def draws_are_bounded(pairs: Pairs) -> bool:
    """Whether Davidson's likelihood has no way to infinity on which draws grow with the gaps (for one group of players).

    On such a way the gap d of a pair that has a win is at least 2, and that of a pair that has a draw at most 2, in units of
    ln nu: differences that can be met unless some circle has more wins than draws. Bellman's and Ford's relaxation finds
    such a circle: with a win as a step of -1 and a draw as one of +1 it is a circle of negative length.
    """
    won, drawn, lost = pairs.outcomes.T
    steps = [(won, pairs.first, pairs.second, -1.0), (lost, pairs.second, pairs.first, -1.0)]
    steps += [(drawn, pairs.first, pairs.second, 1.0), (drawn, pairs.second, pairs.first, 1.0)]
    start = np.concatenate([i[count > 0] for count, i, _, _ in steps])
    end = np.concatenate([j[count > 0] for count, _, j, _ in steps])
    length = np.concatenate([np.full(int((count > 0).sum()), step) for count, _, _, step in steps])
    distance = np.zeros(pairs.players)
    for _ in range(pairs.players):
        shorter = distance.copy()
        np.minimum.at(shorter, end, distance[start] + length)
        if np.array_equal(shorter, distance):
            return False
        distance = shorter
    return True


def why_not(groups: tuple[tuple[int, ...], ...]) -> str:
    """Why no finite estimate exists, for messages."""
    if len(groups) > 1:
        return f"{len(groups)} groups of players never scored against each other both ways (an undefeated, winless or separate set)"
    return "no circle of games has more wins than draws (e.g. a player with wins and draws and no loss)"
