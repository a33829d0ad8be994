"""Files of records and the ledgers beside them, as they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .display import printable
from .errors import CorruptRecord, RecordError, UsageError
from .jsonl import Line, numbered_lines
from .record import Cost, Record

__all__ = ["RECORDS", "cost_of", "ledger_path", "load_costs", "load_records", "parsed", "record_files"]

RECORDS = "records.jsonl"
"""Name of the record file in a tournament's folder."""
_LEDGER = ".ledger.jsonl"


def ledger_path(path: Path) -> Path:
    """The ledger beside a record file, which holds its costs.

    >>> ledger_path(Path("runs/a.jsonl")).name
    'a.ledger.jsonl'
    """
    return path.with_name(path.name.removesuffix(".jsonl") + _LEDGER)


def record_files(path: str | os.PathLike[str]) -> list[Path]:
    """The record files that a path names: itself, or in a folder a tournament's, else every `.jsonl` but ledgers and exported chats.

    Raises:
        FileNotFoundError: There is nothing of that name.
        UsageError: The folder holds none.
    """
    place = Path(path)
    if not place.is_dir():
        return [place]
    whole = place / RECORDS
    found = [whole] if whole.is_file() else sorted(filter(_holds_records, place.glob("*.jsonl")))
    if not found:
        raise UsageError(
            f"{printable(str(path))} holds no record files (.jsonl); `agentarena play --out` and `agentarena tournament --out` write them"
        )
    return found


def _holds_records(file: Path) -> bool:
    if file.name.endswith(_LEDGER) or not file.is_file():
        return False
    with file.open("rb") as stream:
        return not stream.read(12).startswith(b'{"messages"')  # chats, as `agentarena prompts --export` writes them


def parsed(path: str | os.PathLike[str], *, trust: bool = False) -> Iterator[tuple[Line, Record | RecordError]]:
    """Each line of a record file with its record, or with what keeps it from being one; a match's second line is refused.

    Args:
        path: The file.
        trust: Whether the records may name code of their own (`Record.trusted`).
    """
    lines: dict[int, int] = {}
    name = printable(str(path))
    for line in numbered_lines(path):
        where = f"{name}, line {line.number}"
        try:
            if line.too_long:
                raise CorruptRecord(f"{where}: the line is longer than any record that is read. Remove it")
            record = Record.parse(line.data, where, trust=trust)
            first = lines.setdefault(record.match, line.number)
            if first != line.number:
                raise CorruptRecord(
                    f"{where}: match {record.match} is recorded a second time, first in line {first}. Remove one of the lines, "
                    "or keep the records of two runs in two files"
                )
        except RecordError as error:
            yield line, error
        else:
            yield line, record


def load_records(path: str | os.PathLike[str], *, trust: bool = False) -> list[Record]:
    """The records of a file.

    Raises:
        FileNotFoundError: There is no such file.
        UsageError: It is no plain file.
        CorruptRecord: A line is damaged, or a match is there twice; the message names the line.
        RecordMismatch: A line is of another format.
    """
    records = []
    for _, record in parsed(path, trust=trust):
        if isinstance(record, RecordError):
            raise record
        records.append(record)
    return records


def load_costs(path: Path) -> list[Cost]:
    """The entries of a ledger; none where there is no such file.

    Raises:
        UsageError: It is no plain file.
        CorruptRecord: A line is damaged; the message names it.
    """
    if not path.exists():
        return []
    return [cost_of(line, path) for line in numbered_lines(path)]


def cost_of(line: Line, path: Path) -> Cost:
    """The entry of one line of a ledger; raises `CorruptRecord`."""
    where = f"{printable(str(path))}, line {line.number}"
    if line.too_long:
        raise CorruptRecord(f"{where}: the line is longer than any entry that is read. Remove it")
    return Cost.parse(line.data, where)
