"""How fast requests go out to a server. Used in one event loop."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Pace"]


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
