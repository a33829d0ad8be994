"""Prompts built again from records: the same messages that were sent, without the model; and chats for fine-tuning."""

from __future__ import annotations

import dataclasses
import json

import pytest
from fake_server import first_legal

import agentarena as aa
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.prompts import conversations, prompts
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.record import Record


class Stumbling:
    """An engine whose every third reply names no move, and which thinks."""

    tokens = False
    name = "stumbling"

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, str], ...]] = []

    def submit(self, request: Request, done) -> None:
        self.sent.append(tuple(map(dict, request.messages)))
        planning = "Do not move yet" in request.messages[-1]["content"]
        listed = any("Legal: " in message["content"] for message in request.messages[1:])
        move = "I plan to win." if planning else first_legal({"messages": request.messages}) if listed else "(0,0)"
        text = move if planning or len(self.sent) % 3 else "hm"
        done(Completion(text, "" if "Your plan" in request.messages[-1]["content"] or planning else f"thought {len(self.sent)}"))

    def close(self) -> None:
        pass


def played(env="TicTacToe-v0", matches=2, head="openai:m", on_unreadable=None, **parameters):
    engine = Stumbling()
    name = head + "?" + "&".join(f"{key}={value}" for key, value in parameters.items())
    agent = LanguageAgent.of(engine, name=name, **parameters)
    results = aa.play(env, [agent, "random"], matches=matches, seed=5, rotate=False, concurrency=1, on_unreadable=on_unreadable)
    return engine, [Record.parse(record.line()) for record in results.records]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"memory": "last:1"},
        {"memory": "state"},
        {"choices": False},
        {"keep_thinking": True},
        {"system": "Play_to_win."},
        {"context": 700, "max_tokens": 100},
        {"strategy": "react"},
        {"strategy": "plan"},
    ],
    ids=str,
)
@pytest.mark.parametrize("env", ["TicTacToe-v0", "KuhnPoker-v0"])
def test_prompts_are_the_messages_that_were_sent(env, parameters):
    engine, records = played(env, matches=8, **parameters)
    rebuilt = [exchange for record in records for exchange in prompts(record)]
    assert [tuple(map(dict, exchange.messages)) for exchange in rebuilt] == engine.sent
    assert any(exchange.attempt for exchange in rebuilt)
    assert bool(rebuilt[0].doubt) == (parameters in ({"context": 700, "max_tokens": 100}, {"strategy": "plan"}))


def test_a_vote_is_shown_once_with_how_often_it_was_sent():
    engine, records = played(strategy="vote", n=3, temperature=0.5)
    rebuilt = [exchange for record in records for exchange in aa.prompts(record)]
    assert {exchange.times for exchange in rebuilt} == {3}
    assert [tuple(map(dict, exchange.messages)) for exchange in rebuilt for _ in range(3)] == engine.sent


def test_replies_thinking_and_outcomes_stand_beside_the_prompts():
    _, records = played(matches=1)
    attempts = [attempt for entry in records[0].replies for attempt in entry["attempts"]]
    rebuilt = prompts(records[0], seat=0)
    assert [(one.reply, one.thinking, one.outcome, one.reason) for one in rebuilt] == [
        (one["text"], one["thinking"], one["outcome"], one["reason"]) for one in attempts
    ]


def test_games_go_on_after_a_random_move_in_place_of_an_unreadable_reply():
    engine, records = played(on_unreadable=aa.OnUnreadable(retries=0, then="random"))
    rebuilt = [exchange for record in records for exchange in prompts(record)]
    assert [tuple(map(dict, exchange.messages)) for exchange in rebuilt] == engine.sent


def test_a_prompt_that_was_never_answered_is_shown_with_the_fault():
    class Dead(Stumbling):
        def submit(self, request, done):
            self.sent.append(tuple(map(dict, request.messages)))
            done(ConnectionError("gone") if len(self.sent) == 2 else Completion(first_legal({"messages": request.messages})))

    engine = Dead()
    results = aa.play("TicTacToe-v0", [LanguageAgent.of(engine, name="openai:m"), "random"], matches=1, rotate=False)
    *_, last = prompts(results.records[0])
    assert (last.reply, last.outcome) == ("", "raised")
    assert "gone" in last.reason
    assert tuple(map(dict, last.messages)) == engine.sent[1]


def test_the_small_model_needs_not_be_loaded_and_its_prompts_are_those_it_read(tmp_path):
    """`tiny` reads tokens: the messages rendered by its template are the tokens that the record holds."""
    pytest.importorskip("transformers")
    from agentarena.agents.specs import agent

    tiny = agent("tiny?temperature=0.5")
    results = aa.play("TicTacToe-v0", [tiny, "random"], matches=1, seed=1, record_samples=True)
    record = Record.parse(results.records[0].line())
    read = [one.prompt_ids for entry in record.samples for one in entry["samples"]]
    rebuilt = prompts(record)
    assert [tuple(tiny.engine.template.prompt(one.messages)) for one in rebuilt] == read
    assert {one.doubt for one in rebuilt} == {""}  # memory=state: nothing can be left out


@pytest.mark.parametrize(
    "name",
    ["mine", "openai:m?strategy=evil:run", "openai:m?strategy=candidates&policy=evil:Run", "openai:m?strategy=recall&past=/dev/zero"],
)
def test_no_code_and_no_file_that_a_record_names_is_touched(name, monkeypatch):
    import importlib

    _, (record,) = played(matches=1)
    record = dataclasses.replace(record, seats=(dataclasses.replace(record.seats[0], agent=name), record.seats[1]))
    monkeypatch.setattr(importlib, "import_module", lambda name, *_: pytest.fail(f"{name} was imported"))
    assert prompts(record)
    assert bool(prompts(record)[0].doubt) == ("candidates" not in name)


def test_settings_that_cannot_be_read_are_said_not_raised_unless_they_are_the_users_own():
    _, (record,) = played(matches=1)
    odd = dataclasses.replace(record, seats=(dataclasses.replace(record.seats[0], agent="openai:m?memory=last:0"), record.seats[1]))
    assert "cannot be read" in prompts(odd)[0].doubt
    with pytest.raises(BadOption, match="memory"):
        prompts(record, spec="openai:m?memory=last:0")
    with pytest.raises(UsageError, match="no seat 2"):
        prompts(record, seat=2)


@pytest.mark.parametrize(
    "settings", ["context=100&max_tokens=-5", "context=100&max_tokens=1e999", "context=100&max_tokens=none", "strategy=candidates&n=true"]
)
def test_no_setting_in_a_recorded_name_ends_the_export(settings):
    _, (record,) = played(matches=1)
    odd = dataclasses.replace(record, seats=(dataclasses.replace(record.seats[0], agent=f"openai:m?{settings}"), record.seats[1]))
    assert prompts(odd)


def test_agents_of_a_name_of_their_own_are_rebuilt_from_a_spec():
    engine, (record,) = played(matches=1, head="mine", memory="state")
    rebuilt = prompts(record, spec="openai:m?memory=state")
    assert [tuple(map(dict, exchange.messages)) for exchange in rebuilt] == engine.sent
    assert rebuilt[0].doubt == ""


def test_prompts_need_no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    _, (record,) = played(matches=1)
    assert prompts(record)


# --- chats for fine-tuning ------------------------------------------------------------------------------------------------


def roles(chat):
    return "".join(message["role"][0] for message in chat["messages"])


def test_chats_are_json_and_hold_accepted_replies_alone():
    _, records = played(matches=6)
    chats = list(conversations(records, agent="openai:m?"))
    assert len(chats) == 6  # memory=chat: one a match
    for chat, record in zip(chats, records, strict=True):
        assert json.loads(json.dumps(chat)) == chat
        assert roles(chat) == "s" + "ua" * len(chat["metadata"]["steps"])
        accepted = [entry["attempts"][-1]["text"] for entry in record.replies if entry["attempts"][-1]["outcome"] == "read"]
        assert [message["content"] for message in chat["messages"] if message["role"] == "assistant"] == accepted
        assert "not accepted" not in json.dumps(chat["messages"])
        assert chat["metadata"]["return"] == record.seats[0].return_


def test_rejected_replies_are_there_when_asked_for():
    engine, records = played(matches=1)
    (chat,) = conversations(records, rejected=True)
    assert [dict(message) for message in chat["messages"][:-1]] == list(engine.sent[-1])
    assert "not accepted" in json.dumps(chat)


def test_prompts_that_do_not_continue_give_one_chat_a_decision():
    _, records = played(matches=1, memory="state")
    chats = list(conversations(records))
    assert len(chats) == len(records[0].replies)
    assert {roles(chat) for chat in chats} == {"sua"}


def test_chats_are_filtered_by_result():
    _, records = played(matches=12)
    won = [record.match for record in records if record.winner == 0]
    assert 0 < len(won) < 12
    assert [chat["metadata"]["match"] for chat in conversations(records, won=True)] == won
    assert [chat["metadata"]["match"] for chat in conversations(records, min_return=1.0)] == won
    assert not list(conversations(records, agent="random"))
    assert not list(conversations(records, seat=1))


def test_a_side_that_won_counts_for_each_of_its_seats():
    engine = Stumbling()
    agent = LanguageAgent.of(engine, name="openai:m")
    records = aa.play("Werewolf-v0", [agent], matches=1, seed=3).records
    sides = {chat["metadata"]["seat"] for chat in conversations(records, won=True)}
    assert all(records[0].seats[seat].team == records[0].winner for seat in sides)


def test_thinking_is_exported_when_asked_for():
    _, records = played(matches=1)
    (plain,) = conversations(records)
    (thought,) = conversations(records, thinking=True)
    assert "<think>" not in json.dumps(plain)
    assert all(message["content"].startswith("<think>\nthought") for message in thought["messages"] if message["role"] == "assistant")
