"""A trained network as a player."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra
from agentarena.envs.pokemon_vgc.actions import SIZE
from agentarena.envs.pokemon_vgc.observation import slices

__all__ = ["Network"]


class Network(Agent):
    """Plays a file of `learning.files`: `pokemonvgc/network?path=ppo.safetensors`. Pairs that are not legal have probability 0.

    Args:
        path: The file.
        greedy: Whether it plays the likeliest legal pair; else it draws.
        temperature: Divides the logits before the softmax.

    Attributes:
        version: The first 16 digits of the file's SHA-256.

    Raises:
        MissingExtra: torch or safetensors is not installed.
        BadOption, UsageError: The file cannot be read, or an argument is out of range.
    """

    def __init__(self, path: str | os.PathLike[str], greedy: bool = False, temperature: float = 1.0) -> None:
        if not isinstance(greedy, bool) or isinstance(temperature, bool) or not 0 < temperature < float("inf"):
            raise BadOption(f"pokemonvgc/network: greedy is {shown(greedy)}, temperature {shown(temperature)}; a truth value, above 0")
        try:
            from agentarena.envs.pokemon_vgc.bots.learning.files import load_network
        except ImportError as error:
            raise MissingExtra("torch", "rl") from error
        file = load_network(path)
        self.network, self.version = file.network, file.digest[:16]
        self.greedy, self.temperature = greedy, float(temperature)

    def choose(self, view: View) -> Decision:
        (number,) = self._drawn(np.asarray(view.observation)[None], view.mask.reshape(1, -1), view.rng)
        first, second = divmod(int(number), SIZE)
        return first, second

    def batch_policy(self, game: Any) -> _OnArrays:
        """The same player on arrays."""
        return _OnArrays(self)

    def _drawn(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One legal pair for each of R decisions. Shape (R,)."""
        import torch

        inputs = torch.as_tensor(np.ascontiguousarray(observations[:, : slices()["status"].stop]))
        with torch.no_grad():
            logits = self.network(inputs)[0].numpy().astype(np.float64)
        logits = np.where(masks != 0, logits / self.temperature, -np.inf)
        if not self.greedy:
            logits += rng.gumbel(size=logits.shape)
        numbers: np.ndarray = logits.argmax(-1)
        return numbers


class _OnArrays:
    """A network as a `BatchPolicy`."""

    def __init__(self, player: Network) -> None:
        self.player = player

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        """One pair for each decision, as 55 times the left choice plus the right one. Shape (R,)."""
        return self.player._drawn(np.asarray(observations), np.asarray(masks), rng)
