"""A run's memory as JSON lines: appended as things happen, read back when the run goes on, a torn last line dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import CorruptRecord, RecordMismatch
from agentarena.core.jsonl import numbered_lines, parse

__all__ = ["Journal"]


class Journal:
    """The lines of one file; the first says what run it belongs to.

    Args:
        path: The file, made where it is missing; `None` keeps nothing.
        header: What the run is, JSON-ready.

    Attributes:
        lines: The lines after the header that were there.

    Raises:
        RecordMismatch: The file belongs to another run.
        CorruptRecord: A line is damaged.
    """

    def __init__(self, path: str | os.PathLike[str] | None, header: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.header = json.loads(json.dumps(header))
        self.lines: list[dict[str, Any]] = []
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._read(self.path)
        if not self.path.exists() or self.path.stat().st_size == 0:
            self.append(self.header)

    def _read(self, path: Path) -> None:
        for line in numbered_lines(path):
            if not line.whole:  # a run was killed while it wrote
                os.truncate(path, line.start)
                break
            try:
                data = parse(line.data)
                if not isinstance(data, dict):
                    raise ValueError(f"it is {shown(data)}, expected an object")
            except ValueError as error:
                raise self.damaged(line.number, error) from None
            if line.number > 1:
                self.lines.append(data)
            elif data != self.header:
                changed = [key for key in {**data, **self.header} if data.get(key) != self.header.get(key)]
                before, now = ({key: one.get(key) for key in changed} for one in (data, self.header))
                raise RecordMismatch(
                    f"{path} belongs to another run: it has {shown(before, 300)}, this one {shown(now, 300)}; name another folder"
                )

    def damaged(self, number: int, error: Exception) -> CorruptRecord:
        """The error for a line that cannot be used."""
        return CorruptRecord(f"{self.path}, line {number}: {error}; move the file away to make it anew")

    def append(self, data: Mapping[str, Any]) -> None:
        """Write one line."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(data, separators=(",", ":")) + "\n")
