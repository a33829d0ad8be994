"""Engines that run in Java: started when first needed, lent to one match at a time, and ended whatever happens.

A start costs seconds, so an engine that a match has let go of waits for the next one. Java ends with this process even when it is
killed (it watches a pipe from it); on an ordinary way out all engines are ended, waited for, and killed if they linger.

Nothing waits for Java without end: an engine that does not answer is killed, which ends the call with `ServiceGone`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agentarena.core.errors import ServiceGone, UsageError

__all__ = ["CALL_S", "HEAP", "START_S", "Engine", "close_engines", "lend", "running", "timed"]

HEAP = "-Xmx1g"
"""Greatest heap of an engine, unless the variable JAVA_TOOL_OPTIONS says another."""
START_S = 120.0
"""Seconds that an engine may take to start."""
CALL_S = 60.0
"""Seconds that an engine may take to answer: a command, a new game."""
_MOST_IDLE = 4
_PATIENCE_S = 5.0
_TICK_S = 0.1

_lock = threading.Lock()
_idle: dict[str, list[Any]] = {}
_started: list[tuple[int, Any]] = []
"""Every engine that runs, with the process that started it."""


class Engine:
    """An engine of Java while a match has it. A bridge derives from it and makes its calls within `calling()`.

    Args:
        kind: Its name, as for `lend`.
        env: The package's environment, which `lend` has lent.
    """

    def __init__(self, kind: str, env: Any) -> None:
        self.kind, self.env = kind, env
        self._sound = True

    @contextlib.contextmanager
    def calling(self, *refusals: type[Exception]) -> Iterator[None]:
        """What is called within is answered in `CALL_S`, or else the engine is killed.

        Args:
            refusals: Exceptions by which a sound engine says no; they go through.

        Raises:
            ServiceGone: The engine failed or did not answer. It is not lent again.
        """
        try:
            with timed(self.kind, self.env._gateway.java_process):
                yield
        except refusals:
            raise
        except ServiceGone:
            self._sound = False
            raise
        except Exception as error:
            self._sound = False
            raise ServiceGone(f"{self.kind}'s engine failed: {type(error).__name__}: {str(error)[:200]}") from error

    def close(self) -> None:
        """Let go of the engine: it waits for another match, or ends where it has failed."""
        give_back(self.kind, self.env, sound=self._sound)


# --- lending ------------------------------------------------------------------------------------------------------------


def lend(kind: str, start: Callable[[], Any]) -> Any:
    """An engine for one match: one that waits, or a new one.

    Args:
        kind: Its name, under which it waits.
        start: Starts one; the result has `close()` and the gateway of py4j as `_gateway`.

    Raises:
        UsageError: There is no Java.
        ServiceGone: Java does not start.
    """
    with _lock:
        _forget_others()
        if _idle.get(kind):
            return _idle[kind].pop()
        engine = _start(kind, start)
        _started.append((os.getpid(), engine))
        return engine


def give_back(kind: str, engine: Any, *, sound: bool = True) -> None:
    """A match is over: the engine waits for another, or ends where enough wait or it has failed."""
    with _lock:
        if sound and len(_idle.setdefault(kind, [])) < _MOST_IDLE and engine._gateway.java_process.poll() is None:
            _idle[kind].append(engine)
            return
        _started[:] = [one for one in _started if one[1] is not engine]
    _end(engine)


def running() -> list[int]:
    """Process ids of the engines that this process has started and not ended."""
    return [engine._gateway.java_process.pid for pid, engine in _started if pid == os.getpid()]


def close_engines() -> None:
    """End every engine of this process, also those that are lent. Called on the way out."""
    with _lock:
        engines = [engine for pid, engine in _started if pid == os.getpid()]
        _started.clear()
        _idle.clear()
    for engine in engines:
        _end(engine)


def _start(kind: str, start: Callable[[], Any]) -> Any:
    if shutil.which("java") is None:
        raise UsageError(f"{kind} needs Java, and there is no `java` on the PATH; install one, e.g. default-jre-headless of Debian")
    before = os.environ.get("JAVA_TOOL_OPTIONS")
    if "-Xmx" not in (before or ""):
        os.environ["JAVA_TOOL_OPTIONS"] = f"{before or ''} {HEAP}".strip()
    try:
        return _Starting(kind, start).result()
    except ServiceGone:
        raise
    except Exception as error:
        raise ServiceGone(f"{kind}: its engine does not start: {type(error).__name__}: {error}") from error
    finally:
        if before is None:
            os.environ.pop("JAVA_TOOL_OPTIONS", None)
        else:
            os.environ["JAVA_TOOL_OPTIONS"] = before


class _Starting:
    """A start in a thread of its own, since nobody can be asked for the process before it is there."""

    def __init__(self, kind: str, start: Callable[[], Any]) -> None:
        self._kind, self._start = kind, start
        self._engine: Any = None
        self._error: Exception | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"start of {kind}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._engine = self._start()
        except Exception as error:
            self._error = error
        self._ready.set()

    def result(self) -> Any:
        if not self._ready.wait(START_S):
            self._kill()
            raise ServiceGone(f"{self._kind}: its engine did not start within {START_S:g} s and was killed")
        if self._error is not None:
            raise self._error
        return self._engine

    def _kill(self) -> None:
        """Kill what the thread has started (Linux says what that is; elsewhere it ends with this process)."""
        with contextlib.suppress(OSError, ValueError):
            for child in Path(f"/proc/self/task/{self._thread.native_id}/children").read_text().split():
                os.kill(int(child), 9)


def _forget_others() -> None:
    """After a fork the engines belong to the parent."""
    if any(pid != os.getpid() for pid, _ in _started):
        _started.clear()
        _idle.clear()


def _end(engine: Any) -> None:
    process = engine._gateway.java_process
    with contextlib.suppress(Exception), timed("its end", process, _PATIENCE_S):  # a gateway whose Java is gone, or hangs
        engine.close()
    try:
        process.wait(_PATIENCE_S)
    except Exception:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(Exception):  # py4j leaves them open; there may be none
            pipe.close()


# --- time ---------------------------------------------------------------------------------------------------------------


class _Call:
    """A call under way."""

    __slots__ = ("deadline", "late", "process")

    def __init__(self, process: Any, seconds: float) -> None:
        self.process, self.deadline, self.late = process, time.monotonic() + seconds, False


_calls: set[_Call] = set()
_watcher: threading.Thread | None = None


@contextlib.contextmanager
def timed(kind: str, process: Any, seconds: float | None = None) -> Iterator[None]:
    """Kill a process where what is called within takes longer, which ends a call that waits for it.

    Args:
        kind: Name of the engine, for the error.
        process: Has `kill()`.
        seconds: How long; `CALL_S` by default.

    Raises:
        ServiceGone: It took longer.
    """
    limit = CALL_S if seconds is None else seconds
    call = _Call(process, limit)
    _calls.add(call)
    _watch()
    try:
        yield
    except Exception as error:
        if call.late:
            raise _late(kind, limit) from error
        raise
    finally:
        _calls.discard(call)
    if call.late:
        raise _late(kind, limit)


def _late(kind: str, seconds: float) -> ServiceGone:
    return ServiceGone(f"{kind}'s engine did not answer within {seconds:g} s and was killed; the match cannot go on")


def _watch() -> None:
    """One thread looks after all calls: a timer for each would cost as much as the faster engines' steps."""
    global _watcher
    if _watcher is None or not _watcher.is_alive():  # not alive after a fork, too
        _watcher = threading.Thread(target=_kill_late, name="deadlines of Java", daemon=True)
        _watcher.start()


def _kill_late() -> None:
    while True:
        time.sleep(_TICK_S)
        now = time.monotonic()
        for call in tuple(_calls):
            if now > call.deadline and not call.late:
                call.late = True
                with contextlib.suppress(Exception):  # it may have ended meanwhile
                    call.process.kill()


atexit.register(close_engines)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_calls.clear)  # the calls under way are the parent's
