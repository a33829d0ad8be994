"""Which agents should meet: openings in which all meet different opponents, and tables around the pairs that an answer waits for.

A table is the tuple of its agents' numbers in increasing order.
"""

from __future__ import annotations

import numpy as np

from agentarena.evaluate.deal_results import DealResults

from .decision import Decision

__all__ = ["fill_tables", "informative_pairs", "opening_tables"]

Table = tuple[int, ...]


def opening_tables(results: DealResults, size: int, deals: int, rng: np.random.Generator) -> list[Table]:
    """Tables of `size` agents that are still to play until each agent has so many deals; none where all have.

    Next sits whoever has played least, with those it has met least.
    """
    count = len(results.agents)
    met = np.zeros((count, count), np.int64)  # on the diagonal, deals of each agent
    for table, times in results.counts.items():
        met[np.ix_(table, table)] += times
    order = rng.permutation(count)
    tables = []
    while np.diag(met).min() < deals:
        group = [int(min(order, key=lambda agent: met[agent, agent]))]
        while len(group) < size:
            left = [agent for agent in order if agent not in group]
            group.append(int(min(left, key=lambda agent: (met[agent, group].sum(), met[agent, agent]))))
        met[np.ix_(group, group)] += 1
        tables.append(tuple(sorted(group)))
    return sorted(tables)


def informative_pairs(decision: Decision) -> list[tuple[int, int]]:
    """The open pairs that decide a question soonest.

    "ranks": open pairs between which, in the order of ratings, there is no other open pair. All other pairs follow from
    neighbours, and a match tells most between equals. "top": the agent rated best and its open rivals. "rank", "graph": all.

    Pairs that play the same games over again are left out: they have nothing to add.
    """
    pairs = [pair for pair in decision.open if pair not in decision.repeated]
    if decision.question == "top":
        leader = decision.order[0]
        return [pair for pair in pairs if leader in pair] or pairs
    if decision.question != "ranks":
        return pairs
    place = np.argsort(decision.order)
    spans = sorted((tuple(sorted((int(place[i]), int(place[j])))), (i, j)) for i, j in pairs)
    return [pair for span, pair in spans if not any(_inside(other, span) for other, _ in spans)]


def _inside(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def fill_tables(pairs: list[tuple[int, int]], decision: Decision, size: int, deals: int, rng: np.random.Generator) -> list[Table]:
    """`deals` tables of `size` agents, shared equally among the pairs; further seats go to agents with most open pairs there."""
    count = len(decision.agents)
    open_pairs = np.zeros((count, count), np.int64)
    for i, j in decision.open:
        open_pairs[i, j] = open_pairs[j, i] = 1
    place = np.argsort(decision.order)
    order = rng.permutation(len(pairs))
    tables = []
    for deal in range(deals):
        group = list(pairs[order[deal % len(pairs)]])
        while len(group) < size:
            left = [agent for agent in range(count) if agent not in group]
            group.append(min(left, key=lambda agent: (-open_pairs[agent, group].sum(), abs(place[agent] - place[group]).sum(), agent)))
        tables.append(tuple(sorted(group)))
    return tables
