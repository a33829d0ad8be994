"""The recipe of the small model: what it reads, what it is told, and that its shortcut is one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.registry import ENVS
from agentarena.models.corpus import LESSONS, Decision, Lesson, corpus, decisions

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.models.pretrain import Encoded, Settings, build, encode, loss, micro_batches, optimizers, pretrain, step, texts_of
from agentarena.models.tokenizer import train

FEW = tuple(lesson for lesson in LESSONS if lesson.env in ("TicTacToe-v0", "KuhnPoker-v0", "Dhumbal-v0", "LevineHats-v0"))


@pytest.fixture(scope="module")
def taught() -> list[Decision]:
    return corpus(120, seed=3, lessons=FEW)


@pytest.fixture(scope="module")
def tokenizer(taught: list[Decision]) -> Any:
    return train(texts_of(taught), 700)


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    return build(Settings(hidden=32, layers=2, heads=2, feed_forward=48, seed=1), tokenizer)


def test_a_corpus_is_the_same_on_any_number_of_processes(taught: list[Decision]) -> None:
    assert corpus(120, seed=3, lessons=FEW, workers=2) == taught
    assert corpus(120, seed=4, lessons=FEW) != taught


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: f"{lesson.env}-{len(lesson.options)}")
def test_every_lessons_replies_are_readable_and_name_a_listed_move(lesson: Lesson) -> None:
    for one in islice(decisions(lesson, seed=1), 6):
        assert one.reply.startswith("<answer> ")
        assert one.reply.endswith("</answer>")
        listed = one.view.rpartition("Legal: ")
        if listed[1]:
            assert one.reply.removeprefix("<answer> ").removesuffix("</answer>") in listed[2].split(", ")


def test_every_discrete_environment_has_a_lesson() -> None:
    later = {
        "Consensus-v0",
        "EFG-v0",
        "Football-v0",
        "Hexner-v0",
        "Hexner22-v0",
        "Household-v0",
        "Merge-v0",
        "OneStageHexner-v0",
        "PokemonVGC-v0",
        "Shop-v0",
        "SkillGame-v0",
    }  # younger than the model in the box
    assert {lesson.env for lesson in LESSONS} == set(ENVS) - later - {"Commons-v0"}  # whose moves are amounts


def test_encoded_parts_join_to_the_rendered_conversation(taught: list[Decision], tokenizer: Any) -> None:
    for one, parts in zip(taught[:20], encode(tokenizer, taught[:20]), strict=True):
        messages = [{"role": "system", "content": one.rules}, {"role": "user", "content": one.view}]
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        whole = tokenizer(prompt + one.reply + "<|im_end|>", add_special_tokens=False).input_ids
        assert list(parts.rules + parts.view + parts.reply) == whole
        assert tokenizer.decode(parts.view).endswith("<|im_start|>assistant\n")
        assert tokenizer.decode(parts.reply) == one.reply + "<|im_end|>"


def test_tokens_keep_cards_cells_and_names_apart(tokenizer: Any) -> None:
    def pieces(text: str) -> list[str]:
        return [tokenizer.decode([i]) for i in tokenizer(text, add_special_tokens=False).input_ids]

    assert pieces(" 4H 10S") in ([" 4H", " 10S"], [" 4", "H", " 10", "S"], [" 4H", " 10", "S"], [" 4", "H", " 10S"])
    for text in ("discard 10H, discard QC", "unheard-of: É🂡\t~", "report Olga wolf"):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text
    assert not any("Olga" in piece and "wolf" in piece for piece in pieces("report Olga wolf"))


def test_the_shared_pass_over_the_rules_has_the_gradient_of_the_plain_loss(taught: list[Decision], tokenizer: Any, model: Any) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    def lengths(batch: Sequence[Encoded]) -> int:
        return len({len(one.view) for one in batch})

    batch = max(micro_batches(encode(tokenizer, taught), 6, np.random.default_rng(0)), key=lengths)
    assert lengths(batch) > 1  # so that padding is tested too
    model.zero_grad()
    replies, views = loss(model, batch)
    (replies + 0.3 * views).backward()
    shared = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    expected = torch.zeros(2)
    for one in batch:
        ids = torch.tensor([one.rules + one.view + one.reply])
        each = cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        start, split = len(one.rules), len(one.rules) + len(one.view)
        reply, view = each[split - 1 :].sum(), each[start : split - 1].sum()
        (reply + 0.3 * view).backward()
        expected += torch.stack([reply.detach(), view.detach()])
    assert torch.allclose(torch.stack([replies, views]).detach(), expected, rtol=1e-4)
    for name, p in model.named_parameters():
        scale = float(p.grad.abs().max())
        assert torch.allclose(shared[name], p.grad, atol=1e-4 * scale), name


def test_micro_batches_pass_over_everything_once(taught: list[Decision], tokenizer: Any) -> None:
    encoded = encode(tokenizer, taught)
    batches = list(micro_batches(encoded, 5, np.random.default_rng(0)))
    assert sorted(id(one) for batch in batches for one in batch) == sorted(map(id, encoded))
    assert all(len({one.rules for one in batch}) == 1 and len(batch) <= 5 for batch in batches)


def test_every_parameter_has_one_optimizer(model: Any) -> None:
    held = [id(p) for one in optimizers(model, Settings()) for group in one.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters())


@pytest.mark.slow
def test_steps_learn_what_is_taught(taught: list[Decision], tokenizer: Any) -> None:
    model = build(Settings(hidden=32, layers=2, heads=2, feed_forward=48, seed=1), tokenizer)
    updates = optimizers(model, Settings(rate=0.01))
    chunk = list(micro_batches(encode(tokenizer, taught), 8, np.random.default_rng(0)))
    losses = [step(model, updates, chunk) for _ in range(30)]
    for before, after in zip(losses[0], losses[-1], strict=True):
        assert after < 0.7 * before


@pytest.mark.slow
def test_a_run_of_seconds_ends_in_a_model_that_plays(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    said: list[str] = []
    small = Settings(minutes=0.03, decisions=300, hidden=32, layers=1, heads=2, feed_forward=48, vocabulary=900)
    pretrain(small, tmp_path / "m", said.append)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tmp_path / "m"), AutoTokenizer.from_pretrained(tmp_path / "m")
    assert model.config.model_type == "qwen3"
    assert tokenizer.eos_token == "<|im_end|>"
    assert "nats a reply" in said[-1]
    assert not (tmp_path / "m" / "checkpoint.pt").exists()
    bot = aa.agent(f"hf:{tmp_path / 'm'}?max_tokens=4&memory=state")
    assert len(aa.play("TicTacToe-v0", [bot, "random"], matches=2).records) == 2


@pytest.mark.slow
def test_a_run_goes_on_from_a_finished_model(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    first, second = tmp_path / "first", tmp_path / "second"
    small = Settings(minutes=0.02, decisions=300, hidden=32, layers=1, heads=2, feed_forward=48, vocabulary=900)
    pretrain(small, first)
    pretrain(Settings(minutes=1e-6, decisions=300, base=str(first), seed=5), second)  # no time: one step at no rate
    tensors = [AutoModelForCausalLM.from_pretrained(one).state_dict() for one in (first, second)]
    assert all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])
    words = [AutoTokenizer.from_pretrained(one).get_vocab() for one in (first, second)]
    assert words[0] == words[1]
    recipe = json.loads((second / "recipe.json").read_text())
    assert (recipe["hidden"], recipe["layers"], recipe["vocabulary"]) == (32, 1, len(words[0]))
    assert recipe["before"] == json.loads((first / "recipe.json").read_text())
    assert recipe["before"]["before"] is None
    with pytest.raises(FileNotFoundError, match=r"base: got .* holds a finished model"):
        pretrain(Settings(base=str(tmp_path / "nothing")), tmp_path / "third")
    with pytest.raises(ValueError, match="minutes or steps must be greater than 0, got minutes=-1"):
        pretrain(Settings(minutes=-1), tmp_path / "third")


def test_a_run_by_updates_does_not_depend_on_the_clock(taught: list[Decision], tmp_path: Path) -> None:
    small = Settings(steps=3, minutes=0.0, decisions=120, hidden=32, layers=1, heads=2, feed_forward=48, vocabulary=600)
    recipes = []
    for name in ("first", "second"):
        pretrain(small, tmp_path / name, taught=taught)
        recipes.append(json.loads((tmp_path / name / "recipe.json").read_text()))
    assert recipes[0] == recipes[1]
    assert recipes[0]["steps"] == 3
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second")]
    assert weights[0] == weights[1]
    with pytest.raises(ValueError, match="minutes or steps must be greater than 0"):
        pretrain(Settings(minutes=0.0), tmp_path / "third", taught=taught)


def test_attention_that_copies_at_first_adds_what_it_looks_at(tokenizer: Any) -> None:
    import torch

    settings = Settings(hidden=32, layers=2, heads=4, feed_forward=48, copying=0.5, seed=1)
    attention = build(settings, tokenizer).model.layers[0].self_attn
    width = attention.head_dim
    values, outputs = attention.v_proj.weight, attention.o_proj.weight  # (2 key heads x 8, 32), (32, 4 heads x 8)
    by_head = values.view(2, width, 32).repeat_interleave(2, dim=0).reshape(-1, 32)
    copied = outputs @ by_head
    assert torch.allclose(copied, 0.5 * values.T @ values, atol=1e-5)  # half of the part that the heads can hold
    assert torch.allclose(torch.linalg.eigvalsh(copied)[-16:], torch.full((16,), 0.5), atol=1e-4)


def test_embeddings_have_a_rate_of_their_own(tokenizer: Any) -> None:
    settings = Settings(hidden=32, layers=1, heads=2, feed_forward=48, embeddings=0.1)
    model = build(settings, tokenizer)
    shares = {id(p): group["share"] for one in optimizers(model, settings) for group in one.param_groups for p in group["params"]}
    assert {shares[id(p)] for name, p in model.named_parameters() if "embed" in name} == {0.1}
    assert {shares[id(p)] for name, p in model.named_parameters() if "embed" not in name} == {1.0}
