"""The log of a board: what happened, in order, each entry signed and chained to the one before it.

Matches prove that the rules were followed, not who played them. The log says who: it is written by the board alone, with a key that
lies beside it and that no agent can read. A changed, added, removed or moved line breaks the chain.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from agentarena.core import jsonl
from agentarena.core.display import printable
from agentarena.core.errors import CorruptRecord, UsageError, needs_posix

__all__ = ["Log", "locked", "signing_key"]

_START = "0" * 64


class Log:
    """A log file.

    Args:
        path: The file; it may not be there yet.
        key: The signing key (`signing_key`).
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.path, self._key = path, key

    def read(self) -> list[dict[str, Any]]:
        """All entries in order; a last line that was cut off by the end of a process is left out.

        Raises:
            CorruptRecord: A line is damaged, or the chain is broken; the message names the line.
        """
        return self._entries()[0]

    def append(self, event: str, **facts: Any) -> dict[str, Any]:
        """Add an entry; it is on the disk when this returns. Facts are JSON-ready.

        Returns:
            The entry: n (its number, from 0), event, the facts, before (signature of the entry before it), mac (its own).
        """
        with locked(self.path):
            return self._append(event, facts)

    def append_if(self, wanted: Callable[[list[dict[str, Any]]], tuple[str, dict[str, Any]] | None]) -> dict[str, Any] | None:
        """Add the entry that a function of the entries so far wants, if any; nobody else writes in between."""
        with locked(self.path):
            entry = wanted(self.read())
            return None if entry is None else self._append(*entry)

    def _append(self, event: str, facts: dict[str, Any]) -> dict[str, Any]:
        entries, size = self._entries()
        before = entries[-1]["mac"] if entries else _START
        entry = {"n": len(entries), "event": event, **facts, "before": before}
        entry["mac"] = self._mac(entry)
        with self.path.open("ab") as file:
            file.truncate(size)
            file.write(_line(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return entry

    def _entries(self) -> tuple[list[dict[str, Any]], int]:
        """The entries and the bytes they take."""
        entries: list[dict[str, Any]] = []
        size, before = 0, _START
        for line in jsonl.numbered_lines(self.path) if self.path.exists() else ():
            if not line.whole:
                break
            where = f"{printable(str(self.path))}, line {line.number}"
            entry = _parsed(line, where)
            if entry.get("n") != len(entries) or entry.get("before") != before or not self._signed(entry):
                raise CorruptRecord(
                    f"{where}: the entry does not follow from those before it: it was changed, added or moved, or was signed with another "
                    "key. Restore the file from a copy"
                )
            entries.append(entry)
            before = entry["mac"]
            size = line.start + len(line.data) + 1
        return entries, size

    def _signed(self, entry: dict[str, Any]) -> bool:
        mac = entry.get("mac")
        return (
            isinstance(mac, str) and mac.isascii() and hmac.compare_digest(mac, self._mac({k: v for k, v in entry.items() if k != "mac"}))
        )

    def _mac(self, entry: dict[str, Any]) -> str:
        return hmac.new(self._key, _line(entry), hashlib.sha256).hexdigest()


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode()


def _parsed(line: jsonl.Line, where: str) -> dict[str, Any]:
    try:
        entry = jsonl.parse(line.data)
    except ValueError as error:
        raise CorruptRecord(f"{where}: the line is no entry of a log: {error}. Restore the file from a copy") from None
    if line.too_long or not isinstance(entry, dict):
        raise CorruptRecord(f"{where}: the line is no entry of a log. Restore the file from a copy")
    return entry


def signing_key(path: Path) -> bytes:
    """The key in a file that only its owner may read; it is made where it is missing.

    Raises:
        UsageError: The file holds no key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        if not path.exists():
            part = path.with_name(path.name + ".part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)  # whole or not at all, whatever ends this process
        text = path.read_text(encoding="utf-8").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UsageError(
            f"{path} holds no signing key of 32 bytes; restore it from a copy: without it the logs beside it cannot be checked"
        )
    return key


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock beside a file; waits for other processes."""
    try:
        import fcntl
    except ImportError:
        raise needs_posix(f"the lock of {path}", "fcntl.flock") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    file: IO[bytes]
    with path.with_name(path.name + ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
