"""The conversation with one sandbox: one question at a time, each with one deadline over sending, waiting and size."""

from __future__ import annotations

import contextlib
import enum
import math
import os
import time
from collections.abc import Callable
from typing import Any

from agentarena.core.agent import Decision
from agentarena.core.display import printable_lines
from agentarena.core.errors import AgentDied, AgentFault, AgentNonsense, AgentTimeout, RunEnds, ServiceGone

from . import protocol
from .launches import Launch
from .protocol import Question
from .sandbox import Sandbox

__all__ = ["RING_BYTES", "Phase", "Session"]

RING_BYTES = 16_000
"""How much of an agent's standard error is kept: the last of it."""

_CHUNK = 65_536
_MOST_CHUNKS = 4
_IDLE_WORK_S = 0.25
"""Processor time that an agent may use after it was told to stop: a signal waits for the end of a system call."""
_EXIT_S = 0.25
_WATCH_S = 0.1
_SPARE = 10
"""How many times the processor time of looking at what a program uses passes before the next look."""


class Phase(enum.Enum):
    """Where a conversation stands."""

    NEW = "new"
    STARTING = "starting"
    IDLE = "idle"
    ASKED = "asked"
    ENDED = "ended"


class Session:
    """One program, playing one seat of one match.

    Args:
        job: What to start.
        greeting: The line to start with.

    Attributes:
        phase: Where it stands.
        deadline: When the line that is awaited must have come, on the monotonic clock; infinite while none is.
        sandbox: The program, once it is started.
        is_silent: Whether its standard error has ended.
        failed_tail: What it said last, once it has failed, until somebody takes it.
    """

    def __init__(self, job: Launch, greeting: bytes) -> None:
        self._job = job
        self.phase = Phase.NEW
        self.deadline = math.inf
        self.sandbox: Sandbox | None = None
        self.is_silent = False
        self.failed_tail: str | None = None
        self._greeting = greeting
        self._question: Question | None = None
        self._done: Callable[[Decision | Exception], None] | None = None
        self._fault: Exception | None = None
        self._number = -1
        self._memory: Any = None
        self._out = memoryview(b"")
        self._in = bytearray()
        self._ring = bytearray()
        self._said_bytes = 0
        self._watch_at = self._spare_until = 0.0

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self.phase in (Phase.STARTING, Phase.ASKED)

    @property
    def ended(self) -> bool:
        """Whether it is over for good."""
        return self.phase is Phase.ENDED

    @property
    def writes(self) -> bool:
        """Whether there is something to be sent."""
        return len(self._out) > 0

    @property
    def stderr_tail(self) -> str:
        """The end of what it wrote to standard error, with control characters as escapes."""
        return printable_lines(self._ring.decode("utf-8", "replace"))

    # --- questions -----------------------------------------------------------------------------------------------------------

    def ask(self, question: Question, done: Callable[[Decision | Exception], None]) -> None:
        """Send a question, to a program that is started where it is not; called while none is open.

        Args:
            question: The question.
            done: Called once with the decision, or the fault in its place.
        """
        self._question, self._done = question, done
        try:
            if self.phase is Phase.NEW:
                self._start()
            elif self.phase is Phase.ENDED:
                self._settle(self._fault or AgentDied("its process has been ended"))
            else:
                self._thaw()
        except RunEnds as error:
            self._settle(error)
        except OSError as error:
            self._settle(ServiceGone(f"the sandbox ({self._job.level}) of {self._job.command[0]} cannot be started: {error}"))

    def _start(self) -> None:
        self.phase = Phase.STARTING
        self.sandbox = Sandbox(self._job)
        self.deadline = time.monotonic() + self._job.limits.start_s
        self._out = memoryview(self._greeting)

    def _thaw(self) -> None:
        assert self.sandbox is not None
        self._read()  # what came while it was stopped
        if self.phase is Phase.IDLE and (now := time.monotonic()) >= self._spare_until:
            self._check_use(now)  # what it did just before its last answer
        if self.phase is Phase.IDLE:
            idle_s = self.sandbox.thaw()
            if idle_s > _IDLE_WORK_S:
                self.fault(AgentNonsense(f"it worked for {idle_s:.1f} s while it was not its turn"))
            else:
                self._send()

    def _send(self) -> None:
        assert self._question is not None
        self._number += 1
        self.phase = Phase.ASKED
        answer_s = self._job.limits.answer_s
        self._out = memoryview(self._question.line(self._number, self._memory, answer_s))
        self.deadline = time.monotonic() + answer_s
        self.on_writable()

    # --- events --------------------------------------------------------------------------------------------------------------

    def on_writable(self) -> None:
        """Send what its pipe takes."""
        assert self.sandbox is not None
        try:
            while self._out:
                self._out = self._out[os.write(self.sandbox.stdin, self._out[:_CHUNK]) :]
        except BlockingIOError:
            pass
        except OSError:  # it reads no more: what it wrote before that says more
            self._out = memoryview(b"")

    def on_readable(self) -> None:
        """Take what it wrote, and deal with a line that is complete."""
        if self.phase is not Phase.ENDED:
            self._read()

    def _read(self) -> None:
        assert self.sandbox is not None
        try:
            data = os.read(self.sandbox.stdout, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._gone()
            return
        if not self.busy:
            self.fault(AgentNonsense("it wrote to standard output without being asked"))
            return
        end = data.find(b"\n")
        if len(self._in) + (len(data) if end < 0 else end) > self._job.limits.output_bytes:
            self.fault(AgentNonsense(f"its line is longer than the {self._job.limits.output_bytes} bytes allowed"))
            return
        self._in += data
        if end >= 0:
            self._take_line()

    def _take_line(self) -> None:
        line, _, rest = bytes(self._in).partition(b"\n")
        self._in.clear()
        if self._out:
            self.fault(AgentNonsense("it answered before it had read the question"))
        elif rest:
            self.fault(AgentNonsense(f"it wrote {len(rest)} bytes after its answer"))
        else:
            try:
                self._accept(line)
            except AgentFault as error:
                self.fault(error)

    def _accept(self, line: bytes) -> None:
        assert self.sandbox is not None
        if self.phase is Phase.STARTING:
            protocol.read_ready(line)
            self.sandbox.find_groups()
            self._send()
            return
        assert self._question is not None
        decision, memory = protocol.read_answer(line, self._number, self._question)
        self._memory = memory if memory is not None else self._memory
        self.sandbox.freeze()
        self.phase, self.deadline = Phase.IDLE, math.inf
        self._settle(decision)

    def on_stderr(self) -> None:
        """Keep the end of what it said."""
        if self.sandbox is None or self.phase is Phase.ENDED:
            return
        try:
            data = os.read(self.sandbox.stderr, _CHUNK)
        except BlockingIOError:
            return
        self.is_silent = not data
        self._said_bytes += len(data)
        self._ring = (self._ring + data)[-RING_BYTES:]
        if self._said_bytes > self._job.limits.stderr_bytes:
            self.fault(AgentNonsense(f"it wrote more than the {self._job.limits.stderr_bytes} bytes allowed to standard error"))

    def on_tick(self, now: float) -> None:
        """Look at the clock and, from time to time, at what it uses and whether its keeper is there."""
        if not self.busy or self.next_look > now:
            return
        self._read()  # what has come by now counts
        if self.busy and self.next_look <= now:
            if self._has_ended():
                self._gone()
            elif self.deadline <= now:
                self._expire()
            else:
                self._check_use(now)

    def _has_ended(self) -> bool:
        """Whether its keeper has ended, though something that it left holds its pipes."""
        assert self.sandbox is not None
        return not self._in and self.sandbox.wait(0) is not None

    def _check_use(self, now: float) -> None:
        assert self.sandbox is not None
        before = time.thread_time()
        reason = self.sandbox.excess()
        self._spare_until = now + _SPARE * (time.thread_time() - before)
        self._watch_at = max(now + _WATCH_S, self._spare_until)
        if reason is not None:
            self.fault(AgentDied(reason))

    def _expire(self) -> None:
        limits = self._job.limits
        if self.phase is Phase.STARTING:
            self.fault(AgentTimeout(f"it was not ready within {limits.start_s:g} s"))
        else:
            self.fault(AgentTimeout(f"no answer within {limits.answer_s:g} s"))

    @property
    def next_look(self) -> float:
        """When `on_tick` is to be called next."""
        return min(self.deadline, self._watch_at) if self.busy else math.inf

    # --- the end -------------------------------------------------------------------------------------------------------------

    def _gone(self) -> None:
        """Its output has ended."""
        assert self.sandbox is not None
        code = self.sandbox.wait(_EXIT_S)
        failure = self.sandbox.setup_failure() if code is not None else None
        if failure is None:
            self.fault(AgentDied(f"its process ended ({_exit(code)})" if code is not None else "it closed its standard output"))
        elif failure[0] == "agent":
            self.fault(AgentDied(failure[1]))
        else:
            self._hear_last()
            tail = self._ring[-300:].decode("utf-8", "replace").strip() if self.phase is Phase.STARTING else ""
            self.fault(
                ServiceGone(f"the sandbox ({self._job.level}) of {self._job.command[0]} failed: {failure[1]}{'; ' if tail else ''}{tail}")
            )

    def _hear_last(self) -> None:
        """Keep what it said before it ended."""
        assert self.sandbox is not None
        with contextlib.suppress(BlockingIOError):
            for _ in range(_MOST_CHUNKS):
                data = os.read(self.sandbox.stderr, _CHUNK)
                if not data:
                    return
                self._ring = (self._ring + data)[-RING_BYTES:]

    def fault(self, error: Exception) -> None:
        """End it for good, with this as the outcome of the open question."""
        self._fault = error
        if self.sandbox is not None and self.phase is not Phase.ENDED:
            self._hear_last()
            self.failed_tail = self.stderr_tail
        self.close()
        self._settle(error)

    def close(self) -> None:
        """Kill the program and all that it started. May be called twice."""
        self.phase, self.deadline = Phase.ENDED, math.inf
        self._out = memoryview(b"")
        if self.sandbox is not None:
            self.sandbox.kill()

    def _settle(self, outcome: Decision | Exception) -> None:
        done, self._question, self._done = self._done, None, None
        if done is not None:
            done(outcome)


def _exit(code: int) -> str:
    return f"killed by signal {code - 128}" if code > 128 else f"exit code {code}"
