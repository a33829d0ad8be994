"""Self-play, top to bottom: roll out, estimate advantages, take PPO steps, move the reference, judge, save.

After MARS / MARSHAL (arXiv 2510.15414): one policy in every seat, returns-to-go of turns, baselines by seat, a clipped
objective and a divergence to a reference. What differs by default, and why:

- no format and length rewards: replies are drawn among the legal ones;
- no dense rewards added to the games' own;
- the reference may follow the policy slowly (`ref_model_mixup_alpha`): a divergence to a moving copy is what makes self-play
  converge in poker, where a fixed one, or entropy alone, goes round in circles.

Everything random comes from streams of (seed, update), and everything that is learned is in the checkpoint, so a run that was
killed goes on to the same weights.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.agents.llm.settings import Prompting
from agentarena.agents.specs import agent as agent_of
from agentarena.core import registry
from agentarena.core.agent import Agent, TokenSample
from agentarena.core.errors import UsageError
from agentarena.core.record import Fixture, Record
from agentarena.core.rng import stream

from . import advantages, checkpoint, losses
from .config import SelfPlayConfig
from .judges import judged
from .monitor import alerts, game_signals
from .player import PolicyPlayer
from .policy import Policy, Samples, taken
from .rollout import SeatTrajectory, batch_of, fixtures, play, seat_trajectories

__all__ = ["SelfPlay", "selfplay"]

SHUFFLE = 6
"""First step of the path of the stream that orders an update's samples: `stream(seed, SHUFFLE, update, pass)`."""
POLICY = "policy"
"""Name of the policy in records."""


def selfplay(config: SelfPlayConfig, *, report: Callable[[dict[str, Any]], None] | None = None) -> SelfPlay:
    """Train a policy by playing; a run that is there already in `output_dir` goes on.

    Args:
        config: Everything that shapes the run.
        report: Called with the figures of every update, which also go to `output_dir/log.jsonl`.

    Returns:
        The run, with the trained policy in `.policy`.

    Raises:
        UsageError: The folder holds a run of another configuration, or an update gave no finite loss; the message names the last good checkpoint.
    """
    run = SelfPlay(config)
    while run.state.step < config.max_steps:
        figures, step = run.update(), run.state.step
        if step == config.max_steps or (config.eval_steps and step % config.eval_steps == 0):
            figures |= judged(run.player, run.games, config.judges, matches=config.judge_matches)
        run.log(figures)
        if step == config.max_steps or (config.save_steps and step % config.save_steps == 0):
            checkpoint.save(run.state, config)
        if report is not None:
            report(figures)
    return run


class SelfPlay:
    """A run under way; it begins at its newest checkpoint.

    Attributes:
        config: Everything that shapes it.
        games: The rules, by id.
        state: Everything that it has learned.
        player: The policy at the table.
    """

    def __init__(self, config: SelfPlayConfig) -> None:
        self.config = config
        self._ids = {name: registry.resolve(name) for name in config.games}
        self.games = {env_id: registry.game(name, **config.options.get(name, {})) for name, env_id in self._ids.items()}
        policy = checkpoint.model(config, self.games.values())
        reference = Policy(copy.deepcopy(policy.model), policy.tokenizer)
        adam = torch.optim.Adam(policy.model.parameters(), lr=config.learning_rate, betas=(config.adam_beta1, config.adam_beta2))
        self.state = checkpoint.State(policy, reference, adam)
        checkpoint.resume(self.state, config)
        self.player = self._seated(policy, POLICY, self.state.step)
        self._others: dict[str, Agent] = {}

    def update(self) -> dict[str, Any]:
        """One update: roll out, learn, move the reference. Returns its figures."""
        began = time.perf_counter()
        if self.state.step % self.config.past_steps == 0 and self.config.opponents.get("past"):
            self._remember()
        records = self.rollout()
        trajectories = [one for record in records for one in seat_trajectories(record, POLICY)]
        played = time.perf_counter()
        figures: dict[str, Any] = {"step": self.state.step + 1, **game_signals(records, trajectories)}
        figures |= self.learn(trajectories)
        self.state.step += 1
        self._follow()
        self.player.renew(str(self.state.step))
        spent = time.perf_counter() - began
        figures |= {"seconds": spent, "seconds_playing": played - began, "matches_per_second": len(records) / spent}
        figures["alerts"] = [f"{alert.sign}: {alert.reason}; {alert.remedy}" for alert in alerts(figures)]
        return figures

    # --- roll out ---------------------------------------------------------------------------------------------------------

    def rollout(self) -> list[Record]:
        """The matches of this update. Their numbers, deals and opponents follow from the seed and the update alone."""
        config, first = self.config, self.state.step * self.config.matches
        table: dict[str, tuple[list[Agent], list[Fixture]]] = {}
        for name, opponent, number in fixtures(config.seed, self.state.step, config.games, config.opponents, config.matches):
            env_id = self._ids[name]
            game = self.games[env_id]
            agents, seating = table.setdefault(env_id, ([self.player], []))
            seats = [0] * game.info.seats
            if opponent != "self":
                other = self._opponent(opponent, first + number)
                if other not in agents:
                    agents.append(other)
                seats = [agents.index(other)] * game.info.seats
                seats[number % game.info.seats] = 0
            match = first + number
            seating.append(Fixture(match, match // config.num_generations, tuple(seats)))
        return [
            one.record for name, (agents, seating) in table.items() for one in play(self.games[name], agents, seating, seed=config.seed)
        ]

    def _opponent(self, name: str, match: int) -> Agent:
        if name == "past":
            steps = sorted(self.state.past)
            name = f"past {steps[int(stream(self.config.seed, SHUFFLE, match).integers(len(steps)))]}"
        if name not in self._others:
            self._others[name] = self._snapshot(int(name.split()[1])) if name.startswith("past ") else agent_of(name)
        return self._others[name]

    def _snapshot(self, step: int) -> PolicyPlayer:
        policy = Policy(copy.deepcopy(self.state.policy.model), self.state.policy.tokenizer)
        checkpoint.copy_weights(policy, self.state.past[step])
        return self._seated(policy, f"{POLICY}@{checkpoint.digest(self.state.past[step])}", step)

    def _seated(self, policy: Policy, name: str, step: int) -> PolicyPlayer:
        player = PolicyPlayer(policy, name=name, temperature=self.config.temperature, prompting=Prompting(memory=self.config.memory))
        player.renew(str(step))
        return player

    def _remember(self) -> None:
        """Take a snapshot into the pool of past checkpoints; the oldest leave."""
        self.state.past[self.state.step] = checkpoint.weights(self.state.policy)
        for step in sorted(self.state.past)[: -self.config.past_size]:
            del self.state.past[step]
            self._others.pop(f"past {step}", None)

    # --- learn ------------------------------------------------------------------------------------------------------------

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
            group["lr"] = config.learning_rate * self._schedule()
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

    def _schedule(self) -> float:
        done = self.state.step / self.config.max_steps
        return 1 - (1 - self.config.lr_min_ratio) * done

    def _step(self, samples: Sequence[TokenSample], weights: Tensor) -> dict[str, float]:
        """One optimizer step."""
        config, batch = self.config, Samples.of(samples)
        row, mask, old = batch.row, batch.mask[batch.row], batch.old_logprobs[batch.row]
        scores = self.state.policy.scores(batch)
        new, entropy = batch.spread(taken(batch, scores)), batch.spread(losses.entropy(scores))
        clip: dict[str, Any] = {"low": config.epsilon, "high": config.epsilon_high or config.epsilon, "dual": config.delta}
        ratio = losses.ratios(new[row], old, mask, config.importance_sampling_level, torch.zeros_like(mask))  # type: ignore[arg-type]  # checked
        how: Any = config.loss_type
        loss = -losses.average(losses.surrogate(ratio, weights, **clip), mask, how)
        loss = loss - config.entropy_coef * losses.average(entropy[row], mask, how)
        to_reference = losses.average(self._divergence(batch, scores, new)[row], mask, how)
        loss = loss + config.beta * to_reference
        if not math.isfinite(float(loss.detach())):
            raise UsageError(
                f"update {self.state.step + 1}: the loss is {float(loss.detach())}; the last good checkpoint is {checkpoint.last(self.folder)}"
            )
        self.state.optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.state.policy.model.parameters(), config.max_grad_norm)
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

    def _divergence(self, batch: Samples, scores: Tensor, new: Tensor) -> Tensor:
        """How far the policy is from the reference, at each choice. Shape (D, T)."""
        if not self.config.beta:
            return torch.zeros(batch.mask.shape)
        with torch.no_grad():
            reference = self.state.reference.scores(batch)
        if self.config.kl_estimator == "exact":
            return batch.spread(losses.divergence(scores, reference))
        return losses.kl(new, batch.spread(taken(batch, reference)), self.config.kl_estimator)  # type: ignore[arg-type]  # checked

    def _follow(self) -> None:
        """The reference takes over a share of the policy's weights."""
        alpha = self.config.ref_model_mixup_alpha
        if alpha:
            with torch.no_grad():
                for own, new in zip(self.state.reference.model.parameters(), self.state.policy.model.parameters(), strict=True):
                    own.lerp_(new, alpha)

    # --- keep -------------------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return Path(self.config.output_dir)

    def log(self, figures: Mapping[str, Any]) -> None:
        """Append an update's figures to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")
