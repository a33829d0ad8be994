"""Checkpoints of a run: the model in the format of transformers, and beside it, as tensors and JSON, all else that was learned."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from agentarena.agents.llm.agent import TINY
from agentarena.agents.llm.hf_model import load_model
from agentarena.agents.llm.weights import named_tensors
from agentarena.core.config import RunConfig
from agentarena.core.display import shown
from agentarena.core.distribution import install_command
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.game import Game
from agentarena.core.match import Match
from agentarena.core.record import Fixture
from agentarena.models import tokenizer as tokenizers

from .batch import Baselines
from .config import ScratchModel, SelfPlayConfig
from .critic import Critic
from .policy import Policy

__all__ = ["State", "copy_weights", "digest", "last", "model", "pretrained", "restore", "resume", "save", "scratch", "weights"]

_TEXTS_FROM = 60
"""Random matches of each game whose words the tokenizer of a `ScratchModel` is trained on."""


def model(config: SelfPlayConfig, games: Iterable[Game[Any]]) -> Policy:
    """The policy that a run begins with."""
    if isinstance(config.model, ScratchModel):
        tokenizer = tokenizers.train([text for game in games for text in _texts(game)], config.model.vocab_size)
        policy = scratch(config.model, tokenizer, config.seed)
    else:
        policy = pretrained(config.model)
    network = _adapted(policy.model, config) if config.use_peft else policy.model
    return Policy(network, policy.tokenizer, bf16=config.bf16, gradient_checkpointing=config.gradient_checkpointing)


def _adapted(base: Any, config: SelfPlayConfig) -> Any:
    """The model frozen, with LoRA adapters that begin as no change."""
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise BadOption(f"use_peft needs peft, which is not installed: {install_command('train')}") from error
    targets = list(config.lora_target_modules) or "all-linear"
    lora = LoraConfig(r=config.lora_r, lora_alpha=config.lora_alpha, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        try:
            return get_peft_model(base, lora).eval()
        except ValueError as error:
            raise BadOption(f"lora_target_modules={shown(targets)} does not fit the model: {error}") from error


def pretrained(name: str) -> Policy:
    """A model that is there already: "tiny", a folder, or a name on the hub."""
    loaded, tokenizer = load_model(str(TINY) if name == "tiny" else name, None, "auto", None)
    return Policy(loaded, tokenizer)


def scratch(shape: ScratchModel, tokenizer: Any, seed: int) -> Policy:
    """A small Qwen3 with random weights, of as many entries as its tokenizer has.

    Their standard deviation is `hidden_size ** -0.5`: at the 0.02 of large models a narrow one tells prompts that differ in one
    token so badly apart that self-play in Kuhn poker stays at a NashConv of 0.2.
    """
    from transformers import Qwen3Config, Qwen3ForCausalLM

    width = shape.hidden_size // shape.num_attention_heads
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden_size,
        num_hidden_layers=shape.num_hidden_layers,
        num_attention_heads=shape.num_attention_heads,
        num_key_value_heads=shape.num_attention_heads,
        head_dim=width,
        intermediate_size=shape.intermediate_size,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=shape.hidden_size**-0.5,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Policy(Qwen3ForCausalLM(config).eval(), tokenizer)


def _texts(game: Game[Any]) -> list[str]:
    """Rules, views and moves of random play."""
    texts = []
    for number in range(_TEXTS_FROM):
        with Match(RunConfig(game), Fixture(number, number)) as match:
            while not match.over:
                for seat in match.pending():
                    view = match.view(seat)
                    action = view.sample()
                    texts += [view.rules, view.text, f"<answer>{view.write(action)}</answer>"]
                    match.answer(seat, action)
    return texts


@dataclasses.dataclass
class State:
    """Everything that a run has learned.

    Attributes:
        policy: The policy that is trained.
        reference: What the divergence is to.
        optimizer: Adam, with its moments.
        step: Updates made.
        baselines: Of `advantages.rae`.
        past: Weights of earlier policies, by the number of updates that they had.
        critic: The values of `turn_gae`; `None` for other estimators.
        statistics: What else parts of a run remember, each under its own name; values are plain JSON.
    """

    policy: Policy
    reference: Policy
    optimizer: torch.optim.Optimizer
    step: int = 0
    baselines: Baselines = dataclasses.field(default_factory=dict)
    past: dict[int, dict[str, Tensor]] = dataclasses.field(default_factory=dict)
    critic: Critic | None = None
    statistics: dict[str, Any] = dataclasses.field(default_factory=dict)


def weights(policy: Policy) -> dict[str, Tensor]:
    """A copy of a policy's trained parameters, tied ones once."""
    return {name: parameter.detach().clone() for name, parameter in policy.trained()}


def copy_weights(policy: Policy, source: Mapping[str, Tensor]) -> None:
    """Give a policy these parameters."""
    with torch.no_grad():
        for name, parameter in policy.trained():
            parameter.copy_(source[name])


def digest(source: Mapping[str, Tensor]) -> str:
    """Eight hexadecimal digits that name these weights."""
    hashed = hashlib.blake2b(digest_size=4)
    for name in sorted(source):
        hashed.update(name.encode())
        hashed.update(source[name].detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return hashed.hexdigest()


def last(folder: Path) -> Path | None:
    """The newest whole checkpoint of a run."""
    return next(reversed(_whole(folder)), None)


def _whole(folder: Path) -> list[Path]:
    """The whole checkpoints of a run, oldest first."""
    whole = [path for path in folder.glob("checkpoint-*") if (path / "run.json").is_file() and path.name[11:].isdecimal()]
    return sorted(whole, key=lambda path: int(path.name[11:]))


def save(state: State, config: SelfPlayConfig) -> Path:
    """Write a checkpoint. It counts once its last file is there, so that a run killed on the way leaves none."""
    from safetensors.torch import save_file

    target = Path(config.output_dir) / f"checkpoint-{state.step}"
    shutil.rmtree(target, ignore_errors=True)
    state.policy.model.save_pretrained(target)
    state.policy.tokenizer.save_pretrained(target)
    tensors = {f"reference.{name}": tensor for name, tensor in weights(state.reference).items()}
    if config.use_peft:  # what save_pretrained wrote are adapters under other names
        tensors |= {f"policy.{name}": tensor for name, tensor in weights(state.policy).items()}
    for number, entries in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": torch.as_tensor(value) for name, value in entries.items()}
    if state.critic is not None:
        tensors |= {f"critic.{name}": tensor for name, tensor in state.critic.tensors().items()}
    for step, snapshot in state.past.items():
        tensors |= {f"past.{step}.{name}": tensor for name, tensor in snapshot.items()}
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, target / "run.safetensors")
    about = {
        "step": state.step,
        "baselines": [[game, seat, value] for (game, seat), value in state.baselines.items()],
        "statistics": state.statistics,
        "config": _plain(config),
    }
    (target / "run.part").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (target / "run.part").replace(target / "run.json")
    good = state.statistics.get("monitor", {}).get("good") if config.on_alert == "restart" else None
    _forget(Path(config.output_dir), config.save_total_limit, good)
    return target


def _forget(folder: Path, limit: int, spared: int | None) -> None:
    """Delete all whole checkpoints but the newest `limit`, and that of the update `spared`; 0 leaves all."""
    whole = _whole(folder)
    older = whole[: len(whole) - limit] if limit else []
    for path in (path for path in older if path.name != f"checkpoint-{spared}"):
        (path / "run.json").unlink()  # first, so that no half of one counts
        shutil.rmtree(path)


_MAY_CHANGE = (
    *("max_steps", "eval_steps", "save_steps", "save_total_limit", "output_dir"),
    *("gradient_accumulation_steps", "micro_batch_tokens", "gradient_checkpointing", "report_to"),
)


def _plain(config: SelfPlayConfig) -> dict[str, Any]:
    return dict(json.loads(json.dumps(dataclasses.asdict(config))))


def resume(state: State, config: SelfPlayConfig) -> Path | None:
    """Put a run where its newest checkpoint was; `None` where there is none.

    Raises:
        UsageError: It was written under another configuration.
    """
    from safetensors.torch import load_file

    source = last(Path(config.output_dir))
    if source is None:
        return None
    about = json.loads((source / "run.json").read_text(encoding="utf-8"))
    for name, value in _plain(config).items():
        if name not in _MAY_CHANGE and about["config"].get(name) != value:
            raise UsageError(
                f"{source} belongs to another run: {name} is {shown(about['config'].get(name))} there, {shown(value)} here. Give another output_dir"
            )
    _load(state, config, source)
    state.past = _grouped(_under("past", load_file(source / "run.safetensors")))
    state.step = int(about["step"])
    state.statistics = about["statistics"]
    return source


def restore(state: State, config: SelfPlayConfig, step: int, games: Iterable[Game[Any]]) -> None:
    """Put weights, reference, optimizer, critic and baselines where they were after an update; all else goes on from where it is.

    Args:
        state: It is changed in place.
        config: Of the run.
        step: The update; 0 is the beginning, anything else has a checkpoint.
        games: The rules, for the beginning.

    Raises:
        UsageError: The checkpoint is not there.
    """
    if step:
        source = Path(config.output_dir) / f"checkpoint-{step}"
        if source not in _whole(Path(config.output_dir)):
            raise UsageError(f'on_alert = "restart" goes back to {source}, which is not there: leave checkpoints where they are')
        _load(state, config, source)
        return
    first = weights(model(config, games))
    copy_weights(state.policy, first)
    copy_weights(state.reference, first)
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": {}})
    state.baselines = {}
    if state.critic is not None:
        state.critic = Critic(state.policy.model.config.hidden_size, config.value_learning_rate)


def _load(state: State, config: SelfPlayConfig, source: Path) -> None:
    """Weights, reference, optimizer, critic and baselines of a checkpoint."""
    from safetensors.torch import load_file

    tensors = load_file(source / "run.safetensors")
    copy_weights(state.policy, _under("policy", tensors) if config.use_peft else dict(named_tensors(source)))
    copy_weights(state.reference, _under("reference", tensors))
    moments = _grouped(_under("optimizer", tensors))
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": moments})
    if state.critic is not None:
        state.critic.load(_under("critic", tensors))
    baselines = json.loads((source / "run.json").read_text(encoding="utf-8"))["baselines"]
    state.baselines = {(game, seat): float(value) for game, seat, value in baselines}


def _under(head: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `head.`, without it."""
    return {name[len(head) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(f"{head}.")}


def _grouped(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Tensors by the number that their names begin with."""
    groups: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, rest = name.partition(".")
        groups.setdefault(int(number), {})[rest] = tensor
    return groups
