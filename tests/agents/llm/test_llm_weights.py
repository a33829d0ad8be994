"""New weights for a running engine: they are the ones that answer, all of them, and an update that goes wrong is noticed."""

from __future__ import annotations

import copy
import threading
import time
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402
from small_model import ask, questions, small  # noqa: E402

import agentarena as aa  # noqa: E402
from agentarena.agents.llm import weights as module  # noqa: E402
from agentarena.agents.llm.agent import LanguageAgent  # noqa: E402
from agentarena.agents.llm.engine import Completion, Probe, TokenEngine  # noqa: E402
from agentarena.agents.llm.hf import HFEngine  # noqa: E402
from agentarena.core.errors import AgentRaised, ArenaError, BadOption, WeightsMismatch  # noqa: E402
from agentarena.core.text import Pattern  # noqa: E402


def variant(seed: int, *, tied: bool = True):
    """A model like the small one with other weights."""
    config = copy.deepcopy(small()[0].config)
    config.tie_word_embeddings = tied
    torch.manual_seed(seed)
    model = type(small()[0])(config).eval()
    model.generation_config.eos_token_id = small()[0].generation_config.eos_token_id
    return model


def backend(seed: int = 1, *, tied: bool = True) -> HFEngine:
    return HFEngine(variant(seed, tied=tied), tokenizer=small()[1])


def plain(model, ids, temperature: float = 1.0) -> np.ndarray:
    """Log-probability of each token after the first by a pass of transformers. Shape (T - 1,)."""
    with torch.no_grad():
        scores = torch.log_softmax(model(torch.tensor([ids])).logits[0, :-1].float() / temperature, -1)
    return scores[range(len(ids) - 1), list(ids[1:])].numpy()


TEXT = tuple(int(token) for token in np.random.default_rng(0).integers(3, 500, 40))


def probe(model) -> Probe:
    return Probe(TEXT, tuple(plain(model, TEXT).tolist()))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("source", ["folder", "file", "sharded", "tensors"])
def test_after_an_update_the_new_weights_answer(source, tied, tmp_path):
    """Step 0 after an update: free, warm, with cut-offs and under legal replies, within 1e-4 of a pass over the new weights."""
    held, new = backend(tied=tied), variant(2, tied=tied)
    assert isinstance(held, TokenEngine)
    new.save_pretrained(tmp_path, max_shard_size="60KB" if source == "sharded" else "1GB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1 or source != "sharded"
    weights = {"folder": tmp_path, "file": tmp_path / "model.safetensors", "sharded": str(tmp_path)}.get(source)
    before = ask(held, questions(6), close=False)  # fills the store of shared prompts
    held.update_weights(new.state_dict().items() if weights is None else weights, "step-7", probe(new))
    np.testing.assert_allclose(held.score(TEXT), plain(new, TEXT), atol=1e-4)
    requests = [*questions(6), *questions(6, temperature=0.7, top_p=0.9), *questions(6, temperature=0.7, options=Pattern("[a-m]{1,4}"))]
    answers = ask(held, requests)
    assert {answer.version for answer in before} == {"0"}
    assert [answer.logprobs for answer in before] != [answer.logprobs for answer in answers[:6]]
    for request, answer in zip(requests, answers, strict=True):
        assert answer.version == "step-7"
        expected = plain(new, answer.prompt_ids + answer.token_ids, request.temperature or 1.0)[len(answer.prompt_ids) - 1 :]
        np.testing.assert_allclose(np.add(answer.logprobs, answer.log_normalizers), expected, atol=1e-4)


def test_scores_are_those_of_one_pass_at_any_temperature():
    held = backend()
    for temperature in (1.0, 0.7):
        np.testing.assert_allclose(held.score(TEXT, temperature), plain(variant(1), TEXT, temperature), atol=1e-5)
    held.close()
    with pytest.raises(AgentRaised, match="is closed"):
        held.score(TEXT)


def _forget_the_embedding(load):
    def sabotaged(model, weights):
        weight = model.get_input_embeddings().weight.data.clone()
        load(model, weights)
        model.get_input_embeddings().weight.data.copy_(weight)

    return sabotaged


def _untie(load):
    """What vLLM's reload does on a CPU: the output layer keeps the old weights of the embedding it is tied to."""

    def sabotaged(model, weights):
        old = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        load(model, weights)
        model.lm_head.weight = old

    return sabotaged


def _one_number(load):
    def sabotaged(model, weights):
        load(model, weights)
        model.model.layers[1].mlp.up_proj.weight.data[0] *= -3

    return sabotaged


@pytest.mark.parametrize("sabotage", [_forget_the_embedding, _untie, _one_number, lambda load: lambda model, weights: None])
def test_a_wrong_update_is_noticed_and_answers_nothing(sabotage, monkeypatch):
    held, new = backend(), variant(2)
    with monkeypatch.context() as patched:
        patched.setattr(module, "load_weights", sabotage(module.load_weights))
        with pytest.raises(WeightsMismatch, match=r"version '1': after the update \d+ of 39 log-probabilities"):
            held.update_weights(new.state_dict().items(), "1", probe(new))
    assert all(isinstance(answer, WeightsMismatch) for answer in ask(held, questions(2), close=False))
    with pytest.raises(WeightsMismatch):
        held.score(TEXT)
    if sabotage is not _untie:
        held.update_weights(new.state_dict().items(), "2", probe(new))
        assert [answer.version for answer in ask(held, questions(2), close=False)] == ["2", "2"]
    held.close()


def test_weights_of_another_model_are_refused():
    held, new = backend(), variant(2)
    tensors = dict(new.state_dict())
    name = "model.layers.0.mlp.up_proj.weight"
    wrong = [
        ({key: value for key, value in tensors.items() if key != name}, "1 weights are missing, e.g. 'model.layers.0.mlp.up_proj"),
        ({**tensors, "extra.weight": torch.zeros(1)}, "no weights named 'extra.weight'"),
        ({**tensors, name: torch.zeros(3, 3)}, r"shape \(3, 3\), expected \(64, 48\)"),
        ({**tensors, "lm_head.weight": tensors["lm_head.weight"] + 1}, "differ from those that they are tied to"),
    ]
    for weights, message in wrong:
        with pytest.raises(BadOption, match=message):
            held.update_weights(weights.items(), "1")
        assert isinstance(ask(held, questions(1), close=False)[0], BadOption)
    with pytest.raises(BadOption, match="expected a file, or a folder"):
        held.update_weights("no/such/folder", "1")
    held.update_weights(((key, value) for key, value in tensors.items() if key != "lm_head.weight"), "1", probe(new))
    held.close()


def test_replies_under_way_are_finished_by_the_weights_that_began_them():
    held, new = backend(), variant(2)
    requests = questions(8, max_tokens=60, temperature=1.0)
    expected = ask(backend(), requests)
    answers: list = [None] * len(requests)
    done = threading.Semaphore(0)
    for index, request in enumerate(requests):

        def take(answer, index=index):
            answers[index] = answer
            done.release()

        held.submit(request, take)
    while not held._steps:  # until the batch has begun
        time.sleep(0.001)
    held.update_weights(new.state_dict().items(), "1", probe(new))
    for _ in requests:
        assert done.acquire(timeout=60)
    finished = [answer.version for answer in answers]
    assert "0" in finished
    for answer, before in zip(answers, expected, strict=True):
        assert answer.version == "1" or answer.token_ids == before.token_ids
    held.close()


def test_the_models_own_thread_cannot_wait_for_itself():
    held, raised = backend(), threading.Event()

    def take(answer):
        with pytest.raises(RuntimeError, match="cannot wait for itself"):
            held.score(TEXT)
        raised.set()

    held.submit(questions(1)[0], take)
    assert raised.wait(60)
    held.close()


def test_records_and_samples_name_the_version():
    held, new = backend(), variant(2)
    agent = LanguageAgent.of(held, constrain=True, temperature=1.0, max_tokens=40, memory="state", name="small", release=lambda: None)
    versions = []
    for version in (None, "step-1"):
        if version:
            held.update_weights(new.state_dict().items(), version, probe(new))
        (record,) = aa.play("TicTacToe-v0", [agent, "random"], matches=1, seed=1, rotate=False).records
        versions.append((record.seats[0].version, {sample.version for entry in record.samples for sample in entry["samples"]}))
    assert versions == [("1", {"0"}), ("step-1", {"step-1"})]
    held.close()


def test_adapters_stay_beside_new_weights(tmp_path):
    pytest.importorskip("peft")
    from test_llm_transformers import lora

    lora(tmp_path / "first", 0)
    held, new = backend(), variant(2)
    request = questions(1, max_tokens=6)[0]
    adapted = replace(request, adapter=str(tmp_path / "first"))
    ask(held, [adapted], close=False)
    held.update_weights(new.state_dict().items(), "1", probe(new))
    bare, beside = ask(held, [request], close=False) + ask(held, [adapted])
    np.testing.assert_allclose(bare.logprobs, plain(new, bare.prompt_ids + bare.token_ids)[len(bare.prompt_ids) - 1 :], atol=1e-4)
    assert isinstance(beside, Completion)
    assert beside.logprobs != bare.logprobs


def test_a_probe_says_what_is_wrong():
    one = Probe((5, 6, 7), (-1.0, -2.0))
    one.check((-1.00001, -2.0), "x")
    for logprobs, message in (
        ((-1.0, -2.5), "token 2 has -2.5, expected -2 within"),
        ((-1.0, float("nan")), "token 2 has nan"),
        ((-1.0,), "has 2"),
    ):
        with pytest.raises(WeightsMismatch, match=message):
            one.check(logprobs, "x")
    assert issubclass(WeightsMismatch, ArenaError)


@pytest.mark.parametrize(
    "index",
    [
        "[]",
        "{",
        '{"weight_map": 3}',
        '{"weight_map": {"a": "../other.safetensors"}}',
        '{"weight_map": {"a": 3}}',
        '{"weight_map": {"a": "a.bin"}}',
    ],
)
def test_an_index_names_safetensors_files_beside_it_alone(tmp_path, index):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(BadOption, match="index"):
        list(module.named_tensors(folder))
