"""How each agent of a run decided: replies read at once, retries, tokens, cost, time, and what it was at fault for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agentarena.core.record import Record

__all__ = ["decision_rows"]


def decision_rows(records: Sequence[Record], agents: Mapping[int, str], ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row an agent, in the order of `agents`; see `Results.decisions`.

    Args:
        records: The matches.
        agents: Names by index (`Results.agents`).
        ledger: What each agent's decisions took, by name (`Results.ledger`); may lack some.
    """
    matches, forfeits, replies, at_once, retries = (Counter[str]() for _ in range(5))
    faults: dict[str, Counter[tuple[str, str, str]]] = {name: Counter() for name in agents.values()}
    for record in records:
        holders = [agents[seat.index] for seat in record.seats]
        matches.update(set(holders))
        forfeits.update({holders[fault["seat"]] for fault in record.faults if fault["then"] == "forfeit"})
        for fault in record.faults:
            faults[holders[fault["seat"]]][fault["kind"], fault["then"], fault["reason"]] += 1
        for entry in record.replies:
            holder = holders[entry["seat"]]
            replies[holder] += 1
            at_once[holder] += entry["attempts"][0]["outcome"] == "read"
            retries[holder] += len(entry["attempts"]) - 1
    rows = []
    for name in agents.values():
        costs = ledger.get(name)
        usage = costs.usage if costs else {}
        rows.append(
            {
                "agent": name,
                "matches": matches[name],
                "replies": replies[name],
                "read_at_once": at_once[name] / replies[name] if replies[name] else math.nan,
                "retries": retries[name],
                "prompt_tokens": usage.get("prompt_tokens", math.nan),
                "completion_tokens": usage.get("completion_tokens", math.nan),
                "cost_usd": usage.get("cost", math.nan),
                "seconds_per_decision": costs.seconds / costs.decisions if costs and costs.decisions else math.nan,
                "forfeits": forfeits[name],
                "faults": _by_kind(faults[name]),
            }
        )
    return rows


def _by_kind(faults: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Faults by kind and what followed, the commonest first, each with its commonest reason."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for (kind, then, reason), count in faults.most_common():
        counts[kind, then] += count
        examples.setdefault((kind, then), reason)
    return [{"kind": kind, "then": then, "count": count, "example": examples[kind, then]} for (kind, then), count in counts.most_common()]
