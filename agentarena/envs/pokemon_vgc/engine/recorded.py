"""Recordings of an engine: answers by the commands that led to a position, so that tests play without Node.

A recording is JSON lines, gzipped where the name ends in `.gz`: a header, then one line for each answer with the key of the
position it was given at, the command, and the answer. A `Recorder` around an engine's transport writes one; `RecordedEngine`
answers from it. What was not recorded raises `NotRecorded`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import CorruptRecord

from .client import Engine
from .errors import EngineError, EngineGarbage, NotRecorded, kind_of_error
from .journal import Battle, Link
from .protocol import Hello, hello_of, reply_value
from .transport import Transport, Unit, advance

__all__ = ["RecordedEngine", "Recorder", "Recording", "recording_engine"]

_FORMAT = 1
_LARGEST = 256 * 2**20
"""Largest recording that is read, in bytes when unpacked."""


class Recording:
    """A transport that answers from a file.

    Raises:
        CorruptRecord: The file is no recording, or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.restarts = 0
        self.path = Path(path)
        header, *lines = _lines(self.path)
        if header.get("agentarena_recording") != _FORMAT:
            raise CorruptRecord(f"{self.path}: not a recording of the engine of format {_FORMAT}")
        try:
            self._hello = hello_of(header.get("hello"))
        except EngineGarbage as error:
            raise CorruptRecord(f"{self.path}: not a recording of this version: {error}") from None
        self._replies: dict[str, Any] = {line["key"]: line["reply"] for line in lines}

    def submit(self, units: Sequence[Unit], patience: float | None = None) -> None:
        for unit in units:
            reply = self._replies.get(_key(unit))
            if reply is None:
                unit.finish(
                    NotRecorded(
                        f"{self.path.name} does not hold the command {shown(unit.command['op'])} at this position; "
                        "play what was recorded, or use the simulator: agentarena pokemon install"
                    )
                )
            else:
                unit.finish(reply_value(reply))
                advance(unit)

    def wait(self, units: Sequence[Unit]) -> None:
        """All answers are there at once."""

    def hello(self) -> Hello:
        return self._hello

    def forget(self, battle: Battle) -> None:
        """Nothing is held for a battle."""

    def close(self) -> None:
        """Nothing is open."""


class Recorder:
    """A transport around another one that writes what is answered.

    Args:
        inner: Answers.
        path: The recording; written by `close`, the latest.
    """

    def __init__(self, inner: Transport, path: str | Path) -> None:
        self.inner, self.path = inner, Path(path)
        self._entries: dict[str, Any] = {}
        self._keys: dict[int, str] = {}
        self._written = False

    @property
    def restarts(self) -> int:
        return self.inner.restarts

    def submit(self, units: Sequence[Unit], patience: float | None = None) -> None:
        for unit in units:
            self._keys[id(unit)] = _key(unit)
        self.inner.submit(units, patience)

    def wait(self, units: Sequence[Unit]) -> None:
        self.inner.wait(units)
        for unit in units:
            key = self._keys.pop(id(unit), None)
            if key is not None:
                self._entries[key] = {"key": key, "op": unit.command["op"], "reply": _reply(unit.value)}

    def hello(self) -> Hello:
        return self.inner.hello()

    def forget(self, battle: Battle) -> None:
        self.inner.forget(battle)

    def write(self) -> None:
        """Write the recording; the same plays give the same bytes."""
        hello = self.hello()
        formats = {name: hello.formats[name] for name in sorted(hello.formats)}
        header = {
            "protocol": 1,
            "node": hello.node,
            "showdown": hello.showdown,
            "patched": hello.patched,
            "formats": formats,
            "layout": hello.layout,
        }
        rows: list[Mapping[str, Any]] = [{"agentarena_recording": _FORMAT, "hello": header}, *self._entries.values()]
        data = "".join(json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n" for row in rows).encode()
        self.path.write_bytes(gzip.compress(data, mtime=0) if self.path.suffix == ".gz" else data)
        self._written = True

    def close(self) -> None:
        if not self._written:
            self.write()
        self.inner.close()


class RecordedEngine(Engine):
    """An engine that answers from a recording. Same calls, no processes.

    Args:
        path: JSON lines, or gzipped ones.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(transport=Recording(path))


def recording_engine(engine: Engine, path: str | Path) -> Engine:
    """An engine that answers as `engine` does and writes a recording when it is closed."""
    return Engine(transport=Recorder(engine.transport, path))


def _key(unit: Unit) -> str:
    """A name for a command at a position."""
    before = unit.battle.link if unit.battle is not None else None
    return Link(before, unit.command).key


def _reply(value: Any) -> dict[str, Any]:
    if not isinstance(value, EngineError):
        return {"ok": value}
    return {"error": {"kind": kind_of_error(value), "message": str(value)}}


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise CorruptRecord(f"{path}: a recording of more than {_LARGEST} bytes")
        rows = [json.loads(line) for line in raw.splitlines()]
    except (OSError, EOFError, ValueError, RecursionError) as error:
        if isinstance(error, CorruptRecord | FileNotFoundError):
            raise
        raise CorruptRecord(f"{path}: not a recording: {type(error).__name__}: {error}") from None
    if not rows or not all(type(row) is dict for row in rows) or not all({"key", "reply"} <= row.keys() for row in rows[1:]):
        raise CorruptRecord(f"{path}: not a recording; each line after the first has a key and a reply")
    return rows
