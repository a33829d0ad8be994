"""What every back-end of a language agent is: takes requests from any thread, answers each in its own time.

A back-end is a class with `tokens`, `name`, `submit` and `close`. It batches as it likes, and no request waits for
another that is not in its batch. Those that work on tokens (`tokens = True`) also have a `template`, with which a chat is
continued token by token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from agentarena.core.text import Options

if TYPE_CHECKING:
    from .template import Template

__all__ = ["Completion", "Done", "Engine", "Message", "Request", "TokenEngine", "shared", "split_thinking"]

Message = Mapping[str, str]
"""A chat message: `{"role": "system" | "user" | "assistant", "content": ...}`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One reply that is asked for.

    Attributes:
        messages: The chat; always given.
        prompt_ids: The exact tokens to continue, for engines with `tokens = True`; `None`: the chat as the template renders it.
        max_tokens: Greatest number of tokens of the reply, thinking included.
        temperature: 0 is greedy; `None` leaves it to the server (engines that hold the model themselves take 1).
        top_p: Least probability that the kept tokens must add up to; 1 keeps all.
        top_k: Number of likeliest tokens that are kept; 0 keeps all.
        seed: Names the request's own stream: equal seeds give equal samples at any batch size, where the engine can.
        stop: Strings that end the reply; they are not part of it.
        options: The legal replies to decode under; `None` leaves the model free.
        adapter: Name or path of a LoRA adapter.
    """

    messages: tuple[Message, ...]
    prompt_ids: tuple[int, ...] | None = None
    max_tokens: int = 256
    temperature: float | None = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    options: Options | None = None
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply.

    Attributes:
        text: What was said, without thinking.
        thinking: Reasoning that the model or the server sets apart.
        finish: "stop"; "length" when it was cut short; "refusal" when the model or its provider would not answer.
        prompt_tokens: Tokens read, as billed; 0 where unknown.
        completion_tokens: Tokens written, thinking included; 0 where unknown.
        cost: What it cost in US dollars; `None` where the price is unknown.
        retries: Attempts that failed before this one.
        seconds: From submission to this reply.
        prompt_ids: The tokens it continues, for engines with `tokens = True`.
        token_ids: The sampled tokens, exactly, the closing one included.
        logprobs: Log-probability in nats of each of `token_ids` under the model's own distribution: temperature 1, nothing cut off.
    """

    text: str
    thinking: str = ""
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    retries: int = 0
    seconds: float = 0.0
    prompt_ids: tuple[int, ...] = ()
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()


Done = Callable[["Completion | Exception"], None]
"""Takes the reply, or what came in its place; called once, from any thread, and must return at once."""


class Engine(Protocol):
    """A back-end.

    Attributes:
        tokens: Whether `prompt_ids` are honoured and `token_ids` and `logprobs` returned.
        name: What it is, for people.
    """

    tokens: bool
    name: str

    def submit(self, request: Request, done: Done) -> None:
        """Take a request from any thread and return at once. A failure reaches `done`; nothing is raised."""
        ...

    def close(self) -> None:
        """Let go of threads, connections and memory; open requests are dropped. May be called twice."""
        ...


@runtime_checkable
class TokenEngine(Protocol):
    """A back-end with `tokens = True`.

    Attributes:
        template: The chat template of its model.
        context: Tokens that prompt and reply may take together; 0 where unlimited.
    """

    template: Template
    context: int


def split_thinking(text: str) -> tuple[str, str]:
    """Reply and thinking of a text in which the model marks its thinking with `<think>` tags.

    >>> split_thinking("<think>corner or centre?</think>\\n\\n<answer>4</answer>")
    ('<answer>4</answer>', 'corner or centre?')
    >>> split_thinking("corner or centre?</think><answer>4</answer>")  # the template opened the tag
    ('<answer>4</answer>', 'corner or centre?')
    >>> split_thinking("<think>corner or")  # cut short while thinking
    ('', 'corner or')
    """
    before, closed, after = text.partition("</think>")
    if closed:
        return after.strip(), before.strip().removeprefix("<think>").strip()
    if text.lstrip().startswith("<think>"):
        return "", text.lstrip().removeprefix("<think>").strip()
    return text, ""


class _Shared:
    """An engine that several agents hold; it is closed when the last of them lets go."""

    def __init__(self, engine: Any, keep: bool) -> None:
        self.engine, self.keep, self.holders = engine, keep, 0


_lock = threading.Lock()
_engines: dict[Hashable, _Shared] = {}


def shared(key: Hashable, make: Callable[[], Any], *, keep: bool = False) -> tuple[Any, Callable[[], None]]:
    """The engine of this process under `key`, made when there is none, and a function to let go of it.

    Args:
        key: What tells engines apart: model, precision, device, ...
        make: Makes it.
        keep: Whether it stays loaded when nobody holds it.
    """
    with _lock:
        entry = _engines.get(key)
        if entry is None:
            entry = _engines[key] = _Shared(make(), keep)
        entry.holders += 1
    held = [True]

    def release() -> None:
        with _lock:
            if not held:
                return
            held.clear()
            entry.holders -= 1
            if entry.holders or entry.keep:
                return
            del _engines[key]
        entry.engine.close()

    return entry.engine, release
