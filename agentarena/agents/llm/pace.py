"""How fast requests go out to a server, and how well it answers them. Used in one event loop."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

__all__ = ["Health", "Mark", "Pace"]


class Pace:
    """Limits of requests and tokens a minute: two buckets that fill steadily and hold one second's worth, or one request's."""

    def __init__(self, rpm: float | None, tpm: float | None) -> None:
        self._rpm, self._tpm = rpm, tpm
        self._next_request = self._next_token = 0.0

    async def turn(self, weight: int) -> None:
        """Wait until a request of so many tokens may go out."""
        now = time.monotonic()
        at = max(now, self._next_request, self._next_token)
        if self._rpm is not None:
            self._next_request = max(now, self._next_request) + 60.0 / self._rpm
        if self._tpm is not None:
            self._next_token = max(now, self._next_token) + 60.0 * weight / self._tpm
        if at > now:
            await asyncio.sleep(at - now)

    def settle(self, weight: int, used: int) -> None:
        """The request used another number of tokens than was thought."""
        if self._tpm is not None and used:
            self._next_token += 60.0 * (used - weight) / self._tpm


class Mark(NamedTuple):
    """A moment in the life of a service.

    Attributes:
        answers: Requests that it had answered.
        failures: Attempts that had failed.
        at: When, by `time.monotonic`.
    """

    answers: int
    failures: int
    at: float


class Health:
    """What a service has answered and what not: the evidence of whose fault a failure is.

    Attributes:
        answers: Requests answered.
        failures: Attempts that failed.
        refused: Requests in a row that were refused as they are, since the last answer.
    """

    def __init__(self) -> None:
        self.answers = self.failures = self.refused = 0

    def answered(self) -> None:
        """Count an answer."""
        self.answers += 1
        self.refused = 0

    def mark(self) -> Mark:
        """This moment."""
        return Mark(self.answers, self.failures, time.monotonic())

    def well_since(self, mark: Mark) -> bool:
        """Whether it answered more of the other requests than it failed, after an attempt that began then and failed."""
        return self.answers - mark.answers > self.failures - mark.failures - 1
