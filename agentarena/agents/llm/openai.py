"""`openai:`: any server that speaks the chat completions of OpenAI: vLLM, Ollama, llama.cpp, commercial ones.

One thread runs an event loop; up to `concurrency` requests are under way at once. Throttling, server errors, time-outs, lost
connections and garbled answers are tried again after a pause drawn uniformly up to a bound that doubles (full jitter), or
after what `Retry-After` says. A request that fails for good is the fault of its match alone, unless nothing at all came
through since it was first tried, or the server does not even say what models it has: then the service is gone, and the run
ends, to be resumed later.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import os
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np

from agentarena.core.errors import AgentNonsense, AgentRaised, AgentTimeout, BadOption, MissingExtra, ServiceGone

from .engine import Completion, Done, Request, split_thinking
from .grammar import response_format, structured_outputs, unwrapped

__all__ = ["OpenAIEngine"]

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LONGEST_ANSWER = 200_000
_SUSPECT = (429, 502, 503, 504)
"""Statuses that may mean the service is gone."""


class _Garbled(Exception):
    """The answer is not what the protocol says."""


class OpenAIEngine:
    """A client of one model on one server. Arguments are those of `agentarena.agents.llm.agent.openai`.

    Raises:
        MissingExtra: The package `openai` is not installed.
        BadOption: No API key for OpenAI's own server, or an argument is out of range.
    """

    tokens = False

    def __init__(
        self,
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
        first_pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        try:
            importlib.import_module("openai")  # imported eagerly so that import time is not counted as latency
        except ModuleNotFoundError as error:
            raise MissingExtra("openai", "llm") from error
        if dialect not in ("openai", "vllm"):
            raise BadOption(f"dialect must be 'openai' or 'vllm', got {dialect!r}")
        for name, value in (("concurrency", concurrency), ("rpm", rpm), ("tpm", tpm), ("timeout_s", timeout_s), ("stall_s", stall_s)):
            if value is not None and not value > 0:
                raise BadOption(f"{name} must be greater than 0, got {value!r}")
        if (price_in is None) != (price_out is None):
            raise BadOption("give both price_in and price_out, or neither")
        self.name = f"openai:{model}"
        self._model, self._dialect = model, dialect
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or None
        self._key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if self._url else None)
        if self._key is None:
            raise BadOption("no key for OpenAI's server: set OPENAI_API_KEY, or name another server with base_url=http://host:port/v1")
        self._price = None if price_in is None or price_out is None else (price_in, price_out)
        self.priced = self._price is not None
        self._timeout_s, self._stall_s, self._retries, self._stream = timeout_s, stall_s, retries, stream
        self._thinking, self._effort, self._send_seed = thinking, effort, send_seed
        self._first_pause_s = first_pause_s
        self._jitter = np.random.default_rng()  # pauses alone depend on it
        self._gate = asyncio.Semaphore(concurrency)
        self._pace = _Pace(rpm, tpm)
        self._answered_at = float("-inf")
        self._hold_until = 0.0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, request: Request, done: Done) -> None:
        """See `Engine.submit`."""
        with self._lock:
            if self._closed:
                done(ServiceGone(f"{self.name} is closed"))
                return
            if self._thread is None:
                self._start()
        self._loop.call_soon_threadsafe(self._launch, request, done, time.monotonic())

    def close(self) -> None:
        """Drop open requests and connections, and end the thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
        if thread is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
            if thread is not threading.current_thread():
                thread.join()

    def _start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name=self.name, daemon=True)
        self._thread.start()
        ready.wait()

    # everything below runs in the event loop

    async def _serve(self, ready: threading.Event) -> None:
        import openai

        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._client = openai.AsyncOpenAI(base_url=self._url, api_key=self._key, max_retries=0, timeout=self._timeout_s)
        ready.set()
        await self._stopped.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def _launch(self, request: Request, done: Done, began: float) -> None:
        task = asyncio.ensure_future(self._answer(request, done, began))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Request, done: Done, began: float) -> None:
        try:
            async with self._gate:
                result: Completion | Exception = await self._tried(request, began)
        except Exception as error:
            result = error
        done(result)

    async def _tried(self, request: Request, began: float) -> Completion:
        arguments = self._arguments(request)
        first_try = time.monotonic()
        for attempt in range(self._retries + 1):
            await self._pace.turn(_weight(request))
            await self._held()
            try:
                completion = await asyncio.wait_for(self._ask(arguments, request), self._timeout_s)
            except Exception as error:
                wait_s = self._pause_s(error, attempt)
                if wait_s is None or attempt == self._retries:
                    raise await self._final(error, attempt, first_try) from error
                await asyncio.sleep(wait_s)
                continue
            self._answered_at = time.monotonic()
            self._pace.settle(_weight(request), completion.prompt_tokens + completion.completion_tokens)
            return _replace(completion, attempt, time.monotonic() - began, self._price)
        raise AssertionError("the last attempt returns or raises")

    async def _held(self) -> None:
        """Wait while the server has asked for a pause of all requests."""
        while (left := self._hold_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _pause_s(self, error: Exception, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; `None` where another one is of no use."""
        status = getattr(error, "status_code", None)
        if status is not None and status not in (408, 409, 429) and status < 500:
            return None
        if getattr(error, "code", None) == "insufficient_quota":
            return None
        bound = min(_LONGEST_PAUSE_S, self._first_pause_s * 2**attempt)
        retry_after_s = _retry_after(error)
        if retry_after_s is not None and status == 429:
            self._hold_until = max(self._hold_until, time.monotonic() + retry_after_s)
        return float(self._jitter.uniform(0, bound)) + (retry_after_s or 0.0)

    async def _final(self, error: Exception, attempt: int, first_try: float) -> Exception:
        """The exception for a request that failed for good."""
        import openai

        status = getattr(error, "status_code", None)
        message = f"{self.name}: {_described(error)}, {attempt + 1} attempt{'s' if attempt else ''}"
        if status in (401, 403, 404) or getattr(error, "code", None) == "insufficient_quota":
            return ServiceGone(f"{message}. Check api_key, base_url and the model's name")
        lost = isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
        if (lost or status in _SUSPECT) and (self._answered_at < first_try or not await self._reachable()):
            return ServiceGone(f"{message}; it answers nothing else either")
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return AgentTimeout(f"{self.name}: no answer within {self._timeout_s:g} s, {attempt + 1} attempts")
        if isinstance(error, _Garbled | ValueError | openai.APIResponseValidationError):
            return AgentNonsense(message)
        return AgentRaised(message)

    async def _reachable(self) -> bool:
        """Whether the server answers at all, asked what models it has."""
        import openai

        try:
            await asyncio.wait_for(self._client.models.list(), min(self._timeout_s, 10.0))
        except openai.APIStatusError as error:
            return error.status_code not in _SUSPECT
        except (openai.APIError, TimeoutError, ValueError) as error:
            return not isinstance(error, openai.APIConnectionError | TimeoutError)
        return True

    async def _ask(self, arguments: Mapping[str, Any], request: Request) -> Completion:
        if self._stream:
            parts = await self._streamed(arguments)
        else:
            parts = _whole(await self._client.chat.completions.create(**arguments))
        text, thinking = split_thinking(parts["text"])
        thinking = "\n\n".join(part for part in (parts["thinking"], thinking) if part)
        finish = {"length": "length", "content_filter": "refusal"}.get(parts["finish"], "stop")
        if parts["refusal"]:
            text, finish = text or parts["refusal"], "refusal"
        if request.options is not None and self._dialect == "openai":
            text = unwrapped(text)
        return Completion(text, thinking, finish, prompt_tokens=parts["prompt_tokens"], completion_tokens=parts["completion_tokens"])

    async def _streamed(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        begun = self._client.chat.completions.create(**arguments, stream=True, stream_options={"include_usage": True})
        stream = await asyncio.wait_for(begun, self._stall_s)
        parts: dict[str, Any] = {"text": "", "thinking": "", "refusal": "", "finish": None, "prompt_tokens": 0, "completion_tokens": 0}
        chunks = stream.__aiter__()
        try:
            while True:
                try:
                    chunk = await asyncio.wait_for(chunks.__anext__(), self._stall_s)
                except StopAsyncIteration:
                    break
                _gather(parts, chunk)
                if len(parts["text"]) > _LONGEST_ANSWER:
                    parts["finish"] = "length"
                    break
        finally:
            with contextlib.suppress(Exception):  # the answer is complete or lost; errors while closing are irrelevant
                await stream.close()
        if parts["finish"] is None:
            raise _Garbled("the stream ended before the reply did")
        return parts

    def _arguments(self, request: Request) -> dict[str, Any]:
        """The request in the server's words."""
        out: dict[str, Any] = {"model": self._model, "messages": [dict(message) for message in request.messages]}
        own = self._url is None or "api.openai.com" in self._url
        out["max_completion_tokens" if own else "max_tokens"] = request.max_tokens
        extra: dict[str, Any] = {}
        if request.temperature is not None:
            out["temperature"] = request.temperature
        if request.top_p < 1:
            out["top_p"] = request.top_p
        if request.top_k:
            extra["top_k"] = request.top_k
        if request.seed is not None and self._send_seed:
            out["seed"] = request.seed
        if request.stop:
            out["stop"] = list(request.stop)
        if self._effort is not None:
            out["reasoning_effort"] = self._effort
        if self._thinking is not None:
            extra["chat_template_kwargs"] = {"enable_thinking": self._thinking}
        if request.adapter is not None:
            out["model"] = request.adapter  # servers list adapters as models
        if request.options is not None:
            if self._dialect == "vllm":
                extra["structured_outputs"] = structured_outputs(request.options)
            else:
                out["response_format"] = response_format(request.options)
        if extra:
            out["extra_body"] = extra
        return out


def _whole(answer: Any) -> dict[str, Any]:
    """The parts of an answer that matter; `_Garbled` where it is none."""
    try:
        choice = answer.choices[0]
        message, used = choice.message, answer.usage
        thinking = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or ""
        parts = {
            "text": (message.content or "")[:_LONGEST_ANSWER],
            "thinking": str(thinking),
            "refusal": getattr(message, "refusal", None) or "",
            "finish": choice.finish_reason if len(message.content or "") <= _LONGEST_ANSWER else "length",
        }
        counts = (int(used.prompt_tokens or 0), int(used.completion_tokens or 0)) if used is not None else (0, 0)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise _Garbled(f"the answer is no chat completion ({type(error).__name__})") from error
    return {**parts, "prompt_tokens": counts[0], "completion_tokens": counts[1]}


def _gather(parts: dict[str, Any], chunk: Any) -> None:
    used = getattr(chunk, "usage", None)
    if used is not None:
        parts["prompt_tokens"], parts["completion_tokens"] = int(used.prompt_tokens or 0), int(used.completion_tokens or 0)
    for choice in getattr(chunk, "choices", None) or ():
        delta = choice.delta
        parts["text"] += delta.content or ""
        parts["thinking"] += getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None) or ""
        parts["refusal"] += getattr(delta, "refusal", None) or ""
        parts["finish"] = choice.finish_reason or parts["finish"]


def _replace(completion: Completion, retries: int, seconds: float, rates: tuple[float, float] | None) -> Completion:
    cost = None
    if rates is not None and completion.prompt_tokens:
        cost = (completion.prompt_tokens * rates[0] + completion.completion_tokens * rates[1]) / 1e6
    return dataclasses.replace(completion, retries=retries, seconds=seconds, cost=cost)


def _retry_after(error: Exception) -> float | None:
    """Seconds that the server asks to wait."""
    response = getattr(error, "response", None)
    header = response.headers.get("retry-after") if response is not None else None
    if header is None:
        return None
    try:
        wait_s = float(header)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(wait_s, 0.0), 120.0)


def _described(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    words = " ".join(str(error).split())[:200]
    return f"HTTP {status} ({words})" if status is not None else f"{type(error).__name__} ({words})"


def _weight(request: Request) -> int:
    """About how many tokens a request will count for."""
    return sum(len(message["content"]) for message in request.messages) // 4 + request.max_tokens


class _Pace:
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
