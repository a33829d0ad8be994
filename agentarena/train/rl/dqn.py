"""A DQN that obeys masks: Stable-Baselines3's network, optimizer and schedules; exploration, greedy play and targets over legal actions.

Axis letters: R rows, D numbers of a flat observation, A actions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.logger import Logger
from torch import Tensor
from torch.nn import functional

from .config import RLConfig
from .env import ArenaVecEnv
from .policies import network_arguments, rate_of
from .replay import MaskedReplay, Pending, Transitions

__all__ = ["MaskedDQN", "dqn_round", "make_dqn", "masked_targets"]


def masked_targets(
    rewards: Tensor, ended: Tensor, masks: Tensor, target_values: Tensor, gamma: float, online_values: Tensor | None = None
) -> Tensor:
    """What the Q-value of each decision is drawn to: its rewards, and the best *legal* Q-value of the seat's next decision.

        y = r                                              where the match ended first
        y = r + gamma * Q'(s', argmax_(a legal in s') Q(s', a))        else

    with Q' the target network, and Q the network itself (double Q-learning) or the target network, too.

    Args:
        rewards: r. Shape (R,).
        ended: Shape (R,), bool.
        masks: Actions that are legal in s'. Shape (R, A), bool.
        target_values: Q'(s', a). Shape (R, A).
        gamma: Discount.
        online_values: Q(s', a) for double Q-learning; by default the target network chooses. Shape (R, A).

    Returns:
        Shape (R,).

    Reference: van Hasselt et al., "Deep reinforcement learning with double Q-learning" (arXiv 1509.06461), equation 4; the masks are ours.

    >>> masked_targets(torch.tensor([1.0]), torch.tensor([False]), torch.tensor([[True, False]]), torch.tensor([[2.0, 9.0]]), 0.5)
    tensor([2.])
    """
    choosing = target_values if online_values is None else online_values
    best = choosing.masked_fill(~masks, -torch.inf).argmax(1, keepdim=True)
    following = target_values.gather(1, best).squeeze(1)
    return torch.where(ended, rewards, rewards + gamma * following)


class MaskedDQN(DQN):
    """DQN over the legal actions of an `ArenaVecEnv`, every stream with transitions of its own.

    Args:
        double_q: Whether the network chooses the action that the target network values.

    Attributes:
        rng: Draws random actions and batches.
    """

    replay_buffer: Any
    rng: np.random.Generator
    pending: Pending

    def __init__(self, *args: Any, double_q: bool = False, **kwargs: Any) -> None:
        self.double_q = double_q
        self.rng = np.random.default_rng(0)
        kwargs["replay_buffer_class"] = MaskedReplay
        super().__init__(*args, **kwargs)

    def fresh(self, env: ArenaVecEnv) -> None:
        """Begin with matches that have no decisions yet."""
        observations, masks, _ = env.questions()
        self.pending = Pending(env.num_envs, env.streams, observations.shape[1], masks.shape[1])

    def greedy(self, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The legal action with the greatest Q-value. Shapes (R, D), (R, A) -> (R,)."""
        with torch.no_grad():
            values = self.q_net(torch.as_tensor(observations))
        return np.asarray(values.masked_fill(~torch.as_tensor(masks), -torch.inf).argmax(1))

    def explore(self, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The same, but with the present chance a legal action at random, in each row by itself."""
        actions = self.greedy(observations, masks)
        at_random = self.rng.random(len(masks)) < self.exploration_rate
        ranks = masks.cumsum(1)
        wanted = (self.rng.random(len(masks)) * ranks[:, -1]).astype(np.int64)
        return np.where(at_random, (ranks <= wanted[:, None]).sum(1), actions)

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: np.ndarray | None = None,
    ) -> tuple[np.ndarray, Any]:
        """Stable-Baselines3's `predict`, with masks; without them every action is legal."""
        rows = np.asarray(observation, np.float32).reshape(-1, self.observation_space.shape[0])  # type: ignore[index]
        everything: Any = self.action_space
        masks = np.ones((len(rows), int(everything.n)), bool) if action_masks is None else np.asarray(action_masks, bool)
        choose = self.greedy if deterministic else self.explore
        actions = choose(rows, masks.reshape(len(rows), -1))
        return (actions if np.ndim(observation) > 1 else actions[0]), state

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Optimizer steps on batches of the replay buffer, with masked targets."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        losses = []
        for _ in range(gradient_steps):
            drawn: Transitions = self.replay_buffer.draw(batch_size, self.rng)
            rows: Any = Transitions(*(torch.as_tensor(column) for column in drawn))  # type: ignore[arg-type]  # tensors in place of arrays
            with torch.no_grad():
                online = self.q_net(rows.next_observations) if self.double_q else None
                targets = masked_targets(
                    rows.rewards, rows.ended, rows.next_masks, self.q_net_target(rows.next_observations), self.gamma, online
                )
            values = self.q_net(rows.observations).gather(1, rows.actions[:, None]).squeeze(1)
            loss = functional.smooth_l1_loss(values, targets)
            losses.append(loss.item())
            self.policy.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
        self._n_updates += gradient_steps
        self.logger.record("train/loss", np.mean(losses))

    def collect_step(self, env: ArenaVecEnv) -> None:
        """One decision of every slot; what is complete goes into the replay buffer."""
        observations, masks, streams = env.questions()
        self.replay_buffer.append(self.pending.completed(observations, masks, streams))
        actions = self.explore(observations, masks)
        self.pending.decided(observations, actions, streams)
        gains, ended = env.advance(actions)
        self.replay_buffer.append(self.pending.gained(gains, ended))
        self.num_timesteps += env.num_envs
        self._on_step()


def make_dqn(config: RLConfig, env: ArenaVecEnv) -> MaskedDQN:
    """The learner of a run, with weights drawn from torch's present generator."""
    model = MaskedDQN(
        "MlpPolicy",
        env,
        double_q=config.double_q,
        learning_rate=rate_of(config),
        buffer_size=config.buffer_size,
        learning_starts=config.learning_starts,
        batch_size=config.batch_size,
        tau=config.tau,
        gamma=config.gamma,
        target_update_interval=max(config.target_update_interval, env.num_envs),
        exploration_fraction=config.exploration_fraction,
        exploration_initial_eps=config.exploration_initial_eps,
        exploration_final_eps=config.exploration_final_eps,
        max_grad_norm=config.max_grad_norm,
        policy_kwargs=network_arguments(config),
        device="cpu",
    )
    model.set_logger(Logger(None, []))
    return model


def dqn_round(model: MaskedDQN, config: RLConfig) -> dict[str, float]:
    """`n_steps` decisions of every slot, with the updates among them.

    Returns:
        Figures of the round.
    """
    env: Any = model.env
    losses = []
    for step in range(config.n_steps):
        model._current_progress_remaining = max(0.0, 1 - model.num_timesteps / config.total_steps)
        model.exploration_rate = model.exploration_schedule(model._current_progress_remaining)
        model.collect_step(env)
        ready = model.num_timesteps >= config.learning_starts and len(model.replay_buffer) >= config.batch_size
        if ready and (step + 1) % config.train_freq == 0:
            model.train(config.gradient_steps, config.batch_size)
            losses.append(float(model.logger.name_to_value["train/loss"]))
    model.logger.name_to_value.clear()
    figures = {"exploration": float(model.exploration_rate), "replay": float(len(model.replay_buffer))}
    return figures | ({"loss": float(np.mean(losses))} if losses else {})
