"""Latent policies in files: role, observation and legal actions -> probabilities. A table or networks; nothing is unpickled, no torch.

A table is keyed by the digest of an observation's bytes and is uniform where it knows nothing; networks are plain multi-layer
perceptrons with ReLU, whose outputs become probabilities by a softmax over the legal actions.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import MissingExtra, UsageError

__all__ = ["LatentPolicy", "NetworkPolicy", "TablePolicy", "load_policy", "observation_key"]

TABLE, NETWORK = "policy.npz", "policy.safetensors"
_LARGEST = 4_000_000_000
"""Largest file of a policy, in bytes."""
_MOST_LAYERS = 64


class LatentPolicy(ABC):
    """What a seat of each role does, given what it sees."""

    @property
    @abstractmethod
    def roles(self) -> tuple[str, ...]:
        """The roles it plays."""

    @abstractmethod
    def probabilities(self, role: str, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Probabilities of actions.

        Args:
            role: The role of all rows.
            observations: Shape (R, D): R rows of D numbers.
            masks: Which of the A actions are legal, shape (R, A); every row has one at least.

        Returns:
            float64 of shape (R, A); rows add up to 1, illegal actions have 0.

        Raises:
            UsageError: It does not play this role, or not from observations or actions of these sizes.
        """

    @abstractmethod
    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write it into a folder; `load_policy` reads it."""


def load_policy(folder: str | os.PathLike[str]) -> LatentPolicy:
    """The policy that a folder holds.

    Raises:
        UsageError: It holds none, or a damaged one.
    """
    folder = Path(folder)
    for name, load in ((TABLE, TablePolicy._load), (NETWORK, NetworkPolicy._load)):
        path = folder / name
        if path.is_file():
            if path.stat().st_size > _LARGEST:
                raise UsageError(f"{shown(str(path), 300)} is larger than {_LARGEST:,} bytes, and is not read as a policy")
            try:
                policy: LatentPolicy = load(path)
            except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
                raise UsageError(f"{shown(str(path), 300)} holds no latent policy: {shown(str(error), 200)}") from None
            return policy
    raise UsageError(f"{shown(str(folder), 300)} holds no latent policy; expected {TABLE} or {NETWORK} there")


def observation_key(observation: np.ndarray) -> bytes:
    """The digest by which tables know an observation: 20 bytes of its float32 numbers."""
    return hashlib.sha1(np.ascontiguousarray(observation, np.float32).tobytes(), usedforsecurity=False).digest()


class TablePolicy(LatentPolicy):
    """One row of probabilities for each observation met.

    Args:
        rows: Role -> pairs of an observation and its probabilities of shape (A,), or of an observation's key and these.
    """

    def __init__(self, rows: Mapping[str, Iterable[tuple[np.ndarray | bytes, np.ndarray]]]) -> None:
        self._index: dict[str, dict[bytes, int]] = {}
        self._rows: dict[str, np.ndarray] = {}
        for role, of_role in rows.items():
            table = {one if isinstance(one, bytes) else observation_key(one): np.asarray(row, np.float32) for one, row in of_role}
            self._put(role, list(table), np.stack(list(table.values())) if table else np.zeros((0, 1), np.float32))

    def _put(self, role: str, keys: Sequence[bytes], rows: np.ndarray) -> None:
        if rows.ndim != 2 or len(rows) != len(keys) or not np.isfinite(rows).all() or (rows < 0).any():
            raise ValueError(f"rows of role {shown(role)} are no probabilities by observation")
        self._index[role], self._rows[role] = {key: place for place, key in enumerate(keys)}, rows

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self._rows)

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def items(self, role: str) -> Iterator[tuple[bytes, np.ndarray]]:
        """Keys and rows of a role."""
        return ((key, self._rows[role][place]) for key, place in self._index[role].items())

    def knows(self, role: str, observation: np.ndarray) -> bool:
        """Whether it has a row for this observation."""
        return observation_key(observation) in self._index.get(role, {})

    def probabilities(self, role: str, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        rows = _of_role(self._rows, role)
        legal = np.asarray(masks, bool)
        out = np.zeros(legal.shape)
        index = self._index[role]
        for number, observation in enumerate(np.asarray(observations)):
            place = index.get(observation_key(observation))
            if place is not None:
                if rows.shape[1] != legal.shape[1]:
                    raise UsageError(f"the latent policy has {rows.shape[1]} actions of role {shown(role)}, the game {legal.shape[1]}")
                out[number] = rows[place]
        return _normalised(out, legal)

    def save(self, folder: str | os.PathLike[str]) -> None:
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"roles": np.array(list(self._rows), dtype=np.str_)}
        for number, role in enumerate(self._rows):
            keys = b"".join(self._index[role])
            arrays[f"keys_{number}"] = np.frombuffer(keys, np.uint8).reshape(-1, 20)
            arrays[f"rows_{number}"] = self._rows[role]
        with (target / TABLE).open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def _load(cls, path: Path) -> TablePolicy:
        policy = cls({})
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for number, role in enumerate(map(str, arrays["roles"])):
                keys = arrays[f"keys_{number}"]
                if keys.ndim != 2 or keys.shape[1] != 20 or keys.dtype != np.uint8:
                    raise ValueError("keys have the wrong shape")
                policy._put(role, [row.tobytes() for row in keys], np.asarray(arrays[f"rows_{number}"], np.float32))
        return policy


class NetworkPolicy(LatentPolicy):
    """A multi-layer perceptron for each role.

    Args:
        layers: Role -> its layers in order, each a weight of shape (outputs, inputs) and a bias of shape (outputs,). The last one's
            outputs are logits of actions; between layers stands a ReLU.
        scale: What observations are divided by before they enter, of shape (D,), or nothing.
    """

    def __init__(self, layers: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]], scale: np.ndarray | None = None) -> None:
        self._layers = {
            role: [(np.asarray(weight, np.float32), np.asarray(bias, np.float32)) for weight, bias in of_role]
            for role, of_role in layers.items()
        }
        self._scale = None if scale is None else np.asarray(scale, np.float32)
        for role, of_role in self._layers.items():
            sizes = [weight.shape for weight, _ in of_role]
            if not of_role or any(weight.ndim != 2 or bias.shape != weight.shape[:1] for weight, bias in of_role):
                raise ValueError(f"layers of role {shown(role)} are no weights and biases")
            if any(after[1] != before[0] for before, after in itertools.pairwise(sizes)):
                raise ValueError(f"layers of role {shown(role)} do not fit each other: {sizes}")

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self._layers)

    def probabilities(self, role: str, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        layers, legal = _of_role(self._layers, role), np.asarray(masks, bool)
        x = np.asarray(observations, np.float32)
        inputs, outputs = layers[0][0].shape[1], layers[-1][0].shape[0]
        if x.shape[1:] != (inputs,) or legal.shape[1:] != (outputs,):
            raise UsageError(
                f"the latent policy reads {inputs} numbers and chooses among {outputs} actions; got {x.shape[1:]} and {legal.shape[1:]}"
            )
        if self._scale is not None:
            x = x / self._scale
        for number, (weight, bias) in enumerate(layers):
            x = x @ weight.T + bias
            if number < len(layers) - 1:
                x = np.maximum(x, 0.0)
        logits = np.where(legal, x.astype(np.float64), -np.inf)
        return _normalised(np.exp(logits - logits.max(axis=1, keepdims=True)), legal)

    def save(self, folder: str | os.PathLike[str]) -> None:
        import json

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        arrays = {
            f"{number}.{layer}.{name}": np.ascontiguousarray(array)
            for number, of_role in enumerate(self._layers.values())
            for layer, parts in enumerate(of_role)
            for name, array in zip(("weight", "bias"), parts, strict=True)
        }
        if self._scale is not None:
            arrays["scale"] = self._scale
        _safetensors().save_file(arrays, target / NETWORK, {"roles": json.dumps(list(self._layers))})

    @classmethod
    def _load(cls, path: Path) -> NetworkPolicy:
        import json

        import safetensors

        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                roles, arrays = json.loads((file.metadata() or {})["roles"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from None
        layers = {
            str(role): [
                (arrays[f"{number}.{layer}.weight"], arrays[f"{number}.{layer}.bias"])
                for layer in range(_MOST_LAYERS)
                if f"{number}.{layer}.weight" in arrays
            ]
            for number, role in enumerate(roles)
        }
        return cls(layers, arrays.get("scale"))


def _of_role(table: Mapping[str, Any], role: str) -> Any:
    if role not in table:
        raise UsageError(f"the latent policy has no role {shown(role)}; it has {', '.join(table) or 'none'}")
    return table[role]


def _normalised(rows: np.ndarray, legal: np.ndarray) -> np.ndarray:
    """Rows over the legal actions alone, adding up to 1; uniform where nothing legal has weight."""
    weights = np.where(legal, np.asarray(rows, np.float64), 0.0)
    totals = weights.sum(axis=1, keepdims=True)
    weights = np.where(totals > 0, weights, legal)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingExtra("safetensors", "rl") from None
    return safetensors.numpy
