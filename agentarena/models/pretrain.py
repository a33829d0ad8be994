"""Pre-trains `tiny` from scratch: a small Qwen3 that reads text faces and writes moves.

    python -m agentarena.models.pretrain --minutes 60 --out agentarena/models/tiny     # the full recipe
    python -m agentarena.models.pretrain --minutes 5 --decisions 6000 --hidden 128 --layers 3 --out runs/smaller

In order: a corpus of teachers' decisions (`corpus.py`), a tokenizer (`tokenizer.py`), a model, and cross-entropy on the
replies alone. Left out on purpose: no loss on prompts (they are the referee's words, not the player's), no packing, no
mixed precision (float32 is faster on processors without bfloat16 units). The one liberty: decisions of the same rules
share one pass over those rules, whose keys and values are computed once a micro-batch and differentiated through; the
gradient is that of the plain loss (a test compares them).

The rate rises for 2 % of the time and falls as a cosine to a tenth. A run is continued from `--out/checkpoint.pt`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .corpus import Decision, corpus
from .tokenizer import SPECIALS, train

__all__ = ["Encoded", "Settings", "encode", "loss", "micro_batches", "pretrain"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that shapes a run.

    Attributes:
        minutes: Wall-clock budget of training; the schedule of the rate follows it.
        decisions: Size of the corpus; it is passed over again when time allows.
        hidden: Width of the model.
        layers: Number of layers.
        heads: Attention heads, at least 2; the greatest divisor up to half as many for keys and values.
        feed_forward: Width of the feed-forward layers.
        vocabulary: Entries of the tokenizer.
        rate: Greatest learning rate.
        batch: Decisions in an optimizer step.
        micro: Decisions in a micro-batch, all of the same rules.
        seed: Seed of the corpus, the initial weights and the order.
    """

    minutes: float = 60.0
    decisions: int = 60_000
    hidden: int = 192
    layers: int = 5
    heads: int = 6
    feed_forward: int = 512
    vocabulary: int = 2048
    rate: float = 2e-3
    batch: int = 96
    micro: int = 24
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Encoded:
    """A decision in tokens: the rules' part of the prompt, the rest of it, and the reply with its end."""

    rules: tuple[int, ...]
    view: tuple[int, ...]
    reply: tuple[int, ...]


def encode(tokenizer: Any, decision: Decision) -> Encoded:
    """The decision in tokens; joined, its parts are the chat template's rendering of the three messages.

    Special tokens and line breaks are pieces of their own, so tokens never straddle the joints.
    """
    system = {"role": "system", "content": decision.rules}
    user = {"role": "user", "content": decision.view}
    rules = tokenizer.apply_chat_template([system], tokenize=False)
    prompt = tokenizer.apply_chat_template([system, user], tokenize=False, add_generation_prompt=True)

    def tokens(text: str) -> tuple[int, ...]:
        return tuple(tokenizer(text, add_special_tokens=False).input_ids)

    return Encoded(tokens(rules), tokens(prompt.removeprefix(rules)), tokens(decision.reply + SPECIALS[2]))


def micro_batches(encoded: Sequence[Encoded], size: int, rng: np.random.Generator) -> Iterator[list[Encoded]]:
    """One pass over the corpus in micro-batches of equal rules and similar length, in random order."""
    by_rules: dict[tuple[int, ...], list[Encoded]] = defaultdict(list)
    for one in encoded:
        by_rules[one.rules].append(one)
    batches: list[list[Encoded]] = []
    for group in by_rules.values():
        shuffled = [group[index] for index in rng.permutation(len(group))]
        for start in range(0, len(shuffled), size * 8):  # sorted by length within a window, so that little is padding
            window = sorted(shuffled[start : start + size * 8], key=lambda one: len(one.view))
            batches.extend(window[k : k + size] for k in range(0, len(window), size))
    for index in rng.permutation(len(batches)):
        yield batches[index]


def loss(model: Any, batch: Sequence[Encoded]) -> Any:
    """Sum over a micro-batch of the cross-entropy of the replies' tokens, in nats, and their number."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import DynamicCache

    rules = torch.tensor([batch[0].rules])
    cache = DynamicCache(config=model.config)
    model.model(input_ids=rules, past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(batch))
    length = max(len(one.view) + len(one.reply) for one in batch)
    rest = torch.zeros((len(batch), length), dtype=torch.long)
    seen = torch.zeros((len(batch), rules.shape[1] + length), dtype=torch.long)
    targets: list[int] = []
    places: list[tuple[int, int]] = []
    for row, one in enumerate(batch):
        tokens = one.view + one.reply
        rest[row, : len(tokens)] = torch.tensor(tokens)
        seen[row, : rules.shape[1] + len(tokens)] = 1
        targets.extend(one.reply)
        places.extend((row, len(one.view) - 1 + k) for k in range(len(one.reply)))
    hidden = model.model(input_ids=rest, attention_mask=seen, past_key_values=cache, use_cache=True).last_hidden_state
    rows, columns = torch.tensor(places).T
    logits = model.lm_head(hidden[rows, columns])
    return cross_entropy(logits, torch.tensor(targets), reduction="sum"), len(targets)


def build(settings: Settings, tokenizer: Any) -> Any:
    """A fresh model in the Qwen3 architecture."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(settings.seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden,
        intermediate_size=settings.feed_forward,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=next(k for k in range(settings.heads // 2, 0, -1) if settings.heads % k == 0),
        head_dim=settings.hidden // settings.heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen3ForCausalLM(config)


def rate_at(fraction: float, peak: float) -> float:
    """The learning rate when `fraction` of the time is spent.

    >>> rate_at(0.02, 1.0), round(rate_at(1.0, 1.0), 3)
    (1.0, 0.1)
    """
    if fraction < 0.02:
        return peak * fraction / 0.02
    return peak * (0.55 + 0.45 * math.cos(math.pi * (min(fraction, 1.0) - 0.02) / 0.98))


def pretrain(settings: Settings, out: Path, say: Any = lambda line: None) -> None:
    """Runs the recipe and saves model and tokenizer into `out`, where `AutoModelForCausalLM` loads them from."""
    import torch

    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    lessons = corpus(settings.decisions, settings.seed)
    say(f"{len(lessons)} decisions in {time.monotonic() - began:.0f} s")
    tokenizer = train((text for one in lessons[:8000] for text in (one.rules, one.view, one.reply)), settings.vocabulary)
    encoded = [encode(tokenizer, one) for one in lessons]
    say(f"{sum(len(e.rules) + len(e.view) + len(e.reply) for e in encoded) / len(encoded):.0f} tokens a decision, {len(tokenizer)} entries")
    model = build(settings, tokenizer)
    say(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    spent, step = _resume(out, model, optimizer, settings)
    rng = np.random.default_rng(settings.seed + step)
    budget, started, recent = 60 * settings.minutes, time.monotonic() - spent, []
    while time.monotonic() - started < budget:
        for chunk in _chunks(micro_batches(encoded, settings.micro, rng), max(1, settings.batch // settings.micro)):
            fraction = (time.monotonic() - started) / budget
            for group in optimizer.param_groups:
                group["lr"] = rate_at(fraction, settings.rate)
            recent.append(_step(model, optimizer, chunk))
            step += 1
            if step % 25 == 0:
                say(f"step {step}, {100 * fraction:.0f} %, loss {np.mean(recent[-25:]):.4f} nats a token")
            if step % 200 == 0:
                _checkpoint(out, model, optimizer, time.monotonic() - started, step, settings)
            if fraction >= 1:
                break
    save(model, tokenizer, out, settings, float(np.mean(recent[-200:])), step)


def save(model: Any, tokenizer: Any, out: Path, settings: Settings, final: float, steps: int) -> None:
    """Writes model, tokenizer and the settings that made them."""
    model.generation_config.update(
        do_sample=False, max_new_tokens=64, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id
    )
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    made = {name: getattr(settings, name) for name in Settings.__slots__}
    (out / "recipe.json").write_text(json.dumps({**made, "steps": steps, "loss": round(final, 4)}, indent=2) + "\n", encoding="utf-8")
    (out / "checkpoint.pt").unlink(missing_ok=True)


def _chunks(batches: Iterator[list[Encoded]], size: int) -> Iterator[list[list[Encoded]]]:
    chunk: list[list[Encoded]] = []
    for batch in batches:
        chunk.append(batch)
        if len(chunk) == size:
            yield chunk
            chunk = []


def _step(model: Any, optimizer: Any, chunk: Sequence[Sequence[Encoded]]) -> float:
    import torch

    tokens = sum(len(one.reply) for batch in chunk for one in batch)
    total = 0.0
    for batch in chunk:
        value, _ = loss(model, batch)
        (value / tokens).backward()
        total += float(value.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total / tokens


def _checkpoint(out: Path, model: Any, optimizer: Any, spent: float, step: int, settings: Settings) -> None:
    import torch

    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "spent": spent, "step": step, "seed": settings.seed}
    torch.save(state, out / "checkpoint.tmp")
    (out / "checkpoint.tmp").replace(out / "checkpoint.pt")


def _resume(out: Path, model: Any, optimizer: Any, settings: Settings) -> tuple[float, int]:
    import torch

    path = out / "checkpoint.pt"
    if not path.exists():
        return 0.0, 0
    state = torch.load(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["spent"], state["step"]


def main() -> None:
    """The command line."""
    import sys

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in Settings.__slots__:
        default = Settings.__dataclass_fields__[name].default
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--out", type=Path, required=True)
    given = vars(parser.parse_args())
    out = given.pop("out")
    began = time.monotonic()
    pretrain(Settings(**given), out, lambda line: sys.stderr.write(f"[{time.monotonic() - began:6.0f} s] {line}\n"))


if __name__ == "__main__":
    main()
