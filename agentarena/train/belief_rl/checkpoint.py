"""Checkpoints: one safetensors file of networks and optimizer moments, with settings and round as JSON. Nothing is unpickled.

What a round draws follows from the seed and its number, so no state of generators is needed: a run that is broken off and goes on
ends with the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from agentarena.agents.rl.belief_file import header, need_safetensors
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

from .config import BeliefRLConfig
from .learner import BeliefLearner

__all__ = ["load", "save"]

_FORMAT = 1
_KEY = "agentarena.belief-rl"
_FREE = ("evaluate_every", "save_every", "output_dir")
"""Settings that a run may go on with other values of."""


def save(path: Path, run: BeliefLearner) -> None:
    """Write the run; a reader finds the old file or the new one."""
    metadata = json.dumps({"format": _FORMAT, "round": run.round, "config": _settings(run.config)}, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    tensors = {name: tensor.detach().contiguous().clone() for name, tensor in _tensors(run).items()}
    need_safetensors().torch.save_file(tensors, part, {_KEY: metadata})
    os.replace(part, path)


def load(path: Path, run: BeliefLearner) -> None:
    """Bring a new run, of the same settings, to where the saved one was.

    Raises:
        UsageError: The saved run has other settings; the message names one.
        BadOption: The file is no checkpoint of this version, or is damaged.
    """
    data = header(path, _KEY)
    known = data is not None and data.get("format") == _FORMAT and type(data.get("round")) is int and isinstance(data.get("config"), dict)
    if data is None or not known:
        raise BadOption(f"{shown(str(path), 300)} is no checkpoint of this version; delete it to begin anew")
    for name, value in _settings(run.config).items():
        if name not in _FREE and data["config"].get(name) != value:
            raise UsageError(
                f"{shown(str(path), 300)} has {name}={shown(data['config'].get(name))}, and this run {name}={shown(value)}; "
                "give another output_dir, or the same settings"
            )
    safetensors = need_safetensors()
    try:
        _install(run, safetensors.torch.load_file(path))
    except (OSError, KeyError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise BadOption(f"{shown(str(path), 300)} is damaged: {shown(str(error), 200)}; delete it to begin anew") from error
    run.round = data["round"]


def _settings(config: BeliefRLConfig) -> dict[str, Any]:
    """The settings as JSON has them."""
    settings: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return settings


def _tensors(run: BeliefLearner) -> dict[str, Tensor]:
    """All that is learned, by name."""
    tensors = {f"policies.{name}": tensor for name, tensor in run.policies.state_dict().items()}
    tensors |= {f"critics.{name}": tensor for name, tensor in run.critics.state_dict().items()}
    for number, entries in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in entries.items()}
    return tensors


def _install(run: BeliefLearner, tensors: dict[str, Tensor]) -> None:
    parts: dict[str, dict[str, Tensor]] = {"policies": {}, "critics": {}, "optimizer": {}}
    for name, tensor in tensors.items():
        head, _, rest = name.partition(".")
        parts[head][rest] = tensor
    run.policies.load_state_dict(parts["policies"])
    run.critics.load_state_dict(parts["critics"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts["optimizer"].items():
        number, _, rest = name.partition(".")
        moments.setdefault(int(number), {})[rest] = tensor
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": moments})
