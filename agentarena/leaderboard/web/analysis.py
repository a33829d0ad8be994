"""What pages compute from an edition's records: who did better against whom, the response graph, and what went wrong.

Axis letter: P agents, in the order of the board's rows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agentarena.core.errors import ArenaError
from agentarena.core.jsonl import numbered_lines
from agentarena.core.record import Record
from agentarena.core.record_files import RECORDS, load_records
from agentarena.evaluate import MatchTable, alpharank
from agentarena.evaluate.rows import HeadToHead
from agentarena.leaderboard.sections import fault_table

__all__ = ["Analysis", "Cache", "Response", "analyse", "find_record"]


@dataclass(frozen=True, eq=False)
class Response:
    """The response graph of a board of two seats.

    Attributes:
        agents: Names, P of them.
        margins: Shape (P, P): mean return of the row agent minus that of the column agent when the two met, as a share of the game's
            range of returns; nan where they never met.
        shares: alpha-Rank's share of each agent that it was computed for.
        model: What alpha-Rank was computed with, in words.
    """

    agents: tuple[str, ...]
    margins: np.ndarray
    shares: dict[str, float]
    model: str


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the records of an edition say beyond its rows.

    Attributes:
        agents: Names, P of them.
        head: Who did better against whom; `None` where nobody met.
        response: The response graph; `None` unless the game has two seats and something to win.
        faults: By agent, kind and consequence: how often, and an example.
        reason: Why there is none of this; "" where there is.
    """

    agents: tuple[str, ...] = ()
    head: HeadToHead | None = None
    response: Response | None = None
    faults: tuple[tuple[str, str, str, int, str], ...] = ()
    reason: str = ""


def analyse(folders: Sequence[Path], agents: Sequence[str], together: Sequence[str]) -> Analysis:
    """The analysis of the records in some run folders.

    Args:
        folders: Folders of the runs that count.
        agents: The agents of the board's rows, best first.
        together: Agents among whom all pairs met, for alpha-Rank where not all of them did.
    """
    try:
        records = [record for folder in folders for record in load_records(folder / RECORDS)]
        if not records:
            return Analysis(reason="nobody has played yet")
        table = MatchTable.of(records, agents)
        head, margins = _meetings(table)
        return Analysis(table.agents, head, _response(table, margins, together), tuple(fault_table(records)))
    except (ArenaError, OSError) as error:
        return Analysis(reason=str(error))


def find_record(folder: Path, match: int) -> Record | None:
    """One match of a run's folder, if it is there.

    Raises:
        CorruptRecord, RecordMismatch: The line is damaged.
    """
    path = folder / RECORDS
    needle = f'"match":{match},'.encode()
    for line in numbered_lines(path):
        if needle in line.data and not line.too_long:
            record = Record.parse(line.data, f"{path.name}, line {line.number}")
            if record.match == match:
                return record
    return None


class Cache:
    """The last few analyses, each computed once, whoever asks at the same time.

    Args:
        size: How many are kept.
    """

    def __init__(self, size: int = 16) -> None:
        self._size, self._lock = size, threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Analysis] = OrderedDict()

    def get(self, key: tuple[str, int], compute: Callable[[], Analysis]) -> Analysis:
        """The analysis of an edition after a number of log entries."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = compute()
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
            return self._kept[key]


def _meetings(table: MatchTable) -> tuple[HeadToHead | None, np.ndarray]:
    """Mean score and mean margin of each pair that met."""
    met, count = table.comparisons, len(table.agents)
    points, margins, games = np.zeros((count, count)), np.zeros((count, count)), np.zeros((count, count))
    for first, second, score, margin in (
        (met.first, met.second, met.score, met.margins),
        (met.second, met.first, 1 - met.score, -met.margins),
    ):
        np.add.at(points, (first, second), score)
        np.add.at(margins, (first, second), margin)
        np.add.at(games, (first, second), 1)
    never = np.where(games > 0, 0.0, np.nan)
    head = HeadToHead(points / np.maximum(games, 1) + never, games)
    return (head if games.any() and table.has_wins else None), margins / np.maximum(games, 1) + never


def _response(table: MatchTable, margins: np.ndarray, together: Sequence[str]) -> Response | None:
    count = len(table.agents)
    if table.seats != 2 or count < 2 or table.info is None or not table.has_wins:
        return None
    scaled = margins / (table.info.high - table.info.low)
    complete = list(range(count))
    if np.isnan(scaled[~np.eye(count, dtype=bool)]).any():
        complete = [i for i, name in enumerate(table.agents) if name in together]
    square = scaled[np.ix_(complete, complete)]
    np.fill_diagonal(square, 0.0)
    if len(complete) < 2 or np.isnan(square).any():
        return Response(table.agents, scaled, {}, "")
    # half the margins are payoffs M with M - M^T equal to the margins
    ranked = alpharank(square / 2)
    shares = {table.agents[i]: float(share) for i, share in zip(complete, ranked.distribution, strict=True)}
    return Response(table.agents, scaled, shares, ranked.model)
