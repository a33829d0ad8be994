"""What to start and how: the command lines and plans of each level."""

from __future__ import annotations

import ctypes
import itertools
import marshal
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentarena.core.errors import UsageError

from . import seccomp
from .limits import Limits

__all__ = [
    "LEVELS",
    "PACKAGE",
    "Launch",
    "absolute",
    "as_file",
    "as_plan",
    "bubblewrap_arguments",
    "free_number",
    "landlock_version",
    "launch_arguments",
    "own_user",
    "plan",
    "refuse_closed",
    "take_number",
]

LEVELS = ("bubblewrap", "unshare", "landlock", "rlimits")
"""Levels of isolation, the strongest first."""

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of this package."""
_LAUNCHER = Path(__file__).with_name("launch.py")
"""Run as a script only: it needs what Linux alone has."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One program to be started in a sandbox.

    Attributes:
        level: One of `LEVELS`.
        command: The program and its arguments.
        folder: The agent's folder, absolute; its working directory, read-only where the level can.
        limits: What it may use.
        readable: What else of the host it may read, e.g. an interpreter that is not below /usr.
    """

    level: str
    command: tuple[str, ...]
    folder: Path
    limits: Limits
    readable: tuple[Path, ...] = ()

    @property
    def has_namespaces(self) -> bool:
        """Whether it sees no processes and no files but its own."""
        return self.level in ("bubblewrap", "unshare")

    @property
    def is_filtered(self) -> bool:
        """Whether a filter of system calls keeps its processes in one group."""
        return self.level != "rlimits"


_FIRST_USER, _USERS_EACH = 1_000_000_000, 250
_SECOND_USER, _SPREAD = 2_060_000_000, 80_000_000
_taken: set[int] = set()
_numbering = threading.Lock()


def own_user(number: int) -> int:
    """The user id of a sandbox; 0 where this process is no root and the sandbox keeps its user.

    Limits on processes do not hold for root, and agents that share a user can end each other.

    Args:
        number: Of the sandbox, among those that are open (`take_number`).
    """
    if os.geteuid() != 0:
        return 0
    if _mapped_users() < _SECOND_USER + _SPREAD:
        return 40_000 + (os.getpid() * 31 + number) % 20_000
    if number < _USERS_EACH:
        return _FIRST_USER + os.getpid() * _USERS_EACH + number
    return _SECOND_USER + (os.getpid() * 1031 + number) % _SPREAD


def take_number() -> int:
    """The least number that no open sandbox of this process has; `free_number` gives it back."""
    with _numbering:
        number = next(number for number in itertools.count() if number not in _taken)
        _taken.add(number)
    return number


def free_number(number: int) -> None:
    """Let a later sandbox have this number."""
    with _numbering:
        _taken.discard(number)


def _mapped_users() -> int:
    try:
        return sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text("ascii").splitlines())
    except (OSError, ValueError, IndexError):
        return 0


def landlock_version() -> int:
    """The version of the kernel's Landlock; 0 where there is none."""
    version = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(444), None, ctypes.c_long(0), ctypes.c_long(1))
    return max(0, int(version))


# --- what can be read ----------------------------------------------------------------------------------------------------


def _links() -> list[tuple[str, str]]:
    """The root's links into /usr, as (link, target)."""
    return [(f"/{name}", os.readlink(f"/{name}")) for name in ("bin", "lib", "lib32", "lib64", "sbin") if os.path.islink(f"/{name}")]


def _readable(job: Launch) -> list[str]:
    """Existing paths that it may read, parents before children, none below another."""
    system = ["/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/openssl.cnf"]
    own = [str(job.folder), *map(str, job.readable)]
    if job.command[0] == sys.executable:
        own += [sys.prefix, sys.base_prefix, str(PACKAGE)]
    chosen: list[str] = []
    for path in sorted({path for path in system + own if os.path.exists(path) and not os.path.islink(path)}, key=len):
        if not any(Path(path).is_relative_to(above) for above in chosen):
            chosen.append(path)
    return chosen


def refuse_closed(job: Launch) -> None:
    """Raise where the agent would run as a user of its own that cannot read what it needs.

    Raises:
        UsageError: What is closed, and how to open it.
    """
    if os.geteuid() != 0:
        return
    for path in map(Path, _readable(job)):
        closed = _closed(path, deep=path == job.folder, parents=not job.has_namespaces)
        if closed is not None:
            others = "" if job.has_namespaces else ", or use a level with a file system of its own (bubblewrap, unshare)"
            raise UsageError(
                f"at level {job.level!r}, started by root, an agent runs as a user of its own, who cannot read {closed}. "
                f"Move it to where others may read it, or run chmod -R o+rX on it{others}"
            )


def _closed(path: Path, *, deep: bool, parents: bool) -> Path | None:
    """The first thing that a stranger cannot read or pass through."""
    for above in reversed(path.parents) if parents else ():
        if not above.stat().st_mode & stat.S_IXOTH:
            return above
    for one in itertools.chain((path,), itertools.islice(path.rglob("*"), 10_000) if deep else ()):
        try:
            mode = one.lstat().st_mode
        except OSError:
            continue
        needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
        if not stat.S_ISLNK(mode) and mode & needed != needed:
            return one
    return None


def _environment(home: str) -> dict[str, str]:
    """All that a sandboxed program finds in its environment."""
    return {
        "HOME": home,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": home,
    }


def _limits(job: Launch, user: int) -> dict[str, int]:
    """Resource limits by the kernel's names."""
    limits = job.limits
    shared = not user and not job.has_namespaces  # counted together with all else that runs as this user
    return {
        "CORE": 0,
        "DATA": limits.memory_bytes,
        "FSIZE": min(limits.file_bytes, limits.scratch_bytes),
        "NOFILE": limits.open_files,
        "NPROC": limits.processes + (_tasks_of_user() if shared else 0),
    }


def _tasks_of_user() -> int:
    """Processes and threads that run as this user now."""
    count = 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:  # it has ended
            continue
    return count


# --- levels -----------------------------------------------------------------------------------------------------------------


def plan(job: Launch, user: int, scratch: str, status: int) -> dict[str, Any]:
    """What `launch.py` is told, for every level but bubblewrap."""
    version = landlock_version() if job.level == "landlock" else 0
    filtered = seccomp.program(shared_host=job.level == "landlock", watch_signals=0 < version < 6) if job.is_filtered else b""
    return {
        "command": job.command,
        "environment": _environment("/tmp" if job.has_namespaces else scratch),
        "filter": filtered,
        "folder": str(job.folder),
        "landlock": version,
        "limits": _limits(job, user),
        "links": _links(),
        "namespaces": job.has_namespaces,
        "own_pid": seccomp.OWN_PID,
        "own_user": user,
        "parent": os.getpid(),
        "readable": _readable(job),
        "scratch": scratch,
        "scratch_bytes": job.limits.scratch_bytes,
        "status": status,
    }


def launch_arguments(descriptor: int) -> list[str]:
    """The command line of `launch.py`, given the descriptor of its plan."""
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(descriptor)]


def bubblewrap_arguments(job: Launch, user: int, status: int, filter_fd: int) -> tuple[bytes, list[str]]:
    """Options of bwrap, to be handed over in a file so that they show nowhere; and what runs inside, with its limits.

    Args:
        job: What to start.
        user: See `own_user`.
        status: Where bwrap writes its status.
        filter_fd: Where it reads the filter of system calls.
    """
    size = str(job.limits.scratch_bytes)
    options = [
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"),
        *(
            ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")
            if user
            else ("--unshare-user", "--disable-userns")
        ),
        *("--json-status-fd", str(status), "--seccomp", str(filter_fd)),
    ]
    for name, value in _environment("/tmp").items():
        options += ["--setenv", name, value]
    options += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/dev/shm", "/tmp"):
        options += ["--perms", "1777", "--size", size, "--tmpfs", place]
    for link, target in _links():
        options += ["--symlink", target, link]
    readable = _readable(job)
    for above in sorted({str(above) for path in readable for above in Path(path).parents}, key=len):
        options += ["--perms", "0755", "--dir", above]  # bwrap's own choice is closed to other users
    for path in readable:
        options += ["--ro-bind", path, path]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(job.folder)]
    return b"\0".join(map(os.fsencode, options)) + b"\0", [*_become(user), *_within(_limits(job, user)), *job.command]


def _become(user: int) -> list[str]:
    if not user:
        return []
    return [_tool("setpriv"), "--reuid", str(user), "--regid", str(user), "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--"]


def _within(limits: dict[str, int]) -> list[str]:
    return [_tool("prlimit"), *(f"--{name.lower()}={value}" for name, value in limits.items()), "--"]


def _tool(name: str) -> str:
    return shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") or name


def as_file(data: bytes) -> int:
    """A descriptor from which a child can read these bytes."""
    descriptor = os.memfd_create("agentarena")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def as_plan(values: dict[str, Any]) -> bytes:
    """A plan as `launch.py` reads it: it takes no longer to load than it must."""
    return marshal.dumps(values)


def absolute(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """Paths without links."""
    return tuple(Path(path).resolve() for path in paths)
