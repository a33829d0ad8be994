"""Generations of language models token by token, and how records hold them: each token once, a prompt as what it adds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .display import shown

__all__ = ["TokenSample", "count_ids", "decode_samples", "encode_samples", "sample_errors"]


@dataclass(frozen=True, slots=True)
class TokenSample:
    """One generation of a policy, token by token, as it was sampled. Nothing in it is ever tokenised again.

    T tokens were sampled. The behaviour distribution is the model's under `temperature`, restricted to the tokens that could
    be drawn (top-k, top-p, legal replies) and renormalised:

        logprobs[t] = log softmax(logits[t] / temperature)[token_ids[t]] - log_normalizers[t]

    A greedy sample (temperature 0) keeps the distribution at temperature 1 over the tokens that were allowed.

    Attributes:
        prompt_ids: The exact tokens it continues.
        token_ids: The sampled tokens, the closing one included. Shape (T,).
        logprobs: Log-probability in nats of each under the behaviour distribution. Shape (T,).
        log_normalizers: Log of the probability, at this temperature and before any restriction, of the tokens that could be
            drawn. Shape (T,); 0 where all could.
        allowed_ids: The tokens that could be drawn at each place; `None` where all could. Shape (T,).
        temperature: Temperature of sampling; 0 is greedy.
        policy: Name of the policy, e.g. "tiny".
        version: Version of its weights.
        finish: "stop"; "length" when it was cut short.
    """

    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] = ()
    log_normalizers: tuple[float, ...] = ()
    allowed_ids: tuple[tuple[int, ...] | None, ...] = ()
    temperature: float = 1.0
    policy: str = ""
    version: str = ""
    finish: str = "stop"


_FIELDS = tuple(field.name for field in dataclasses.fields(TokenSample) if field.name not in ("prompt_ids", "allowed_ids"))


def count_ids(samples: Iterable[TokenSample]) -> int:
    """How many token ids the samples hold, those that could have been drawn included."""
    allowed = sum(len(ids) for sample in samples for ids in sample.allowed_ids if ids is not None)
    return allowed + sum(len(sample.prompt_ids) + len(sample.token_ids) for sample in samples)


def encode_samples(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The samples of a match as JSON: `{"step", "seat", "attempt", "samples"}`.

    A sample has the fields of `TokenSample`, but `"shared"` and `"prompt_ids"` for its prompt: how many tokens it shares with
    the prompt and reply of the seat's sample before, and those that follow. `"allowed_ids"` is left out where all are `None`.
    """
    before: dict[int, tuple[int, ...]] = {}
    lines = []
    for entry in entries:
        samples = []
        for sample in entry["samples"]:
            shared = _shared(before.get(entry["seat"], ()), sample.prompt_ids)
            data = {"shared": shared, "prompt_ids": list(sample.prompt_ids[shared:])}
            data.update((name, _listed(getattr(sample, name))) for name in _FIELDS)
            if any(ids is not None for ids in sample.allowed_ids):
                data["allowed_ids"] = [None if ids is None else list(ids) for ids in sample.allowed_ids]
            samples.append(data)
            before[entry["seat"]] = sample.prompt_ids + sample.token_ids
        lines.append({"step": entry["step"], "seat": entry["seat"], "attempt": entry["attempt"], "samples": samples})
    return lines


def decode_samples(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The inverse of `encode_samples`, of data without `sample_errors`."""
    before: dict[int, tuple[int, ...]] = {}
    entries = []
    for line in lines:
        samples = []
        for data in line["samples"]:
            prompt = before.get(line["seat"], ())[: data["shared"]] + tuple(data["prompt_ids"])
            values: dict[str, Any] = {name: tuple(value) if isinstance(value := data[name], list) else value for name in _FIELDS}
            allowed = data.get("allowed_ids", [None] * len(data["token_ids"]) if data["logprobs"] else [])
            sample = TokenSample(prompt, allowed_ids=tuple(None if ids is None else tuple(ids) for ids in allowed), **values)
            samples.append(sample)
            before[line["seat"]] = sample.prompt_ids + sample.token_ids
        entries.append({"step": line["step"], "seat": line["seat"], "attempt": line["attempt"], "samples": tuple(samples)})
    return entries


def sample_errors(lines: Any) -> str | None:
    """What keeps parsed JSON from being what `encode_samples` writes, in words; `None` when nothing does."""
    if not isinstance(lines, list):
        return f"'samples' is {shown(lines, 80)}"
    for line in lines:
        if not isinstance(line, dict) or not all(_is_count(line.get(name)) for name in ("step", "seat", "attempt")):
            return f"'samples' holds {shown(line, 80)}"
        samples = line.get("samples")
        if not isinstance(samples, list) or not all(isinstance(data, dict) and _is_sample(data) for data in samples):
            return f"'samples' holds {shown(samples, 80)}"
    return None


def _is_sample(data: Mapping[str, Any]) -> bool:
    allowed = data.get("allowed_ids", [])
    return (
        _is_count(data.get("shared"))
        and all(_all(data.get(name), _is_count) for name in ("prompt_ids", "token_ids"))
        and all(_all(data.get(name), _is_number) for name in ("logprobs", "log_normalizers"))
        and all(isinstance(data.get(name), str) for name in ("policy", "version", "finish"))
        and _is_number(data.get("temperature"))
        and _all(allowed, lambda ids: ids is None or _all(ids, _is_count))
    )


def _all(values: Any, fits: Any) -> bool:
    return isinstance(values, list) and all(map(fits, values))


def _is_count(value: Any) -> bool:
    return value.__class__ is int and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    return value.__class__ in (int, float) and math.isfinite(value)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shared(before: Sequence[int], prompt: Sequence[int]) -> int:
    """Length of the common beginning."""
    size = min(len(before), len(prompt))
    if before[:size] == prompt[:size]:
        return size
    return next(index for index in range(size) if before[index] != prompt[index])
