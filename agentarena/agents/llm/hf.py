"""`hf:`: models of transformers, on CPU or GPU, all waiting requests in one batch.

One thread holds the model. Between two steps of the batch, finished rows leave and waiting requests join; requests with the
same system message share the work of reading it.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from agentarena.core.errors import AgentRaised, ArenaError, BadOption, MissingExtra, ServiceGone

from .constraint import Vocabulary
from .engine import Done, Probe, Request, shared
from .hf_model import Adapters, end_ids, load_model, needs_own_cache
from .hf_row import Call, Row
from .malloc import tune_malloc
from .settings import check_flag, check_number, check_text
from .template import Template

if TYPE_CHECKING:
    from .decoding import Batch

__all__ = ["HFEngine", "engine"]

_LINGER_S = 0.002
_PATIENCE = 16
_SHORTEST_PREFIX = 16


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
        check_number("max_batch", max_batch, 1, whole=True)
        check_number("prefix_bytes", prefix_bytes, 0, whole=True)
        check_text("dtype", dtype)
        check_text("device", device, optional=True)
        check_flag("thinking", thinking, optional=True)
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package, "llm")
        # threads of OpenMP that spin at barriers stall for whole time slices where other programs want the cores too:
        # measured 30 times slower on two busy cores. Read once, when torch is first imported
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self.name = f"hf:{model}" if isinstance(model, str) else "hf"
        self._model, tokenizer = load_model(model, tokenizer, dtype, device)
        if self._model.device.type == "cpu":
            tune_malloc()
        if not getattr(tokenizer, "chat_template", None):
            raise BadOption(f"{self.name} has no chat template, so it cannot hold a conversation; take an instruction-tuned model")
        self.template = Template(tokenizer, **({} if thinking is None else {"enable_thinking": thinking}))
        self.template.check(self.name)
        self.context = int(getattr(self._model.config.get_text_config(), "max_position_embeddings", 0) or 0)
        self.version = "0"
        self._ends = end_ids(self._model, tokenizer)
        self._max_batch = max_batch
        self._adapters = Adapters(self._model, adapters or {}, self.name)
        self._simple = needs_own_cache(self._model.config.get_text_config())
        self._vocabulary: Vocabulary | None = None
        self._prefix_bytes = prefix_bytes
        self._prefix_ids: dict[str, tuple[int, ...]] = {}
        self._waiting: deque[Row] = deque()
        self._calls: deque[Call] = deque()
        self._broken: Exception | None = None  # why the weights cannot be used
        self._condition = threading.Condition()
        self._closed = False
        self._ended: ServiceGone | None = None
        self._batch: Batch | None = None
        self._joined: list[Row] = []  # rows whose prompts are being read
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a step under way while the interpreter ends would bring it down

    def submit(self, request: Request, done: Done) -> None:
        """See `Engine.submit`."""
        with self._condition:
            if not self._closed:
                self._waiting.append(Row(request, done))
                self._condition.notify()
                return
        done(self._ended or ServiceGone(f"{self.name} is closed"))

    def score(self, token_ids: Sequence[int], temperature: float = 1.0) -> tuple[float, ...]:
        """See `TokenEngine.score`; without adapters."""
        return tuple(self._between(lambda: self._scored([token_ids], temperature))[0])

    def score_batch(self, rows: Sequence[Sequence[int]]) -> list[list[float]]:
        """Scores of several texts, as `score` gives them at temperature 1, read in batches."""
        return list(self._between(lambda: self._scored(rows)))

    def update_weights(self, weights: str | os.PathLike[str] | Iterable[tuple[str, Any]], version: str, probe: Probe | None = None) -> None:
        """See `TokenEngine.update_weights`. Tensors of an iterable are copied one by one, in the model's thread."""
        self._between(lambda: self._updated(weights, version, probe))

    def close(self) -> None:
        """Stop after the step under way and release the model."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        atexit.unregister(self.close)
        self._model = None

    def _between(self, work: Callable[[], Any]) -> Any:
        """What `work` gives in the model's thread, when no request is under way; waits for it."""
        if threading.current_thread() is self._thread:
            raise RuntimeError(f"{self.name}: the model's own thread cannot wait for itself; call from another thread than `done`'s")
        call = Call(work)
        with self._condition:
            if self._closed:
                raise self._ended or AgentRaised(f"{self.name} is closed")
            self._calls.append(call)
            self._condition.notify()
        return call.wait()

    # everything below runs in the thread

    def _work(self) -> None:
        """The thread: however it ends, nobody waits for it in vain."""
        try:
            self._serve()
        except BaseException as error:
            self._ended = ServiceGone(f"{self.name} stopped: {type(error).__name__}: {error}")
            self._ended.__cause__ = error
        with self._condition:
            self._closed = True
            rows, self._waiting = [*self._under_way(), *self._waiting], deque()
            calls, self._calls = self._calls, deque()
        for call in calls:
            call.refuse(self._ended or AgentRaised(f"{self.name} is closed"))
        if self._ended is not None:
            for row in rows:
                row.done(self._ended)

    def _serve(self) -> None:
        import torch

        from .decoding import Prefixes

        self._prefixes = Prefixes(self._model, self._prefix_bytes)
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
        """Let waiting requests join, and take one step; between requests, do what was called for."""
        live = len(self._batch.live) if self._batch is not None else 0
        if not live:
            self._batch = None
        joining = self._joining(live)
        if joining:
            self._joined = joining
            self._join(joining)
            self._joined = []
        if self._batch is not None:
            self._advance(self._batch)
        else:
            while self._calls:
                self._calls.popleft().run()

    def _joining(self, live: int) -> list[Row]:
        """The requests that join now. While much is under way they wait for some more, since joining moves the whole batch."""
        with self._condition:
            while not live and not self._waiting and not self._calls:
                if self._closed:
                    return []
                self._condition.wait()
            if self._calls:
                return []  # these go first, once nothing is under way
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
            adapter = self._adapters.current if live else self._waiting[0].request.adapter
            joining: list[Row] = []
            waiting: deque[Row] = deque()
            while self._waiting:
                row = self._waiting.popleft()
                (joining if len(joining) < free and row.request.adapter == adapter else waiting).append(row)
            self._waiting = waiting
        try:
            self._adapters.use(adapter)
        except Exception as error:
            for row in joining:
                row.done(error)
            return []
        return [row for row in joining if self._prepared(row)]

    def _prepared(self, row: Row) -> bool:
        """Work out the prompt of a row; one that cannot be answered gets the reason at once."""
        request = row.request
        try:
            if self._broken is not None:
                raise self._broken
            row.ids = request.prompt_ids if request.prompt_ids is not None else self.template.prompt(request.messages)
            if self.context and len(row.ids) >= self.context:
                raise AgentRaised(f"the prompt has {len(row.ids)} tokens, {self.name} takes {self.context} with the reply")
            row.prefix = self._shared_prefix(row)
            if request.options is not None:
                if self._vocabulary is None:
                    width = int(self._model.config.get_text_config().vocab_size)
                    self._vocabulary = Vocabulary(self.template.tokenizer, self._ends, width)
                row.constraint = self._vocabulary.constraint(request.options)
        except Exception as error:
            row.done(error)
            return False
        return True

    def _shared_prefix(self, row: Row) -> tuple[int, ...]:
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

    def _join(self, rows: list[Row]) -> None:
        from .decoding import Batch, alike, prefill

        batches = []
        for group in alike(rows, simple=self._simple):
            prefix = self._prefixes.get(group[0].prefix, self._adapters.current) if group[0].prefix else None
            batches.append(prefill(self._model, group, prefix, simple=self._simple))
        if self._simple:
            self._batch = batches[0]
            with self._condition:
                self._waiting.extendleft(row for batch in reversed(batches[1:]) for row in reversed(batch.rows))
            return
        self._batch = Batch.joined([*([self._batch] if self._batch is not None else []), *batches])

    def _advance(self, batch: Batch) -> None:
        """Choose the next token of every row; those that are finished leave."""
        from .decoding import Batch as Batches
        from .sampling import choose

        allowed = self._allowed(batch)
        live = batch.live
        following = [0] * len(batch.rows)
        finished = []
        if live:
            logits = batch.logits if len(live) == len(batch.rows) else batch.logits[live]
            draws = choose(logits, [batch.rows[place] for place in live], [allowed[place] for place in live])
            for place, draw in zip(live, draws, strict=True):
                row = batch.rows[place]
                row.out.append(draw.token)
                row.draws.append(draw)
                following[place] = draw.token
                if (finish := row.finish(self.template, self._ends, self.context)) is not None:
                    batch.rows[place] = None
                    finished.append((row, finish))
                elif row.constraint is not None:
                    row.constraint.take(draw.token)
        for row, finish in finished:
            row.done(row.completion(self.template, self._ends, finish, self.version))
        left = len(live) - len(finished)
        if not left:
            self._batch = None
            return
        batch.step(following)
        if not self._simple and 2 * left <= len(batch.rows):
            self._batch = Batches.joined([batch])

    def _allowed(self, batch: Batch) -> list[np.ndarray | None]:
        """The tokens that may come next in each row, `None` where all may; a row that cannot go on gets the reason and leaves."""
        allowed: list[np.ndarray | None] = [None] * len(batch.rows)
        for place in batch.live:
            row = batch.rows[place]
            try:
                allowed[place] = row.constraint.allowed() if row.constraint is not None else None
            except ArenaError as error:
                batch.rows[place] = None
                row.done(error)
        return allowed

    def _scored(self, rows: Sequence[Sequence[int]], temperature: float = 1.0) -> list[list[float]]:
        from .decoding import score, score_rows

        if self._broken is not None:
            raise self._broken
        self._adapters.use(None)
        return [score(self._model, rows[0], temperature)] if len(rows) == 1 else score_rows(self._model, rows, temperature)

    def _updated(self, weights: str | os.PathLike[str] | Iterable[tuple[str, Any]], version: str, probe: Probe | None) -> None:
        from .weights import load_weights, named_tensors

        self._broken = BadOption(f"{self.name}: the update of its weights to version {version!r} did not finish")
        try:
            self._adapters.use(None)
            load_weights(self._model, named_tensors(weights))
            self._prefixes.clear()
            self.version, self._broken = version, None
            if probe is not None:
                probe.check(self._scored([probe.token_ids])[0], f"{self.name}, version {version!r}")
        except Exception as error:
            self._broken = error
            raise

    def _under_way(self) -> list[Row]:
        rows = [row for row in self._batch.rows if row is not None] if self._batch is not None else []
        rows.extend(row for row in self._joined if row not in rows)
        self._batch, self._joined = None, []
        return rows

    def _fail(self, error: Exception) -> None:
        """What was under way is lost; what waits is not, unless the model cannot be used any more, as after errors of a GPU."""
        from .decoding import score

        rows = self._under_way()
        try:
            score(self._model, (0, 0))
        except Exception:
            self._joined = rows  # they get the reason as the thread ends
            raise error from None
        for row in rows:
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


def engine(model: str, *, keep: bool = False, **settings: Any) -> tuple[HFEngine, Callable[[], None]]:
    """The engine of this process for a model under these settings, and a function that releases it; `keep` keeps it loaded."""
    return shared(("hf", model, tuple(sorted(settings.items()))), lambda: HFEngine(model, **settings), keep=keep)
