"""The filter of system calls: what no agent needs, and what the levels without namespaces cannot stop otherwise.

Calls are refused with an error, so that libraries that try them go on without. Numbers are those of x86-64.
"""

from __future__ import annotations

import errno
import platform
import struct

__all__ = ["OWN_PID", "program", "supported"]

OWN_PID = 0x7FFF0001
"""Stands in a program for the process that loads it, which writes its own number there."""

_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCH = 0, 4

_NEVER = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bind": 49, "bpf": 321, "chroot": 161, "clock_adjtime": 305, "clock_settime": 227,
    "connect": 42, "delete_module": 176, "fanotify_init": 300, "finit_module": 313, "fsconfig": 431, "fsmount": 432, "fsopen": 430,
    "fspick": 433, "init_module": 175, "ioperm": 173, "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246, "keyctl": 250,
    "listen": 50, "lookup_dcookie": 212, "memfd_secret": 447, "modify_ldt": 154, "mount": 165, "mount_setattr": 442, "move_mount": 429,
    "mq_notify": 244, "mq_open": 240, "msgget": 68, "name_to_handle_at": 303, "nfsservctl": 180, "open_by_handle_at": 304, "open_tree": 428,
    "perf_event_open": 298, "pidfd_getfd": 438, "pivot_root": 155, "process_madvise": 440, "process_mrelease": 448,
    "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101, "quotactl": 179, "quotactl_fd": 443, "reboot": 169,
    "request_key": 249, "semget": 64, "setdomainname": 171, "sethostname": 170, "setns": 308, "setpgid": 109, "setsid": 112,
    "settimeofday": 164, "shmget": 29, "socket": 41, "swapoff": 168, "swapon": 167, "syslog": 103, "timer_create": 222, "umount2": 166,
    "unshare": 272, "userfaultfd": 323, "vhangup": 153,
}  # fmt: skip
"""Refused at every level. `setsid` and `setpgid` keep all processes of an agent in the group that is stopped between questions;
`timer_create` and `mq_notify` could wake it with a signal of its choice."""

_MISSING = {"clone3": 435, "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425}
"""Answered as by a kernel without them: programs fall back on what can be filtered."""

_METADATA = {
    "chmod": 90, "chown": 92, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "fchown": 93, "fchownat": 260, "file_setattr": 469,
    "fremovexattr": 199, "fsetxattr": 190, "futimesat": 261, "inotify_add_watch": 254, "lchown": 94, "lremovexattr": 198, "lsetxattr": 189,
    "removexattr": 197, "removexattrat": 466, "setxattr": 188, "setxattrat": 463, "utime": 132, "utimensat": 280, "utimes": 235,
}  # fmt: skip
"""Changes of files that Landlock does not watch."""

_OTHERS = {
    "ioprio_set": 251,
    "migrate_pages": 256,
    "move_pages": 279,
    "sched_setattr": 314,
    "sched_setparam": 142,
    "sched_setscheduler": 144,
    "setpriority": 141,
}
"""What a process may do to others of its user, which Landlock does not watch."""

_SIGNALS = {"kill": 62, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "tgkill": 234, "tkill": 200}
_PIDFD_SEND_SIGNAL = 424
_CLONE, _SOCKETPAIR, _PRCTL, _FCNTL, _PRLIMIT, _SETAFFINITY = 56, 53, 157, 72, 302, 203
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWUSER, NEWPID, NEWNET, NEWNS, NEWIPC, NEWUTS, NEWCGROUP, NEWTIME."""
_PR_SET_PDEATHSIG, _F_SETSIG = 1, 10


def supported() -> bool:
    """Whether there is a filter for this machine."""
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64") and struct.calcsize("P") == 8


def program(*, shared_host: bool, watch_signals: bool = False) -> bytes:
    """The filter as the kernel takes it: an array of `struct sock_filter`.

    Args:
        shared_host: Whether the agent shares file systems and processes with the host, as under Landlock.
        watch_signals: Whether it may send signals to itself alone, for kernels whose Landlock does not watch them.
    """
    code = [_op(_LOAD, _ARCH), _op(_EQUAL, _ARCH_X86_64, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    code += [_op(_AT_LEAST, _X32_BIT, 0, 1), _refuse(errno.ENOSYS)]
    refused = [*_NEVER.values(), *([*_METADATA.values(), *_OTHERS.values()] if shared_host else [])]
    for number in refused:
        code += [_op(_EQUAL, number, 0, 1), _refuse()]
    for number in _MISSING.values():
        code += [_op(_EQUAL, number, 0, 1), _refuse(errno.ENOSYS)]
    code += _when(_CLONE, [_argument(0), _op(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _refuse()])
    # a pair of datagram sockets can send to any path
    kind = [_argument(1), _op(_AND, 0xF), _op(_EQUAL, 1, 2, 0), _op(_EQUAL, 5, 1, 0), _refuse()]
    code += _when(_SOCKETPAIR, kind)
    code += _when(_FCNTL, [_argument(1), _op(_EQUAL, _F_SETSIG, 0, 1), _refuse()])
    code += _when(_PRCTL, [_argument(0), _op(_EQUAL, _PR_SET_PDEATHSIG, 0, 1), _refuse()])
    if shared_host:
        for number in (_PRLIMIT, _SETAFFINITY):
            code += _when(number, [_argument(0), _op(_EQUAL, 0, 1, 0), _refuse()])
    if watch_signals:
        code += [_op(_EQUAL, _PIDFD_SEND_SIGNAL, 0, 1), _refuse()]
        for number in _SIGNALS.values():
            code += _when(number, [_argument(0), _op(_EQUAL, OWN_PID, 2, 0), _op(_EQUAL, 0, 1, 0), _refuse()])
    return b"".join([*code, _op(_RETURN, _ALLOW)])


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(error: int = errno.EPERM) -> bytes:
    return _op(_RETURN, _ERRNO | error)


def _argument(index: int) -> bytes:
    """Load the lower half of an argument."""
    return _op(_LOAD, 16 + 8 * index)


def _when(number: int, checks: list[bytes]) -> list[bytes]:
    """Run the checks on the arguments of one call, and go on with the next call's number loaded."""
    return [_op(_EQUAL, number, 0, len(checks) + 1), *checks, _op(_LOAD, _NUMBER)]
