"""Which levels of isolation work on this machine: each is tried by running a probe in it, once in a process."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agentarena.core.display import printable
from agentarena.core.errors import NotSupported, UnknownName

from . import seccomp
from .launches import LEVELS, Launch, landlock_version
from .limits import Limits
from .sandbox import Sandbox

__all__ = ["LEVELS", "Level", "available_levels", "best_level", "obtain", "probe"]

_LEAST_LANDLOCK = 3
_PROBE_S = 10.0


@dataclass(frozen=True, slots=True)
class Level:
    """A level of isolation on this machine.

    Attributes:
        name: One of `LEVELS`.
        available: Whether a probe ran in it and was confined.
        reason: What keeps it from working; `""` where it works.
        remedy: What would help; `""` where nothing is needed or known.
    """

    name: str
    available: bool
    reason: str = ""
    remedy: str = ""


def available_levels() -> tuple[Level, ...]:
    """Every level, the strongest first."""
    return tuple(map(probe, LEVELS))


def best_level() -> str:
    """The strongest level that works here.

    Raises:
        NotSupported: None does.
    """
    return obtain(None, None)


def obtain(level: str | None, minimum: str | None) -> str:
    """The level that an agent gets.

    Args:
        level: The level to use; by default the strongest that works.
        minimum: The weakest that will do.

    Raises:
        UnknownName: No such level.
        NotSupported: It does not work here, or is weaker than the minimum.
    """
    for name in (level, minimum):
        if name is not None and name not in LEVELS:
            raise UnknownName("level of isolation", name, LEVELS)
    allowed = LEVELS[: LEVELS.index(minimum) + 1] if minimum is not None else LEVELS
    if level is not None and level not in allowed:
        raise NotSupported(f"level {level!r} is weaker than {minimum!r}, the least that is allowed; allowed: {', '.join(allowed)}")
    tried = [probe(name) for name in ((level,) if level is not None else allowed)]
    for one in tried:
        if one.available:
            return one.name
    reasons = "; ".join(f"{one.name}: {one.reason}{f' ({one.remedy})' if one.remedy else ''}" for one in tried)
    raise NotSupported(f"no level of isolation that is allowed works here: {reasons}")


@cache
def probe(name: str) -> Level:
    """Try a level."""
    if platform.system() != "Linux":
        return Level(name, False, f"it needs Linux, this is {platform.system()}", "use Linux, or a virtual machine with it")
    try:
        missing = _NEEDS.get(name, _nothing)()
        if missing is not None:
            return Level(name, False, *missing)
        reason = _run_probe(name)
    except OSError as error:
        reason = f"{type(error).__name__}: {error}"
    return Level(name, True) if reason is None else Level(name, False, printable(reason, 300), _remedy(name, reason))


def _nothing() -> tuple[str, str] | None:
    return None


def _filter_missing() -> tuple[str, str] | None:
    if seccomp.supported():
        return None
    return f"there is no filter of system calls for {platform.machine()}", "use an x86-64 machine"


def _bubblewrap_missing() -> tuple[str, str] | None:
    if shutil.which("bwrap") is None:
        return "bwrap is not installed", "install bubblewrap, e.g. apt-get install bubblewrap"
    return _filter_missing()


def _landlock_missing() -> tuple[str, str] | None:
    version = landlock_version()
    if version < _LEAST_LANDLOCK:
        present = f"this kernel has version {version} of Landlock" if version else "this kernel has no Landlock, or does not start it"
        return f"{present}, needed is {_LEAST_LANDLOCK}", "use Linux 6.2 or later, with landlock in the kernel's parameter lsm="
    return _filter_missing()


_NEEDS: dict[str, Callable[[], tuple[str, str] | None]] = {
    "bubblewrap": _bubblewrap_missing,
    "unshare": _filter_missing,
    "landlock": _landlock_missing,
}

# what each line prints is a promise that the level breaks; `cd` is tried instead of reading where a folder will do
_LIMITS_HOLD = '[ "$(ulimit -n)" = 48 ] || echo "open files are not limited"\n'
_CONFINED = """
cat ../outside/secret >/dev/null 2>&1 && echo "it reads the host's files"
(echo x >../outside/new) 2>/dev/null && echo "it writes among the host's files"
kill -0 {host} 2>/dev/null && echo "it reaches the host's processes"
(echo x >"$HOME/mine") 2>/dev/null || echo "it cannot write in its scratch directory"
"""
_ALONE = """
[ "$(cat /proc/net/dev | wc -l)" -le 3 ] || echo "it has the host's network"
"""


def _run_probe(name: str) -> str | None:
    """Why a level cannot be trusted, or `None`."""
    script = _LIMITS_HOLD + (_CONFINED.format(host=os.getpid()) if name != "rlimits" else "")
    script += _ALONE if name in ("bubblewrap", "unshare") else ""
    with tempfile.TemporaryDirectory(prefix="agentarena-probe-") as base:
        folder, outside = Path(base, "agent"), Path(base, "outside")
        for one, mode in ((Path(base), 0o755), (folder, 0o755), (outside, 0o777)):
            one.mkdir(exist_ok=True)
            one.chmod(mode)
        secret = outside / "secret"
        secret.write_text("x", encoding="ascii")
        secret.chmod(0o666)
        box = Sandbox(Launch(name, ("/bin/sh", "-c", f"{script}echo done"), folder, Limits(open_files=48)))
        try:
            return _verdict(box)
        finally:
            box.kill()


def _verdict(box: Sandbox) -> str | None:
    code = box.wait(_PROBE_S)
    if code is None:
        return f"a probe did not end within {_PROBE_S:g} s"
    stderr = _all_of(box.stderr).strip()
    failure = box.setup_failure()
    if failure is not None:
        return stderr or failure[1]
    lines = _all_of(box.stdout).split("\n")
    if lines == ["done", ""]:
        return None
    return ", ".join(line for line in lines if line not in ("", "done")) or stderr or f"a probe ended with exit code {code}"


def _all_of(descriptor: int) -> str:
    try:
        return os.read(descriptor, 65_536).decode("utf-8", "replace")
    except BlockingIOError:
        return ""


_REMEDIES = (
    # what a reason says, at which levels, what helps
    ("setting up uid map", "Ubuntu forbids user namespaces: give bwrap an AppArmor profile with the rule 'userns,'"),
    ("map of users", "the system forbids user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root"),
    (
        "new namespace",
        "the container forbids namespaces: start it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN, or use landlock",
    ),
    ("Unknown option", "bwrap is too old: 0.8 or later is needed"),
    ("mount /proc", "the container hides parts of /proc: start it with --security-opt systempaths=unconfined"),
    ("cannot run /bin/sh", "the folder for temporary files is closed to other users: set TMPDIR to an open one, e.g. /tmp"),
    ("No space left", "the limit of user namespaces is reached: sysctl user.max_user_namespaces"),
)


def _remedy(name: str, reason: str) -> str:
    return next((remedy for words, remedy in _REMEDIES if words in reason), "")
