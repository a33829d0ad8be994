"""One program in a sandbox: started, stopped while it is not its turn, and ended with everything it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import seccomp
from .launches import Launch, as_file, as_plan, bubblewrap_arguments, free_number, launch_arguments, own_user, plan, take_number
from .processes import descendants, memory_bytes, of_user, processor_s, send, stop_all, tree_bytes

__all__ = ["Sandbox"]

_END_S = 2.0
"""How long a keeper may take to end what is left."""


class Sandbox:
    """A running program and the ends of its pipes, which do not block.

    Made by a thread that outlives it: the kernel ends the program with the thread that started it.

    Attributes:
        stdin: Where it reads.
        stdout: What it writes.
        stderr: What it says aside.
        pid: The process that keeps it: bwrap, or the launcher.
    """

    def __init__(self, job: Launch) -> None:
        self._job = job
        self._number = take_number()
        self._user = own_user(self._number)
        self._scratch = None if job.has_namespaces else self._new_scratch()
        self._code: int | None = None
        self._status = b""
        self._groups: set[int] = set()
        self._used_s = 0.0
        self._status_end, status = os.pipe()
        descriptors = [status]
        try:
            self._process = subprocess.Popen(
                self._arguments(status, descriptors),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={},
                pass_fds=descriptors,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._status_end)
            self._remove_scratch()
            free_number(self._number)
            raise
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.pid = self._process.pid
        self.stdin, self.stdout, self.stderr = (one.fileno() for one in (self._process.stdin, self._process.stdout, self._process.stderr))
        for descriptor in (self.stdin, self.stdout, self.stderr, self._status_end):
            os.set_blocking(descriptor, False)

    def _arguments(self, status: int, descriptors: list[int]) -> list[str]:
        """The command line; what it refers to is added to the descriptors."""
        job = self._job
        if job.level != "bubblewrap":
            descriptors.append(as_file(as_plan(plan(job, self._user, str(self._scratch), status))))
            return launch_arguments(descriptors[-1])
        descriptors.append(as_file(seccomp.program(shared_host=False)))
        options, inside = bubblewrap_arguments(job, self._user, status, descriptors[-1])
        descriptors.append(as_file(options))
        return [shutil.which("bwrap") or "bwrap", "--args", str(descriptors[-1]), "--", *inside]

    def _new_scratch(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="agentarena-sandbox-"))
        if self._user:
            os.chown(folder, self._user, self._user)
        return folder

    # --- turns -----------------------------------------------------------------------------------------------------------

    def freeze(self) -> None:
        """Stop every process of the program."""
        if self._job.is_filtered:  # none of them can leave its group, and a group is stopped at once
            self.find_groups()
            self._send_groups(signal.SIGSTOP)
            pids = descendants(self.pid)
        else:
            pids = stop_all(self.pid)
        self._used_s = processor_s(pids)

    def thaw(self) -> float:
        """Let it go on; gives the seconds of processor time that it used while it was stopped."""
        pids = descendants(self.pid)
        used = processor_s(pids) - self._used_s
        if self._job.is_filtered:
            self._send_groups(signal.SIGCONT)
        else:
            send(pids, signal.SIGCONT)
        return used

    def find_groups(self) -> None:
        """Note which group its processes are in, once the program runs; where calls are filtered they cannot leave it."""
        if not self._groups and self._job.is_filtered:
            groups = set()
            for pid in descendants(self.pid):
                with contextlib.suppress(OSError):
                    groups.add(os.getpgid(pid))
            self._groups = groups - {self.pid, os.getpgid(0)}

    def _send_groups(self, number: int) -> None:
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)

    # --- use -------------------------------------------------------------------------------------------------------------

    def excess(self) -> str | None:
        """What it uses beyond its limits that no limit of a single process catches; `None` where all is in order."""
        limits = self._job.limits
        held = memory_bytes(descendants(self.pid), limits.memory_bytes)
        if held > limits.memory_bytes:
            return f"its processes hold {held >> 20} MiB of memory, at most {limits.memory_bytes >> 20} allowed"
        if self._scratch is not None and tree_bytes(self._scratch) > limits.scratch_bytes:
            return (
                f"its scratch directory holds more than the {limits.scratch_bytes >> 20} MiB allowed, or more folders than can be counted"
            )
        return None

    # --- the end -----------------------------------------------------------------------------------------------------------

    def wait(self, timeout_s: float) -> int | None:
        """Its exit code, where it ends within that time; 128 and more stand for signals."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._code = self._process.wait(timeout_s)
        return self._code

    def setup_failure(self) -> tuple[str, str] | None:
        """Who is to blame, "host" or "agent", and why, where the program did not come to run; asked once it has ended."""
        with contextlib.suppress(OSError):
            while data := os.read(self._status_end, 4096):
                self._status += data
        if self._code is not None and self._code < 0 and (self._job.level != "rlimits" or self._user):
            return "host", f"its keeper was killed from outside (signal {-self._code})"
        if self._job.level == "bubblewrap":
            if b'"exit-code"' not in self._status:
                return "host", "bwrap could not set up the sandbox"
        elif self._status:
            blame, _, why = self._status.decode("utf-8", "replace").partition(": ")
            return blame, why
        return None

    def kill(self) -> None:
        """End everything it started. May be called twice."""
        if self._code is None and self._process.poll() is None:
            if self._job.level == "bubblewrap":
                send(descendants(self.pid), signal.SIGKILL)
            else:
                send([self.pid], signal.SIGTERM)
            if self.wait(_END_S) is None:
                send([*stop_all(self.pid), self.pid], signal.SIGKILL)
                self._code = self._process.wait()
        self._code = self._process.returncode
        if self._code < 0 and not self._job.has_namespaces:
            self._kill_orphans()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        if self._status_end >= 0:
            os.close(self._status_end)
            self._status_end = -1
        self._remove_scratch()
        if self._number >= 0:
            free_number(self._number)
            self._number = -1

    def _kill_orphans(self) -> None:
        """End what its keeper, which was killed, could not."""
        self._send_groups(signal.SIGKILL)
        self._groups.clear()
        while self._user and (pids := of_user(self._user)):
            send(pids, signal.SIGKILL)

    def _remove_scratch(self) -> None:
        """Remove the scratch directory, however deep; what cannot be removed stays."""
        if self._scratch is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(["rm", "-rf", "--", str(self._scratch)], timeout=30, stderr=subprocess.DEVNULL, check=False)
            self._scratch = None
