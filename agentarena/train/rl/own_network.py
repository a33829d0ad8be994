"""PPO of sb3-contrib on a network of one's own: any module that maps observations to logits of all actions and values.

The loss, the clipping and the optimizer are MaskablePPO's, the rollouts `SeatPPO`'s. Actions of several parts are one number, of which the
mask leaves the legal combinations: the softmax over them is exact, however one part depends on another.
Axis letters: C slots, R decisions, D numbers of an observation, A actions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.logger import Logger
from torch import Tensor, nn

from agentarena.core.game import Game

from .env import ArenaVecEnv, Group
from .ppo import SeatPPO, ppo_round
from .rollout import SeatRolloutBuffer

__all__ = ["ModulePolicy", "OwnPPO", "train_network"]


class ModulePolicy(MaskableActorCriticPolicy):
    """A module as the policy of MaskablePPO.

    Args:
        module: (R, D) -> logits (R, A), values (R,). It is trained in place.
    """

    def __init__(self, *args: Any, module: nn.Module, **kwargs: Any) -> None:
        self.__dict__["given"] = module  # torch takes modules only once its own constructor has run
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Any) -> None:
        self.module = self.__dict__.pop("given")
        self.optimizer = self.optimizer_class(self.module.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    def _log_chances(self, observations: Tensor, masks: Any) -> tuple[Tensor, Tensor]:
        """Log-probabilities of all actions, -inf where illegal, and values. Shapes (R, A), (R,)."""
        logits, values = self.module(observations.float())
        legal = torch.as_tensor(np.asarray(masks) if isinstance(masks, np.ndarray) else masks).bool().reshape(logits.shape)
        return torch.log_softmax(logits.masked_fill(~legal, -torch.inf), -1), values

    def forward(self, obs: Any, deterministic: bool = False, action_masks: Any = None) -> tuple[Tensor, Tensor, Tensor]:
        """Actions (R,), values (R, 1) and log-probabilities (R,)."""
        logs, values = self._log_chances(obs, action_masks)
        actions = logs.argmax(-1) if deterministic else torch.multinomial(logs.exp(), 1).squeeze(-1)
        return actions, values[:, None], logs.gather(-1, actions[:, None]).squeeze(-1)

    def evaluate_actions(self, obs: Any, actions: Tensor, action_masks: Any = None) -> tuple[Tensor, Tensor, Tensor]:
        """Values (R, 1), log-probabilities (R,) and entropies (R,) of actions that were played."""
        logs, values = self._log_chances(obs, action_masks)
        chosen = logs.gather(-1, actions.long().reshape(-1, 1)).squeeze(-1)
        entropy = -(logs.exp() * logs.masked_fill(logs.isinf(), 0.0)).sum(-1)
        return values[:, None], chosen, entropy

    def predict_values(self, obs: Any) -> Tensor:
        """Shape (R, 1)."""
        return self.module(obs.float())[1][:, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPPO:
    """How a network of one's own is trained; names and meanings are `RLConfig`'s.

    Attributes:
        num_envs: C. In self-play of rounds every seat of a match is one.
        value_rounds: First rounds, in which only parameters whose name starts with "value" learn: after a warm start by cloning the
            value knows nothing yet.
    """

    num_envs: int = 32
    n_steps: int = 32
    batch_size: int = 256
    n_epochs: int = 3
    learning_rate: float = 3e-4
    ent_coef: float = 0.01
    vf_coef: float = 0.5
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    target_kl: float | None = 0.03
    value_rounds: int = 0
    seed: int = 0


Report = Callable[[dict[str, float]], bool]


def train_network(
    game: Game[Any],
    module: nn.Module,
    settings: OwnPPO,
    *,
    rounds: int,
    groups: Sequence[Group] | None = None,
    report: Report | None = None,
) -> int:
    """Train a module in place by PPO.

    Args:
        game: The rules.
        module: (R, D) -> logits (R, A), values (R,).
        settings: How.
        rounds: Rollouts that are learned from.
        groups: Whom it meets, slots adding up to `num_envs`; self-play by default.
        report: Called with the figures of each round; `False` ends the run.

    Returns:
        How many decisions were learned from.
    """
    env = ArenaVecEnv(game, groups or [Group("self", settings.num_envs)], seed=settings.seed)
    try:
        torch.manual_seed(settings.seed)
        model = _learner(env, module, settings)
        model._current_progress_remaining = 1.0
        env.reset()
        for number in range(rounds):
            _freeze(module, number < settings.value_rounds)
            began = time.perf_counter()
            figures = {"round": float(number + 1), **ppo_round(model), "matches": float(len(env.finished))}
            env.finished.clear()
            figures |= {"steps": float(model.num_timesteps), "seconds": time.perf_counter() - began}
            if report is not None and not report(figures):
                break
        return int(model.num_timesteps)
    finally:
        _freeze(module, False)
        env.close()


def _learner(env: ArenaVecEnv, module: nn.Module, settings: OwnPPO) -> SeatPPO:
    names = ("n_steps", "batch_size", "n_epochs", "learning_rate", "ent_coef", "vf_coef", "gae_lambda", "clip_range", "target_kl")
    model = SeatPPO(
        ModulePolicy,
        env,
        gamma=1.0,
        rollout_buffer_class=SeatRolloutBuffer,
        rollout_buffer_kwargs={"streams": env.streams},
        policy_kwargs={"module": module},
        device="cpu",
        **{name: getattr(settings, name) for name in names},
    )
    model.set_logger(Logger(None, []))
    return model


def _freeze(module: nn.Module, but_value: bool) -> None:
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(not but_value or name.startswith("value"))
