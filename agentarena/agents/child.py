"""Python processes of this package that end with their parent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection

from agentarena.core.errors import needs_posix
from agentarena.core.registry import load

__all__ = ["Child"]

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[4]); from agentarena.agents.child import main; main(sys.argv)"


class Child:
    """A Python process that runs `target(connection, payload)` and ends with this one.

    Args:
        target: `"package.module:function"`, called in the child with its end of the connection and the payload.
        payload: Any bytes.

    Attributes:
        connection: Our end: `send`, `recv`, `poll`.

    Raises:
        NotSupported: The system has no process groups (Windows).
    """

    def __init__(self, target: str, payload: bytes) -> None:
        if not hasattr(os, "killpg"):
            raise needs_posix("a process of its own (workers, a deadline, an isolated agent)", "os.killpg")
        ours, theirs = socket.socketpair()
        life_theirs, self._life = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno()), str(life_theirs), target, json.dumps([str(path) for path in sys.path])],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), life_theirs),
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(life_theirs)
        self.connection: Connection = Connection(ours.detach())
        self._closed = False
        self._owner = os.getpid()
        with contextlib.suppress(OSError):  # a child that died at once is noticed by whoever reads from it
            self.connection.send_bytes(payload)

    @property
    def pid(self) -> int:
        """Its process id, also that of its process group."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def kill(self) -> int:
        """End it and everything in its group, and return its exit code. May be called twice."""
        if os.getpid() != self._owner:  # a forked copy of its parent lets it live
            return 0
        if not self._closed:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self.connection.close()
            os.close(self._life)
            self._closed = True
        return self._process.wait()


def main(argv: Sequence[str]) -> None:
    """Entry point of the child process; see `Child`."""
    fd, life, target = int(argv[1]), int(argv[2]), argv[3]
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    threading.Thread(target=_end_with_parent, args=(life,), daemon=True).start()
    connection: Connection = Connection(fd)
    # a copy of this process made by fork() must not answer, nor take questions
    os.register_at_fork(after_in_child=lambda: os.close(fd))
    payload = connection.recv_bytes()
    sys.argv[:] = [""]
    load(target)(connection, payload)


def _end_with_parent(life: int) -> None:
    os.read(life, 1)  # returns only when the parent's end is closed
    os.killpg(0, signal.SIGKILL)
