"""A request in vLLM's terms, and what its output says about the distribution that each token was drawn from.

The engine runs with `logprobs_mode="processed_logprobs"`: log-probabilities are taken after temperature, top-k, top-p and
the mask of the legal replies. Where something is cut off, as many of the largest are asked for as could be drawn; those that
could not have minus infinity, so the finite ones are the tokens that could.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.core.text import Choices

from .engine import Request
from .grammar import legal_replies, structured_outputs

__all__ = [
    "ENGINE_ARGUMENTS",
    "STRUCTURED_OUTPUTS",
    "allowed",
    "behaviour",
    "restricted",
    "sampling",
    "scores",
    "scoring",
    "temperature_of",
]

ENGINE_ARGUMENTS = {
    "logprobs_mode": "processed_logprobs",
    "max_logprobs": -1,  # as many as the vocabulary has
}
"""Arguments of `vllm.LLM` that this module relies on."""

STRUCTURED_OUTPUTS = {"backend": "xgrammar", "disable_any_whitespace": True}
"""`structured_outputs_config` of `vllm.LLM`: vLLM 0.32 ignores the request's own `disable_any_whitespace`, and needs the backend named for it."""

_CLOSING = 16
"""More tokens than any model has to end a reply with."""


def temperature_of(request: Request) -> float:
    """The temperature to sample at."""
    return 1.0 if request.temperature is None else request.temperature


def restricted(request: Request) -> bool:
    """Whether some tokens may be impossible to draw. vLLM ignores top-p and top-k of greedy requests."""
    return request.options is not None or (temperature_of(request) > 0 and (request.top_p < 1 or request.top_k > 0))


def sampling(request: Request, vocabulary: int, most: int) -> Any:
    """The request's `vllm.SamplingParams`.

    Args:
        request: What is asked for.
        vocabulary: Number of tokens that the model knows.
        most: Greatest number of allowed tokens to learn at each place; 0 to learn none.
    """
    from vllm.sampling_params import (
        RequestOutputKind,
        SamplingParams,
        StructuredOutputsParams,
    )  # `vllm` itself looks them up anew each time

    temperature = temperature_of(request)
    return SamplingParams(
        max_tokens=request.max_tokens,
        temperature=temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        seed=None if request.seed is None or temperature == 0 else request.seed % 2**63,
        stop=list(request.stop),
        detokenize=bool(request.stop),  # words are needed token by token only to look for stop strings
        logprobs=_support(request, vocabulary, most),
        flat_logprobs=True,
        structured_outputs=StructuredOutputsParams(**structured_outputs(request.options)) if request.options else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
        skip_clone=True,
    )


def _support(request: Request, vocabulary: int, most: int) -> int:
    """How many of the likeliest tokens to ask for so that at least one that could not be drawn is among them."""
    if not restricted(request):
        return 0
    size = vocabulary
    if isinstance(request.options, Choices):
        size = min(size, _spellings(legal_replies(request.options)) + _CLOSING)
    if request.top_k and temperature_of(request) > 0:
        size = min(size, request.top_k + 1)
    return min(size, most)


def _spellings(replies: Sequence[str]) -> int:
    """Upper bound of the number of tokens that may come next on the way to one of these replies.

    A token is the next few bytes of some reply. Only single bytes are spelled by two tokens in some vocabularies.

    >>> _spellings(["fold", "call"])
    10
    """
    first, last = min(replies), max(replies)
    common = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return common + sum(len(reply.encode()) - common + 1 for reply in replies)


def behaviour(logprobs: Any) -> tuple[float, ...]:
    """Log-probability of each sampled token, which `vllm.logprobs.FlatLogprobs` lists first at its place. Shape (T,)."""
    values = logprobs.logprobs
    return tuple(float(values[start]) for start in logprobs.start_indices)


def allowed(logprobs: Any, vocabulary: int) -> tuple[tuple[int, ...] | None, ...]:
    """The tokens that could be drawn at each place, `None` where all could; `()` where vLLM lists fewer than could.

    Args:
        logprobs: `vllm.logprobs.FlatLogprobs` of a reply: at each place the sampled token, then the likeliest.
        vocabulary: Number of tokens that the model knows.
    """
    places: list[tuple[int, ...] | None] = []
    for start, end in zip(logprobs.start_indices, logprobs.end_indices, strict=True):
        ids, values = np.array(logprobs.token_ids[start:end]), np.array(logprobs.logprobs[start:end])
        listed = np.unique(ids[np.isfinite(values)])
        if len(listed) == vocabulary:
            places.append(None)
        elif end - start <= vocabulary and np.isfinite(values).all():
            return ()
        else:
            places.append(tuple(listed.tolist()))
    return tuple(places)


def scoring(temperature: float) -> Any:
    """`vllm.SamplingParams` of a request that scores its prompt.

    vLLM gives log-probabilities of a prompt at temperature 1; at another the whole vocabulary is needed at each place.

    Raises:
        BadOption: The temperature is not greater than 0.
    """
    from vllm.sampling_params import RequestOutputKind, SamplingParams

    if not temperature > 0:
        raise BadOption(f"scores need a temperature greater than 0, got {temperature!r}")
    return SamplingParams(
        max_tokens=1,
        temperature=0.0,
        prompt_logprobs=0 if temperature == 1 else -1,
        flat_logprobs=True,
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
        skip_clone=True,
    )


def scores(logprobs: Any, temperature: float) -> tuple[float, ...]:
    """Log-probability of each token of a prompt after the first.

    Args:
        logprobs: `vllm.logprobs.FlatLogprobs` of a prompt of T tokens: nothing at the first place, then the token itself
            and, unless the temperature is 1, the whole vocabulary.
        temperature: Greater than 0.

    Returns:
        In nats. Shape (T - 1,).
    """
    spans = list(zip(logprobs.start_indices, logprobs.end_indices, strict=True))[1:]
    if temperature == 1:
        return tuple(float(logprobs.logprobs[start]) for start, _ in spans)
    out = []
    for start, end in spans:
        scaled = np.array(logprobs.logprobs[start:end]) / temperature
        out.append(float(scaled[0] - np.logaddexp.reduce(scaled[1:])))
    return tuple(out)
