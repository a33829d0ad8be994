"""What a run learns from an update's trajectories: advantages, then PPO steps on the samples of the turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.core.agent import TokenSample
from agentarena.core.errors import UsageError
from agentarena.core.rng import stream

from . import advantages, checkpoint, losses
from .accumulation import Accumulation
from .config import SelfPlayConfig
from .optimizer import learning_rate
from .policy import Samples, taken
from .rollout import SeatTrajectory, batch_of

__all__ = ["Learner"]

SHUFFLE = 6
"""First step of the path of the stream that orders an update's samples: `stream(seed, SHUFFLE, update, pass)`."""


class Learner:
    """The optimisation: it changes the policy, the optimizer and the baselines of a run's state.

    Args:
        config: How.
        state: What has been learned so far.
    """

    def __init__(self, config: SelfPlayConfig, state: checkpoint.State) -> None:
        self.config, self.state = config, state
        self.gradient = Accumulation(state.policy, config.gradient_accumulation_steps, config.micro_batch_tokens)

    def advantages(self, trajectories: Sequence[SeatTrajectory]) -> np.ndarray:
        """The advantage of every turn, by the configured estimator. Shape (E, K)."""
        config, batch = self.config, batch_of(trajectories)
        if config.estimator == "rae":
            out, self.state.baselines = advantages.rae(batch, self.state.baselines, config.decay)
            return np.asarray(out)
        options: dict[str, dict[str, Any]] = {
            "grpo": {"std": config.scale},
            "gigpo": {"gamma": config.gamma, "omega": config.omega, "std": config.scale},
            "team_baseline": {"teams": [one.team if one.team is not None else one.seat for one in trajectories]},
        }
        return np.asarray(getattr(advantages, config.estimator)(batch, **options.get(config.estimator, {})))

    def learn(self, trajectories: Sequence[SeatTrajectory]) -> dict[str, float]:
        """PPO on the trajectories: `num_iterations` passes, each in `minibatches` steps. Returns the figures of the last pass."""
        config, of_turns = self.config, self.advantages(trajectories)
        samples: list[TokenSample] = []
        weights: list[float] = []
        for e, one in enumerate(trajectories):
            for k, turn in enumerate(one.turns):
                samples.extend(turn.samples)
                weights.extend([float(of_turns[e, k])] * len(turn.samples))
        rows = torch.tensor(weights, dtype=torch.float32)
        for group in self.state.optimizer.param_groups:
            group["lr"] = learning_rate(config, self.state.step)
        figures: list[dict[str, float]] = []
        for number in range(config.num_iterations):
            order = stream(config.seed, SHUFFLE, self.state.step, number).permutation(len(samples))
            figures = [self._step([samples[i] for i in part], rows[part.tolist()]) for part in np.array_split(order, config.minibatches)]
        mean = {name: float(np.mean([one[name] for one in figures])) for name in figures[0]}
        return {
            **mean,
            "zero_advantages": float((rows.abs() < 1e-9).float().mean()),
            "learning_rate": self.state.optimizer.param_groups[0]["lr"],
        }

    def _step(self, samples: Sequence[TokenSample], weights: Tensor) -> dict[str, float]:
        """One optimizer step."""
        config, batch = self.config, Samples.of(samples)
        row, mask, old = batch.row, batch.mask[batch.row], batch.old_logprobs[batch.row]
        scores = self.gradient.scores(batch)
        new, entropy = batch.spread(taken(batch, scores)), batch.spread(losses.entropy(scores))
        clip: dict[str, Any] = {"low": config.epsilon, "high": config.epsilon_high or config.epsilon, "dual": config.delta}
        ratio = losses.ratios(new[row], old, mask, config.importance_sampling_level, torch.zeros_like(mask))  # type: ignore[arg-type]  # checked
        how: Any = config.loss_type
        loss = -losses.average(losses.surrogate(ratio, weights, **clip), mask, how)
        loss = loss - config.entropy_coef * losses.average(entropy[row], mask, how)
        to_reference = losses.average(self._divergence(batch, scores, new)[row], mask, how)
        loss = loss + config.beta * to_reference
        self._require_finite("loss", float(loss.detach()))
        self.state.optimizer.zero_grad()
        self.gradient.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.state.policy.model.parameters(), config.max_grad_norm)
        self._require_finite("norm of the gradient", float(norm))
        self.state.optimizer.step()
        with torch.no_grad():
            step = losses.average(losses.kl(old, new[row], "k3"), mask)
            uniform = losses.average(batch.uniform[row], mask)
            clipped = losses.average(losses.clipped(ratio, weights, **clip).float(), mask)
            mean_entropy = losses.average(entropy[row], mask)
        return {
            "loss": float(loss.detach()),
            "entropy": float(mean_entropy),
            "entropy_ratio": float(mean_entropy / uniform.clamp(min=1e-9)),
            "kl_reference": float(to_reference.detach()),
            "kl_step": float(step),
            "clip_ratio": float(clipped),
            "grad_norm": float(norm),
        }

    def _require_finite(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            good = checkpoint.last(Path(self.config.output_dir))
            raise UsageError(f"update {self.state.step + 1}: the {what} is {value}; the last good checkpoint is {good}")

    def _divergence(self, batch: Samples, scores: Tensor, new: Tensor) -> Tensor:
        """How far the policy is from the reference, at each choice. Shape (D, T)."""
        if not self.config.beta:
            return torch.zeros(batch.mask.shape)
        with torch.no_grad():
            reference = self.state.reference.scores(batch)
        if self.config.kl_estimator == "exact":
            return batch.spread(losses.divergence(scores, reference))
        return losses.kl(new, batch.spread(taken(batch, reference)), self.config.kl_estimator)  # type: ignore[arg-type]  # checked

    def follow(self) -> None:
        """The reference takes over a share of the policy's weights."""
        alpha = self.config.ref_model_mixup_alpha
        if alpha:
            with torch.no_grad():
                for own, new in zip(self.state.reference.model.parameters(), self.state.policy.model.parameters(), strict=True):
                    own.lerp_(new, alpha)
