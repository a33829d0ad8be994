"""An agent that is any program: `CommandAgent` starts it in a sandbox, once for each seat of each match, and speaks JSON lines with it."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import selectors
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.errors import ServiceGone, UsageError
from agentarena.core.faults import error_message

from . import protocol
from .launches import Launch, absolute, refuse_closed
from .levels import obtain
from .limits import Limits
from .protocol import Question
from .session import Session

__all__ = ["CommandAgent"]

_SEAT = "sandbox"
"""Where a seat's notebook keeps its program."""


class _Seat:
    """Stands in a seat's notebook for the program that plays it. When the match lets go of the notebook, the program is ended.

    Attributes:
        owner: Whose it is.
        number: Of the session.
    """

    __slots__ = ("__weakref__", "number", "owner")

    def __init__(self, owner: CommandAgent, number: int) -> None:
        self.owner, self.number = owner, number


class CommandAgent(Agent):
    """A program that plays by the protocol of docs/protocol.md, in a sandbox, with a fresh process for each seat of each match.

    Questions of several matches are open at once; each process has its own deadline, and is stopped while it is not its turn. A
    process that fails costs its seat that match. A sandbox that fails raises `ServiceGone`: the match is not lost, and can be
    played again.

    Args:
        command: The program and its arguments. A program without a slash is looked for in /usr/local/bin, /usr/bin and /bin.
        folder: The agent's folder: where it starts, and what it may read.
        name: How records and tables name it.
        version: Changes when it would play differently.
        limits: What each process may use.
        level: The level of isolation; by default the strongest that works here.
        minimum: The weakest level that will do.
        readable: What else of the host it may read, e.g. an interpreter that is not below /usr.
        at_once: How many processes may work at the same time; by default one a processor core.

    Attributes:
        level: The level of isolation that it has.

    Raises:
        UsageError: No such folder or level, an empty command, or files that the agent could not read.
        NotSupported: The level, or any that will do, does not work here; the message says why and what helps.
    """

    keeps_deadline = True

    def __init__(
        self,
        command: Sequence[str],
        folder: str | Path,
        *,
        name: str,
        version: str,
        limits: Limits | None = None,
        level: str | None = None,
        minimum: str | None = None,
        readable: Sequence[str | Path] = (),
        at_once: int | None = None,
    ) -> None:
        self.name, self.version = name, version
        self._arguments = (tuple(command), str(folder), name, version, limits, level, minimum, tuple(map(str, readable)), at_once)
        if isinstance(command, str) or not command or not all(isinstance(part, str) and "\0" not in part for part in command):
            raise UsageError(f"command must be a list of strings, the program first, got {command!r}")
        place = Path(folder).resolve()
        if not place.is_dir():
            raise UsageError(f"the agent's folder {str(place)!r} is no folder")
        self.level = obtain(level, minimum)
        self._job = Launch(self.level, tuple(command), place, limits or Limits(), absolute(readable))
        refuse_closed(self._job)
        self._at_once = at_once or max(1, len(os.sched_getaffinity(0)))
        self._owner = os.getpid()
        self._loop: _Loop | None = None
        self._said = ""
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[object, ...]:
        return (_again, self._arguments)

    @property
    def stderr_tail(self) -> str:
        """The end of what a process wrote to standard error: of the last that failed, or else of the last that spoke."""
        return self._said if self._loop is None else self._loop.stderr_tail

    @property
    def processes(self) -> int:
        """How many programs are running, waiting or at work."""
        return 0 if self._loop is None else sum(not session.ended for session in tuple(self._loop.sessions.values()))

    def act(self, views: Sequence[View]) -> Sequence[Decision]:
        """Ask and wait; the first fault is raised once all have answered."""
        answers: queue.SimpleQueue[tuple[int, Decision | Exception]] = queue.SimpleQueue()
        self.submit(views, lambda index, decision: answers.put((index, decision)))
        decisions = dict(answers.get() for _ in views)
        for _, decision in sorted(decisions.items(), key=lambda item: item[0]):
            if isinstance(decision, Exception):
                raise decision
        return [decisions[index] for index in range(len(views))]

    def submit(self, views: Sequence[View], answer: Callable[[int, Decision | Exception], None]) -> None:
        """Send the questions to their processes; `answer` is called from a thread of this object."""
        with self._lock:
            if self._loop is None:
                self._loop = _Loop(self._at_once, self.name)
        for index, view in enumerate(views):
            self._loop.put(partial(self._loop.ask, self._session(view), protocol.question(view), partial(answer, index)))

    def close(self) -> None:
        """End every process and what it started."""
        if self._loop is not None and os.getpid() == self._owner:
            self._loop.close()
            self._said, self._loop = self._loop.stderr_tail, None

    def _session(self, view: View) -> int:
        """The number of the session that plays this seat; a new one with its first question."""
        assert self._loop is not None
        seat = view.memory.get(_SEAT)
        if not isinstance(seat, _Seat) or seat.owner is not self:
            number = next(self._loop.numbers)
            seat = view.memory[_SEAT] = _Seat(self, number)
            weakref.finalize(seat, self._loop.put, partial(self._loop.end, number)).atexit = False
            self._loop.put(partial(self._loop.begin, number, Session(self._job, protocol.start(view))))
        return seat.number


def _again(
    command: Sequence[str], folder: str, name: str, version: str, limits: Limits | None, level: str | None, minimum: str | None,
    readable: Sequence[str], at_once: int | None,
) -> CommandAgent:  # fmt: skip
    """The agent with these arguments, in another process."""
    return CommandAgent(
        command, folder, name=name, version=version, limits=limits, level=level, minimum=minimum, readable=readable, at_once=at_once
    )


_FILES = 16_384


def _allow_many_files() -> None:
    """Let this process open as many files as hundreds of programs need, four each, where the system allows that."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Loop:
    """The thread that starts, watches and ends an agent's processes, by one selector.

    Everything but `put` and `close` runs in the thread. Processes are started here because the kernel ends them with
    the thread that started them.

    Attributes:
        numbers: Gives each session its number.
        sessions: Those whose match is under way.
    """

    def __init__(self, at_once: int, name: str) -> None:
        _allow_many_files()
        self._at_once, self._name = at_once, name
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._drain)
        self.numbers = itertools.count()
        self.sessions: dict[int, Session] = {}
        self._watched: dict[int, tuple[int, ...]] = {}
        self._waiting: deque[tuple[int, Question, Callable[[Decision | Exception], None]]] = deque()
        self._open: set[int] = set()
        self._closing = False
        self._failed_tail = ""
        self._last: Session | None = None
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{name[:40]}", daemon=True)
        self._thread.start()

    @property
    def stderr_tail(self) -> str:
        return self._failed_tail or ("" if self._last is None else self._last.stderr_tail)

    def put(self, task: Callable[[], None]) -> None:
        """Have something done in the thread; may be called from anywhere, a finalizer too."""
        self._inbox.put(task)
        with contextlib.suppress(OSError):  # a full pipe wakes it just as well, and a closed one needs no waking
            self._wake_write.send(b"x")

    def close(self) -> None:
        """End everything and the thread."""
        self.put(self._close)
        self._thread.join()

    # --- tasks -----------------------------------------------------------------------------------------------------------------

    def begin(self, number: int, session: Session) -> None:
        """Take up a session; its program is started with its first question."""
        self.sessions[number] = session

    def ask(self, number: int, question: Question, answer: Callable[[Decision | Exception], None]) -> None:
        """Put a question in line."""
        self._waiting.append((number, question, answer))

    def end(self, number: int) -> None:
        """End a session whose match is over."""
        session = self.sessions.pop(number, None)
        if session is not None:
            self._open.discard(number)
            self._unwatch(number)
            session.close()

    def _close(self) -> None:
        self._closing = True

    # --- the thread --------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            self._take_tasks()
            self._send_next()
            for key, _ in self._selector.select(self._timeout()):
                key.data()
            now = time.monotonic()
            for number in tuple(self._open):
                self.sessions[number].on_tick(now)
                self._look(number)
        for number in tuple(self.sessions):
            self.end(number)
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()

    def _take_tasks(self) -> None:
        while not self._inbox.empty():
            self._inbox.get()()

    def _timeout(self) -> float | None:
        if self._closing or (self._waiting and len(self._open) < self._at_once) or not self._inbox.empty():
            return 0.0
        nearest = min((self.sessions[number].next_look for number in self._open), default=None)
        return None if nearest is None else max(0.0, nearest - time.monotonic())

    def _send_next(self) -> None:
        """Send one question of those that wait; one at a time, so that starting many programs holds up nobody's answer for long."""
        if not self._waiting or len(self._open) >= self._at_once:
            return
        number, question, answer = self._waiting.popleft()
        session = self.sessions.get(number)
        if session is None:  # its match is over
            return
        self._last = session
        self._open.add(number)
        try:
            session.ask(question, answer)
        except Exception as error:  # a question that cannot be sent
            session.fault(ServiceGone(f"agent {self._name}: {error_message(error)}"))
        self._look(number)

    def _look(self, number: int) -> None:
        """Follow what became of a session."""
        session = self.sessions.get(number)
        if session is None:
            return
        if session.failed_tail is not None:
            self._failed_tail, session.failed_tail = session.failed_tail, None
        if not session.busy:
            self._open.discard(number)
        self._watch(number, session)

    def _watch(self, number: int, session: Session) -> None:
        """Register the pipes that the session waits for."""
        box = session.sandbox
        wanted = (
            ()
            if box is None or session.ended
            else (box.stdout, *(() if session.is_silent else (box.stderr,)), *((box.stdin,) if session.writes else ()))
        )
        if self._watched.get(number, ()) == wanted:
            return
        self._unwatch(number)
        self._watched[number] = wanted
        if box is not None and wanted:
            handlers = {box.stdout: session.on_readable, box.stderr: session.on_stderr, box.stdin: session.on_writable}
            for descriptor in wanted:
                event = selectors.EVENT_WRITE if descriptor == box.stdin else selectors.EVENT_READ
                self._selector.register(descriptor, event, partial(self._deal, number, handlers[descriptor]))

    def _unwatch(self, number: int) -> None:
        for descriptor in self._watched.pop(number, ()):
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.unregister(descriptor)

    def _deal(self, number: int, handler: Callable[[], Any]) -> None:
        if number in self.sessions:
            handler()
            self._look(number)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass
