"""Agents that forfeit most of their matches: rather a mistake of whoever set up the run than a measurement, so it is said aloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from agentarena.core.display import printable
from agentarena.core.record import Record

__all__ = ["forfeit_warnings"]

_MOST = 0.5
"""Share of its matches that an agent may forfeit without a warning."""


def forfeit_warnings(records: Iterable[Record], agents: Mapping[int, str]) -> list[str]:
    """A sentence for each agent that forfeited more than half of its matches, with the commonest reason.

    Args:
        records: The matches.
        agents: Names by index, as `Results.agents`.
    """
    played: Counter[int] = Counter()
    forfeited: Counter[int] = Counter()
    reasons: dict[int, Counter[tuple[str, str]]] = {}
    for record in records:
        holders = [seat.index for seat in record.seats]
        played.update(set(holders))
        lost: dict[int, tuple[str, str]] = {}
        for fault in record.faults:
            if fault["then"] == "forfeit":
                lost.setdefault(holders[fault["seat"]], (str(fault["kind"]), str(fault["reason"])))
        forfeited.update(lost.keys())
        for index, reason in lost.items():
            reasons.setdefault(index, Counter())[reason] += 1
    return [
        _sentence(agents.get(index, f"agent {index}"), forfeited[index], played[index], reasons[index])
        for index in sorted(forfeited)
        if forfeited[index] > _MOST * played[index]
    ]


def _sentence(name: str, forfeited: int, played: int, reasons: Counter[tuple[str, str]]) -> str:
    kinds: Counter[str] = Counter()
    for (kind, _), count in reasons.items():
        kinds[kind] += count
    common = kinds.most_common(1)[0][0]
    reason = max((key for key in reasons if key[0] == common), key=lambda key: reasons[key])[1]
    often = f", {kinds[common]} of them" if kinds[common] < forfeited else ""
    return printable(f"{name} forfeited {forfeited} of {played} matches{often} as {common!r}: {reason}", 500)
