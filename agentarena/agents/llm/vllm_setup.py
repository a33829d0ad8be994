"""How vLLM is loaded and let go of: its environment variables, LoRA settings, nobody else's randomness, nobody's script run twice."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import active_children, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.errors import BadOption, MissingExtra

__all__ = ["ENVIRONMENT", "Adapters", "free", "import_vllm", "load", "lora", "shut_down"]

ENVIRONMENT: Mapping[str, str] = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "1",  # the model has a process of its own, which shares no interpreter with the matches
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # this process has threads, which a fork would cut off holding their locks
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB, without a GPU; unset, vLLM takes nearly all memory
    "VLLM_LOGGING_LEVEL": "ERROR",  # errors in the model's process are logged nowhere else
    "VLLM_NO_USAGE_STATS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # OpenMP threads that spin stall where other programs want the cores: 14 times slower on two busy ones
}
"""Environment variables that vLLM is loaded with where they are not set."""

_lock = threading.Lock()
_alive: list[int] = []
_watched: set[BaseProcess] = set()

_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Greatest LoRA ranks that vLLM can be set up for."""


def is_adapter(folder: str) -> bool:
    """Whether a folder holds a LoRA adapter as PEFT saves it."""
    return (Path(folder) / "adapter_config.json").is_file()


MOST_ADAPTERS = 8
"""Adapters that can be named in requests though they were not when the model was loaded, those that were included.

There is one slot more than adapters, and it stays empty: without a GPU, vLLM 0.32 gives the last slot's adapter to the
requests without one that share a step with requests that have one.
"""


def lora(adapters: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of `vllm.LLM` for these adapters."""
    if not adapters:
        return {}
    ranks = []
    for name, folder in adapters.items():
        if not is_adapter(folder):
            raise BadOption(f"adapter {name!r}: {folder!r} has no adapter_config.json; give the folder of a saved PEFT adapter")
        ranks.append(int(json.loads((Path(folder) / "adapter_config.json").read_text(encoding="utf-8"))["r"]))
    rank = next((size for size in _RANKS if size >= max(ranks)), _RANKS[-1])
    slots = max(len(adapters), MOST_ADAPTERS) + 1
    return {"enable_lora": True, "max_lora_rank": rank, "max_loras": slots, "max_cpu_loras": slots}


class Adapters:
    """The LoRA adapters of an engine: those it was loaded with, and folders that requests name later while there is room.

    Args:
        engine: Its name, for messages.
        adapters: Name -> folder.
    """

    def __init__(self, engine: str, adapters: Mapping[str, str]) -> None:
        self._engine = engine
        self._table = {name: (number, path) for number, (name, path) in enumerate(adapters.items(), 1)}

    @property
    def any(self) -> bool:
        """Whether there are some."""
        return bool(self._table)

    def request(self, adapter: str) -> Any:
        """vLLM's handle on an adapter, by name or folder; raises `BadOption` when it is not there."""
        room = len(self._table) < MOST_ADAPTERS
        if self._table and room and adapter not in self._table and is_adapter(adapter):
            self._table[adapter] = (len(self._table) + 1, adapter)
        if adapter not in self._table:
            known = ", ".join(map(repr, self._table)) or "none"
            raise BadOption(f"{self._engine} was loaded without the adapter {adapter!r}; it has: {known}. Pass adapters={{name: folder}}")
        from vllm.lora.request import LoRARequest

        number, path = self._table[adapter]
        return LoRARequest(adapter, number, path)


def import_vllm() -> None:
    """Import vLLM under `ENVIRONMENT`; raises `MissingExtra` when it is not installed."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import vllm  # noqa: F401
    except ImportError as error:
        raise MissingExtra("vllm", "vllm") from error


def load(arguments: dict[str, Any]) -> Any:
    """The `vllm.LLM`. Loading seeds the process's global generators; they are put back."""
    from vllm import LLM
    from vllm.platforms import current_platform

    cpu = bool(current_platform.is_cpu())
    if arguments["enforce_eager"] is None:
        arguments["enforce_eager"] = cpu
    if cpu:
        if arguments.get("tensor_parallel_size", 1) == arguments.get("pipeline_parallel_size", 1) == 1:
            from .vllm_process import Executor

            # vLLM's own, by name ("uni"), is two processes, one of which spins while the other computes
            arguments.setdefault("distributed_executor_backend", Executor)
        arguments.setdefault("enable_chunked_prefill", False)  # vLLM cannot rewind a CPU generator after a part of a prompt
    with _lock, _own_randomness(), _script_unseen(), _uninterrupted():
        llm = LLM(use_tqdm_on_load=False, **arguments)
        _alive.append(1)
    processes = [one for one in active_children() if one.name.startswith("EngineCore") and one not in _watched]
    if processes:
        _watched.update(processes)
        threading.Thread(target=_watch, args=(processes, llm.llm_engine.engine_core), daemon=True).start()
    return llm


def _watch(processes: Sequence[BaseProcess], core: Any) -> None:
    """Tells vLLM when a process of the model has ended: it would wait for its answers for ever."""
    wait([one.sentinel for one in processes])
    _watched.difference_update(processes)
    core.outputs_queue.put(RuntimeError("the process that held the model has ended"))


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Puts the global generators of `random` and numpy back to where they were."""
    before, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(arrays)  # noqa: NPY002


@contextmanager
def _script_unseen() -> Iterator[None]:
    """Hides the program's main file: the model's process, where it is started afresh, would run it again from its first line."""
    main = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: main.pop(name) for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(hidden)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Starts processes that Ctrl-C does not reach: this process ends them when it is done with them."""
    resource_tracker.ensure_running()  # starting it would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def shut_down(llm: Any) -> None:
    """End an engine. What vLLM sets up once a process (its process groups) goes with the last one: others still use it."""
    core = llm.llm_engine.engine_core
    with _lock:
        _alive.pop()
        last = not _alive
    if last or not hasattr(core, "engine_core"):  # or it has a process of its own
        core.shutdown()
    elif hasattr(core, "_finalizer"):
        core._finalizer.detach()  # it would shut down everything once the engine is collected


def free() -> None:
    """Give back the memory of an engine that nobody refers to any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
