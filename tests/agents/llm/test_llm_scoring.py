"""Log-probabilities of given replies: engines that work on tokens, servers that echo, servers that list a token's alternatives."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from fake_server import FakeServer, Say
from small_model import engine, questions, small

from agentarena.agents.llm.openai import OpenAIEngine
from agentarena.agents.llm.openai_answers import NoCompletion
from agentarena.agents.llm.scoring import Continuations, EchoScorer, FirstTokenScorer, TokenScorer, echoed, first_token, scorer
from agentarena.core.errors import BadOption, NotSupported, ServiceGone

CHAT = ({"role": "system", "content": "You answer questions."}, {"role": "user", "content": "What is 6 times 7?"})
ITEM = Continuations(CHAT, (" 42", " 41"))


@pytest.fixture(scope="module")
def backend():
    made = engine()
    yield made
    made.close()


def test_rows_in_a_batch_score_as_alone(backend):
    rows = [backend.template.prompt(request.messages) for request in questions(6)] + [(1,), (5, 6)]
    batch = backend.score_batch(rows)
    assert batch == backend.score_batch(rows)  # to the last bit
    for row, scores in zip(rows, batch, strict=True):
        np.testing.assert_allclose(scores, backend.score(row) if len(row) > 1 else [], atol=2e-5)


def test_a_reply_to_a_chat_is_scored_with_its_end(backend):
    ((score, other),) = scorer(backend).scores([ITEM])
    tokenizer = small()[1]
    prompt = backend.template.prompt(CHAT)
    reply = (*tokenizer(" 42", add_special_tokens=False).input_ids, tokenizer.eos_token_id)
    assert score.tokens == len(reply)
    assert score.logprob == pytest.approx(sum(backend.score((*prompt, *reply))[len(prompt) - 1 :]), abs=1e-4)
    assert other.logprob != score.logprob


def test_probabilities_of_all_first_tokens_add_up_to_one(backend):
    prompt = backend.template.prompt(CHAT)
    rows = [(*prompt, token) for token in range(len(small()[1]))]
    total = sum(math.exp(scores[-1]) for scores in backend.score_batch(rows))
    assert total == pytest.approx(1.0, abs=1e-4)


def test_plain_text_goes_on_where_the_tokens_part(backend):
    text = TokenScorer(backend, chat=False)
    ((score, _),) = text.scores([ITEM])
    tokenizer = small()[1]
    whole = tokenizer(ITEM.text + " 42").input_ids
    assert score.logprob == pytest.approx(sum(backend.score(whole)[len(whole) - score.tokens - 1 :]), abs=1e-4)
    assert text.name == "text"


def test_engines_without_batches_are_called_one_by_one():
    class Plain:
        tokens = True

        def __init__(self, inner):
            self.template, self.score = inner.template, inner.score

    inner = engine()
    batched, single = TokenScorer(inner), TokenScorer(Plain(inner))
    assert (batched.alone, single.alone) == (True, False)
    np.testing.assert_allclose(np.array(batched.scores([ITEM])), np.array(single.scores([ITEM])), atol=2e-5)
    inner.close()


# --- servers ------------------------------------------------------------------------------------------------------------


def echo(body, *, cut=4):
    """A text in tokens of `cut` characters, each with log-probability minus its number; and one more that the server wrote."""
    text = body["prompt"]
    tokens = [text[k : k + cut] for k in range(0, len(text), cut)] + ["!"]
    offsets = [min(k * cut, len(text)) for k in range(len(tokens))]
    logprobs = {"tokens": tokens, "token_logprobs": [None, *(-float(k) for k in range(1, len(tokens)))], "text_offset": offsets}
    return {
        "id": "x",
        "object": "text_completion",
        "created": 0,
        "model": "fake",
        "choices": [{"index": 0, "text": text + "!", "finish_reason": "length", "logprobs": logprobs}],
    }


def server(script):
    return FakeServer(lambda number, body: Say(body=json.dumps(script(body)).encode()))


def test_a_server_echoes_a_text():
    with server(echo) as fake:
        client = OpenAIEngine("fake", base_url=fake.url, first_pause_s=0.01)
        judge = scorer(client)
        ((first, second),) = judge.scores([ITEM])
        client.close()
        assert judge.name == "text"
        assert {path.partition("?")[0] for path in fake.paths} == {"/v1/completions"}
        assert fake.requests[0]["echo"] is True
    places = [k for k in range(len(ITEM.text) // 4 + 2) if 4 * k < len(ITEM.text) + 3 and 4 * k + 4 > len(ITEM.text)]
    assert first.logprob == pytest.approx(-sum(places))
    assert second.tokens == first.tokens >= 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": []},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"tokens": ["ab"], "token_logprobs": [None], "text_offset": [0]}}]},
        {"choices": [{"logprobs": {"tokens": ["ab", "cd"], "token_logprobs": [None, float("nan")], "text_offset": [0, 2]}}]},
        {"choices": [{"logprobs": {"tokens": ["ab", "cd"], "token_logprobs": [None, 5.0], "text_offset": [0, 2]}}]},
    ],
)
def test_echoes_that_are_none(answer):
    with pytest.raises(NoCompletion):
        echoed(answer, 2, 4)


def alternatives(body):
    listed = [("Cor", -0.5), (" correct", -2.0), ("incorrect", -3.0), ("c", -4.0), ("", -5.0), ("other", -1.0)]
    tops = [{"token": token, "logprob": logprob, "bytes": None} for token, logprob in listed]
    content = [{"token": "Cor", "logprob": -0.5, "bytes": None, "top_logprobs": tops}]
    choice = {"index": 0, "message": {"role": "assistant", "content": "Cor"}, "finish_reason": "length", "logprobs": {"content": content}}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice]}


def test_a_server_lists_alternatives():
    with server(alternatives) as fake:
        client = OpenAIEngine("fake", base_url=fake.url)
        judge = scorer(client, "first-token")
        ((yes, no),) = judge.scores([Continuations(CHAT, (" correct", " incorrect"))])
        client.close()
        assert fake.requests[0]["top_logprobs"] == 20
        assert fake.requests[0]["max_tokens"] == 1
    assert math.exp(yes.logprob) == pytest.approx(math.exp(-0.5) + math.exp(-2.0) + math.exp(-4.0))
    assert math.exp(no.logprob) == pytest.approx(math.exp(-3.0))


def test_alternatives_that_fit_several_replies_count_for_none():
    listed = [{"token": "A", "logprob": -0.1}, {"token": "B", "logprob": -2.5}]
    answer = {"choices": [{"logprobs": {"content": [{"top_logprobs": listed}]}}]}
    scores = first_token(answer, [" A", " AB", " B"])
    assert [round(math.exp(score.logprob), 6) for score in scores] == [0.0, 0.0, round(math.exp(-2.5), 6)]
    with pytest.raises(NoCompletion):
        first_token({"choices": [{"logprobs": {"content": []}}]}, [" A"])


def test_a_server_without_log_probabilities_ends_the_run():
    with server(lambda body: {"choices": [{"index": 0, "text": "", "finish_reason": "length", "logprobs": None}]}) as fake:
        client = OpenAIEngine("fake", base_url=fake.url, retries=1, first_pause_s=0.01)
        with pytest.raises(ServiceGone, match="cannot score given texts"):
            EchoScorer(client).scores([ITEM])
        client.close()
        with pytest.raises(ServiceGone, match="closed"):
            FirstTokenScorer(client).scores([ITEM])


def test_a_server_that_refuses_is_not_asked_again():
    with FakeServer(lambda number, body: Say(status=401, body=b"no")) as fake:
        client = OpenAIEngine("fake", base_url=fake.url, first_pause_s=0.01)
        with pytest.raises(ServiceGone):
            client.call(lambda one: one.completions.create(model="fake", prompt="x")).result()
        client.close()
        assert len(fake.requests) == 1


def test_a_busy_server_is_asked_again():
    def script(number, body):
        return Say(status=503) if number < 2 else Say(body=json.dumps(echo(body)).encode())

    with FakeServer(script) as fake:
        client = OpenAIEngine("fake", base_url=fake.url, first_pause_s=0.01)
        assert EchoScorer(client).scores([Continuations(CHAT, (" 42",))])[0][0].tokens >= 1
        client.close()
        assert len(fake.requests) == 3


def test_forms_that_an_engine_lacks(backend):
    client = OpenAIEngine("fake", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(BadOption, match="form"):
        scorer(backend, "words")
    with pytest.raises(NotSupported, match="first-token is for servers"):
        scorer(backend, "first-token")
    with pytest.raises(NotSupported, match="text or first-token"):
        scorer(client, "chat")
    with pytest.raises(NotSupported, match="gives no log-probabilities"):
        scorer(type("Plain", (), {"tokens": False, "name": "plain"})())
    client.close()
