"""The one boundary between the package and an agent's code: whatever an agent does comes out as decisions or faults."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.display import class_name, is_a, is_interrupt, printable
from agentarena.core.errors import AgentFault, AgentNonsense, AgentRaised, RunEnds
from agentarena.core.faults import error_message, log_once
from agentarena.core.registry import entry_point_names

__all__ = ["ForkedCopy", "Threaded", "decide", "decide_one", "failure", "may_end_run", "raised"]

_log = logging.getLogger(__name__)
_TRUSTED = (
    "agentarena.agents.llm.",
    "agentarena.agents.subprocess",
    "agentarena.agents.sandbox.",
    "agentarena.agents.boundary",
    "agentarena.train.engines",
)
"""Modules of back-ends, and of classes that pass on what was judged before."""

_forks = 0
"""How often this process has been forked off another: it changes when code that this process ran comes back in a copy of it."""


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):  # where it is missing, nothing can fork
    os.register_at_fork(after_in_child=_count_fork)


class ForkedCopy(SystemExit):
    """The agent forked, and this process is the copy: it must neither play on nor write, so it ends."""


def may_end_run(agent: Any) -> bool:
    """Whether `RunEnds` that comes out of an agent ends the run.

    It does where it comes from a language model of this package, which speaks for a back-end that the user chose and pays for, or
    from a package that the user has installed as one of agents (entry points). Any other agent could stop the matches of all.
    """
    packages = {target.partition(":")[0].partition(".")[0] for target in entry_point_names("agentarena.agents").values()} - {"agentarena"}
    return any(
        _defined(cls) and (cls.__module__.startswith(_TRUSTED) or cls.__module__.partition(".")[0] in packages)
        for cls in type(agent).__mro__
    )


def _defined(cls: type) -> bool:
    """Whether a class is the one of its name in its module, not one that calls itself so."""
    return getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls


def failure(agent: Any, error: BaseException) -> AgentFault | RunEnds:
    """What an exception of an agent's code amounts to: its own fault, the end of the run where it may end it, or that it raised."""
    if is_a(error, AgentFault) or (is_a(error, RunEnds) and may_end_run(agent)):
        return error
    return raised(error)


def decide(agent: Agent, views: Sequence[View]) -> Iterator[tuple[int, Decision | AgentFault | RunEnds]]:
    """Decisions of an agent for each view, as `(index, decision or fault)`; never raises an exception of the agent's.

    An agent that defines `choose` alone is asked view by view. One that defines `act` gets all views at once; when it
    raises, or gives back anything but one decision a view, it is asked again view by view, so that the view it stumbled
    over pays and the others do not. Such an agent should change `view.memory` only once it has its answers.
    """
    if len(views) > 1 and type(agent).act is not Agent.act:
        here = _forks
        decisions: Sequence[Any] | None = None
        try:
            decisions = _listed(agent.act(views), len(views))
        except BaseException as error:
            if is_interrupt(error):
                raise
            if is_a(error, RunEnds) and may_end_run(agent):
                decisions = [error] * len(views)
        if _forks != here:
            raise ForkedCopy
        if decisions is not None:
            yield from ((index, _passed(agent, decision)) for index, decision in enumerate(decisions))
            return
        for view in views:
            _rewind(view)
    for index, view in enumerate(views):
        yield index, decide_one(agent, view)


def decide_one(agent: Agent, view: View) -> Decision | AgentFault | RunEnds:
    """One decision, or the fault that came in its place, or what ends the run."""
    here = _forks
    try:
        if type(agent).act is Agent.act:
            return _passed(agent, agent.choose(view))
        return _passed(agent, _listed(agent.act((view,)), 1)[0])
    except BaseException as error:  # sys.exit() in an agent is the agent's failure too
        if is_interrupt(error):
            raise
        outcome = failure(agent, error)
        if outcome is not error:
            name = _name_of(agent)
            log_once(
                _log, (name, class_name(type(error))), f"agent {name} failed in match {view.match}, seat {view.seat}, and forfeits", error
            )
        return outcome
    finally:
        if _forks != here:
            raise ForkedCopy


def _passed(agent: Agent, decision: Any) -> Any:
    """A decision as it was given; one that is an exception for what it amounts to."""
    return failure(agent, decision) if is_a(decision, RunEnds) else decision


def raised(error: BaseException) -> AgentRaised:
    """An exception of an agent's code as a fault."""
    fault = AgentRaised(error_message(error))
    fault.__cause__ = error
    return fault


def _name_of(agent: Agent) -> str:
    try:
        name = str.__str__(agent.name)
    except Exception:
        name = ""
    return printable(name or class_name(type(agent)), 200)


def _listed(decisions: Any, count: int) -> Sequence[Decision]:
    if isinstance(decisions, str | bytes | Mapping) or not isinstance(decisions, Sequence | np.ndarray):
        raise AgentNonsense(f"act() must return a sequence of {count} decisions, got {type(decisions).__name__}")
    if len(decisions) != count:
        raise AgentNonsense(f"act() was shown {count} views and returned {len(decisions)} decisions")
    return [decisions[index] for index in range(count)]


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
