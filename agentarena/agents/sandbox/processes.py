"""Trees of processes as /proc has them: who descends from whom, what they use, and how they are stopped."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

__all__ = ["descendants", "memory_bytes", "of_user", "processor_s", "send", "stop_all", "tree_bytes"]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_MOST_ROUNDS = 10_000
_MOST_FILES, _DEEPEST = 20_000, 50


def descendants(root: int) -> list[int]:
    """Every process that descends from `root`, in this process's numbering, without itself."""
    pids: list[int] = []
    ahead = [root]
    while ahead:
        folder = f"/proc/{ahead.pop()}/task"
        with contextlib.suppress(OSError):
            for task in os.listdir(folder):
                children = [int(one) for one in Path(folder, task, "children").read_bytes().split()]
                pids += children
                ahead += children
    return pids


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each of them that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def stop_all(root: int) -> list[int]:
    """Stop every descendant, looking again until no new one is found; a stopped process starts no other."""
    stopped: set[int] = set()
    for _ in range(_MOST_ROUNDS):
        new = set(descendants(root)) - stopped
        if not new:
            break
        send(new, signal.SIGSTOP)
        stopped |= new
    return sorted(stopped)


def of_user(user: int) -> list[int]:
    """Every process that runs as this user and is no zombie."""
    pids = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{name}").st_uid == user and not _is_zombie(name):
                pids.append(int(name))
    return pids


def _is_zombie(pid: str) -> bool:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] in (b"Z", b"X")


def processor_s(pids: Iterable[int]) -> float:
    """Seconds of processor time that these processes have used so far."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_PER_S


def memory_bytes(pids: Iterable[int], limit: int) -> int:
    """Memory that these processes hold together.

    Shared pages are counted for each process, which is quick, unless that is beyond the limit: then each has its part of them.
    """
    pids = tuple(pids)
    resident = sum(_field(pid, "statm", 1) * _PAGE for pid in pids)
    return resident if resident <= limit else sum(map(_proportional_bytes, pids))


def _field(pid: int, file: str, index: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/{file}").read_bytes().split()[index])
    return 0


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except OSError:
        return _field(pid, "statm", 1) * _PAGE
    return sum(int(line.split()[1]) for line in lines if line.startswith((b"Pss:", b"SwapPss:"))) * 1024


def tree_bytes(folder: Path) -> float:
    """What the files below a folder take on disk, links not followed; infinite where they are too many or too deep to be counted."""
    total, count = 0, 0
    ahead = [(str(folder), 0)]
    while ahead:
        path, depth = ahead.pop()
        if depth > _DEEPEST:
            return float("inf")
        with contextlib.suppress(OSError):
            for entry in os.scandir(path):
                count += 1
                if count > _MOST_FILES:
                    return float("inf")
                if entry.is_dir(follow_symlinks=False):
                    ahead.append((entry.path, depth + 1))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total
