"""What the thread of a model works on: a request under way, and work that is done between requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from .constraint import Constraint
from .engine import Completion, Done, Request
from .template import Template

if TYPE_CHECKING:
    from .sampling import Draw

__all__ = ["Call", "Row"]


class Row:
    """A request under way: one row of the batch.

    Attributes:
        ids: Tokens of its prompt.
        prefix: The first of them, which other requests share.
        constraint: The legal replies that it is decoded under.
        rng: Its own random stream.
        out: Tokens sampled so far.
        draws: The same with their distributions.
    """

    def __init__(self, request: Request, done: Done) -> None:
        self.request, self.done = request, done
        self.began = time.monotonic()
        self.ids: tuple[int, ...] = ()
        self.prefix: tuple[int, ...] = ()
        self.constraint: Constraint | None = None
        self.restart()

    def restart(self) -> None:
        """As before the first token."""
        self.rng = np.random.Generator(np.random.PCG64(self.request.seed))
        self.out: list[int] = []
        self.draws: list[Draw] = []

    def finish(self, template: Template, ends: frozenset[int], context: int) -> str | None:
        """How it ends after its last token; `None` where it goes on."""
        request = self.request
        if self.out[-1] in ends:
            return "stop"
        if request.stop and any(stop in template.text(self.out) for stop in request.stop):
            return "stop"
        if len(self.out) >= request.max_tokens or (context and len(self.ids) + len(self.out) >= context):
            return "length"
        return None

    def completion(self, template: Template, ends: frozenset[int], finish: str, version: str) -> Completion:
        """The reply, when it has ended."""
        ended = self.out[-1] in ends
        written = template.text(self.out[:-1] if ended else self.out)
        for stop in self.request.stop:
            written = written.partition(stop)[0]
        text, thinking = template.reply(self.ids, written)
        return Completion(
            text,
            thinking,
            finish,
            prompt_tokens=len(self.ids),
            completion_tokens=len(self.out),
            seconds=time.monotonic() - self.began,
            prompt_ids=self.ids,
            token_ids=tuple(self.out),
            logprobs=tuple(draw.logprob for draw in self.draws),
            log_normalizers=tuple(draw.log_normalizer for draw in self.draws),
            allowed_ids=tuple(draw.allowed_ids for draw in self.draws),
            version=version,
        )


class Call:
    """Work on the model that waits until no request is under way."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._outcome: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def run(self) -> None:
        """Do it; what it raises belongs to the caller."""
        try:
            self._outcome.put((True, self._work()))
        except Exception as error:
            self._outcome.put((False, error))

    def refuse(self, error: Exception) -> None:
        """It will not be done."""
        self._outcome.put((False, error))

    def wait(self) -> Any:
        """What it gives, or raises."""
        well, value = self._outcome.get()
        if not well:
            raise value
        return value
