"""The scheme `sb3:`: models of Stable-Baselines3 and SB3-contrib as agents.

Perceptrons (`MlpPolicy`, `MultiInputPolicy`: PPO, MaskablePPO, A2C, TRPO, DQN) are read without unpickling and without the library.
Others, and algorithms with other networks, are loaded by the library, which unpickles them; that needs trust.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from gymnasium import spaces

from agentarena.agents.arrays import TorchPolicy
from agentarena.core.batch import Bounds
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra
from agentarena.core.game import Game

from .module_agent import ModuleAgent, check_choice, need_torch, with_masks
from .trust import check_trusted, existing, file_version

__all__ = ["ALGORITHMS", "SB3Agent", "SB3Policy", "library_network"]

ALGORITHMS = {
    "PPO": "stable_baselines3",
    "A2C": "stable_baselines3",
    "DQN": "stable_baselines3",
    "MaskablePPO": "sb3_contrib",
    "QRDQN": "sb3_contrib",
    "TRPO": "sb3_contrib",
}
"""Algorithms that `?trust=true` loads, and their packages."""


class SB3Agent(ModuleAgent):
    """Plays a model of Stable-Baselines3 or SB3-contrib, `sb3:model.zip`, trained on `agentarena.make_solo` or with equal spaces.

    Illegal actions have probability 0, whether or not the algorithm knows masks: they are taken out of its logits or Q-values.

    Args:
        path: The zip that `model.save` wrote.
        algorithm: "PPO", "A2C", "DQN", "MaskablePPO", "QRDQN" or "TRPO". Only needed with `trust`, where the file does not tell.
        deterministic: Play the likeliest action, or the one of the greatest Q-value; else draw one. Q-values are never drawn from.
        trust: Let the library unpickle the file, for networks other than perceptrons. It can run any code.
        device: Where the network computes, in torch's words, e.g. "cuda".

    Attributes:
        version: The first 16 digits of the SHA-256 of the file.
    """

    def __init__(
        self, path: str, algorithm: str | None = None, deterministic: bool = True, trust: bool = False, device: str = "cpu"
    ) -> None:
        need_torch()
        from .sb3_zip import read_model

        spec = f"sb3:{path}"
        check_choice(spec, deterministic, 1.0)
        if algorithm is not None and algorithm not in ALGORITHMS:
            raise BadOption(f"agent {shown(spec, 300)}: algorithm is {shown(algorithm)}; allowed: {', '.join(ALGORITHMS)}")
        file = existing(spec, path)
        self.saved = read_model(file)
        if self.saved.values and not deterministic:
            raise BadOption(f"agent {shown(spec, 300)} has Q-values, which are no probabilities; leave deterministic=false out")
        if self.saved.network is not None:
            module, flat = self.saved.network, True
        else:
            check_trusted(spec, trust, f"{self.saved.unknown}, so only Stable-Baselines3 can build it")
            module, flat = _loaded(spec, path, algorithm or self._guessed(spec), device), False
        super().__init__(
            module,
            greedy=deterministic,
            device=device,
            masks=self.saved.dictionary,
            flat=flat,
            deviation=self.saved.deviation,
            name=spec,
        )
        self.version = file_version(file)

    def _guessed(self, spec: str) -> str:
        """The algorithm, from where its policy is defined."""
        place = self.saved.policy
        guesses = {"maskable": "MaskablePPO", "qrdqn": "QRDQN", "dqn": "DQN", "stable_baselines3.common.policies": "PPO"}
        for part, algorithm in guesses.items():
            if part in place:
                return algorithm
        raise BadOption(f"agent {shown(spec, 300)}: the file does not tell its algorithm; write '...?algorithm=PPO' or another")

    def refusal(self, game: Game[Any], seat: int) -> str | None:
        """See `ModuleAgent.refusal`; the spaces are compared with those that the file notes."""
        own = self._noted(game, seat)
        if self.saved.observations and self.saved.observations != own:
            return f"its model was trained on {shown(self.saved.observations, 200)}, and seat {seat} sees {shown(own, 200)}"
        return super().refusal(game, seat)

    def _noted(self, game: Game[Any], seat: int) -> str:
        """A seat's observation space as Stable-Baselines3 notes it in a file."""
        space, actions = game.observation_space(seat), game.action_space(seat)
        if self.saved.dictionary and isinstance(actions, spaces.Discrete):
            space = with_masks(space, int(actions.n))
        return str(space) if isinstance(space, spaces.Dict) else f"{type(space).__name__} of shape {space.shape}, {space.dtype}"


def _loaded(spec: str, path: str, algorithm: str, device: str) -> Any:
    """The network of a model that the library unpickled.

    Raises:
        MissingExtra: The library is not installed.
        BadOption: It cannot load the file.
    """
    try:
        library = _library(ALGORITHMS[algorithm])
    except ImportError as error:
        raise MissingExtra(ALGORITHMS[algorithm].replace("_", "-"), "rl") from error
    try:
        return library_network(getattr(library, algorithm).load(path, device=device).policy)
    except Exception as error:  # of a library that is not ours, about a file that is not its
        reason = f"{type(error).__name__}: {shown(str(error), 200)}"
        raise BadOption(f"agent {shown(spec, 300)} cannot be loaded as {algorithm}: {reason}") from error


def _library(package: str) -> Any:
    if package == "sb3_contrib":
        import sb3_contrib

        return sb3_contrib
    import stable_baselines3

    return stable_baselines3


def library_network(policy: Any) -> Any:
    """A policy of the library as a torch module: from its observations to logits, Q-values or means, without masks."""
    module: Any = need_torch().nn.Module

    class Network(module):
        def __init__(self) -> None:
            super().__init__()
            self.policy = policy

        def forward(self, observations: Any) -> Any:
            if hasattr(self.policy, "q_net"):
                return self.policy.q_net(observations)
            if hasattr(self.policy, "quantile_net"):
                return self.policy.quantile_net(observations).mean(1)
            distribution = self.policy.get_distribution(observations).distribution
            return distribution.logits if hasattr(distribution, "logits") else distribution.mean

    return Network()


class SB3Policy:
    """A model of Stable-Baselines3 or SB3-contrib that is at hand, trained on `agentarena.make_solo`, as a policy on arrays.

    Illegal actions have probability 0: models that take masks are given them, of others they are taken out of the logits or Q-values.
    Numbers are clipped to their bounds. Random draws come from the decision's stream; torch's own generator is left as it was.

    Args:
        model: The model, e.g. right after `model.learn(...)`.
        deterministic: Take the likeliest action instead of drawing one.
    """

    def __init__(self, model: Any, *, deterministic: bool = True) -> None:
        self.model, self.deterministic = model, deterministic
        self._takes_masks = "action_masks" in inspect.signature(model.predict).parameters
        self._masked = None if self._takes_masks else TorchPolicy(library_network(model.policy), greedy=deterministic)

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        """One action for each decision; see `BatchPolicy.act`."""
        torch = need_torch()
        bounded = isinstance(masks, Bounds)
        inputs = observations if bounded else {"observation": observations, "action_mask": masks}
        if not bounded and self._masked is not None:
            return self._masked.act(inputs, masks, rng)
        more = {} if bounded or not self._takes_masks else {"action_masks": masks.astype(bool)}
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**63)))
            actions, _ = self.model.predict(inputs, deterministic=self.deterministic, **more)
        if not bounded:
            return actions
        count = len(masks.low)
        numbers = np.asarray(actions, np.float64).reshape(count, -1)
        width = numbers.shape[1]
        return np.clip(numbers, masks.low[:, :width], masks.high[:, :width])
