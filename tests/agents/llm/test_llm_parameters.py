"""Every parameter of every language agent is checked when the agent is made, and the message names it."""

from __future__ import annotations

import inspect

import pytest
from test_llm_agent import Scripted, legal

from agentarena.agents.llm import agent as factories
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.strategies import candidates, vote
from agentarena.agents.random import RandomAgent
from agentarena.agents.specs import agent
from agentarena.core.errors import ArenaError, BadOption, NotSupported
from agentarena.matches.api import play

COMMON = {
    "temperature": (-1, "hot", True, float("nan"), float("inf"), [1]),
    "top_p": (0, -0.1, 1.5, "x", None, float("nan")),
    "top_k": (-1, 2.5, "x", True, None),
    "max_tokens": (0, -5, 1.5, "x", True, None, 10**30),
    "stop": (5, "", ["a", 5], [""], True, {"a": 1}),
    "constrain": ("yes", 1, None),
    "memory": (5, "all", "last:0", "last:-1", "last:" + "9" * 5000, None),
    "system": (5, None, ["x"]),
    "choices": ("yes", 0, None),
    "prompt": (0, "x", None),
    "keep_thinking": (1, None),
    "context": (-5, 1.5, "x", True),
    "budget_tokens": (0, -1, "x", float("nan")),
    "budget_usd": (0, -1, "x"),
    "budget_s": (0, -1, "x", float("inf")),
    "adapter": (5, ""),
    "strategy": (5, "", None),
    "n": (0, -1, 1.5, "x", True, 10**9, None),
}
OPENAI = {
    "base_url": (8000, "host", "http://host:port/v1", ["http://localhost/v1"]),
    "api_key": (["x"], 1.5, "a\nb"),
    "concurrency": (0, -1, 1.5, "x", True, None),
    "rpm": (0, -1, "x", float("nan")),
    "tpm": (0, -1, "x"),
    "timeout_s": (0, -1, "x", None, float("inf"), float("nan")),
    "stall_s": (0, -1, "x", None),
    "retries": (-1, 1.5, "x", True, None, 10**9),
    "first_pause_s": (-1, "x", None, float("nan")),
    "stream": ("yes", 1, None),
    "dialect": ("x", 5, None),
    "tokens_field": ("length", 5),
    "price_in": (-1, "x", float("nan")),
    "price_out": (-1, "x", float("inf")),
    "thinking": ("yes", 1),
    "effort": (5, ""),
    "send_seed": ("yes", None),
}
HF = {"dtype": (5, "", None), "device": (5, ""), "max_batch": (0, -1, 1.5, "x", True, None), "thinking": ("yes", 1)}
VLLM = {
    "max_model_len": (0, -1, 1.5, "x"),
    "gpu_memory_utilization": (0, 1.5, "x", None),
    "tensor_parallel_size": (0, 1.5, None),
    "block_size": (0, "x"),
    "max_num_seqs": (0, 1.5, None),
    "enforce_eager": ("yes", 1),
    "adapters": (5, {"a": 5}, ["a"]),
    "most_allowed": (-1, 1.5, None),
    "normalizers": ("yes", None),
    "quantization": (5, ""),
    "reasoning_parser": (5, ""),
}
URL = {"base_url": "http://localhost:1/v1"}


def table(*groups):
    return [
        pytest.param(name, value, id=f"{name}={str(value)[:20]}") for group in groups for name, values in group.items() for value in values
    ]


@pytest.mark.parametrize(("name", "value"), table(COMMON, OPENAI))
def test_openai_refuses_what_is_no_value(name, value):
    with pytest.raises(ArenaError) as caught:
        factories.openai(
            "m", **{**URL, **({"price_out" if name == "price_in" else "price_in": 1.0} if "price" in name else {}), name: value}
        )
    assert name in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(("name", "value"), table(COMMON, HF))
def test_hf_refuses_what_is_no_value_before_it_loads_a_model(name, value):
    pytest.importorskip("torch")
    with pytest.raises(ArenaError) as caught:
        factories.hf("/no/such/model", **{name: value})
    assert f"{name} must be" in str(caught.value)


@pytest.mark.parametrize(("name", "value"), table(COMMON, VLLM))
def test_vllm_refuses_what_is_no_value_before_it_loads_a_model(name, value):
    from agentarena.agents.llm.vllm import vllm

    with pytest.raises(ArenaError) as caught:
        vllm("m", **{name: value})
    assert f"{name} must" in str(caught.value)


def test_the_tables_name_every_parameter():
    named = {*COMMON, *OPENAI, "model", "parameters", "name", "policy", "past", "acts"}
    assert set(inspect.signature(factories.openai).parameters) <= named


@pytest.mark.parametrize("model", ["", None, 5])
def test_a_model_has_a_name(model):
    for factory in (factories.openai, factories.hf):
        with pytest.raises(BadOption, match="model"):
            factory(model, **(URL if factory is factories.openai else {}))


@pytest.mark.parametrize("query", ["strategy=vote", "strategy=vote&n=3&temperature=0", "strategy=candidates&policy=random"])
def test_several_replies_at_temperature_0_are_one(query):
    with pytest.raises(BadOption, match="temperature above 0"):
        agent(f"openai:m?base_url=http://localhost:1/v1&{query}" + ("" if "temperature" in query else "&temperature=0"))
    for strategy in (vote(3), candidates(3, RandomAgent())):
        with pytest.raises(BadOption, match="temperature above 0"):
            LanguageAgent(Scripted(legal), strategy=strategy)


def test_several_replies_where_they_can_differ():
    assert agent("openai:m?base_url=http://localhost:1/v1&strategy=vote").name, "the server's own temperature"
    LanguageAgent(Scripted(legal), strategy=vote(1))
    LanguageAgent.of(Scripted(legal), strategy="vote", temperature=0.7)


def test_what_strategies_need_is_checked_too(tmp_path):
    url = "openai:m?base_url=http://localhost:1/v1"
    for query, named in (
        ("strategy=candidates&policy=5", "policy"),
        ("strategy=recall&past=5", "past"),
        ("strategy=json:dumps2", "dumps2"),
    ):
        with pytest.raises((ArenaError, AttributeError), match=named):
            agent(f"{url}&temperature=1&{query}")


def test_a_misspelt_parameter_is_suggested_and_all_are_listed():
    with pytest.raises(BadOption) as caught:
        agent("openai:m?base_url=http://localhost:1/v1&temprature=0.5&api_key=SECRET-KEY")
    said = str(caught.value)
    assert "Did you mean temperature?" in said
    assert all(name in said for name in (*COMMON, *OPENAI))
    assert "SECRET-KEY" not in said


def test_one_model_at_two_addresses_is_told_apart_by_a_name():
    one = agent("openai:m?base_url=http://localhost:1/v1&name=here")
    two = agent("openai:m?base_url=http://localhost:2/v1&name=there")
    assert (one.name, two.name) == ("here", "there")


@pytest.mark.parametrize("policy", ["tiny", "openai:m?base_url=http:%2F%2Flocalhost:1"])
def test_a_model_that_would_wait_for_itself_cannot_choose_among_candidates(policy):
    with pytest.raises(BadOption, match="answers in its own time"):
        agent(
            f"openai:m?base_url=http://localhost:1/v1&strategy=candidates&temperature=1&policy={policy.replace('?', '%3F').replace('=', '%3D')}"
        )


def test_a_policy_of_another_game_is_refused_before_the_first_match():
    spec = "openai:m?base_url=http://localhost:1/v1&strategy=candidates&temperature=1&policy=dhumbal/aggressive"
    with pytest.raises(NotSupported, match="candidates are chosen by 'dhumbal/aggressive'"):
        play("TicTacToe-v0", [spec, "random"], matches=1)
