"""A pool of Node processes: many battles in each, lines for all of them under way at once, restarts that nobody notices.

A process that dies, hangs or writes garbage is replaced; battles are rebuilt from their commands when they are next needed.
Commands that were under way are sent again one by one, so that one which ends its process each time fails alone.
"""

from __future__ import annotations

import itertools
import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentarena.core.errors import needs_posix

from .commands import line_of
from .errors import EngineCrashed, EngineError, EngineGarbage, EngineMissing, EngineTimeout, UnknownBattle
from .journal import Battle, commands_to
from .process import Launch, Process
from .protocol import Hello, hello_of, replies_of, reply_value
from .transport import Unit, advance

__all__ = ["MOST_PROCESSES", "Pool"]

MOST_PROCESSES = 256
_STRIKES = 3
"""A command that ends its process so often fails."""
_STRIKES_OF_TIMEOUT = 2
_SECONDS_A_COMMAND = 0.25
"""Patience grows by this with each command of a line."""


@dataclass(eq=False, slots=True)
class _Request:
    """One line. `parts` has for each unit where its replies begin and where they end."""

    units: list[Unit]
    solo: bool = False
    patience: float | None = None
    number: int = -1
    parts: list[tuple[int, int]] = field(default_factory=list)
    commands: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a battle lives: in which process, since which restart, under which name."""

    worker: _Worker
    generation: int
    name: str


class _Worker:
    """One process and what is under way there."""

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start = start
        self.process: Process | None = None
        self.generation = 0
        self.live = 0
        self.queue: deque[_Request] = deque()
        self.sent: deque[_Request] = deque()
        self.dropped: deque[_Place] = deque()
        self.since = 0.0
        self.hello: Hello | None = None
        self._numbers = itertools.count(1)
        self._names = itertools.count(1)

    # --- sending ---------------------------------------------------------------------------------------------------------

    def send_queued(self) -> None:
        """Send what may be sent now. A solo is alone under way."""
        while self.queue and (not self.sent or not (self.queue[0].solo or self.sent[-1].solo)):
            if self.process is None:
                self.process = self._start()
                self.hello = None
                self._send(_Request([Unit({"op": "hello"})]), 0)
            request = self.queue.popleft()
            try:
                self._send(request, next(self._numbers))
            except EngineCrashed:
                self.sent.append(request)  # it died in between; whoever reads next learns how
                return

    def _send(self, request: _Request, number: int) -> None:
        commands: list[dict[str, Any]] = self._drops()
        request.parts = []
        for unit in request.units:
            before = len(commands)
            self._add(unit, commands)
            request.parts.append((before, len(commands)))
        request.number, request.commands = number, len(commands)
        assert self.process is not None
        self.process.send(line_of(number, commands))
        if not self.sent:
            self.since = time.monotonic()
        self.sent.append(request)

    def _add(self, unit: Unit, commands: list[dict[str, Any]]) -> None:
        """The commands for a unit: what rebuilds its battle, where that is gone, and its own."""
        command = dict(unit.command)
        battle = unit.battle
        if battle is not None and command["op"] in ("start", "load"):
            command["battle"] = self._place(battle)
        elif battle is not None:
            place = battle.place
            if place is None or place.worker is not self or place.generation != self.generation:
                assert battle.link is not None
                name, rebuild = commands_to(battle.link, self._name)
                commands += rebuild
                self._place(battle, name)
            command["battle"] = battle.place.name
        if unit.born is not None:
            command["into"] = self._place(unit.born)
        commands.append(command)

    def _place(self, battle: Battle, name: str = "") -> str:
        battle.place = _Place(self, self.generation, name or self._name())
        self.live += 1
        return str(battle.place.name)

    def _name(self) -> str:
        return f"b{next(self._names)}"

    def _drops(self) -> list[dict[str, Any]]:
        commands = []
        while self.dropped:
            place = self.dropped.popleft()
            if place.generation == self.generation:
                self.live -= 1
                commands.append({"op": "drop", "battle": place.name})
        return commands

    # --- receiving -------------------------------------------------------------------------------------------------------

    def receive(self) -> None:
        """Take the replies that are there.

        Raises:
            EngineCrashed: The process has ended.
            EngineGarbage: It wrote something else.
        """
        assert self.process is not None
        try:
            self.process.read()
        finally:
            self._answer()

    def _answer(self) -> None:
        assert self.process is not None
        while self.process.lines:
            if not self.sent:
                raise EngineGarbage("the engine wrote a line that answers nothing")
            request = self.sent[0]
            replies = replies_of(self.process.lines.popleft(), request.number, request.commands)
            if request.number == 0:
                value = reply_value(replies[-1])
                if isinstance(value, EngineError):
                    raise value
                self.hello = hello_of(value)
            self.sent.popleft()
            self.since = time.monotonic()
            for unit, (begin, end) in zip(request.units, request.parts, strict=True):
                self._conclude(unit, [reply_value(reply) for reply in replies[begin:end]])

    def _conclude(self, unit: Unit, values: list[Any]) -> None:
        *rebuild, value = values
        failed = next((one for one in rebuild if isinstance(one, EngineError)), None)
        if failed is not None:
            value = EngineCrashed(f"a battle could not be rebuilt in a new process: {failed}")
        gone = isinstance(value, EngineCrashed | UnknownBattle) or unit.command["op"] == "drop"
        if unit.battle is not None and gone:
            self.unplace(unit.battle)
        unit.finish(value)
        advance(unit)

    def unplace(self, battle: Battle) -> None:
        """The battle is not here any more; it is rebuilt when it is next needed."""
        place, battle.place = battle.place, None
        if place is not None and place.worker is self and place.generation == self.generation:
            self.live -= 1

    # --- trouble ---------------------------------------------------------------------------------------------------------

    def handle_failure(self, error: EngineError) -> None:
        """The process is gone or ended now: what was under way is sent again one by one, or fails."""
        starting = self.process is None or self.hello is None
        self._end(kill=True)
        under_way = [request for request in self.sent if request.number != 0]
        self.sent.clear()
        if starting:
            error = (
                error
                if isinstance(error, EngineMissing)
                else type(error)(f"{error}. The engine does not start; agentarena pokemon status shows which Node and simulator it uses")
            )
            failing = [unit for request in (*under_way, *self.queue) for unit in request.units]
            self.queue.clear()
        else:
            failing = self._requeue(under_way, error)
        for unit in failing:
            unit.finish(error)

    def _requeue(self, under_way: Sequence[_Request], error: EngineError) -> list[Unit]:
        """Queue again what was under way; the units that have failed often enough are returned."""
        limit = _STRIKES_OF_TIMEOUT if isinstance(error, EngineTimeout) else _STRIKES
        failing, requeued = [], []
        for position, request in enumerate(under_way):
            if position:
                requeued.append(request)
                continue
            for unit in request.units:
                unit.strikes += 1
                if unit.strikes >= limit:
                    failing.append(unit)
                else:
                    requeued.append(_Request([unit], solo=True, patience=request.patience))
        self.queue.extendleft(reversed(requeued))
        return failing

    def _end(self, *, kill: bool) -> None:
        process, self.process = self.process, None
        self.generation += 1
        self.live = 0
        self.dropped.clear()
        if process is not None:
            process.close(kill=kill)

    def close(self, reason: str) -> None:
        """End the process; what is under way fails."""
        units = [unit for request in (*self.sent, *self.queue) for unit in request.units]
        self.sent.clear()
        self.queue.clear()
        self._end(kill=bool(units))
        for unit in units:
            unit.finish(EngineCrashed(reason))


class Pool:
    """N processes that answer units.

    Args:
        launch: Says how a process is started; called at each start, so that nothing is looked for before it is needed.
        processes: How many.
        timeout: Seconds without an answer after which a process is ended.
    """

    def __init__(self, launch: Callable[[], Launch], processes: int, timeout: float) -> None:
        if not hasattr(select, "poll"):
            raise needs_posix("the engine of Pokémon VGC", "select.poll")
        self.restarts = 0
        self.timeout = timeout
        self._lock = threading.RLock()
        self._workers = [_Worker(lambda: Process(launch())) for _ in range(processes)]
        _POOLS.add(self)

    def submit(self, units: Sequence[Unit], patience: float | None = None) -> None:
        with self._lock:
            shares: dict[_Worker, list[Unit]] = {}
            starts: dict[_Worker, int] = {}
            for unit in units:
                worker = self._worker_for(unit, starts)
                shares.setdefault(worker, []).append(unit)
            for worker, share in shares.items():
                worker.queue.append(_Request(share, patience=patience))
            for worker in shares:
                self._send_queued(worker)

    def _worker_for(self, unit: Unit, starts: dict[_Worker, int]) -> _Worker:
        """Where the unit's battle lives; a new battle goes where the fewest are."""
        place = None if unit.battle is None else unit.battle.place
        if place is not None:
            worker: _Worker = place.worker
            return worker
        least_loaded = min(self._workers, key=lambda one: one.live + starts.get(one, 0))
        starts[least_loaded] = starts.get(least_loaded, 0) + 1
        return least_loaded

    def wait(self, units: Sequence[Unit]) -> None:
        with self._lock:
            while not all(unit.done for unit in units):
                if not self._poll():
                    for unit in units:  # an interrupt came while they were sent
                        if not unit.done:
                            unit.finish(EngineCrashed("the command was interrupted before it was sent"))

    def _poll(self) -> bool:
        """Wait until a process has something to say or takes more, and deal with it; whether there was one to wait for."""
        busy = [worker for worker in self._workers if self._send_queued(worker)]
        poll = select.poll()
        by_fd = {}
        for worker in busy:
            process = worker.process
            assert process is not None
            by_fd[process.stdout] = by_fd[process.stderr] = worker
            poll.register(process.stdout, select.POLLIN)
            if process.writing:
                by_fd[process.stdin] = worker
                poll.register(process.stdin, select.POLLOUT)
        if not busy:
            return False
        left = min(self._deadline(worker) for worker in busy) - time.monotonic()
        ready = {by_fd[fd] for fd, _ in poll.poll(max(0.0, 1000 * left) + 1)}
        for worker in busy:
            if worker in ready:
                self._serve(worker)
            seconds = time.monotonic() - worker.since
            if worker.process is not None and worker.sent and time.monotonic() > self._deadline(worker):
                self._handle_failure(worker, EngineTimeout(f"a process of the engine did not answer within {seconds:.0f} s, and was ended"))
        return True

    def _send_queued(self, worker: _Worker) -> bool:
        """Send what waits; whether the worker has something under way."""
        try:
            worker.send_queued()
        except EngineError as error:  # it does not start
            worker.handle_failure(error)
        except OSError as error:
            worker.handle_failure(EngineCrashed(f"a process of the engine does not start: {error}"))
        return worker.process is not None and bool(worker.sent)

    def _serve(self, worker: _Worker) -> None:
        process = worker.process
        assert process is not None
        try:
            if process.writing:
                process.write()
            worker.receive()
        except EngineError as error:
            self._handle_failure(worker, error)

    def _handle_failure(self, worker: _Worker, error: EngineError) -> None:
        self.restarts += worker.hello is not None
        worker.handle_failure(error)

    def _deadline(self, worker: _Worker) -> float:
        request = worker.sent[0]
        patience = request.patience if request.patience is not None else self.timeout + _SECONDS_A_COMMAND * request.commands
        return worker.since + patience

    def hello(self) -> Hello:
        with self._lock:
            worker = next((one for one in self._workers if one.process is not None), self._workers[0])
            if worker.hello is None or worker.process is None:
                unit = Unit({"op": "hello"})
                worker.queue.append(_Request([unit]))
                self.wait([unit])
                if isinstance(unit.value, EngineError):
                    raise unit.value
            assert worker.hello is not None
            return worker.hello

    def forget(self, battle: Battle) -> None:
        place = battle.place
        if place is not None:
            place.worker.dropped.append(place)

    def pids(self) -> list[int]:
        """Process ids of the processes that run."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    def close(self) -> None:
        with self._lock:
            for worker in self._workers:
                worker.close("the engine was closed")

    def after_fork(self) -> None:
        """In a forked child: the processes belong to the parent. Battles are rebuilt in processes of the child's own."""
        self._lock = threading.RLock()
        for worker in self._workers:
            worker.close("this process was forked while the command was under way")


_POOLS: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for pool in list(_POOLS):
        pool.after_fork()


if hasattr(os, "register_at_fork"):  # where it is missing, nothing can fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
