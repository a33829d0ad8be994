"""Prompt forms of text tasks by a parameter: what is sent, what is read, and that records give the prompts again."""

from __future__ import annotations

import pytest

import agentarena as aa
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.prompts import prompts
from agentarena.core.errors import BadOption
from agentarena.core.record import Record

SAID = {
    "react": ["think: where is it?", "> go to drawer 1\nYou arrive", "look"],
    "verl": ["<think>Hm.</think><action>Go to drawer 1</action>", "I would rather look around", "<think></think><action></action>"],
    "chat": ["I try. <answer>go to drawer 1</answer>", "look", "<answer>a</answer><answer>b</answer>"],
}
COMMANDS = {
    "react": ["think: where is it?", "go to drawer 1", "look"],
    "verl": ["go to drawer 1", "i would rather look around", "nothing"],
    "chat": ["go to drawer 1", "look", "answer a /answer answer b /answer"],
}


class Parrot:
    """An engine that says given words in turn."""

    tokens = False
    name = "parrot"

    def __init__(self, said: list[str]) -> None:
        self.said, self.sent = said, []

    def submit(self, request: Request, done) -> None:
        self.sent.append(tuple(map(dict, request.messages)))
        done(Completion(self.said[(len(self.sent) - 1) % len(self.said)]))

    def close(self) -> None:
        pass


def played(form: str, env: str = "Household-v0", steps: int = 6, **parameters):
    engine = Parrot(SAID[form])
    name = "&".join([f"openai:m?prompt={form}", *(f"{key}={value}" for key, value in parameters.items())])
    agent = LanguageAgent.of(engine, name=name, prompt=form, **parameters)
    record = aa.play(env, [agent], matches=1, seed=5, max_steps=steps).records[0]
    return engine, Record.parse(record.line())


@pytest.mark.parametrize("form", SAID)
def test_replies_are_commands_whatever_their_form(form: str) -> None:
    engine, record = played(form)
    assert len(engine.sent) == 6
    assert not record.faults
    texts = [entry["attempts"][-1]["text"] for entry in record.replies]
    assert texts == [f"<answer>{command}</answer>" for command in COMMANDS[form] * 2]
    assert record.replies[0]["attempts"][0]["thinking"] == SAID[form][0]


@pytest.mark.parametrize(
    "parameters", [{}, {"memory": "last:1"}, {"memory": "state"}, {"choices": False}, {"system": "Be_brief."}], ids=str
)
@pytest.mark.parametrize("form", SAID)
def test_prompts_of_a_record_are_those_that_were_sent(form: str, parameters: dict) -> None:
    engine, record = played(form, **parameters)
    assert [tuple(map(dict, exchange.messages)) for exchange in prompts(record)] == engine.sent


def test_what_each_form_shows() -> None:
    sent = {form: played(form)[0].sent for form in SAID}
    assert [len(messages) for messages in sent["verl"]] == [1] * 6
    assert "The last 2 of them" in sent["verl"][5][0]["content"]
    assert "Action 1:" in sent["verl"][2][0]["content"]
    assert "Action 3:" not in sent["verl"][5][0]["content"]
    assert [len(messages) for messages in sent["chat"]] == [2, 4, 6, 8, 10, 12]
    assert sent["react"][5][0]["content"].count("\n> ") == 5
    assert all("Your task is to" in messages[0]["content"] for messages in (sent["verl"][3], sent["chat"][3], sent["react"][3]))
    assert "go to drawer 1" in sent["chat"][0][-1]["content"]
    assert "Admissible" not in played("chat", choices=False)[0].sent[0][-1]["content"]
    assert "Action 5:" in played("verl", memory="last:1")[0].sent[5][0]["content"]


def test_the_shop_is_asked_in_the_same_forms() -> None:
    engine, record = played("verl", "Shop-v0", steps=3)
    assert len(engine.sent) == 3
    assert not record.faults
    assert "Your task: " in engine.sent[1][0]["content"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prompt": "vrl"}, "prompt must be 'game' or 'react' or 'verl' or 'chat'"),
        ({"prompt": "verl", "strategy": "plan"}, "takes no strategy"),
        ({"prompt": "verl", "constrain": True}, "constrain=true is for prompt=game"),
    ],
)
def test_what_does_not_go_together_is_refused(parameters: dict, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        LanguageAgent.of(Parrot([""]), **parameters)


def test_a_game_of_numbers_is_refused_by_name() -> None:
    agent = LanguageAgent.of(Parrot(["4"]), prompt="chat")
    record = aa.play("TicTacToe-v0", [agent, "random"], matches=1, seed=0).records[0]
    assert record.faults
