"""Thinking never passes for a reply, however it is marked, and never reaches another seat."""

from __future__ import annotations

import time

import pytest
from fake_server import FakeServer, Say, first_legal

from agentarena.agents.llm.thinking import marks_thinking, opening_at_end, split_thinking
from agentarena.matches.api import play

HARMONY = "<|channel|>analysis<|message|>secret<|end|><|start|>assistant<|channel|>final<|message|><answer>4</answer><|return|>"


@pytest.mark.parametrize(
    ("raw", "reply", "thinking"),
    [
        ("<answer>4</answer>", "<answer>4</answer>", ""),
        (" 4\n", " 4\n", ""),
        ("<think>a</think>\n\n4", "4", "a"),
        ("a</think>4", "4", "a"),
        ("a</think>b</think>4", "4", "a\n\nb"),
        ("<think>a</think>x<think>b</think>y", "x y", "a\n\nb"),
        ("words first <think>a</think> 4", "words first 4", "a"),
        ("<answer>x</answer><think>a</think>", "<answer>x</answer>", "a"),
        ("x <think>never closed <say>hi</say>", "x", "never closed <say>hi</say>"),
        ("<think>never closed", "", "never closed"),
        ("<think>cut off </thi", "", "cut off </thi"),
        ("<think>a<think>b</think>c</think>4", "4", "a\n\nb\n\nc"),
        ("<think>a<think>b</think><say>c</say>", "", "a\n\nb\n\n<say>c</say>"),
        ("<think>\n<think>a</think>4", "4", "a"),  # the template and the model both opened it
        ("<think></think>4", "4", ""),
        ("<think/>4", "4", ""),
        ("<THINK>a</Think>4", "4", "a"),
        ("<thinking>a</thinking>4", "4", "a"),
        ("<thought>a</thought>4", "4", "a"),
        ("<reasoning>a</reasoning>4", "4", "a"),
        ("<seed:think>a</seed:think>4", "4", "a"),
        ("<think budget='3' >a</think >4", "4", "a"),
        ("< think >a< / think >4", "4", "a"),
        ("<think\n>a</think\n>4", "4", "a"),
        ("<think\na <say>b</say>", "", "a <say>b</say>"),
        ("[THINK]a[/THINK]4", "4", "a"),
        ("[think]a", "", "a"),
        ("◁think▷a◁/think▷4", "4", "a"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>4<|END_RESPONSE|>", "4", "a"),
        ("<|begin_of_thought|>a<|end_of_thought|>4", "4", "a"),
        (HARMONY, "<answer>4</answer>", "secret"),
        ("<|channel|>analysis<|message|>secret", "", "secret"),
        ("<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>", "", "{}"),
        ("<|channel>thought\na<channel|>4", "4", "a"),
        ("analysisWe think.assistantfinal4", "4", "We think."),
        ("analysisWe think", "", "We think"),
        ("analysis of the board: 4", "analysis of the board: 4", ""),
        ("<thinker>4", "<thinker>4", ""),
        ("I think 4 < 5", "I think 4 < 5", ""),
    ],
)
def test_reply_and_thinking_are_told_apart(raw, reply, thinking):
    assert split_thinking(raw) == (reply, thinking)


def test_pieces_around_a_block_make_no_new_mark():
    for raw in ("<<think>a</think>think>secret", "[<think>a</think>THINK]secret", "<|chan<think>x</think>nel|>analysis secret"):
        reply, _ = split_thinking(raw)
        assert split_thinking(reply) == (reply, ""), raw


@pytest.mark.parametrize(
    "piece",
    [
        "<think>",
        "<think",
        "</think>",
        "< ",
        "<",
        "<think>a</think>",
        "[THINK]",
        "[",
        "<|channel|>analysis",
        "<|",
        "<a:",
        "<think " + "a" * 99,
        "◁",
    ],
)
def test_a_hundred_thousand_characters_of_marks_take_time_in_proportion(piece):
    def seconds(size):
        raw = (piece * size)[:size]
        began = time.process_time()
        split_thinking(raw)
        return time.process_time() - began

    seconds(1000)
    small = min(seconds(25_000) for _ in range(3))
    assert min(seconds(200_000) for _ in range(3)) < 40 * small + 0.05, "eight times the text, about eight times the time"


@pytest.mark.parametrize(
    ("prompt", "mark"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("[/INST][THINK]", "[THINK]"),
        ("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>analysis<|message|>"),
        ("<|start|>assistant<|channel|>final<|message|>", ""),
        ("<|im_start|>assistant\n", ""),
    ],
)
def test_a_template_that_opens_the_thinking_is_noticed(prompt, mark):
    assert opening_at_end(prompt) == mark


def test_control_tokens_that_mark_thinking_are_known():
    assert all(map(marks_thinking, ("[THINK]", "[/THINK]", "<|channel|>", "<|START_THINKING|>", "<think>")))
    assert not any(map(marks_thinking, ("<|im_end|>", "</s>", "<|end|>", "[INST]")))


@pytest.mark.parametrize(
    "block", ["<think><say>SECRET</say></think>", "[THINK]<say>SECRET</say>", "<|channel|>analysis<|message|><say>SECRET</say>"]
)
def test_what_a_player_thinks_is_not_spoken_aloud_in_werewolf(block):
    def script(number, body):
        view = body["messages"][-1]["content"]
        return Say(("<answer>done</answer>" if "Legal: " not in view else first_legal(body)) + " " + block)

    with FakeServer(script) as fake:
        results = play("Werewolf-v0", [fake.spec(first_pause_s=0.01)], matches=1, seed=1)
    assert len(fake.requests) > 5
    assert not [body for body in fake.requests if "SECRET" in str(body["messages"])], "neither in others' prompts nor in its own"
    attempts = [attempt for reply in results.records[0].replies for attempt in reply["attempts"]]
    assert all("SECRET" not in attempt["text"] and "SECRET" in attempt["thinking"] for attempt in attempts)
