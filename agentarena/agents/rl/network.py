"""A policy on flat observations: what the network needs to be built, the network, and observations as rows of numbers.

Axis letters: R decisions, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.namespace import Arrays

__all__ = ["NetworkSpec", "PolicyNetwork", "flat_size", "flatten"]

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
_MOST_WIDE = 1_000_000
"""Most inputs, actions or units of a layer."""
_MOST_LAYERS = 32
_MOST_PARAMETERS = 500_000_000


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """All that is needed to build a `PolicyNetwork`; plain values, so that it is stored as JSON.

    Attributes:
        inputs: D, length of a flat observation.
        actions: A, number of actions.
        hidden: Units of each hidden layer.
        activation: After every hidden layer.
        value: Whether there is a value head: a network of its own of the same shape, with one output.

    Raises:
        BadOption: A size is no whole number in its range, or the network as a whole is too large.
    """

    inputs: int
    actions: int
    hidden: tuple[int, ...] = (128, 128)
    activation: Literal["relu", "tanh"] = "relu"
    value: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, tuple) or len(self.hidden) > _MOST_LAYERS:
            raise BadOption(f"network: hidden is {shown(self.hidden)}; expected a tuple of at most {_MOST_LAYERS} layer sizes")
        for name, size in (("inputs", self.inputs), ("actions", self.actions), *(("hidden", units) for units in self.hidden)):
            if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _MOST_WIDE:
                raise BadOption(f"network: {name} is {shown(size)}; expected a whole number from 1 to {_MOST_WIDE:,}")
        if self.activation not in tuple(_ACTIVATIONS) or not isinstance(self.value, bool):
            got = f"activation={shown(self.activation)}, value={shown(self.value)}"
            raise BadOption(f"network: {got}; expected activation 'relu' or 'tanh', and value true or false")
        if self.parameters > _MOST_PARAMETERS:
            raise BadOption(f"network: it would have {self.parameters:,} parameters; at most {_MOST_PARAMETERS:,}")

    @property
    def parameters(self) -> int:
        """Number of weights and biases, those of the value head included."""
        return sum(_count((self.inputs, *self.hidden, outputs)) for outputs in (self.actions, *([1] if self.value else [])))

    def to_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**dataclasses.asdict(self), "hidden": list(self.hidden)}

    @classmethod
    def from_json(cls, data: Any) -> NetworkSpec:
        """The inverse of `to_json`.

        Raises:
            BadOption: A field is missing, unknown or out of range.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(data, Mapping) or set(data) != names or not isinstance(data["hidden"], list):
            raise BadOption(f"network: got {shown(data, 200)}; expected the fields {', '.join(sorted(names))}")
        return cls(**{**data, "hidden": tuple(data["hidden"])})


def _count(sizes: tuple[int, ...]) -> int:
    return sum((before + 1) * after for before, after in itertools.pairwise(sizes))


class PolicyNetwork(nn.Module):
    """A multilayer perceptron from flat observations to one logit, or one Q-value, of each action.

    Attributes:
        spec: What it was built from.
        policy: (R, D) -> (R, A).
        value: (R, D) -> (R, 1): a separate perceptron; `None` where the spec has no value head.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.policy = _perceptron(spec, spec.actions)
        self.value = _perceptron(spec, 1) if spec.value else None

    def forward(self, observations: Tensor) -> Tensor:
        """Logits, or Q-values. Shape (R, D) -> (R, A)."""
        return self.policy(observations)


def _perceptron(spec: NetworkSpec, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = spec.inputs
    for units in spec.hidden:
        layers += [nn.Linear(before, units), _ACTIVATIONS[spec.activation]()]
        before = units
    return nn.Sequential(*layers, nn.Linear(before, outputs))


# --- observations as rows of numbers ----------------------------------------------------------------------------------------


def flat_size(space: spaces.Space[Any]) -> int:
    """D, the length of a flat observation of a space.

    >>> flat_size(spaces.Dict({"board": spaces.Box(0, 1, (3, 3)), "turn": spaces.Discrete(2)}))
    11

    Raises:
        NotSupported: It is no `Box`, `Discrete`, `MultiBinary`, `MultiDiscrete`, or `Dict` of these.
    """
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return int(np.prod(space.shape))
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.sum())
    if isinstance(space, spaces.Dict):
        return sum(flat_size(part) for part in space.spaces.values())
    raise NotSupported(
        f"observations of a {type(space).__name__} space have no flat form; allowed: Box, Discrete, MultiBinary, MultiDiscrete, Dict of these"
    )


def flatten(space: spaces.Space[Any], observations: Any, xp: Any) -> Any:
    """A batch of observations as rows of numbers, unscaled: what a `PolicyNetwork` takes.

    Whole numbers of `Discrete` and `MultiDiscrete` spaces become a 1 among zeros; the parts of a `Dict` stand in the order of the space.

    Args:
        space: The game's `observation_space(seat)`.
        observations: Arrays of numpy or torch, or a dict of them, with first axis R.
        xp: The module `numpy` or `torch`: of the result. Tensors stay on their device.

    Returns:
        Shape (R, D), float32.

    >>> flatten(spaces.MultiDiscrete([2, 3]), np.array([[1, 0], [0, 2]]), np).tolist()
    [[0.0, 1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 1.0]]
    """
    if isinstance(space, spaces.Dict):
        return xp.concatenate([flatten(part, observations[name], xp) for name, part in space.spaces.items()], 1)
    arrays = Arrays(xp, getattr(observations, "device", None) if xp is torch and isinstance(observations, Tensor) else None)
    values = arrays.asarray(observations.cpu().numpy() if xp is np and isinstance(observations, Tensor) else observations)
    if isinstance(space, spaces.Box | spaces.MultiBinary):
        return arrays.cast(values, xp.float32).reshape(values.shape[0], -1)
    if isinstance(space, spaces.Discrete):
        return _one_hot(arrays, values.reshape(-1) - int(space.start), int(space.n))
    if isinstance(space, spaces.MultiDiscrete):
        numbers = values.reshape(values.shape[0], -1)
        starts, sizes = space.start.reshape(-1).tolist(), space.nvec.reshape(-1).tolist()
        return xp.concatenate(
            [_one_hot(arrays, numbers[:, part] - start, size) for part, (start, size) in enumerate(zip(starts, sizes, strict=True))], 1
        )
    flat_size(space)  # raises
    raise AssertionError(space)


def _one_hot(arrays: Arrays, values: Any, size: int) -> Any:
    """Shape (R,) -> (R, size), float32."""
    return arrays.cast(values[:, None] == arrays.asarray(np.arange(size))[None, :], arrays.xp.float32)
