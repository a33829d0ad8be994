"""The file a run writes: locked against a second run, appended to as matches finish, put in order at the end.

A run that was killed leaves whole lines and at most one cut line at the end; the next run drops the cut line, keeps the
rest, and plays only what is missing. A file with any other damage is not continued: what is kept must verify. The finished file depends on the run alone, not on the order in which matches ended.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from agentarena.core.display import printable, shown
from agentarena.core.errors import CorruptRecord, RecordBusy, RecordError, RecordMismatch, UsageError, needs_posix
from agentarena.core.jsonl import Line, numbered_lines
from agentarena.core.match import RunConfig
from agentarena.core.record import Cost, Finished, Record
from agentarena.core.record_files import cost_of, ledger_path, parsed

from .results import Results, write_whole
from .seating import Fixture

__all__ = ["RecordFile", "expect_same_run"]


class RecordFile:
    """An open record file with what it holds. A context manager; leaving it releases the lock.

    Args:
        path: The file; its folder is made if need be.
        config: The run that writes it.
        fixtures: All matches of the run.
        resume: Whether an existing file is continued; else it is refused.

    Raises:
        UsageError: It is there and no plain file, e.g. a folder or a device.
        RecordBusy: Another run is writing it.
        RecordMismatch: It belongs to another run, or exists and `resume` is false.
        CorruptRecord: A line other than a cut last one is damaged, or not as a run writes it.
    """

    def __init__(self, path: str | os.PathLike[str], config: RunConfig, fixtures: Iterable[Fixture], *, resume: bool = True) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_file():
            raise UsageError(f"{self.path} is no plain file, so records cannot be kept there; give the path of a file, e.g. runs/a.jsonl")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _Lock(self.path)
        self._file: IO[bytes] | None = None
        self._ledger: IO[bytes] | None = None
        try:
            expected = {fixture.match: fixture for fixture in fixtures}
            self.records: dict[int, Record] = self._read(config, expected, resume)
            self.costs: list[Cost] = _read_costs(ledger_path(self.path))
            self._in_order = list(self.records) == sorted(self.records)
            self._file = self.path.open("ab")
            self._ledger = ledger_path(self.path).open("ab")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RecordFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, finished: Finished) -> None:
        """Append a match; it is on its way to the disk when this returns, and survives the death of this process."""
        assert self._file is not None
        assert self._ledger is not None
        record = finished.record
        if self.records and record.match < next(reversed(self.records)):
            self._in_order = False
        self._ledger.write("".join(cost.line() + "\n" for cost in finished.costs).encode())
        self._ledger.flush()
        self._file.write(record.line().encode() + b"\n")
        self._file.flush()
        self.records[record.match] = record
        self.costs.extend(finished.costs)

    def finish(self) -> Results:
        """Put the lines in the order of the matches and give the results."""
        assert self._file is not None
        results = Results(self.records.values(), self.costs)
        if self._in_order:
            os.fsync(self._file.fileno())
        else:
            write_whole(self.path, (record.line() for record in results.records))
        return results

    def close(self) -> None:
        """Close the files and release the lock."""
        if os.getpid() != self._lock.owner:  # a forked copy of the run leaves files and lock alone
            return
        with contextlib.ExitStack() as stack:  # what was not written yet, e.g. to a full disk, must not keep the lock
            stack.callback(self._lock.release)
            for file in filter(None, (self._file, self._ledger)):
                stack.callback(file.close)

    def _read(self, config: RunConfig, expected: Mapping[int, Fixture], resume: bool) -> dict[int, Record]:
        if not self.path.exists():
            return {}
        if self.path.stat().st_size and not resume:
            raise RecordMismatch(f"{printable(str(self.path))} exists. Give another path, remove it, or continue it with resume=True")
        records: dict[int, Record] = {}
        for line, record in parsed(self.path, trust=True):  # the caller named the game, and it is the same one
            if _cut(line, _RECORD_START):
                os.truncate(self.path, line.start)  # its match is played again
                break
            if isinstance(record, RecordError):
                raise record
            where = f"{printable(str(self.path))}, line {line.number}"
            expect_same_run(record, config, expected, where)
            if record.line().encode() != line.data:
                raise CorruptRecord(
                    f"{where}: the line is not written as records are, so it would not verify. Remove it to have match "
                    f"{record.match} played again"
                )
            records[record.match] = record
        return records


_RECORD_START, _COST_START = b'{"format":', b'{"match":'


def _cut(line: Line, start: bytes) -> bool:
    """Whether a line was cut short by the end of the last run: it begins as our lines do and lacks its line break.

    Any other beginning means that the file is none of ours, and nothing of it is dropped.
    """
    return not line.whole and not line.too_long and line.data[: len(start)] == start[: len(line.data)]


def expect_same_run(record: Record, config: RunConfig, expected: Mapping[int, Fixture], where: str) -> None:
    """Raise `RecordMismatch`, saying what differs, unless this run would write this record's head."""
    fixture = expected.get(record.match)
    if fixture is None:
        raise RecordMismatch(f"{where}: match {record.match} is not one of this run's {len(expected)} matches. {_OTHER}")
    players = [config.players[index] for index in fixture.seats]
    pairs: list[tuple[str, object, object]] = [
        ("environment", record.env, config.env),
        ("options", record.options, config.options),
        ("version of agentarena", record.package, config.package),
        ("seed", record.seed, config.seed),
        ("policy for unreadable replies", record.policy, config.policy),
        ("choice of recording samples", record.with_samples, config.record_samples),
        ("agents", [seat.agent for seat in record.seats], [player.name for player in players]),
        ("versions of the agents", [seat.version for seat in record.seats], [player.version for player in players]),
        ("seating", [seat.index for seat in record.seats], list(fixture.seats)),
        ("deal", record.deal, fixture.deal),
        ("random opening", record.openings, len(config.opening(fixture.deal))),
    ]
    for what, theirs, ours in pairs:
        if theirs != ours:
            raise RecordMismatch(
                f"{where}: the file belongs to another run: {what} {shown(theirs, 300)} there, {shown(ours, 300)} here. {_OTHER}"
            )


_OTHER = "Give another path, or repeat the call that began the file"


def _read_costs(path: Path) -> list[Cost]:
    """The ledger of an earlier part of the run; a cut last line is dropped."""
    costs: list[Cost] = []
    for line in numbered_lines(path) if path.exists() else ():
        if _cut(line, _COST_START):
            os.truncate(path, line.start)
        else:
            costs.append(cost_of(line, path))
    return costs


class _Lock:
    """An exclusive lock beside a file, held as long as this process lives and gone with it, whatever ends it."""

    def __init__(self, path: Path) -> None:
        try:
            import fcntl
        except ImportError:
            raise needs_posix(f"the record file {path}", "fcntl.flock") from None
        self._path = path.with_name(path.name + ".lock")
        self.owner = os.getpid()
        while True:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self._fd)
                raise RecordBusy(f"{path} is being written by another run. Wait for it, or give another path") from None
            try:  # the last holder may have removed the file between our open and our lock
                if os.stat(self._path).st_ino == os.fstat(self._fd).st_ino:
                    return
            except FileNotFoundError:
                pass
            os.close(self._fd)

    def release(self) -> None:
        """Remove the lock file while it is held, then let go. May be called twice."""
        if self._fd >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1
