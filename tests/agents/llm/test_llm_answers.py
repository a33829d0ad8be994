"""What servers send is a reply in any spelling, or the service's fault; never an exception of ours, never without bounds."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from fake_server import Say
from test_llm_service import one

from agentarena.agents.llm.openai_answers import NoCompletion, Parts, Streamed, parts_of
from agentarena.core.limits import REPLY, THINKING


def whole(message, finish="stop", **more):
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more}).encode()


@pytest.mark.parametrize(
    ("message", "text", "thinking"),
    [
        ({"content": "4"}, "4", ""),
        ({"content": None}, "", ""),
        ({"role": "assistant"}, "", ""),
        ({"content": None, "tool_calls": [{"id": "x"}]}, "", ""),
        ({"content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]}, "42", ""),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "4"}]}, "4", "hm"),
        ({"content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "output_text", "text": "4"}]}, "4", "hm"),
        ({"content": ["4", None, 5, {"type": "image_url"}]}, "4", ""),
        ({"content": {"type": "text", "text": "4"}}, "4", ""),
        ({"content": "4", "reasoning_content": "hm"}, "4", "hm"),
        ({"content": "4", "reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}, "4", "hm"),
        ({"content": "4", "reasoning": None, "reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]}, "4", "hm"),
        ({"content": "4", "reasoning_content": [{"type": "text", "text": "hm"}]}, "4", "hm"),
        ({"content": "4", "reasoning_content": 7, "thinking": {"text": "hm"}}, "4", "hm"),
    ],
)
def test_content_and_reasoning_in_every_spelling(message, text, thinking):
    parts = parts_of(whole(message))
    assert (parts.text, parts.thinking, parts.finish) == (text, thinking, "stop")


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (0, 0)),
        ({}, (0, 0)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, (3, 4)),
        ({"prompt_tokens": -3, "completion_tokens": "4"}, (0, 0)),
        ({"prompt_tokens": 3.0, "completion_tokens": 10**30}, (3, 0)),
        ({"prompt_tokens": float("inf"), "completion_tokens": float("nan")}, (0, 0)),
        ({"prompt_tokens": True, "completion_tokens": None}, (0, 0)),
        ([1, 2], (0, 0)),
    ],
)
def test_odd_counts_of_tokens_are_unknown_ones(usage, counts):
    parts = parts_of(whole({"content": "4"}, usage=usage))
    assert (parts.prompt_tokens, parts.completion_tokens) == counts


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("content_filter", "refusal"),
        (None, "stop"),
        (7, "stop"),
        ({}, "stop"),
        ("eos", "stop"),
    ],
)
def test_odd_finishes(finish, expected):
    assert parts_of(whole({"content": "4"}, finish)).finish == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b"\xff\xfe",
        b"<html>Sign in</html>",
        b"[" * 100_000,
        b'{"choices": null}',
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"delta": {"content": "4"}}]}',
        b'{"choices": [{"message": {"content": "4"}, "finish_reason": "error"}]}',
        b'{"choices": [{"message": {"content": ""}, "error": {"message": "overloaded"}}]}',
        b'{"error": "no"}',
        b'{"object": "error", "message": "no"}',
    ],
)
def test_what_is_no_completion_is_the_services_fault(body):
    with pytest.raises(NoCompletion):
        parts_of(body)


def test_an_error_in_place_of_an_answer_keeps_its_status_and_code():
    with pytest.raises(NoCompletion, match="no credit") as caught:
        parts_of(b'{"error": {"message": "no credit", "code": 402}}')
    assert caught.value.status_code == 402
    with pytest.raises(NoCompletion) as caught:
        parts_of(b'{"error": {"message": "no credit", "code": "insufficient_quota"}}')
    assert (caught.value.status_code, caught.value.code) == (None, "insufficient_quota")


def streamed(*events):
    reply = Streamed()
    for event in events:
        reply.take_line("data: " + (event if isinstance(event, str) else json.dumps(event)))
    return reply


def test_streams_in_every_spelling():
    reply = streamed(
        {"choices": [{"delta": {"role": "assistant", "content": None}}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"reasoning": "h"}}]},
        {"choices": [{"delta": {"reasoning_content": [{"type": "text", "text": "m"}]}}]},
        {"choices": []},
        {"choices": None, "usage": {"prompt_tokens": 3, "completion_tokens": -1}},
        {"choices": [{"delta": {"content": [{"type": "text", "text": "4"}]}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        "[DONE]",
    )
    assert reply.ended
    assert reply.parts() == Parts("4", "hm", "stop", 3, 0)
    for line in ("", ": keep-alive", "event: ping", "id: 7"):
        reply.take_line(line)
    with pytest.raises(NoCompletion, match="gone"):
        reply.take_line('data: {"error": {"message": "gone"}}')


def test_replies_and_thinking_have_bounds():
    parts = parts_of(whole({"content": "x" * (REPLY + 9), "reasoning": "y" * (THINKING + 9)}))
    assert (len(parts.text), len(parts.thinking), parts.finish) == (REPLY, THINKING, "length")
    reply = Streamed()
    while not reply.full:
        reply.take({"choices": [{"delta": {"content": "x" * 30_000}}]}, "delta")
    assert len(reply.parts().text) == REPLY


def test_no_answer_raises_anything_else():
    rng = random.Random(0)
    leaves = [None, True, -1, 1e308, float("nan"), "", "x", "thinking", [], {}, [[[[[["deep"]]]]]], 10**40]
    keys = [
        "choices",
        "message",
        "content",
        "type",
        "text",
        "thinking",
        "reasoning",
        "error",
        "code",
        "usage",
        "finish_reason",
        "delta",
        "refusal",
    ]

    def value(depth):
        kind = rng.random()
        if depth > 4 or kind < 0.4:
            return rng.choice(leaves)
        if kind < 0.6:
            return [value(depth + 1) for _ in range(rng.randrange(3))]
        return {rng.choice(keys): value(depth + 1) for _ in range(rng.randrange(4))}

    for _ in range(3000):
        body = json.dumps({"choices": [{"message": value(0), "finish_reason": value(3)}], "usage": value(3)}).encode()
        for take in (lambda body=body: parts_of(body), lambda body=body: Streamed().take_line("data: " + body.decode())):
            with contextlib.suppress(NoCompletion):
                take()


def test_a_list_of_parts_costs_one_attempt():
    said = one(lambda n, body: Say(body=whole({"content": [{"type": "text", "text": "<think>hm</think>4"}]})))
    assert (said.text, said.thinking, said.retries) == ("4", "hm", 0)


@pytest.mark.parametrize("stream", [False, True])
def test_answers_of_many_megabytes_and_packed_ones_are_not_read(stream, monkeypatch):
    from agentarena.agents.llm import openai_client

    monkeypatch.setattr(openai_client, "_LONGEST_BODY", 10_000)
    said = one(lambda n, body: Say(body=b"x" * 50_000), retries=0)
    assert "more than 10000 bytes" in str(said)
    said = one(lambda n, body: Say(status=500, body=b"y" * 50_000), retries=0, stream=stream)
    assert "more than 10000 bytes" in str(said), "nor those of errors"
    said = one(lambda n, body: Say(body=b"x", headers={"content-encoding": "gzip"}), retries=0)
    assert "packed (gzip)" in str(said)
