"""The interface of a language model's back-end: requests enter from any thread, each is answered in its own time.

A back-end is a class with `tokens`, `name`, `submit` and `close`. It batches as it likes, and no request waits for
another that is not in its batch. Those that work on tokens (`tokens = True`) are a `TokenEngine` as well: they have a
`template`, with which a chat is continued token by token, they score texts, and they take new weights.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from agentarena.core.errors import WeightsMismatch
from agentarena.core.text import Options

from .template import Message, Template

__all__ = ["Completion", "Done", "Engine", "Message", "Probe", "Request", "TokenEngine", "shared"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request for one reply.

    Attributes:
        messages: The chat; always present.
        prompt_ids: The exact tokens to continue, for engines with `tokens = True`; `None`: the chat as the template renders it.
        max_tokens: Greatest number of tokens of the reply, thinking included.
        temperature: 0 is greedy; `None` leaves it to the server (engines that hold the model themselves take 1).
        top_p: Nucleus (top-p) threshold in (0, 1]; 1 cuts nothing.
        top_k: Number of most likely tokens to draw from; 0 cuts nothing.
        seed: Seed of the request's own random stream: equal seeds give equal samples at any batch size, where the engine can.
        stop: Strings that end the reply; they are not part of it.
        options: The legal replies to decode under (see `grammar`); `None` leaves the model free.
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
    """A reply. T tokens were sampled; `logprobs`, `log_normalizers` and `allowed_ids` follow `agentarena.core.agent.TokenSample`.

    Attributes:
        text: The reply, without thinking.
        thinking: Reasoning that the model or the server sets apart.
        finish: "stop"; "length" when it was cut short; "refusal" when the model or its provider would not answer.
        prompt_tokens: Tokens read, as billed; 0 where unknown.
        completion_tokens: Tokens written, thinking included; 0 where unknown.
        cost: Price in US dollars; `None` where unknown.
        retries: Attempts that failed before this one.
        seconds: From submission to this reply.
        prompt_ids: The tokens it continues, for engines with `tokens = True`.
        token_ids: The sampled tokens, exactly, the closing one included. Shape (T,).
        logprobs: Log-probability in nats of each token under the distribution it was drawn from: temperature, top-k, top-p
            and legal replies applied. Shape (T,).
        log_normalizers: Log of the probability, at this temperature and before any restriction, of the tokens that could be
            drawn. Shape (T,); 0 where all could.
        allowed_ids: The tokens that could be drawn at each place; `None` where all could. Shape (T,).
        version: Version of the weights that sampled it; `""` where unknown.
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
    log_normalizers: tuple[float, ...] = ()
    allowed_ids: tuple[tuple[int, ...] | None, ...] = ()
    version: str = ""


Done = Callable[["Completion | Exception"], None]
"""Takes the reply, or the failure in its place; called once, from any thread, and must return at once."""


class Engine(Protocol):
    """A back-end.

    Attributes:
        tokens: Whether this is a `TokenEngine`: `prompt_ids` are honoured, completions carry tokens and log-probabilities.
        name: What it is, for people.
    """

    tokens: bool
    name: str

    def submit(self, request: Request, done: Done) -> None:
        """Take a request from any thread and return at once. A failure reaches `done`; nothing is raised."""
        ...

    def close(self) -> None:
        """Release threads, connections and memory; open requests are dropped. May be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """A fixed text with the log-probabilities that the new weights must give it, e.g. those that the trainer computed.

    A greedy reply is no test of an update: it may stay right while an output layer that shares its weights with the
    embedding is out of date.

    Attributes:
        token_ids: The text. Shape (T,).
        logprobs: Log-probability in nats of each token after the first, at temperature 1. Shape (T - 1,).
        tolerance: Greatest accepted absolute difference, in nats.
    """

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    tolerance: float = 1e-4

    def check(self, logprobs: Sequence[float], name: str) -> None:
        """Compare with what an engine gives.

        Args:
            logprobs: Of `token_ids`, as `TokenEngine.score` gives them. Shape (T - 1,).
            name: The engine and its weights, for the message.

        Raises:
            WeightsMismatch: They differ by more than `tolerance`, or are not finite.
        """
        if not len(logprobs) == len(self.logprobs) == len(self.token_ids) - 1:
            raise WeightsMismatch(
                f"{name}: a probe of {len(self.token_ids)} tokens has {len(self.logprobs)} log-probabilities, the engine gives {len(logprobs)}"
            )
        gaps = [abs(new - expected) for new, expected in zip(logprobs, self.logprobs, strict=True)]
        wrong = [place for place, gap in enumerate(gaps) if not gap <= self.tolerance]  # so that NaN is wrong
        if wrong:
            worst = max(wrong, key=lambda place: gaps[place] if gaps[place] == gaps[place] else float("inf"))
            raise WeightsMismatch(
                f"{name}: after the update {len(wrong)} of {len(gaps)} log-probabilities of the probe are wrong; token {worst + 1} has "
                f"{logprobs[worst]:.6g}, expected {self.logprobs[worst]:.6g} within {self.tolerance:g}"
            )


@runtime_checkable
class TokenEngine(Protocol):
    """A back-end with `tokens = True`.

    Attributes:
        template: The chat template of its model.
        context: Tokens that prompt and reply may take together; 0 where unlimited.
        version: Version of its weights; "0" as loaded, then what `update_weights` was called with.
    """

    template: Template
    context: int
    version: str

    def score(self, token_ids: Sequence[int], temperature: float = 1.0) -> tuple[float, ...]:
        """Log-probability in nats of each token after the first, under all of the vocabulary at a temperature. Shape (T - 1,)."""
        ...

    def update_weights(self, weights: str | os.PathLike[str] | Iterable[tuple[str, Any]], version: str, probe: Probe | None = None) -> None:
        """Replace the weights between requests: waits until those under way are answered, empties prefix caches, checks the probe.

        After an error the weights are in no known state: requests are refused with it until an update succeeds.

        Args:
            weights: A folder or file in safetensors format, or names and tensors as in the model's `state_dict`.
            version: Their version, from here on in every completion.
            probe: What they must give; `None` checks nothing.

        Raises:
            BadOption: The weights are not those of this model.
            WeightsMismatch: The log-probabilities of the probe differ after the update.
        """
        ...


class _Shared:
    """An engine of several agents; it is closed when the last of them releases it."""

    def __init__(self, engine: Any, keep: bool) -> None:
        self.engine, self.keep, self.users = engine, keep, 0


_lock = threading.Lock()
_engines: dict[Hashable, _Shared] = {}


def shared(key: Hashable, make: Callable[[], Any], *, keep: bool = False) -> tuple[Any, Callable[[], None]]:
    """The engine of this process under `key`, built when there is none, and a function that releases it.

    Args:
        key: What tells engines apart: model, precision, device, ...
        make: Builds it.
        keep: Whether it stays loaded when nobody uses it.
    """
    with _lock:
        entry = _engines.get(key)
        if entry is None:
            entry = _engines[key] = _Shared(make(), keep)
        entry.users += 1
    unreleased = [True]

    def release() -> None:
        with _lock:
            if not unreleased:
                return
            unreleased.clear()
            entry.users -= 1
            if entry.users or entry.keep:
                return
            del _engines[key]
        entry.engine.close()

    return entry.engine, release
