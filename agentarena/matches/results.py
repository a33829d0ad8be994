"""What a run gave: its records, their returns as an array, and a table with intervals."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.errors import UsageError
from agentarena.core.intervals import mean_interval, wilson
from agentarena.core.record import Cost, Record
from agentarena.core.replay import trajectory
from agentarena.core.trajectory import Trajectory

__all__ = ["Ledger", "Results", "ledger_path"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one agent's decisions took, summed over a run.

    Attributes:
        decisions: Answers it gave, those asked again included.
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
        costs: What each seat's decisions in each match took; kept apart, since clocks differ from run to run.
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

        Worked out by playing the records again. Samples are there for matches of this process, and where records were
        made with `record_samples=True`.
        """
        return [trajectory(record) for record in self.records]

    @cached_property
    def agents(self) -> dict[int, str]:
        """Agents by their index in the run, by unique names: the second of two equal ones is called "name #2"."""
        found: dict[int, str] = {}
        for record in self.records:
            for seat in record.seats:
                found.setdefault(seat.index, seat.agent)
        names: dict[int, str] = {}
        seen: dict[str, int] = {}
        for index in sorted(found):
            name = found[index]
            seen[name] = seen.get(name, 0) + 1
            names[index] = name if seen[name] == 1 else f"{name} #{seen[name]}"
        return names

    def table(self, *, by_seat: bool = False, confidence: float = 0.95) -> list[dict[str, Any]]:
        """One row an agent, or one row an agent and seat; best mean return first.

        A match in which an agent holds several seats counts once: its wins are the share of its seats that were on the
        winning side, its return the mean of its seats. Matches of one deal are treated as one group in the interval of
        the return (`agentarena.core.intervals.mean_interval`). Wins count strictly: a draw is no win.

        Returns:
            Rows with the keys agent, seat (by seat only), matches, wins, draws, forfeits, win_share, win_interval,
            mean_return, return_interval.
        """
        rows: dict[tuple[int, int], list[tuple[float, float, float, float, int]]] = {}
        for record in self.records:
            held: dict[tuple[int, int], list[int]] = {}
            for number, seat in enumerate(record.seats):
                held.setdefault((seat.index, number if by_seat else -1), []).append(number)
            for key, numbers in held.items():
                rows.setdefault(key, []).append(_tally(record, numbers))
        table = [self._row(key, tallies, by_seat, confidence) for key, tallies in sorted(rows.items())]
        return table if by_seat else sorted(table, key=lambda row: -float(row["mean_return"]))

    def _row(self, key: tuple[int, int], tallies: Sequence[tuple[float, ...]], by_seat: bool, confidence: float) -> dict[str, Any]:
        wins, draws, forfeits, returns, deals = np.array(tallies, np.float64).T
        count = len(tallies)
        return {
            "agent": self.agents[key[0]],
            **({"seat": key[1]} if by_seat else {}),
            "matches": count,
            "wins": _whole(wins.sum()),
            "draws": _whole(draws.sum()),
            "forfeits": _whole(forfeits.sum()),
            "win_share": float(wins.mean()),
            "win_interval": wilson(min(float(wins.sum()), count), count, confidence),
            "mean_return": float(returns.mean()),
            "return_interval": mean_interval(returns, deals.astype(np.int64), confidence),
        }

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
        beside = ledger_path(target)
        costs = [Cost.parse(line, f"{beside}, line {n}") for n, line in enumerate(_lines(beside), 1)] if beside.exists() else []
        return cls(records, costs)


def ledger_path(path: Path) -> Path:
    """Where the costs of a record file are kept.

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


def _tally(record: Record, numbers: Sequence[int]) -> tuple[float, float, float, float, int]:
    """Wins, draws, forfeits, return and deal of one agent in one match; `numbers` are its seats."""
    count = len(numbers)
    seats = [record.seats[number] for number in numbers]
    won = sum(record.winner is not None and record.winner in (number, record.seats[number].team) for number in numbers)
    forfeited = any(fault["then"] == "forfeit" and fault["seat"] in numbers for fault in record.faults)
    return won / count, float(record.outcome == "drawn"), float(forfeited), sum(seat.return_ for seat in seats) / count, record.deal


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else round(float(value), 6)
