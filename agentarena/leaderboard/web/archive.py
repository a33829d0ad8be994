"""Unpacking an uploaded submission: a zip or a tar, of which plain files alone are written, within a folder, up to a size.

Names and sizes in an archive are the sender's claims. Names are checked part by part before anything is written; bytes are counted
as they come out, so that a small file that unpacks into a large one is cut off.
"""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.leaderboard.submission import MANIFEST

__all__ = ["Bounds", "unpack"]

_CHUNK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Greatest sizes of what comes out of an archive.

    Attributes:
        files: Entries, folders included.
        size: Bytes of all files.
        name: Characters of a path.
        depth: Folders within folders.
    """

    files: int = 2000
    size: int = 256 * 2**20
    name: int = 255
    depth: int = 16


def unpack(data: bytes, folder: Path, bounds: Bounds | None = None) -> Path:
    """Unpack an archive into a folder that is made for it.

    Returns:
        The folder that holds `agent.toml`: `folder`, or the only one in it.

    Raises:
        UsageError: It is no zip or tar, is damaged, too large, or has anything in it but plain files with plain names.
    """
    bounds = bounds or Bounds()
    folder.mkdir(parents=True)
    try:
        if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            _write(_zip_entries(data, bounds), folder, bounds)
        else:
            _write(_tar_entries(_plain_tar(data, bounds)), folder, bounds)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(
            f"the file cannot be unpacked: {shown(str(error), 200)}. Send a .zip, .tar or .tar.gz of the submission's folder"
        ) from None
    return _top(folder)


@dataclass(frozen=True)
class _Entry:
    name: str
    stream: IO[bytes] | None
    executable: bool


def _zip_entries(data: bytes, bounds: Bounds) -> Iterator[_Entry]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if len(infos) > bounds.files:
            raise UsageError(f"the archive has {len(infos):,} entries; at most {bounds.files:,} are unpacked")
        for info in infos:
            mode = info.external_attr >> 16
            kind = mode & 0o170000
            if info.flag_bits & 1:
                raise UsageError(f"{shown(info.filename, 200)} is encrypted; send an archive without a password")
            if kind not in (0, 0o100000, 0o040000):
                raise _special(info.filename)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UsageError(f"{shown(info.filename, 200)} is packed by another method than deflate; send an ordinary .zip")
            if info.is_dir():
                yield _Entry(info.filename, None, False)
            else:
                with archive.open(info) as stream:
                    yield _Entry(info.filename, stream, bool(mode & 0o111))


def _plain_tar(data: bytes, bounds: Bounds) -> bytes:
    """The tar itself, unpacked from gzip up to a size: headers of a tar may claim any length, but not beyond its end."""
    if data[:2] != b"\x1f\x8b":
        return data
    limit = bounds.size + bounds.files * 2048 + 20 * 512
    machine = zlib.decompressobj(wbits=31)
    plain = machine.decompress(data, limit + 1)
    if len(plain) > limit:
        raise _too_large(bounds)
    if not machine.eof:
        raise UsageError("the file ends too early; send it again")
    return plain


def _tar_entries(data: bytes) -> Iterator[_Entry]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            if member.isdir():
                yield _Entry(member.name, None, False)
            elif member.isreg() and not member.sparse:
                stream = archive.extractfile(member)
                assert stream is not None
                yield _Entry(member.name, stream, bool(member.mode & 0o111))
            else:
                raise _special(member.name)


def _write(entries: Iterator[_Entry], folder: Path, bounds: Bounds) -> None:
    left, seen = bounds.size, set[str]()
    for count, entry in enumerate(entries, 1):
        if count > bounds.files:
            raise UsageError(f"the archive has more than {bounds.files:,} entries")
        parts = _parts(entry.name, bounds)
        if not parts:
            continue
        target = folder.joinpath(*parts)
        if entry.stream is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        folded = "/".join(parts).casefold()
        if folded in seen:
            raise UsageError(f"{shown(entry.name, 200)} is in the archive twice")
        seen.add(folded)
        left -= _copy(entry, target, left, bounds)


def _copy(entry: _Entry, target: Path, left: int, bounds: Bounds) -> int:
    """Write one file of at most `left` bytes; its size."""
    assert entry.stream is not None
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if entry.executable else 0o644)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{shown(entry.name, 200)} is in the archive as a file and as a folder") from None
    with os.fdopen(descriptor, "wb") as file:
        while chunk := entry.stream.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise _too_large(bounds)
            file.write(chunk)
    return size


def _parts(name: str, bounds: Bounds) -> list[str]:
    """The folders and the file of a path, all of them plain; `[]` for the archive's own top."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    plain = (
        name.isprintable()
        and not name.startswith("/")
        and "\\" not in name
        and ".." not in parts
        and not any(":" in part for part in parts)
    )
    if not plain or any(len(part.encode()) > 255 for part in parts):
        raise UsageError(f"{shown(name, 200)} is no plain path within the submission's folder; rename the file")
    if len(name) > bounds.name or len(parts) > bounds.depth:
        raise UsageError(f"{shown(name, 200)} is too long or too deep; at most {bounds.name} characters and {bounds.depth} folders")
    return parts


def _top(folder: Path) -> Path:
    inside = sorted(folder.iterdir())
    if not (folder / MANIFEST).is_file():
        nested = [path for path in inside if path.is_dir() and (path / MANIFEST).is_file()]
        if len(nested) == 1:
            return nested[0]
        raise UsageError(f"the archive has no {MANIFEST} at its top, nor in its only folder; `agentarena submit prepare FOLDER` writes one")
    return folder


def _special(name: str) -> UsageError:
    return UsageError(
        f"{shown(name, 200)} is a link or a special file; a submission has plain files only. Put what it points to into the archive"
    )


def _too_large(bounds: Bounds) -> UsageError:
    return UsageError(
        f"the archive holds more than {bounds.size:,} bytes; leave out what the agent does not need, or use `agentarena submit` on a folder"
    )
