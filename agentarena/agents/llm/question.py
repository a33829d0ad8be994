"""One decision of a language agent under way: drives its strategy from completion to completion, and answers exactly once."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from agentarena.agents.boundary import raised
from agentarena.core.agent import Decision, Reply, TokenSample, View
from agentarena.core.display import shown
from agentarena.core.errors import AgentFault, AgentNonsense, MissingExtra, RunEnds, ServiceGone, UsageError, WeightsMismatch
from agentarena.core.faults import log_once

from .budget import Meter, usage
from .chat import Chat
from .engine import Completion, Engine, Request
from .strategies import Steps, Strategy

__all__ = ["Question"]

_log = logging.getLogger(__name__)
_OF_THE_ENGINE = (MissingExtra, UsageError, WeightsMismatch)
"""Failures of an engine that no match is to blame for: a package that is not installed, an adapter or weights that do not fit."""


class Question:
    """A decision under way. Whatever a strategy or an engine does, it is answered, and once.

    Args:
        view: What the seat is shown.
        answer: Takes the decision, the fault, or what ends the run.
        name: The agent, as samples and the log name it.
        engine: Where it asks.
        chat: How it makes prompts.
        strategy: How it comes to a decision.
        meter: What it may use.
    """

    def __init__(
        self,
        view: View,
        answer: Callable[[Decision | Exception], None],
        *,
        name: str,
        engine: Engine,
        chat: Chat,
        strategy: Strategy,
        meter: Meter,
    ) -> None:
        self._view, self._answer = view, answer
        self._name, self._engine, self._chat, self._strategy, self._meter = name, engine, chat, strategy, meter
        self._usage: Counter[str] = Counter()
        self._samples: list[TokenSample] = []
        self._lock = threading.Lock()
        self._priced = True
        self._ended = False
        self._round = 0  # how often the strategy has asked

    def begin(self) -> None:
        """Make the prompt and ask. Never raises."""
        try:
            prompt = self._chat.prompt(self._view, getattr(self._strategy, "system", ""))
            if not prompt.fits:
                self._end(prompt.overflow())
                return
            self._steps: Steps = self._strategy(self._view, prompt)
            self._go_on(None)
        except (Exception, SystemExit) as error:
            self._end(error)

    def _go_on(self, completions: list[Completion] | None) -> None:
        spent = self._meter.spent()
        try:
            asked = next(self._steps) if completions is None else self._steps.send(completions)
        except StopIteration as stop:
            self._end(stop.value)
            return
        requests = list(asked)
        if not requests or not all(isinstance(request, Request) for request in requests):
            raise AgentNonsense(f"a strategy must yield a list of requests, at least one, got {shown(asked)}")
        if spent is not None:
            self._end(spent)
            return
        with self._lock:
            self._round += 1
            self._requests, self._completions = requests, dict.fromkeys(range(len(requests)))
            self._open, number = len(requests), self._round
        for place, request in enumerate(requests):
            self._engine.submit(request, self._taker(number, place))

    def _taker(self, number: int, place: int) -> Callable[[Completion | Exception], None]:
        return lambda completion: self._take(number, place, completion)

    def _take(self, number: int, place: int, completion: Completion | Exception) -> None:
        """Take the answer to one request, in any thread. Never raises."""
        try:
            with self._lock:
                if self._ended or number != self._round or self._completions[place] is not None:
                    return  # a second answer, or one that came too late
                if not isinstance(completion, Completion | Exception):
                    completion = AgentNonsense(f"the engine answered with {shown(completion)}, expected a Completion")
                self._completions[place] = completion
                self._open -= 1
                if isinstance(completion, Completion):
                    self._count(completion)
                if self._open:
                    return
            completions = list(self._completions.values())
            failed = [self._blamed(one) for one in completions if isinstance(one, Exception)]
            if failed:
                self._end(next((one for one in failed if isinstance(one, RunEnds)), failed[0]))
                return
            replies = [one for one in completions if isinstance(one, Completion)]
            self._samples.extend(
                _sample(request, one, self._name) for request, one in zip(self._requests, replies, strict=True) if one.token_ids
            )
            self._go_on(replies)
        except (Exception, SystemExit) as error:
            self._end(error)

    def _blamed(self, error: Exception) -> Exception:
        """An engine's failure; one that has the same cause in every match ends the run."""
        if not isinstance(error, _OF_THE_ENGINE):
            return error
        end = ServiceGone(f"{self._engine.name}: {error}")
        end.__cause__ = error
        return end

    def _count(self, completion: Completion) -> None:
        self._meter.add(completion)
        self._usage.update(usage(completion))
        self._priced = self._priced and completion.cost is not None

    def _end(self, decision: Any) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
        used = {name: value for name, value in self._usage.items() if name != "cost" or self._priced}
        if isinstance(decision, BaseException) and not isinstance(decision, AgentFault | RunEnds):
            view = self._view
            said = f"agent {self._name} failed in match {view.match}, seat {view.seat}, and forfeits"
            log_once(_log, (self._name, type(decision)), said, decision)
            decision = raised(decision)
        if isinstance(decision, Reply):
            decision = dataclasses.replace(decision, usage=used, samples=tuple(self._samples))
        elif isinstance(decision, AgentFault):
            decision.usage = {**decision.usage, **used}
        self._answer(decision)


def _sample(request: Request, completion: Completion, policy: str) -> TokenSample:
    """A generation as trainers take it."""
    return TokenSample(
        completion.prompt_ids,
        completion.token_ids,
        completion.logprobs,
        completion.log_normalizers,
        completion.allowed_ids,
        temperature=1.0 if request.temperature is None else float(request.temperature),
        policy=policy,
        version=completion.version,
        finish=completion.finish,
    )
