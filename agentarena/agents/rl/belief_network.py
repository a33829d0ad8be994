"""Networks of the games with one-sided information: they map time, motion and a belief to what a side does for all types.

    attackers, public belief    I prototypes of a control, and the chances that each type plays each of them
    attackers, hidden belief    one control; the network sees the type in place of the belief
    defenders                   one control

Axis letters: B rows, F numbers that a network sees, I types, N players a side, D dimensions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agentarena.envs.football.rules.system import Motion, System
from agentarena.envs.football.state import ATTACK

__all__ = ["BeliefPolicies", "Head", "Shapes", "features", "mlp"]

_FARTHEST = 10.0
"""Standardized inputs are cut to this."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Sizes of a game's networks.

    Attributes:
        types: I.
        players: N.
        dims: D.
        public: Whether the attackers state a strategy for all types.
        steps: K.
        hidden: Units of the hidden layers.
    """

    types: int
    players: int
    dims: int
    public: bool
    steps: int
    hidden: tuple[int, ...]

    @classmethod
    def of(cls, game: Any, hidden: tuple[int, ...]) -> Shapes:
        """The sizes for a game on the field, with `mode="team"`."""
        system: System = game.system
        return cls(system.types, system.players, system.dims, game.layout.states_strategy, system.steps, hidden)

    @property
    def inputs(self) -> int:
        """F."""
        return self.steps + 6 * self.players * self.dims + 2 * self.types

    def controls(self, side: int) -> int:
        """How many of a side's raw numbers are controls; they come first."""
        return self.players * self.dims * (self.types if side == ATTACK and self.public else 1)

    def outputs(self, side: int) -> int:
        """How many raw numbers a side's network gives."""
        return self.controls(side) + (self.types**2 if side == ATTACK and self.public else 0)


def features(system: System, step: Any, motion: Motion, belief: Any) -> Tensor:
    """What networks see: the step as one-hot, positions, velocities, where everybody would be at the horizon without controls, `alive`, belief.

    Args:
        system: Motion and costs.
        step: Steps taken, (B,), or one number.
        motion: Tensors with a first axis B.
        belief: (B, I); the type as one-hot for attackers who state no strategy.

    Returns:
        Shape (B, F).
    """
    rows = len(motion.position)
    steps = torch.as_tensor(step, dtype=torch.int64).expand(rows)
    dtype = motion.position.dtype
    effortless = motion.position + ((system.steps - steps) * system.dt).to(dtype)[:, None, None, None] * motion.velocity
    parts = [part.reshape(rows, -1) for part in (motion.position, motion.velocity, effortless)]
    number = torch.nn.functional.one_hot(steps.clamp(max=system.steps - 1), system.steps).to(dtype)
    return torch.cat([number, *parts, motion.alive, belief], -1)


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int, gain: float) -> nn.Sequential:
    """Layers with tanh between them; `gain` scales the last one's first weights."""
    sizes = (inputs, *hidden)
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [_linear(a, b, 2.0**0.5), nn.Tanh()]
    return nn.Sequential(*layers, _linear(sizes[-1], outputs, gain))


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


class Head(nn.Module):
    """A Gaussian policy of one side: a mean for every input, a deviation for all.

    Args:
        shapes: The sizes.
        side: 0 the attackers, 1 the defenders.
        deviation: The first standard deviation of the raw numbers.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, shapes: Shapes, side: int, deviation: float = 0.5) -> None:
        super().__init__()
        self.body = mlp(shapes.inputs, shapes.hidden, shapes.outputs(side), 0.01)
        self.log_deviation = nn.Parameter(torch.full((shapes.outputs(side),), float(np.log(deviation))))
        self.register_buffer("mean", torch.zeros(shapes.inputs))
        self.register_buffer("spread", torch.ones(shapes.inputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """The means of the raw numbers, (B, outputs)."""
        out: Tensor = self.body(self.standardized(inputs))
        return out

    def standardized(self, inputs: Tensor) -> Tensor:
        """Inputs less their mean, over their spread."""
        return ((inputs - self.mean) / self.spread).clamp(-_FARTHEST, _FARTHEST)


class BeliefPolicies(nn.Module):
    """The policies of both sides.

    Args:
        shapes: The sizes.
        scale: What a raw number of 1 is as a control: of each side and number, (2, N, D).
        sharpness: What a raw number of 1 is as a logit of a chance.
        deviation: The first standard deviation of the raw numbers.
    """

    scale: Tensor
    sharpness: Tensor

    def __init__(self, shapes: Shapes, scale: np.ndarray, sharpness: float = 1.0, deviation: float = 0.5) -> None:
        super().__init__()
        self.shapes = shapes
        self.sides = nn.ModuleList([Head(shapes, side, deviation) for side in (0, 1)])
        self.register_buffer("scale", torch.as_tensor(np.asarray(scale), dtype=torch.float32))
        self.register_buffer("sharpness", torch.tensor(float(sharpness)))

    def head(self, side: int) -> Head:
        """The network of a side."""
        head = self.sides[side]
        assert isinstance(head, Head)
        return head

    def controls(self, side: int, raw: Tensor) -> Tensor:
        """The controls (B, N, D) of raw numbers (B, N D), not cut to the bounds."""
        return raw.reshape(-1, self.shapes.players, self.shapes.dims) * self.scale[side]

    def strategy(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Prototypes (B, I, N, D) and chances (B, I, I), type by prototype, of the attackers' raw numbers."""
        s = self.shapes
        count = s.types * s.players * s.dims
        prototypes = raw[:, :count].reshape(-1, s.types, s.players, s.dims) * self.scale[ATTACK]
        return prototypes, (self.sharpness * raw[:, count:].reshape(-1, s.types, s.types)).softmax(-1)
