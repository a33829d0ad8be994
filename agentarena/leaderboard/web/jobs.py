"""Submissions that came through the page: a queue that one process after another plays, and what became of each.

Jobs live in memory: what was played is in the board's log and records, where a new start of the server finds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentarena.core.display import printable, printable_lines
from agentarena.core.errors import UsageError

__all__ = ["Job", "Jobs"]

_WAITING = 8
_KEPT = 200
_LINE = 1 << 20


@dataclass
class Job:
    """A submission on its way.

    Attributes:
        id: Random name; whoever knows it may look at the job.
        board: The board's name.
        folder: The unpacked submission.
        state: "waiting", "playing", "rated", "failed" or "refused".
        name: Name and version of the submission, once it was read.
        reason: Why it failed or was refused.
        stderr: The end of what the agent wrote on standard error.
        done: Matches of its run that were played.
        total: Matches of its run.
        edition: The edition that it was placed on.
    """

    id: str
    board: str
    folder: Path
    state: str = "waiting"
    name: str = ""
    reason: str = ""
    stderr: str = ""
    done: int = 0
    total: int = 0
    edition: str = ""
    scratch: Path = field(default_factory=Path)

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to come."""
        return self.state not in ("waiting", "playing")


class Jobs:
    """The queue and its thread. A context manager; leaving it ends the process that plays, which the same submission resumes.

    Args:
        home: Folder of the boards.
        store: Address of the index; `None` for the one in `home`.
        limit_s: Seconds that one submission may take.
    """

    def __init__(self, home: Path, store: str | None, limit_s: float = 3600.0) -> None:
        self._home, self._store, self._limit_s = home, store, limit_s
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: list[Job] = []
        self._changed = threading.Condition()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._work, name="submissions", daemon=True)
        self._thread.start()

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process that plays, and the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        self._thread.join(timeout=10)
        for job in self._waiting:
            shutil.rmtree(job.scratch, ignore_errors=True)

    def scratch(self) -> Path:
        """A new folder for an upload."""
        return Path(tempfile.mkdtemp(prefix="agentarena-upload-"))

    def add(self, board: str, folder: Path, scratch: Path) -> Job:
        """Put a submission at the end of the queue.

        Raises:
            UsageError: The queue is full.
        """
        with self._changed:
            if len(self._waiting) >= _WAITING:
                raise UsageError(f"{_WAITING} submissions are waiting already; try again when one of them is done")
            job = Job(secrets.token_urlsafe(16), board, folder, scratch=scratch)
            self._jobs[job.id] = job
            self._waiting.append(job)
            for old in [one for one in self._jobs.values() if one.over][: max(0, len(self._jobs) - _KEPT)]:
                del self._jobs[old.id]
            self._changed.notify_all()
        return job

    def get(self, name: str) -> Job | None:
        """A job by its id."""
        return self._jobs.get(name)

    def ahead(self, job: Job) -> int:
        """How many submissions are played before a waiting one."""
        with self._changed:
            place = self._waiting.index(job) if job in self._waiting else 0
            return place + (self._process is not None)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                job = self._waiting.pop(0)
                job.state = "playing"
            try:
                self._play(job)
            except OSError as error:
                job.state, job.reason = "refused", printable(str(error), 500)
            finally:
                shutil.rmtree(job.scratch, ignore_errors=True)

    def _play(self, job: Job) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentarena.leaderboard.web.player"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with self._changed:
            self._process = process
        timer = threading.Timer(self._limit_s, process.kill)
        timer.daemon = True
        timer.start()
        try:
            task = {"folder": str(job.folder), "board": job.board, "home": str(self._home), "store": self._store}
            process.stdin.write(json.dumps(task).encode())
            process.stdin.close()
            while line := process.stdout.readline(_LINE):
                _take(job, json.loads(line))
        finally:
            timer.cancel()
            process.stdout.close()
            process.wait()
            with self._changed:
                self._process = None
        if not job.over:
            job.state = "refused"
            job.reason = "the process that played it ended early; send the same files again, and it goes on from there"


def _take(job: Job, news: dict[str, Any]) -> None:
    """Note what the player says: progress, or the end."""
    if "done" in news:
        job.done, job.total = news["done"], news["total"]
        return
    job.name, job.edition = news["name"], news["edition"]
    place = str(job.folder)
    job.reason = printable(news["reason"].replace(f"{place}/", "").replace(place, "the submission"))
    job.stderr = printable_lines(news["stderr"])
    job.state = news["state"]
