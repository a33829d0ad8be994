"""The configuration of a self-play run: one flat dataclass, read from TOML, whose names follow TRL where TRL has the thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .settings import TRACKERS, FromTOML, check_fields, check_number, check_shares, known_fields, merged, setting

__all__ = ["ScratchModel", "SelfPlayConfig"]

_ESTIMATORS = ("marshal", "marshal_release", "grpo", "rae", "gigpo", "turn_gae", "team_baseline")


@dataclasses.dataclass(frozen=True, slots=True)
class ScratchModel:
    """A model that begins from random weights, with a tokenizer trained on the words of the games.

    Attributes:
        hidden_size: Width.
        num_hidden_layers: Layers.
        num_attention_heads: Heads; `hidden_size` is a multiple.
        intermediate_size: Width of the feed-forward layers.
        vocab_size: Entries of the tokenizer at most.
    """

    hidden_size: int = setting(48, low=8, high=4096)
    num_hidden_layers: int = setting(2, low=1, high=64)
    num_attention_heads: int = setting(4, low=1, high=64)
    intermediate_size: int = setting(128, low=8, high=16384)
    vocab_size: int = setting(640, low=300, high=65536)

    def __post_init__(self) -> None:
        check_fields(self, "model")
        if self.hidden_size % self.num_attention_heads:
            raise BadOption(f"model.hidden_size={self.hidden_size} must be a multiple of num_attention_heads={self.num_attention_heads}")


@dataclasses.dataclass(frozen=True, slots=True)
class SelfPlayConfig(FromTOML):
    """Everything that shapes a run.

    Attributes:
        games: Environments and their shares of the matches, e.g. `{"KuhnPoker-v0": 1.0}`.
        reward_scale: Factors of the games' rewards, by game; those that are missing have 1. With several games, or large stakes, it
            brings their returns to the size that `beta` and `entropy_coef` are meant for.
        options: Options of the environments, by id.
        opponents: Who sits in the seats that the policy does not hold, and their shares of the matches: "self" (it holds all),
            "past" (one of its earlier checkpoints), or the spec string of any agent.
        opponents_of: Opponents of single games, by id, in place of `opponents`.
        seats_of_policy: What the policy holds in a match with others, in turn: "one" seat, or all seats of one "side" in games
            that have two or more.
        past_sampling: How "past" is drawn: "uniform", "latest", or "prioritized" (more often where the policy loses).
        past_exponent: How strongly "prioritized" prefers those.
        curriculum: How the shares of the games change: "fixed", "bandit" or "learning_progress", as in `curriculum`.
        curriculum_temperature: Of "bandit", in parts of a game's range of returns (of deviations, where the estimator divides by them).
        curriculum_decay: Of the moving averages of "bandit" and the fast one of "learning_progress", an update.
        curriculum_floor: Part of the matches that is always given out by the shares of `games` alone.
        format_reward: Added to every turn whose reply was accepted.
        retry_penalty: Taken from every turn whose reply was not.
        invalid_penalty: How far below the game's least return an offender ends, nobody gaining by it; by default the rules of
            forfeits stand.
        length_penalty: Taken from a reply of 2 * `length_max` - `length_min` tokens; in proportion above `length_max`.
        length_min: See there, in tokens.
        length_max: The longest reply without a penalty, in tokens.
        model: A folder in the format of transformers, a name on the hub, "tiny", or a `ScratchModel`.
        output_dir: Where checkpoints and logs go.
        max_steps: Updates.
        matches: Matches of one update.
        num_generations: Matches that share a deal, and so a group of `grpo` and `gigpo`.
        seed: Seed of everything.
        temperature: Of sampling while training.
        memory: What prompts show of earlier decisions, as in `Prompting.memory`.
        sampler: What draws replies: "listed" (exactly, among listed legal replies), "transformers" or "vllm" (an engine: any
            game, free text, thinking), or "auto" (listed where a decision has at most 256 listed replies, else transformers).
        listed_reply: How a listed reply is written, with the move at {move}; "<answer> {move}</answer>" for `tiny`.
        constrain: Whether an engine decodes under the legal replies.
        top_p: Nucleus threshold of an engine; 1 cuts nothing.
        top_k: Number of most likely tokens that an engine draws from; 0 cuts nothing.
        max_completion_length: Tokens of an engine's reply at most, thinking included.
        strategy: How an engine's agent comes to a decision: "direct", "react" (words, then the move) or "plan" (a plan first).
        thinking: Whether the model thinks first, where its chat template knows `enable_thinking`.
        keep_thinking: Whether later prompts show earlier thinking.
        max_batch: Replies that an engine has under way at once.
        vllm_gpu_memory_utilization: Part of the GPU's memory that vLLM takes.
        vllm_max_model_length: Tokens that prompt and reply may take together in vLLM; by default what the model was made for.
        estimator: Advantage estimator, by its name in `advantages`.
        scale: Whether `grpo` and `gigpo` divide by the deviation.
        gamma: Discount a turn of `gigpo`.
        omega: Weight of the anchors of `gigpo`.
        advantage_pool: Whose turns make a baseline of `marshal`: "game_seat", "game" or "all".
        turn_level: Whether turns of `marshal` have returns-to-go of their own; else all have the trajectory's return.
        lam: Weight of longer returns in `turn_gae`.
        value_learning_rate: Rate of the critic of `turn_gae`.
        decay: Of the moving averages of `rae`.
        num_iterations: Passes over the samples of an update.
        minibatches: Optimizer steps of one pass.
        gradient_accumulation_steps: Parts that a minibatch is computed in, which bounds the memory and leaves the gradient as it is.
        gradient_checkpointing: Whether layers are computed again in the backward pass, which takes less memory and more time.
        importance_sampling_level: "token", "turn" or "sequence".
        epsilon: Clip below.
        epsilon_high: Clip above; as below by default.
        delta: Dual clip; none by default.
        loss_type: How tokens are averaged: "token", "sequence" or "sequence_sum".
        beta: Weight of the divergence from the reference.
        kl_estimator: "exact", from whole distributions, or "k1", "k2", "k3", from the sampled tokens.
        ref_model_mixup_alpha: Share of the policy's weights that the reference takes over after each update; 0 keeps it fixed.
        reward_beta: Weight of the divergence from the reference in the rewards: each turn pays for its sampled tokens (k1).
        entropy_coef: Weight of the entropy bonus.
        entropy_band_coef: Weight of EPO's band around each turn's usual entropy.
        entropy_band_low: Lower end of the band, as a multiple of what is usual.
        entropy_band_high: Upper end.
        clip_cov: Share of the tokens that Clip-Cov leaves out at random.
        clip_cov_low: Lower end of the covariances that it draws from.
        clip_cov_high: Upper end.
        kl_cov: Share of the tokens, those of largest covariance, that KL-Cov holds to the policy that sampled.
        kl_cov_coef: Weight of that divergence.
        clipping_bias: "log" reports the norm of what clipping takes out of the gradient, "correct" divides the surrogate's
            gradient by it where it is above 1 (ours after ST-PPO).
        virtual_maximum: A return that `grpo` adds to groups whose returns are all equal, so that they teach, too (after NGRPO).
        equal_groups: "drop" leaves out groups whose returns are all equal; they are counted in any case.
        learning_rate: Greatest rate of Adam.
        lr_scheduler_type: How the rate falls to `lr_min_ratio`: "linear", "cosine", or "constant".
        warmup_steps: Updates in which it rises from 0.
        lr_min_ratio: Rate at the end over the greatest; it falls linearly.
        adam_beta1: See Adam.
        adam_beta2: See Adam.
        bf16: Whether the model computes in bfloat16 (autocast); its weights stay as they are.
        use_peft: Whether LoRA adapters are trained and the model's own weights stay frozen.
        lora_r: Rank of the adapters.
        lora_alpha: Their scale, over the rank.
        lora_target_modules: Names of the layers that get adapters; all linear ones but the last by default.
        max_grad_norm: Gradients are scaled down to this norm.
        micro_batch_tokens: Tokens of one part of `gradient_accumulation_steps` at most, prompts and padding included, in place of
            their number; 0 sets no limit.
        weight_decay: Of AdamW; 0 is plain Adam.
        save_total_limit: Checkpoints that are left when another one is saved, the newest; 0 leaves all.
        past_steps: Updates between two snapshots of the pool of past checkpoints.
        past_size: Snapshots that the pool keeps, the newest.
        judges: Who says how good the policy is: "exact" (NashConv, for games of hidden information that can be listed),
            "averaged" (that of the policies' average over the updates), "reference" (that of the reference), or the spec string of
            an opponent that it meets in every seat.
        judge_matches: Matches a seat against such an opponent.
        judge_greedy: Whether such an opponent meets the policy's most likely replies, too.
        eval_games: Games that are not trained, and their judges, e.g. `{"ConnectFour-v0": ["random", "mcts?simulations=50"]}`.
        average_steps: Updates between two policies that enter the average.
        eval_steps: Updates between two judgements; 0 judges at the end alone.
        save_steps: Updates between two checkpoints; 0 saves at the end alone.
        sample_steps: Updates between two matches of each game that are written out to read, in `output_dir/samples`; 0 writes none.
        report_to: Trackers that get the figures of every update, beside the log: "tensorboard", "wandb".
        on_alert: What follows when signs of a collapse stand: "report" says so, "remedy" raises the entropy bonus, "restart" goes
            back to the last checkpoint before them, "stop" saves a checkpoint and ends the run.
        alert_patience: Updates in a row that such a sign stands before that.
        alert_entropy_factor: What a remedy multiplies the weight of the entropy bonus by.
        alert_learning_rate_factor: What a restart multiplies the learning rate by.
    """

    games: Mapping[str, float]
    reward_scale: Mapping[str, float] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    opponents: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"self": 1.0})
    opponents_of: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    seats_of_policy: str = setting("one", choices=("one", "side"))
    past_sampling: str = setting("uniform", choices=("uniform", "prioritized", "latest"))
    past_exponent: float = setting(2.0, low=0.0, high=10.0)
    curriculum: str = setting("fixed", choices=("fixed", "bandit", "learning_progress"))
    curriculum_temperature: float = setting(0.1, low=1e-6)
    curriculum_decay: float = setting(0.9, low=0.0, high=1.0 - 1e-12)
    curriculum_floor: float = setting(0.2, low=0.0, high=1.0)
    format_reward: float = setting(0.0, low=0.0)
    retry_penalty: float = setting(0.0, low=0.0)
    invalid_penalty: float | None = setting(None, low=0.0)
    length_penalty: float = setting(0.0, low=0.0)
    length_min: int = setting(11, low=0)
    length_max: int = setting(2048, low=1)
    model: str | ScratchModel = "tiny"
    output_dir: str = "runs/selfplay"
    max_steps: int = setting(100, low=1, high=10**7)
    matches: int = setting(256, low=1, high=10**6)
    num_generations: int = setting(1, low=1, high=10**6)
    seed: int = setting(0, low=0, high=2**63)
    temperature: float = setting(1.0, low=1e-3, high=100.0)
    memory: str = "state"
    sampler: str = setting("auto", choices=("auto", "listed", "transformers", "vllm"))
    listed_reply: str = setting("<answer>{move}</answer>")
    constrain: bool = True
    top_p: float = setting(1.0, low=1e-6, high=1.0)
    top_k: int = setting(0, low=0, high=10**9)
    max_completion_length: int = setting(256, low=1, high=10**6)
    strategy: str = setting("direct", choices=("direct", "react", "plan"))
    thinking: bool | None = None
    keep_thinking: bool = False
    max_batch: int = setting(64, low=1, high=10**5)
    vllm_gpu_memory_utilization: float = setting(0.3, low=0.01, high=1.0)
    vllm_max_model_length: int | None = setting(None, low=16, high=10**8)
    estimator: str = setting("marshal", choices=_ESTIMATORS)
    scale: bool = True
    gamma: float = setting(0.95, low=0.0, high=1.0)
    omega: float = setting(1.0, low=0.0)
    advantage_pool: str = setting("game_seat", choices=("game_seat", "game", "all"))
    turn_level: bool = True
    lam: float = setting(0.95, low=0.0, high=1.0)
    value_learning_rate: float = setting(1e-2, low=1e-12, high=10.0)
    decay: float = setting(0.95, low=0.0, high=1.0 - 1e-12)
    num_iterations: int = setting(1, low=1, high=100)
    minibatches: int = setting(1, low=1, high=10**6)
    gradient_accumulation_steps: int = setting(1, low=1, high=10**6)
    gradient_checkpointing: bool = False
    importance_sampling_level: str = setting("token", choices=("token", "turn", "sequence"))
    epsilon: float = setting(0.2, low=1e-6, high=1.0)
    epsilon_high: float | None = setting(None, low=1e-6)
    delta: float | None = setting(None, low=1.0 + 1e-6)
    loss_type: str = setting("token", choices=("token", "sequence", "sequence_sum"))
    beta: float = setting(0.0, low=0.0)
    kl_estimator: str = setting("exact", choices=("exact", "k1", "k2", "k3"))
    ref_model_mixup_alpha: float = setting(0.0, low=0.0, high=1.0)
    reward_beta: float = setting(0.0, low=0.0)
    entropy_coef: float = setting(0.0, low=0.0)
    entropy_band_coef: float = setting(0.0, low=0.0)
    entropy_band_low: float = setting(0.0, low=0.0)
    entropy_band_high: float = setting(2.0, low=0.0)
    clip_cov: float = setting(0.0, low=0.0, high=1.0)
    clip_cov_low: float = setting(1.0)
    clip_cov_high: float = setting(5.0)
    kl_cov: float = setting(0.0, low=0.0, high=1.0)
    kl_cov_coef: float = setting(1.0, low=0.0)
    clipping_bias: str = setting("ignore", choices=("ignore", "log", "correct"))
    virtual_maximum: float | None = setting(None)
    equal_groups: str = setting("keep", choices=("keep", "drop"))
    learning_rate: float = setting(1e-5, low=1e-12, high=10.0)
    lr_scheduler_type: str = setting("linear", choices=("linear", "cosine", "constant"))
    warmup_steps: int = setting(0, low=0)
    lr_min_ratio: float = setting(0.1, low=0.0, high=1.0)
    adam_beta1: float = setting(0.9, low=0.0, high=1.0 - 1e-12)
    adam_beta2: float = setting(0.95, low=0.0, high=1.0 - 1e-12)
    bf16: bool = False
    use_peft: bool = False
    lora_r: int = setting(16, low=1, high=1024)
    lora_alpha: int = setting(32, low=1, high=4096)
    lora_target_modules: tuple[str, ...] = ()
    max_grad_norm: float = setting(1.0, low=1e-12)
    micro_batch_tokens: int = setting(0, low=0)
    weight_decay: float = setting(0.0, low=0.0, high=10.0)
    save_total_limit: int = setting(0, low=0, high=10**6)
    past_steps: int = setting(10, low=1)
    past_size: int = setting(5, low=1, high=1000)
    judges: tuple[str, ...] = ()
    judge_matches: int = setting(200, low=1, high=10**6)
    judge_greedy: bool = False
    eval_games: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    average_steps: int = setting(1, low=1)
    eval_steps: int = setting(25, low=0)
    save_steps: int = setting(25, low=0)
    sample_steps: int = setting(0, low=0)
    report_to: tuple[str, ...] = setting((), choices=TRACKERS)
    on_alert: str = setting("report", choices=("report", "remedy", "restart", "stop"))
    alert_patience: int = setting(3, low=1, high=10**6)
    alert_entropy_factor: float = setting(2.0, low=1.0, high=100.0)
    alert_learning_rate_factor: float = setting(0.5, low=1e-6, high=1.0)

    def __post_init__(self) -> None:
        check_fields(self, "")
        for name in ("games", "opponents"):
            check_shares(name, getattr(self, name))
        if self.sampler in ("auto", "listed") and (self.top_p < 1 or self.top_k):
            raise BadOption(
                f'top_p={self.top_p}, top_k={self.top_k}: sampler "{self.sampler}" cuts nothing off; give sampler = "transformers"'
            )
        _held_out(self.eval_games, self.games)
        for name, games in (("options", [*self.games, *self.eval_games]), ("reward_scale", list(self.games))):
            unknown = sorted(set(getattr(self, name)) - set(games))
            if unknown:
                raise BadOption(f"{name} has {shown(unknown[0])}, which is not among the games: {', '.join(games)}")
        if self.clipping_bias != "ignore" and (self.gradient_accumulation_steps > 1 or self.micro_batch_tokens):
            raise BadOption(
                'clipping_bias needs the whole minibatch at once: set gradient_accumulation_steps = 1 and micro_batch_tokens = 0, or clipping_bias = "ignore"'
            )
        for key, factor in self.reward_scale.items():
            check_number(f"reward_scale[{shown(key)}]", factor, False, 1e-12, 1e12)
        self._check_matches()

    def _check_matches(self) -> None:
        """Settings about who plays what, together."""
        for game, table in self.opponents_of.items():
            if game not in self.games:
                raise BadOption(f"opponents_of names {shown(game)}, which is not among the games: {', '.join(self.games)}")
            check_shares(f"opponents_of.{game}", table)
        if self.matches % self.num_generations:
            raise BadOption(f"matches={self.matches} must be a multiple of num_generations={self.num_generations}: groups are whole")
        if self.on_alert == "restart" and not self.save_steps:
            raise BadOption('on_alert = "restart" goes back to checkpoints: set save_steps to at least 1, got 0')
        if self.length_min >= self.length_max:
            raise BadOption(f"length_min={self.length_min} must be less than length_max={self.length_max}")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SelfPlayConfig:
        """The configuration of these settings; `model` may be a table, the fields of `ScratchModel`."""
        fields = known_fields(cls, merged({}, data))
        if "games" not in fields:
            raise BadOption('games is missing: which environments, and their shares, e.g. games = { "KuhnPoker-v0" = 1.0 }')
        if isinstance(fields.get("model"), Mapping):
            fields["model"] = ScratchModel(**known_fields(ScratchModel, fields["model"], "model."))
        return cls(**fields)


def _held_out(eval_games: Mapping[str, Any], games: Mapping[str, float]) -> None:
    for name, judges in eval_games.items():
        if name in games:
            raise BadOption(f"eval_games has {shown(name)}, which is trained: name its judges in judges")
        if not isinstance(judges, list | tuple) or not judges or not all(isinstance(one, str) for one in judges):
            raise BadOption(f'eval_games[{shown(name)}] must be a list of judges, e.g. ["random"], got {shown(judges)}')
