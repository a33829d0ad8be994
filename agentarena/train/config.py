"""The configuration of a self-play run: one flat dataclass, read from TOML, whose names follow TRL where TRL has the thing."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError, suggest

__all__ = ["ScratchModel", "SelfPlayConfig"]

_ESTIMATORS = ("marshal", "marshal_release", "grpo", "rae", "gigpo", "team_baseline")


def _setting(default: Any, *, low: float = -math.inf, high: float = math.inf, choices: tuple[str, ...] = ()) -> Any:
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "choices": choices})


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

    hidden_size: int = _setting(48, low=8, high=4096)
    num_hidden_layers: int = _setting(2, low=1, high=64)
    num_attention_heads: int = _setting(4, low=1, high=64)
    intermediate_size: int = _setting(128, low=8, high=16384)
    vocab_size: int = _setting(640, low=300, high=65536)

    def __post_init__(self) -> None:
        _check(self, "model")
        if self.hidden_size % self.num_attention_heads:
            raise BadOption(f"model.hidden_size={self.hidden_size} must be a multiple of num_attention_heads={self.num_attention_heads}")


@dataclasses.dataclass(frozen=True, slots=True)
class SelfPlayConfig:
    """Everything that shapes a run.

    Attributes:
        games: Environments and their shares of the matches, e.g. `{"KuhnPoker-v0": 1.0}`.
        options: Options of the environments, by id.
        opponents: Who sits in the seats that the policy does not hold, and their shares of the matches: "self" (it holds all),
            "past" (one of its earlier checkpoints), or the spec string of any agent.
        model: A folder in the format of transformers, a name on the hub, "tiny", or a `ScratchModel`.
        output_dir: Where checkpoints and logs go.
        max_steps: Updates.
        matches: Matches of one update.
        num_generations: Matches that share a deal, and so a group of `grpo` and `gigpo`.
        seed: Seed of everything.
        temperature: Of sampling while training.
        memory: What prompts show of earlier decisions, as in `Prompting.memory`.
        estimator: Advantage estimator, by its name in `advantages`.
        scale: Whether `grpo` and `gigpo` divide by the deviation.
        gamma: Discount a turn of `gigpo`.
        omega: Weight of the anchors of `gigpo`.
        decay: Of the moving averages of `rae`.
        num_iterations: Passes over the samples of an update.
        minibatches: Optimizer steps of one pass.
        importance_sampling_level: "token", "turn" or "sequence".
        epsilon: Clip below.
        epsilon_high: Clip above; as below by default.
        delta: Dual clip; none by default.
        loss_type: How tokens are averaged: "token", "sequence" or "sequence_sum".
        beta: Weight of the divergence from the reference.
        kl_estimator: "exact", from whole distributions, or "k1", "k2", "k3", from the sampled tokens.
        ref_model_mixup_alpha: Share of the policy's weights that the reference takes over after each update; 0 keeps it fixed.
        entropy_coef: Weight of the entropy bonus.
        learning_rate: Greatest rate of Adam.
        lr_min_ratio: Rate at the end over the greatest; see `lr_scheduler_type`.
        adam_beta1: See Adam.
        adam_beta2: See Adam.
        max_grad_norm: Gradients are scaled down to this norm.
        gradient_accumulation_steps: Parts that a process computes its share of a minibatch in, one after the other; the gradient is
            that of the whole minibatch, the memory that of a part.
        micro_batch_tokens: Tokens of such a part at most, prompts and padding included, in place of their number; 0 sets no limit.
        weight_decay: Of AdamW; 0 is plain Adam.
        warmup_steps: Updates over which the learning rate rises to its greatest.
        lr_scheduler_type: How it goes on: "linear" or "cosine" down to `lr_min_ratio`, or "constant".
        save_total_limit: Checkpoints that are left when another one is saved, the newest; 0 leaves all.
        past_steps: Updates between two snapshots of the pool of past checkpoints.
        past_size: Snapshots that the pool keeps, the newest.
        judges: Who says how good the policy is: "exact" (NashConv, for games of hidden information that can be listed),
            "averaged" (that of the policies' average over the updates), "reference" (that of the reference), or the spec string of
            an opponent that it meets in every seat.
        judge_matches: Matches a seat against such an opponent.
        judge_greedy: Whether such an opponent meets the policy's most likely replies, too.
        average_steps: Updates between two policies that enter the average.
        eval_steps: Updates between two judgements; 0 judges at the end alone.
        save_steps: Updates between two checkpoints; 0 saves at the end alone.
    """

    games: Mapping[str, float]
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    opponents: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"self": 1.0})
    model: str | ScratchModel = "tiny"
    output_dir: str = "runs/selfplay"
    max_steps: int = _setting(100, low=1, high=10**7)
    matches: int = _setting(256, low=1, high=10**6)
    num_generations: int = _setting(1, low=1, high=10**6)
    seed: int = _setting(0, low=0, high=2**63)
    temperature: float = _setting(1.0, low=1e-3, high=100.0)
    memory: str = "state"
    estimator: str = _setting("marshal", choices=_ESTIMATORS)
    scale: bool = True
    gamma: float = _setting(0.95, low=0.0, high=1.0)
    omega: float = _setting(1.0, low=0.0)
    decay: float = _setting(0.95, low=0.0, high=1.0 - 1e-12)
    num_iterations: int = _setting(1, low=1, high=100)
    minibatches: int = _setting(1, low=1, high=10**6)
    importance_sampling_level: str = _setting("token", choices=("token", "turn", "sequence"))
    epsilon: float = _setting(0.2, low=1e-6, high=1.0)
    epsilon_high: float | None = _setting(None, low=1e-6)
    delta: float | None = _setting(None, low=1.0 + 1e-6)
    loss_type: str = _setting("token", choices=("token", "sequence", "sequence_sum"))
    beta: float = _setting(0.0, low=0.0)
    kl_estimator: str = _setting("exact", choices=("exact", "k1", "k2", "k3"))
    ref_model_mixup_alpha: float = _setting(0.0, low=0.0, high=1.0)
    entropy_coef: float = _setting(0.0, low=0.0)
    learning_rate: float = _setting(1e-5, low=1e-12, high=10.0)
    lr_min_ratio: float = _setting(0.1, low=0.0, high=1.0)
    adam_beta1: float = _setting(0.9, low=0.0, high=1.0 - 1e-12)
    adam_beta2: float = _setting(0.95, low=0.0, high=1.0 - 1e-12)
    max_grad_norm: float = _setting(1.0, low=1e-12)
    gradient_accumulation_steps: int = _setting(1, low=1, high=10**6)
    micro_batch_tokens: int = _setting(0, low=0)
    weight_decay: float = _setting(0.0, low=0.0, high=10.0)
    warmup_steps: int = _setting(0, low=0, high=10**7)
    lr_scheduler_type: str = _setting("linear", choices=("linear", "cosine", "constant"))
    save_total_limit: int = _setting(0, low=0, high=10**6)
    past_steps: int = _setting(10, low=1)
    past_size: int = _setting(5, low=1, high=1000)
    judges: tuple[str, ...] = ()
    judge_matches: int = _setting(200, low=1, high=10**6)
    judge_greedy: bool = False
    average_steps: int = _setting(1, low=1)
    eval_steps: int = _setting(25, low=0)
    save_steps: int = _setting(25, low=0)

    def __post_init__(self) -> None:
        _check(self, "")
        for name in ("games", "opponents"):
            _shares(name, getattr(self, name))
        if not isinstance(self.judges, tuple) or not all(isinstance(one, str) for one in self.judges):
            raise BadOption(f'judges must be a list of strings, e.g. ["exact", "random"], got {shown(self.judges)}')
        unknown = sorted(set(self.options) - set(self.games))
        if unknown:
            raise BadOption(f"options are given for {shown(unknown[0])}, which is not among the games: {', '.join(self.games)}")

    @classmethod
    def load(cls, path: str | Path, **changes: Any) -> SelfPlayConfig:
        """Read a TOML file; `changes` override it.

        Raises:
            UsageError: The file is no TOML.
            BadOption: A setting is unknown or out of range; the message names it.
        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is no TOML file: {error}") from None
        return cls.of({**data, **changes})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SelfPlayConfig:
        """The configuration of these settings; `model` may be a table, the fields of `ScratchModel`."""
        _known(cls, data, "")
        if "games" not in data:
            raise BadOption('games is missing: which environments, and their shares, e.g. games = { "KuhnPoker-v0" = 1.0 }')
        fields = dict(data)
        if isinstance(fields.get("judges"), list):
            fields["judges"] = tuple(fields["judges"])
        if isinstance(fields.get("model"), Mapping):
            _known(ScratchModel, fields["model"], "model.")
            fields["model"] = ScratchModel(**fields["model"])
        return cls(**fields)


def _known(cls: type[Any], data: Mapping[str, Any], prefix: str) -> None:
    names = [field.name for field in dataclasses.fields(cls)]
    for name in data:
        if name not in names:
            raise BadOption(f"unknown setting {shown(prefix + str(name))}.{suggest(str(name)[:100], names)}")


def _check(config: Any, prefix: str) -> None:
    """Types and ranges of the plain fields."""
    for field in dataclasses.fields(config):
        value, kind = getattr(config, field.name), str(field.type)
        name = f"{prefix}.{field.name}" if prefix else field.name
        if value is None and "None" in kind:
            continue
        if kind.startswith(("int", "float")):
            _number(name, value, kind.startswith("int"), field.metadata["low"], field.metadata["high"])
        elif kind == "bool" and not isinstance(value, bool):
            raise BadOption(f"{name} must be true or false, got {shown(value)}")
        elif kind == "str":
            choices = field.metadata.get("choices") or ()
            if not isinstance(value, str) or (choices and value not in choices):
                raise BadOption(f"{name} must be {'one of ' + ', '.join(choices) if choices else 'a string'}, got {shown(value)}")


def _number(name: str, value: Any, whole: bool, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        bounds = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise BadOption(f"{name} must be {'a whole number' if whole else 'a number'} {bounds}, got {shown(value)}")


def _shares(name: str, shares: Any) -> None:
    if not isinstance(shares, Mapping) or not shares:
        raise BadOption(f"{name} must be a table of names and shares, got {shown(shares)}")
    for key, share in shares.items():
        _number(f"{name}[{shown(key)}]", share, False, 0.0, math.inf)
        if not math.isfinite(share):
            raise BadOption(f"{name}[{shown(key)}] must be finite, got {shown(share)}")
    if sum(shares.values()) <= 0:
        raise BadOption(f"{name}: some share must be positive, got {shown(dict(shares))}")
