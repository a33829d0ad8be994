"""Starts one agent inside the levels "unshare", "landlock" and "rlimits", and ends it with everything it started.

Run as a script with the number of a descriptor that holds the plan, marshalled by the host; it imports the standard library alone. It stays as the
keeper of the agent: it adopts orphans (subreaper), and when the agent ends, or its own parent does, it kills all that is left.

The descriptor "status" of the plan carries what went wrong before the program ran: "host: ..." or "agent: ...", or nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import marshal
import os
import resource
import signal
import struct
import sys
import warnings  # noqa: F401  # Python itself asks for it, and after the change of root it is no longer to be had
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing, pathlib and json would double the time that this program takes to start
    from typing import Any, NoReturn

_libc = ctypes.CDLL(None, use_errno=True)

_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_SET_PDEATHSIG, _SET_SECCOMP, _DROP_BOUNDING, _SET_SUBREAPER, _SET_NO_NEW_PRIVS, _AMBIENT = 1, 22, 24, 36, 38, 47
_PIVOT_ROOT, _MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 155, 442, 444, 445, 446
_O_PATH, _AT_RECURSIVE, _AT_FDCWD, _AT_EMPTY_PATH = 0x200000, 0x8000, -100, 0x1000
_DEVICES = ("null", "zero", "full", "random", "urandom")


class _HostFailure(Exception):
    """The sandbox could not be set up."""


def _call(what: str, result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise _HostFailure(f"{what}: {os.strerror(code)}")
    return result


def _syscall(what: str, number: int, *arguments: Any) -> int:
    return _call(what, _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)))


def _prctl(what: str, option: int, *arguments: int) -> None:
    full = (*arguments, 0, 0, 0, 0)[:4]
    _call(what, _libc.prctl(option, *(ctypes.c_ulong(one) for one in full)))


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(data)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if one is None else one.encode() for one in (source, target, kind)]
    _call(f"mount {target}", _libc.mount(*encoded, ctypes.c_ulong(flags), None if data is None else data.encode()))


# --- a file system of its own --------------------------------------------------------------------------------------------


def _separate(own_user: bool) -> None:
    """Leave the host's namespaces; the next child is process 1 of its own."""
    flags = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET | _NEWCGROUP
    user, group = os.geteuid(), os.getegid()
    _call("new namespaces", _libc.unshare(flags | (0 if own_user else _NEWUSER)))
    if not own_user:
        try:
            _write("/proc/self/setgroups", b"deny")
            _write("/proc/self/uid_map", b"%d %d 1" % (user, user))
            _write("/proc/self/gid_map", b"%d %d 1" % (group, group))
        except OSError as error:
            raise _HostFailure(f"map of users: {error.strerror}") from None


def _build_root(plan: dict[str, Any]) -> None:
    """A root of tmpfs, read-only, with what the agent may read bound in, and a scratch of bounded size."""
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=1m")
    os.mkdir("/tmp/old")
    os.chdir("/tmp")
    _syscall("pivot_root", _PIVOT_ROOT, b".", b"old")
    os.chdir("/")
    size = plan["scratch_bytes"]
    for name, mode in (("/proc", 0o755), ("/dev", 0o755), ("/dev/shm", 0o1777), ("/tmp", 0o1777)):
        os.mkdir(name)
        os.chmod(name, mode)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    for name in _DEVICES:
        _bind(f"/old/dev/{name}", f"/dev/{name}", read_only=False)
    os.symlink("/proc/self/fd", "/dev/fd")
    for name in ("/dev/shm", "/tmp"):
        _mount("tmpfs", name, "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode=1777,size={size}")
    for link, target in plan["links"]:
        os.symlink(target, link)
    for path in plan["readable"]:
        _bind(f"/old{path}", path)
    _call("leave the old root", _libc.umount2(b"/old", 2))
    os.rmdir("/old")
    _mount("tmpfs", "/", None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _bind(source: str, target: str, *, read_only: bool = True) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _write(target, b"")
    _mount(source, target, None, _MS_BIND | _MS_REC)
    if read_only:
        attributes = struct.pack("=QQQQ", 1 | 2 | 4, 0, 0, 0)  # read-only, no set-user-id, no devices
        _syscall(f"read-only {target}", _MOUNT_SETATTR, _AT_FDCWD, target.encode(), _AT_RECURSIVE, attributes, len(attributes))


# --- Landlock --------------------------------------------------------------------------------------------------------------

_READ_FILE, _WRITE_FILE, _EXECUTE, _READ_DIR, _TRUNCATE = 1 << 2, 1 << 1, 1 << 0, 1 << 3, 1 << 14
_READABLE = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


def _restrict(plan: dict[str, Any]) -> None:
    """Landlock: reading below the readable paths, everything below the scratch directory, and nothing else."""
    abi = plan["landlock"]
    handled = (1 << 15) - 1 if abi < 5 else (1 << 16) - 1
    network = 3 if abi >= 4 else 0
    scoped = 3 if abi >= 6 else 0
    attributes = struct.pack("=QQQ", handled, network, scoped)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    rules = _syscall("Landlock", _LANDLOCK_CREATE, attributes, len(attributes), 0)
    for path in plan["readable"]:
        _allow(rules, path, _READABLE)
    for name in _DEVICES:
        _allow(rules, f"/dev/{name}", _READ_FILE | _WRITE_FILE)
    _allow(rules, plan["scratch"], handled)
    _syscall("Landlock", _LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, _O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        access &= _ON_FILES
    rule = struct.pack("=Qi", access, parent)
    _syscall(f"Landlock rule for {path}", _LANDLOCK_ADD, rules, 1, rule, 0)
    os.close(parent)


# --- the agent's process ---------------------------------------------------------------------------------------------------


def _load_filter(program: bytes, own_pid: int) -> None:
    words = bytearray(program)
    for at in range(0, len(words), 8):
        if words[at + 4 : at + 8] == struct.pack("=I", own_pid):
            words[at + 4 : at + 8] = struct.pack("=I", os.getpid())
    buffer = ctypes.create_string_buffer(bytes(words), len(words))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(words) // 8, ctypes.addressof(buffer)))
    _prctl("filter of system calls", _SET_SECCOMP, 2, ctypes.addressof(header))


def _drop_user(own_user: int) -> None:
    """Become a user of its own, without capabilities."""
    for capability in range(64):
        _libc.prctl(_DROP_BOUNDING, ctypes.c_ulong(capability), 0, 0, 0)
    os.setgroups([])
    os.setresgid(own_user, own_user, own_user)
    os.setresuid(own_user, own_user, own_user)


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _become_agent(plan: dict[str, Any], parent: int) -> NoReturn:
    """Give up every right, in the order in which they are needed, and run the program."""
    os.setsid()
    with contextlib.suppress(OSError):  # the first choice where the machine's memory runs out
        _write("/proc/self/oom_score_adj", b"1000")
    if plan["own_user"]:
        _drop_user(plan["own_user"])
    _prctl("end with its parent", _SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    _limit(plan["limits"])
    _prctl("no new privileges", _SET_NO_NEW_PRIVS, 1)
    if plan["landlock"]:
        _restrict(plan)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if plan["filter"]:
        _load_filter(plan["filter"], plan["own_pid"])
    command, environment = plan["command"], plan["environment"]
    try:
        os.chdir(plan["folder"])
        os.execvpe(command[0], command, environment)
    except OSError as error:
        _report(plan, f"agent: cannot run {command[0]}: {error.strerror}")
        os._exit(127)


def _report(plan: dict[str, Any], message: str) -> None:
    with contextlib.suppress(OSError):
        os.write(plan["status"], message.encode()[:2000])


def _fork(plan: dict[str, Any], child: Callable[[], NoReturn]) -> int:
    """A child that reports what keeps it from becoming the agent."""
    pid = os.fork()
    if pid:
        return pid
    try:
        child()
    except Exception as error:
        _report(plan, f"host: {type(error).__name__.lstrip('_')}: {error}")
    finally:
        os._exit(1)


# --- the keeper ------------------------------------------------------------------------------------------------------------


def _keep(main: int) -> NoReturn:
    """Reap until the main process ends or this one is to; then kill all that is left."""
    while True:
        number = signal.sigwait({signal.SIGCHLD, signal.SIGTERM})
        if number == signal.SIGTERM:
            _end_all()
            os._exit(128 + signal.SIGKILL)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                os._exit(1)
            if pid == 0:
                break
            if pid == main:
                _end_all()
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)


def _end_all() -> None:
    """Stop, then kill, every descendant until none is left."""
    while pids := _descendants(os.getpid()):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def _numbers(path: str) -> list[int]:
    with open(path, "rb") as stream:
        return [int(one) for one in stream.read().split()]


def _descendants(root: int) -> list[int]:
    pids: list[int] = []
    ahead = [root]
    while ahead:
        folder = f"/proc/{ahead.pop()}/task"
        try:
            for task in os.listdir(folder):
                children = _numbers(f"{folder}/{task}/children")
                pids += children
                ahead += children
        except OSError:
            continue
    return pids


def _be_first(plan: dict[str, Any]) -> NoReturn:
    """Process 1 of its namespace: with it, everything in there ends."""
    _prctl("end with its parent", _SET_PDEATHSIG, signal.SIGKILL)
    _build_root(plan)
    own = os.getpid()
    main = _fork(plan, lambda: _become_agent(plan, own))
    _leave(plan)
    _keep(main)


def _leave(plan: dict[str, Any]) -> None:
    """Close what the agent alone uses, so that its ends are its own."""
    for descriptor in (0, 1, 2, plan["status"]):
        os.close(descriptor)


def main() -> NoReturn:
    """Entry point; see the module."""
    source = int(sys.argv[1])
    with open(source, "rb") as stream:
        plan = marshal.load(stream)
    os.set_inheritable(plan["status"], False)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
    try:
        _prctl("end with its parent", _SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != plan["parent"]:
            os._exit(1)
        _prctl("adopt orphans", _SET_SUBREAPER, 1)
        own = os.getpid()
        if plan["namespaces"]:
            _separate(bool(plan["own_user"]))
            child = _fork(plan, lambda: _be_first(plan))
        else:
            child = _fork(plan, lambda: _become_agent(plan, own))
    except (_HostFailure, OSError) as error:
        _report(plan, f"host: {error}")
        os._exit(1)
    _leave(plan)
    _keep(child)


if __name__ == "__main__":
    main()
