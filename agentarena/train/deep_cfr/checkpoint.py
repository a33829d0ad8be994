"""Checkpoints of Deep CFR: one safetensors file of networks and reservoirs, with the settings as JSON. Nothing is unpickled.

The draws of an iteration follow from the seed and its number, so no state of generators is needed: a run that is broken off
and goes on ends with the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError

from .config import DeepCFRConfig
from .solver import DeepCFR

__all__ = ["load", "save"]

_FORMAT = 1
_KEY = "agentarena.deep-cfr"
_MOST_METADATA = 1_000_000
_ADDED = {"sampling": "external"}  # what settings were that earlier checkpoints lack
_FREE = ("iterations", "save_every", "judge_every", "output_dir", "average_steps", "average_batch_size", "parallel")
"""Settings that a run may go on with other values of: they do not change what the iterations so far have done."""


def save(path: Path, run: DeepCFR) -> None:
    """Write the run; a reader finds the old file or the new one."""
    metadata = json.dumps({"format": _FORMAT, "iteration": run.iteration, "config": _settings(run.config)}, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _safetensors().numpy.save_file({name: np.ascontiguousarray(array) for name, array in _arrays(run)}, part, {_KEY: metadata})
    os.replace(part, path)


def load(path: Path, run: DeepCFR) -> None:
    """Bring a new run, of the same settings, to where the saved one was.

    Raises:
        UsageError: The saved run has other settings; the message names one.
        BadOption: The file is no checkpoint of this version, or is damaged.
    """
    data = _metadata(path)
    own, saved = _settings(run.config), {**_ADDED, **data["config"]}
    for name in own:
        if name not in _FREE and saved.get(name) != own[name]:
            raise UsageError(
                f"{shown(str(path), 300)} has {name}={shown(saved.get(name))}, and this run {name}={shown(own[name])}; "
                "give another output_dir, or the same settings"
            )
    safetensors = _safetensors()
    try:
        arrays = safetensors.numpy.load_file(path)
        _restore(run, arrays)
    except (OSError, KeyError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise BadOption(f"{shown(str(path), 300)} is damaged: {shown(str(error), 200)}; delete it to begin anew") from error
    run.iteration = data["iteration"]


def _settings(config: DeepCFRConfig) -> dict[str, Any]:
    """The settings as JSON has them."""
    settings: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return settings


def _arrays(run: DeepCFR) -> Iterator[tuple[str, np.ndarray]]:
    for seat, network in enumerate(run.networks):
        for name, tensor in network.state_dict().items():
            yield f"network.{seat}.{name}", tensor.numpy()
    for head, memories in (("advantages", run.memories), ("strategies", run.strategies)):
        for number, memory in enumerate(memories):
            for name, array in memory.arrays().items():
                yield f"{head}.{number}.{name}", array
    if run.iterates is not None:
        for seat, total in enumerate(run.iterates.totals):
            yield f"iterates.{seat}", total


def _restore(run: DeepCFR, arrays: dict[str, np.ndarray]) -> None:
    """Networks, reservoirs and averages of a file, whose names and shapes must be the run's."""
    for seat, network in enumerate(run.networks):
        network.load_state_dict({name: torch.from_numpy(arrays[f"network.{seat}.{name}"].copy()) for name in network.state_dict()})
    for head, memories in (("advantages", run.memories), ("strategies", run.strategies)):
        for number, memory in enumerate(memories):
            memory.load({name: arrays[f"{head}.{number}.{name}"] for name in memory.arrays()})
    if run.iterates is not None:
        for seat, total in enumerate(run.iterates.totals):
            total[:] = arrays[f"iterates.{seat}"]


def _metadata(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _MOST_METADATA + 1
        header = file.read(length) if length <= _MOST_METADATA else b""
    try:
        data = json.loads(json.loads(header)["__metadata__"][_KEY])
        if data["format"] != _FORMAT:
            raise ValueError(f"format {data['format']}")
        if type(data["iteration"]) is not int or data["iteration"] < 0 or not isinstance(data["config"], dict):
            raise ValueError("fields")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadOption(f"{shown(str(path), 300)} is no checkpoint of this version; delete it to begin anew") from error
    return dict(data)


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    return safetensors
