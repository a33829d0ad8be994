"""The results of a run: its records, their returns as an array, a table with intervals, and a pandas frame."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from agentarena.core.errors import MissingExtra, UsageError
from agentarena.core.record import Cost, Record
from agentarena.core.replay import trajectory
from agentarena.core.trajectory import Trajectory
from agentarena.evaluate.match_table import MatchTable, unique_names
from agentarena.evaluate.share import Share, shares

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

    def table(self, *, by_seat: bool = False, by_role: bool = False, confidence: float = 0.95) -> list[dict[str, Any]]:
        """One row an agent, or one row an agent and seat or role; best mean return first.

        The figures are those of `agentarena.evaluate.shares`, as everywhere. A match in which an agent holds several seats
        counts once, with the mean of its seats. A draw is a shared win: 1/2 each between two players, 1/k each between k
        leaders. Matches of one deal are one cluster in both intervals.

        Returns:
            Rows with the keys agent, seat or role (where asked for), matches, deals, wins, draws, forfeits, win_share,
            win_interval, mean_return, return_interval; win_share is nan in games without anything to win.

        Raises:
            UsageError: The records are of different games, or both `by_seat` and `by_role` were given.
        """
        if by_seat and by_role:
            raise UsageError("give by_seat or by_role, not both")
        by: Literal["seat", "role"] | None = "seat" if by_seat else "role" if by_role else None
        rows = shares(self.match_table, by=by, level=confidence) if self.records else ()
        return [_table_row(row, by) for row in rows]

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
            old = sums.get(name, Ledger())
            usage = {key: old.usage.get(key, 0) + cost.usage.get(key, 0) for key in {**old.usage, **cost.usage}}
            sums[name] = Ledger(old.decisions + cost.decisions, old.seconds + cost.seconds, usage)
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
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read what `save` or `play(out=...)` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            CorruptRecord: A line is damaged; the message names it.
        """
        target = Path(path)
        records = [Record.parse(line, f"{target}, line {number}") for number, line in enumerate(_lines(target), 1)]
        ledger = ledger_path(target)
        costs = [Cost.parse(line, f"{ledger}, line {n}") for n, line in enumerate(_lines(ledger), 1)] if ledger.exists() else []
        return cls(records, costs)


def ledger_path(path: Path) -> Path:
    """The ledger beside a record file, which holds its costs.

    >>> ledger_path(Path("runs/a.jsonl")).name
    'a.ledger.jsonl'
    """
    return path.with_name(path.name.removesuffix(".jsonl") + ".ledger.jsonl")


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file so that a reader finds the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().removesuffix(b"\n").split(b"\n") if path.stat().st_size else []


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
                math.nan if spent is None else sum(cost.seconds for cost in spent),
                *(math.nan if spent is None else sum(cost.usage.get(name, 0) for cost in spent) for name in usage),
            )
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return columns


_FRAME_COLUMNS = (
    *("env", "seed", "match", "deal", "seat", "agent", "role", "team", "return", "win_share", "outcome", "winner", "forfeit"),
    *("turns", "steps", "decisions", "seconds"),
)


def _table_row(share: Share, by: str | None) -> dict[str, Any]:
    """A row of `Results.table`: the fields of the share by name, whole numbers of wins and draws as ints."""
    row = {field.name: getattr(share, field.name) for field in fields(share)}
    place = row.pop("place")
    row |= {"wins": _whole(share.wins), "draws": _whole(share.draws)}
    return row if by is None else {"agent": row.pop("agent"), by: place, **row}


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else round(float(value), 6)
