"""How the runner reaches an agent: questions go in, answers come out, and no agent holds up another.

An `Inline` agent acts when the runner calls it. A `AsyncChannel` agent takes questions and answers in its own time (`AsyncAgent`:
threads, child processes, remote models).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Protocol

from agentarena.agents.boundary import Threaded, decide, decide_one, failure
from agentarena.core.agent import Agent, AsyncAgent, Decision
from agentarena.core.display import is_a, is_interrupt
from agentarena.core.errors import AgentTimeout, RunEnds
from agentarena.core.match import Match

__all__ = ["AsyncChannel", "Channel", "Inline", "Question", "channel"]


class Question:
    """A seat of a match that waits for an answer."""

    __slots__ = ("asked_at", "match", "open", "seat")

    def __init__(self, match: Match, seat: int) -> None:
        self.match, self.seat = match, seat
        self.open = True
        self.asked_at = time.monotonic()


Answered = tuple[Match, int, Decision | Exception, float]
"""Match, seat, decision (or the exception in its place), seconds it took."""

Mailbox = SimpleQueue[tuple[Question, Decision | Exception, float]]


class Channel(Protocol):
    """A way to one agent."""

    def ask(self, match: Match, seat: int) -> None:
        """Note a question; it goes out with the next `answers`."""

    def answers(self) -> Iterator[Answered]:
        """Send the noted questions and give out what is answered by now, without waiting."""

    def next_deadline(self) -> float | None:
        """When to look again at the latest, on the monotonic clock."""

    def close(self) -> None:
        """Forget open questions."""


class Inline:
    """An agent that acts in the runner's own thread, on all waiting questions at once."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._waiting: list[tuple[Match, int]] = []

    def ask(self, match: Match, seat: int) -> None:
        self._waiting.append((match, seat))

    def answers(self) -> Iterator[Answered]:
        batch = self._waiting
        if not batch:
            return
        self._waiting = []
        clock = time.perf_counter
        if type(self._agent).act is Agent.act:
            for match, seat in batch:
                before = clock()
                yield match, seat, decide_one(self._agent, match.view(seat)), clock() - before
            return
        before = clock()
        decided = list(decide(self._agent, [match.view(seat) for match, seat in batch]))
        each = (clock() - before) / len(batch)
        for index, decision in decided:
            yield *batch[index], decision, each

    def next_deadline(self) -> float | None:
        return None

    def close(self) -> None:
        self._waiting.clear()


class AsyncChannel:
    """An agent that answers in its own time.

    Args:
        agent: Where questions go.
        mailbox: Where all such channels of a runner put what comes back; the runner sleeps on it.
        deadline_s: Seconds from asking until a question is answered by a time-out; later answers are ignored.
    """

    def __init__(self, agent: AsyncAgent, mailbox: Mailbox, deadline_s: float | None = None) -> None:
        self._agent, self._mailbox, self._deadline_s = agent, mailbox, deadline_s
        self._waiting: list[tuple[Match, int]] = []
        self._sent: deque[Question] = deque()

    def ask(self, match: Match, seat: int) -> None:
        self._waiting.append((match, seat))

    def answers(self) -> Iterator[Answered]:
        if self._waiting:
            self._submit()
        if self._deadline_s is None:
            return
        now = time.monotonic()
        while self._sent and (not self._sent[0].open or self._sent[0].asked_at + self._deadline_s <= now):
            question = self._sent.popleft()
            if question.open:
                question.open = False
                fault = AgentTimeout(f"no answer within {self._deadline_s:g} s")
                yield question.match, question.seat, fault, now - question.asked_at

    def _submit(self) -> None:
        questions = [Question(match, seat) for match, seat in self._waiting]
        self._waiting = []
        if self._deadline_s is not None:
            self._sent.extend(questions)
        put, agent = self._mailbox.put, self._agent
        by_index = dict(enumerate(questions))

        def answer(index: int, decision: Decision | Exception) -> None:
            put((by_index[index], failure(agent, decision) if is_a(decision, RunEnds) else decision, time.monotonic()))

        try:
            agent.submit([question.match.view(question.seat) for question in questions], answer)
        except BaseException as error:
            if is_interrupt(error):
                raise
            for question in questions:
                put((question, failure(agent, error), time.monotonic()))

    def next_deadline(self) -> float | None:
        while self._sent and not self._sent[0].open:
            self._sent.popleft()
        return self._sent[0].asked_at + self._deadline_s if self._sent and self._deadline_s is not None else None

    def close(self) -> None:
        self._waiting.clear()
        for question in self._sent:
            question.open = False
        self._sent.clear()
        if isinstance(self._agent, Threaded):
            self._agent.close()


def channel(agent: Agent, mailbox: Mailbox, deadline_s: float | None) -> Channel:
    """The way to `agent`. An agent that keeps deadlines itself (`keeps_deadline`) is not watched a second time."""
    watched = None if getattr(agent, "keeps_deadline", False) else deadline_s
    if isinstance(agent, AsyncAgent):
        return AsyncChannel(agent, mailbox, watched)
    if agent.asynchronous:
        return AsyncChannel(Threaded(agent, int(agent.asynchronous)), mailbox, watched)
    return Inline(agent)
