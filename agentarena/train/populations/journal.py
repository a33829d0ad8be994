"""A run's memory as JSON lines: appended as things happen, read back when the run goes on, a torn last line dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from agentarena.agents.specs import harmless
from agentarena.agents.specs import parse as parse_spec
from agentarena.core.display import shown
from agentarena.core.errors import CorruptRecord, RecordMismatch, UntrustedRecord
from agentarena.core.jsonl import numbered_lines, parse

__all__ = ["Journal", "recorded_spec"]

_FILES = ("rl:", "table:", "hf:")
"""Schemes of policies that a run writes; reading them runs no code."""


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


def recorded_spec(spec: Any, folder: Path, named: Collection[str]) -> str:
    """A spec string as a run's file has it. It may name an agent of this package, a policy file of the run, or what the caller named.

    Args:
        spec: What the file says.
        folder: The run's folder.
        named: Spec strings that the caller gave for this run.

    Raises:
        UntrustedRecord: It names anything else, e.g. code.
    """
    if isinstance(spec, str) and (spec in named or harmless(spec) or _is_own_file(spec, folder)):
        return spec
    raise UntrustedRecord(
        f"{shown(str(folder), 300)} names the policy {shown(spec)}, which is none of the run's own files; such an agent may run any code. "
        "Begin a run in another folder"
    )


def _is_own_file(spec: str, folder: Path) -> bool:
    head, parameters = parse_spec(spec)
    paths = [head.partition(":")[2], *(str(value) for name, value in parameters.items() if name == "adapter")]
    known = head.startswith(_FILES) and set(parameters) <= {"adapter", "greedy"}
    return known and any(Path(path).resolve().is_relative_to(folder.resolve()) for path in paths)
