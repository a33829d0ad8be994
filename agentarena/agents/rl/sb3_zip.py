"""The networks of models that Stable-Baselines3 saved, read without unpickling and without Stable-Baselines3.

A saved model is a zip: `data` (JSON whose objects are pickled beside a readable note of each), `policy.pth` (tensors) and more. The
tensors say the shape of a multilayer perceptron, the notes its activation and spaces, so that nothing needs to be unpickled. Networks
of other kinds (images, recurrent ones, one's own) are code and tensors; only Stable-Baselines3 itself builds them.
"""

from __future__ import annotations

import io
import itertools
import json
import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

__all__ = ["SavedModel", "read_model"]

_MOST_DATA = 64_000_000
"""Longest `data`, in bytes."""
_MOST_WEIGHTS = 2_000_000_000
"""Longest `policy.pth`, in bytes, and most numbers in it."""
_ACTIVATIONS = {name: getattr(nn, name) for name in ("ReLU", "Tanh", "ELU", "LeakyReLU", "SiLU", "GELU", "Sigmoid", "Mish", "SELU")}
_HEADS = (
    # hidden layers, last layer, the activation that the library takes by default, whether the outputs are values
    ("mlp_extractor.policy_net.", "action_net", "Tanh", False),
    ("q_net.q_net.", "", "ReLU", True),
)
_UNUSED = ("value_net.", "mlp_extractor.value_net.", "q_net_target.")
"""Parts that play no role in a decision: critics and target networks."""


@dataclass(frozen=True, slots=True)
class SavedModel:
    """What a file says of its model.

    Attributes:
        network: The perceptron, from flat observations to logits, Q-values or means; `None` where it is of another kind.
        unknown: Why it is `None`.
        values: Whether its outputs are Q-values, which are not meant to be drawn from.
        deviation: Standard deviations of a Gaussian policy; `None` of others.
        observations: Readable note of the observation space, `""` where there is none.
        dictionary: Whether observations are a dictionary.
        policy: Where the policy's class is defined, e.g. "sb3_contrib.common.maskable.policies".
        steps: Environment steps of its training.
    """

    network: nn.Sequential | None
    unknown: str
    values: bool
    deviation: np.ndarray | None
    observations: str
    dictionary: bool
    policy: str
    steps: int


def read_model(path: Path) -> SavedModel:
    """Read a saved model. Sizes are checked before anything is read; no code of the file runs.

    Raises:
        UsageError: There is no such file.
        BadOption: It is no model of Stable-Baselines3, or damaged.
    """
    where = f"model {shown(str(path), 300)}"
    if not path.is_file():
        raise UsageError(f"{where}: no such file; save one with model.save('mine.zip')")
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(_member(archive, "data", _MOST_DATA))
            weights = _member(archive, "policy.pth", _MOST_WEIGHTS)
        with zipfile.ZipFile(io.BytesIO(weights)) as parts:  # the format of torch; its older one, a pickle as a whole, is refused
            if sum(part.file_size for part in parts.infolist()) > _MOST_WEIGHTS:
                raise ValueError(f"its tensors take more than {_MOST_WEIGHTS:,} bytes")
        tensors = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    except KeyError as error:
        raise BadOption(f"{where} is no model of Stable-Baselines3: {error.args[0]}") from error
    except (OSError, ValueError, RuntimeError, EOFError, RecursionError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise BadOption(f"{where} is damaged, or no model of Stable-Baselines3: {shown(str(error), 200)}") from error
    if not isinstance(data, dict) or not _plain_tensors(tensors):
        raise BadOption(f"{where} is damaged: expected an object and tensors of finite numbers")
    return _described(data, tensors)


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """One part of the archive; its size is what its directory says, and no more is read."""
    info = archive.getinfo(name)
    if info.file_size > most:
        raise ValueError(f"its part {name!r} has {info.file_size:,} bytes; at most {most:,}")
    with archive.open(info) as file:
        return file.read(most)


def _plain_tensors(tensors: Any) -> bool:
    """Whether these are names and dense tensors of finite numbers, that are as large as their file."""
    if not isinstance(tensors, Mapping) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        return False
    if sum(tensor.numel() for tensor in tensors.values()) > _MOST_WEIGHTS:
        return False
    return all(
        tensor.layout is torch.strided and tensor.is_contiguous() and tensor.device.type == "cpu" and bool(tensor.isfinite().all())
        for tensor in tensors.values()
    )


def _described(data: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SavedModel:
    network, unknown, values = _network(tensors, data.get("policy_kwargs"))
    space = data.get("observation_space")
    steps = data.get("num_timesteps")
    module = data.get("policy_class")
    log_std = tensors.get("log_std")
    return SavedModel(
        network,
        unknown,
        values,
        None if log_std is None or log_std.ndim != 1 else log_std.double().exp().numpy(),
        _space_note(space),
        isinstance(space, dict) and "spaces" in space,
        str(module.get("__module__", ""))[:200] if isinstance(module, dict) else "",
        steps if isinstance(steps, int) else 0,
    )


def _space_note(space: Any) -> str:
    """What the file notes of its observation space, in gymnasium's spelling as far as it says it."""
    if not isinstance(space, dict):
        return ""
    if isinstance(space.get("spaces"), str):
        return f"Dict({space['spaces'].removeprefix('{').removesuffix('}')})"
    shape, dtype = space.get("_shape"), space.get("dtype")
    kind = re.search(r"\.(\w+)'>", str(space.get(":type:", "")))
    return f"{kind[1]} of shape {tuple(shape)}, {dtype}" if kind and isinstance(shape, list) else ""


def _network(tensors: Mapping[str, Tensor], settings: Any) -> tuple[nn.Sequential | None, str, bool]:
    """The perceptron that the tensors describe; or `None` and why not; and whether it gives values."""
    for hidden, last, default, values in _HEADS:
        try:
            layers = _linear_layers(tensors, hidden, last)
        except ValueError as error:
            return None, str(error), values
        if not layers:
            continue
        used = {f"{name}.{part}" for name in layers for part in ("weight", "bias")}
        others = [name for name in tensors if name not in used and name != "log_std" and not name.startswith(_UNUSED)]
        activation = _ACTIVATIONS.get(_activation_name(settings, default))
        if others:
            return None, f"its network is more than a perceptron: it has {shown(others[0])}", values
        if activation is None:
            return None, f"its activation is {shown(_activation_name(settings, default))}", values
        first, *rest = layers.values()
        return nn.Sequential(first, *(module for layer in rest for module in (activation(), layer))), "", values
    return None, f"its network has other parts: {shown(sorted(tensors), 200)}", False


def _linear_layers(tensors: Mapping[str, Tensor], hidden: str, last: str) -> dict[str, nn.Linear]:
    """The layers by name, in order; none where the head is another.

    Raises:
        ValueError: They do not follow each other.
    """
    numbers = sorted(int(match[1]) for name in tensors if (match := re.fullmatch(rf"{re.escape(hidden)}(\d+)\.weight", name)))
    names = [f"{hidden}{number}" for number in numbers] + ([last] if last and f"{last}.weight" in tensors else [])
    layers = {name: _linear(tensors, name) for name in names}
    chain = list(layers.values())
    if any(before.out_features != after.in_features for before, after in itertools.pairwise(chain)):
        raise ValueError("its layers do not follow each other")
    return layers


def _linear(tensors: Mapping[str, Tensor], name: str) -> nn.Linear:
    weight, bias = tensors[f"{name}.weight"], tensors.get(f"{name}.bias")
    if weight.ndim != 2 or bias is None or bias.shape != weight.shape[:1]:
        raise ValueError(f"its part {shown(name)} is no linear layer")
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    layer.load_state_dict({"weight": weight.float(), "bias": bias.float()}, assign=True)
    return layer.requires_grad_(False)


def _activation_name(settings: Any, default: str) -> str:
    """The activation that the file notes in the policy's settings, e.g. "<class 'torch.nn.modules.activation.ReLU'>"."""
    note = settings.get("activation_fn") if isinstance(settings, dict) else None
    match = re.search(r"\.(\w+)'>", str(note)) if note is not None else None
    return default if note is None else match[1] if match else str(note)[:100]
