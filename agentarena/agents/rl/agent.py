"""The scheme `rl:`: a policy file of this package as an agent."""

from __future__ import annotations

import os
from typing import Any

from agentarena.core.batch import BatchPolicy
from agentarena.core.game import Game
from agentarena.core.registry import recorded_game

from .module_agent import ModuleAgent, check_choice, need_torch

__all__ = ["NetworkAgent"]


class NetworkAgent(ModuleAgent):
    """Plays a policy file of this package, `rl:policy.safetensors`, as `agentarena train ppo`, `dqn` and `imitate` write them.

    Args:
        path: The file.
        greedy: Play the action with the greatest output, or draw from the softmax; by default as the file says.
        temperature: Divides the outputs before the softmax.
        device: Where the network computes, in torch's words, e.g. "cuda".

    Attributes:
        file: What the file says of the policy (`PolicyFile`).
        version: The first 16 digits of the digest of its weights.
    """

    def __init__(self, path: str | os.PathLike[str], greedy: bool | None = None, temperature: float = 1.0, device: str = "cpu") -> None:
        need_torch()
        from .policy_file import load_policy

        if greedy is not None:
            check_choice(f"rl:{path}", greedy, temperature)
        self.file = load_policy(path)
        super().__init__(
            self.file.network,
            greedy=self.file.greedy if greedy is None else greedy,
            temperature=temperature,
            device=device,
            flat=True,
            name=f"rl:{path}",
        )
        self.version = self.file.digest[:16]

    def refusal(self, game: Game[Any], seat: int) -> str | None:
        """See `PolicyFile.refusal`."""
        return self.file.refusal(game, seat)

    def batch_policy(self, game: Game[Any] | None = None) -> BatchPolicy:
        """The same player on arrays; of the game that the file names, unless another is given."""
        return super().batch_policy(recorded_game(self.file.env, self.file.options) if game is None else game)
