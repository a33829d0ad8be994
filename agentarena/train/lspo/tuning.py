"""Teaching a latent policy back to the speaker: direct preference optimization with TRL, over all weights or LoRA adapters.

Loss of a pair of utterances under one prompt, chosen and rejected, with the speaker before tuning as the reference:

    -log sigmoid(beta ((log p(chosen) - log p0(chosen)) - (log p(rejected) - log p0(rejected))))

Prompts are tokenized exactly as the speaker reads them. Everything is local: nothing is looked up, sent or logged elsewhere.

Source: R. Rafailov et al., "Direct Preference Optimization" (arXiv 2305.18290), equation 7; TRL's `DPOTrainer`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.agents.llm.template import Template
from agentarena.core.errors import BadOption, MissingExtra
from agentarena.models.speaker.names import Names, swap
from agentarena.models.speaker.prompts import SpeechPrompt, messages
from agentarena.train.settings import check_fields, setting

from .speaker import PreferencePair, Speaker

__all__ = ["TuneConfig", "cluster_shares", "preference_margins", "tune"]

LARGE = 50_000_000
"""Parameters from which on LoRA is the default."""

REPORT = "tuning.json"
"""File in the tuned folder: settings, number of pairs, and the figures of the first and the last update."""


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """Settings of the tuning.

    Attributes:
        beta: How strongly the model is held to the one before.
        lr: Greatest learning rate; it falls to nothing as a cosine. 1e-6 to 1e-5 for large models, 3e-4 to 1e-3 for the small one.
        epochs: Passes over the pairs.
        batch: Pairs in an update.
        micro: Pairs in a micro-batch.
        lora: Rank of the adapters, which are merged into the weights at the end; 0 tunes all weights; `None` is 16 for models of
            50 million parameters and more, else 0.
        lora_dropout: Dropout of the adapters' inputs.
        max_tokens: Longest prompt and utterance together; longer pairs are left out and counted.
        seed: Of the order of pairs and the adapters' initial weights.
        device: E.g. "cpu"; by default a GPU if there is one.
        dtype: "auto" is float32 on CPU and bfloat16 elsewhere.
        rules: Rules of the game before the request, as the speaker is asked with.
    """

    beta: float = setting(0.1, low=1e-12, high=1e6)
    lr: float = setting(3e-4, low=1e-12, high=10.0)
    epochs: int = setting(2, low=1, high=10**6)
    batch: int = setting(64, low=1, high=10**7)
    micro: int = setting(16, low=1, high=10**7)
    lora: int | None = setting(None, low=0, high=65_536)
    lora_dropout: float = setting(0.05, low=0.0, high=1.0)
    max_tokens: int = setting(1536, low=1, high=10**7)
    seed: int = setting(0, low=0, high=2**63)
    device: str | None = None
    dtype: str = "auto"
    rules: str = ""

    def __post_init__(self) -> None:
        check_fields(self, "lspo: tune")
        if self.batch % min(self.micro, self.batch):
            raise BadOption(f"lspo: tune.batch must be a multiple of micro, got batch={self.batch}, micro={self.micro}")


def tune(folder: str | Path, pairs: Sequence[PreferencePair], config: TuneConfig, out: Path) -> Path:
    """Tunes the model in `folder` on preference pairs and writes a model folder that `load_speaker` reads.

    Args:
        folder: A model folder, or a name on the hub that is already on this machine.
        pairs: What is preferred; pairs of equal utterances teach nothing and are left out.
        config: The settings.
        out: The new folder; replaced where it exists.

    Returns:
        `out`, with the report `tuning.json` beside the weights.

    Raises:
        MissingExtra: TRL, datasets or peft is not installed.
        ValueError: No pair is left.
    """
    began = time.monotonic()
    trl = _trl()
    model, tokenizer = _loaded(folder, config)
    names = Names.read(Path(folder))
    rows = _rows(Template(tokenizer), tokenizer, _in_known_names(pairs, names), config)
    if not rows:
        raise ValueError(f"tuning needs pairs of different utterances of {config.max_tokens} tokens at most, got none among {len(pairs)}")
    rank = _rank(model, config)
    with tempfile.TemporaryDirectory(prefix="agentarena-dpo-") as scratch, _quiet():
        trainer = _trainer(trl, model, tokenizer, rows, rank, config, scratch)
        trainer.train()
        tuned = trainer.model.merge_and_unload() if rank else trainer.model
        report = {**_figures(trainer.state.log_history), "pairs": len(rows), "left_out": len(pairs) - len(rows), "lora": rank}
    report["seconds"] = round(time.monotonic() - began, 1)
    _write(tuned, tokenizer, names, {"config": asdict(config), **report}, out)
    return out


def _trl() -> Any:
    try:
        import datasets  # noqa: F401
        import trl
    except ImportError as error:
        raise MissingExtra(error.name or "trl", "lspo") from error
    return trl


def _loaded(folder: str | Path, config: TuneConfig) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = ("float32" if device == "cpu" else "bfloat16") if config.dtype == "auto" else config.dtype
    with _quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    return model.to(device), tokenizer


def _rank(model: Any, config: TuneConfig) -> int:
    if config.lora is not None:
        return config.lora
    return 16 if sum(parameter.numel() for parameter in model.parameters()) >= LARGE else 0


def _in_known_names(pairs: Sequence[PreferencePair], names: Names | None) -> list[PreferencePair]:
    """The pairs as the model reads them."""
    if names is None:
        return list(pairs)
    hidden = [names.hide(pair.prompt) for pair in pairs]
    return [
        PreferencePair(prompt, swap(pair.chosen, table), swap(pair.rejected, table))
        for pair, (prompt, table) in zip(pairs, hidden, strict=True)
    ]


def _rows(template: Template, tokenizer: Any, pairs: Sequence[PreferencePair], config: TuneConfig) -> list[dict[str, list[int]]]:
    """The pairs in tokens, as TRL's collator takes them."""
    rows = []
    for pair in pairs:
        prompt = list(template.prompt(messages(pair.prompt, config.rules)))
        chosen, rejected = (_utterance(tokenizer, words) for words in (pair.chosen, pair.rejected))
        if chosen != rejected and len(prompt) + max(len(chosen), len(rejected)) <= config.max_tokens:
            rows.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
    return rows


def _utterance(tokenizer: Any, words: str) -> list[int]:
    """Words and the token that ends them; what looks like a control token in them stays words."""
    return [*tokenizer(words, add_special_tokens=False, split_special_tokens=True).input_ids, tokenizer.eos_token_id]


def _trainer(trl: Any, model: Any, tokenizer: Any, rows: list[dict[str, list[int]]], rank: int, config: TuneConfig, scratch: str) -> Any:
    from datasets import Dataset

    class Trainer(trl.DPOTrainer):
        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset  # it is in tokens already

        def _send_telemetry(self) -> None:
            """Nothing is sent."""

    micro = min(config.micro, config.batch)
    on_cpu = model.device.type == "cpu"
    arguments = trl.DPOConfig(
        output_dir=scratch,
        beta=config.beta,
        learning_rate=config.lr,
        num_train_epochs=config.epochs,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=config.batch // micro,
        lr_scheduler_type="cosine",
        max_length=None,
        seed=config.seed,
        bf16=not on_cpu and str(model.dtype) == "torch.bfloat16",
        use_cpu=on_cpu,
        gradient_checkpointing=not on_cpu,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not on_cpu,
    )
    lora = None
    if rank:
        try:
            from peft import LoraConfig
        except ImportError as error:
            raise MissingExtra("peft", "lspo") from error
        lora = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=config.lora_dropout, target_modules="all-linear", task_type="CAUSAL_LM")
    trainer = Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=tokenizer, peft_config=lora)
    for callback in ("PrinterCallback", "ProgressCallback"):
        trainer.callback_handler.callbacks = [one for one in trainer.callback_handler.callbacks if type(one).__name__ != callback]
    return trainer


def _figures(history: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Loss, margin in nats times beta, and share of pairs in the right order: of the first and the last update."""
    names = {"loss": "loss", "margin": "rewards/margins", "accuracy": "rewards/accuracies"}
    updates = [entry for entry in history if names["margin"] in entry]
    figures: dict[str, Any] = {"updates": len(updates)}
    for when, entry in (("first", updates[0]), ("last", updates[-1])) if updates else ():
        figures[when] = {name: round(float(entry[key]), 4) for name, key in names.items()}
    return figures


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and notes of transformers."""
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _write(model: Any, tokenizer: Any, names: Names | None, report: dict[str, Any], out: Path) -> None:
    """Writes a folder beside `out` and puts it in its place when it is whole."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        with _quiet():
            model.save_pretrained(partial)
            tokenizer.save_pretrained(partial)
        if names is not None:
            names.write(partial)
        (partial / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


# --- what came of it ------------------------------------------------------------------------------------------------------------


def preference_margins(folder: str | Path, pairs: Sequence[PreferencePair], config: TuneConfig | None = None) -> np.ndarray:
    """log p(chosen) - log p(rejected) of each pair under the model in `folder`, in nats. Shape (P,), P pairs."""
    import torch

    config = config or TuneConfig()
    model, tokenizer = _loaded(folder, config)
    template = Template(tokenizer)

    @torch.no_grad()
    def log_probability(prompt: Sequence[int], words: str) -> float:
        tokens = torch.tensor([[*prompt, *_utterance(tokenizer, words)]], device=model.device)
        scores = model(input_ids=tokens).logits[0, len(prompt) - 1 : -1].float().log_softmax(-1)
        return float(scores.gather(1, tokens[0, len(prompt) :, None]).sum())

    margins = []
    for pair in _in_known_names(pairs, Names.read(Path(folder))):
        prompt = template.prompt(messages(pair.prompt, config.rules))
        margins.append(log_probability(prompt, pair.chosen) - log_probability(prompt, pair.rejected))
    return np.array(margins)


def cluster_shares(
    speaker: Speaker, prompts: Sequence[SpeechPrompt], label: Callable[[SpeechPrompt, str], Hashable], seed: int = 0
) -> dict[Hashable, float]:
    """How often a speaker's first candidate falls into each cluster: its base frequencies, to be compared before and after tuning.

    Args:
        speaker: The speaker.
        prompts: What it is asked; one candidate each.
        label: The cluster of an utterance under its prompt.
        seed: Of the candidates.

    Returns:
        Cluster -> share of all candidates that were not dropped; adds up to 1, empty where all were dropped.
    """
    candidates = speaker.propose(prompts, 1, seed)
    counts = Counter(label(prompt, words) for prompt, proposals in zip(prompts, candidates, strict=True) for words in proposals)
    total = sum(counts.values())
    return {cluster: number / total for cluster, number in counts.most_common()}
