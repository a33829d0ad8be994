"""`vllm:model`: agents on a model that vLLM holds, without a server."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .agent import LanguageAgent, build, check_values, spec_name
from .engine import shared
from .settings import check_flag, check_names, check_number, check_text, lists_parameters
from .vllm_engine import VLLMEngine

__all__ = ["VLLMEngine", "vllm"]


@lists_parameters()
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
    most_allowed: int = 4096,
    normalizers: bool = False,
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
        most_allowed: See `VLLMEngine`.
        normalizers: See `VLLMEngine`.
        parameters: Those of `LanguageAgent`.
    """
    check_text("model", model)
    check_names(f"vllm:{model}", parameters, set(inspect.signature(vllm).parameters) - {"model", "parameters"})
    check_values(parameters)
    for name, number in (("tensor_parallel_size", tensor_parallel_size), ("max_num_seqs", max_num_seqs)):
        check_number(name, number, 1, whole=True)
    for name, size in (("max_model_len", max_model_len), ("block_size", block_size)):
        check_number(name, size, 1, whole=True, optional=True)
    check_number("gpu_memory_utilization", gpu_memory_utilization, 0.0, 1.0, above=True)
    check_number("most_allowed", most_allowed, 0, whole=True)
    for name, flag in (("enforce_eager", enforce_eager), ("thinking", thinking)):
        check_flag(name, flag, optional=True)
    check_flag("normalizers", normalizers)
    check_text("dtype", dtype)
    for name, text in (("quantization", quantization), ("adapter", adapter), ("reasoning_parser", reasoning_parser)):
        check_text(name, text, optional=True)
    if not isinstance(adapters or {}, Mapping) or not all(isinstance(one, str) for pair in (adapters or {}).items() for one in pair):
        raise BadOption(f"adapters must map names to folders, got {shown(adapters)}")
    table = dict(adapters or {})
    if adapter is not None and adapter not in table:
        table[adapter] = adapter
    settings: dict[str, Any] = {"dtype": dtype, "max_model_len": max_model_len, "gpu_memory_utilization": gpu_memory_utilization}
    settings |= {"max_num_seqs": max_num_seqs, "enforce_eager": enforce_eager, "thinking": thinking, "reasoning_parser": reasoning_parser}
    settings |= {"tensor_parallel_size": tensor_parallel_size, "quantization": quantization}
    settings |= {"most_allowed": most_allowed, "normalizers": normalizers}
    settings |= {} if block_size is None else {"block_size": block_size}
    key = ("vllm", model, tuple(sorted(table.items())), tuple(settings.items()))
    engine, release = shared(key, lambda: VLLMEngine(model, adapters=table, **settings))
    playing = {"thinking": thinking, "adapter": adapter, "quantization": quantization}
    named = {name: value for name, value in playing.items() if value is not None}
    name = spec_name(f"vllm:{model}", {**named, **parameters})
    return build(f"vllm:{model}", engine, release, {"name": name, **parameters, "adapter": adapter})
