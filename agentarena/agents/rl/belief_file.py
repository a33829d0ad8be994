"""Both sides' trained policies of a game with one-sided information as one file: weights as safetensors, the rest as JSON. No pickle."""

from __future__ import annotations

import dataclasses
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of

from .belief_network import BeliefPolicies, Shapes
from .policy_file import weights_digest

__all__ = ["BeliefFile", "header", "load_beliefs", "need_safetensors", "save_beliefs"]

FORMAT = 1
"""Version of the format; files of others are refused."""
_KEY = "agentarena.belief-policies"
_MOST_METADATA = 1_000_000
"""Longest header of a file, in bytes."""
_WIDEST, _DEEPEST = 4096, 8
"""Most units of a layer, and most layers, of a file that is read."""
_NAMES = {"types": 8, "players": 64, "dims": 3, "steps": 10_000}
"""Sizes of a game, and the greatest of each that is read."""


@dataclass(frozen=True, slots=True)
class BeliefFile:
    """Policies as loaded.

    Attributes:
        policies: Both sides', in float64, for inference.
        env: Id of the environment that they were trained on.
        options: The environment's options then, as JSON.
        about: What their maker noted.
        digest: SHA-256 of the weights, in hexadecimal.
    """

    policies: BeliefPolicies
    env: str
    options: Mapping[str, Any]
    about: Mapping[str, Any]
    digest: str

    def refusal(self, game: Game[Any]) -> str | None:
        """Why the policies cannot play a game; `None` when they can."""
        if env_id_of(game) != self.env:
            return f"its policies were trained on {self.env}"
        options: Any = game
        if options.mode != "team" or options.report:
            return "it needs mode='team' and report=False"
        now = json.loads(json.dumps(game.options))
        differing = {name: value for name, value in self.options.items() if name not in _FREE and now.get(name) != value}
        return f"its policies were trained with other options: {shown(differing, 200)}" if differing else None


_FREE = ("prior", "belief", "reward", "mode", "report")
"""Options that a match may have other values of than the training."""


def save_beliefs(path: str | os.PathLike[str], policies: BeliefPolicies, game: Game[Any], about: Mapping[str, Any]) -> str:
    """Write both sides' policies; a reader finds the old file or the new one.

    Returns:
        The digest of the weights.
    """
    target = Path(path)
    tensors = {name: tensor.detach().float().cpu().contiguous().clone() for name, tensor in policies.state_dict().items()}
    digest = weights_digest(tensors)
    data = {
        "format": FORMAT,
        "env": env_id_of(game),
        "options": game.options,
        "shapes": dataclasses.asdict(policies.shapes),
        "about": dict(about),
        "digest": digest,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    need_safetensors().torch.save_file(tensors, part, {_KEY: json.dumps(data, sort_keys=True)})
    os.replace(part, target)
    return digest


def load_beliefs(path: str | os.PathLike[str]) -> BeliefFile:
    """Read a file of `save_beliefs`. Sizes are checked before anything is read; no code of the file runs.

    Raises:
        UsageError: There is no such file.
        BadOption: It is another file, damaged, or of another format.
    """
    source, where = Path(path), f"policies {shown(str(path), 300)}"
    if not source.is_file():
        raise UsageError(f"{where}: no such file; train them with `agentarena train belief-rl`")
    data = header(source, _KEY)
    if data is None or data.get("format") != FORMAT:
        raise BadOption(f"{where} are none of this version: expected a file that `agentarena train belief-rl` wrote")
    shapes = _shapes(data, where)
    policies = BeliefPolicies(shapes, np.ones((2, shapes.players, shapes.dims)))
    tensors = _tensors(source, where, {name: tuple(tensor.shape) for name, tensor in policies.state_dict().items()})
    if weights_digest(tensors) != data["digest"]:
        raise BadOption(f"{where} are damaged: the weights do not have the digest that the file states")
    policies.load_state_dict(tensors)
    policies.double().eval().requires_grad_(False)
    return BeliefFile(policies, data["env"], data["options"], data["about"], data["digest"])


def header(source: Path, key: str) -> dict[str, Any] | None:
    """The JSON object under a key of a safetensors file's metadata; `None` where there is none."""
    with source.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _MOST_METADATA + 1
        text = file.read(length) if length <= _MOST_METADATA else b""
    try:
        data = json.loads(json.loads(text)["__metadata__"][key])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _shapes(data: dict[str, Any], where: str) -> Shapes:
    """The sizes that a file states, and its other fields, all of the right kinds."""
    kinds = {"env": str, "options": dict, "shapes": dict, "about": dict, "digest": str}
    wrong = [name for name, kind in kinds.items() if not isinstance(data.get(name), kind)]
    sizes = data.get("shapes") if not wrong else {}
    fields = {field.name for field in dataclasses.fields(Shapes)}
    if not wrong and isinstance(sizes, dict) and set(sizes) == fields:
        hidden = sizes["hidden"]
        whole = all(type(sizes[name]) is int and 1 <= sizes[name] <= most for name, most in _NAMES.items())
        layers = isinstance(hidden, list) and 1 <= len(hidden) <= _DEEPEST and all(type(x) is int and 1 <= x <= _WIDEST for x in hidden)
        if whole and layers and isinstance(sizes["public"], bool):
            return Shapes(**{**sizes, "hidden": tuple(hidden)})
    raise BadOption(f"{where} are damaged: the field {(wrong or ['shapes'])[0]!r} is {shown(data.get((wrong or ['shapes'])[0]))}")


def _tensors(source: Path, where: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The weights, known to have exactly these names and shapes, all finite."""
    safetensors = need_safetensors()
    try:
        with safetensors.safe_open(source, framework="pt") as file:
            listed = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # not a mapping
            tensors = {name: file.get_tensor(name) for name in listed} if listed == dict(shapes) else {}
    except (OSError, safetensors.SafetensorError) as error:
        raise BadOption(f"{where} are damaged: {shown(str(error), 200)}") from error
    if not tensors or not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise BadOption(f"{where} are damaged: the weights are not those of its networks, or not finite")
    return tensors


def need_safetensors() -> Any:
    """The module safetensors, with its part for torch.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import safetensors.torch
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    return safetensors
