"""New weights for a model that vLLM holds: as safetensors files, which its process reads by itself.

Nothing but the path of a folder and the name of a method of `vllm_process.WeightLoader` goes from one process to the other.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentarena.core.errors import BadOption

__all__ = ["LOADER", "Weights", "checkpoint", "load_weights"]

LOADER = "agentarena.agents.llm.vllm_process.WeightLoader"
"""`worker_extension_cls` of the engine."""

Weights = str | os.PathLike[str] | Iterable[tuple[str, Any]]
"""A folder or file in safetensors format, or names and tensors as in a model's `state_dict`."""

_SHARD = 1 << 30
"""Bytes of tensors to a file."""


@contextmanager
def checkpoint(weights: Weights) -> Iterator[str]:
    """A folder of safetensors files with these weights, for as long as the context lasts.

    Raises:
        BadOption: There are no safetensors files at the path. Others, which may hold pickled objects, are not read.
    """
    if isinstance(weights, str | os.PathLike):
        path = Path(weights).resolve()
        if path.is_dir() and any(path.glob("*.safetensors")):
            yield str(path)
            return
        if not (path.is_file() and path.suffix == ".safetensors"):
            raise BadOption(f"weights={str(weights)!r}: no safetensors file there; give a folder with some, or one file")
    with tempfile.TemporaryDirectory(prefix="agentarena-weights-") as folder:
        if isinstance(weights, str | os.PathLike):
            (Path(folder) / "model.safetensors").symlink_to(path)
        else:
            _save(weights, Path(folder))
        yield folder


def _save(weights: Iterable[tuple[str, Any]], folder: Path) -> None:
    from safetensors.torch import save_file

    shard: dict[str, Any] = {}
    size = number = 0
    for name, tensor in weights:
        shard[name] = tensor.detach().to("cpu", copy=True).contiguous()  # a copy: tied weights share their memory
        size += shard[name].numel() * shard[name].element_size()
        if size >= _SHARD:
            save_file(shard, folder / f"model-{number:05}.safetensors")
            shard, size, number = {}, 0, number + 1
    if shard:
        save_file(shard, folder / f"model-{number:05}.safetensors")


def load_weights(llm: Any, folder: str) -> None:
    """Replace the weights of an idle `vllm.LLM` and forget what was worked out with the old ones.

    Raises:
        BadOption: The files do not hold the weights of this model. Some of its layers may have taken theirs.
    """
    try:
        missing = llm.collective_rpc("load_checkpoint", args=(folder,))[0]
    except Exception as error:  # whatever the model's own loader raises, in its process or here
        raise BadOption(f"the new weights cannot be loaded: {error}") from error
    if missing:
        raise BadOption(f"the new weights lack {len(missing)} of the model's, among them {missing[0]!r}")
    if not llm.reset_prefix_cache():
        raise RuntimeError("vLLM's prefix cache is in use and cannot be emptied")
