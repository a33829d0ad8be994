"""This machine: the caller's own process, or several processes of this package."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from agentarena.agents.child import Child
from agentarena.core.agent import Agent
from agentarena.core.errors import AgentDied, RunEnds, UsageError
from agentarena.core.match import RunConfig
from agentarena.core.record import Finished
from agentarena.matches.runner import Runner, listed
from agentarena.matches.seating import Fixture

from . import Job, seated

__all__ = ["Local", "work"]

_DEATHS = 3
"""How often a match may be under way in a worker process that dies before the run gives up."""
_FLUSH = 64
_FLUSH_S = 0.2


class Local:
    """Processes of this machine.

    Args:
        workers: `None` to play in the caller's process, else how many processes to start.
    """

    def __init__(self, workers: int | None) -> None:
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise UsageError(f"workers must be None (this process) or at least 1, got {workers!r}")
        self._workers = workers
        self.here = workers is None

    def play(self, job: Job, ready: Sequence[Agent], fixtures: Sequence[Fixture], finished: Callable[[Finished], None]) -> None:
        """See `Backend.play`."""
        if self._workers is None:
            runner = Runner(job.config, ready, concurrency=job.concurrency, deadline_s=job.deadline_s)
            runner.play(listed(fixtures), finished)
        elif fixtures:
            _Pool(job, min(self._workers, len(fixtures))).play(fixtures, finished)


class _Worker:
    """A worker process as its parent sees it.

    Attributes:
        child: The process.
        out: The fixtures it has, by match, and has not given back.
    """

    def __init__(self, payload: bytes) -> None:
        self.child = Child("agentarena.matches.backends.local:work", payload)
        self.out: dict[int, Fixture] = {}

    def give(self, fixtures: Sequence[Fixture]) -> None:
        """Hand over matches to play."""
        self.out.update((fixture.match, fixture) for fixture in fixtures)
        self.child.connection.send([tuple(fixture) for fixture in fixtures])


class _Pool:
    """Hands matches to worker processes a few at a time, and again to another when one dies."""

    def __init__(self, job: Job, size: int) -> None:
        self._payload = _portable(job)
        self._size, self._concurrency = size, job.concurrency
        self._workers: list[_Worker] = []
        self._left: deque[Fixture] = deque()
        self._deaths: dict[int, int] = {}

    def play(self, fixtures: Sequence[Fixture], finished: Callable[[Finished], None]) -> None:
        self._left = deque(fixtures)
        unfinished = len(fixtures)
        try:
            self._workers = [_Worker(self._payload) for _ in range(self._size)]
            for worker in list(self._workers):
                self._supply(worker)
            while unfinished:
                by_connection = {worker.child.connection: worker for worker in self._workers}
                for connection in wait(list(by_connection)):
                    assert isinstance(connection, Connection)
                    unfinished -= self._listen(by_connection[connection], finished)
        finally:
            for worker in self._workers:
                worker.child.kill()

    def _listen(self, worker: _Worker, finished: Callable[[Finished], None]) -> int:
        """Take one message of a worker; how many matches it brought."""
        try:
            kind, content = worker.child.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return 0
        if kind == "failed":
            error, trace = content
            error.add_note(f"In a worker process:\n{trace}")
            raise error
        for done in content:
            del worker.out[done.record.match]
            finished(done)
        self._supply(worker)
        return len(content)

    def _supply(self, worker: _Worker) -> None:
        """Top up a worker: enough to be busy, little enough that all end together."""
        fair = len(self._left) // (2 * self._size)
        wanted = max(self._concurrency, min(fair, 4 * _FLUSH, 8 * self._concurrency + _FLUSH)) - len(worker.out)
        if not worker.out:  # at the start, few matches are spread over all workers
            wanted = min(wanted, -(-len(self._left) // sum(not other.out for other in self._workers)))
        if self._left and wanted > 0 and (not worker.out or wanted >= self._concurrency // 2):
            try:
                worker.give([self._left.popleft() for _ in range(min(wanted, len(self._left)))])
            except OSError:
                self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        """A worker died: its matches go back to the front of the queue, to be played by a new one."""
        code = worker.child.kill()
        self._workers.remove(worker)
        for match in worker.out:
            self._deaths[match] = self._deaths.get(match, 0) + 1
            if self._deaths[match] >= _DEATHS:
                raise AgentDied(
                    f"worker processes died {_DEATHS} times (last exit code {code}) while playing matches {sorted(worker.out)[:8]}: "
                    "an agent or the environment ends its process. Play with isolate=True (or a deadline) to let the agent pay for it"
                )
        self._left.extendleft(reversed(worker.out.values()))
        new = _Worker(self._payload)
        self._workers.append(new)
        self._supply(new)


def _portable(job: Job) -> bytes:
    import cloudpickle  # takes classes of __main__ and notebooks along; comes with gymnasium

    config = job.config
    fields = (config.game, config.players, config.seed, config.on_unreadable, config.record_samples)
    try:
        return bytes(cloudpickle.dumps((fields, job.agents, job.concurrency, job.deadline_s, job.isolate)))
    except Exception as error:
        raise UsageError(
            f"an agent or the game cannot be sent to worker processes ({type(error).__name__}: {error}). Give agents as spec "
            "strings, e.g. 'path/to/file.py:Class', or play in this process with workers=None"
        ) from error


# --- the worker's side ------------------------------------------------------------------------------------------------


def work(connection: Connection, payload: bytes) -> None:
    """Play what the parent sends until it ends this process."""
    import traceback

    try:
        fields, agents, concurrency, deadline_s, isolate = pickle.loads(payload)
        ready, _ = seated(agents, isolate=isolate, deadline_s=deadline_s)  # they end with this process
        runner = Runner(RunConfig(*fields), ready, concurrency=concurrency, deadline_s=deadline_s)
        mail = _Mail(connection)
        try:
            runner.play(mail.source, mail.finished)
        except RunEnds:
            mail.flush()
            raise
    except Exception as error:
        trace = traceback.format_exc()
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        connection.send(("failed", (error, trace)))


class _Mail:
    """A worker's connection as the runner's source and sink; results are sent some at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._done: list[Finished] = []
        self._sent_at = time.monotonic()

    def source(self, wait: bool) -> Iterable[Fixture] | None:
        """Fixtures from the parent; sends what is done before it waits."""
        if wait:
            self.flush()
        elif not self._connection.poll():
            return ()
        fixtures: list[Any] = self._connection.recv()
        return [Fixture(*fixture) for fixture in fixtures]

    def finished(self, done: Finished) -> None:
        """Queue a finished match."""
        self._done.append(done)
        if len(self._done) >= _FLUSH or time.monotonic() - self._sent_at > _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Send what is done."""
        if self._done:
            self._connection.send(("done", self._done))
        self._done = []
        self._sent_at = time.monotonic()
