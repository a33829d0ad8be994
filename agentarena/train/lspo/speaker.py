"""Speakers: what proposes utterances. Candidates are asked for one after another, each to differ from those before it.

`LocalSpeaker` generates with a model of transformers in this process, in large batches: for small models on the CPU.
`EngineSpeaker` asks an engine of `agentarena.agents.llm`: vLLM, transformers, or a server. Both ask the same.
"""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import AgentFault, BadOption
from agentarena.core.rng import stream
from agentarena.models.speaker.names import Names, swap
from agentarena.models.speaker.prompts import SpeechPrompt, messages

__all__ = ["SMALL", "EngineSpeaker", "LocalSpeaker", "PreferencePair", "Speaker", "SpeechPrompt", "load_speaker", "spec_of"]

SMALL = Path(__file__).resolve().parents[2] / "models" / "speaker" / "weights"
"""The folder of the small speaker, `load_speaker("speaker")`; see its card for the recipe."""

_UTTERANCE = 11
"""First step of the path of the streams of candidates: `stream(seed, UTTERANCE)`."""


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two utterances under one prompt, the first of which is preferred."""

    prompt: SpeechPrompt
    chosen: str
    rejected: str


class Speaker(Protocol):
    """Proposes utterances.

    Attributes:
        name: What it is, for people and records.
        counts: How many candidates were "proposed", and how many were dropped as "empty", "overlong", "failed" or "stranger" (it names
            somebody who is not at the table).
    """

    name: str
    counts: Counter[str]

    def propose(self, prompts: Sequence[SpeechPrompt], n: int, seeds: Sequence[int] | int) -> list[list[str]]:
        """`n` candidates for each prompt at most: those that are empty or overlong are dropped and counted.

        A candidate depends on its prompt, its seed and its number alone, not on the prompts beside it.

        Args:
            prompts: What is asked; what a prompt lists already is listed before the first candidate.
            n: Candidates a prompt.
            seeds: One a prompt; or one for all, from which and from its words each prompt's own is derived.
        """
        ...

    def close(self) -> None:
        """Let go of the model. May be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class _Limits:
    """How candidates are drawn and which are dropped.

    Attributes:
        temperature: 0 is greedy.
        top_p: Nucleus (top-p) threshold in (0, 1].
        max_tokens: Longest utterance in tokens; what has not ended by then is overlong.
        longest: Longest utterance in characters.
        rules: Rules of the game for models that do not know them, before the request.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 64
    longest: int = 300
    rules: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 10 or not 0 < self.top_p <= 1:
            raise BadOption(f"a speaker needs 0 <= temperature <= 10 and 0 < top_p <= 1, got {self.temperature!r} and {self.top_p!r}")
        if self.max_tokens < 1 or self.longest < 1:
            raise BadOption(f"a speaker needs max_tokens and longest of at least 1, got {self.max_tokens!r} and {self.longest!r}")


def _seeds_of(prompts: Sequence[SpeechPrompt], seeds: Sequence[int] | int) -> list[int]:
    if isinstance(seeds, int):
        words = ["\0".join((prompt.role, prompt.user)).encode() for prompt in prompts]
        return [int.from_bytes(_digest(word), "little") ^ seeds for word in words]
    if len(seeds) != len(prompts):
        raise ValueError(f"expected a seed for each of {len(prompts)} prompts, got {len(seeds)}")
    return [int(seed) for seed in seeds]


def _digest(words: bytes) -> bytes:
    from hashlib import blake2b

    return blake2b(words, digest_size=7).digest()


class _Asking:
    """What speakers share: the limits, the counts, and the order of questions."""

    def __init__(self, name: str, limits: _Limits) -> None:
        self.name, self.limits = name, limits
        self.counts: Counter[str] = Counter()

    def _accepted(self, words: str | None, ended: bool) -> str | None:
        """An utterance in one line; `None` where it is dropped."""
        self.counts["proposed"] += 1
        if words is None:
            self.counts["failed"] += 1
            return None
        line = " ".join(words.split())
        if not line or not ended or len(line) > self.limits.longest:
            self.counts["overlong" if line else "empty"] += 1
            return None
        return line


class LocalSpeaker(_Asking):
    """A causal model of transformers in this process, generating for many prompts at once.

    Where the folder has `names.json`, the model reads and says the names it knows in place of those at the table; who asks does not
    notice.

    Args:
        model: Folder or name on the hub, or a loaded model.
        tokenizer: Of a loaded model.
        max_batch: Prompts read at once.
        device: E.g. "cuda:0"; by default a GPU if there is one.
        dtype: "auto" is float32 on CPU, the checkpoint's own precision elsewhere.
        limits: Those of `_Limits` by name: temperature, top_p, max_tokens, longest, rules.

    Raises:
        BadOption: It cannot be loaded, has no chat template, or has layers that do not keep all keys and values.
    """

    def __init__(
        self, model: Any, *, tokenizer: Any = None, max_batch: int = 32, device: str | None = None, dtype: str = "auto", **limits: Any
    ) -> None:
        from agentarena.agents.llm.hf_model import end_ids, load_model, needs_own_cache
        from agentarena.agents.llm.malloc import tune_malloc
        from agentarena.agents.llm.template import Template

        super().__init__(str(model) if isinstance(model, str | Path) else "model", _Limits(**limits))
        self._model, tokenizer = load_model(str(model) if isinstance(model, Path) else model, tokenizer, dtype, device)
        if needs_own_cache(self._model.config.get_text_config()):
            raise BadOption(f"{self.name} has layers that do not keep all keys and values; name it hf:{self.name}, for the engine")
        if not getattr(tokenizer, "chat_template", None):
            raise BadOption(f"{self.name} has no chat template; take an instruction-tuned model")
        if self._model.device.type == "cpu":
            tune_malloc()
        self.template = Template(tokenizer)
        self.tokenizer, self._max_batch = tokenizer, max_batch
        self._names = Names.read(Path(model)) if isinstance(model, str | Path) else None
        self._ends = end_ids(self._model, tokenizer)

    @cached_property
    def _pad(self) -> int:
        return int(self.tokenizer.pad_token_id or 0)

    def _ids(self, prompt: SpeechPrompt) -> tuple[int, ...]:
        return self.template.prompt(messages(prompt, self.limits.rules))

    def propose(self, prompts: Sequence[SpeechPrompt], n: int, seeds: Sequence[int] | int) -> list[list[str]]:
        """See `Speaker.propose`."""
        numbers = [stream(seed, _UTTERANCE).random((n, self.limits.max_tokens)) for seed in _seeds_of(prompts, seeds)]
        hidden = [self._names.hide(prompt) if self._names else (prompt, {}) for prompt in prompts]
        firsts = [self._ids(prompt) for prompt, _ in hidden]
        candidates: list[list[str]] = [[] for _ in prompts]
        order = sorted(range(len(prompts)), key=lambda row: len(firsts[row]))
        for start in range(0, len(order), self._max_batch):
            rows = order[start : start + self._max_batch]
            texts = self._batch([hidden[row][0] for row in rows], [firsts[row] for row in rows], np.stack([numbers[row] for row in rows]))
            for row, proposals in zip(rows, texts, strict=True):
                candidates[row] = self._at_the_table(proposals, hidden[row][1])
        return candidates

    def _at_the_table(self, proposals: Sequence[str], table: Mapping[str, str]) -> list[str]:
        """Proposals in the names of the table, without those that name a known name that stands for nobody there."""
        if self._names is None:
            return list(proposals)
        back = {known: name for name, known in table.items()}
        words = [swap(one, back) for one in proposals if self._names.strangers(one, back) == 0]
        self.counts["stranger"] += len(proposals) - len(words)
        return words

    def _batch(self, prompts: Sequence[SpeechPrompt], firsts: Sequence[tuple[int, ...]], numbers: np.ndarray) -> list[list[str]]:
        """Candidates of some prompts. Shape of `numbers`: (B, N, T)."""
        from .generation import Continuations

        shared = [self._shared(prompt, ids) for prompt, ids in zip(prompts, firsts, strict=True)]
        suffixes = [ids[length:] for ids, length in zip(firsts, shared, strict=True)]
        room = numbers.shape[2] + max(map(len, suffixes)) + (numbers.shape[1] - 1) * (numbers.shape[2] + 8) + 32
        batch: Continuations | None = None
        candidates: list[list[str]] = [[] for _ in prompts]
        for number in range(numbers.shape[1]):
            if number:
                listing = [
                    SpeechPrompt(prompt.role, prompt.view, (*prompt.listed, *proposals))
                    for prompt, proposals in zip(prompts, candidates, strict=True)
                ]
                suffixes = [self._ids(prompt)[length:] for prompt, length in zip(listing, shared, strict=True)]
            if batch is None or max(map(len, suffixes)) + numbers.shape[2] > room:
                room = max(room, max(map(len, suffixes)) + numbers.shape[2])
                batch = Continuations(self._model, [ids[:length] for ids, length in zip(firsts, shared, strict=True)], room, self._pad)
            texts = batch.sample(suffixes, self._ends, numbers[:, number], self.limits.temperature, self.limits.top_p)
            words = self.tokenizer.batch_decode(texts, skip_special_tokens=True)
            for row, (ids, text) in enumerate(zip(texts, words, strict=True)):
                accepted = self._accepted(text, len(ids) < numbers.shape[2])
                if accepted is not None:
                    candidates[row].append(accepted)
        return candidates

    def _shared(self, prompt: SpeechPrompt, ids: tuple[int, ...]) -> int:
        """How many of a prompt's tokens stay when candidates are listed."""
        from .generation import shared_length

        longer = self._ids(SpeechPrompt(prompt.role, prompt.view, (*prompt.listed, "No.")))
        return min(shared_length(ids, longer), len(ids) - 1)

    def close(self) -> None:
        self._model = None


class EngineSpeaker(_Asking):
    """A model behind an engine: all prompts are asked at once, one round a candidate.

    Args:
        engine: See `agentarena.agents.llm.engine.Engine`.
        release: Called by `close`; the engine's own `close` by default.
        adapter: LoRA adapter of every request.
        limits: As for `LocalSpeaker`.
    """

    def __init__(self, engine: Any, *, release: Callable[[], None] | None = None, adapter: str | None = None, **limits: Any) -> None:
        super().__init__(str(engine.name), _Limits(**limits))
        self._engine, self._adapter = engine, adapter
        self._release: Callable[[], None] | None = release or engine.close

    def propose(self, prompts: Sequence[SpeechPrompt], n: int, seeds: Sequence[int] | int) -> list[list[str]]:
        """See `Speaker.propose`."""
        streams = [stream(seed, _UTTERANCE) for seed in _seeds_of(prompts, seeds)]
        candidates: list[list[str]] = [[] for _ in prompts]
        for _ in range(n):
            listing = [
                SpeechPrompt(prompt.role, prompt.view, (*prompt.listed, *proposals))
                for prompt, proposals in zip(prompts, candidates, strict=True)
            ]
            for proposals, words in zip(candidates, self._round(listing, [int(rng.integers(2**31)) for rng in streams]), strict=True):
                if words is not None:
                    proposals.append(words)
        return candidates

    def _round(self, prompts: Sequence[SpeechPrompt], seeds: Sequence[int]) -> list[str | None]:
        """One candidate for each prompt; `None` where it is dropped."""
        from agentarena.agents.llm.engine import Completion

        answers: queue.SimpleQueue[tuple[int, Completion | Exception]] = queue.SimpleQueue()
        for place, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
            self._engine.submit(self._request(prompt, seed), lambda answer, place=place: answers.put((place, answer)))
        words: list[str | None] = [None] * len(prompts)
        for _ in prompts:
            place, answer = answers.get()
            if isinstance(answer, Exception) and not isinstance(answer, AgentFault):
                raise answer
            if isinstance(answer, Exception):
                words[place] = self._accepted(None, ended=True)
            else:
                words[place] = self._accepted(answer.text, answer.finish == "stop")
        return words

    def _request(self, prompt: SpeechPrompt, seed: int) -> Any:
        from agentarena.agents.llm.engine import Request

        limits = self.limits
        return Request(
            messages(prompt, limits.rules),
            max_tokens=limits.max_tokens,
            temperature=limits.temperature,
            top_p=limits.top_p,
            seed=seed,
            adapter=self._adapter,
        )

    def close(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None


# --- by name ------------------------------------------------------------------------------------------------------------------


def load_speaker(spec: str | Path, **settings: Any) -> Speaker:
    """The speaker that a spec names.

    Args:
        spec: "speaker", the small one in the box; a model folder, read by `LocalSpeaker`; or a language model by its spec string,
            "hf:MODEL", "vllm:MODEL?max_model_len=4096", "openai:MODEL?base_url=...", asked through its engine.
        settings: temperature, top_p, max_tokens, longest, rules; for folders also max_batch, device, dtype.

    Raises:
        BadOption: It names no speaker, or a setting is out of range.
    """
    head = str(spec)
    folder = SMALL if head == "speaker" else Path(head)
    if (folder / "config.json").exists():
        return LocalSpeaker(folder, **settings)
    if head == "speaker":
        raise BadOption(f"the small speaker is not in {folder}; train it: python -m agentarena.models.speaker.recipe --out {folder}")
    if ":" not in head:
        raise BadOption(f"{shown(head)} is no speaker; name 'speaker', a model folder, hf:MODEL, vllm:MODEL or openai:MODEL")
    return _of_language_agent(head, settings)


def _of_language_agent(spec: str, settings: Mapping[str, Any]) -> EngineSpeaker:
    from agentarena.agents.specs import agent

    player: Any = agent(spec)
    if not hasattr(player, "engine"):
        player.close()
        raise BadOption(f"{shown(spec)} is no language model; name hf:MODEL, vllm:MODEL or openai:MODEL")
    try:
        return EngineSpeaker(player.engine, release=player.close, **settings)
    except BaseException:
        player.close()
        raise


def spec_of(spec: str, folder: Path) -> str:
    """The spec of a tuned model that is to be asked as the one before: its folder, under the scheme and parameters of `spec`.

    >>> spec_of("vllm:Qwen/Qwen3-8B?max_model_len=4096", Path("runs/x/speaker")), spec_of("speaker", Path("runs/x/speaker"))
    ('vllm:runs/x/speaker?max_model_len=4096', 'runs/x/speaker')
    """
    head, mark, query = spec.partition("?")
    scheme, colon, _ = head.partition(":")
    return f"{scheme}:{folder}{mark}{query}" if colon and scheme in ("hf", "vllm") else str(folder)
