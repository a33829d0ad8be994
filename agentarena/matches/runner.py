"""Many matches at once in one process: every agent is handed all its pending questions together; no match waits for another."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from agentarena.agents.boundary import decide_one
from agentarena.core.agent import Agent, AsyncAgent, Decision
from agentarena.core.display import is_a
from agentarena.core.errors import RunEnds
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Finished
from agentarena.core.trajectory import Trajectory

from .channels import Channel, Inline, Mailbox, Question, channel
from .seating import Fixture

__all__ = ["Runner", "Source", "default_concurrency"]

Source = Callable[[bool], Iterable[Fixture] | None]
"""Gives more fixtures: `source(wait)` returns some, none for now (only when not told to wait), or `None` for never again."""

_BATCH = 256


def default_concurrency(agents: Sequence[Agent]) -> int:
    """How many matches to keep open: many where an agent gains from batches or overlap, else one.

    The records do not depend on it.
    """
    gains = any(agent.asynchronous or isinstance(agent, AsyncAgent) or type(agent).act is not Agent.act for agent in agents)
    return _BATCH if gains else 1


def listed(fixtures: Iterable[Fixture]) -> Source:
    """A source that gives the fixtures one by one."""
    left = iter(fixtures)

    def source(wait: bool) -> Iterable[Fixture] | None:
        fixture = next(left, None)
        return None if fixture is None else (fixture,)

    return source


class Runner:
    """Plays matches between agents that live in this process or are reached from it.

    Args:
        config: What the matches share.
        agents: The agents, in the order that fixtures refer to. The same object may stand in several places.
        concurrency: How many matches to keep open; see `default_concurrency`.
        deadline_s: Seconds per decision, for agents that answer in their own time.
        traced: Called with the turns of every match as it ends, before `finished` is; matches keep none by default.
    """

    def __init__(
        self,
        config: RunConfig,
        agents: Sequence[Agent],
        *,
        concurrency: int | None = None,
        deadline_s: float | None = None,
        traced: Callable[[Trajectory], None] | None = None,
    ) -> None:
        self._config, self._traced = config, traced
        self._concurrency = concurrency or default_concurrency(agents)
        self._mailbox: Mailbox = SimpleQueue()
        distinct: dict[int, Channel] = {}
        for agent in agents:
            if id(agent) not in distinct:
                distinct[id(agent)] = channel(agent, self._mailbox, deadline_s)
        self._channel_of = [distinct[id(agent)] for agent in agents]
        self._channels = list(distinct.values())
        self._agents = agents
        # one match at a time between agents that choose one by one: nothing to batch and nobody to wait for
        self._alone = self._concurrency == 1 and all(_chooses(one, agent) for one, agent in zip(self._channel_of, agents, strict=True))
        self._open: set[Match] = set()

    def play(self, source: Source, finished: Callable[[Finished], None]) -> None:
        """Play all fixtures of `source`; `finished` is called with each match as it ends, in no particular order.

        Raises:
            RunEnds: An agent cannot go on. Matches that had ended were delivered; those under way are lost.
        """
        try:
            self._loop(source, finished)
        finally:
            for one in self._channels:
                one.close()
            while self._open:
                self._open.pop().close()

    def _loop(self, source: Source, deliver: Callable[[Finished], None]) -> None:
        fixtures: Iterator[Fixture] = iter(())
        more = True
        while True:
            while more and len(self._open) < self._concurrency:
                fixture = next(fixtures, None)
                if fixture is None:
                    batch = source(not self._open)
                    more = batch is not None
                    fixtures = iter(batch or ())
                    if batch is not None and self._open and not batch:
                        break
                    continue
                self._start(fixture, deliver)
            if not self._open:
                if more:
                    continue
                return
            if not self._round(deliver):
                self._sleep(deliver)

    def _start(self, fixture: Fixture, deliver: Callable[[Finished], None]) -> None:
        match = Match(self._config, fixture, trace=self._traced is not None)
        self._open.add(match)
        if self._alone:
            self._play_alone(match, deliver)
        else:
            self._ask(match, match.pending(), deliver)

    def _play_alone(self, match: Match, deliver: Callable[[Finished], None]) -> None:
        agents = [self._agents[index] for index in match.fixture.seats]
        clock = time.perf_counter
        while seats := match.pending():
            for seat in seats:
                before = clock()
                decision = decide_one(agents[seat], match.view(seat))
                if is_a(decision, RunEnds):
                    raise decision
                match.accounts.add_time(seat, clock() - before)
                match.answer(seat, decision)
        self._end(match, deliver)

    def _end(self, match: Match, deliver: Callable[[Finished], None]) -> None:
        self._open.discard(match)
        try:
            finished = match.finished()
            if self._traced is not None:
                self._traced(match.trajectory())
        finally:
            match.close()
        deliver(finished)

    def _ask(self, match: Match, seats: tuple[int, ...], deliver: Callable[[Finished], None]) -> None:
        if seats:
            holders = match.fixture.seats
            for seat in seats:
                self._channel_of[holders[seat]].ask(match, seat)
        elif match.over:
            self._end(match, deliver)

    def _round(self, deliver: Callable[[Finished], None]) -> bool:
        """Give out and collect once from everyone; whether anything came back."""
        progressed = False
        for one in self._channels:
            for match, seat, decision, seconds in one.answers():
                progressed = True
                self._take(match, seat, decision, seconds, deliver)
        while not self._mailbox.empty():
            progressed = True
            self._receive(*self._mailbox.get_nowait(), deliver)
        return progressed

    def _sleep(self, deliver: Callable[[Finished], None]) -> None:
        """Wait for the next answer, or for the next deadline."""
        deadlines = [at for one in self._channels if (at := one.next_deadline()) is not None]
        timeout = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        with contextlib.suppress(Empty):
            self._receive(*self._mailbox.get(timeout=timeout), deliver)

    def _receive(self, question: Question, decision: Decision | Exception, at: float, deliver: Callable[[Finished], Any]) -> None:
        if not question.open:  # a second answer, or one that came after its deadline
            return
        question.open = False
        self._take(question.match, question.seat, decision, at - question.asked_at, deliver)

    def _take(self, match: Match, seat: int, decision: Decision | Exception, seconds: float, deliver: Callable[[Finished], Any]) -> None:
        if is_a(decision, RunEnds):
            raise decision
        match.accounts.add_time(seat, seconds)
        self._ask(match, match.answer(seat, decision), deliver)


def _chooses(one: Channel, agent: Agent) -> bool:
    """Whether the agent acts in this thread, one decision at a time."""
    return isinstance(one, Inline) and type(agent).act is Agent.act
