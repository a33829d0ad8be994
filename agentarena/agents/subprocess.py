"""Agents in processes of their own, so that one that hangs, dies, prints or forks harms nothing but its match.

`Isolated` is an agent that lives in a `Child`:

- Questions travel as pickled views, which hold an imagined state in place of the true one, and answers come back with
  the number of their question; an answer that nobody waits for is dropped.
- The child has a session of its own and is killed with everything it started. It ends by itself when its parent does.
- What it prints goes to stderr. It has no stdin.
- An agent's memory of a match travels with each question and answer, so a child that is killed takes no other match's
  memory with it; the next question starts a new child.

This guards against accidents, not against malice: the child runs with the rights of its parent.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from agentarena.core import limits
from agentarena.core.actions import Spoken
from agentarena.core.agent import Agent, AsyncAgent, Decision, Reply, View
from agentarena.core.display import class_name, is_a, shown
from agentarena.core.errors import AgentDied, AgentFault, AgentNonsense, AgentRaised, AgentTimeout, RunEnds, UsageError
from agentarena.core.faults import FAULTS, error_message, kind_of
from agentarena.core.game import Game
from agentarena.core.registry import AGENTS, entry_point_names
from agentarena.core.reply import limited_reply, usage_of

from .boundary import Answer, Threaded, decide, failure, may_end_run, raised
from .child import Child
from .specs import agent as build
from .spelling import public
from .suitability import check_suitable
from .wire import loads

__all__ = ["Isolated"]

_LARGEST = limits.MEMORY + 40_000_000
"""Largest answer with its notebook, in bytes as it is sent."""


def serve(connection: Connection, payload: bytes) -> None:
    """Build the agent that the payload describes, say hello, and answer questions for ever."""
    try:
        spec_or_agent, game = pickle.loads(payload)
        agent = build(spec_or_agent)
        check_suitable((agent,), game)
    except Exception as error:
        connection.send(_portable(error))
        return
    later = agent if isinstance(agent, AsyncAgent) else Threaded(agent, int(agent.asynchronous)) if agent.asynchronous else None
    connection.send((agent.name, agent.version, later is not None))
    outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_post, args=(connection, outbox), daemon=True).start()
    games: dict[Any, Any] = {}
    while True:
        questions: list[tuple[int, bytes]] = connection.recv()
        views = [_opened(data, games) for _, data in questions]
        if later is not None:
            answer = _answering(outbox, questions, views)
            try:
                later.submit(views, answer)
            except BaseException as error:
                for index in range(len(views)):
                    answer(index, failure(agent, error))
            continue
        for index, decision in decide(agent, views):
            outbox.put((questions[index][0], decision, views[index].memory))


def _answering(outbox: queue.SimpleQueue[Any], questions: Sequence[tuple[int, bytes]], views: Sequence[View]) -> Answer:
    return lambda index, decision: outbox.put((questions[index][0], decision, views[index].memory))


def _opened(data: bytes, games: dict[Any, Any]) -> View:
    view: View = pickle.loads(data)
    view.game = games.setdefault(view.game, view.game)  # one object a game, so that its caches last
    return view


def _post(connection: Connection, outbox: queue.SimpleQueue[Any]) -> None:
    while True:
        number, decision, memory = outbox.get()
        try:
            data = pickle.dumps((number, _portable(decision), memory))
            if len(data) > limits.MEMORY:
                _check_size(data, memory)
        except BaseException as error:
            data = pickle.dumps((number, error if type(error) is AgentNonsense else AgentRaised(error_message(error)), {}))
        connection.send_bytes(data)


def _check_size(data: bytes, memory: Any) -> None:
    """Raise `AgentNonsense` for a notebook or an answer that the parent does not take."""
    size = len(pickle.dumps(memory))
    if size > limits.MEMORY:
        raise AgentNonsense(f"its memory takes {size} bytes, at most {limits.MEMORY} allowed")
    if len(data) > _LARGEST:
        raise AgentNonsense(f"its answer takes {len(data)} bytes, at most {_LARGEST} allowed")


def _portable(decision: Any) -> Any:
    """The decision in types that the parent has: it may not be able to import the agent's module."""
    if is_a(decision, Reply):
        try:
            return limited_reply(decision, limits.REPLIES)[0]
        except ValueError as error:
            return AgentNonsense(str(error))
    if not is_a(decision, Exception):
        return _plain_types(decision)
    if is_a(decision, AgentFault) and not type(decision).__module__.startswith("agentarena."):
        fault = FAULTS[kind_of(decision)](error_message(decision))
        fault.usage = usage_of(decision.usage) or {}
        return fault
    if not is_a(decision, RunEnds) and type(decision).__module__.partition(".")[0] not in ("agentarena", "builtins"):
        return raised(decision)
    try:
        pickle.loads(pickle.dumps(decision))
    except BaseException:
        return raised(decision)
    return decision


def _plain_types(action: Any) -> Any:
    """An action whose numbers and words are of no class of the agent's own, such as an `IntEnum`."""
    if isinstance(action, bool | np.generic | Spoken):
        return action
    if isinstance(action, int):
        return int.__pos__(action)
    if isinstance(action, str):
        return str.__str__(action)
    if type(action) is dict:
        return {_plain_types(name): _plain_types(part) for name, part in action.items()}
    return type(action)(map(_plain_types, action)) if type(action) in (list, tuple) else action


# --- the parent's side ------------------------------------------------------------------------------------------------


class _Question:
    __slots__ = ("answer", "data", "deadline", "index", "memory")

    def __init__(self, data: bytes, index: int, memory: dict[str, Any], answer: Answer) -> None:
        self.data, self.index, self.memory, self.answer = data, index, memory, answer
        self.deadline = 0.0


class Isolated(Agent):
    """An agent that lives in a child process.

    Without a deadline it is handed all its questions at once. With one it is asked one question at a time, and must
    answer each in time, so that a slow answer is nobody else's; an agent that is asynchronous is handed all questions
    at once all the same. An agent that misses a deadline is killed and started afresh; the time to start does not
    count.

    Args:
        agent: A spec string, or an agent that can be pickled (also one whose class is defined in `__main__`).
        deadline_s: Seconds for each decision; `None` waits for ever.
        start_s: Seconds to start in.
        game: What it is to play; an agent that cannot is refused.

    Raises:
        UnknownName, BadOption, NotSupported, ...: What building the agent raised, or asking whether it can play the game.
        AgentDied, AgentTimeout: The process ended, or said nothing, before that.
    """

    keeps_deadline = True

    def __init__(self, agent: str | Agent, *, deadline_s: float | None = None, start_s: float = 300, game: Game[Any] | None = None) -> None:
        if deadline_s is not None and not deadline_s > 0:
            raise UsageError(f"deadline_s must be greater than 0 seconds, got {deadline_s!r}")
        self._label = public(agent) if isinstance(agent, str) else agent.name or type(agent).__name__
        self._payload = _pickled(agent, game, self._label)
        self._deadline_s, self._start_s = deadline_s, start_s
        self._inbox: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._waiting: deque[_Question] = deque()
        self._sent: dict[int, _Question] = {}
        self._number = 0
        self._careful = 0
        self._thread: threading.Thread | None = None
        self._child: Child | None = None
        self._starting: Child | None = None
        # the parent decides, from what it was given: the child would say anything
        self._may_end_run = may_end_run(agent) if isinstance(agent, Agent) else _is_registered(agent)
        self._start()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_write.setblocking(False)

    def act(self, views: Sequence[View]) -> Sequence[Decision]:
        """Ask and wait; the first fault is raised once all have answered."""
        answers: queue.SimpleQueue[tuple[int, Decision | Exception]] = queue.SimpleQueue()
        self.submit(views, lambda index, decision: answers.put((index, decision)))
        decisions = dict(answers.get() for _ in views)
        for _, decision in sorted(decisions.items(), key=lambda item: item[0]):
            if isinstance(decision, Exception):
                raise decision
        return [decisions[index] for index in range(len(views))]

    def submit(self, views: Sequence[View], answer: Callable[[int, Decision | Exception], None]) -> None:
        """Send the questions to the process; `answer` is called from a thread of this object."""
        for index, view in enumerate(views):
            try:
                data = pickle.dumps(view, pickle.HIGHEST_PROTOCOL)
            except Exception as error:
                answer(index, raised(error))
                continue
            self._inbox.put(_Question(data, index, view.memory, answer))
        self._begin()

    def close(self) -> None:
        """Kill the process and what it started."""
        if self._thread is not None and self._thread.is_alive():
            self._inbox.put(None)
            self._wake()
            if self._starting is not None:
                self._starting.kill()
            self._thread.join()
        if self._child is not None:
            self._child.kill()
            self._child = None
        self._wake_read.close()
        self._wake_write.close()

    # everything below but `_begin` and `_wake` runs in the thread, or before it exists

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=f"isolated-{self._label}", daemon=True)
            self._thread.start()
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes it just as well
            self._wake_write.send(b"x")

    def _start(self) -> None:
        child = self._starting = Child("agentarena.agents.subprocess:serve", self._payload)
        try:
            if not child.connection.poll(self._start_s):
                raise AgentTimeout(f"agent {self._label!r} was not ready within {self._start_s:g} s")
            hello = loads(child.connection.recv_bytes(_LARGEST))
        except pickle.UnpicklingError as error:
            child.kill()
            raise AgentDied(f"agent {self._label!r}: its process sent what no agent does: {error}") from None
        except (EOFError, OSError):
            raise AgentDied(f"agent {self._label!r}: its process ended before it was ready (exit code {child.kill()})") from None
        except BaseException:
            child.kill()
            raise
        finally:
            self._starting = None
        if isinstance(hello, Exception):
            child.kill()
            raise hello
        self.name, self.version, self._overlaps = hello
        self._child = child

    def _serve(self) -> None:
        while True:
            while not self._inbox.empty():
                question = self._inbox.get()
                if question is None:
                    return
                self._waiting.append(question)
            self._send()
            self._receive()

    def _window(self) -> int:
        """How many questions may be out."""
        if self._careful or (self._deadline_s is not None and not self._overlaps):
            return 1
        return len(self._waiting) + len(self._sent) if self._overlaps or not self._sent else len(self._sent)

    def _send(self) -> None:
        room = self._window() - len(self._sent)
        batch = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        if not batch:
            return
        try:
            if self._child is None:
                self._start()
            assert self._child is not None
            numbered = []
            for question in batch:
                self._number += 1
                self._sent[self._number] = question
                question.deadline = time.monotonic() + self._deadline_s if self._deadline_s is not None else float("inf")
                numbered.append((self._number, question.data))
            self._child.connection.send(numbered)
        except OSError:
            self._lost()
        except Exception as error:  # it was fine once, and cannot be started again
            for question in batch:
                self._reply(question, error if isinstance(error, AgentFault) else AgentDied(f"could not be started again: {error}"))

    def _receive(self) -> None:
        """Wait for the next answer, question or deadline, and deal with it."""
        connection = self._child.connection if self._child is not None else None
        nearest = min((question.deadline for question in self._sent.values()), default=float("inf"))
        timeout = min(max(0.0, nearest - time.monotonic()), 1.0) if self._sent else None
        sources: list[Any] = [self._wake_read] if connection is None else [self._wake_read, connection]
        ready = wait(sources, timeout)
        if self._wake_read in ready:
            self._wake_read.recv(4096)
        if connection is None:
            return
        if connection in ready:
            try:
                self._answered(*loads(connection.recv_bytes(_LARGEST)))
            except (EOFError, OSError):
                self._lost()
            except BaseException as error:  # what came is no answer of ours: someone else wrote to the connection
                hint = "; view.memory may hold no class of the agent's own file" if isinstance(error, pickle.UnpicklingError) else ""
                self._lost(f"its answer could not be read ({class_name(type(error))}){hint}")
        elif not ready and self._sent:
            assert self._child is not None
            if self._child.ended():
                self._lost()
            elif nearest <= time.monotonic():
                self._expired()

    def _answered(self, number: int, decision: Decision | Exception, memory: dict[str, Any]) -> None:
        question = self._sent.pop(number, None)
        if question is None:
            return
        self._careful = max(0, self._careful - 1)
        if type(memory) is dict:
            question.memory.clear()
            question.memory.update(memory)
        else:
            decision = AgentNonsense(f"its memory is {shown(memory)}, expected the dict that it was given")
        self._reply(question, raised(decision) if is_a(decision, RunEnds) and not self._may_end_run else decision)

    def _reply(self, question: _Question, decision: Decision | Exception) -> None:
        question.answer(question.index, decision)

    def _lost(self, why: str = "") -> None:
        """The process is gone. One open question: it is to blame. Several: each is asked again by itself."""
        assert self._child is not None
        code = self._child.kill()
        self._child = None
        lost = list(self._sent.values())
        self._sent.clear()
        if len(lost) == 1:
            self._careful = max(0, self._careful - 1)
            self._reply(lost[0], AgentDied(why or f"its process ended ({_exit(code)})"))
        else:
            self._waiting.extendleft(reversed(lost))
            self._careful = len(lost)

    def _expired(self) -> None:
        """A deadline has passed. An agent that overlaps its answers goes on; any other is killed."""
        now = time.monotonic()
        late = [number for number, question in self._sent.items() if question.deadline <= now]
        for number in late:
            self._careful = max(0, self._careful - 1)
            self._reply(self._sent.pop(number), AgentTimeout(f"no answer within {self._deadline_s:g} s"))
        if not self._overlaps:
            assert self._child is not None
            self._child.kill()
            self._child = None


def _pickled(agent: str | Agent, game: Game[Any] | None, label: str) -> bytes:
    import cloudpickle  # takes classes of __main__ and notebooks along; comes with gymnasium

    try:
        return bytes(cloudpickle.dumps((agent, game)))
    except Exception as error:
        raise UsageError(f"agent {label!r} cannot be sent to another process ({error!r}); give a spec string: 'mine.py:Class'") from error


def _is_registered(spec: str) -> bool:
    """Whether a spec string names an agent of this package's table or of an installed package, not a file or a module."""
    name = spec.partition("?")[0]
    table = {**entry_point_names("agentarena.agents"), **AGENTS}
    return name in table or f"{name.partition(':')[0]}:" in table


def _exit(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
