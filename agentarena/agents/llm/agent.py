"""The language agent: prompts from views, a strategy that asks a back-end, replies as completions come.

hf:path/or/name?temperature=0.7&memory=chat      a model of transformers
openai:model?base_url=http://localhost:8000/v1   any OpenAI-compatible server
tiny                                             the small model that agentarena.models.pretrain makes
"""

from __future__ import annotations

import dataclasses
import inspect
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from agentarena.core.agent import Agent, Decision, Reply, View
from agentarena.core.errors import AgentFault, BadOption

from .budget import Budget, Meter, usage
from .chat import Chat
from .engine import Completion, Engine, Request, TokenEngine
from .strategies import Steps, Strategy, strategy

__all__ = ["LanguageAgent", "hf", "openai", "tiny"]

Answer = Callable[[int, Decision | Exception], None]


class LanguageAgent(Agent):
    """A language model at any number of seats of any number of matches.

    Every question goes to the back-end at once and is answered in its own time. A failure costs the match it happened in; a
    spent budget or a service that is gone ends the run (`RunEnds`).

    Args:
        engine: The back-end.
        memory: What a prompt shows of the match: "chat" all of it, "last:k" the last k decisions, "state" the present alone.
        system: Words before the rules.
        strategy: "direct", "react", "plan", "vote", "candidates", "recall", "package.module:function", or a callable.
        n: Votes, candidates, or decisions recalled.
        policy: Who chooses among candidates.
        past: Record file to recall from.
        temperature: 0 is greedy; `None` leaves it to the server.
        top_p: Least probability the kept tokens add up to.
        top_k: Number of tokens kept; 0 keeps all.
        max_tokens: Longest reply, thinking included.
        stop: Strings that end a reply.
        constrain: Whether replies are decoded under the legal ones.
        choices: Whether the legal moves are listed in the prompt.
        keep_thinking: Whether later prompts show earlier thinking; private in any case.
        context: Tokens of prompt and reply together; by default what the back-end says. The oldest decisions are left out
            first; rules and present view always stay.
        adapter: LoRA adapter, by name or path.
        record_tokens: Whether tokens and log-probabilities go into the record.
        budget_tokens: Tokens the agent may use from when it was made.
        budget_usd: US dollars it may use.
        budget_s: Seconds from its first question.
        name: How records name it.
        release: Called on `close` in place of the engine's own `close`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        memory: str = "chat",
        system: str = "",
        strategy: str | Strategy = "direct",
        n: int = 5,
        policy: str | Agent | None = None,
        past: str | None = None,
        temperature: float | None = 0.0,
        top_p: float = 1.0,
        top_k: int = 0,
        max_tokens: int = 256,
        stop: str | Sequence[str] = (),
        constrain: bool = False,
        choices: bool = True,
        keep_thinking: bool = False,
        context: int | None = None,
        adapter: str | None = None,
        record_tokens: bool = False,
        budget_tokens: int | None = None,
        budget_usd: float | None = None,
        budget_s: float | None = None,
        name: str = "",
        release: Callable[[], None] | None = None,
    ) -> None:
        _in_range("temperature", temperature, 0.0)
        _in_range("top_p", top_p, 0.0, 1.0)
        _in_range("max_tokens", max_tokens, 1)
        self.name = name
        self.engine = engine
        self._release = release or engine.close
        own = cast("TokenEngine", engine) if engine.tokens else None
        base = Request(
            (),
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            adapter=adapter,
        )
        self._chat = Chat(
            memory=memory,
            system=str(system),
            choices=choices,
            keep_thinking=keep_thinking,
            context=(own.context if own else 0) if context is None else context,
            base=base,
            constrain=constrain,
            template=own.template if own else None,
            record_tokens=record_tokens,
        )
        self._strategy = _strategy(strategy, n=n, policy=policy, past=past)
        if budget_usd is not None and not getattr(engine, "priced", False):
            raise BadOption(
                f"budget_usd={budget_usd}: the price of {engine.name} is unknown; give price_in and price_out, US dollars a million"
            )
        self.meter = Meter(Budget(budget_tokens, budget_usd, budget_s))
        self.faults: Counter[str] = Counter()

    def submit(self, views: Sequence[View], answer: Answer) -> None:
        """See `agentarena.core.agent.AsyncAgent`."""
        self.meter.start()
        for index, view in enumerate(views):
            _Question(self, view, index, answer).begin()

    def act(self, views: Sequence[View]) -> Sequence[Decision]:
        """Ask and wait; the first fault is raised once all have answered."""
        answers: queue.SimpleQueue[tuple[int, Decision | Exception]] = queue.SimpleQueue()
        self.submit(views, lambda index, decision: answers.put((index, decision)))
        decisions = dict(answers.get() for _ in views)
        for index in range(len(views)):
            decision = decisions[index]
            if isinstance(decision, Exception):
                raise decision
        return [cast("Decision", decisions[index]) for index in range(len(views))]

    def close(self) -> None:
        """Let go of the back-end."""
        self._release()


class _Question:
    """One decision under way: drives the strategy from completion to completion."""

    def __init__(self, agent: LanguageAgent, view: View, index: int, answer: Answer) -> None:
        self._agent, self._view, self._index, self._answer = agent, view, index, answer
        self._used: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._priced = True

    def begin(self) -> None:
        agent = self._agent
        try:
            made = agent._strategy
            prompt = agent._chat.prompt(self._view, getattr(made, "system", ""))
            if not prompt.fits:
                self._answer(self._index, prompt.overflow())
                return
            self._steps: Steps = made(self._view, prompt)
            self._go_on(None)
        except Exception as error:
            self._end(error)

    def _go_on(self, said: list[Completion] | None) -> None:
        spent = self._agent.meter.spent()
        try:
            requests = list(next(self._steps) if said is None else self._steps.send(said))
        except StopIteration as stop:
            self._end(stop.value)
            return
        if spent is not None:
            self._end(spent)
            return
        self._open = len(requests)
        self._said: list[Completion | Exception | None] = [None] * len(requests)
        for place, request in enumerate(requests):
            self._agent.engine.submit(request, self._taker(place))

    def _taker(self, place: int) -> Callable[[Completion | Exception], None]:
        return lambda completion: self._take(place, completion)

    def _take(self, place: int, completion: Completion | Exception) -> None:
        with self._lock:
            self._said[place] = completion
            self._open -= 1
            if isinstance(completion, Completion):
                self._agent.meter.add(completion)
                self._used.update(usage(completion))
                self._priced = self._priced and completion.cost is not None
            if self._open:
                return
        for one in self._said:
            if isinstance(one, Exception):
                self._end(one)
                return
        try:
            self._go_on(cast("list[Completion]", self._said))
        except Exception as error:
            self._end(error)

    def _end(self, decision: Any) -> None:
        used = {name: value for name, value in self._used.items() if name != "cost" or self._priced}
        if isinstance(decision, Reply):
            decision = dataclasses.replace(decision, usage=used)
        elif isinstance(decision, AgentFault):
            decision.usage = {**decision.usage, **used}
        self._answer(self._index, decision)


_strategy = strategy  # the argument of the agent carries the same name


def _in_range(name: str, value: Any, low: float, high: float = float("inf")) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high):
        raise BadOption(f"{name} must be between {low:g} and {high:g}, got {value!r}")


# --- factories, by scheme -----------------------------------------------------------------------------------------------

OPERATIONAL = frozenset(
    {
        "api_key",
        "base_url",
        "budget_s",
        "budget_tokens",
        "budget_usd",
        "concurrency",
        "device",
        "dialect",
        "dtype",
        "max_batch",
        "name",
        "price_in",
        "price_out",
        "retries",
        "rpm",
        "stall_s",
        "stream",
        "timeout_s",
        "tpm",
    }
)
"""Parameters that say how an agent is reached and paid for, not how it plays: they are no part of its name in records, so a
run can be resumed with others."""


def spec_name(head: str, parameters: Mapping[str, Any]) -> str:
    """How records name an agent: its spec string without operational parameters.

    >>> spec_name("openai:gpt-4.1", {"temperature": 0.5, "concurrency": 8})
    'openai:gpt-4.1?temperature=0.5'
    """
    told = [f"{name}={value}" for name, value in parameters.items() if name not in OPERATIONAL]
    return head + ("?" + "&".join(told) if told else "")


def build(head: str, engine: Engine, release: Callable[[], None] | None, parameters: Mapping[str, Any]) -> LanguageAgent:
    """An agent on an engine; when its parameters are wrong the engine is let go of.

    Args:
        head: Scheme and model, e.g. "hf:Qwen/Qwen3-0.6B".
        engine: The back-end.
        release: See `LanguageAgent`.
        parameters: Those of `LanguageAgent`.
    """
    try:
        _known(head, parameters)
        return LanguageAgent(engine, **{"name": spec_name(head, parameters), **parameters}, release=release)
    except BaseException:
        (release or engine.close)()
        raise


def _known(head: str, parameters: Mapping[str, Any]) -> None:
    known = set(inspect.signature(LanguageAgent.__init__).parameters) - {"self", "engine", "release"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise BadOption(f"agent {head!r} has no parameter {unknown[0]!r}. Parameters: {', '.join(sorted(known))}")


def hf(
    model: str,
    *,
    dtype: str = "auto",
    device: str | None = None,
    max_batch: int = 64,
    thinking: bool | None = None,
    **parameters: Any,
) -> LanguageAgent:
    """`hf:model`: a model of transformers, by path or name on the hub. Agents of one model share it.

    Args:
        model: Path or name.
        dtype: "auto" is float32 on CPU, the checkpoint's own precision elsewhere.
        device: E.g. "cuda:1".
        max_batch: Replies under way at once.
        thinking: Whether the model thinks first, where its chat template knows `enable_thinking`.
        parameters: Those of `LanguageAgent`.
    """
    from .hf import engine as held

    made, release = held(model, dtype=dtype, device=device, max_batch=max_batch, thinking=thinking)
    named = parameters if thinking is None else {**parameters, "name": spec_name(f"hf:{model}", {"thinking": thinking, **parameters})}
    return build(f"hf:{model}", made, release, named)


TINY = Path(__file__).resolve().parents[2] / "models" / "tiny"
"""Where the small model is."""


def tiny(**parameters: Any) -> LanguageAgent:
    """`tiny`: the small model in the box, made by `agentarena.models.pretrain`. Parameters are those of `LanguageAgent`."""
    from .hf import engine as held

    made, release = held(str(TINY), keep=True)
    name = spec_name("tiny", parameters)
    return build("tiny", made, release, {"memory": "state", "max_tokens": 64, "name": name, **parameters})


def openai(
    model: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    concurrency: int = 64,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout_s: float = 120.0,
    stall_s: float = 60.0,
    retries: int = 6,
    stream: bool = False,
    dialect: str = "openai",
    price_in: float | None = None,
    price_out: float | None = None,
    thinking: bool | None = None,
    effort: str | None = None,
    send_seed: bool = True,
    temperature: float | None = None,
    max_tokens: int = 1024,
    **parameters: Any,
) -> LanguageAgent:
    """`openai:model`: a model behind an OpenAI-compatible server.

    Args:
        model: Name of the model, as the server calls it.
        base_url: E.g. "http://localhost:8000/v1"; by default `OPENAI_BASE_URL`, else OpenAI's own.
        api_key: By default `OPENAI_API_KEY`; servers of your own mostly take any.
        concurrency: Requests under way at once.
        rpm: Requests a minute.
        tpm: Tokens a minute.
        timeout_s: Seconds for one attempt.
        stall_s: Seconds without a word, when streaming.
        retries: Attempts after the first.
        stream: Whether replies are streamed.
        dialect: "openai" or "vllm": how decoding under the legal replies is asked for.
        price_in: US dollars for a million tokens read; without it the cost is unknown.
        price_out: US dollars for a million tokens written.
        thinking: Whether the model thinks first, where the server passes `enable_thinking` on to its chat template.
        effort: `reasoning_effort`, where the server knows it.
        send_seed: Whether the request's seed is sent.
        temperature: `None` leaves it to the server.
        max_tokens: Longest reply, thinking included.
        parameters: Those of `LanguageAgent`.
    """
    from .openai import OpenAIEngine

    _known(f"openai:{model}", parameters)
    engine = OpenAIEngine(
        model,
        base_url=base_url,
        api_key=api_key,
        concurrency=concurrency,
        rpm=rpm,
        tpm=tpm,
        timeout_s=timeout_s,
        stall_s=stall_s,
        retries=retries,
        stream=stream,
        dialect=dialect,
        price_in=price_in,
        price_out=price_out,
        thinking=thinking,
        effort=effort,
        send_seed=send_seed,
    )
    told = {"thinking": thinking, "effort": effort, "temperature": temperature}
    name = spec_name(f"openai:{model}", {**{key: value for key, value in told.items() if value is not None}, **parameters})
    return build(f"openai:{model}", engine, None, {"name": name, **parameters, "temperature": temperature, "max_tokens": max_tokens})
