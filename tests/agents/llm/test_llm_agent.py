"""The language agent: what prompts show, what it keeps, how strategies ask, what it costs, and whose words count."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from fake_server import FakeServer, Say, first_legal

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.settings import Limits, Prompting, Sampling, names
from agentarena.agents.llm.strategies import vote
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import AgentRaised, BadOption, UnknownName
from agentarena.core.registry import game
from agentarena.matches.api import play


class Scripted:
    """An engine that answers in the caller's thread with what a function of the request says."""

    tokens = False
    name = "scripted"
    priced = False

    def __init__(self, says) -> None:
        self.says = says
        self.requests: list[Request] = []

    def submit(self, request, done) -> None:
        self.requests.append(request)
        said = self.says(request)
        done(said if isinstance(said, Completion | Exception) else Completion(said, prompt_tokens=50, completion_tokens=5))

    def close(self) -> None:
        pass


def legal(request: Request) -> str:
    return first_legal({"messages": request.messages})


def roles(request: Request) -> str:
    return "".join(message["role"][0] for message in request.messages)


def played(says=legal, matches=1, env="TicTacToe-v0", opponent="random", rotate=False, **settings):
    engine = Scripted(says)
    results = play(env, [LanguageAgent.of(engine, name="scripted", **settings), opponent], matches=matches, rotate=rotate, seed=3)
    return engine, results


@pytest.mark.parametrize(
    ("memory", "expected"), [("chat", ["su", "suau", "suauau"]), ("last:1", ["su", "suau", "suau"]), ("state", ["su"] * 3)]
)
def test_memory(memory, expected):
    engine, _ = played(memory=memory)
    assert [roles(request) for request in engine.requests][:3] == expected
    assert all("Your move" in request.messages[-1]["content"] for request in engine.requests)


def test_the_whole_chat_is_what_was_said():
    engine, results = played(system="Play well.")
    first, second = engine.requests[:2]
    rules = game("TicTacToe-v0").text.rules(0)
    assert first.messages[0]["content"] == f"Play well.\n\n{rules}"
    assert second.messages[:2] == first.messages
    assert second.messages[2] == {"role": "assistant", "content": results.records[0].replies[0]["attempts"][0]["text"]}


def test_a_bad_reply_is_followed_by_what_was_wrong():
    engine, results = played(lambda request: "no idea" if roles(request) == "su" else legal(request), memory="state")
    assert [roles(request) for request in engine.requests][:2] == ["su", "suau"]
    assert "not accepted (unreadable)" in engine.requests[1].messages[-1]["content"]
    assert [attempt["outcome"] for attempt in results.records[0].replies[0]["attempts"]] == ["unreadable", "read"]


def test_legal_moves_can_be_left_out():
    engine, _ = played(lambda request: "(0,0)", choices=False)
    assert "Legal" not in json.dumps(engine.requests[0].messages[1:])


def test_options_go_along_only_when_asked_for():
    assert played()[0].requests[0].options is None
    assert len(played(constrain=True)[0].requests[0].options.replies) == 9


def test_trimming_leaves_out_the_oldest_decisions():
    """With room for about 400 characters more than rules and view, later prompts drop the first decisions."""
    whole, _ = played(max_tokens=8, opponent="tictactoe/perfect")
    sizes = [sum(len(message["content"]) // 3 + 8 for message in request.messages) for request in whole.requests]
    trimmed, _ = played(max_tokens=8, context=sizes[1] + 8, opponent="tictactoe/perfect")
    assert trimmed.requests[1].messages == whole.requests[1].messages
    third = trimmed.requests[2].messages
    assert len(third) < len(whole.requests[2].messages)
    assert third[0] == whole.requests[2].messages[0]
    assert third[-1] == whole.requests[2].messages[-1]
    assert all(roles(request)[:2] == "su" for request in trimmed.requests)


def test_rules_that_do_not_fit_are_told_and_cost_no_call():
    engine, results = played(context=40)
    assert not engine.requests
    assert results.records[0].faults[0]["kind"] == "truncated"
    assert results.records[0].replies[0]["attempts"][0]["extra"] == {"overflow": 40}


@pytest.mark.parametrize(("keep", "expected"), [(False, "<answer>"), (True, "<think>\nsecret\n</think>")])
def test_thinking_is_private_and_dropped(keep, expected):
    engine, results = played(lambda request: Completion(legal(request), thinking="secret"), keep_thinking=keep)
    assert engine.requests[1].messages[2]["content"].startswith(expected)
    attempt = results.records[0].replies[0]["attempts"][0]
    assert attempt["thinking"] == "secret"
    assert "secret" not in attempt["text"]


def test_seeds_belong_to_match_seat_turn_and_attempt():
    one, _ = played(matches=3, temperature=1.0)
    two, _ = played(matches=3, temperature=1.0)
    seeds = [request.seed for request in one.requests]
    assert seeds == [request.seed for request in two.requests]
    assert len(set(seeds)) == len(seeds)


# --- strategies ---------------------------------------------------------------------------------------------------------


def test_react_asks_for_thought_in_the_system_message():
    engine, results = played(lambda request: f"The corner is best.\n{legal(request)}", strategy="react")
    assert "Think before you move" in engine.requests[0].messages[0]["content"]
    assert not results.records[0].faults


def test_plan_tells_the_plan_and_keeps_it_private():
    engine, results = played(
        lambda request: legal(request) if "Your plan" in request.messages[-1]["content"] else "take corners", strategy="plan"
    )
    assert "Do not move yet" in engine.requests[0].messages[-1]["content"]
    assert "take corners" in engine.requests[1].messages[-1]["content"]
    attempt = results.records[0].replies[0]["attempts"][0]
    assert (attempt["thinking"], attempt["outcome"]) == ("take corners", "read")
    assert "take corners" not in json.dumps(engine.requests[2].messages[:-1]), "what was shown for one decision is not kept"
    usage = results.ledger["scripted"].usage
    assert usage["calls"] == 2 * results.ledger["scripted"].decisions


def test_vote_takes_the_move_most_replies_name():
    cycle = iter(["(0,0)", "nonsense", "(1,1)", "<answer>(1,1)</answer>", "(0,0) (1,1)"] * 9)
    engine, results = played(lambda request: next(cycle), strategy="vote", n=5, temperature=1.0)
    assert list(results.records[0].actions[0]) == [(0, 4)]
    assert len({request.seed for request in engine.requests[:5]}) == 5
    assert results.ledger["scripted"].usage["completion_tokens"] == 5 * len(engine.requests)


def test_candidates_are_chosen_by_a_policy():
    cycle = iter(["(0,1)", "(1,1)", "(0,1)"] * 9)
    _, results = played(lambda request: next(cycle), strategy="candidates", n=3, policy="tictactoe/tactical", temperature=1.0)
    assert list(results.records[0].actions[0]) == [(0, 4)], "the policy likes the centre"
    _, results = played(lambda request: "(0,1)", strategy="candidates", n=2, policy="tictactoe/tactical", temperature=1.0)
    assert list(results.records[0].actions[0]) == [(0, 1)], "a policy chooses among candidates alone"


def test_recall_shows_what_came_of_like_positions(tmp_path):
    play("TicTacToe-v0", ["tictactoe/perfect", "random"], matches=20, out=tmp_path / "past.jsonl")
    engine, _ = played(strategy="recall", past=str(tmp_path / "past.jsonl"), n=2)
    shown = engine.requests[0].messages[-1]["content"]
    assert shown.count("your return in the end was") == 2
    assert shown.startswith(engine.requests[1].messages[1]["content"]), "the view itself comes first and is what is remembered"
    other, _ = played(env="KuhnPoker-v0", strategy="recall", past=str(tmp_path / "past.jsonl"))
    assert "earlier matches" not in other.requests[0].messages[-1]["content"], "other games teach nothing here"


def ask_twice(view, prompt):
    """A strategy of somebody else's."""
    yield [prompt.ask("First thoughts?")]
    (said,) = yield [prompt.ask()]
    return prompt.reply(said)


def test_strategies_of_third_parties():
    assert len(played(strategy=ask_twice)[0].requests) % 2 == 0
    assert len(played(strategy="test_llm_agent:ask_twice")[0].requests) % 2 == 0
    with pytest.raises(UnknownName, match="Did you mean react"):
        played(strategy="reakt")
    with pytest.raises(BadOption, match="needs policy"):
        played(strategy="candidates")
    with pytest.raises(BadOption, match="needs past"):
        played(strategy="recall")


def test_a_strategy_that_raises_costs_its_match():
    def broken(view, prompt):
        if view.match == 1:
            raise ZeroDivisionError("oops")
        (said,) = yield [prompt.ask()]
        return prompt.reply(said)

    _, results = played(strategy=broken, matches=3)
    assert [len(record.faults) for record in results.records] == [0, 1, 0]


def test_what_a_failed_decision_used_is_in_the_ledger():
    def says(request):
        return AgentRaised("gone") if "Your plan" in request.messages[-1]["content"] else "plan"

    _, results = played(says, strategy="plan")
    assert results.records[0].faults[0]["kind"] == "raised"
    assert results.ledger["scripted"].usage["prompt_tokens"] == 50


# --- names, options, use outside of runs --------------------------------------------------------------------------------


def test_names_leave_out_how_an_agent_is_reached():
    made = agent("openai:m?base_url=http://localhost:1/v1&concurrency=3&temperature=0.5&memory=state&api_key=secret&budget_tokens=5")
    assert made.name == "openai:m?temperature=0.5&memory=state"


@pytest.mark.parametrize(
    "query",
    [
        "memory=all",
        "memory=last:0",
        "temperature=-1",
        "top_p=2",
        "max_tokens=0",
        "colour=red",
        "dialect=x",
        "concurrency=0",
        "budget_tokens=0",
    ],
)
def test_bad_options_are_refused(query):
    with pytest.raises(BadOption):
        agent(f"openai:m?base_url=http://localhost:1/v1&{query}")


def test_it_acts_outside_of_runs():
    engine = Scripted(legal)
    made = LanguageAgent(engine)
    rules = game("TicTacToe-v0")
    views = [View(rules, rules.start(np.random.default_rng(0)), 0, match=number) for number in range(3)]
    assert [reply.text for reply in made.act(views)] == ["<answer>(0,0)</answer>"] * 3
    broken = LanguageAgent(Scripted(lambda request: AgentRaised("no")))
    with pytest.raises(AgentRaised):
        broken.act(views[:1])


def test_deadlines_and_isolation():
    with FakeServer(lambda n, body: Say(first_legal(body), delay_s=2.0 if n == 0 else 0.0)) as fake:
        results = play("TicTacToe-v0", [fake.spec(timeout_s=30), "random"], matches=4, deadline_s=1.0)
    assert [fault["kind"] for record in results.records for fault in record.faults] == ["timeout"]


def test_answers_from_many_threads():
    """Completions that arrive from other threads, in any order, make the same records."""

    class Threads(Scripted):
        def submit(self, request, done):
            threading.Timer(0.001 * (request.seed % 7), super().submit, (request, done)).start()

    direct = played(matches=12)[1].records
    engine = Threads(legal)
    later = play(
        "TicTacToe-v0", [LanguageAgent(engine, name="scripted", strategy="direct"), "random"], matches=12, rotate=False, seed=3
    ).records
    assert direct == later


# --- parameters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("temprature=1", "has no parameter 'temprature'. Did you mean temperature?"),
        ("mem=chat", "Parameters: acts, adapter, "),
        ("max_token=3", "Did you mean max_tokens"),
        ("concurency=3", "Did you mean concurrency?"),
        ("record_tokens=true", "has no parameter 'record_tokens'"),
        ("temperature=hot", "temperature must be a number of at least 0, got 'hot'"),
        ("top_p=1.5", "top_p must be a number between 0 and 1"),
        ("top_k=2.5", "top_k must be a whole number"),
        ("max_tokens=0", "max_tokens must be a whole number of at least 1, got 0"),
        ("constrain=yes", "constrain must be true or false, got 'yes'"),
        ("memory=5", "memory must be 'chat', 'state' or 'last:k'"),
        ("budget_s=0", "budget_s must be a number greater than 0, got 0"),
        ("n=0&strategy=vote", "n must be a whole number"),
    ],
)
def test_messages_on_parameters(query, message):
    with pytest.raises(BadOption) as caught:
        agent(f"openai:m?base_url=http://localhost:1/v1&{query}")
    assert message in str(caught.value)


def test_groups_and_names_say_the_same():
    one = LanguageAgent(
        Scripted(legal), Sampling(temperature=0.7, stop="\n"), Prompting(memory="last:2"), Limits(budget_tokens=90), vote(3)
    )
    two = LanguageAgent.of(Scripted(legal), temperature=0.7, stop="\n", memory="last:2", budget_tokens=90, strategy="vote", n=3)
    assert one._chat == two._chat
    assert one.meter._limits == two.meter._limits
    with pytest.raises(AttributeError):
        one._chat.sampling.temperature = 1.0
    engine = Scripted(legal)
    play("TicTacToe-v0", [LanguageAgent(engine, Sampling(temperature=0.7, stop="\n"), strategy=vote(3)), "random"], matches=1, rotate=False)
    assert {(request.temperature, request.stop) for request in engine.requests} == {(0.7, ("\n",))}
    assert len(engine.requests) % 3 == 0


def test_every_parameter_has_one_group():
    assert len(names()) == len(set(names())) == 22
