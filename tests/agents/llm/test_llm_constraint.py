"""Decoding under the legal replies: every token that leads to one may be drawn, and no other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("llguidance")

import numpy as np  # noqa: E402
from small_model import ask, engine, questions, small  # noqa: E402

import agentarena as aa  # noqa: E402
from agentarena.agents.llm.agent import LanguageAgent  # noqa: E402
from agentarena.agents.llm.constraint import Vocabulary  # noqa: E402
from agentarena.agents.llm.engine import Completion  # noqa: E402
from agentarena.agents.llm.grammar import lark, legal_replies, structured_outputs  # noqa: E402
from agentarena.core.actions import sample  # noqa: E402
from agentarena.core.errors import NotSupported  # noqa: E402
from agentarena.core.text import Choices, Pattern, Schema, Unreadable  # noqa: E402

RANGE = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 8, "maximum": 123}},
    "required": ["n"],
    "additionalProperties": False,
}
CARDS = tuple(f"discard {rank}{suit}" for rank in ("2", "10", "Q") for suit in "HS")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    model, tokenizer = small()
    return Vocabulary(tokenizer, [tokenizer.eos_token_id], model.config.vocab_size)


@pytest.mark.parametrize(
    ("options", "replies"),
    [
        (Choices(("call", "call 5", "call 50")), ["<answer>call</answer>", "<answer>call 5</answer>", "<answer>call 50</answer>"]),
        (Choices(('say "x\\y"', "<answer>ok</answer>")), ['<answer>say "x\\y"</answer>', "<answer>ok</answer>"]),
        (Choices(CARDS), [f"<answer>{card}</answer>" for card in CARDS]),
        (Pattern("call|call 5|"), ["call", "call 5", ""]),
        (Pattern(r"^(?:<answer>(?:a|bc)</answer>|a|b\/c)$"), ["<answer>a</answer>", "<answer>bc</answer>", "a", "b/c"]),
        (Pattern(r"v(?P<seat>[0-3])(?:, [01]){0,2}"), [f"v{k}{rest}" for k in range(4) for rest in ("", ", 0", ", 1", *(f", {a}, {b}" for a in (0, 1) for b in (0, 1)))]),
        (Schema(RANGE), [f'{{"n":{n}}}' for n in range(8, 124)]),
    ],
    ids=["prefixes", "quotes", "cards", "bare-prefixes", "tags", "groups", "schema"],
)  # fmt: skip
def test_the_allowed_tokens_are_those_that_lead_to_a_legal_reply(vocabulary, options, replies):
    """Against an oracle that knows the replies as a list: all spellings of all of them are walked, up to 1500 places."""
    _, tokenizer = small()
    texts = {token: tokenizer.decode([token]) for token in range(len(tokenizer)) if token not in tokenizer.all_special_ids}
    pending, visited = [()], set()
    while pending and len(visited) < 1500:
        walked = pending.pop()
        text = "".join(texts[token] for token in walked)
        if walked in visited:
            continue
        visited.add(walked)
        constraint = vocabulary.constraint(options)
        for token in walked:
            constraint.take(token)
        rest = [reply[len(text) :] for reply in replies if reply.startswith(text)]
        expected = {token for token, piece in texts.items() if piece and any(one.startswith(piece) for one in rest)}
        allowed = set(constraint.allowed().tolist())
        assert allowed == expected | ({tokenizer.eos_token_id} if "" in rest else set()), text
        pending.extend((*walked, token) for token in expected)
    assert len(visited) > 10


@pytest.mark.parametrize(
    "regex",
    [r"(?:<say>[^<>]{1,5}</say>)?(?:<answer>(?:a|bc)</answer>|a|bc)", r"\d+(?:\.\d{2})?(?:e-?\d+)?", r"[^ x]{0,3}?[\w[&/]z.", r"(ab|){2}", r"(?:vote [0-3]|a\ b\-c)"],
)  # fmt: skip
def test_regular_expressions_mean_what_they_mean_in_python(vocabulary, regex):
    """Random walks through the allowed tokens end in full matches; a spelling of a full match is accepted."""
    _, tokenizer = small()
    rng = np.random.default_rng(0)
    ended = 0
    for _ in range(40):
        constraint, walked = vocabulary.constraint(Pattern(regex)), []
        while len(walked) < 30:
            allowed = constraint.allowed()
            token = tokenizer.eos_token_id if tokenizer.eos_token_id in allowed and rng.random() < 0.5 else int(rng.choice(allowed))
            if token == tokenizer.eos_token_id:
                assert re.fullmatch(regex, tokenizer.decode(walked)), tokenizer.decode(walked)
                ended += 1
                break
            constraint.take(token)
            walked.append(token)
    assert ended > 10


def test_moves_go_to_every_back_end_in_the_same_words():
    options = Choices(("fold", "call"))
    assert structured_outputs(options) == {"choice": list(legal_replies(options))}
    assert all(f'"{reply}"' in lark(options) for reply in legal_replies(options))


def test_constrained_replies_are_legal():
    agent = LanguageAgent.of(engine(), temperature=3.0, constrain=True, max_tokens=40, memory="state")
    results = aa.play("TicTacToe-v0", [agent, "random"], matches=20)
    agent.close()
    assert not [record for record in results.records if record.faults]
    texts = {attempt["text"] for record in results.records for reply in record.replies for attempt in reply["attempts"]}
    assert len(texts) == 9
    assert all(text.startswith("<answer>(") for text in texts)


@pytest.mark.parametrize("env", ["Werewolf-v0", "Dhumbal-v0", "FullHanabi-v0"])
def test_what_games_allow_can_be_read(env):
    """Replies that end by themselves under a game's own options are moves, on an untrained model."""
    game = aa.game(env)
    rng = np.random.default_rng(4)
    state = game.start(rng)
    requests, positions = [], []
    for _ in range(6):
        seats = game.to_move(state)
        for seat in seats:
            options = game.text.options(state, seat)
            requests.append(questions(1, options=options, temperature=1.0, max_tokens=120, seed=len(requests))[0])
            positions.append((state, seat))
        state = game.step(state, {seat: sample(game.legal(state, seat), rng) for seat in seats}, rng)
    answers = ask(engine(), requests)
    ended = 0
    for (position, seat), answer in zip(positions, answers, strict=True):
        assert isinstance(answer, Completion), answer
        if answer.finish == "stop":
            ended += 1
            assert not isinstance(game.text.read(position, seat, answer.text), Unreadable), answer.text
    assert ended > len(positions) // 4


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (3, 1.0), (0, 0.8)])
def test_draws_are_those_of_the_plain_way(top_k, top_p):
    """A naive twin: one forward pass without a cache, a Gumbel number for each token of the vocabulary, the best allowed token."""
    model, _ = small()
    requests = questions(8, options=Pattern(r"[a-d]{1,4}(?: [0-9]+)?"), temperature=1.3, top_k=top_k, top_p=top_p)
    for request, answer in zip(requests, ask(engine(), requests), strict=True):
        rng = np.random.Generator(np.random.PCG64(request.seed))
        ids = list(answer.prompt_ids)
        for token, allowed, logprob in zip(answer.token_ids, answer.allowed_ids, answer.logprobs, strict=True):
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0, -1].double().numpy() / 1.3
            noise = rng.gumbel(size=len(logits))
            best = max(allowed, key=lambda one: logits[one] + noise[one])
            assert token == best
            assert logprob == pytest.approx(logits[token] - np.logaddexp.reduce(logits[list(allowed)]), abs=1e-4)
            assert not top_k or len(allowed) <= top_k
            ids.append(token)


def test_constrained_draws_follow_their_log_probabilities():
    """2000 first tokens against exp(logprob): within 5 standard errors."""
    request = questions(1, options=Pattern("[a-f]"), temperature=0.7)[0]
    answers = ask(engine(), [replace(request, seed=seed, max_tokens=1) for seed in range(2000)])
    chances = {answer.token_ids[0]: float(np.exp(answer.logprobs[0])) for answer in answers}
    assert len(answers[0].allowed_ids[0]) == 6
    for token, chance in chances.items():
        count = sum(answer.token_ids[0] == token for answer in answers)
        assert abs(count / 2000 - chance) < 5 * (chance * (1 - chance) / 2000) ** 0.5


def test_what_cannot_be_decoded_under_fails_alone():
    bad = [Pattern(r"(a)\1"), Pattern(r"a(?=b)"), Schema({"type": "no such type"})]
    requests = [*questions(2), *(questions(1, options=options)[0] for options in bad)]
    answers = ask(engine(), requests)
    assert all(isinstance(answer, Completion) for answer in answers[:2])
    for answer in answers[2:]:
        assert isinstance(answer, NotSupported)
        assert "constrain=false" in str(answer)


def test_a_row_that_cannot_go_on_leaves_the_others_alone(monkeypatch):
    plain = Vocabulary.constraint

    class Stuck:
        def allowed(self):
            raise NotSupported("the grammar grew too complex")

    monkeypatch.setattr(Vocabulary, "constraint", lambda self, options: Stuck() if options.regex == "b" else plain(self, options))
    answers = ask(engine(), [questions(1, options=Pattern(regex))[0] for regex in ("a", "b", "c")])
    assert [getattr(answer, "text", None) for answer in answers] == ["a", None, "c"]
    assert "too complex" in str(answers[1])
