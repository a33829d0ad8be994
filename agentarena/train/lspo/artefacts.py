"""What a run leaves on disk, and what of it can be trusted: one folder an iteration, each file's digest in a manifest.

    runs/NAME/run.json                  the settings
    runs/NAME/iteration-0/manifest.json  stages that are done, with digest and size of every file, figures and seconds
                          candidates.jsonl, clusters.json, clusters.npz, policy/, pairs.jsonl, speaker/

A stage is done once it is in the manifest; it is written there after its files. Killed at any moment, a run goes on from the first
stage that is not done. A file whose digest is not the manifest's is named, its stage is done again, and what stands on it only where
its files differ from before: each entry carries the digest of the entry before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core import jsonl
from agentarena.core.display import shown
from agentarena.core.errors import UsageError

__all__ = [
    "STAGES",
    "Entry",
    "Iteration",
    "iterations",
    "read_arrays",
    "read_json",
    "read_lines",
    "write_arrays",
    "write_json",
    "write_lines",
]

STAGES = ("generate", "cluster", "solve", "pairs", "tune")
"""The stages of an iteration in order."""
FILES = {
    "generate": ("candidates.jsonl",),
    "cluster": ("clusters.json", "clusters.npz"),
    "solve": ("policy",),
    "pairs": ("pairs.jsonl",),
    "tune": ("speaker",),
}
"""Stage -> the files and folders that it writes."""
_MANIFEST = "manifest.json"
_LARGEST_JSON = 200_000_000
_LARGEST_LINES = 4_000_000_000
_LARGEST_ARRAYS = 8_000_000_000
_MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage that is done.

    Attributes:
        files: Path within the iteration's folder -> SHA-256 digest.
        after: Digest of what the stage stood on: the entry before it, "" of the very first.
        figures: Numbers that it reports.
        seconds: How long it took.
    """

    files: Mapping[str, str]
    after: str
    figures: Mapping[str, Any]
    seconds: float

    @property
    def digest(self) -> str:
        """Of the files and what they stand on; neither figures nor time are part of it."""
        return hashlib.sha256(json.dumps([sorted(self.files.items()), self.after]).encode()).hexdigest()


class Iteration:
    """The folder of one iteration.

    Args:
        path: The folder; it need not exist.
        before: The digest of what its first stage stands on.
    """

    def __init__(self, path: str | os.PathLike[str], before: str = "") -> None:
        self.path, self._before = Path(path), before
        self._entries, self.problem = _read_manifest(self.path / _MANIFEST)

    def entry(self, stage: str) -> Entry | None:
        """What the manifest says of a stage."""
        return self._entries.get(stage)

    def why_not_done(self, stage: str) -> str | None:
        """Why a stage must be done (again), in words; `None` where it is done and all its files are as they were written."""
        entry, name = self._entries.get(stage), f"{self.path.name}/"
        if entry is None:
            return self.problem or f"{name}{FILES[stage][0]} is not there yet"
        for file, digest in entry.files.items():
            path = self.path / file
            if not path.is_file():
                return f"{name}{file} is gone"
            if digest_of(path) != digest:
                return f"{name}{file} is damaged: its digest is not the manifest's"
        if set(_present(self.path, stage)) != set(entry.files):
            return f"{name}{FILES[stage][0]} has other files than the manifest"
        if entry.after != self.before(stage):
            return f"{name}{FILES[stage][0]} stands on files that have changed"
        return None

    def before(self, stage: str) -> str:
        """The digest of what a stage stands on."""
        place = STAGES.index(stage)
        if place == 0:
            return self._before
        entry = self._entries.get(STAGES[place - 1])
        return "" if entry is None else entry.digest

    def begin(self, stage: str) -> None:
        """Clear what an unfinished attempt at a stage has left."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in FILES[stage]:
            for path in (self.path / name, self.path / f"{name}.part"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def finish(self, stage: str, figures: Mapping[str, Any], seconds: float) -> None:
        """Note that the stage's files are complete."""
        files = {file: digest_of(self.path / file) for file in _present(self.path, stage)}
        missing = [name for name in FILES[stage] if not any(file == name or file.startswith(f"{name}/") for file in files)]
        if missing:
            raise UsageError(f"the stage {stage} wrote no {missing[0]}")
        self._entries[stage] = Entry(files, self.before(stage), dict(figures), seconds)
        self.problem = None
        entries = {
            name: {"files": dict(one.files), "after": one.after, "figures": dict(one.figures), "seconds": one.seconds}
            for name, one in self._entries.items()
        }
        write_json(self.path / _MANIFEST, {"format": 1, "stages": entries, "digest": _digest_of_stages(entries)})


def iterations(folder: str | os.PathLike[str]) -> list[Iteration]:
    """The iterations of a run that have a manifest, in order, each standing on the one before."""
    out: list[Iteration] = []
    while (Path(folder) / f"iteration-{len(out)}" / _MANIFEST).is_file():
        last = out[-1].entry(STAGES[-1]) if out else None
        out.append(Iteration(Path(folder) / f"iteration-{len(out)}", "" if last is None else last.digest))
    return out


def _present(folder: Path, stage: str) -> list[str]:
    """The files of a stage that are there, those in folders too; in order."""
    out: list[str] = []
    for name in FILES[stage]:
        path = folder / name
        if path.is_dir():
            out += [str(one.relative_to(folder)) for one in sorted(path.rglob("*")) if one.is_file()]
        elif path.is_file():
            out.append(name)
        if len(out) > _MOST_FILES:
            raise UsageError(f"{shown(str(path), 300)} has more than {_MOST_FILES} files")
    return out


def digest_of(path: Path) -> str:
    """SHA-256 of a plain file."""
    digest = hashlib.sha256()
    with jsonl.open_plain(path) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def _read_manifest(path: Path) -> tuple[dict[str, Entry], str | None]:
    """Entries of a manifest, and what is wrong with it; no entries where something is, or where there is none."""
    if not path.is_file():
        return {}, None
    try:
        data = read_json(path)
        stages = data["stages"]
        if data["format"] != 1 or data["digest"] != _digest_of_stages(stages):
            raise ValueError("its digest is not its own")
        return {str(name): _entry(one) for name, one in stages.items() if name in STAGES}, None
    except (UsageError, KeyError, TypeError, ValueError, AttributeError):
        return {}, f"{path.parent.name}/{path.name} is damaged, so nothing of this iteration can be trusted"


def _entry(data: Mapping[str, Any]) -> Entry:
    files = {str(name): str(digest) for name, digest in data["files"].items()}
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise ValueError("a file lies outside the folder")
    return Entry(files, str(data["after"]), dict(data["figures"]), float(data["seconds"]))


def _digest_of_stages(stages: Any) -> str:
    return hashlib.sha256(json.dumps(stages, sort_keys=True).encode()).hexdigest()


# --- files -------------------------------------------------------------------------------------------------------------------------


def write_json(path: Path, data: Any) -> None:
    """Write JSON; a reader finds the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        UsageError: There is none, or it is no JSON, or too large.
    """
    try:
        with jsonl.open_plain(path) as file:
            raw = file.read(_LARGEST_JSON + 1)
        if len(raw) > _LARGEST_JSON:
            raise ValueError(f"it is larger than {_LARGEST_JSON:,} bytes")
        return jsonl.parse(raw.rstrip(b"\n"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown(str(path), 300)} cannot be read: {shown(str(error), 200)}") from None


def write_lines(path: Path, rows: Iterable[Any]) -> int:
    """Write values as JSON lines, whole or not at all; how many they were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, count = path.with_name(path.name + ".part"), 0
    with part.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
            count += 1
    os.replace(part, path)
    return count


def read_lines(path: Path) -> Iterator[Any]:
    """The values of a file of JSON lines, one in memory at a time.

    Raises:
        UsageError: A line is no JSON or too long, or the file too large; the message names it.
    """
    if path.stat().st_size > _LARGEST_LINES:
        raise UsageError(f"{shown(str(path), 300)} is larger than {_LARGEST_LINES:,} bytes")
    for line in jsonl.numbered_lines(path):
        try:
            if line.too_long:
                raise ValueError("it is too long")
            yield jsonl.parse(line.data)
        except ValueError as error:
            raise UsageError(f"{shown(str(path), 300)}, line {line.number}: {error}") from None


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays; equal arrays give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]
    os.replace(part, path)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file; nothing is unpickled.

    Raises:
        UsageError: There is none, or it is damaged or too large.
    """
    import zipfile
    import zlib

    try:
        if path.stat().st_size > _LARGEST_ARRAYS:
            raise ValueError(f"it is larger than {_LARGEST_ARRAYS:,} bytes")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{shown(str(path), 300)} cannot be read: {shown(str(error), 200)}") from None
