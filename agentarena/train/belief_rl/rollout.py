"""Matches played by both sides' Gaussian policies at once, on array rules, and what each side learns from them.

Axis letters: K steps, B matches, F numbers that a network sees, A raw numbers of an action, I types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agentarena.agents.rl.belief_network import BeliefPolicies, Head, features
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.state import ATTACK, DEFENCE, Field

__all__ = ["Rollout", "collect", "log_probability", "start"]


@dataclass(slots=True)
class Rollout:
    """What one side saw, did and got.

    Attributes:
        inputs: (K, B, F).
        raw: Raw numbers of actions, (K, B, A).
        log_probs: Of them under the policy that played, (K, B).
        values: Of the critic, (K, B).
        rewards: (K, B). Where the attackers' strategy is public, what depends on the type is its mean under the public belief,
            which has the same mean as what is paid and varies less.
        valid: Which steps were played, (K, B).
        chosen: Which of them the policy chose, (K, B).
        advantages, returns: Of generalized advantage estimation, (K, B).
    """

    inputs: Tensor
    raw: Tensor
    log_probs: Tensor
    values: Tensor
    rewards: Tensor
    valid: Tensor
    chosen: Tensor
    advantages: Tensor
    returns: Tensor

    def estimate(self, gae_lambda: float) -> None:
        """Fill in advantages and returns; a match's rewards are not discounted."""
        after, ahead = torch.zeros_like(self.values[0]), torch.zeros_like(self.values[0])
        for k in reversed(range(len(self.rewards))):
            delta = self.rewards[k] + after - self.values[k]
            ahead = (delta + gae_lambda * ahead) * self.valid[k]
            self.advantages[k] = ahead
            after = self.values[k] * self.valid[k]
        self.returns = self.advantages + self.values


def start(game: Any, size: int, rng: np.random.Generator, random_beliefs: float) -> Field:
    """The start of many matches; a share of them from a belief that is drawn uniformly, with the type drawn from it."""
    state = game.batch().start(size, rng)
    types = game.system.types
    belief = np.asarray(state.belief).copy()
    count = round(random_beliefs * size)
    belief[:count] = rng.dirichlet(np.ones(types), count)
    picked = (rng.random((count, 1)) >= belief[:count].cumsum(-1)).sum(-1).clip(0, types - 1)
    secret = np.asarray(state.secret).copy()
    secret[:count] = picked
    return state.but(belief=belief, secret=secret)


def log_probability(raw: Tensor, mean: Tensor, log_deviation: Tensor) -> Tensor:
    """Log density of raw numbers (..., A) under a diagonal Gaussian, (...)."""
    apart = (raw - mean) * (-log_deviation).exp()
    return (-0.5 * apart**2 - log_deviation - 0.9189385332046727).sum(-1)


@torch.no_grad()
def collect(
    game: Any,
    policies: BeliefPolicies,
    critics: nn.ModuleList,
    size: int,
    rng: np.random.Generator,
    random_beliefs: float,
    free_from: int = 0,
) -> tuple[Rollout, Rollout]:
    """Play `size` matches to their ends.

    Where the attackers state a strategy, a share of the matches begins at other beliefs, and the attackers' chances are held even for a
    number of steps, so that both sides learn all beliefs at all times; the attackers do not learn from these steps. In all matches they
    are held even before the step `free_from`.

    Returns:
        What the attackers and the defenders learn from, without advantages.
    """
    batch, system = game.batch(), game.system
    share = random_beliefs if game.layout.states_strategy else 0.0
    state = start(game, size, rng, share)
    held = np.where(np.arange(size) < round(share * size), rng.integers(system.steps, size=size), 0)
    held = np.maximum(held, free_from) if game.layout.states_strategy else held
    columns: tuple[list[tuple[Tensor, ...]], ...] = ([], [])
    rewards, valid, free = [], [], []
    for k in range(system.steps):
        before = state
        drawn, own = _attack(game, policies, state, rng)
        if game.layout.states_strategy:
            own[k < held, -(system.types**2) :] = 1.0
        columns[ATTACK].append((*drawn, critics[ATTACK](policies.head(ATTACK).standardized(drawn[0])).squeeze(-1)))
        if batch.split:
            state = batch.step(state, own, rng)
        drawn, answer = _defend(game, policies, state, rng)
        columns[DEFENCE].append((*drawn, critics[DEFENCE](policies.head(DEFENCE).standardized(drawn[0])).squeeze(-1)))
        state = batch.step(state, answer if batch.split else np.stack([own, answer], 1), rng)
        over = batch.over(before)
        rewards.append(np.where(over, 0.0, _reward(game, before, state)))
        valid.append(~over)
        free.append(~over & (k >= held))
    paid = torch.as_tensor(np.stack(rewards), dtype=torch.float32)
    played = torch.as_tensor(np.stack(valid))
    chosen = torch.as_tensor(np.stack(free))
    return _rollout(columns[ATTACK], paid, played, chosen), _rollout(columns[DEFENCE], -paid, played, played)


def _attack(game: Any, policies: BeliefPolicies, state: Field, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], np.ndarray]:
    """What the attackers see and draw, with its log probability; and the numbers of their action, (B, longest)."""
    belief = state.belief if policies.shapes.public else np.eye(game.system.types)[state.secret]
    drawn = _drawn(policies.head(ATTACK), _inputs(game, state, belief), rng)
    if not policies.shapes.public:
        return drawn, _numbers(game, policies.controls(ATTACK, drawn[1]))
    return drawn, _numbers(game, *policies.strategy(drawn[1]))


def _defend(game: Any, policies: BeliefPolicies, state: Field, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], np.ndarray]:
    drawn = _drawn(policies.head(DEFENCE), _inputs(game, state, state.belief), rng)
    return drawn, _numbers(game, policies.controls(DEFENCE, drawn[1]))


def _numbers(game: Any, *parts: Tensor) -> np.ndarray:
    """The numbers of an action, as many as the seat with most of them has, (B, longest)."""
    rows = torch.cat([part.flatten(1) for part in parts], -1).double().numpy()
    return np.pad(rows, ((0, 0), (0, game.layout.longest - rows.shape[1])))


def _inputs(game: Any, state: Field, belief: Any) -> Tensor:
    motion = Motion(*(torch.as_tensor(np.asarray(part), dtype=torch.float32) for part in (state.position, state.velocity, state.alive)))
    step = torch.as_tensor(np.asarray(state.step))
    return features(game.system, step, motion, torch.as_tensor(np.asarray(belief), dtype=torch.float32))


def _drawn(head: Head, inputs: Tensor, rng: np.random.Generator) -> tuple[Tensor, ...]:
    """Inputs, raw numbers drawn from the policy, and their log probability."""
    mean = head(inputs)
    noise = torch.as_tensor(rng.standard_normal(tuple(mean.shape), dtype=np.float32))
    raw = mean + head.log_deviation.exp() * noise
    return inputs, raw, log_probability(raw, mean, head.log_deviation)


def _reward(game: Any, before: Field, after: Field) -> np.ndarray:
    """The attackers' reward of a step; with a public strategy, its mean over the types."""
    reward = np.asarray(after.reward)
    ended = game.batch().over(after) & ~game.batch().over(before)
    if not game.layout.states_strategy or not ended.any():
        return reward
    owed = game.system.terminal(Motion(after.position, after.velocity, after.alive)) + after.typed
    own = np.take_along_axis(owed, np.asarray(after.secret)[:, None], 1)[:, 0]
    return np.where(ended, reward + own - (owed * after.belief).sum(-1), reward)


def _rollout(columns: list[tuple[Tensor, ...]], rewards: Tensor, valid: Tensor, chosen: Tensor) -> Rollout:
    inputs, raw, log_probs, values = (torch.stack(parts) for parts in zip(*columns, strict=True))
    return Rollout(inputs, raw, log_probs, values, rewards, valid, chosen, torch.zeros_like(values), torch.zeros_like(values))
