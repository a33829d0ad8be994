"""vLLM, judged by transformers: the same weights must say the same words."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from reference import chats, completions

from agentarena.agents.llm.engine import Completion, Request
from agentarena.core.errors import AgentFault, BadOption, ServiceGone
from agentarena.core.text import Choices, Pattern, Schema


def test_greedy_replies_and_their_log_probabilities_are_those_of_transformers(engine: Any, ask: Any, judge: Any) -> None:
    import torch

    for reply in completions(ask([Request(messages, max_tokens=16) for messages in chats(8)])):
        text = torch.tensor([reply.prompt_ids + reply.token_ids])
        with torch.no_grad():
            logits = judge(text).logits[0, len(reply.prompt_ids) - 1 : -1].double()
        expected = torch.log_softmax(logits, -1)
        assert expected.argmax(-1).tolist() == list(reply.token_ids)
        np.testing.assert_allclose(
            reply.logprobs, [float(row[token]) for row, token in zip(expected, reply.token_ids, strict=True)], atol=1e-4
        )
        assert reply.text == engine.template.text(reply.token_ids)
        assert (reply.prompt_tokens, reply.completion_tokens) == (len(reply.prompt_ids), len(reply.token_ids))


def test_a_seed_fixes_the_reply_whatever_else_is_in_the_batch(ask: Any) -> None:
    requests = [Request(messages, max_tokens=12, temperature=1.0, seed=number) for number, messages in enumerate(chats(40))]
    together = completions(ask(requests))
    for number in (0, 17, 39):
        (alone,) = completions(ask([requests[number]]))
        assert alone.token_ids == together[number].token_ids
    hot = [dataclasses.replace(one, temperature=2.0) for one in requests]
    other = completions(ask([dataclasses.replace(one, seed=1000 + number) for number, one in enumerate(hot)]))
    assert [one.token_ids for one in completions(ask(hot))] != [one.token_ids for one in other]


def test_prompt_tokens_are_continued_as_given(engine: Any, ask: Any) -> None:
    (messages,) = chats(1)
    ids = engine.template.prompt(messages)
    by_words, by_tokens, longer = completions(
        ask(
            [
                Request(messages, max_tokens=6),
                Request((), prompt_ids=ids, max_tokens=6),
                Request((), prompt_ids=(*ids, ids[-1]), max_tokens=6),
            ]
        )
    )
    assert by_words.prompt_ids == by_tokens.prompt_ids == ids
    assert by_words.token_ids == by_tokens.token_ids
    assert longer.prompt_ids == (*ids, ids[-1])


def test_replies_under_options_fit_them(ask: Any) -> None:
    chat = chats(1)[0]
    choices = Choices(("a1", "b2", "raise 4"))
    schema = Schema({"type": "object", "properties": {"move": {"type": "integer", "minimum": 0, "maximum": 9}}, "required": ["move"]})
    kinds = (choices, Pattern(r"(north|south) [1-9]"), schema)
    replies = completions(ask([Request(chat, temperature=2.0, seed=seed, max_tokens=48, options=kinds[seed % 3]) for seed in range(36)]))
    for seed, one in enumerate(replies):
        if seed % 3 == 0:
            assert one.text in {f"<answer>{move}</answer>" for move in choices.replies}
        elif seed % 3 == 1:
            assert re.fullmatch(r"(north|south) [1-9]", one.text)
        elif one.finish == "stop":
            assert one.text == json.dumps(json.loads(one.text), separators=(",", ":"))
            assert 0 <= json.loads(one.text)["move"] <= 9
        assert len(one.logprobs) == len(one.token_ids)


def test_a_request_that_cannot_be_served_fails_alone(engine: Any, ask: Any) -> None:
    good, long, stranger, nonsense = ask(
        [
            Request(chats(1)[0], max_tokens=4),
            Request((), prompt_ids=(5,) * (engine.context + 1)),
            Request(chats(1)[0], adapter="nobody"),
            Request(chats(1)[0], options=Pattern("(")),
        ]
    )
    assert isinstance(good, Completion)
    assert good.completion_tokens > 0
    assert isinstance(long, AgentFault)
    assert isinstance(stranger, BadOption)
    assert "'other'" in str(stranger)
    assert isinstance(nonsense, Exception)
    completions(ask([Request(chats(1)[0], max_tokens=4)]))


def test_a_reply_cut_short_says_so_and_stop_strings_end_one(ask: Any) -> None:
    chat = chats(1)[0]
    (free,) = completions(ask([Request(chat, max_tokens=3, temperature=1.0, seed=1, options=Pattern("[a-z]{40,}"))]))
    assert (free.finish, free.completion_tokens) == ("length", 3)
    (stopped,) = completions(ask([Request(chat, max_tokens=60, options=Pattern("one two three"), stop=("two",))]))
    assert (stopped.text, stopped.finish) == ("one ", "stop")


def test_an_adapter_changes_the_model_for_its_requests_alone(ask: Any) -> None:
    chat = chats(2)
    plain = completions(ask([Request(messages, max_tokens=12) for messages in chat]))
    mixed = completions(ask([Request(messages, max_tokens=12, adapter=name) for messages in chat for name in (None, "other")]))
    assert [one.token_ids for one in mixed[::2]] == [one.token_ids for one in plain]
    assert any(one.logprobs != other.logprobs for one, other in zip(mixed[1::2], plain, strict=True))
    assert any(abs(one.logprobs[0] - other.logprobs[0]) > 1e-3 for one, other in zip(mixed[1::2], plain, strict=True))


def test_a_short_reply_does_not_wait_for_a_long_one(engine: Any) -> None:
    from queue import SimpleQueue

    box: SimpleQueue[str] = SimpleQueue()
    letters = Pattern("[a-z]{400,}")
    engine.submit(Request(chats(1)[0], max_tokens=150, options=letters), lambda _: box.put("long"))
    engine.submit(Request(chats(2)[1], max_tokens=2), lambda _: box.put("short"))
    assert [box.get(timeout=120), box.get(timeout=120)] == ["short", "long"]


def test_thinking_is_kept_apart(engine: Any, ask: Any) -> None:
    chat = chats(1)[0]
    (reply,) = completions(ask([Request(chat, max_tokens=80, options=Choices(("<think>corner or centre?</think><answer>4</answer>",)))]))
    assert (reply.text, reply.thinking) == ("<answer>4</answer>", "corner or centre?")
    opened = (*engine.template.prompt(chat), *engine.template.tokenizer("<think>", add_special_tokens=False).input_ids)
    (cut,) = completions(ask([Request((), prompt_ids=opened, max_tokens=3, options=Pattern("[a-z]{40,}"))]))
    assert cut.text == ""
    assert cut.thinking != ""


def test_work_between_steps_reaches_the_engine(engine: Any) -> None:
    assert engine.call(lambda llm: llm.llm_engine.model_config.max_model_len) == engine.context
    with pytest.raises(ZeroDivisionError):
        engine.call(lambda llm: 1 // 0)
    with pytest.raises(RuntimeError, match="wait for itself"):
        engine.call(lambda llm: engine.score((5, 6)))


@pytest.mark.slow
def test_closing_frees_the_engine_and_answers_what_is_open(model: str) -> None:
    from agentarena.agents.llm.vllm import VLLMEngine

    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    short = VLLMEngine(model, dtype="float32", max_num_seqs=2, max_model_len=1024)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert short.context == 1024
    answers: list[Any] = []
    for _ in range(6):
        short.submit(Request(chats(1)[0], max_tokens=500, options=Pattern("[a-z]{600,}")), answers.append)
    short.close()
    short.close()
    short.submit(Request(chats(1)[0]), answers.append)
    assert len(answers) == 7
    assert all(isinstance(one, ServiceGone) for one in answers)


@pytest.mark.slow
def test_a_model_whose_process_dies_answers_what_is_open(model: str) -> None:
    from agentarena.agents.llm.vllm import VLLMEngine

    before = set(multiprocessing.active_children())
    lost = VLLMEngine(model, dtype="float32", max_num_seqs=2, max_model_len=1024)
    (process,) = set(multiprocessing.active_children()) - before
    signals = Path(f"/proc/{process.pid}/status").read_text()
    (blocked,) = (int(line.split()[1], 16) for line in signals.splitlines() if line.startswith("SigBlk"))
    assert blocked >> (signal.SIGINT - 1) & 1  # Ctrl-C is for this process alone
    answers: SimpleQueue[Any] = SimpleQueue()
    lost.submit(Request(chats(1)[0], max_tokens=500, options=Pattern("[a-z]{600,}")), answers.put)
    time.sleep(1)
    process.kill()
    assert isinstance(answers.get(timeout=60), ServiceGone)
    lost.submit(Request(chats(1)[0]), answers.put)
    assert isinstance(answers.get(timeout=60), ServiceGone)
    lost.close()


@pytest.mark.slow
def test_the_model_ends_when_the_process_of_the_matches_is_killed(model: str) -> None:
    script = """
import multiprocessing, sys, time
from agentarena.agents.llm.vllm import VLLMEngine
engine = VLLMEngine(sys.argv[1], dtype="float32", max_num_seqs=2, max_model_len=1024)
print("held by", *(one.pid for one in multiprocessing.active_children()), flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script, model], stdout=subprocess.PIPE, text=True) as matches:
        assert matches.stdout is not None
        pids = next(line.split()[2:] for line in matches.stdout if line.startswith("held by"))
        matches.kill()
    (process,) = (Path(f"/proc/{pid}/status") for pid in pids)
    until = time.monotonic() + 60
    while runs(process):
        assert time.monotonic() < until
        time.sleep(0.1)


def runs(status: Path) -> bool:
    """Whether a process is there and more than an entry in a table."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return "State:\tZ" not in status.read_text()
    return False


def test_a_model_that_is_not_there_is_a_bad_option() -> None:
    from agentarena.agents.llm.vllm import VLLMEngine

    with pytest.raises(BadOption, match="cannot serve"):
        VLLMEngine("./no/such/model")
