"""`hf:`: models of transformers, on CPU or GPU, all waiting requests in one batch.

One thread holds the model. Between two steps of the batch, finished rows leave and waiting requests join; requests with the
same system message share the work of reading it.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from agentarena.core.errors import AgentRaised, BadOption, MissingExtra

from .constraint import Constraint, Vocabulary
from .engine import Completion, Done, Request, shared, split_thinking
from .malloc import tune_malloc
from .template import Template

if TYPE_CHECKING:
    from .decoding import Batch

__all__ = ["HFEngine", "engine"]

_LINGER_S = 0.002
_PATIENCE = 16
_READ_AT_ONCE = 16384
_SHORTEST_PREFIX = 16


class _Row:
    """A request under way."""

    def __init__(self, request: Request, done: Done) -> None:
        self.request, self.done = request, done
        self.began = time.monotonic()
        self.ids: tuple[int, ...] = ()
        self.prefix: tuple[int, ...] = ()
        self.constraint: Constraint | None = None
        self.restart()

    def restart(self) -> None:
        """As before the first token."""
        self.rng = np.random.Generator(np.random.PCG64(self.request.seed))
        self.out: list[int] = []
        self.logprobs: list[float] = []


class HFEngine:
    """A causal language model of transformers.

    Equal seeds give equal samples at any batch size, except where rounding decides: the same prompt gives logits that
    differ in the last bits under another shape of batch, which matters only where two tokens are as good as tied.

    Args:
        model: Name on the hub or path, or a loaded model.
        dtype: "auto" is float32 on CPU and the checkpoint's own precision elsewhere; or e.g. "bfloat16".
        device: E.g. "cuda:0"; by default a GPU if there is one.
        max_batch: Greatest number of replies under way at once.
        adapters: LoRA adapters by name: paths or names on the hub. A request may also name a path itself.
        thinking: Passed to chat templates that know `enable_thinking`; `None` leaves it to them.
        prefix_bytes: Memory for the keys and values of shared system messages.
        tokenizer: The tokenizer of a loaded model.

    Raises:
        MissingExtra: torch or transformers is not installed.
        BadOption: The model cannot be loaded, or has no chat template.
    """

    tokens = True

    def __init__(
        self,
        model: Any,
        *,
        dtype: str = "auto",
        device: str | None = None,
        max_batch: int = 64,
        adapters: Mapping[str, str] | None = None,
        thinking: bool | None = None,
        prefix_bytes: int = 1 << 29,
        tokenizer: Any = None,
    ) -> None:
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package, "llm")
        # threads of OpenMP that spin at barriers stall for whole time slices where other programs want the cores too:
        # measured 30 times slower on two busy cores. Read once, when torch is first imported
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self.name = f"hf:{model}" if isinstance(model, str) else "hf"
        self._model, tokenizer = _loaded(model, tokenizer, dtype, device)
        if self._model.device.type == "cpu":
            tune_malloc()
        if not getattr(tokenizer, "chat_template", None):
            raise BadOption(f"{self.name} has no chat template, so it cannot hold a conversation; take an instruction-tuned model")
        self.template = Template(tokenizer, **({} if thinking is None else {"enable_thinking": thinking}))
        self.context = int(getattr(self._model.config.get_text_config(), "max_position_embeddings", 0) or 0)
        self._ends = _ends(self._model, tokenizer)
        self._max_batch = max_batch
        self._adapters = dict(adapters or {})
        self._adapter: str | None = None
        self._lora: Any = None  # peft's handle on the same model, once there is an adapter
        self._labels: dict[str, str] = {}  # adapter -> what peft knows it by
        self._simple = _needs_own_cache(self._model.config.get_text_config())
        self._vocabulary: Vocabulary | None = None
        self._prefix_bytes = prefix_bytes
        self._prefix_ids: dict[str, tuple[int, ...]] = {}
        self._waiting: deque[_Row] = deque()
        self._condition = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()

    def submit(self, request: Request, done: Done) -> None:
        """See `Engine.submit`."""
        with self._condition:
            if not self._closed:
                self._waiting.append(_Row(request, done))
                self._condition.notify()
                return
        done(AgentRaised(f"{self.name} is closed"))

    def close(self) -> None:
        """Stop after the step under way and let go of the model."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._model = None

    # everything below runs in the thread

    def _work(self) -> None:
        import torch

        from .decoding import Prefixes

        self._prefixes = Prefixes(self._model, self._prefix_bytes)
        self._batch: Batch | None = None
        self._steps = 0
        with torch.inference_mode():
            while not self._closed:
                try:
                    self._turn()
                except torch.OutOfMemoryError:
                    self._retreat()
                except Exception as error:
                    self._fail(error)

    def _turn(self) -> None:
        """Let waiting requests join, and take one step."""
        live = len(self._batch.live) if self._batch is not None else 0
        if not live:
            self._batch = None
        joining = self._joining(live)
        if joining:
            self._taken = joining
            self._join(joining)
            self._taken = []
        if self._batch is not None:
            self._advance(self._batch)

    _taken: list[_Row] = []

    def _joining(self, live: int) -> list[_Row]:
        """The requests that join now. While much is under way they wait for some more, since joining moves the whole batch."""
        with self._condition:
            while not live and not self._waiting:
                if self._closed:
                    return []
                self._condition.wait()
            if not live:
                count = -1
                while count != len(self._waiting) < self._max_batch and not self._closed:
                    count = len(self._waiting)
                    self._condition.wait(_LINGER_S)
            free = self._max_batch - live
            self._steps += 1
            if not self._waiting or free <= 0 or (live and self._simple):
                return []
            if live > self._max_batch // 2 and len(self._waiting) < self._max_batch // 4 and self._steps % _PATIENCE:
                return []
            wanted = self._adapter if live else self._waiting[0].request.adapter
            chosen: list[_Row] = []
            kept: deque[_Row] = deque()
            while self._waiting:
                row = self._waiting.popleft()
                (chosen if len(chosen) < free and row.request.adapter == wanted else kept).append(row)
            self._waiting = kept
        self._use(wanted, chosen)
        return [row for row in chosen if self._prepared(row)]

    def _prepared(self, row: _Row) -> bool:
        """Work out the prompt of a row; one that cannot be answered is told so at once."""
        request = row.request
        try:
            row.ids = request.prompt_ids if request.prompt_ids is not None else self.template.prompt(request.messages)
            if self.context and len(row.ids) >= self.context:
                raise AgentRaised(f"the prompt has {len(row.ids)} tokens, {self.name} takes {self.context} with the reply")
            row.prefix = self._shared_prefix(row)
            if request.options is not None:
                self._vocabulary = self._vocabulary or Vocabulary(
                    self.template.tokenizer, self._ends, int(self._model.config.get_text_config().vocab_size)
                )
                row.constraint = Constraint(request.options, self._vocabulary)
        except Exception as error:
            row.done(error)
            return False
        return True

    def _shared_prefix(self, row: _Row) -> tuple[int, ...]:
        """The part of a prompt that it shares with all prompts of the same system message."""
        messages = row.request.messages
        if self._simple or not messages or messages[0]["role"] != "system":
            return ()
        system = messages[0]["content"]
        if system not in self._prefix_ids:
            if len(self._prefix_ids) > 4096:
                self._prefix_ids.clear()
            self._prefix_ids[system] = self.template.prefix(messages)
        known = self._prefix_ids[system]
        same = next((k for k, (a, b) in enumerate(zip(known, row.ids, strict=False)) if a != b), min(len(known), len(row.ids)))
        same = min(same, len(row.ids) - 1)
        return known[:same] if same >= _SHORTEST_PREFIX else ()

    def _join(self, rows: list[_Row]) -> None:
        from .decoding import Batch, prefill

        made = []
        for group in _alike(rows, simple=self._simple):
            prefix = self._prefixes.get(group[0].prefix, self._adapter) if group[0].prefix else None
            made.append(prefill(self._model, group, prefix, simple=self._simple))
        if self._simple:
            self._batch = made[0]
            with self._condition:
                self._waiting.extendleft(row for batch in reversed(made[1:]) for row in reversed(batch.rows))
            return
        self._batch = Batch.joined([*([self._batch] if self._batch is not None else []), *made])

    def _advance(self, batch: Batch) -> None:
        """Choose the next token of every row; those that are finished leave."""
        from .decoding import Batch as Batches
        from .sampling import choose

        live = batch.live
        logits = batch.logits if len(live) == len(batch.rows) else batch.logits[live]
        tokens, logprobs = choose(logits, [batch.rows[place] for place in live])
        following = [0] * len(batch.rows)
        finished = []
        for place, token, logprob in zip(live, tokens, logprobs, strict=True):
            row = batch.rows[place]
            row.out.append(token)
            row.logprobs.append(logprob)
            following[place] = token
            if (finish := self._finish(row)) is not None:
                batch.rows[place] = None
                finished.append((row, finish))
        for row, finish in finished:
            row.done(self._completion(row, finish))
        left = len(live) - len(finished)
        if not left:
            self._batch = None
            return
        batch.step(following)
        if not self._simple and 2 * left <= len(batch.rows):
            self._batch = Batches.joined([batch])

    def _finish(self, row: _Row) -> str | None:
        request = row.request
        if row.out[-1] in self._ends:
            return "stop"
        if request.stop and any(stop in self.template.text(row.out) for stop in request.stop):
            return "stop"
        if len(row.out) >= request.max_tokens or (self.context and len(row.ids) + len(row.out) >= self.context):
            return "length"
        return None

    def _completion(self, row: _Row, finish: str) -> Completion:
        ended = row.out[-1] in self._ends
        said = self.template.text(row.out[:-1] if ended else row.out)
        for stop in row.request.stop:
            said = said.partition(stop)[0]
        if self.template.opens_thinking(row.ids):
            said = "<think>" + said
        text, thinking = split_thinking(said)
        return Completion(
            text,
            thinking,
            finish,
            prompt_tokens=len(row.ids),
            completion_tokens=len(row.out),
            seconds=time.monotonic() - row.began,
            prompt_ids=row.ids,
            token_ids=tuple(row.out),
            logprobs=tuple(row.logprobs),
        )

    def _under_way(self) -> list[_Row]:
        rows = [row for row in self._batch.rows if row is not None] if self._batch is not None else []
        rows.extend(row for row in self._taken if row not in rows)
        self._batch, self._taken = None, []
        return rows

    def _fail(self, error: Exception) -> None:
        """What was under way is lost; what waits is not."""
        for row in self._under_way():
            row.done(error)

    def _retreat(self) -> None:
        """Memory ran out: begin again with half as many rows at once."""
        import torch

        rows = self._under_way()
        if len(rows) == 1:
            rows[0].done(AgentRaised(f"{self.name}: one reply alone does not fit into memory ({len(rows[0].ids)} tokens of prompt)"))
            rows = []
        self._max_batch = max(1, len(rows) // 2)
        for row in rows:
            row.restart()
        with self._condition:
            self._waiting.extendleft(reversed(rows))
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _use(self, adapter: str | None, rows: list[_Row]) -> None:
        if adapter == self._adapter:
            return
        try:
            if adapter is None:
                self._lora.base_model.disable_adapter_layers()
            else:
                if adapter not in self._labels:
                    self._load(adapter)
                self._lora.base_model.enable_adapter_layers()
                self._lora.set_adapter(self._labels[adapter])
            self._adapter = adapter
        except Exception as error:
            for row in rows:
                row.done(error)
            rows.clear()

    def _load(self, adapter: str) -> None:
        """Put an adapter's layers into the model, beside those of the others."""
        if importlib.util.find_spec("peft") is None:
            raise MissingExtra("peft", "lora")
        from peft import PeftModel

        label, place = f"adapter{len(self._labels)}", self._adapters.get(adapter, adapter)
        try:
            if self._lora is None:
                self._lora = PeftModel.from_pretrained(self._model, place, adapter_name=label).eval()
            else:
                self._lora.load_adapter(place, adapter_name=label)
        except Exception as error:
            raise BadOption(f"{self.name}: no LoRA adapter can be loaded from {place!r}: {error}") from error
        self._labels[adapter] = label


def _loaded(model: Any, tokenizer: Any, dtype: str, device: str | None) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    if not isinstance(model, str):
        return model.eval(), tokenizer
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    precision: Any = ("float32" if place == "cpu" else "auto") if dtype == "auto" else dtype
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of the weights; downloads have their own
    try:
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(model)
        made: Any = AutoModelForCausalLM.from_pretrained(model, dtype=precision)
    except (OSError, ValueError) as error:
        raise BadOption(f"hf:{model} cannot be loaded: {error}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    return made.to(place).eval(), tokenizer


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a reply."""
    given = model.generation_config.eos_token_id
    ends = {given} if isinstance(given, int) else set(given or ())
    if tokenizer.eos_token_id is not None:
        ends.add(tokenizer.eos_token_id)
    return frozenset(ends)


def _needs_own_cache(config: Any) -> bool:
    """Whether a model has layers that do not keep all keys and values."""
    kinds = getattr(config, "layer_types", None)
    if kinds is not None:
        return any(kind != "full_attention" for kind in kinds)
    return bool(getattr(config, "sliding_window", None)) or not hasattr(config, "num_attention_heads")


def _alike(rows: list[_Row], *, simple: bool) -> Iterator[list[_Row]]:
    """Rows that are read together: of the same prefix and of similar length, and not too many tokens at once."""
    by_prefix: dict[tuple[int, ...], list[_Row]] = {}
    for row in rows:
        by_prefix.setdefault(row.prefix, []).append(row)
    for group in by_prefix.values():
        ordered = sorted(group, key=lambda row: len(row.ids))
        begun = len(group[0].prefix)
        part: list[_Row] = []
        tokens = 0
        for row in ordered:
            length = len(row.ids) - begun
            padded = length * (len(part) + 1)
            if part and not simple and (padded > _READ_AT_ONCE or padded > 1.3 * (tokens + length) + 256):
                yield part
                part, tokens = [], 0
            part.append(row)
            tokens += length
        yield part


def engine(model: str, *, keep: bool = False, **settings: Any) -> tuple[HFEngine, Callable[[], None]]:
    """The engine of this process for a model under these settings, and a function to let go of it; `keep` keeps it loaded."""
    key = ("hf", model, tuple(sorted(settings.items())))
    made, release = shared(key, lambda: HFEngine(model, **settings), keep=keep)
    return made, release
