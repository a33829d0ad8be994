"""Samples of a policy: the log-probabilities of the distribution they were drawn from, all generations, exact tokens."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402
from fixtures.games import Heap, Pile  # noqa: E402
from small_model import ask, engine, questions, small  # noqa: E402

import agentarena as aa  # noqa: E402
from agentarena.agents.llm.agent import TINY, LanguageAgent  # noqa: E402
from agentarena.agents.llm.engine import Completion  # noqa: E402
from agentarena.agents.llm.hf import HFEngine  # noqa: E402
from agentarena.agents.llm.template import Template  # noqa: E402
from agentarena.core.agent import View  # noqa: E402
from agentarena.core.text import Choices, Pattern  # noqa: E402

CELLS = Choices(tuple(f"({row},{column})" for row in range(3) for column in range(3)))
WAYS = {
    "free": {"temperature": 1.0},
    "warm": {"temperature": 0.7},
    "nucleus": {"temperature": 1.0, "top_p": 0.9},
    "warm nucleus": {"temperature": 0.7, "top_p": 0.9},
    "top-k": {"temperature": 1.2, "top_k": 5, "top_p": 0.95},
    "greedy": {"temperature": 0.0},
    "constrained": {"temperature": 0.7, "options": CELLS},
    "constrained nucleus": {"temperature": 0.7, "top_p": 0.5, "options": Pattern(r"[a-p]{1,3} [0-9]+")},
    "constrained greedy": {"temperature": 0.0, "options": CELLS},
}


def recomputed(model, answer, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities and normalizers of a sample by one pass of transformers over prompt and reply. Shape of both: (T,)."""
    begun = len(answer.prompt_ids)
    with torch.no_grad():
        logits = model(torch.tensor([answer.prompt_ids + answer.token_ids])).logits[0, begun - 1 : -1].float()
    scores = torch.log_softmax(logits / (temperature or 1.0), -1)
    normalizers = [0.0 if ids is None else float(scores[k, list(ids)].logsumexp(0)) for k, ids in enumerate(answer.allowed_ids)]
    picked = scores[range(len(answer.token_ids)), list(answer.token_ids)].numpy()
    return picked - np.array(normalizers), np.array(normalizers)


@pytest.fixture(scope="module")
def tiny():
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(TINY).eval()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", ["small", "tiny"])
def test_a_pass_of_transformers_gives_the_same_log_probabilities(which, way, tiny):
    """Step 0 of a trainer: within 1e-4 nats, under the same restrictions, for 24 replies in one batch."""
    requests = questions(24, **WAYS[way], max_tokens=24)
    model = small()[0] if which == "small" else tiny
    answers = ask(engine() if which == "small" else HFEngine(str(TINY)), requests)
    restricted = 0
    for answer in answers:
        assert len(answer.logprobs) == len(answer.log_normalizers) == len(answer.allowed_ids) == len(answer.token_ids)
        logprobs, normalizers = recomputed(model, answer, WAYS[way]["temperature"])
        np.testing.assert_allclose(answer.logprobs, logprobs, atol=1e-4)
        np.testing.assert_allclose(answer.log_normalizers, normalizers, atol=1e-4)
        assert all(ids is None or token in ids for token, ids in zip(answer.token_ids, answer.allowed_ids, strict=True))
        restricted += sum(ids is not None for ids in answer.allowed_ids)
    assert (restricted > 0) == (way not in ("free", "warm", "greedy"))


def test_the_nucleus_is_the_fewest_tokens_that_add_up():
    """The allowed tokens of top-p 0.9 at temperature 0.7, worked out anew from the logits."""
    model, _ = small()
    for answer in ask(engine(), questions(6, temperature=0.7, top_p=0.9)):
        begun = len(answer.prompt_ids)
        with torch.no_grad():
            logits = model(torch.tensor([answer.prompt_ids + answer.token_ids])).logits[0, begun - 1 : -1].double()
        for chances, allowed in zip(torch.softmax(logits / 0.7, -1), answer.allowed_ids, strict=True):
            ordered = chances.sort(descending=True)
            count = int((ordered.values.cumsum(0) < 0.9).sum()) + 1
            assert set(allowed) == set(ordered.indices[:count].tolist())


def decision(**parameters):
    """One reply of an agent on the small model to an opening of tic-tac-toe, with what the engine was asked and answered."""
    backend, exchanges = engine(), []
    submit = backend.submit

    def spied(request, done):
        submit(request, lambda answer: (exchanges.append((request, answer)), done(answer)))

    backend.submit = spied
    agent = LanguageAgent.of(backend, name="small", max_tokens=8, temperature=0.9, **parameters)
    rules = aa.game("TicTacToe-v0")
    (reply,) = agent.act([View(rules, rules.start(np.random.default_rng(0)), 0)])
    agent.close()
    return reply, exchanges


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 1),
        ({"strategy": "vote", "n": 4}, 4),
        ({"strategy": "plan"}, 2),
        ({"strategy": "candidates", "n": 3, "policy": "tictactoe/tactical"}, 3),
    ],
)
def test_every_generation_behind_a_reply_is_kept(parameters, count):
    reply, exchanges = decision(constrain=True, **parameters)
    assert len(reply.samples) == len(exchanges) == count
    answers = {(answer.prompt_ids, answer.token_ids): answer for _, answer in exchanges}
    for sample in reply.samples:
        answer = answers[sample.prompt_ids, sample.token_ids]
        assert sample.logprobs == answer.logprobs
        assert (sample.log_normalizers, sample.allowed_ids) == (answer.log_normalizers, answer.allowed_ids)
        assert (sample.temperature, sample.policy, sample.version, sample.finish) == (0.9, "small", "0", answer.finish)
    assert any(sample.token_ids for sample in reply.samples)


def test_agents_without_tokens_have_no_samples():
    class Words:
        tokens, name = False, "words"

        def submit(self, request, done):
            done(Completion("<answer>(0,0)</answer>", prompt_tokens=3, completion_tokens=2))

        def close(self):
            pass

    rules = aa.game("TicTacToe-v0")
    (reply,) = LanguageAgent(Words()).act([View(rules, rules.start(np.random.default_rng(0)), 0)])
    assert reply.samples == ()


class LongPile(Pile):
    """A pile from which each seat takes more than thirty times."""

    @property
    def info(self):
        return replace(super().info, max_steps=200)

    def start(self, rng):
        return Heap(126)


class Spelling:
    """A token engine without a model: plays moves at random, each spelled in tokens at random, mostly not as it would be encoded."""

    tokens, name, context, version = True, "spelling", 0, "0"

    def __init__(self, readable: float) -> None:
        tokenizer = small()[1]
        self.template, self._readable = Template(tokenizer), readable
        self._end = tokenizer.eos_token_id

    def submit(self, request, done):
        rng = np.random.default_rng(request.seed)
        text = f"<answer>take {rng.integers(1, 3)}</answer>" if rng.random() < self._readable else "take all"
        ids: tuple[int, ...] = ()
        while text:
            cut = int(rng.integers(1, len(text) + 1))
            ids += tuple(self.template.tokenizer(text[:cut], add_special_tokens=False).input_ids)
            text = text[cut:]
        ids += (self._end,) if rng.random() < 0.8 else ()
        done(Completion(self.template.text(ids), prompt_ids=request.prompt_ids, token_ids=ids, prompt_tokens=len(request.prompt_ids)))

    def close(self):
        pass


@pytest.mark.parametrize("strategy", ["direct", "vote", "plan"])
def test_tokens_of_a_long_match_are_never_encoded_twice(strategy):
    """More than 30 decisions of one match, unreadable replies included: each prompt begins with the exact tokens before it."""
    backend = Spelling(readable=0.8)
    agent = LanguageAgent.of(backend, name="spelling", memory="chat", temperature=1.0, strategy=strategy, n=3)
    lenient = aa.OnUnreadable(retries=1, then="random")
    (record,) = aa.play(LongPile(most=2), [agent, "random"], matches=1, seed=1, rotate=False, on_unreadable=lenient).records
    assert record.outcome == "won"
    attempts = {(reply["step"], k): one for reply in record.replies for k, one in enumerate(reply["attempts"])}
    assert len({entry["step"] for entry in record.samples}) > 30
    assert strategy == "vote" or len(record.samples) > 33, "some replies are asked for again"
    other_spellings = 0
    for entry, following in itertools.pairwise(record.samples):
        text = attempts[entry["step"], entry["attempt"]]["text"]
        shown, prompt = entry["samples"][-1].prompt_ids, following["samples"][0].prompt_ids
        replies = [one.token_ids for one in entry["samples"] if backend.template.text(one.token_ids) == text]
        if strategy == "plan":  # its questions stand at the end of a prompt and are not shown again
            begun = _shared(entry["samples"][0].prompt_ids, shown)
            assert _shared(shown, prompt) >= begun - 8  # the last tokens are those that questions follow
            shown = shown[: min(begun, _shared(shown, prompt))]
            assert any(prompt[k : k + len(ids)] == ids for ids in replies for k in range(len(shown), len(shown) + 12))
        else:
            assert any(prompt[: len(shown) + len(ids)] == shown + ids for ids in replies)
        encoded = tuple(backend.template.tokenizer(text, add_special_tokens=False).input_ids)
        other_spellings += not any(ids[: len(encoded)] == encoded for ids in replies)
    assert other_spellings > 15, "encoding the replies again would have given other tokens"


def _shared(one, other) -> int:
    """How many tokens two sequences begin with alike."""
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@pytest.mark.parametrize("memory", ["last:1", "state"])
def test_a_shorter_memory_is_rendered_afresh(memory):
    agent = LanguageAgent.of(engine(), constrain=True, memory=memory, max_tokens=40, temperature=1.0)
    (record,) = aa.play("TicTacToe-v0", [agent, "random"], matches=1, seed=1, rotate=False).records
    agent.close()
    samples = [entry["samples"][0] for entry in record.samples]
    assert len(samples) >= 2
    for before, after in itertools.islice(itertools.pairwise(samples), 1, None):
        chat = before.prompt_ids + before.token_ids
        assert after.prompt_ids[: len(chat)] != chat


def test_a_chat_shows_what_was_said():
    """The last prompt of a match, decoded, is the chat of its views and replies rendered as text."""
    model, tokenizer = small()
    views: list[View] = []

    class Noting(LanguageAgent):
        def submit(self, asked, answer):
            views.extend(asked)
            super().submit(asked, answer)

    agent = Noting.of(HFEngine(model, tokenizer=tokenizer), constrain=True, max_tokens=40, temperature=1.0)
    (record,) = aa.play("TicTacToe-v0", [agent, "random"], matches=1, seed=1, rotate=False).records
    template = agent.engine.template
    agent.close()
    turns = views[-1].memory["chat"]["turns"]
    texts = [attempt["text"] for reply in record.replies for attempt in reply["attempts"]]
    assert [turn["replies"][0]["text"] for turn in turns] == texts
    messages = [{"role": "system", "content": aa.game("TicTacToe-v0").text.rules(0)}]
    for turn in turns:
        messages += [{"role": "user", "content": turn["view"]}, {"role": "assistant", "content": turn["replies"][0]["text"]}]
    assert tokenizer.decode(template.prompt(messages[:-1])) == tokenizer.decode(record.samples[-1]["samples"][0].prompt_ids)
