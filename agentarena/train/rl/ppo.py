"""MaskablePPO of sb3-contrib on slots with streams: its network, loss and optimizer; rollouts and advantages by seat."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger

from .config import RLConfig
from .env import ArenaVecEnv
from .policies import network_arguments, rate_of
from .rollout import SeatRolloutBuffer

__all__ = ["SeatPPO", "make_ppo", "ppo_round"]


class SeatPPO(MaskablePPO):
    """MaskablePPO whose rollouts tell the streams of an `ArenaVecEnv` apart, so that self-play credits every seat with its own rewards."""

    rollout_buffer: SeatRolloutBuffer

    def collect_rollouts(self, env: Any, callback: Any, rollout_buffer: Any, n_rollout_steps: int, use_masking: bool = True) -> bool:
        """`n_rollout_steps` decisions of every slot into the buffer, and their advantages. The callback may end it."""
        arena: ArenaVecEnv = env
        buffer: SeatRolloutBuffer = rollout_buffer
        self.policy.set_training_mode(False)
        buffer.reset()
        callback.on_rollout_start()
        for _ in range(n_rollout_steps):
            observations, masks, streams = arena.questions()
            with torch.no_grad():
                actions, values, log_probs = self.policy(torch.as_tensor(observations), action_masks=masks)
            chosen = actions.numpy()
            gains, ended = arena.advance(chosen)
            buffer.add_step(observations, chosen, values, log_probs, masks, streams, gains, ended)
            self.num_timesteps += arena.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
        observations, _, streams = arena.questions()
        with torch.no_grad():
            last_values = self.policy.predict_values(torch.as_tensor(observations)).numpy().ravel()
        buffer.finish(last_values, streams)
        callback.on_rollout_end()
        return True


def make_ppo(config: RLConfig, env: ArenaVecEnv) -> SeatPPO:
    """The learner of a run, with weights drawn from torch's present generator."""
    model = SeatPPO(
        "MlpPolicy",
        env,
        learning_rate=rate_of(config),
        n_steps=config.n_steps,
        batch_size=config.batch_size,
        n_epochs=config.n_epochs,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.ent_coef,
        vf_coef=config.vf_coef,
        max_grad_norm=config.max_grad_norm,
        target_kl=config.target_kl,
        normalize_advantage=config.normalize_advantage,
        rollout_buffer_class=SeatRolloutBuffer,
        rollout_buffer_kwargs={"streams": env.streams},
        policy_kwargs=network_arguments(config),
        device="cpu",
    )
    model.set_logger(Logger(None, []))
    return model


def ppo_round(model: SeatPPO) -> dict[str, float]:
    """One rollout and what is learned from it.

    Returns:
        Figures of the round.
    """
    from stable_baselines3.common.callbacks import CallbackList

    callback = CallbackList([])
    callback.init_callback(model)
    model.collect_rollouts(model.env, callback, model.rollout_buffer, model.n_steps)
    buffer = model.rollout_buffer
    spread = float(np.var(buffer.returns[buffer.valid]))
    residual = float(np.var((buffer.returns - buffer.values)[buffer.valid]))
    model.train()
    values = model.logger.name_to_value
    figures = {
        "loss": float(values["train/loss"]),
        "policy_loss": float(values["train/policy_gradient_loss"]),
        "value_loss": float(values["train/value_loss"]),
        "entropy": -float(values["train/entropy_loss"]),
        "kl": float(values["train/approx_kl"]),
        "clip_ratio": float(values["train/clip_fraction"]),
        "explained_variance": 1 - residual / spread if spread > 0 else 0.0,
        "unresolved": 1 - float(buffer.valid[buffer.streams >= 0].mean()),
    }
    values.clear()
    return figures
