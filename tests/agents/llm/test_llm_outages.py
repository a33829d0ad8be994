"""A service that is down, unpaid or not a service at all ends the run: no forfeits, a clear end, and the same command goes on."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from fake_server import FakeServer, Say, first_legal

from agentarena.agents.specs import agent
from agentarena.cli import main
from agentarena.core.errors import BadOption, ServiceGone
from agentarena.core.replay import verify
from agentarena.matches.api import play
from agentarena.matches.results import Results

FAST = {"retries": 1, "timeout_s": 0.4, "first_pause_s": 0.001, "concurrency": 2}
OUTAGES = {
    "500": Say(status=500),
    "503": Say(status=503),
    "402": Say(status=402),
    "401": Say(status=401),
    "403": Say(status=403),
    "404": Say(status=404),
    "405": Say(status=405),
    "407": Say(status=407),
    "408": Say(status=408),
    "409": Say(status=409),
    "413": Say(status=413),
    "423": Say(status=423),
    "400": Say(status=400),
    "429": Say(status=429),
    "429 until tomorrow": Say(status=429, headers={"retry-after": "86400"}),
    "529": Say(status=529),
    "no credit": Say("insufficient_quota", status=429),
    "time-outs": Say(never=True),
    "lost connections": Say(close=True),
    "login page": Say(body=b"<!doctype html><title>Sign in</title>", headers={"content-type": "text/html"}),
    "error object": Say(body=b'{"error": {"message": "no credit", "code": 402}}'),
    "error text": Say(body=b'{"error": "model is loading"}'),
    "no choices": Say(body=b'{"choices": null}'),
    "redirections in a circle": Say(status=307, headers={"location": "/v1/chat/completions"}),
}


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("answered", [0, 7], ids=["from the start", "in mid-run"])
def test_an_outage_ends_the_run_without_forfeits_and_it_is_resumed(outage, answered, tmp_path):
    path = tmp_path / "runs.jsonl"
    with FakeServer() as fake:
        fake.script = lambda number, body: OUTAGES[outage] if number >= answered else Say(first_legal(body))
        with pytest.raises(ServiceGone, match="of 4 matches are finished and kept in"):
            play("TicTacToe-v0", [fake.spec(**FAST), "random"], matches=4, seed=2, out=path)
        kept = Results.load(path)
        assert not [record for record in kept.records if record.faults]
        fake.script = lambda number, body: Say(first_legal(body))
        whole = play("TicTacToe-v0", [fake.spec(), "random"], matches=4, seed=2, out=path)
    assert len(whole) == 4
    assert not [record for record in whole.records if record.faults]
    assert verify(path).ok


@pytest.mark.parametrize("outage", ["500", "402", "time-outs"])
def test_the_command_says_what_is_wrong_and_the_same_command_goes_on(outage, tmp_path, capsys):
    with FakeServer(lambda number, body: OUTAGES[outage]) as fake:
        command = ["play", "TicTacToe-v0", fake.spec(**FAST, api_key="SECRET-KEY"), "random", "--matches", "3", "--quiet"]
        command += ["--out", str(tmp_path / "runs.jsonl")]
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert "0 of 3 matches are finished" in said
        assert {"500": "HTTP 500", "402": "HTTP 402", "time-outs": "no answer within 0.4 s"}[outage] in said
        assert "SECRET-KEY" not in said
        fake.script = lambda number, body: Say(first_legal(body))
        main(command)
    kept = Results.load(tmp_path / "runs.jsonl")
    assert len(kept) == 3
    assert not [record for record in kept.records if record.faults]
    assert "SECRET-KEY" not in (tmp_path / "runs.jsonl").read_text()


def test_an_agent_that_met_an_outage_plays_on_in_the_next_run():
    with FakeServer(lambda number, body: Say(status=500)) as fake:
        model = agent(fake.spec(**FAST))
        with pytest.raises(ServiceGone):
            play("TicTacToe-v0", [model, "random"], matches=2)
        fake.script = lambda number, body: Say(first_legal(body))
        assert not [record for record in play("TicTacToe-v0", [model, "random"], matches=2).records if record.faults]
        model.close()


@pytest.mark.parametrize("where", [{"workers": 2}, {"deadline_s": 30.0}], ids=["workers", "isolated"])
def test_an_outage_ends_runs_in_other_processes_too(where):
    with FakeServer(lambda number, body: Say(status=402)) as fake, pytest.raises(ServiceGone, match="HTTP 402"):
        play("TicTacToe-v0", [fake.spec(**FAST), "random"], matches=4, **where)


def test_a_throttled_service_costs_no_match():
    """Three requests of four are throttled, whosever they are."""

    def script(number, body):
        return Say(first_legal(body)) if number % 4 == 3 else Say(status=429)

    with FakeServer(script) as fake:
        results = play("KuhnPoker-v0", [fake.spec(**{**FAST, "retries": 4, "concurrency": 8, "timeout_s": 30}), "random"], matches=20)
    assert not [record for record in results.records if record.faults]


def test_a_filter_of_contents_is_a_refusal_not_an_outage():
    with FakeServer(lambda number, body: Say("content_filter", status=400)) as fake:
        results = play("TicTacToe-v0", [fake.spec(**FAST), "random"], matches=1, rotate=False)
    assert [fault["kind"] for fault in results.records[0].faults] == ["refused"]
    assert len(fake.requests) == 3, "asked again as often as any reply that names no move"


def test_a_server_that_wants_the_other_name_for_the_length_gets_it():
    def script(number, body):
        message = b"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        return Say(first_legal(body)) if "max_completion_tokens" in body else Say(status=400, body=message)

    with FakeServer(script) as fake:
        results = play("TicTacToe-v0", [fake.spec(**FAST), "random"], matches=2)
        assert not [record for record in results.records if record.faults]
        assert sum("max_tokens" in body for body in fake.requests) <= 2, "once for each request that was under way"
        play("TicTacToe-v0", [fake.spec(**FAST, tokens_field="max_completion_tokens"), "random"], matches=1)
        assert "max_tokens" not in fake.requests[-1]
        with pytest.raises(ServiceGone):
            play("TicTacToe-v0", [fake.spec(**FAST, tokens_field="max_tokens"), "random"], matches=1)


def test_a_server_whose_template_has_no_system_role_gets_the_rules_in_the_first_message():
    def script(number, body):
        if body["messages"][0]["role"] == "system":
            return Say(status=400, body=b"System role not supported")
        return Say(first_legal(body))

    with FakeServer(script) as fake:
        results = play("TicTacToe-v0", [fake.spec(**FAST), "random"], matches=2)
    assert not [record for record in results.records if record.faults]
    last = fake.requests[-1]["messages"]
    assert [message["role"] for message in last[:2]] == ["user", "assistant"]
    assert "tic-tac-toe" in last[0]["content"].lower()


# --- what the client would refuse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("base_url=http://host:port/v1", "base_url"),
        ("base_url=8000", "base_url"),
        ("base_url=localhost:8000/v1", "must begin with http"),
        ("base_url=/v1", "base_url"),
        ("base_url=http://", "base_url"),
        ("base_url=http://[::1/v1", "base_url"),
        ("base_url=http://host:99999/v1", "base_url"),
        ("base_url=ftp://host/v1", "base_url"),
        ("base_url=http://a b/v1", "base_url"),
        ("base_url=http://localhost:1/v1&api_key=%0Akey", "api_key has characters"),
        ("base_url=http://localhost:1/v1&api_key=[1]", "api_key must be a string"),
    ],
)
def test_what_the_client_refuses_is_said_before_the_first_match(query, named):
    with pytest.raises(BadOption, match=named.replace("(", r"\(")):
        play("TicTacToe-v0", [f"openai:m?{query}", "random"], matches=1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://me:PASSWORD@localhost:1"),
        ("HTTP_PROXY", "gopher://me:PASSWORD@localhost:1"),
        ("SSL_CERT_FILE", "/no/such/file.pem"),
        ("OPENAI_BASE_URL", "http://me:PASSWORD@host:port/v1"),
    ],
)
def test_what_it_reads_from_the_environment_is_named(variable, value, monkeypatch):
    import importlib.util

    if value.startswith("socks5") and importlib.util.find_spec("socksio"):
        pytest.skip("the package for SOCKS proxies is installed")
    monkeypatch.setenv(variable, value)
    spec = "openai:m" if variable == "OPENAI_BASE_URL" else "openai:m?base_url=http://localhost:1/v1"
    with pytest.raises(ValueError, match=variable) as caught:  # UsageError
        play("TicTacToe-v0", [spec, "random"], matches=1)
    assert "PASSWORD" not in str(caught.value)


LOGIN = base64.b64encode(b"me:PASSWORD")


@pytest.mark.parametrize("key", ["SECRET-KEY", "SECRET"])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_secrets_are_in_no_message(key, status):
    def script(number, body):
        said = f"Incorrect API key provided: {key}. You sent Authorization: Bearer {key}, Basic {LOGIN.decode()}, QUERY-SECRET"
        return Say(status=status, body=said.encode())

    with FakeServer(script) as fake:
        url = fake.url.replace("http://", "http://me:PASSWORD@") + "?token=QUERY-SECRET"
        spec = f"openai:m?base_url={url.replace('?', '%3F').replace('=', '%3D')}&api_key={key}&retries=0"
        with pytest.raises(ServiceGone, match=f"HTTP {status}") as caught:
            play("TicTacToe-v0", [spec, "random"], matches=1)
    text = repr(caught.value) + str(caught.value)
    assert not [secret for secret in (key, "PASSWORD", "QUERY-SECRET", LOGIN.decode()) if secret in text]


def test_an_address_with_a_query_reaches_the_service_with_it():
    with FakeServer() as fake:
        play("TicTacToe-v0", [f"openai:m?base_url={fake.url}%3Fapi-version=2%26empty=", "random"], matches=1)
    assert set(fake.paths) == {"/v1/chat/completions?api-version=2&empty="}


def test_a_run_that_ends_while_a_model_is_at_work_ends_with_its_message_and_exit_code(tmp_path):
    with FakeServer(lambda number, body: Say(status=402)) as fake:
        command = ["tournament", "KuhnPoker-v0", fake.spec(), "tiny", "random", "--rounds", "20", "--quiet", "--out", str(tmp_path / "t")]
        ended = subprocess.run([sys.executable, "-m", "agentarena", *command], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2, ended.stderr
    assert "HTTP 402" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("status", [301, 304, 308])
def test_a_redirection_that_leads_nowhere_is_no_passing_failure(status):
    with FakeServer(lambda number, body: Say(status=status)) as fake:
        with pytest.raises(ServiceGone, match=f"HTTP {status}.*Check"):
            play("TicTacToe-v0", [fake.spec(concurrency=1), "random"], matches=1)
        assert len(fake.requests) == 1


def test_a_client_whose_loop_dies_ends_the_run(monkeypatch):
    from agentarena.agents.llm.openai import OpenAIEngine

    async def dies(self, ready):
        raise RuntimeError("the loop is broken")

    monkeypatch.setattr(OpenAIEngine, "_serve", dies)
    with pytest.raises(ServiceGone, match="thread stopped"):
        play("TicTacToe-v0", ["openai:m?base_url=http://localhost:1/v1", "random"], matches=2)
