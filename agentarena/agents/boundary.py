"""The one boundary between the package and an agent's code: whatever an agent does comes out as decisions or faults."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.errors import AgentFault, AgentNonsense, AgentRaised, RunEnds

__all__ = ["ForkedCopy", "Threaded", "decide", "decide_one", "raised"]

_log = logging.getLogger(__name__)
_logged: set[tuple[str, type]] = set()


_forks = 0
"""How often this process has been forked off another: it changes when code that this process ran comes back in a copy of it."""


def _count_fork() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class ForkedCopy(SystemExit):
    """The agent forked, and this process is the copy: it must neither play on nor write, so it ends."""


def decide(agent: Agent, views: Sequence[View]) -> Iterator[tuple[int, Decision | AgentFault | RunEnds]]:
    """Decisions of an agent for each view, as `(index, decision or fault)`; never raises an `Exception` of the agent's.

    An agent that defines `choose` alone is asked view by view. One that defines `act` gets all views at once; when it
    raises, or gives back anything but one decision a view, it is asked again view by view, so that the view it stumbled
    over pays and the others do not. Such an agent should change `view.memory` only once it has its answers.
    """
    if len(views) > 1 and type(agent).act is not Agent.act:
        here = _forks
        try:
            decisions = _listed(agent.act(views), len(views))
        except RunEnds as end:
            yield from ((index, end) for index in range(len(views)))
            return
        except (Exception, SystemExit):
            for view in views:
                _rewind(view)
        else:
            if _forks != here:
                raise ForkedCopy
            yield from enumerate(decisions)
            return
    for index, view in enumerate(views):
        yield index, decide_one(agent, view)


def decide_one(agent: Agent, view: View) -> Decision | AgentFault | RunEnds:
    """One decision, or the fault that came in its place, or what ends the run."""
    here = _forks
    try:
        if type(agent).act is Agent.act:
            return agent.choose(view)
        return _listed(agent.act((view,)), 1)[0]
    except (AgentFault, RunEnds) as fault:
        return fault
    except (Exception, SystemExit) as error:  # sys.exit() in an agent is the agent's failure too
        _log_once(agent, view, error)
        return raised(error)
    finally:
        if _forks != here:
            raise ForkedCopy


def raised(error: BaseException) -> AgentRaised:
    """An exception of an agent's code as a fault."""
    fault = AgentRaised(f"{type(error).__name__}: {error}")
    fault.__cause__ = error
    return fault


def _log_once(agent: Agent, view: View, error: BaseException) -> None:
    """Log the first error of each kind of each agent with its traceback: records keep the message alone."""
    name = agent.name or type(agent).__qualname__
    if (name, type(error)) not in _logged:
        _logged.add((name, type(error)))
        _log.warning("agent %s failed in match %d, seat %d, and forfeits (logged once)", name, view.match, view.seat, exc_info=error)


def _listed(decisions: Any, count: int) -> Sequence[Decision]:
    if isinstance(decisions, str | bytes | Mapping) or not isinstance(decisions, Sequence | np.ndarray):
        raise AgentNonsense(f"act() must return a sequence of {count} decisions, got {type(decisions).__name__}")
    if len(decisions) != count:
        raise AgentNonsense(f"act() was shown {count} views and returned {len(decisions)} decisions")
    return decisions  # type: ignore[return-value]  # an array of numbers is a sequence of decisions


def _rewind(view: View) -> None:
    """Forget what a first look at a view may have used up or changed."""
    for name in ("rng", "observation", "mask"):
        view.__dict__.pop(name, None)


Answer = Callable[[int, Decision | Exception], None]


class Threaded:
    """An agent that acts in threads of its own (`Agent.asynchronous`), in the form of `AsyncAgent`.

    Each thread takes all questions that are waiting as one batch, so batches grow while the agent is busy and no
    question waits for a batch to fill.
    """

    def __init__(self, agent: Agent, threads: int) -> None:
        self._agent = agent
        self._waiting: deque[tuple[View, int, Answer]] = deque()
        self._condition = threading.Condition()
        self._closed = False
        for number in range(threads):
            threading.Thread(target=self._work, name=f"agent-{agent.name}-{number}", daemon=True).start()

    def submit(self, views: Sequence[View], answer: Answer) -> None:
        """Queue the views; `answer` is called from one of the threads."""
        with self._condition:
            self._waiting.extend((view, index, answer) for index, view in enumerate(views))
            self._condition.notify()

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._waiting:
                    if self._closed:
                        return
                    self._condition.wait()
                batch = list(self._waiting)
                self._waiting.clear()
            for position, decision in decide(self._agent, [view for view, _, _ in batch]):
                _, index, answer = batch[position]
                answer(index, decision)
