"""A value of every turn for `turn_gae`: linear in the policy's last hidden state at the end of the prompt.

The state is taken as it is: the critic has no part in the policy's gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

__all__ = ["Critic"]


class Critic:
    """A linear value with its own optimizer. It starts at 0 everywhere.

    Args:
        width: Size of a hidden state.
        learning_rate: Of Adam.
    """

    def __init__(self, width: int, learning_rate: float) -> None:
        self._line = torch.nn.Linear(width, 1)
        torch.nn.init.zeros_(self._line.weight)
        torch.nn.init.zeros_(self._line.bias)
        self._adam = torch.optim.Adam(self._line.parameters(), lr=learning_rate)

    def values(self, states: Tensor) -> np.ndarray:
        """The value at some hidden states. Shape (N, H) -> (N,), in the unit of the scaled rewards."""
        with torch.no_grad():
            return self._line(states.float().cpu()).squeeze(-1).double().numpy()

    def fit(self, states: Tensor, targets: np.ndarray, steps: int) -> float:
        """Steps towards the least mean squared error; returns the error before the last.

        Args:
            states: Shape (N, H).
            targets: Shape (N,).
            steps: Optimizer steps.
        """
        wanted, error = torch.as_tensor(targets, dtype=torch.float32), torch.zeros(())
        for _ in range(steps):
            error = (self._line(states.float().cpu()).squeeze(-1) - wanted).square().mean()
            self._adam.zero_grad()
            error.backward()
            self._adam.step()
        return float(error.detach())

    def tensors(self) -> dict[str, Tensor]:
        """Everything that it has learned, by name."""
        moments = {
            f"{n}.{name}": torch.as_tensor(value) for n, entry in self._adam.state_dict()["state"].items() for name, value in entry.items()
        }
        return {
            **{f"line.{name}": value for name, value in self._line.state_dict().items()},
            **{f"adam.{name}": v for name, v in moments.items()},
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `tensors` gave."""
        self._line.load_state_dict({name[5:]: value for name, value in tensors.items() if name.startswith("line.")})
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, number, entry = name.split(".", 2)
                moments.setdefault(int(number), {})[entry] = value
        self._adam.load_state_dict({**self._adam.state_dict(), "state": moments})
