"""What the engine of `vllm:` works on: replies to generate, texts to score, work between two steps of the model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .engine import Completion, Done, Request
from .template import Template
from .vllm_sampling import allowed, behaviour, restricted, temperature_of

__all__ = ["Call", "Generation", "Item", "Scoring"]


@dataclass(frozen=True, slots=True)
class Scoring:
    """A text on its way through the model, to be scored.

    Attributes:
        prompt_ids: The text. Shape (T,).
        temperature: Greater than 0.
        done: Takes the log-probability of each token after the first, or the failure.
        adapter: Name or folder of the LoRA adapter to score with.
    """

    prompt_ids: tuple[int, ...]
    temperature: float
    done: Callable[[Any], None]
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """A reply on its way through the model.

    Attributes:
        request: What is asked for.
        prompt_ids: The tokens to continue.
        done: Takes the completion, or the failure.
        began: When it was submitted, by `time.perf_counter`.
    """

    request: Request
    prompt_ids: tuple[int, ...]
    done: Done
    began: float

    def completion(self, output: Any, template: Template, vocabulary: int, version: str) -> Completion:
        """The reply as vLLM finished it (`vllm.outputs.CompletionOutput`)."""
        if output.finish_reason not in ("stop", "length"):
            raise RuntimeError(f"vLLM ended the request with {output.finish_reason!r}")
        ids = tuple(output.token_ids)
        written = template.text(ids)
        for stop in self.request.stop:
            written = written.partition(stop)[0]
        reply, thinking = template.reply(self.prompt_ids, written)
        cut_off = restricted(self.request)
        return Completion(
            reply,
            thinking,
            output.finish_reason,
            prompt_tokens=len(self.prompt_ids),
            completion_tokens=len(ids),
            seconds=time.perf_counter() - self.began,
            prompt_ids=self.prompt_ids,
            token_ids=ids,
            logprobs=behaviour(output.logprobs),
            log_normalizers=() if cut_off else (0.0,) * len(ids),
            allowed_ids=allowed(output.logprobs, vocabulary) if cut_off else (None,) * len(ids),
            version=version,
        )

    def normalizing(self, completion: Completion) -> Scoring:
        """Scores a reply for its `log_normalizers`, and then answers with it."""

        def done(scores: tuple[float, ...] | Exception) -> None:
            if isinstance(scores, Exception):
                self.done(scores)
                return
            pairs = zip(scores[len(completion.prompt_ids) - 1 :], completion.logprobs, strict=True)
            self.done(replace(completion, log_normalizers=tuple(free - restricted for free, restricted in pairs)))

        text = (*completion.prompt_ids, *completion.token_ids)
        return Scoring(text, temperature_of(self.request) or 1.0, done, self.request.adapter)


@dataclass(frozen=True, slots=True)
class Call:
    """Work to be done between two steps.

    Attributes:
        work: Is handed the `vllm.LLM`.
        done: Takes whether it succeeded, and its result or the exception.
        idle: Whether it waits until nothing is under way.
    """

    work: Callable[[Any], Any]
    done: Callable[[bool, Any], None]
    idle: bool = False

    def run(self, llm: Any) -> None:
        """Do it; a failure belongs to the caller."""
        try:
            result = self.work(llm)
        except Exception as error:
            self.done(False, error)
        else:
            self.done(True, result)


Item = Generation | Scoring | Call
