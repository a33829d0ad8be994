"""One process of the engine: lines in, lines out, nothing that blocks.

The process has a session of its own (Ctrl-C does not reach it) and ends when its stdin does, so it never outlives this process.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentarena.core.display import printable

from .errors import EngineCrashed, EngineGarbage
from .protocol import LONGEST_LINE

__all__ = ["Launch", "Process"]

_CHUNK = 2**20
_STDERR_SHOWN = 600
_PATIENCE_S = 2.0
_DROPPED = ("NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "NODE_V8_COVERAGE", "NODE_REPL_EXTERNAL_MODULE")
"""Variables that would change what runs in the process."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process is started.

    Attributes:
        argv: Its command line.
        environment: Variables on top of this process's own.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Process:
    """A process that answers lines with lines.

    Attributes:
        lines: Lines that it wrote and nobody has taken.
    """

    def __init__(self, launch: Launch) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in _DROPPED} | dict(launch.environment)
        self._child = subprocess.Popen(  # closed by close()
            list(launch.argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
            start_new_session=True,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        self.stdin, self.stdout, self.stderr = self._child.stdin.fileno(), self._child.stdout.fileno(), self._child.stderr.fileno()
        for fd in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
            _widen(fd)
        self.lines: deque[bytes] = deque()
        self._out: deque[memoryview] = deque()
        self._in: list[bytes] = []
        self._in_size = 0
        self._stderr_tail = b""
        self._owner = os.getpid()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def writing(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._out)

    def send(self, line: bytes) -> None:
        """Put a line on its way; what does not fit into the pipe is written by `write`."""
        self._out.append(memoryview(line))
        self.write()

    def write(self) -> None:
        """Write what waits, as far as the pipe takes it.

        Raises:
            EngineCrashed: The process has ended.
        """
        try:
            while self._out:
                sent = os.write(self.stdin, self._out[0])
                if sent == len(self._out[0]):
                    self._out.popleft()
                else:
                    self._out[0] = self._out[0][sent:]
        except BlockingIOError:
            return
        except OSError as error:
            raise EngineCrashed(self._ended(f"its input is closed ({error.strerror})")) from None

    def read(self) -> None:
        """Take what it wrote into `lines`.

        Raises:
            EngineCrashed: The process has ended.
            EngineGarbage: A line is too long.
        """
        self.read_stderr()
        while True:
            try:
                chunk = os.read(self.stdout, _CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                raise EngineCrashed(self._ended("its output is closed"))
            *whole, rest = chunk.split(b"\n")
            if whole:
                self.lines.append(b"".join([*self._in, whole[0]]))
                self.lines.extend(whole[1:])
                self._in, self._in_size = [], 0
            if rest:
                self._in.append(rest)
                self._in_size += len(rest)
            if self._in_size > LONGEST_LINE:
                raise EngineGarbage(f"the engine wrote a line of more than {LONGEST_LINE} bytes")
            if len(chunk) < _CHUNK // 2:
                return

    def read_stderr(self) -> None:
        """Take what it wrote for humans; the end of it is shown when the process ends."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.stderr, 65_536):
                self._stderr_tail = (self._stderr_tail + chunk)[-4 * _STDERR_SHOWN :]

    def _ended(self, how: str) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_PATIENCE_S)
        self.read_stderr()
        last_words = _last_words(self._stderr_tail.decode(errors="replace"))
        code = self._child.returncode
        if code is None:
            reason = how
        elif code < 0:
            reason = f"it was ended by signal {-code}" + (f" ({signal.Signals(-code).name})" if -code in set(signal.Signals) else "")
        else:
            reason = f"it ended with exit code {code}"
        return f"a process of the engine is gone: {reason}" + (f"; its last words: {last_words}" if last_words else "")

    def close(self, *, kill: bool = False) -> None:
        """End the process. In a forked child of the process that started it, only let go of the pipes."""
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._owner != os.getpid():
            self._child.returncode = 0  # another process's child: not ours to wait for
            return
        if not kill:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_PATIENCE_S)
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()


def _widen(fd: int) -> None:
    """Give a pipe room for a whole reply, where the system allows it, so that the process goes on while this one is busy."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _CHUNK)


def _last_words(text: str) -> str:
    """The end of what a process wrote for humans; of an error with a stack, the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [number for number, line in enumerate(lines) if re.match(r"(\w+\.)*\w*Error\b", line)]
    lines = lines[errors[-1] :][:3] if errors else lines[-3:]
    return printable(" / ".join(lines), _STDERR_SHOWN)
