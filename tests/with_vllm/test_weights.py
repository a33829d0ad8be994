"""New weights in a running vLLM: its log-probabilities must become those of transformers, and a failed update must be noticed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from reference import answers, chats, check_logprobs, completions, full, perturbed, sampled

from agentarena.agents.llm.engine import Completion, Probe, Request
from agentarena.core.errors import BadOption, WeightsMismatch
from agentarena.core.text import Choices, Pattern

CHOICES = Choices(("a1", "b2", "raise 4"))


@pytest.fixture(scope="module")
def text(engine: Any) -> tuple[int, ...]:
    """A text that fills blocks of the key-value cache."""
    ids = engine.template.prompt(chats(1)[0])
    ids = (ids * 3)[:300]
    return tuple(ids)


@pytest.fixture(scope="module")
def changed(judge: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Another model of the same shape, and its folder."""
    folder = tmp_path_factory.mktemp("changed")
    return perturbed(judge, folder, seed=1), folder


@pytest.fixture
def restored(engine: Any, judge: Any, model: str, text: tuple[int, ...]) -> Iterator[None]:
    """Puts the weights back."""
    yield
    engine.update_weights(model, "0", Probe(text, tuple(full(judge, text))))


def check(engine: Any, model: Any, text: tuple[int, ...], version: str) -> list[Completion]:
    """The engine's scores and log-probabilities, free and constrained, are those of a model of transformers."""
    np.testing.assert_allclose(engine.score(text), full(model, text), atol=1e-4)
    requests = [Request(chat, max_tokens=8, temperature=0.7, seed=3, options=kind) for chat in chats(4) for kind in (None, CHOICES)]
    replies = completions(answers(engine, requests))
    for reply in replies:
        assert reply.version == engine.version == version
        check_logprobs(reply, sampled(model, reply, 0.7))
    return replies


@pytest.mark.usefixtures("restored")
def test_after_an_update_log_probabilities_are_those_of_the_new_weights(engine: Any, judge: Any, changed: Any, text: Any) -> None:
    assert judge.config.tie_word_embeddings
    other, folder = changed
    before = check(engine, judge, text, "0")
    probe = Probe(text, tuple(full(other, text)))
    assert np.abs(np.array(probe.logprobs) - full(judge, text)).max() > 0.1
    for version, weights in (("folder", folder), ("file", folder / "model.safetensors"), ("tensors", other.state_dict().items())):
        engine.update_weights(weights, version, probe)
        after = check(engine, other, text, version)
        assert any(one.logprobs != two.logprobs for one, two in zip(before, after, strict=True))
    engine.update_weights(judge.state_dict().items(), "back")
    check(engine, judge, text, "back")


@pytest.mark.usefixtures("restored")
def test_an_update_that_changes_less_than_it_should_is_noticed(engine: Any, judge: Any, changed: Any, text: Any) -> None:
    other, _ = changed
    probe = Probe(text, tuple(full(other, text)))
    sabotaged = {**other.state_dict(), "model.layers.3.mlp.down_proj.weight": judge.state_dict()["model.layers.3.mlp.down_proj.weight"]}
    with pytest.raises(WeightsMismatch, match="wrong"):
        engine.update_weights(sabotaged.items(), "sabotaged", probe)
    assert engine.version == "0"
    (refused,) = answers(engine, [Request(chats(1)[0], max_tokens=2)])
    assert isinstance(refused, WeightsMismatch)
    with pytest.raises(WeightsMismatch):
        engine.score(text)
    engine.update_weights(other.state_dict().items(), "1", probe)
    check(engine, other, text, "1")


@pytest.mark.usefixtures("restored")
def test_an_output_layer_that_stays_old_is_noticed(engine: Any, changed: Any, text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """vLLM's own `reload_weights` leaves it so where embeddings are tied and there is no GPU; a greedy reply may not show it."""
    from agentarena.agents.llm import vllm_engine

    other, folder = changed
    monkeypatch.setattr(vllm_engine, "load_weights", lambda llm, path: llm.collective_rpc("reload_weights", kwargs={"weights_path": path}))
    with pytest.raises(WeightsMismatch):
        engine.update_weights(folder, "old head", Probe(text, tuple(full(other, text))))


@pytest.mark.usefixtures("restored")
def test_weights_of_another_model_are_refused(engine: Any, judge: Any, text: Any) -> None:
    weights = judge.state_dict()
    name = "model.layers.0.mlp.down_proj.weight"
    for wrong in ({**weights, name: weights[name][:, :-1]}, {**weights, "model.stranger": weights[name]}):
        with pytest.raises(BadOption, match="cannot be loaded"):
            engine.update_weights(wrong.items(), "wrong")
        (refused,) = answers(engine, [Request(chats(1)[0], max_tokens=2)])
        assert isinstance(refused, BadOption)
    with pytest.raises(BadOption, match=r"lack 1 .*down_proj"):
        engine.update_weights(((key, value) for key, value in weights.items() if key != name), "incomplete")
    engine.update_weights(weights.items(), "right", Probe(text, tuple(full(judge, text))))
    check(engine, judge, text, "right")


def test_a_path_without_safetensors_changes_nothing(engine: Any, judge: Any, text: Any, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    for path in (tmp_path, tmp_path / "pytorch_model.bin", tmp_path / "nowhere"):
        with pytest.raises(BadOption, match="no safetensors"):
            engine.update_weights(path, "1")
    check(engine, judge, text, "0")


@pytest.mark.usefixtures("restored")
def test_replies_under_way_are_finished_first(engine: Any, judge: Any, changed: Any, text: Any) -> None:
    other, folder = changed
    box: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    letters = Pattern("[a-z]{300,}")
    engine.submit(Request(chats(1)[0], max_tokens=60, temperature=1.0, seed=1, options=letters), lambda answer: box.put(("before", answer)))
    update = threading.Thread(target=engine.update_weights, args=(folder, "1", Probe(text, tuple(full(other, text)))))
    engine.call(lambda llm: update.start())
    while engine._inbox.empty() and not engine._backlog and update.is_alive():
        pass  # until the update waits
    engine.submit(Request(chats(1)[0], max_tokens=4, temperature=1.0, seed=1), lambda answer: box.put(("after", answer)))
    replies = dict(box.get(timeout=120) for _ in range(2))
    update.join(120)
    for place, version, weights in (("before", "0", judge), ("after", "1", other)):
        (reply,) = completions([replies[place]])
        assert reply.version == version
        check_logprobs(reply, sampled(weights, reply, 1.0))


@pytest.mark.parametrize("tied", [False, True])
def test_an_untrained_model_in_this_process(model: str, tied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from agentarena.agents.llm.vllm import VLLMEngine

    torch.manual_seed(int(tied))
    config = AutoConfig.from_pretrained(model, num_hidden_layers=2, tie_word_embeddings=tied, layer_types=["full_attention"] * 2)
    first = AutoModelForCausalLM.from_config(config, dtype="float32").eval()
    first.save_pretrained(tmp_path / "first")
    AutoTokenizer.from_pretrained(model).save_pretrained(tmp_path / "first")
    second = perturbed(first, tmp_path / "second", seed=2, scale=0.1)
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    engine = VLLMEngine(str(tmp_path / "first"), dtype="float32", max_num_seqs=8, max_model_len=1024)
    try:
        ids = tuple(engine.template.prompt(chats(1)[0]))
        check(engine, first, ids, "0")
        engine.update_weights(tmp_path / "second", "1", Probe(ids, tuple(full(second, ids))))
        check(engine, second, ids, "1")
        engine.update_weights(first.state_dict().items(), "2", Probe(ids, tuple(full(first, ids))))
        check(engine, first, ids, "2")
        with pytest.raises(WeightsMismatch):
            engine.update_weights(first.state_dict().items(), "3", Probe(ids, tuple(full(second, ids))))
    finally:
        engine.close()
