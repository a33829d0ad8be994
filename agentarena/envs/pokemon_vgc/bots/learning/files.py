"""Pair networks as safetensors files. Nothing in them is ever unpickled; sizes are checked before weights are read."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, UsageError
from agentarena.envs.pokemon_vgc.observation import layout

from .network import PairNetwork, PairSpec

__all__ = ["FORMAT", "NetworkFile", "load_network", "save_network"]

FORMAT = 1
"""Version of the files; others are refused."""
_KEY = "agentarena.pokemonvgc"
_LARGEST = 500_000_000
_MOST_ABOUT = 100_000


class NetworkFile(NamedTuple):
    """A file as loaded.

    Attributes:
        network: On the CPU, in evaluation mode.
        about: What its maker noted: algorithm, steps, teams.
        digest: SHA-256 of the file.
    """

    network: PairNetwork
    about: Mapping[str, Any]
    digest: str


def _layout_digest() -> str:
    """Equal where the numbers of observations mean the same."""
    table = {name: part for name, part in layout().items() if name in ("features", "options", "ids")}
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def save_network(path: str | os.PathLike[str], network: PairNetwork, about: Mapping[str, Any] | None = None) -> str:
    """Write a network; a reader finds the old file or the new one, never a part. Returns the digest of the file.

    Raises:
        BadOption: The name does not end with .safetensors, or `about` is too long.
    """
    target = Path(path)
    text = json.dumps(dict(about or {}), allow_nan=False)
    if target.suffix != ".safetensors" or len(text) > _MOST_ABOUT:
        raise BadOption(f"a network is a file '....safetensors' with at most {_MOST_ABOUT:,} characters about it; got {shown(str(path))}")
    data = {"format": FORMAT, "layout": _layout_digest(), "spec": dataclasses.asdict(network.spec), "about": json.loads(text)}
    tensors = {name: tensor.detach().float().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    _safetensors().torch.save_file(tensors, part, {_KEY: json.dumps(data, sort_keys=True)})
    os.replace(part, target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def load_network(path: str | os.PathLike[str]) -> NetworkFile:
    """Read a network.

    Raises:
        UsageError: There is no such file.
        BadOption: It is none, damaged, of another format, or for other observations.
    """
    source, where = Path(path), f"network {shown(str(path), 300)}"
    if not source.is_file() or source.stat().st_size > _LARGEST:
        raise UsageError(f"{where}: no such file, or too large; `python benchmarks/pokemon_table.py` trains some")
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(source, "pt") as file:
            data = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        about = dict(data["about"])
        fits = data["format"] == FORMAT and data["layout"] == _layout_digest()
        network = PairNetwork(PairSpec.from_json(data["spec"])) if fits else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, safetensors.SafetensorError) as error:
        raise BadOption(f"{where} is none of this package, or damaged: {type(error).__name__}: {shown(str(error), 200)}") from None
    if network is None:
        raise BadOption(f"{where} was made for other observations or by another version of this package; train it again")
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise BadOption(f"{where} is damaged: {shown(str(error), 300)}") from None
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise BadOption(f"{where} has weights that are not finite")
    return NetworkFile(network.eval().requires_grad_(False), about, hashlib.sha256(source.read_bytes()).hexdigest())


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.torch
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    return safetensors
