"""What runs in the model's own process where there is no GPU: vLLM's executor, which ends with the process it serves."""

from __future__ import annotations

import os
import threading
from multiprocessing import current_process, parent_process

from vllm.v1.executor.uniproc_executor import UniProcExecutor

__all__ = ["Executor"]


class Executor(UniProcExecutor):
    """Steps the model in this process. When the process that started this one is killed, nobody else would end it."""

    def _init_executor(self) -> None:
        if current_process().name.startswith("EngineCore"):  # else the model shares the process of the matches
            threading.Thread(target=_end_with_parent, daemon=True).start()
        super()._init_executor()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
