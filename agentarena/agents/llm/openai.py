"""`openai:`: any server that speaks the chat completions of OpenAI: vLLM, Ollama, llama.cpp, commercial ones.

One thread runs an event loop; up to `concurrency` requests are under way at once. Throttling, server errors, time-outs, lost
connections and answers that are none are tried again after a pause drawn uniformly up to a bound that doubles (full jitter), or
after what `Retry-After` says.

A request that fails for good costs its match only where the service goes on to answer others: it is asked once more for what
it has answered before. Where that fails too the service is gone, and the run ends, to be resumed later.
`openai_failures.blame` sorts the failures.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import numpy as np

from agentarena.core.errors import AgentNonsense, AgentRaised, AgentTimeout, BadOption, RunEnds, ServiceGone

from .engine import Completion, Done, Request
from .grammar import unwrapped
from .openai_answers import NoCompletion, Parts, Streamed, parts_of
from .openai_client import checked_key, checked_url, make_client, secrets_of
from .openai_failures import Blame, blame, described, is_filtered, is_forbidden, redacted, retry_after_s, timed_out
from .openai_requests import TOKENS_FIELDS, Wording
from .pace import Pace
from .settings import check_choice, check_flag, check_number, check_text
from .thinking import split_thinking

__all__ = ["OpenAIEngine"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LONGEST_WAIT_S = 120.0
"""Longest `Retry-After` that is waited for; a server that asks for more is gone for this run."""

_REPRIEVES = 2
"""How often a throttled request that used up its attempts begins anew, when the service answers others again."""


class OpenAIEngine:
    """A client of one model on one server. Arguments are those of `agentarena.agents.llm.agent.openai`.

    Raises:
        MissingExtra: The package `openai` is not installed.
        BadOption: No API key for OpenAI's own server, or an argument is out of range.
        UsageError: No client can be made, as with a proxy or certificates that are not there.
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
        first_pause_s: float = _FIRST_PAUSE_S,
        stream: bool = False,
        dialect: str = "openai",
        tokens_field: str | None = None,
        price_in: float | None = None,
        price_out: float | None = None,
        thinking: bool | None = None,
        effort: str | None = None,
        send_seed: bool = True,
    ) -> None:
        check_text("model", model)
        check_number("concurrency", concurrency, 1, whole=True)
        for name, limit in (("rpm", rpm), ("tpm", tpm), ("timeout_s", timeout_s), ("stall_s", stall_s)):
            check_number(name, limit, 0.0, optional=name in ("rpm", "tpm"), above=True)
        check_number("retries", retries, 0, 1000, whole=True)
        check_number("first_pause_s", first_pause_s, 0.0, 3600.0)
        check_number("price_in", price_in, 0.0, optional=True)
        check_number("price_out", price_out, 0.0, optional=True)
        check_choice("dialect", dialect, ("openai", "vllm"))
        check_choice("tokens_field", tokens_field, (None, *TOKENS_FIELDS))
        for name, value in (("stream", stream), ("send_seed", send_seed)):
            check_flag(name, value)
        check_flag("thinking", thinking, optional=True)
        check_text("effort", effort, optional=True)
        if (price_in is None) != (price_out is None):
            raise BadOption("give both price_in and price_out, or neither")
        self.name = f"openai:{model}"
        self._dialect = dialect
        self._url = checked_url(base_url)
        key = checked_key(api_key, self._url)
        self.model = model
        self._secrets = secrets_of(key, self._url)
        own = self._url is None or "api.openai.com" in self._url
        self._wording = Wording(
            model, tokens_field=tokens_field, openai=own, dialect=dialect, thinking=thinking, effort=effort, send_seed=send_seed
        )
        self.tokens_field = tokens_field or TOKENS_FIELDS[own]
        self._price = None if price_in is None or price_out is None else (price_in, price_out)
        self.priced = self._price is not None
        self._timeout_s, self._stall_s, self._retries, self._stream = timeout_s, stall_s, retries, stream
        self._first_pause_s = first_pause_s
        self._jitter = np.random.default_rng()  # pauses alone depend on it
        self._gate = asyncio.Semaphore(concurrency)
        self._asking_again = asyncio.Lock()
        self._pace = Pace(rpm, tpm)
        self._answers = 0  # requests that were answered
        self._known_good: Mapping[str, Any] | None = None  # the arguments of a request that was answered
        self._gone_at = self._well_at = self._hold_until = 0.0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: ServiceGone | None = None
        self._open: dict[int, Done] = {}
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = make_client(self.name, self._url, key, timeout_s)  # here, so that its errors reach the caller

    def submit(self, request: Request, done: Done) -> None:
        """See `Engine.submit`."""
        number = next(self._numbers)
        with self._lock:
            ended = self._ended
            if ended is None:
                if self._thread is None:
                    self._start()
                self._open[number] = done
                with contextlib.suppress(RuntimeError):  # the loop is closed: the thread is about to end and to say why
                    if self._loop is not None:
                        self._loop.call_soon_threadsafe(self._launch, number, request, time.monotonic())
        if ended is not None:
            done(ended)

    def call(self, work: Callable[[Any], Awaitable[T]], tokens: int = 0) -> Future[T]:
        """What `work(client)` gives, in the event loop and within the limits of this engine; tried again like any other request.

        Args:
            work: Is handed the `openai.AsyncOpenAI`, once for each attempt.
            tokens: About how many tokens the request counts for.

        Raises:
            ServiceGone: From the result: the server refuses it, or fails for good.
        """
        with self._lock:
            if self._ended is not None:
                raise self._ended
            if self._thread is None:
                self._start()
            assert self._loop is not None
            return asyncio.run_coroutine_threadsafe(self._called(work, tokens), self._loop)

    def close(self) -> None:
        """Drop open requests and connections, and end the thread."""
        with self._lock:
            self._ended = self._ended or ServiceGone(f"{self.name} is closed")
            self._open.clear()
            thread, self._thread = self._thread, None
        if thread is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                if self._loop is not None:
                    self._loop.call_soon_threadsafe(self._stopping.set)
            if thread is not threading.current_thread():
                thread.join()

    def _start(self) -> None:
        ready = threading.Event()
        thread = threading.Thread(target=self._run, args=(ready,), name=self.name, daemon=True)
        thread.start()
        self._thread = thread
        ready.wait()

    def _run(self, ready: threading.Event) -> None:
        """The thread: however it ends, nobody waits for it in vain."""
        ended: ServiceGone | None = None
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            ended = ServiceGone(f"{self.name}: its thread stopped: {redacted(f'{type(error).__name__}: {error}', self._secrets)}")
            ended.__cause__ = error
        ready.set()
        with self._lock:
            self._ended = self._ended or ended or ServiceGone(f"{self.name} is closed")
            waiting = list(self._open.values())
            self._open.clear()
        for done in waiting:
            done(self._ended)

    # everything below runs in the event loop

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await self._stopping.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def _launch(self, number: int, request: Request, began: float) -> None:
        task = asyncio.ensure_future(self._answer(number, request, began))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, number: int, request: Request, began: float) -> None:
        try:
            async with self._gate:
                result: Completion | Exception = await self._tried(request, began)
        except Exception as error:
            result = error
        done = self._open.pop(number, None)
        if done is None:
            return
        try:
            done(result)
        except Exception:
            _log.exception("%s: an answer could not be delivered", self.name)

    async def _tried(self, request: Request, began: float) -> Completion:
        """A completion, after as many attempts as it takes; raises what stands in its place."""
        arguments = self._wording.arguments(request)
        first = time.monotonic()
        changes: set[str] = set()
        failed = attempts = 0
        reprieves = _REPRIEVES
        while True:
            await self._pace.turn(_weight(request))
            await self._held()
            answers = self._answers
            attempts += 1
            try:
                parts = await asyncio.wait_for(self._ask(arguments), self._timeout_s)
            except Exception as error:
                if is_filtered(error):
                    self._answers += 1
                    return Completion("", finish="refusal", retries=attempts - 1, seconds=time.monotonic() - began)
                if changed := self._wording.changed(error, arguments, changes):
                    arguments = changed
                    continue
                kind = blame(error)
                failed += kind is not Blame.BUSY or self._answers == answers
                wait_s = self._pause_s(error, failed)
                final = kind in (Blame.ACCESS, Blame.REQUEST) or failed > self._retries or wait_s is None or first < self._gone_at
                if final:
                    verdict = await self._verdict(error, arguments, attempts, first)
                    if kind is not Blame.BUSY or isinstance(verdict, RunEnds) or not reprieves:
                        raise verdict from error
                    failed, reprieves = 0, reprieves - 1  # it answers again: nobody's fault
                await asyncio.sleep(wait_s or 0.0)
                continue
            self._answers += 1
            self._known_good = arguments
            self._wording.keep(arguments, changes)
            self._pace.settle(_weight(request), parts.prompt_tokens + parts.completion_tokens)
            return self._completion(parts, request, attempts - 1, time.monotonic() - began)

    async def _called(self, work: Callable[[Any], Awaitable[T]], tokens: int) -> T:
        failed = 0
        async with self._gate:
            while True:
                await self._pace.turn(tokens)
                await self._held()
                try:
                    return await asyncio.wait_for(work(self._client), self._timeout_s)
                except Exception as error:
                    failed += 1
                    wait_s = self._pause_s(error, failed)
                    if blame(error) in (Blame.ACCESS, Blame.REQUEST) or failed > self._retries or wait_s is None:
                        raise ServiceGone(f"{self.name}: {described(error, self._secrets)}, {failed} attempt(s)") from error
                    await asyncio.sleep(wait_s)

    async def _held(self) -> None:
        """Wait while the server has asked for a pause of all requests."""
        while (left := self._hold_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def _pause_s(self, error: Exception, failed: int) -> float | None:
        """Seconds to wait before the next attempt; `None` where the server asks for more than is waited for."""
        asked_s = retry_after_s(error) or 0.0
        if asked_s > _LONGEST_WAIT_S:
            return None
        if blame(error) is Blame.BUSY:
            self._hold_until = max(self._hold_until, time.monotonic() + asked_s)
        bound = min(_LONGEST_PAUSE_S, self._first_pause_s * 2 ** min(max(failed - 1, 0), 30))
        return float(self._jitter.uniform(0, bound)) + asked_s

    async def _verdict(self, error: Exception, arguments: Mapping[str, Any], attempts: int, first: float) -> Exception:
        """Whose fault a request is that failed for good: its match's, or the service's, which ends the run."""
        kind = blame(error)
        what = f"no answer within {self._timeout_s:g} s" if timed_out(error) else described(error, self._secrets)
        description = f"{self.name}: {what}, {attempts} attempt{'s' if attempts > 1 else ''}"
        if kind is Blame.ACCESS:
            return self._gone(f"{description}. Check api_key, your account, base_url and the model's name")
        asked_s = retry_after_s(error) or 0.0
        if asked_s > _LONGEST_WAIT_S:
            return self._gone(f"{description}; it asks to wait for {asked_s:.0f} s")
        if first < self._gone_at:
            return self._gone(f"{description}; it answers nothing else either")
        if not self._answers and (kind is not Blame.REQUEST or is_forbidden(error)):
            advice = ". Raise timeout_s, or lower max_tokens" if timed_out(error) else ""
            return self._gone(f"{description}; it has answered nothing yet{advice}")
        problem = await self._asked_again(arguments)
        if problem is not None:
            return self._gone(f"{description}; {problem}")
        if timed_out(error):
            return AgentTimeout(description)
        return AgentNonsense(description) if isinstance(error, NoCompletion) else AgentRaised(description)

    def _gone(self, description: str) -> RunEnds:
        self._gone_at = time.monotonic()
        return ServiceGone(description)

    async def _asked_again(self, arguments: Mapping[str, Any]) -> str | None:
        """Ask for what the service has answered before, or for the same without its words; why that fails, `None` where it is answered."""
        since = time.monotonic()
        async with self._asking_again:
            if since < self._gone_at:
                return "it answers nothing else either"
            if since < self._well_at:  # another request has asked meanwhile
                return None
            bare = {**arguments, "messages": [{**message, "content": "ok"} for message in arguments["messages"]]}
            began = time.monotonic()
            try:
                await asyncio.wait_for(self._ask(self._known_good or bare), self._timeout_s)
            except Exception as error:
                what = "what it has answered before" if self._known_good else "a request without its words"
                description = "no answer" if timed_out(error) else described(error, self._secrets)
                return f"asked for {what}, it fails too: {description}"
            self._answers += 1
            self._well_at = began
            return None

    async def _ask(self, arguments: Mapping[str, Any]) -> Parts:
        """One attempt."""
        if self._stream:
            return await self._streamed(arguments)
        answer = await self._client.chat.completions.with_raw_response.create(**arguments)
        return parts_of(answer.http_response.content)

    async def _streamed(self, arguments: Mapping[str, Any]) -> Parts:
        create = self._client.chat.completions.with_raw_response.create
        begun = create(**arguments, stream=True, stream_options={"include_usage": True})
        response = (await asyncio.wait_for(begun, self._stall_s)).http_response
        reply = Streamed()
        lines = response.aiter_lines()
        try:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                return parts_of(await response.aread())
            while not reply.full:
                try:
                    line = await asyncio.wait_for(lines.__anext__(), self._stall_s)
                except StopAsyncIteration:
                    break
                reply.take_line(line)
        finally:
            with contextlib.suppress(Exception):  # the answer is complete or lost; errors while closing are irrelevant
                await response.aclose()
        if not reply.ended and not reply.full:
            raise NoCompletion("the stream ended before the reply did")
        return reply.parts()

    def _completion(self, parts: Parts, request: Request, retries: int, seconds: float) -> Completion:
        text, thinking = split_thinking(parts.text)
        if request.options is not None and self._dialect == "openai" and (inner := unwrapped(text)) != text:
            text, more = split_thinking(inner)
            thinking = f"{thinking}\n\n{more}".strip()
        cost = None
        if self._price is not None and parts.prompt_tokens:
            cost = (parts.prompt_tokens * self._price[0] + parts.completion_tokens * self._price[1]) / 1e6
        return Completion(
            text,
            "\n\n".join(part for part in (parts.thinking, thinking) if part),
            parts.finish,
            prompt_tokens=parts.prompt_tokens,
            completion_tokens=parts.completion_tokens,
            cost=cost,
            retries=retries,
            seconds=seconds,
        )


def _weight(request: Request) -> int:
    """About how many tokens a request will count for."""
    return sum(len(message["content"]) for message in request.messages) // 4 + request.max_tokens
