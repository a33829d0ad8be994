"""A trained policy as one file, `*.safetensors`: the weights, and as metadata what they are for. Nothing in it is ever unpickled.

The metadata is JSON under the key "agentarena.policy": format, environment and options, seats, layout of the observations,
number of actions, the network, how it was trained, whether it plays greedily by default, and the digest of its weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra, NotSupported, UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_id_of

from .network import NetworkSpec, PolicyNetwork, flat_size

__all__ = ["FORMAT", "PolicyFile", "load_policy", "observation_layout", "save_policy", "weights_digest"]

FORMAT = 1
"""Version of the format; files of others are refused."""
_KEY = "agentarena.policy"
_MOST_METADATA = 1_000_000
"""Longest header of the file, in bytes: names and shapes of tensors, and the metadata."""
_MOST_ABOUT = 100_000
"""Longest `about`, as JSON."""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as loaded.

    Attributes:
        network: On the CPU, for inference.
        env: Id of the environment that it was trained on.
        options: The environment's options then, as JSON.
        seats: Seats that it was trained for.
        layout: What its observations look like (`observation_layout`).
        actions: A, number of actions.
        algorithm: E.g. "ppo".
        steps: Environment steps of its training.
        greedy: Whether it plays the likeliest action by default, else draws one.
        about: Whatever else its maker noted.
        digest: SHA-256 of its weights, in hexadecimal.
    """

    network: PolicyNetwork
    env: str
    options: Mapping[str, Any]
    seats: tuple[int, ...]
    layout: Mapping[str, Any]
    actions: int
    algorithm: str
    steps: int
    greedy: bool
    about: Mapping[str, Any]
    digest: str

    @property
    def spec(self) -> NetworkSpec:
        """What the network is built from."""
        return self.network.spec

    def refusal(self, game: Game[Any], seat: int) -> str | None:
        """Why the policy cannot play a seat of a game: another game, observations or actions; `None` when it can."""
        env = env_id_of(game)
        if env != self.env:
            return f"its policy was trained on {self.env}"
        own, other = self.actions, game.action_space(seat)
        if not isinstance(other, spaces.Discrete) or int(other.n) != own:
            return f"its policy has {own} actions, and seat {seat} has the action space {shown(str(other))}"
        if observation_layout(game, seat) != self.layout:
            then = f"{self.layout['size']} numbers {self.layout['digest'][:8]}{_differing(self.options, game.options)}"
            now = f"{_described(game, seat)}{_differing(game.options, self.options)}"
            return f"its policy was trained on other observations: {then}, and seat {seat} sees {now}"
        return None


def _differing(options: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """Those options that have other values in `others`, in words."""
    same = json.loads(json.dumps(others))
    differing = {name: value for name, value in json.loads(json.dumps(options)).items() if name not in same or same[name] != value}
    return " with " + shown(differing, 200) if differing else ""


def _described(game: Game[Any], seat: int) -> str:
    layout = observation_layout(game, seat)
    return f"{layout['size']} numbers {layout['digest'][:8]}"


# --- what observations look like --------------------------------------------------------------------------------------------


def observation_layout(game: Game[Any], seat: int) -> dict[str, Any]:
    """What a seat's observations look like: `size`, D, and `digest`, equal where kinds, names, shapes and sizes of all parts are.

    Bounds of numbers are no part of it, so that a policy plays under options that change only how large a number may become.

    Raises:
        NotSupported: They have no flat form (`network.flat_size`).
    """
    space = game.observation_space(seat)
    size = flat_size(space)
    return {"size": size, "digest": hashlib.sha256(json.dumps(_parts(space)).encode()).hexdigest()}


def _parts(space: spaces.Space[Any]) -> list[Any]:
    if isinstance(space, spaces.Dict):
        return ["Dict", [[name, _parts(part)] for name, part in space.spaces.items()]]
    if isinstance(space, spaces.Discrete):
        return ["Discrete", int(space.n), int(space.start)]
    if isinstance(space, spaces.MultiDiscrete):
        return ["MultiDiscrete", space.nvec.tolist(), space.start.tolist()]
    return [type(space).__name__, list(space.shape or ()), str(space.dtype)]


# --- writing ----------------------------------------------------------------------------------------------------------------


def save_policy(
    path: str | os.PathLike[str],
    network: PolicyNetwork,
    game: Game[Any],
    *,
    seats: Sequence[int],
    algorithm: str,
    steps: int,
    greedy: bool = False,
    about: Mapping[str, Any] | None = None,
) -> str:
    """Write a policy file; a reader finds the old file or the new one, never a part.

    Args:
        path: The file, "....safetensors".
        network: The network; inputs and actions must be those of the game.
        game: What it was trained on.
        seats: The seats it was trained for, which must see the same layout; at least one.
        algorithm: E.g. "ppo" or "dqn".
        steps: Environment steps of its training.
        greedy: Whether it plays the action with the greatest output by default; else it draws from the softmax.
        about: Whatever else is worth noting, as JSON.

    Returns:
        The digest of the weights (`weights_digest`).

    Raises:
        BadOption: Seats, network and game do not fit each other, weights are not finite, or `about` is no JSON or too long.
        NotSupported: The seat's observations have no flat form, or its actions are not `Discrete`.
    """
    target = Path(path)
    if target.suffix != ".safetensors":
        raise BadOption(f"a policy is a file '....safetensors', got {shown(str(path))}")
    layout = _common_layout(game, seats, network.spec)
    tensors = {name: tensor.detach().float().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise BadOption("the network has weights that are not finite; a policy file holds numbers only")
    digest = weights_digest(tensors)
    data = {
        "format": FORMAT,
        "env": env_id_of(game),
        "options": game.options,
        "seats": sorted(int(seat) for seat in seats),
        "layout": layout,
        "actions": network.spec.actions,
        "network": network.spec.to_json(),
        "algorithm": algorithm,
        "steps": int(steps),
        "greedy": bool(greedy),
        "about": _checked_about(about or {}),
        "digest": digest,
    }
    _write(target, tensors, json.dumps(data, sort_keys=True))
    return digest


def _write(target: Path, tensors: Mapping[str, Tensor], metadata: str) -> None:
    save_file = _safetensors().torch.save_file
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    save_file(dict(tensors), part, {_KEY: metadata})
    os.replace(part, target)


def _common_layout(game: Game[Any], seats: Sequence[int], spec: NetworkSpec) -> dict[str, Any]:
    """The layout that all seats share, known to fit the network."""
    numbers = list(seats)
    if not numbers or not all(type(seat) is int and 0 <= seat < game.info.seats for seat in numbers):
        raise BadOption(f"seats is {shown(seats)}; expected some of 0 to {game.info.seats - 1}")
    layout = observation_layout(game, numbers[0])
    for seat in numbers:
        space = game.action_space(seat)
        if not isinstance(space, spaces.Discrete):
            raise NotSupported(f"a policy network plays Discrete actions; seat {seat} of {type(game).__name__} has {shown(str(space))}")
        if observation_layout(game, seat) != layout or (layout["size"], int(space.n)) != (spec.inputs, spec.actions):
            raise BadOption(
                f"seat {seat} of {type(game).__name__} sees {_described(game, seat)} and has {int(space.n)} actions; "
                f"the network takes {spec.inputs} numbers and has {spec.actions}. Seats of one file must see the same layout"
            )
    return layout


def _checked_about(about: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(about), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadOption(f"about must be JSON: {type(error).__name__}: {shown(str(error))}") from error
    if len(text) > _MOST_ABOUT:
        raise BadOption(f"about has {len(text):,} characters as JSON; at most {_MOST_ABOUT:,}")
    return dict(about)


def weights_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and float32 values (little-endian) of tensors, in the order of their names; hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].detach().float().cpu().contiguous().numpy().astype("<f4", copy=False)
        digest.update(f"{name} {list(array.shape)}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


# --- reading ----------------------------------------------------------------------------------------------------------------


def load_policy(path: str | os.PathLike[str]) -> PolicyFile:
    """Read a policy file. Sizes are checked before anything is read; no code of the file runs.

    Raises:
        UsageError: There is no such file.
        BadOption: It is no policy file, damaged, or of another format.
    """
    source = Path(path)
    where = f"policy {shown(str(path), 300)}"
    if not source.is_file():
        raise UsageError(f"{where}: no such file; train one with `agentarena train`, or see the page on trained policies")
    data = _metadata(source, where)
    try:
        spec = NetworkSpec.from_json(data["network"])
    except BadOption as error:
        raise BadOption(f"{where} is damaged: {error}") from error
    network = PolicyNetwork(spec)
    tensors = _tensors(source, where, {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()})
    if weights_digest(tensors) != data["digest"]:
        raise BadOption(f"{where} is damaged: its weights do not have the digest that it states")
    network.load_state_dict(tensors)
    network.eval().requires_grad_(False)
    fields = {name: data[name] for name in ("env", "options", "layout", "actions", "algorithm", "steps", "greedy", "about", "digest")}
    return PolicyFile(network=network, seats=tuple(data["seats"]), **fields)


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise MissingExtra("safetensors", "rl") from error
    return safetensors


def _metadata(source: Path, where: str) -> dict[str, Any]:
    """The checked metadata."""
    no_policy = f"{where} is no policy file of this package: expected one that `save_policy` wrote"
    with source.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _MOST_METADATA + 1
        header = file.read(length) if length <= _MOST_METADATA else b""
    try:
        text = json.loads(header)["__metadata__"][_KEY]
        data = json.loads(text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadOption(no_policy) from error
    if not isinstance(data, dict):
        raise BadOption(no_policy)
    if data.get("format") != FORMAT:
        raise BadOption(f"{where} is of format {shown(data.get('format'))}; this version reads format {FORMAT}. Save it again")
    wrong = [name for name, fits in _FIELDS.items() if name not in data or not fits(data[name])]
    if wrong:
        raise BadOption(f"{where} is damaged: its field {wrong[0]!r} is {shown(data.get(wrong[0]))}")
    if not data["network"].get("inputs") == data["layout"]["size"] or not data["network"].get("actions") == data["actions"]:
        raise BadOption(f"{where} is damaged: its network does not fit its layout and actions")
    return data


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _layout_fits(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"size", "digest"} and _whole(value["size"]) and isinstance(value["digest"], str)


_FIELDS: dict[str, Any] = {
    "env": lambda value: isinstance(value, str),
    "options": lambda value: isinstance(value, dict),
    "seats": lambda value: isinstance(value, list) and all(map(_whole, value)),
    "layout": _layout_fits,
    "actions": _whole,
    "network": lambda value: isinstance(value, dict),
    "algorithm": lambda value: isinstance(value, str),
    "steps": _whole,
    "greedy": lambda value: isinstance(value, bool),
    "about": lambda value: isinstance(value, dict),
    "digest": lambda value: isinstance(value, str),
}
"""What each field of the metadata must be."""


def _tensors(source: Path, where: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The weights, known to have exactly these names and shapes, in float32, all finite."""
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(source, framework="pt") as file:
            listed = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # not a mapping
            if listed != dict(shapes):
                raise BadOption(f"{where} is damaged: its tensors are not those of its network")
            tensors = {name: file.get_tensor(name) for name in listed}
    except (OSError, safetensors.SafetensorError) as error:
        raise BadOption(f"{where} is damaged: {shown(str(error), 200)}") from error
    if not all(tensor.dtype == torch.float32 and bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise BadOption(f"{where} is damaged: its weights are not all finite numbers of type float32")
    return tensors
