"""vLLM without a server: one thread owns a `vllm.LLM`; requests enter and leave between its steps, without a batch barrier.

Each turn of the loop takes what was submitted meanwhile, waits for one step of the engine (one token of every running
request, or a piece of a prompt), and answers the requests that the step finished. The model steps in a process of its own,
as vLLM sets it up, so that matches, chat templates and tokenizing go on beside it; with
`VLLM_ENABLE_V1_MULTIPROCESSING=0` in the environment it steps in this thread, which loads faster.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from agentarena.core.errors import AgentFault, BadOption, ServiceGone
from agentarena.core.text import Choices, Options, Pattern

from .agent import LanguageAgent, build, spec_name
from .engine import Completion, Done, Request, shared, split_thinking
from .template import Template
from .vllm_setup import MOST_ADAPTERS, free, import_vllm, is_adapter, load, lora, shut_down

T = TypeVar("T")

__all__ = ["VLLMEngine", "sampling", "vllm"]


_LULL = 0.006
"""Seconds without a request after which no more are expected."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A request on its way through the engine."""

    request: Request
    prompt_ids: tuple[int, ...]
    done: Done
    began: float


@dataclass(frozen=True, slots=True)
class _Call:
    """Work to be done between two steps."""

    work: Callable[[Any], Any]
    made: Callable[[Any], None]
    failed: Callable[[Exception], None]


class VLLMEngine:
    """A model held by vLLM.

    Greedy replies and replies with a seed do not depend on what else is in the batch, as far as the kernels' sums do not:
    vLLM picks kernels by batch size, so two runs may part where two tokens are equally likely to the last bit.
    Replies decoded under `options` come without log-probabilities: vLLM gives them under the constraint, not the model's own.

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
        arguments: Further arguments of `vllm.LLM`.

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
        **arguments: Any,
    ) -> None:
        import_vllm()
        arguments |= {"model": model, "dtype": dtype, "seed": seed, "max_num_seqs": max_num_seqs}
        arguments |= {"gpu_memory_utilization": gpu_memory_utilization, "enforce_eager": enforce_eager, **lora(adapters or {})}
        arguments |= {"max_model_len": max_model_len} if max_model_len else {}
        arguments |= {"reasoning_parser": reasoning_parser} if reasoning_parser else {}
        self.name = f"vllm:{model}"
        self._adapters = {name: (number, path) for number, (name, path) in enumerate((adapters or {}).items(), 1)}
        self._inbox: SimpleQueue[_Open | _Call | None] = SimpleQueue()
        self._open: dict[str, _Open] = {}
        self._numbers = 0
        self._ended: Exception | None = None
        self._lock = threading.Lock()
        ready: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(arguments, ready), name=self.name, daemon=True)
        self._thread.start()
        loaded = ready.get()
        if isinstance(loaded, BaseException):
            raise BadOption(f"vLLM cannot serve {model!r}: {type(loaded).__name__}: {loaded}") from loaded
        atexit.register(self.close)  # an engine that lives on while the interpreter ends would bring it down
        tokenizer, self.context = loaded
        self.template = Template(tokenizer, **({} if thinking is None else {"enable_thinking": thinking}))

    def submit(self, request: Request, done: Done) -> None:
        """Take a request from any thread; `done` is called from the engine's thread."""
        began = time.perf_counter()
        try:
            prompt = request.prompt_ids if request.prompt_ids is not None else self.template.prompt(request.messages)
            if len(prompt) >= self.context:
                raise AgentFault(f"the prompt has {len(prompt)} tokens, {self.name} takes {self.context} with the reply")
        except Exception as error:  # a failure is the request's answer
            done(error)
            return
        with self._lock:
            ended = self._ended
            if ended is None:
                self._inbox.put(_Open(request, tuple(prompt), done, began))
        if ended is not None:
            done(ended)

    def call(self, work: Callable[[Any], T]) -> T:
        """What `work(llm)` gives back, run in the engine's thread between two steps: new weights, the prefix cache, statistics.

        Raises:
            ServiceGone: The engine is closed.
            Exception: Whatever `work` raises.
        """
        box: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        with self._lock:
            if self._ended is not None:
                raise self._ended
            self._inbox.put(_Call(work, lambda made: box.put((True, made)), lambda error: box.put((False, error))))
        well, made = box.get()
        if not well:
            raise made
        return cast(T, made)

    def close(self) -> None:
        """Let go of model and memory; open requests are dropped."""
        self._end(ServiceGone(f"{self.name} is closed"))
        self._inbox.put(None)
        atexit.unregister(self.close)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _end(self, reason: Exception) -> None:
        """From here on nothing enters the inbox; the first reason counts."""
        with self._lock:
            self._ended = self._ended or reason

    # --- in the engine's thread ---------------------------------------------------------------------------------

    def _run(self, arguments: dict[str, Any], ready: SimpleQueue[Any]) -> None:
        try:
            llm = load(arguments)
            ready.put((llm.get_tokenizer(), int(llm.llm_engine.model_config.max_model_len)))
        except BaseException as error:  # reaches the caller of the constructor
            ready.put(error)
            return
        try:
            self._serve(llm)
        except Exception as error:  # the engine is in no known state after it
            stopped = ServiceGone(f"{self.name} stopped: {type(error).__name__}: {error}")
            stopped.__cause__ = error
            self._end(stopped)
        self._drop()
        shut_down(llm)
        del llm
        free()

    def _serve(self, llm: Any) -> None:
        finished: list[Any] = []
        while self._admit(llm, len(finished)):
            finished = [output for output in llm.llm_engine.step() if output.finished]
            for output in finished:
                self._answer(output)

    def _admit(self, llm: Any, answered: int) -> bool:
        """Hand over what was submitted, after so many answers, until there is something to do; false when closed."""
        while True:
            for one in self._submitted(llm.llm_engine.engine_core, answered):
                if one is None:
                    return False
                if isinstance(one, _Call):
                    _do(one, llm)
                else:
                    self._begin(one, llm.llm_engine)
            if self._open:
                return True

    def _submitted(self, core: Any, answered: int) -> list[_Open | _Call | None]:
        """What was submitted, waiting for it when there is nothing else to do.

        A model with a process of its own is at its next step already. Until that is done, what follows from the answers is
        collected and handed over together: one by one, requests would disturb the step and fall into different ones.
        """
        made: list[_Open | _Call | None] = []
        steps = getattr(core, "outputs_queue", None)
        with suppress(Empty):
            while self._open and len(made) < answered and steps is not None and steps.empty():
                made.append(self._inbox.get(timeout=_LULL))
        with suppress(Empty):
            while True:
                made.append(self._inbox.get(block=not self._open and not made))
        return made

    def _begin(self, one: _Open, engine: Any) -> None:
        self._numbers += 1
        key = str(self._numbers)
        try:
            engine.add_request(key, {"prompt_token_ids": list(one.prompt_ids)}, sampling(one.request), **self._adapter(one.request))
        except Exception as error:  # refused: too long a prompt, a grammar it cannot compile, ...
            one.done(error)
        else:
            self._open[key] = one

    def _adapter(self, request: Request) -> dict[str, Any]:
        if request.adapter is None:
            return {}
        room = len(self._adapters) < MOST_ADAPTERS
        if self._adapters and room and request.adapter not in self._adapters and is_adapter(request.adapter):
            self._adapters[request.adapter] = (len(self._adapters) + 1, request.adapter)
        if request.adapter not in self._adapters:
            known = ", ".join(map(repr, self._adapters)) or "none"
            raise BadOption(
                f"{self.name} was loaded without the adapter {request.adapter!r}; it has: {known}. Pass adapters={{name: folder}}"
            )
        from vllm.lora.request import LoRARequest

        number, path = self._adapters[request.adapter]
        return {"lora_request": LoRARequest(request.adapter, number, path)}

    def _answer(self, output: Any) -> None:
        one = self._open.pop(output.request_id)
        try:
            one.done(self._completion(one, output.outputs[0]))
        except Exception as error:
            one.done(error)

    def _completion(self, one: _Open, made: Any) -> Completion:
        if made.finish_reason not in ("stop", "length"):
            raise RuntimeError(f"vLLM ended the request with {made.finish_reason!r}")
        ids = tuple(made.token_ids)
        text = made.text if one.request.stop else self.template.text(ids)
        if self.template.opens_thinking(one.prompt_ids):
            text = "<think>" + text
        said, thinking = split_thinking(text)
        return Completion(
            said,
            thinking,
            made.finish_reason,
            prompt_tokens=len(one.prompt_ids),
            completion_tokens=len(ids),
            seconds=time.perf_counter() - one.began,
            prompt_ids=one.prompt_ids,
            token_ids=ids,
            logprobs=() if one.request.options else tuple(_logprobs(made.logprobs, ids)),
        )

    def _drop(self) -> None:
        """Answer everything that is still open, and what was submitted too late."""
        assert self._ended is not None
        waiting: list[_Open | _Call | None] = list(self._open.values())
        self._open.clear()
        while not self._inbox.empty():
            waiting.append(self._inbox.get())
        for one in waiting:
            if isinstance(one, _Open):
                one.done(self._ended)
            elif isinstance(one, _Call):
                one.failed(self._ended)


def _do(call: _Call, llm: Any) -> None:
    try:
        made = call.work(llm)
    except Exception as error:  # belongs to the caller
        call.failed(error)
    else:
        call.made(made)


def sampling(request: Request) -> Any:
    """The request's `vllm.SamplingParams`."""
    from vllm.sampling_params import RequestOutputKind, SamplingParams  # `vllm` itself would look it up anew each time

    temperature = 1.0 if request.temperature is None else request.temperature
    return SamplingParams(
        max_tokens=request.max_tokens,
        temperature=temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        seed=None if request.seed is None or temperature == 0 else request.seed % 2**63,
        stop=list(request.stop),
        detokenize=bool(request.stop),  # words are needed token by token only to look for stop strings
        logprobs=None if request.options else 0,
        structured_outputs=structured(request.options) if request.options else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
        skip_clone=True,
    )


def structured(options: Options) -> Any:
    """The legal replies as `vllm.sampling_params.StructuredOutputsParams`."""
    from vllm.sampling_params import StructuredOutputsParams

    if isinstance(options, Choices):
        return StructuredOutputsParams(choice=list(options.replies))
    if isinstance(options, Pattern):
        return StructuredOutputsParams(regex=options.regex)
    return StructuredOutputsParams(json=dict(options.schema))


def _logprobs(logprobs: Any, ids: Sequence[int]) -> Iterator[float]:
    for position, token in zip(logprobs or (), ids, strict=True):
        yield float(position[token].logprob)


def vllm(
    model: str,
    *,
    dtype: str = "auto",
    max_model_len: int | None = None,
    gpu_memory_utilization: float = 0.9,
    tensor_parallel_size: int = 1,
    quantization: str | None = None,
    block_size: int | None = None,
    max_num_seqs: int = 256,
    enforce_eager: bool | None = None,
    adapters: Mapping[str, str] | None = None,
    adapter: str | None = None,
    thinking: bool | None = None,
    reasoning_parser: str | None = None,
    **parameters: Any,
) -> LanguageAgent:
    """`vllm:model`: a model held by vLLM, without a server. Agents of one model and the same settings share it.

    Args:
        model: Path or name on the hub.
        dtype: Precision of the weights.
        max_model_len: Tokens that prompt and reply may take together.
        gpu_memory_utilization: Part of the GPU's memory to take.
        tensor_parallel_size: GPUs to spread the model over.
        quantization: How the weights are stored, where the model's files do not say.
        block_size: Tokens in a block of the key-value cache; prompts that begin alike share whole blocks; a multiple of 32 without a GPU. See docs/throughput.md.
        max_num_seqs: Requests in a step.
        enforce_eager: Whether to leave out compilation; by default without a GPU.
        adapters: LoRA adapters as name -> folder; the same for all agents that are to share the model.
        adapter: The adapter this agent plays with: one of these, or a folder.
        thinking: Whether the model thinks first, where its chat template knows `enable_thinking`.
        reasoning_parser: See `VLLMEngine`.
        parameters: Those of `LanguageAgent`.
    """
    table = dict(adapters or {})
    if adapter is not None and adapter not in table:
        table[adapter] = adapter
    settings: dict[str, Any] = {"dtype": dtype, "max_model_len": max_model_len, "gpu_memory_utilization": gpu_memory_utilization}
    settings |= {"max_num_seqs": max_num_seqs, "enforce_eager": enforce_eager, "thinking": thinking, "reasoning_parser": reasoning_parser}
    settings |= {"tensor_parallel_size": tensor_parallel_size, "quantization": quantization}
    settings |= {} if block_size is None else {"block_size": block_size}
    key = ("vllm", model, tuple(sorted(table.items())), tuple(settings.items()))
    engine, release = shared(key, lambda: VLLMEngine(model, adapters=table, **settings))
    playing = {"thinking": thinking, "adapter": adapter, "quantization": quantization}
    told = {name: value for name, value in playing.items() if value is not None}
    return build(
        f"vllm:{model}", engine, release, {"name": spec_name(f"vllm:{model}", {**told, **parameters}), **parameters, "adapter": adapter}
    )
