"""The rows of a board, computed from records alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from agentarena.core.record import Record
from agentarena.evaluate import Standings
from agentarena.evaluate.standing import standings
from agentarena.evaluate.stats import holm
from agentarena.matches.results import Ledger, Results

from .board import Board

__all__ = ["BoardRow", "board_rows", "rank_text"]


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """One agent on a board.

    Attributes:
        agent: Its name in records.
        rank: The best and the worst rank that it may have, for all agents at once; agents whose spans meet are tied.
        rating: What rows are ordered by: Elo, or the mean return.
        interval: Its interval; nan where there is none.
        reason: Why there is none; "" where there is one.
        mean_return: In the game's unit.
        return_interval: Its interval.
        win_share: A draw is a shared win; nan where nobody wins.
        matches: Matches played.
        deals: Deals played.
        forfeits: Matches that it forfeited.
        ms: Milliseconds a decision; nan where no clock was kept.
        tokens: Prompt and completion tokens in all.
        cost_usd: What it cost.
        level: Isolation that it was played at: "package" for agents of the package, else a level's name, "none" where it had none.
        settled: Whether the board's question is settled for it; else the row is provisional.
    """

    agent: str
    rank: tuple[int, int]
    rating: float
    interval: tuple[float, float]
    reason: str
    mean_return: float
    return_interval: tuple[float, float]
    win_share: float
    matches: int
    deals: int
    forfeits: int
    ms: float
    tokens: float
    cost_usd: float
    level: str
    settled: bool

    def json(self) -> dict[str, Any]:
        """JSON-ready; numbers that are not finite are `None`."""
        return {name: _json(value) for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> BoardRow:
        """The inverse of `json`."""
        values = dict(data)
        for name in ("rating", "mean_return", "win_share", "ms"):
            values[name] = math.nan if values[name] is None else values[name]
        for name in ("interval", "return_interval"):
            values[name] = tuple(math.nan if value is None else value for value in values[name])
        values["rank"] = tuple(values["rank"])
        return cls(**values)


def rank_text(row: BoardRow) -> str:
    """The rank as a table shows it: "3", or "2–4" where it is tied.

    >>> from types import SimpleNamespace
    >>> rank_text(SimpleNamespace(rank=(2, 4)))
    '2–4'
    """
    low, high = row.rank
    return str(low) if low == high else f"{low}–{high}"


def board_rows(board: Board, results: Iterable[Results], levels: Mapping[str, str]) -> list[BoardRow]:
    """The rows of a board, best first.

    Args:
        board: Its definition.
        results: The matches of its runs.
        levels: Isolation level of each agent.
    """
    parts = list(results)
    records: list[Record] = [record for part in parts for record in part.records]
    if not records:
        return []
    played = {seat.agent for record in records for seat in record.seats}
    table = standings(records, agents=sorted(played), level=board.level)
    ledgers = _ledgers(parts)
    ranks = _elo_ranks(table) if board.rating == "elo" and table.ratings is not None else {row.agent: row.rank for row in table.rows}
    rows = []
    for row in table.rows:
        elo = board.rating == "elo" and table.ratings is not None
        interval = row.elo_interval if elo else row.return_interval
        ledger = ledgers.get(row.agent, Ledger())
        rows.append(
            BoardRow(
                agent=row.agent,
                rank=ranks[row.agent],
                rating=row.elo if elo else row.mean_return,
                interval=(interval.low, interval.high),
                reason=row.elo_reason if elo else row.return_reason,
                mean_return=row.mean_return,
                return_interval=(row.return_interval.low, row.return_interval.high),
                win_share=row.win_share,
                matches=row.matches,
                deals=row.deals,
                forfeits=row.forfeits,
                ms=ledger.ms_per_decision if ledger.decisions else math.nan,
                tokens=ledger.usage.get("prompt_tokens", 0) + ledger.usage.get("completion_tokens", 0),
                cost_usd=ledger.usage.get("cost_usd", 0),
                level=levels.get(row.agent, "none"),
                settled=_settled(board, row.deals, interval.low, interval.high),
            )
        )
    return sorted(rows, key=lambda row: (row.rank, -row.rating if math.isfinite(row.rating) else math.inf, row.agent))


def _settled(board: Board, deals: int, low: float, high: float) -> bool:
    wanted = board.settled
    return deals >= wanted.deals and math.isfinite(high - low) and (not wanted.width or high - low <= wanted.width)


def _ledgers(parts: Sequence[Results]) -> dict[str, Ledger]:
    sums: dict[str, Ledger] = {}
    for part in parts:
        for name, entry in part.ledger.items():
            sums[name] = sums.get(name, Ledger()).plus(entry)
    return sums


def _elo_ranks(table: Standings) -> dict[str, tuple[int, int]]:
    """The best and the worst rank in Elo that each agent may have, all spans at once.

    An agent is ahead of another where the difference of their ratings, with the sandwich covariance of both and Student's t over the
    deals, says so after Holm's correction for all pairs.
    """
    ratings = table.ratings
    assert ratings is not None
    names = [row.agent for row in table.rows]
    spans = {name: [1, len(names)] for name in names}
    pairs, values = [], []
    for i, one in enumerate(table.rows):
        for j in range(i + 1, len(names)):
            other = table.rows[j]
            variance = ratings.covariance[i, i] + ratings.covariance[j, j] - 2 * ratings.covariance[i, j]
            known = ratings.finite and not one.elo_reason and not other.elo_reason and variance > 0
            gap = float(ratings.elo[i] - ratings.elo[j])
            pairs.append((i, j) if gap > 0 else (j, i))
            degrees = max(1, min(one.deals, other.deals) - 1)
            values.append(2 * float(student.sf(abs(gap) / math.sqrt(variance), degrees)) if known else 1.0)
    if not pairs:
        return dict.fromkeys(names, (1, 1))
    for (ahead, behind), p in zip(pairs, np.asarray(holm(values)), strict=True):
        if p < 1 - table.level:
            spans[names[behind]][0] += 1
            spans[names[ahead]][1] -= 1
    return {name: (low, high) for name, (low, high) in spans.items()}


def _json(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return [_json(one) for one in value] if isinstance(value, tuple) else value
