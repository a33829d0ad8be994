"""The client of OpenAI-compatible servers against a scripted one: what goes out, what comes back, and every way to fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from fake_server import FakeServer, Say, first_legal

from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.openai import OpenAIEngine
from agentarena.agents.specs import agent
from agentarena.core.agent import Agent
from agentarena.core.errors import AgentNonsense, AgentRaised, AgentTimeout, BadOption, BudgetSpent, ServiceGone
from agentarena.core.match import OnUnreadable
from agentarena.core.replay import verify
from agentarena.core.text import Choices, Pattern, Schema
from agentarena.matches.api import play
from agentarena.matches.results import Results

HELLO, QUICK = Request(({"role": "user", "content": "hello"},)), {"first_pause_s": 0.01}


def ask(script, *requests, **settings):
    """What an engine makes of a script's answers, and the server."""
    with FakeServer(script) as fake:
        engine = OpenAIEngine("fake", base_url=fake.url, **{**QUICK, **settings})
        answers: dict[int, object] = {}
        done = threading.Semaphore(0)
        for index, request in enumerate(requests or (HELLO,)):

            def take(completion, index=index):
                answers[index] = completion
                done.release()

            engine.submit(request, take)
        for _ in requests or (HELLO,):
            assert done.acquire(timeout=30)
        engine.close()
        engine.close()
    return [answers[index] for index in range(len(answers))], fake


def one(script, request=HELLO, **settings):
    return ask(script, request, **settings)[0][0]


def test_what_goes_out():
    request = Request(
        HELLO.messages,
        max_tokens=7,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        seed=11,
        stop=("\n",),
        options=Choices(("a", "b")),
        adapter="lora",
    )
    (said,), fake = ask(lambda n, body: Say('{"reply": "<answer>a</answer>"}'), request, effort="low", thinking=False)
    (body,) = fake.requests
    schema = body.pop("response_format")["json_schema"]["schema"]
    assert schema["properties"]["reply"]["enum"] == ["<answer>a</answer>", "<answer>b</answer>"]
    assert body == {
        "model": "lora",
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 3,
        "seed": 11,
        "stop": ["\n"],
        "reasoning_effort": "low",
        "chat_template_kwargs": {"enable_thinking": False},
    }
    assert said.text == "<answer>a</answer>"
    assert (said.prompt_tokens, said.completion_tokens, said.cost, said.retries) == (100, 10, None, 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Choices(("a",)), {"choice": ["<answer>a</answer>"]}),
        (Pattern("a|b"), {"regex": "a|b"}),
        (Schema({"type": "object"}), {"json": {"type": "object"}, "disable_any_whitespace": True}),
    ],
)
def test_what_goes_out_to_vllm(options, expected):
    _, fake = ask(lambda n, body: Say(), Request(HELLO.messages, options=options), dialect="vllm")
    assert fake.requests[0]["structured_outputs"] == expected


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_is_kept_apart(stream):
    said = one(lambda n, body: Say("<think>hm</think>yes"), stream=stream)
    assert (said.text, said.thinking, said.finish) == ("yes", "hm", "stop")
    assert (said.prompt_tokens, said.completion_tokens) == (100, 10)
    assert one(lambda n, body: Say("yes", reasoning="hm")).thinking == "hm"


def test_finishes():
    assert one(lambda n, body: Say("cut sh", finish="length")).finish == "length"
    assert one(lambda n, body: Say("", finish="content_filter")).finish == "refusal"
    refused = one(lambda n, body: Say(None, refusal="I would rather not"))
    assert (refused.finish, refused.text) == ("refusal", "I would rather not")


def test_prices():
    said = one(lambda n, body: Say(), price_in=1.0, price_out=10.0)
    assert said.cost == pytest.approx((100 * 1.0 + 10 * 10.0) / 1e6)
    assert not OpenAIEngine("gpt-4o", base_url="http://localhost:1/v1").priced, "no price is guessed"
    with pytest.raises(BadOption, match="both"):
        OpenAIEngine("fake", base_url="http://localhost:1/v1", price_in=1.0)
    with pytest.raises(BadOption, match="price of openai:fake is unknown"):
        agent("openai:fake?base_url=http://localhost:1/v1&budget_usd=1")


@pytest.mark.parametrize(
    "trouble",
    [
        Say(status=429),
        Say(status=500),
        Say(status=503),
        Say(close=True),
        Say(body=b"{not json"),
        Say(body=b'{"choices": []}'),
        Say(body=b'{"choices": 5}'),
        Say(body=b"<html>busy</html>"),
        Say(body=b"[]"),
    ],
    ids=str,
)
def test_trouble_is_tried_again(trouble):
    said = one(lambda n, body: trouble if n < 2 else Say("well"))
    assert isinstance(said, Completion), said
    assert (said.text, said.retries) == ("well", 2)


def test_a_stream_that_breaks_off_is_tried_again():
    said = one(lambda n, body: Say("half", body=b"") if n == 0 else Say("whole"), stream=True)
    assert (said.text, said.retries) == ("whole", 1)


def test_retry_after_is_honoured_by_all():
    began = time.monotonic()
    answers, _ = ask(lambda n, body: Say(status=429, headers={"retry-after": "1"}) if n == 0 else Say(), HELLO)
    assert time.monotonic() - began >= 1.0
    assert answers[0].retries == 1


@pytest.mark.parametrize(
    ("trouble", "kind", "attempts"),
    [
        (Say(status=400), ServiceGone, 2),
        (Say(status=401), ServiceGone, 1),
        (Say(status=404), ServiceGone, 1),
        (Say("insufficient_quota", status=429), ServiceGone, 1),
        (Say(status=429), ServiceGone, 3),
        (Say(status=503), ServiceGone, 3),
        (Say(close=True), ServiceGone, 3),
        (Say(status=500), ServiceGone, 3),
        (Say(body=b"{"), ServiceGone, 3),
        (Say(never=True), ServiceGone, 3),
    ],
    ids=str,
)
def test_trouble_for_good_is_typed(trouble, kind, attempts):
    answers, fake = ask(lambda n, body: trouble, retries=2, timeout_s=0.3)
    assert type(answers[0]) is kind
    assert len(fake.requests) == attempts


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Say(status=503), AgentRaised),
        (Say(status=400), AgentRaised),
        (Say(status=413), AgentRaised),
        (Say(body=b"{"), AgentNonsense),
        (Say(never=True), AgentTimeout),
    ],
    ids=["503", "400", "413", "garbled", "time-out"],
)
@pytest.mark.parametrize("others", ["answered meanwhile", "answered before"])
def test_one_failure_is_its_own_where_the_service_answers_others(trouble, kind, others):
    def script(number, body):
        return trouble if body["messages"][0]["content"] == "poison" else Say(delay_s=0.02)

    poison = Request(({"role": "user", "content": "poison"},))
    requests = [poison, *[HELLO] * 40] if others == "answered meanwhile" else [HELLO, poison]
    answers, _ = ask(script, *requests, retries=1, concurrency=1 if others == "answered before" else 4, timeout_s=0.5)
    assert [type(answer) for answer in answers] == [kind if request is poison else Completion for request in requests]


def test_a_stream_that_never_ends_and_one_that_stalls():
    assert "no answer within" in str(one(lambda n, body: Say(dribble=True), stream=True, timeout_s=0.3, retries=0))
    began = time.monotonic()
    assert "no answer within" in str(one(lambda n, body: Say(never=True), stream=True, stall_s=0.1, timeout_s=20, retries=0))
    assert time.monotonic() - began < 10


def test_concurrency_is_full_and_limited():
    answers, fake = ask(lambda n, body: Say(delay_s=0.3), *[HELLO] * 60, concurrency=16)
    assert len(answers) == 60
    assert fake.peak == 16


def test_requests_a_minute():
    began = time.monotonic()
    ask(lambda n, body: Say(), *[HELLO] * 6, rpm=600)
    assert time.monotonic() - began >= 0.5, "five pauses of a tenth of a second"


def test_tokens_a_minute():
    began = time.monotonic()
    ask(lambda n, body: Say(), *[HELLO] * 4, tpm=60_000)
    assert time.monotonic() - began >= 3 * 0.11, "three pauses for 110 tokens at 1000 a second"


# --- matches ----------------------------------------------------------------------------------------------------------


def test_hundreds_of_matches_keep_the_server_full():
    """The first 48 requests are answered when all 48 are there; there are never more."""
    full = threading.Barrier(48)

    def script(number, body):
        if number < 48:
            full.wait(60)
        return Say(first_legal(body))

    with FakeServer(script) as fake:
        results = play("TicTacToe-v0", [fake.spec(concurrency=48), "random"], matches=150, seed=1)
    assert fake.peak == 48
    assert not [record for record in results.records if record.faults]
    ledger = results.ledger["openai:fake"]
    assert ledger.usage["calls"] == len(fake.requests) == ledger.decisions
    assert ledger.usage["prompt_tokens"] == 100 * len(fake.requests)
    assert "cost" not in ledger.usage, "an unknown price is unknown, not 0"


def test_no_match_waits_for_another():
    """The first question is answered only when all other matches are over."""
    others_over = threading.Event()

    def script(number, body):
        if number == 0:
            assert others_over.wait(60)
        return Say(first_legal(body))

    with FakeServer(script) as fake:
        play("TicTacToe-v0", [fake.spec(), "random"], matches=30, progress=lambda done, total: done == 29 and others_over.set())
    assert others_over.is_set()


def test_the_order_of_answers_changes_no_record(tmp_path):
    def uneven(number, body):
        return Say(first_legal(body), delay_s=0.003 * (number * 7 % 5))

    with FakeServer() as fake:
        one_by_one = play("KuhnPoker-v0", [fake.spec(concurrency=1), "random"], matches=30, out=tmp_path / "a.jsonl")
    with FakeServer(uneven) as fake:
        at_once = play("KuhnPoker-v0", [fake.spec(concurrency=30), "random"], matches=30, out=tmp_path / "b.jsonl")
    assert one_by_one.records == at_once.records
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert verify(tmp_path / "a.jsonl").ok


def test_a_server_gone_mid_run_ends_it_and_it_is_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr("agentarena.agents.llm.openai._FIRST_PAUSE_S", 0.01)
    path = tmp_path / "runs.jsonl"
    with FakeServer() as fake:

        def dies(number, body):
            if number == 150:
                threading.Thread(target=fake.stop, daemon=True).start()
            return Say(first_legal(body), delay_s=0.002)

        fake.script = dies
        with pytest.raises(ServiceGone, match="of 60 matches are finished and kept in") as caught:
            play("TicTacToe-v0", [fake.spec(retries=1), "random"], matches=60, seed=2, out=path, concurrency=8)
    kept = Results.load(path)
    assert 0 < len(kept) < 60
    assert caught.value.results.records == kept.records
    assert not [record for record in kept.records if record.faults], "nobody forfeits because a server is gone"
    before = {record.match: record.line() for record in kept.records}
    with FakeServer() as fake:
        whole = play("TicTacToe-v0", [fake.spec(), "random"], matches=60, seed=2, out=path)
        undisturbed = play("TicTacToe-v0", [fake.spec(), "random"], matches=60, seed=2)
    assert whole.records == undisturbed.records
    assert all(whole.records[match].line() == line for match, line in before.items())


def test_a_storm_of_429_is_weathered():
    def storm(number, body):
        return Say(status=429) if number < 60 or number % 3 == 0 else Say(first_legal(body))

    with FakeServer(storm) as fake:
        model = agent(fake.spec(concurrency=16, retries=12))
        model.engine._first_pause_s = 0.005
        results = play("TicTacToe-v0", [model, "random"], matches=20)
        model.close()
    assert not [record for record in results.records if record.faults]
    assert next(iter(results.ledger.values())).usage["retries"] >= 60


def test_malformed_replies_cost_only_their_matches():
    def script(number, body):
        return Say("I think the centre is nice") if hash_of(body) % 10 < 3 else Say(first_legal(body))

    def hash_of(body):
        return sum(map(ord, body["messages"][1]["content"] + body["messages"][-1]["content"])) + len(body["messages"])

    with FakeServer(script) as fake:
        results = play("TicTacToe-v0", [fake.spec(memory="state"), "random"], matches=60, on_unreadable=OnUnreadable(retries=1))
    kinds = [fault["kind"] for record in results.records for fault in record.faults]
    assert set(kinds) == {"unreadable"}
    assert 0 < len(kinds) < 60
    tries = [attempt["outcome"] for record in results.records for reply in record.replies for attempt in reply["attempts"]]
    assert tries.count("read") > tries.count("unreadable") > 0


@pytest.mark.parametrize(
    ("say", "kind", "advice"),
    [
        (Say("x" * 100_000), "truncated", "Be brief"),
        (Say("I think", finish="length"), "truncated", "cut off at its greatest length"),
        (Say(""), "empty", "an empty reply is no move"),
        (Say(None, refusal="no"), "refused", "declining to move loses"),
        (Say("<answer>(0,0)</answer><answer>(1,1)</answer>"), "unreadable", "found 2 answers"),
        (Say("<answer>(0,0)</answer>"), "illegal", "is not legal now"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_outcomes_have_names_and_their_own_words(say, kind, advice, tmp_path):
    with FakeServer(lambda n, body: say) as fake:
        agents = [f"{__file__}:Corner", fake.spec()]
        results = play("TicTacToe-v0", agents, matches=1, rotate=False, out=tmp_path / "a.jsonl")
    (record,) = results.records
    assert [fault["kind"] for fault in record.faults] == [kind]
    assert len(record.line()) < 100_000
    asked = fake.requests[1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]
    assert advice in asked[-1]["content"]
    assert verify(tmp_path / "a.jsonl").ok
    assert results.ledger["openai:fake"].decisions == 3


def test_a_model_that_never_stops_loses_its_match_alone():
    with FakeServer(lambda n, body: Say(never=True) if n == 3 else Say(first_legal(body))) as fake:
        results = play("TicTacToe-v0", [fake.spec(timeout_s=3, retries=0), "random"], matches=12)
    assert [fault["kind"] for record in results.records for fault in record.faults] == ["timeout"]


@pytest.mark.parametrize("limit", ["budget_tokens=3000", "budget_usd=0.3&price_in=100&price_out=0", "budget_s=1"])
def test_budgets_end_a_run_and_leave_what_is_done(limit, tmp_path):
    path = tmp_path / "runs.jsonl"
    with FakeServer(lambda n, body: Say(first_legal(body), delay_s=0.01)) as fake:
        with pytest.raises(BudgetSpent, match=r"is spent.*of 60 matches are finished and kept in .*runs\.jsonl") as caught:
            play("TicTacToe-v0", [f"{fake.spec()}&{limit}", "random"], matches=60, out=path, concurrency=4)
        kept = Results.load(path)
        assert 0 < len(kept) < 60
        assert caught.value.results.records == kept.records
        if "tokens" in limit:
            assert len(fake.requests) <= 3000 // 110 + 1 + 4
        again = play("TicTacToe-v0", [fake.spec(), "random"], matches=60, out=path)
        assert again.records[kept.records[0].match] == kept.records[0]


def test_a_budget_ends_runs_without_a_file_and_in_several_processes():
    with FakeServer() as fake:
        with pytest.raises(BudgetSpent, match="kept in its `results`"):
            play("TicTacToe-v0", [fake.spec(budget_tokens=300), "random"], matches=60)
        with pytest.raises(BudgetSpent):
            play("TicTacToe-v0", [fake.spec(budget_tokens=300), "random"], matches=60, workers=2)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_recorded(tmp_path):
    path = tmp_path / "runs.jsonl"
    with FakeServer(lambda n, body: Say(first_legal(body), delay_s=0.05)) as fake:
        command = [sys.executable, "-m", "agentarena", "play", "TicTacToe-v0", fake.spec(concurrency=4), "random"]
        child = subprocess.Popen(
            [*command, "--matches", "100", "--quiet", "--out", str(path)],
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell starts background jobs with the signal ignored
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (path.exists() and path.read_bytes().count(b"\n") >= 5):
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGINT)
        _, stderr = child.communicate(timeout=30)
        assert child.returncode == 130, stderr
        assert b"Traceback" not in stderr
        kept = Results.load(path)
        assert 5 <= len(kept) < 100
        fake.script = lambda n, body: Say(first_legal(body))
        whole = play("TicTacToe-v0", [fake.spec(), "random"], matches=100, out=path)
    assert len(whole) == 100
    assert whole.records[kept.records[0].match] == kept.records[0]


class Corner(Agent):
    """Plays the first legal cell."""

    def choose(self, view):
        return view.choices[0]
