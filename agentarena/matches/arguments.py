"""Arguments of runs, checked before anything is built or written: each is given back as a plain value, or an error names what is allowed."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.core.match import OnUnreadable

__all__ = ["above_zero", "flag", "fraction", "on_unreadable", "output_file", "output_folder", "progress", "whole"]


def whole(name: str, value: Any, least: int = 0) -> int:
    """A whole number of at least `least`; numpy's integers count, bools do not."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < least:
        raise UsageError(f"{name} must be a whole number of at least {least}, got {shown(value)}")
    return int(value)


def above_zero(name: str, value: Any) -> float:
    """A finite number greater than 0."""
    if not _is_number(value) or not 0.0 < value < math.inf:  # written so that NaN fails
        raise UsageError(f"{name} must be a number greater than 0 and finite, got {shown(value)}")
    return float(value)


def fraction(name: str, value: Any) -> float:
    """A number between 0 and 1, both excluded."""
    if not _is_number(value) or not 0.0 < value < 1.0:
        meant = f"; for {value:g} % write {value / 100:g}" if _is_number(value) and 1.0 <= value < 100.0 else ""
        raise UsageError(f"{name} must be a number between 0 and 1, e.g. 0.95, got {shown(value)}{meant}")
    return float(value)


def _is_number(value: Any) -> bool:
    """Whether it is a number of a size that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(-1e300 < value < 1e300)


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise UsageError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def on_unreadable(value: Any) -> OnUnreadable:
    """What happens to replies that cannot be read; `None` is the default."""
    if value is not None and not isinstance(value, OnUnreadable):
        raise UsageError(f"on_unreadable must be an agentarena.OnUnreadable, e.g. OnUnreadable(retries=0), got {shown(value)}")
    return value or OnUnreadable()


def progress(value: Any) -> Callable[[int, int], None]:
    """A function `progress(done, total)`; `None` is one that does nothing."""
    if value is not None and not callable(value):
        raise UsageError(f"progress must be a function progress(done, total), got {shown(value)}")
    return value or (lambda done, total: None)


# --- places to write to, tried before the first match -----------------------------------------------------------------------


def output_file(name: str, path: Any) -> Path:
    """A file that can be written, or made with its folder. Nothing is left behind.

    Raises:
        UsageError: It is no path, or a folder or a device is there.
        OSError: It, or its folder, cannot be written or made; or the disk is full.
    """
    target = _path(name, path)
    if target.is_dir():
        raise UsageError(f"{name}: {target} is a folder and no plain file; give the path of a file in it, e.g. {target / 'a.jsonl'}")
    if target.exists() and not target.is_file():
        raise UsageError(f"{name}: {target} is no plain file, so nothing can be kept there; give the path of a file")
    if target.exists():
        with target.open("ab"):
            pass
    _try_folder(name, target.absolute().parent)
    return target


def output_folder(name: str, path: Any) -> Path:
    """A folder that can be written to, or made. Nothing is left behind; the errors are those of `output_file`."""
    target = _path(name, path)
    if target.exists() and not target.is_dir():
        raise UsageError(f"{name}: {target} is a file, and a folder is needed; give another path")
    _try_folder(name, target.absolute())
    return target


def _path(name: str, value: Any) -> Path:
    if (
        not isinstance(value, str | os.PathLike)
        or not isinstance(os.fspath(value), str)
        or not os.fspath(value)
        or "\0" in os.fspath(value)
    ):
        raise UsageError(f"{name} must be a path, e.g. 'runs/kuhn', got {shown(value)}")
    return Path(value)


def _try_folder(name: str, folder: Path) -> None:
    """Write a few bytes in the folder, or in the nearest one above it that is there."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"{name}: {there} is a file, so {folder} cannot be made")
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"\0" * _PROBE)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise type(error)(error.errno, f"{name}: nothing can be written in {there}: {error.strerror}") from error


_PROBE = 4_096
"""Bytes written to see whether a disk is full."""
