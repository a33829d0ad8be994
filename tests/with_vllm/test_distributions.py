"""The distribution that vLLM says it sampled from, against transformers in float32."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
from reference import answers, chats, check_logprobs, completions, full, sampled

from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.grammar import legal_replies
from agentarena.core.errors import AgentFault, BadOption
from agentarena.core.text import Choices, Options, Pattern, Schema

CHOICES = Choices(("a1", "b2", "raise 4", "raise 41"))
SETTINGS: dict[str, dict[str, Any]] = {
    "free": {"temperature": 1.0},
    "temperature": {"temperature": 0.7},
    "top-p": {"temperature": 2.0, "top_p": 0.9},
    "top-k": {"temperature": 0.7, "top_k": 5},
    "top-k and top-p": {"temperature": 1.3, "top_k": 20, "top_p": 0.8},
    "choices": {"temperature": 0.7, "options": CHOICES},
    "choices and top-p": {"temperature": 1.3, "options": CHOICES, "top_p": 0.9},
    "pattern": {"temperature": 0.7, "options": Pattern(r"(north|south) [1-9]")},
    "words": {"temperature": 1.3, "options": Pattern(r"<say>[^<>]{1,20}</say>")},
    "schema": {"temperature": 0.7, "options": Schema({"type": "object", "properties": {"move": {"enum": [1, 22]}}, "required": ["move"]})},
    "greedy": {"temperature": 0.0},
    "greedy choices": {"temperature": 0.0, "options": CHOICES},
}


def generate(engine: Any, setting: str, count: int = 8) -> list[Completion]:
    requests = [Request(chat, max_tokens=16, seed=seed, **SETTINGS[setting]) for seed, chat in enumerate(chats(count))]
    return completions(answers(engine, requests))


@pytest.mark.parametrize("setting", SETTINGS)
def test_log_probabilities_are_those_of_the_distribution_sampled_from(engine: Any, judge: Any, setting: str) -> None:
    temperature = SETTINGS[setting]["temperature"]
    for completion in generate(engine, setting):
        assert completion.version == "0"
        rows = sampled(judge, completion, temperature)
        check_logprobs(completion, rows)
        if set(SETTINGS[setting]) == {"temperature"}:
            assert set(completion.allowed_ids) == {None}
            assert completion.log_normalizers == (0.0,) * len(rows)
        else:
            assert None not in completion.allowed_ids
            assert completion.log_normalizers == ()


def test_allowed_tokens_of_a_nucleus_are_the_likeliest_that_reach_it(engine: Any, judge: Any) -> None:
    sizes = set()
    for completion in generate(engine, "top-p"):
        for row, ids in zip(np.exp(sampled(judge, completion, 2.0)), completion.allowed_ids, strict=True):
            inside = row[list(ids or ())]
            assert inside.sum() >= 0.9 - 1e-5
            assert inside.sum() - inside.min() <= 0.9 + 1e-5
            assert inside.min() >= np.delete(row, list(ids or ())).max() - 1e-6
            sizes.add(len(inside))
    assert len(sizes) > 3


@pytest.mark.parametrize("setting", ["choices", "greedy choices"])
def test_allowed_tokens_under_choices_are_all_that_lead_to_one(engine: Any, setting: str) -> None:
    tokenizer = engine.template.tokenizer
    texts = {token: tokenizer.decode([token]) for token in range(len(tokenizer)) if token not in tokenizer.all_special_ids}
    branching = 0
    for completion in generate(engine, setting):
        for place, ids in enumerate(completion.allowed_ids):
            text = tokenizer.decode(list(completion.token_ids[:place]))
            rests = [reply[len(text) :] for reply in legal_replies(CHOICES) if reply.startswith(text)]
            expected = {token for token, piece in texts.items() if piece and any(rest.startswith(piece) for rest in rests)}
            expected |= {tokenizer.eos_token_id} if "" in rests else set()
            assert set(ids or ()) == expected
            branching += len(expected) > 1
    assert branching > 8


def test_replies_under_choices_are_those_of_every_back_end(engine: Any) -> None:
    assert {completion.text for completion in generate(engine, "choices", 24)} <= {f"<answer>{move}</answer>" for move in CHOICES.replies}


@pytest.mark.parametrize("setting", ["top-p", "choices", "greedy choices"])
def test_normalizers_are_the_probability_of_the_allowed_tokens(
    engine: Any, judge: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    plain = generate(engine, setting, 4)
    monkeypatch.setattr(engine, "_normalizers", True)
    for completion, before in zip(generate(engine, setting, 4), plain, strict=True):
        assert completion.token_ids == before.token_ids
        rows = sampled(judge, completion, SETTINGS[setting]["temperature"])
        expected = [np.logaddexp.reduce(row[list(ids or ())]) for row, ids in zip(rows, completion.allowed_ids, strict=True)]
        np.testing.assert_allclose(completion.log_normalizers, expected, atol=2e-4)


def test_an_adapter_is_in_log_probabilities_and_normalizers(engine: Any, judge: Any, adapter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from safetensors.torch import load_file

    adapted = copy.deepcopy(judge)
    factors = load_file(adapter / "adapter_model.safetensors")
    with torch.no_grad():
        for number, layer in enumerate(adapted.model.layers):
            name = f"base_model.model.model.layers.{number}.self_attn.q_proj"
            layer.self_attn.q_proj.weight += 2 * factors[f"{name}.lora_B.weight"] @ factors[f"{name}.lora_A.weight"]  # alpha 8, rank 4
    monkeypatch.setattr(engine, "_normalizers", True)
    requests = [Request(chat, max_tokens=16, seed=seed, adapter="other", **SETTINGS["choices"]) for seed, chat in enumerate(chats(4))]
    for completion in completions(answers(engine, requests)):
        rows = sampled(adapted, completion, 0.7)
        check_logprobs(completion, rows, atol=1e-3)
        expected = [np.logaddexp.reduce(row[list(ids or ())]) for row, ids in zip(rows, completion.allowed_ids, strict=True)]
        np.testing.assert_allclose(completion.log_normalizers, expected, atol=2e-3)


def test_where_more_could_be_drawn_than_are_listed_none_are(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = generate(engine, "top-p")
    monkeypatch.setattr(engine, "_most_allowed", 2)
    unknown = 0
    for completion, before in zip(generate(engine, "top-p"), listed, strict=True):
        fits = max(len(ids or ()) for ids in before.allowed_ids) < 2
        assert completion.allowed_ids == (before.allowed_ids if fits else ())
        np.testing.assert_allclose(completion.logprobs, before.logprobs, atol=1e-5)
        unknown += not fits
    assert unknown > 2


@pytest.mark.parametrize("temperature", [1.0, 0.7, 2.0])
def test_scores_are_under_the_whole_vocabulary(engine: Any, judge: Any, temperature: float) -> None:
    (chat,) = chats(1)
    ids = engine.template.prompt(chat)
    for text in (ids, ids[:2]):
        np.testing.assert_allclose(engine.score(text, temperature), full(judge, text, temperature), atol=1e-4)
    assert engine.score(ids[:1]) == engine.score(()) == ()


def test_a_text_that_cannot_be_scored_is_refused(engine: Any) -> None:
    with pytest.raises(BadOption, match="temperature greater than 0"):
        engine.score((5, 6), 0.0)
    with pytest.raises(AgentFault, match="tokens"):
        engine.score((5,) * engine.context)


def test_scores_beside_other_requests_leave_them_as_they_are(engine: Any, judge: Any) -> None:
    """vLLM hands over as many log-probabilities as the request of a batch with most of them."""
    requests = [Request(chat, max_tokens=16, seed=seed, **SETTINGS["choices"]) for seed, chat in enumerate(chats(6))]
    mixed = [one for pair in zip(requests, [dataclasses.replace(one, options=None) for one in requests], strict=True) for one in pair]
    alone = [completions(answers(engine, [request]))[0] for request in mixed]
    for together, single in zip(completions(answers(engine, mixed)), alone, strict=True):
        assert (together.token_ids, together.allowed_ids) == (single.token_ids, single.allowed_ids)
        np.testing.assert_allclose(together.logprobs, single.logprobs, atol=1e-5)


def test_options_are_read_as_every_other_back_end_reads_them() -> None:
    from agentarena.agents.llm.grammar import structured_outputs
    from agentarena.agents.llm.vllm_sampling import sampling

    kinds: list[Options] = [CHOICES, Pattern("[ab]+"), Schema({"type": "integer"})]
    for options in kinds:
        parameters = sampling(Request((), options=options), 100, 10).structured_outputs
        assert {name: getattr(parameters, name) for name in structured_outputs(options)} == structured_outputs(options)
