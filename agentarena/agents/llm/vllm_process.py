"""What runs in the model's own process: vLLM's executor where there is no GPU, and the loading of new weights."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import current_process, parent_process
from typing import Any

from vllm.config import set_current_vllm_config
from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm
from vllm.model_executor.layers.vocab_parallel_embedding import VocabParallelEmbedding
from vllm.model_executor.model_loader.reload.layerwise import finalize_layerwise_reload, get_layerwise_info
from vllm.platforms import current_platform
from vllm.v1.executor.uniproc_executor import UniProcExecutor

__all__ = ["Executor", "WeightLoader"]


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
    os.kill(os.getpid(), signal.SIGKILL)  # the main thread is deep in a step; nothing of it is to be kept


class WeightLoader:
    """A method more for vLLM's worker, which `collective_rpc` calls by its name."""

    get_model: Any
    model_config: Any
    reload_weights: Any
    vllm_config: Any

    def load_checkpoint(self, folder: str) -> list[str]:
        """Replace the weights by those of a folder of safetensors files.

        Without a GPU, vLLM 0.32 keeps a packed copy of each matrix and renews those of linear layers alone. An output layer
        that shares its weights with the embedding would go on with the old ones.

        Returns:
            Names, in vLLM's terms, of weights that the files lack.

        Raises:
            Exception: Whatever vLLM raises where the files do not fit. Some layers may be new then, none is half loaded.
        """
        model, config = self.get_model(), self.model_config
        source = config.model, config.model_weights, config.revision
        loaded: set[str] | None = None
        load = model.load_weights

        def recording(weights: Any) -> Any:
            nonlocal loaded
            loaded = load(weights)
            return loaded

        expected = {name.replace(".base_layer.", ".") for name, _ in model.named_parameters()}
        model.load_weights = recording
        try:
            self.reload_weights(weights_path=folder)
        except Exception:
            with set_current_vllm_config(self.vllm_config):
                _abandon(model, config)
            raise
        finally:
            del model.load_weights
            config.model, config.model_weights, config.revision = source  # the folder is not there for long
            _pack_embeddings(model)
        return sorted(expected - loaded) if loaded is not None and config.quantization is None else []


def _abandon(model: Any, config: Any) -> None:
    """End a reload that failed: layers that are not loaded in full get their old weights back, so that another can follow."""
    for module in model.modules():
        info = get_layerwise_info(module)
        info.load_numel = 0
        info.loaded_weights.clear()
    finalize_layerwise_reload(model, config)


def _pack_embeddings(model: Any) -> None:
    if current_platform.is_cpu():
        for module in model.modules():
            if isinstance(module, VocabParallelEmbedding):
                dispatch_cpu_unquantized_gemm(module, remove_weight=False)
