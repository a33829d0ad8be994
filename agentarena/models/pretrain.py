"""Pre-trains `tiny` from scratch: a small Qwen3 that reads text faces and writes moves.

    python -m agentarena.models.pretrain --out agentarena/models/tiny                      # the full recipe, 75 minutes on two cores
    python -m agentarena.models.pretrain --minutes 5 --decisions 10000 --layers 3 --out runs/smaller
    python -m agentarena.models.pretrain --base agentarena/models/tiny --out runs/longer    # goes on from a finished model

In order: a corpus of teachers' decisions (`corpus.py`), a tokenizer (`tokenizer.py`), a model, and cross-entropy on the
replies and, at half the weight, on the views (a model that can foretell the list of legal moves has read the board; it
learned faster so). Left out on purpose: packing, and mixed precision (float32 is faster on processors without bfloat16
units). The one liberty: decisions of the same rules share one pass over those rules, whose keys and values are computed
once a micro-batch and differentiated through; the gradient is that of the plain loss (a test compares them).

The rate rises for 2 % of the time, stays, and falls to nothing. A run is continued from `--out/checkpoint.pt`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .corpus import Decision, corpus
from .tokenizer import PIECES, SPECIALS, train

VIEWS = 0.5
"""Weight of the views' loss per token beside that of the replies."""

__all__ = ["Encoded", "Settings", "encode", "loss", "micro_batches", "pretrain", "step"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that shapes a run.

    Attributes:
        minutes: Wall-clock budget of training; the schedule of the rate follows it. Not read where `steps` is set.
        steps: Updates of training in place of `minutes`, so that the result does not depend on the machine's speed; 0 goes by the clock.
        decisions: Size of the corpus; it is passed over again when time allows.
        hidden: Width of the model.
        layers: Number of layers.
        heads: Attention heads, at least 2; the greatest divisor up to half as many for keys and values.
        feed_forward: Width of the feed-forward layers.
        vocabulary: Entries of the tokenizer.
        copying: How strongly attention copies what it looks at before anything is learned; 0 begins at random.
        rate: Greatest learning rate.
        embeddings: Learning rate of the embeddings, relative to `rate`.
        batch: Decisions in an optimizer step.
        micro: Decisions in a micro-batch, all of the same rules.
        seed: Seed of the corpus, the initial weights and the order.
        base: Folder of a finished model to go on from, whose tokenizer and shape then hold; empty to begin from nothing.
    """

    minutes: float = 70.0
    steps: int = 0
    decisions: int = 150_000
    hidden: int = 128
    layers: int = 5
    heads: int = 4
    feed_forward: int = 448
    vocabulary: int = 3072
    copying: float = 0.0
    rate: float = 1e-2
    embeddings: float = 1.0
    batch: int = 36
    micro: int = 12
    seed: int = 0
    base: str = ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A decision in tokens: the rules' part of the prompt, the rest of it, and the reply with its end."""

    rules: tuple[int, ...]
    view: tuple[int, ...]
    reply: tuple[int, ...]


def texts_of(decisions: Sequence[Decision]) -> Iterator[str]:
    """What a tokenizer is trained on: views and replies as often as they come, but each game's rules thirty times only."""
    for rules in {one.rules: None for one in decisions}:
        yield from [rules] * 30
    for one in decisions:
        yield f"user\n{one.view}"
        yield f"assistant\n{one.reply}"


def encode(tokenizer: Any, decisions: Sequence[Decision]) -> list[Encoded]:
    """The decisions in tokens; joined, a decision's parts are the chat template's rendering of its three messages.

    Special tokens and line breaks are pieces of their own, so tokens never straddle the joints.
    """

    def tokens(texts: Sequence[str]) -> list[tuple[int, ...]]:
        return [tuple(ids) for ids in tokenizer(list(texts), add_special_tokens=False).input_ids]

    frames = {rules: _frame(tokenizer, rules) for rules in {one.rules: None for one in decisions}}
    rules = dict(zip(frames, tokens([head for head, _, _ in frames.values()]), strict=True))
    views = tokens([one.view.join(frames[one.rules][1:]) for one in decisions])
    replies = tokens([one.reply + SPECIALS[2] for one in decisions])
    return [Encoded(rules[one.rules], view, reply) for one, view, reply in zip(decisions, views, replies, strict=True)]


def _frame(tokenizer: Any, rules: str) -> tuple[str, str, str]:
    """What the chat template writes of the rules alone, and before and after a view."""
    system, mark = {"role": "system", "content": rules}, "\0"
    head = str(tokenizer.apply_chat_template([system], tokenize=False))
    whole = tokenizer.apply_chat_template([system, {"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True)
    before, after = whole.removeprefix(head).split(mark)
    return head, before, after


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


def loss(model: Any, batch: Sequence[Encoded]) -> tuple[Any, Any]:
    """Cross-entropies over a micro-batch in nats: summed over the tokens of the replies, and over those of the views."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import DynamicCache

    rules = torch.tensor([batch[0].rules])
    cache = DynamicCache(config=model.config)
    model.model(input_ids=rules, past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(batch))
    length = max(len(one.view) + len(one.reply) for one in batch)
    rest = torch.zeros((len(batch), length), dtype=torch.long)
    kind = torch.zeros((len(batch), length), dtype=torch.long)  # 1 for a view's token, 2 for a reply's
    for row, one in enumerate(batch):
        tokens = one.view + one.reply
        rest[row, : len(tokens)] = torch.tensor(tokens)
        kind[row, : len(one.view)] = 1
        kind[row, len(one.view) : len(tokens)] = 2
    mask = torch.cat([torch.ones((len(batch), rules.shape[1]), dtype=torch.long), (kind > 0).long()], dim=1)
    hidden = model.model(input_ids=rest, attention_mask=mask, past_key_values=cache, use_cache=True).last_hidden_state[:, :-1]
    targets, kind = rest[:, 1:], kind[:, 1:]
    views, replies = (cross_entropy(model.lm_head(hidden[kind == k]), targets[kind == k], reduction="sum") for k in (1, 2))
    return replies, views


def build(settings: Settings, tokenizer: Any) -> Any:
    """A model in the Qwen3 architecture: that of `settings.base`, or a fresh one."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(settings.seed)
    if settings.base:
        return Qwen3ForCausalLM.from_pretrained(settings.base, dtype=torch.float32)
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
    model = Qwen3ForCausalLM(config)
    if settings.copying:
        from .copying import copy_at_first

        copy_at_first(model, settings.copying)
    return model


def shape_of(base: Path) -> dict[str, Any]:
    """The settings that a finished model in folder `base` decides.

    Raises:
        FileNotFoundError: The folder has no model.
    """
    if not (base / "config.json").exists():
        raise FileNotFoundError(f"base: got {str(base)!r}, which has no config.json; name a folder that holds a finished model")
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return {
        "hidden": config["hidden_size"],
        "layers": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
        "feed_forward": config["intermediate_size"],
        "vocabulary": config["vocab_size"],
    }


def rate_at(fraction: float, peak: float) -> float:
    """The learning rate when `fraction` of the time is spent: a short rise, a plateau, a straight fall to nothing.

    >>> rate_at(0.01, 1.0), rate_at(0.2, 1.0), round(rate_at(0.65, 1.0), 3), rate_at(1.0, 1.0)
    (0.5, 1.0, 0.5, 0.0)
    """
    return peak * min(1.0, fraction / 0.02, max(0.0, 1.0 - fraction) / 0.7)


def optimizers(model: Any, settings: Settings) -> list[Any]:
    """Muon for the matrices of the layers, AdamW for embeddings and gains; a group's `share` is its rate relative to the others'."""
    import torch

    from .muon import Muon

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in model.named_parameters() if not (p.ndim == 2 and ".layers." in name)]
    groups = [
        {"params": [p for p in others if p.ndim == 2], "share": settings.embeddings},
        {"params": [p for p in others if p.ndim != 2], "share": 1.0},
    ]
    updates = [Muon(matrices, settings.rate), torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)]
    for group in updates[0].param_groups:
        group["share"] = 1.0
    return updates


def pretrain(
    settings: Settings, out: Path, say: Any = lambda line: None, taught: Sequence[Decision] | None = None, pieces: str = PIECES
) -> None:
    """Runs the recipe and saves model and tokenizer into `out`, where `AutoModelForCausalLM` loads them from.

    Args:
        settings: What shapes the run.
        out: The folder.
        say: Takes lines on how far it is.
        taught: What is learned, in place of the corpus of games; `settings.decisions` should be its length.
        pieces: Of the tokenizer, where one is trained; see `tokenizer.train`.
    """
    from transformers import AutoTokenizer

    if settings.minutes <= 0 and settings.steps <= 0:
        raise ValueError(f"minutes or steps must be greater than 0, got minutes={settings.minutes:g}, steps={settings.steps}")
    if settings.base:
        settings = replace(settings, **shape_of(Path(settings.base)))
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    lessons = list(taught) if taught is not None else corpus(settings.decisions, settings.seed, workers=os.cpu_count() or 1)
    say(f"{len(lessons)} decisions in {time.monotonic() - began:.0f} s")
    known = out if (out / "checkpoint.pt").exists() else settings.base
    if known:
        tokenizer = AutoTokenizer.from_pretrained(known)
    else:
        tokenizer = train(texts_of(lessons[:8000]), settings.vocabulary, pieces)
    encoded = encode(tokenizer, lessons)
    held, encoded = encoded[: settings.decisions // 100], encoded[settings.decisions // 100 :]
    say(
        f"{sum(len(e.view) + len(e.reply) for e in encoded) / len(encoded):.0f} tokens a decision after the rules, {len(tokenizer)} entries"
    )
    model = build(settings, tokenizer)
    say(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")
    tokenizer.save_pretrained(out)
    model.config.save_pretrained(out)
    updates = optimizers(model, settings)
    spent, steps = _resume(out, model, updates)
    rng = np.random.default_rng(settings.seed + steps)
    started, recent = time.monotonic() - spent, []
    fraction = _spent(settings, steps, spent)
    while fraction < 1:
        for chunk in _chunks(micro_batches(encoded, settings.micro, rng), max(1, settings.batch // settings.micro)):
            fraction = _spent(settings, steps, time.monotonic() - started)
            if fraction >= 1 and steps:
                break
            for group in (group for optimizer in updates for group in optimizer.param_groups):
                group["lr"] = rate_at(fraction, settings.rate) * group["share"]
            recent.append(step(model, updates, chunk))
            steps += 1
            if steps % 25 == 0:
                replies, views = np.mean(recent[-25:], axis=0)
                say(f"step {steps}, {100 * fraction:.0f} %, nats a token: replies {replies:.4f}, views {views:.4f}")
            if steps % 200 == 0:
                _checkpoint(out, model, updates, time.monotonic() - started, steps)
    measured = _measure(model, held, settings)
    say(f"{steps} steps; decisions held back: {measured:.4f} nats a reply")
    save(model, tokenizer, out, settings, measured, steps)


def _spent(settings: Settings, steps: int, seconds: float) -> float:
    """The part of the training that is over, from 0 to 1 or a little more."""
    return steps / settings.steps if settings.steps else seconds / (60 * settings.minutes)


def _measure(model: Any, held: Sequence[Encoded], settings: Settings) -> float:
    """Mean cross-entropy of a reply, nats, over decisions that were not trained on."""
    import torch

    with torch.no_grad():
        total = sum(float(loss(model, batch)[0]) for batch in micro_batches(held, settings.micro, np.random.default_rng(0)))
    return total / len(held)


def save(model: Any, tokenizer: Any, out: Path, settings: Settings, measured: float, steps: int) -> None:
    """Writes model, tokenizer and the settings of the run."""
    model.generation_config.update(
        do_sample=False, max_new_tokens=64, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id
    )
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    recipe = {name: getattr(settings, name) for name in Settings.__slots__ if name != "base"}
    recipe |= {"steps": steps, "nats_a_reply": round(measured, 4), "before": _recipe_of(settings.base)}
    (out / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
    (out / "checkpoint.pt").unlink(missing_ok=True)


def _recipe_of(base: str) -> dict[str, Any] | None:
    """What the run before left on record: its settings and, under "before", those of the run before it."""
    path = Path(base) / "recipe.json"
    return json.loads(path.read_text(encoding="utf-8")) if base and path.exists() else None


def _chunks(batches: Iterator[list[Encoded]], size: int) -> Iterator[list[list[Encoded]]]:
    chunk: list[list[Encoded]] = []
    for batch in batches:
        chunk.append(batch)
        if len(chunk) == size:
            yield chunk
            chunk = []


def step(model: Any, updates: Sequence[Any], chunk: Sequence[Sequence[Encoded]]) -> tuple[float, float]:
    """One update; the losses before it, nats a token of the replies and of the views."""
    import torch

    replied = sum(len(one.reply) for batch in chunk for one in batch)
    viewed = sum(len(one.view) for batch in chunk for one in batch)
    total = np.zeros(2)
    for batch in chunk:
        replies, views = loss(model, batch)
        (replies / replied + VIEWS * views / viewed).backward()
        total += float(replies.detach()) / replied, float(views.detach()) / viewed
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in updates:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(total[0]), float(total[1])


def _checkpoint(out: Path, model: Any, updates: Sequence[Any], spent: float, steps: int) -> None:
    import torch

    state = {"model": model.state_dict(), "optimizers": [one.state_dict() for one in updates], "spent": spent, "steps": steps}
    torch.save(state, out / "checkpoint.tmp")
    (out / "checkpoint.tmp").replace(out / "checkpoint.pt")


def _resume(out: Path, model: Any, updates: Sequence[Any]) -> tuple[float, int]:
    import torch

    path = out / "checkpoint.pt"
    if not path.exists():
        return 0.0, 0
    state = torch.load(path)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(updates, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return state["spent"], state["steps"]


def main() -> None:
    """The command line."""
    import sys

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in Settings.__slots__:
        default = Settings.__dataclass_fields__[name].default
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--out", type=Path, required=True)
    arguments = vars(parser.parse_args())
    out = arguments.pop("out")
    began = time.monotonic()
    pretrain(Settings(**arguments), out, lambda line: sys.stderr.write(f"[{time.monotonic() - began:6.0f} s] {line}\n"))


if __name__ == "__main__":
    main()
