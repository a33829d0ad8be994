"""The engine behind `vllm:`: one thread owns a `vllm.LLM`; requests enter and leave between its steps, without a batch barrier.

Each turn of the loop takes what was submitted meanwhile, waits for one step of the engine (one token of every running
request, or a piece of a prompt), and answers the requests that the step finished. The model steps in a process of its own,
as vLLM sets it up, so that matches, chat templates and tokenizing go on beside it; with
`VLLM_ENABLE_V1_MULTIPROCESSING=0` in the environment it steps in this thread, which loads faster.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from agentarena.core.errors import AgentFault, BadOption, ServiceGone

from .engine import Done, Probe, Request
from .template import Template
from .vllm_requests import Call, Generation, Item, Scoring
from .vllm_sampling import ENGINE_ARGUMENTS, STRUCTURED_OUTPUTS, sampling, scores, scoring
from .vllm_setup import Adapters, free, import_vllm, load, lora, shut_down
from .vllm_weights import LOADER, Weights, checkpoint, load_weights

T = TypeVar("T")

__all__ = ["VLLMEngine"]


_LULL = 0.006
"""Seconds without a request after which no more are expected."""


class VLLMEngine:
    """A model held by vLLM.

    Greedy replies and replies with a seed do not depend on what else is in the batch, as far as the kernels' sums do not:
    vLLM picks kernels by batch size, so two runs may part where two tokens are equally likely to the last bit.

    Completions carry `logprobs` under the distribution they were drawn from. Where tokens were cut off (top-p, top-k, legal
    replies), `allowed_ids` lists those that could be drawn, unless at some place more than `most_allowed` could: then it is
    empty. `log_normalizers` are 0 where nothing was cut off; otherwise vLLM cannot tell them while it samples, and they are
    empty unless `normalizers` has each such reply scored afterwards.

    Args:
        model: Name on the Hugging Face hub, or a folder.
        dtype: Precision of the weights: "auto", "float32", "bfloat16", "float16".
        max_model_len: Tokens that prompt and reply may take together; by default what the model was made for.
        gpu_memory_utilization: Part of the GPU's memory to take; without a GPU `VLLM_CPU_KVCACHE_SPACE` counts.
        max_num_seqs: Greatest number of requests in a step.
        enforce_eager: Whether to leave out compilation: quicker to load, slower to run. By default on without a GPU.
        adapters: LoRA adapters as name -> folder. A request may name one of these, or the folder of another of no greater rank.
        thinking: Whether the model may think first, for chat templates that have a switch (`enable_thinking`).
        reasoning_parser: vLLM's name of the way in which the model marks its thinking; then `options` bind the reply after it.
        seed: Of the stream from which requests without a seed draw.
        most_allowed: Greatest number of allowed tokens to list at a place; 0 lists none.
        normalizers: Whether replies from which tokens were cut off are scored for their `log_normalizers`: one more reading
            of prompt and reply, at a temperature other than 1 with the whole vocabulary at each place.
        arguments: Further arguments of `vllm.LLM`.

    Attributes:
        version: Version of the weights.

    Raises:
        MissingExtra: vLLM is not installed.
        BadOption: The arguments do not suit vLLM or the model.
    """

    tokens = True

    def __init__(
        self,
        model: str,
        *,
        dtype: str = "auto",
        max_model_len: int | None = None,
        gpu_memory_utilization: float = 0.9,
        max_num_seqs: int = 256,
        enforce_eager: bool | None = None,
        adapters: Mapping[str, str] | None = None,
        thinking: bool | None = None,
        reasoning_parser: str | None = None,
        seed: int = 0,
        most_allowed: int = 4096,
        normalizers: bool = False,
        **arguments: Any,
    ) -> None:
        import_vllm()
        arguments = {"structured_outputs_config": STRUCTURED_OUTPUTS, **arguments, **ENGINE_ARGUMENTS, "worker_extension_cls": LOADER}
        arguments |= {"model": model, "dtype": dtype, "seed": seed, "max_num_seqs": max_num_seqs}
        arguments |= {"gpu_memory_utilization": gpu_memory_utilization, "enforce_eager": enforce_eager, **lora(adapters or {})}
        arguments |= {"max_model_len": max_model_len} if max_model_len else {}
        arguments |= {"reasoning_parser": reasoning_parser} if reasoning_parser else {}
        self.name = f"vllm:{model}"
        self.version = "0"
        self._most_allowed, self._normalizers = most_allowed, normalizers
        self._adapters = Adapters(self.name, adapters or {})
        self._inbox: SimpleQueue[Item | None] = SimpleQueue()
        self._backlog: deque[Item] = deque()  # taken from the inbox, not begun yet
        self._open: dict[str, Generation | Scoring] = {}
        self._numbers = 0
        self._ended: Exception | None = None
        self._refused: Exception | None = None  # why the weights cannot be used
        self._lock = threading.Lock()
        ready: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(arguments, ready), name=self.name, daemon=True)
        self._thread.start()
        loaded = ready.get()
        if isinstance(loaded, BaseException):
            raise BadOption(f"vLLM cannot serve {model!r}: {type(loaded).__name__}: {loaded}") from loaded
        atexit.register(self.close)  # an engine that lives on while the interpreter ends would bring it down
        tokenizer, self.context, self._vocabulary = loaded
        self.template = Template(tokenizer, **({} if thinking is None else {"enable_thinking": thinking}))
        try:
            self.template.check(self.name)
        except BaseException:
            self.close()
            raise

    def submit(self, request: Request, done: Done) -> None:
        """Take a request from any thread; `done` is called from the engine's thread."""
        began = time.perf_counter()
        try:
            prompt = request.prompt_ids if request.prompt_ids is not None else self.template.prompt(request.messages)
            self._check_length(prompt)
        except Exception as error:  # a failure is the request's answer
            done(error)
            return
        if (ended := self._put(Generation(request, tuple(prompt), done, began))) is not None:
            done(ended)

    def score(self, token_ids: Sequence[int], temperature: float = 1.0) -> tuple[float, ...]:
        """Log-probability in nats of each token after the first, under all of the vocabulary at a temperature. Shape (T - 1,).

        A temperature other than 1 has vLLM hand over the whole vocabulary at each place, which is slow where it is large.

        Raises:
            BadOption: The temperature is not greater than 0.
            AgentFault: The text is too long: vLLM scores one token less than `context`.
            ServiceGone: The engine is closed.
            WeightsMismatch: The last update of the weights failed.
        """
        scoring(temperature)
        self._check_length(token_ids)
        if len(token_ids) < 2:
            return ()
        self._not_in_thread()
        answers: SimpleQueue[Any] = SimpleQueue()
        ended = self._put(Scoring(tuple(token_ids), temperature, answers.put))
        answer = answers.get() if ended is None else ended
        if isinstance(answer, Exception):
            raise answer
        return cast("tuple[float, ...]", answer)

    def update_weights(self, weights: Weights, version: str, probe: Probe | None = None) -> None:
        """See `agentarena.agents.llm.engine.TokenEngine.update_weights`. Replies under way are finished with the old weights."""
        self._check_length(probe.token_ids if probe else ())
        with checkpoint(weights) as folder:
            self.call(lambda llm: self._update(llm, folder, version, probe), idle=True)

    def call(self, work: Callable[[Any], T], *, idle: bool = False) -> T:
        """What `work(llm)` returns, run in the engine's thread between two steps: the prefix cache, statistics.

        Args:
            work: Is handed the `vllm.LLM`.
            idle: Whether it must wait until no request is under way; those submitted later wait for it.

        Raises:
            ServiceGone: The engine is closed.
            Exception: Whatever `work` raises.
        """
        self._not_in_thread()
        outcomes: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        if (ended := self._put(Call(work, lambda succeeded, value: outcomes.put((succeeded, value)), idle))) is not None:
            raise ended
        succeeded, value = outcomes.get()
        if not succeeded:
            raise value
        return cast(T, value)

    def close(self) -> None:
        """Let go of model and memory; open requests are dropped."""
        self._end(ServiceGone(f"{self.name} is closed"))
        self._inbox.put(None)
        atexit.unregister(self.close)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _not_in_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                f"{self.name} would wait for itself: score, update weights and call from another thread than replies come in"
            )

    def _check_length(self, token_ids: Sequence[int]) -> None:
        if len(token_ids) >= self.context:
            raise AgentFault(f"the prompt has {len(token_ids)} tokens, {self.name} takes {self.context} with the reply")

    def _put(self, item: Item) -> Exception | None:
        """Hand over to the engine's thread, or say why it has ended."""
        with self._lock:
            if self._ended is None:
                self._inbox.put(item)
            return self._ended

    def _end(self, reason: Exception) -> None:
        """From here on nothing enters the inbox; the first reason counts."""
        with self._lock:
            self._ended = self._ended or reason

    # --- in the engine's thread ---------------------------------------------------------------------------------

    def _run(self, arguments: dict[str, Any], ready: SimpleQueue[Any]) -> None:
        try:
            llm = load(arguments)
            model = llm.llm_engine.model_config
            ready.put((llm.get_tokenizer(), int(model.max_model_len), int(model.get_vocab_size())))
        except BaseException as error:  # reaches the caller of the constructor
            ready.put(error)
            return
        try:
            self._serve(llm)
        except BaseException as error:  # the engine is in no known state after it
            stopped = ServiceGone(f"{self.name} stopped: {type(error).__name__}: {error}")
            stopped.__cause__ = error
            self._end(stopped)
        self._drop()
        shut_down(llm)
        del llm
        free()

    def _serve(self, llm: Any) -> None:
        finished = 0
        while self._admit(llm, finished):
            finished = self._step(llm.llm_engine)

    def _step(self, engine: Any) -> int:
        """Take a step and answer the requests that it finished; how many."""
        outputs = [output for output in engine.step() if output.finished]
        for output in outputs:
            self._answer(output)
        return len(outputs)

    def _admit(self, llm: Any, answered: int) -> bool:
        """Hand over what was submitted, after so many answers, until there is something to do; false when closed."""
        while True:
            if not self._collect(llm.llm_engine.engine_core, answered):
                return False
            while self._backlog and not self._waits(self._backlog[0]):
                item = self._backlog.popleft()
                if isinstance(item, Call):
                    item.run(llm)
                else:
                    self._begin(item, llm.llm_engine)
            if self._open:
                return True

    def _waits(self, item: Item) -> bool:
        """Whether an item must wait for what is under way.

        A text is scored alone where there are adapters: vLLM 0.32 takes the adapters of the batch's rows for those of its tokens.
        """
        if isinstance(item, Call):
            return item.idle and bool(self._open)
        scoring = any(isinstance(one, Scoring) for one in (item, *self._open.values()))
        return scoring and self._adapters.any and bool(self._open)

    def _collect(self, core: Any, answered: int) -> bool:
        """Move what was submitted to the backlog, waiting for it when there is nothing else to do; false when closed.

        A model with a process of its own is at its next step already. Until that is done, what follows from the answers is
        collected and handed over together: one by one, requests would disturb the step and fall into different ones.
        """
        items: list[Item | None] = []
        steps = getattr(core, "outputs_queue", None)
        with suppress(Empty):
            while self._open and len(items) < answered and steps is not None and steps.empty():
                items.append(self._inbox.get(timeout=_LULL))
        with suppress(Empty):
            while True:
                items.append(self._inbox.get(block=not self._open and not self._backlog and not items))
        self._backlog.extend(item for item in items if item is not None)
        return None not in items

    def _begin(self, item: Generation | Scoring, engine: Any) -> None:
        if self._refused is not None:
            item.done(self._refused)
            return
        try:
            if isinstance(item, Scoring):
                parameters, adapter = scoring(item.temperature), item.adapter
            else:
                parameters, adapter = self.sampling(item.request), item.request.adapter
            lora_request = {} if adapter is None else {"lora_request": self._adapters.request(adapter)}
            key = self._key()
            engine.add_request(key, {"prompt_token_ids": list(item.prompt_ids)}, parameters, **lora_request)
        except Exception as error:  # refused: too long a prompt, a grammar it cannot compile, ...
            item.done(error)
        else:
            self._open[key] = item

    def sampling(self, request: Request) -> Any:
        """The request's `vllm.SamplingParams`."""
        return sampling(request, self._vocabulary, self._most_allowed)

    def _key(self) -> str:
        self._numbers += 1
        return str(self._numbers)

    def _answer(self, output: Any) -> None:
        item = self._open.pop(output.request_id)
        try:
            if isinstance(item, Scoring):
                item.done(scores(output.prompt_logprobs, item.temperature))
                return
            completion = item.completion(output.outputs[0], self.template, self._vocabulary, self.version)
        except Exception as error:
            item.done(error)
            return
        if self._normalizers and not completion.log_normalizers and len(item.prompt_ids) + len(completion.token_ids) < self.context:
            self._backlog.appendleft(item.normalizing(completion))  # before an update of the weights
        else:
            item.done(completion)

    def _update(self, llm: Any, folder: str, version: str, probe: Probe | None) -> None:
        """Load new weights into the idle model. An error remains the answer to every request until an update succeeds."""
        try:
            load_weights(llm, folder)
            if probe is not None:
                probe.check(self._scored(llm.llm_engine, probe.token_ids), f"{self.name} version {version}")
        except Exception as error:
            self._refused = error
            raise
        self._refused, self.version = None, version

    def _scored(self, engine: Any, token_ids: Sequence[int]) -> tuple[float, ...]:
        """The scores of a text, while the engine is idle."""
        if len(token_ids) < 2:
            return ()
        engine.add_request(self._key(), {"prompt_token_ids": list(token_ids)}, scoring(1.0))
        while True:
            for output in engine.step():
                if output.finished:
                    return scores(output.prompt_logprobs, 1.0)

    def _drop(self) -> None:
        """Answer everything that is still open, and what was submitted too late."""
        assert self._ended is not None
        waiting: list[Item] = [*self._open.values(), *self._backlog]
        self._open.clear()
        self._backlog.clear()
        while not self._inbox.empty():
            if (item := self._inbox.get()) is not None:
                waiting.append(item)
        for item in waiting:
            if isinstance(item, Call):
                item.done(False, self._ended)
            else:
                item.done(self._ended)
