"""What a run learns from an update's trajectories: advantages, then PPO steps on the samples of the turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.core import registry
from agentarena.core.agent import TokenSample
from agentarena.core.errors import UsageError
from agentarena.core.rng import stream

from . import advantages, checkpoint, losses, parallel
from .accumulation import Accumulation
from .batch import Batch
from .config import SelfPlayConfig
from .curriculum import mean_advantages
from .monitor import entropy_coef, learning_rate_factor
from .objective import Choices, objective, turn_entropies
from .policy import Samples, taken
from .rollout import SeatTrajectory, batch_of

__all__ = ["Learner", "Rows"]

SHUFFLE = 6
"""First step of the path of the stream that orders an update's samples: `stream(seed, SHUFFLE, update, pass)`."""
GUARD = 8
"""First step of the path of the stream of Clip-Cov's draws: `stream(seed, GUARD, update, pass, 0)`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The sampled replies of an update, one a row.

    Attributes:
        samples: The replies. B of them.
        advantages: Shape (B,).
        trajectories: Number of each one's trajectory. Shape (B,).
        turns: Number of its turn in the trajectory. Shape (B,).
    """

    samples: tuple[TokenSample, ...]
    advantages: np.ndarray
    trajectories: np.ndarray
    turns: np.ndarray

    @classmethod
    def of(cls, trajectories: Sequence[SeatTrajectory], of_turns: np.ndarray, use: np.ndarray) -> Rows:
        """The replies of the trajectories that are used, with the advantages of their turns. Shapes (E, K), (E,)."""
        places = [
            (sample, of_turns[e, k], e, k)
            for e, one in enumerate(trajectories)
            if use[e]
            for k, turn in enumerate(one.turns)
            for sample in turn.samples
        ]
        samples, weights, numbers, turns = zip(*places, strict=True) if places else ((), (), (), ())
        return cls(samples, np.array(weights, float), np.array(numbers, int), np.array(turns, int))

    def part(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return Rows(tuple(self.samples[i] for i in rows), self.advantages[rows], self.trajectories[rows], self.turns[rows])

    def units(self, by_trajectory: bool) -> list[np.ndarray]:
        """What a step may not tear apart: the rows of one trajectory, or each row alone."""
        if not by_trajectory:
            return [np.array([row]) for row in range(len(self.samples))]
        return [np.flatnonzero(self.trajectories == e) for e in np.unique(self.trajectories)]


class Learner:
    """The optimisation: it changes the policy, the critic, the optimizers and the baselines of a run's state.

    Args:
        config: How.
        state: What has been learned so far.
    """

    def __init__(self, config: SelfPlayConfig, state: checkpoint.State) -> None:
        self.config, self.state = config, state
        if config.clipping_bias != "ignore" and parallel.world() > 1:
            raise UsageError('clipping_bias needs the whole minibatch on one process: set clipping_bias = "ignore", or start one process')
        self.gradient = Accumulation(state.policy, config.gradient_accumulation_steps, config.micro_batch_tokens)
        self._scale = {registry.resolve(name): factor for name, factor in config.reward_scale.items()}

    # --- advantages -------------------------------------------------------------------------------------------------------

    def batch(self, trajectories: Sequence[SeatTrajectory]) -> Batch:
        """The trajectories as arrays, with scaled rewards less `reward_beta` times the divergence of each turn's tokens."""
        batch = batch_of(trajectories, self._scale)
        if not self.config.reward_beta:
            return batch
        samples = Samples.of([sample for one in trajectories for turn in one.turns for sample in turn.samples])
        with torch.no_grad():
            gap = losses.kl(samples.old_logprobs, self.state.reference.logprobs(samples), "k1")
        totals = (gap * samples.mask).sum(1)[samples.row].tolist()
        costs, taken_so_far = np.zeros_like(batch.rewards), 0
        for e, one in enumerate(trajectories):
            for k, turn in enumerate(one.turns):
                costs[e, k] = sum(totals[taken_so_far : taken_so_far + len(turn.samples)])
                taken_so_far += len(turn.samples)
        return replace(batch, rewards=batch.rewards - self.config.reward_beta * costs)

    def advantages(self, trajectories: Sequence[SeatTrajectory], batch: Batch | None = None) -> np.ndarray:
        """The advantage of every turn, by the configured estimator. Shape (E, K)."""
        config = self.config
        batch = batch or self.batch(trajectories)
        if config.estimator == "rae":
            out, self.state.baselines = advantages.rae(batch, self.state.baselines, config.decay)
            return np.asarray(out)
        if config.estimator == "turn_gae":
            return self._critic_advantages(trajectories, batch)
        options: dict[str, dict[str, Any]] = {
            "marshal": {"pool": config.advantage_pool, "turn_level": config.turn_level},
            "grpo": {"std": config.scale, "virtual_maximum": config.virtual_maximum},
            "gigpo": {"gamma": config.gamma, "omega": config.omega, "std": config.scale},
            "team_baseline": {"teams": [one.team if one.team is not None else one.seat for one in trajectories]},
        }
        return np.asarray(getattr(advantages, config.estimator)(batch, **options.get(config.estimator, {})))

    def _critic_advantages(self, trajectories: Sequence[SeatTrajectory], batch: Batch) -> np.ndarray:
        """`turn_gae` with the critic as it is; then the critic learns from this update."""
        config, critic = self.config, self.state.critic
        assert critic is not None
        places = [
            (e, k, turn.samples[0].prompt_ids) for e, one in enumerate(trajectories) for k, turn in enumerate(one.turns) if turn.samples
        ]
        states = self.state.policy.prompt_states([prompt for _, _, prompt in places])
        rows, columns = np.array([(e, k) for e, k, _ in places], int).reshape(-1, 2).T
        values = np.zeros(batch.mask.shape)
        values[rows, columns] = critic.values(states)
        out = np.asarray(advantages.turn_gae(batch, values, config.gamma, config.lam))
        whole = ~np.asarray(batch.truncated, bool)[rows]
        if whole.any():
            critic.fit(states[torch.tensor(whole)], (out + values)[rows, columns][whole], config.num_iterations)
        return out

    # --- steps ------------------------------------------------------------------------------------------------------------

    def learn(self, trajectories: Sequence[SeatTrajectory]) -> dict[str, float]:
        """PPO on the trajectories: `num_iterations` passes, each in `minibatches` steps. Returns the figures of the last pass."""
        config, batch = self.config, self.batch(trajectories)
        of_turns, use = self.advantages(trajectories, batch), np.ones(len(trajectories), bool)
        equal = advantages.equal_group_members(batch) if config.num_generations > 1 else []
        if config.equal_groups == "drop":
            for members in equal:
                use[members] = False
        rows = Rows.of(trajectories, of_turns, use)
        figures: list[dict[str, float]] = []
        self._set_learning_rate()
        if rows.samples:
            units = rows.units(config.importance_sampling_level == "sequence")
            for number in range(config.num_iterations):
                order = stream(config.seed, SHUFFLE, self.state.step, number).permutation(len(units))
                steps = [[units[i] for i in part] for part in np.array_split(order, config.minibatches) if len(part)]
                figures = [self._step(rows, step, number) for step in steps]
            self._remember_entropy(rows)
        mean = {name: float(np.mean([one[name] for one in figures])) for name in (figures[0] if figures else {})}
        return {
            **mean,
            **{f"advantage/{game}": value for game, value in mean_advantages(trajectories, of_turns).items()},
            "zero_advantages": float((np.abs(rows.advantages) < 1e-9).mean()) if rows.samples else 1.0,
            "equal_groups": float(len(equal)),
            "learning_rate": self.state.optimizer.param_groups[0]["lr"],
        }

    def _set_learning_rate(self) -> None:
        """Up from 0 in the first `warmup_steps` updates, then down to `lr_min_ratio` of the greatest; lower after restarts."""
        config, step = self.config, self.state.step
        after = max(step - config.warmup_steps, 0) / max(config.max_steps - config.warmup_steps, 1)
        shape = {"linear": 1 - after, "cosine": 0.5 * (1 + math.cos(math.pi * min(after, 1.0))), "constant": 1.0}[config.lr_scheduler_type]
        greatest = config.learning_rate * learning_rate_factor(config, self.state)
        rate = greatest * (config.lr_min_ratio + (1 - config.lr_min_ratio) * shape)
        for group in self.state.optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / (config.warmup_steps + 1))

    def _step(self, rows: Rows, units: Sequence[np.ndarray], number: int) -> dict[str, float]:
        """One optimizer step."""
        config, optimizer = self.config, self.state.optimizer
        parameters = [parameter for parameter in self.state.policy.model.parameters() if parameter.requires_grad]
        part = rows.part(np.concatenate(units))
        optimizer.zero_grad()
        loss, figures = self._loss(part, Samples.of(part.samples), number, parameters)
        self._require_finite("loss", float(loss.detach()))
        if loss.requires_grad:
            self.gradient.backward(loss)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, config.max_grad_norm))
        self._require_finite("norm of the gradient", norm)
        optimizer.step()
        totals = {name: float(value) for name, value in figures.items()}
        totals["entropy_ratio"] = totals["entropy"] / max(totals.pop("uniform"), 1e-9)
        return {**totals, "grad_norm": norm}

    def _require_finite(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            good = checkpoint.last(Path(self.config.output_dir))
            raise UsageError(f"update {self.state.step + 1}: the {what} is {value}; the last good checkpoint is {good}")

    def _loss(self, part: Rows, batch: Samples, number: int, parameters: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some rows, and figures about it."""
        scores = self.gradient.scores(batch)
        new = batch.spread(taken(batch, scores))
        row, shape = batch.row, (len(batch.row), batch.mask.shape[1])
        draws = stream(self.config.seed, GUARD, self.state.step, number, 0).random(shape) if self.config.clip_cov else np.ones(shape)
        choices = Choices(
            mask=batch.mask[row],
            old=batch.old_logprobs[row],
            new=new[row],
            entropy=batch.spread(losses.entropy(scores))[row],
            divergence=self._divergence(batch, scores, new)[row],
            advantages=torch.tensor(part.advantages, dtype=torch.float32),
            trajectories=torch.tensor(part.trajectories),
            usual=self._usual_entropy(part.turns),
            draws=torch.tensor(draws, dtype=torch.float32),
        )
        loss, figures = objective(replace(self.config, entropy_coef=entropy_coef(self.config, self.state)), choices, parameters)
        return loss, {**figures, "loss": loss.detach(), "uniform": losses.average(batch.uniform[row], choices.mask)}

    def _divergence(self, batch: Samples, scores: Tensor, new: Tensor) -> Tensor:
        """How far the policy is from the reference, at each choice. Shape (D, T)."""
        if not self.config.beta:
            return torch.zeros(batch.mask.shape)
        with torch.no_grad():
            reference = self.state.reference.scores(batch)
        if self.config.kl_estimator == "exact":
            return batch.spread(losses.divergence(scores, reference))
        return losses.kl(new, batch.spread(taken(batch, reference)), self.config.kl_estimator)  # type: ignore[arg-type]  # checked

    # --- what is usual ----------------------------------------------------------------------------------------------------

    def _usual_entropy(self, turns: np.ndarray) -> Tensor:
        """Mean entropy of each turn over the updates so far, 0 where there were none. Shape (B,)."""
        known = self.state.statistics.get("entropy", [])
        means = [total / count if count else 0.0 for total, count in known]
        return torch.tensor([means[k] if k < len(means) else 0.0 for k in turns.tolist()])

    def _remember_entropy(self, rows: Rows) -> None:
        """Add this update's mean entropy of each turn to what is usual."""
        if not self.config.entropy_band_coef:
            return
        batch = Samples.of(rows.samples)
        with torch.no_grad():
            entropy = batch.spread(losses.entropy(self.state.policy.scores(batch)))[batch.row]
        entropies, counted = turn_entropies(entropy, batch.mask[batch.row])
        known: list[list[float]] = self.state.statistics.setdefault("entropy", [])
        for k in range(int(rows.turns.max()) + 1):
            here = counted & torch.tensor(rows.turns == k)
            known.extend([[0.0, 0.0]] * (k + 1 - len(known)))
            if here.any():
                known[k] = [known[k][0] + float(entropies[here].mean()), known[k][1] + 1.0]

    def follow(self) -> None:
        """The reference takes over a share of the policy's weights."""
        alpha = self.config.ref_model_mixup_alpha
        if alpha:
            with torch.no_grad():
                for (_, own), (_, new) in zip(self.state.reference.trained(), self.state.policy.trained(), strict=True):
                    own.lerp_(new, alpha)
