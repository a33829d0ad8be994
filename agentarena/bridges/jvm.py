"""Engines that run in Java: started when first needed, lent to one match at a time, and ended whatever happens.

A start costs seconds, so an engine that a match has let go of waits for the next one. Java ends with this process even when it is
killed (it watches a pipe from it); on an ordinary way out all engines are ended, waited for, and killed if they linger.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from typing import Any

from agentarena.core.errors import ServiceGone, UsageError

__all__ = ["HEAP", "close_engines", "give_back", "lend", "running"]

HEAP = "-Xmx1g"
"""Greatest heap of an engine, unless the variable JAVA_TOOL_OPTIONS says another."""
_MOST_IDLE = 4
_PATIENCE_S = 5.0

_lock = threading.Lock()
_idle: dict[str, list[Any]] = {}
_started: list[tuple[int, Any]] = []
"""Every engine that runs, with the process that started it."""


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


def _start(kind: str, start: Callable[[], Any]) -> Any:
    if shutil.which("java") is None:
        raise UsageError(f"{kind} needs Java, and there is no `java` on the PATH; install one, e.g. default-jre-headless of Debian")
    before = os.environ.get("JAVA_TOOL_OPTIONS")
    if "-Xmx" not in (before or ""):
        os.environ["JAVA_TOOL_OPTIONS"] = f"{before or ''} {HEAP}".strip()
    try:
        return start()
    except Exception as error:
        raise ServiceGone(f"{kind}: its engine does not start: {type(error).__name__}: {error}") from error
    finally:
        if before is None:
            os.environ.pop("JAVA_TOOL_OPTIONS", None)
        else:
            os.environ["JAVA_TOOL_OPTIONS"] = before


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


def _forget_others() -> None:
    """After a fork the engines belong to the parent."""
    if any(pid != os.getpid() for pid, _ in _started):
        _started.clear()
        _idle.clear()


def _end(engine: Any) -> None:
    process = engine._gateway.java_process
    with contextlib.suppress(Exception):  # a gateway whose Java is gone
        engine.close()
    try:
        process.wait(_PATIENCE_S)
    except Exception:
        process.kill()
        process.wait()


atexit.register(close_engines)
