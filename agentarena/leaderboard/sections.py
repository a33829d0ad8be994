"""Parts that the report and the page share: who did better against whom, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agentarena.core.record import Record
from agentarena.evaluate.rows import HeadToHead

from .figures import shade

__all__ = ["fault_table", "heat_map"]


def heat_map(head: HeadToHead, order: Sequence[int] | None = None) -> list[list[dict[str, Any]]]:
    """Cells of a head-to-head table: value, number of comparisons, shade.

    Args:
        head: The scores.
        order: Agents to show, by their number in `head`; by default all.
    """
    indices = range(len(head.score)) if order is None else order
    return [
        [{"value": float(head.score[i, j]), "games": int(head.games[i, j]), "shade": shade(float(head.score[i, j]))} for j in indices]
        for i in indices
    ]


def fault_table(records: Iterable[Record]) -> list[tuple[str, str, str, int, str]]:
    """What went wrong, by agent, kind and consequence: how often, and one reason as an example."""
    counts: dict[tuple[str, str, str], list[Any]] = {}
    for record in records:
        for fault in record.faults:
            entry = counts.setdefault((record.seats[fault["seat"]].agent, fault["kind"], fault["then"]), [0, fault["reason"]])
            entry[0] += 1
    return [(*key, count, reason) for key, (count, reason) in sorted(counts.items())]
