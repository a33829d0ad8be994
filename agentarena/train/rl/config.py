"""The configuration of a training run on vectors: one flat dataclass, read from TOML. Names follow Stable-Baselines3 where it has the thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.train.settings import TRACKERS, FromTOML, check_fields, check_shares, known_fields, merged, setting

__all__ = ["POOL", "RLConfig"]

POOL = ("last", "past", "prioritized")
"""Opponents that are drawn from the run's own checkpoints."""


@dataclasses.dataclass(frozen=True, slots=True)
class RLConfig(FromTOML):
    """Everything that shapes a run. A step is one decision of the learner.

    Attributes:
        env: Id of the environment.
        algorithm: "ppo" (MaskablePPO) or "dqn" (with masks in exploration, greedy play and targets).
        preset: A named setting of the environment's options.
        options: The environment's options by name.
        seat: The learner's seat in matches with others: a number, "rotate" or "random" (another one each match).
        opponents: Who sits in the other seats, and their shares of the slots: "self" (every seat is the learner's, and all its
            decisions are learned from), "last" (its newest checkpoint), "past" (each of its checkpoints alike: fictitious play),
            "prioritized" (more often those that it loses to), or the spec string of any agent.
        opponents_per_stage: How many different checkpoints "past" and "prioritized" draw for a stage, at most.
        past_size: How many of the newest checkpoints they draw from; 0 is all.
        past_exponent: p of "prioritized": chances in proportion to (1 - w) ** p, w the learner's share of wins.
        hidden: Units of the hidden layers.
        activation: "relu" or "tanh", after every hidden layer.
        init_from: A policy file that the run begins with; its network must be of the same shape.
        total_steps: Steps of the run; it ends with the first whole round that has them.
        stage_steps: Steps between two checkpoints, rounded up to whole rounds. A stage begins fresh matches and draws opponents
            and random numbers anew, so that a run can go on exactly from any checkpoint.
        num_envs: Slots: decisions that are taken at once.
        n_steps: Decisions of each slot in a round. PPO learns after each round from all of its decisions.
        seed: Seed of everything.
        learning_rate: Of Adam.
        lr_schedule: "constant", or "linear": it falls to 0 with the last step.
        gamma: Discount from one decision of a seat to its next; 1 values a match as its return does.
        reward_scale: Factor of the rewards that are learned from.
        batch_size: Decisions of one optimizer step.
        max_grad_norm: Gradients are scaled down to this norm.
        n_epochs: PPO: passes over a round.
        gae_lambda: PPO: weight of longer returns in the advantages.
        clip_range: PPO: clip of the ratio.
        ent_coef: PPO: weight of the entropy bonus.
        ent_schedule: "constant", or "linear": that weight falls to 0 with the last step.
        vf_coef: PPO: weight of the value loss.
        target_kl: PPO: a round's passes end when the divergence exceeds 1.5 times this; by default never.
        normalize_advantage: PPO: whether the advantages of a batch are brought to mean 0 and deviation 1.
        buffer_size: DQN: transitions that the replay buffer holds.
        learning_starts: DQN: steps before the first update.
        train_freq: DQN: decisions of each slot between two updates.
        gradient_steps: DQN: optimizer steps of an update.
        target_update_interval: DQN: steps between two updates of the target network.
        tau: DQN: share of the network that the target network takes over; 1 copies it.
        double_q: DQN: whether the network chooses the action that the target network values.
        exploration_fraction: DQN: part of the run in which the chance of a random action falls.
        exploration_initial_eps: DQN: that chance at the beginning.
        exploration_final_eps: DQN: and from then on.
        eval: Opponents, as spec strings, that the policy meets in every seat in turn.
        eval_matches: Matches against each.
        eval_every: Stages between two evaluations; 0 evaluates at the end alone.
        eval_greedy: Whether it is evaluated with its likeliest actions; by default PPO draws them and DQN takes the best.
        eval_exact: Whether NashConv is computed, for games that can be listed.
        output_dir: Where checkpoints and the log go.
        report_to: Trackers that get the figures, beside the log: "tensorboard", "wandb".
    """

    env: str
    algorithm: str = setting("ppo", choices=("ppo", "dqn"))
    preset: str | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seat: str | int = "rotate"
    opponents: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"self": 1.0})
    opponents_per_stage: int = setting(4, low=1, high=1000)
    past_size: int = setting(0, low=0, high=10**6)
    past_exponent: float = setting(2.0, low=0.0, high=10.0)
    hidden: tuple[int, ...] = (128, 128)
    activation: str = setting("relu", choices=("relu", "tanh"))
    init_from: str | None = None
    total_steps: int = setting(200_000, low=1, high=10**12)
    stage_steps: int = setting(20_000, low=1, high=10**12)
    num_envs: int = setting(64, low=1, high=10**5)
    n_steps: int = setting(64, low=1, high=10**5)
    seed: int = setting(0, low=0, high=2**63)
    learning_rate: float = setting(5e-4, low=1e-12, high=10.0)
    lr_schedule: str = setting("constant", choices=("constant", "linear"))
    gamma: float = setting(1.0, low=0.0, high=1.0)
    reward_scale: float = setting(1.0, low=1e-12, high=1e12)
    batch_size: int = setting(512, low=2, high=10**7)
    max_grad_norm: float = setting(0.5, low=1e-12)
    n_epochs: int = setting(4, low=1, high=1000)
    gae_lambda: float = setting(0.95, low=0.0, high=1.0)
    clip_range: float = setting(0.2, low=1e-6, high=10.0)
    ent_coef: float = setting(0.01, low=0.0, high=100.0)
    ent_schedule: str = setting("constant", choices=("constant", "linear"))
    vf_coef: float = setting(0.5, low=0.0, high=100.0)
    target_kl: float | None = setting(None, low=1e-9)
    normalize_advantage: bool = True
    buffer_size: int = setting(50_000, low=1, high=10**8)
    learning_starts: int = setting(1000, low=0, high=10**12)
    train_freq: int = setting(1, low=1, high=10**6)
    gradient_steps: int = setting(2, low=1, high=10**6)
    target_update_interval: int = setting(2000, low=1, high=10**12)
    tau: float = setting(1.0, low=1e-6, high=1.0)
    double_q: bool = True
    exploration_fraction: float = setting(0.3, low=1e-9, high=1.0)
    exploration_initial_eps: float = setting(1.0, low=0.0, high=1.0)
    exploration_final_eps: float = setting(0.05, low=0.0, high=1.0)
    eval: tuple[str, ...] = ()
    eval_matches: int = setting(200, low=1, high=10**6)
    eval_every: int = setting(1, low=0, high=10**9)
    eval_greedy: bool | None = None
    eval_exact: bool = False
    output_dir: str = "runs/rl"
    report_to: tuple[str, ...] = setting((), choices=TRACKERS)

    def __post_init__(self) -> None:
        check_fields(self, "")
        check_shares("opponents", self.opponents)
        if isinstance(self.seat, bool) or not (isinstance(self.seat, int) or self.seat in ("rotate", "random")):
            raise BadOption(f"seat must be a seat's number, 'rotate' or 'random', got {shown(self.seat)}")
        if self.exploration_final_eps > self.exploration_initial_eps:
            raise BadOption(
                f"exploration_final_eps={self.exploration_final_eps} must not exceed exploration_initial_eps={self.exploration_initial_eps}"
            )
        if self.batch_size > self.buffer_size and self.algorithm == "dqn":
            raise BadOption(f"batch_size={self.batch_size} must not exceed buffer_size={self.buffer_size}")

    @property
    def round_steps(self) -> int:
        """Steps of a round."""
        return self.num_envs * self.n_steps

    @property
    def stage_rounds(self) -> int:
        """Rounds of a stage."""
        return -(-self.stage_steps // self.round_steps)

    @property
    def rounds(self) -> int:
        """Rounds of the run."""
        return -(-self.total_steps // self.round_steps)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> RLConfig:
        """The configuration of these settings, as TOML or JSON has them."""
        fields = known_fields(cls, merged({}, data))
        if "env" not in fields:
            raise BadOption('env is missing: which environment, e.g. env = "ConnectFour-v0"')
        if isinstance(fields.get("opponents"), str):
            fields["opponents"] = {fields["opponents"]: 1.0}
        return cls(**fields)
