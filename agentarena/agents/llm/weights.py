"""New weights for a loaded model: read from safetensors files or handed over as tensors, and checked for completeness."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from agentarena.core.errors import BadOption

__all__ = ["load_weights", "named_tensors"]


def named_tensors(weights: str | os.PathLike[str] | Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Names and tensors, one at a time, of a folder or file in safetensors format; or those that were handed over.

    Raises:
        BadOption: There is no such file.
    """
    if not isinstance(weights, str | os.PathLike):
        yield from weights
        return
    from safetensors import SafetensorError, safe_open

    for path in _files(Path(weights)):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118  # not a mapping
                    yield name, file.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise BadOption(f"weights={str(path)!r} cannot be read: {error}") from error


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    index = path / "model.safetensors.index.json"
    if index.is_file():
        return [path / name for name in _shards(index)]
    if (path / "model.safetensors").is_file():
        return [path / "model.safetensors"]
    raise BadOption(f"weights={str(path)!r}: expected a file, or a folder with model.safetensors or its index")


def _shards(index: Path) -> list[str]:
    """The names of the files that an index lists, all of them beside it."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadOption(f"{str(index)!r} is no index of weights: {type(error).__name__}: {error}") from error
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            raise BadOption(f"{str(index)!r} names {name!r:.100}; expected safetensors files in the same folder")
    return names


def load_weights(model: Any, weights: Iterable[tuple[str, Any]]) -> None:
    """Copy tensors into a model, in its own precision and place. Tied tensors are one: either name, or both with equal values.

    Args:
        model: A model of transformers, LoRA adapters beside its layers or not.
        weights: Names as in the model's `state_dict`, and tensors.

    Raises:
        BadOption: A tensor is missing, unknown, of another shape, or differs from the one that it is tied to. What came before
            has been copied by then.
    """
    targets = {name.replace(".base_layer.", "."): tensor for name, tensor in model.state_dict().items() if ".lora_" not in name}
    missing = {tensor.data_ptr(): name for name, tensor in targets.items()}
    with torch.no_grad():
        for name, tensor in weights:
            target = targets.get(name)
            source = torch.as_tensor(tensor)
            if target is None:
                raise BadOption(f"the model has no weights named {name!r}; it has e.g. {next(iter(targets))!r}")
            if target.shape != source.shape:
                raise BadOption(f"the weights {name!r} have shape {tuple(source.shape)}, expected {tuple(target.shape)}")
            own = source.to(target.device, target.dtype)
            if missing.pop(target.data_ptr(), None) is not None:
                target.copy_(own)
            elif not torch.equal(target, own):
                raise BadOption(f"the weights {name!r} differ from those that they are tied to")
    if missing:
        raise BadOption(f"{len(missing)} weights are missing, e.g. {next(iter(missing.values()))!r}")
