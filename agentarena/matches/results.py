"""The results of a run: its records, their returns as an array, a table with intervals, and a pandas frame."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from agentarena.core.display import printable
from agentarena.core.errors import MissingExtra, UsageError
from agentarena.core.record import Cost, Record
from agentarena.core.record_files import ledger_path, load_costs, load_records
from agentarena.core.replay import trajectory
from agentarena.core.trajectory import Trajectory
from agentarena.evaluate.match_table import MatchTable, unique_names
from agentarena.evaluate.share import Share, shares
from agentarena.evaluate.tables import aligned, cell, reasons

from .decisions import decision_rows
from .forfeits import forfeit_warnings

if TYPE_CHECKING:
    import pandas

__all__ = ["Ledger", "Results", "ledger_path"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one agent's decisions took, summed over a run.

    Attributes:
        decisions: Its answers, retries included.
        seconds: Time from question to answer, summed over questions; overlapping questions count each.
        usage: Sums of what its replies reported, e.g. tokens; empty where nothing was reported.
    """

    decisions: int = 0
    seconds: float = 0.0
    usage: dict[str, float] = field(default_factory=dict)

    def plus(self, other: Ledger | Cost) -> Ledger:
        """The sums of both. None is infinite, whatever was reported."""
        usage = {key: _sum((self.usage.get(key, 0), other.usage.get(key, 0))) for key in {**self.usage, **other.usage}}
        return Ledger(self.decisions + other.decisions, _sum((self.seconds, other.seconds)), usage)

    @property
    def ms_per_decision(self) -> float:
        """Mean milliseconds from question to answer; 0 without decisions."""
        return 1000 * self.seconds / self.decisions if self.decisions else 0.0


class Results:
    """The finished matches of a run, in the order of their numbers.

    Attributes:
        records: One record a match.
        costs: What each seat's decisions in each match took; not in the records, since clocks differ from run to run.
    """

    def __init__(self, records: Iterable[Record], costs: Iterable[Cost] = ()) -> None:
        self.records: list[Record] = sorted(records, key=lambda record: record.match)
        self.costs: list[Cost] = sorted(costs, key=lambda cost: (cost.match, cost.seat))

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        envs = ", ".join(sorted({record.env for record in self.records}))
        return f"<Results of {len(self.records)} matches of {envs or 'nothing'}>"

    def __str__(self) -> str:
        """The agents' wins and mean returns with intervals, as text; `table` has the numbers."""
        rows = shares(self.match_table) if self.records else ()
        cells = [
            [
                printable(row.agent, 60),
                *(str(count) for count in (row.matches, row.wins, row.draws, row.forfeits)),
                cell(row.win_share, row.win_interval, ".3f"),
                cell(row.mean_return, row.return_interval, ".3f"),
            ]
            for row in rows
        ]
        columns = ["agent", "matches", "won", "drawn", "forfeited", "win share [95 %]", "mean return [95 %]"]
        return "\n".join([repr(self)[1:-1], *(aligned([columns, *cells]) if cells else ()), *reasons(rows)])

    @cached_property
    def returns(self) -> np.ndarray:
        """Returns of all seats. Shape (E, S): E matches, S seats; in the game's unit."""
        widths = {len(record.seats) for record in self.records}
        if len(widths) > 1:
            raise UsageError(f"matches with {sorted(widths)} seats do not fit one array; load them apart")
        return np.array([record.returns for record in self.records], np.float64).reshape(len(self.records), *(widths or {0}))

    @cached_property
    def trajectories(self) -> list[Trajectory]:
        """Every match turn by turn, with the reward of each turn, information keys and token samples; in the order of `records`.

        Computed by playing the records again. Samples are there for matches of this process, and where records were
        made with `record_samples=True`.
        """
        return [trajectory(record) for record in self.records]

    @cached_property
    def agents(self) -> dict[int, str]:
        """Names of the agents by their index in the run; where two of one name met, the second is "name #2"."""
        names = unique_names(self.records)
        return {index: names[name, index] for name, index in sorted(names, key=lambda entrant: entrant[1])}

    @cached_property
    def match_table(self) -> MatchTable:
        """The records as arrays, which every count and interval is computed from."""
        return MatchTable.of(self.records)

    def table(
        self, *, by_seat: bool = False, by_role: bool = False, by_side: bool = False, confidence: float = 0.95
    ) -> list[dict[str, Any]]:
        """One row an agent, or one row an agent and seat, role or side; best mean return first.

        The figures are those of `agentarena.evaluate.shares`, as everywhere. A match in which an agent holds several seats
        counts once, with the mean of its seats. A draw is a shared win: 1/2 each between two players, 1/k each between k
        leaders. Matches of one deal are one cluster in both intervals. Self-play is told apart by side.

        Returns:
            Rows with the keys agent, seat, role or side (where asked for), matches, deals, courses, wins, draws, both_sides,
            forfeits, win_share, win_interval, win_reason, mean_return, return_interval, return_reason. win_share is nan in
            games without anything to win; where an interval is nan, its reason says why, and else is "".

        Raises:
            UsageError: The records are of different games, or several of `by_seat`, `by_role`, `by_side` were given.
        """
        if by_seat + by_role + by_side > 1:
            raise UsageError("give one of by_seat, by_role and by_side, not both")
        by: Literal["seat", "role", "side"] | None = "seat" if by_seat else "role" if by_role else "side" if by_side else None
        rows = shares(self.match_table, by=by, level=confidence) if self.records else ()
        return [_table_row(row, by) for row in rows]

    def decisions(self) -> list[dict[str, Any]]:
        """How each agent decided, one row an agent in the order of `agents`.

        Returns:
            Rows with the keys agent; matches; replies (decisions in words); read_at_once (the share of them whose first reply was
            a legal move); retries (further replies); prompt_tokens, completion_tokens, cost_usd (sums of what replies
            reported); seconds_per_decision (retries counted as decisions); forfeits (matches); faults, by kind:
            `{"kind", "then", "count", "example"}`, the commonest first. Figures that nothing was reported for are nan.
        """
        return decision_rows(self.records, self.agents, self.ledger)

    def to_frame(self) -> pandas.DataFrame:
        """The matches as a pandas frame, one row a match and seat.

        Returns:
            Columns env, seed, match, deal, seat, agent, role, team, return, win_share, outcome, winner, forfeit, turns,
            steps (of the whole match), decisions, seconds, and one column `usage.NAME` for each sum that replies report, e.g.
            `usage.prompt_tokens`. Decisions, seconds and usage are missing (NaN) without a ledger.

        Raises:
            MissingExtra: pandas is not installed.
            UsageError: The records are of different games.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            raise MissingExtra("pandas", "frames") from error
        return pandas.DataFrame(frame_columns(self))

    @cached_property
    def ledger(self) -> dict[str, Ledger]:
        """What each agent's decisions took, by the names of `agents`. Matches played twice after a crash count twice."""
        sums: dict[str, Ledger] = {}
        for cost in self.costs:
            name = self.agents.get(cost.agent, f"agent {cost.agent}")
            sums[name] = sums.get(name, Ledger()).plus(cost)
        return sums

    def warnings(self) -> list[str]:
        """What should not be overlooked: a sentence for each agent that forfeited most of its matches. `play` logs them."""
        return forfeit_warnings(self.records, self.agents)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the records to `path`, one a line, and the costs beside them (`ledger_path`). Replaces whole files."""
        target = Path(path)
        write_whole(target, (record.line() for record in self.records))
        if self.costs:
            write_whole(ledger_path(target), (cost.line() for cost in self.costs))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, trust: bool = False) -> Results:
        """Read what `save` or `play(out=...)` wrote.

        Args:
            path: The record file; its ledger is read where it lies beside it.
            trust: Whether the records may name code of their own, "module:Class" as environment or option, which is run where
                matches are replayed.

        Raises:
            FileNotFoundError: There is no such file.
            UsageError: It is no plain file.
            CorruptRecord: A line is damaged, or a match is there twice; the message names the line. `agentarena verify` lists
                every bad line.
            RecordMismatch: A line is of another format.
        """
        target = Path(path)
        return cls(load_records(target, trust=trust), load_costs(ledger_path(target)))


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file so that a reader finds the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _sum(values: Iterable[float]) -> float:
    """The sum of finite numbers, which stays finite."""
    total: float = 0
    for value in values:
        total += value
        if abs(total) > sys.float_info.max:
            total = sys.float_info.max if total > 0 else -sys.float_info.max
    return total


def frame_columns(results: Results) -> dict[str, list[Any]]:
    """The columns of `Results.to_frame`, each one value a match and seat."""
    costs: dict[tuple[int, int], list[Cost]] = {}
    for cost in results.costs:
        costs.setdefault((cost.match, cost.seat), []).append(cost)
    usage = sorted({name for cost in results.costs for name in cost.usage})
    columns: dict[str, list[Any]] = {name: [] for name in (*_FRAME_COLUMNS, *(f"usage.{name}" for name in usage))}
    if not results.records:
        return columns
    table = results.match_table
    for row, record in enumerate(results.records):
        for number, seat in enumerate(record.seats):
            spent = costs.get((record.match, number))
            values = (
                *(
                    record.env,
                    record.seed,
                    record.match,
                    record.deal,
                    number,
                    results.agents[seat.index],
                    seat.role,
                    seat.team,
                    seat.return_,
                ),
                *(float(table.wins[row, number]), record.outcome, record.winner, bool(table.forfeits[row, number])),
                *(record.turns, record.steps),
                math.nan if spent is None else sum(cost.decisions for cost in spent),
                math.nan if spent is None else _sum(cost.seconds for cost in spent),
                *(math.nan if spent is None else _sum(cost.usage.get(name, 0) for cost in spent) for name in usage),
            )
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return columns


_FRAME_COLUMNS = (
    *("env", "seed", "match", "deal", "seat", "agent", "role", "team", "return", "win_share", "outcome", "winner", "forfeit"),
    *("turns", "steps", "decisions", "seconds"),
)


def _table_row(share: Share, by: str | None) -> dict[str, Any]:
    """A row of `Results.table`: the fields of the share by name."""
    row = {field.name: getattr(share, field.name) for field in fields(share)}
    place = row.pop("place")
    return row if by is None else {"agent": row.pop("agent"), by: place, **row}
