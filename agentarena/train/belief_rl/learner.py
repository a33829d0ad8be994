"""Both sides learn at once from matches that they play against each other, as in CAMS-DRL.

    for each round:
        play matches: time, motion and public belief in, a strategy for all types (attackers) or a control (defenders) out
        advantages of each side by GAE, from its own critic
        a few passes: PPO's clipped loss, or mirror descent held near the last policy and a magnet

Deviations from CAMS-DRL (Ghimire et al., arXiv 2502.00560; read in the authors' public code): what depends on the type is paid as its
mean under the public belief, which varies less; a share of the matches begins at other beliefs; the deviation of the policies is
held below a bound that falls.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from agentarena.agents.rl.belief_network import BeliefPolicies, Head, Shapes, mlp
from agentarena.core.rng import stream
from agentarena.envs.football.state import ATTACK

from .config import BeliefRLConfig
from .losses import divergence, entropy, mmd_loss, ppo_loss
from .rollout import Rollout, collect, log_probability

__all__ = ["BeliefLearner"]

_START, _PLAY, _ORDER = 0, 1, 2
"""Purposes of random streams: `stream(seed, purpose, round)`."""
_FIRST_MATCHES = 4096
"""Matches of the untrained policies by which inputs are standardized."""


class BeliefLearner:
    """A run under way. Nothing but `config.seed` and the round's number decides what a round draws.

    Args:
        config: The settings.

    Attributes:
        game: The rules.
        policies: Both sides' networks.
        critics: Both sides' critics.
        round: Rounds made.
    """

    def __init__(self, config: BeliefRLConfig) -> None:
        self.config, self.game, self.round = config, config.game(), 0
        shapes = Shapes.of(self.game, config.hidden)
        rng = stream(config.seed, _START)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**62)))
            self.policies = BeliefPolicies(shapes, config.scale * self.game.system.bound, config.sharpness, config.deviation)
            self.critics = nn.ModuleList([mlp(shapes.inputs, config.hidden, 1, 1.0) for _ in range(2)])
        self._standardize(rng)
        groups = [{"params": [*self.policies.sides[side].parameters(), *self.critics[side].parameters()]} for side in (0, 1)]
        self.optimizer = torch.optim.Adam(groups, lr=config.learning_rate, eps=1e-5)

    def _standardize(self, rng: np.random.Generator) -> None:
        """Set mean and spread of the inputs to those of the untrained policies' matches."""
        for side, rollout in enumerate(collect(self.game, self.policies, self.critics, _FIRST_MATCHES, rng, 0.5)):
            rows = rollout.inputs.flatten(0, 1)
            self.policies.head(side).mean.copy_(rows.mean(0))
            self.policies.head(side).spread.copy_(rows.std(0).clamp(min=0.05))

    def iterate(self) -> dict[str, float]:
        """One round.

        Returns:
            Its figures: mean cost of the matches, and both sides' losses, divergences and deviations.
        """
        config, share = self.config, self.round / self.config.rounds
        if config.lr_schedule == "linear":
            for group in self.optimizer.param_groups:
                group["lr"] = config.learning_rate * (1 - share)
        self._narrow(share)
        rng = stream(config.seed, _PLAY, self.round)
        rollouts = collect(self.game, self.policies, self.critics, config.matches, rng, config.random_beliefs, self._free_from(share))
        figures = {"round": float(self.round + 1), "cost": -float(rollouts[0].rewards.sum(0).mean())}
        for side, name in enumerate(("attack", "defence")):
            rollouts[side].estimate(config.gae_lambda)
            for key, value in self._learn(side, rollouts[side]).items():
                figures[f"{key}_{name}"] = value
        self.round += 1
        return figures

    def _free_from(self, share: float) -> int:
        """The first step whose chances are not held even in this share of the run: the last one at first, and then backward in time."""
        left = max(0.0, 1 - share / self.config.freed_by) if self.config.freed_by else 0.0
        return min(self.game.steps - 1, math.floor(left * self.game.steps))

    def _narrow(self, share: float) -> None:
        """Hold deviations below the bound of this share of the run."""
        config = self.config
        most = config.deviation * (min(1.0, config.last_deviation / config.deviation)) ** share
        with torch.no_grad():
            for side in (0, 1):
                self.policies.head(side).log_deviation[: self.policies.shapes.controls(side)].clamp_(max=math.log(most))

    def _learn(self, side: int, rollout: Rollout) -> dict[str, float]:
        """A few passes over one side's decisions."""
        config, head = self.config, self.policies.head(side)
        valid = rollout.chosen.flatten()
        rows = [part.flatten(0, 1)[valid] for part in (rollout.inputs, rollout.raw, rollout.log_probs, rollout.advantages, rollout.returns)]
        inputs, raw, log_probs, advantages, returns = rows
        held = rollout.inputs.flatten(0, 1)[(rollout.valid & ~rollout.chosen).flatten()]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        with torch.no_grad():
            last = (head(inputs), head.log_deviation.detach().clone())
        rng = stream(config.seed, _ORDER, self.round, side)
        totals = {"loss": 0.0, "value_loss": 0.0, "kl": 0.0}
        count = 0
        for _ in range(config.epochs):
            order = torch.as_tensor(rng.permutation(len(inputs)))
            for at in order.split(config.batch_size):
                mean = head(inputs[at])
                ratio = (log_probability(raw[at], mean, head.log_deviation) - log_probs[at]).exp()
                moved = divergence(mean, head.log_deviation, last[0][at], last[1])
                loss = self._loss(head, ratio, advantages[at], mean, moved)
                value_loss = ((self.critics[side](head.standardized(inputs[at])).squeeze(-1) - returns[at]) ** 2).mean()
                if len(held):
                    loss = loss + self._evenness(head, held[torch.as_tensor(rng.integers(len(held), size=config.batch_size))])
                self._update(side, loss + config.vf_coef * value_loss)
                count += 1
                for name, value in (("loss", loss), ("value_loss", value_loss), ("kl", moved.mean())):
                    totals[name] += float(value.detach())
        figures = {name: value / count for name, value in totals.items()}
        return {**figures, "deviation": float(head.log_deviation.detach().exp().mean())}

    def _loss(self, head: Head, ratio: Tensor, advantages: Tensor, mean: Tensor, moved: Tensor) -> Tensor:
        config = self.config
        if config.method == "ppo":
            bonus = config.ent_coef * (1 - self.round / config.rounds)
            return ppo_loss(ratio, advantages, config.clip_range) - bonus * entropy(head.log_deviation)
        slower = (1 + config.annealing * self.round) ** -0.5
        first = torch.full_like(head.log_deviation, math.log(config.deviation))
        to_magnet = divergence(mean, head.log_deviation, torch.zeros_like(mean), first)
        return mmd_loss(ratio, advantages, moved, to_magnet, config.step_size * slower, config.magnet * slower)

    def _evenness(self, head: Head, inputs: Tensor) -> Tensor:
        """Pulls chances to even ones where they are held even, so that networks do not carry over what later steps do."""
        logits = head(inputs)[:, self.policies.shapes.controls(ATTACK) :]
        return self.config.pull * (logits**2).mean()

    def _update(self, side: int, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.optimizer.param_groups[side]["params"], self.config.max_grad_norm)
        self.optimizer.step()
