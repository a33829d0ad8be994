"""Our games in verifiers, offline, against a scripted OpenAI-compatible server: `make test-verifiers` runs this in an environment of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("verifiers")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of verifiers and its dependencies
sys.path.insert(0, str(Path(__file__).parents[1] / "agents" / "llm"))

import verifiers.v1 as vf  # noqa: E402
from fake_server import FakeServer, Say, first_legal, plays  # noqa: E402

from agentarena.bridges import verifiers as bridge  # noqa: E402
from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.core.record import Record  # noqa: E402
from agentarena.core.replay import verify  # noqa: E402


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module of a project that passes the classes on."""
    module = ModuleType("agentarena_games")
    vars(module).update({name: getattr(bridge, name) for name in bridge.__all__}, __all__=bridge.__all__)
    module.__spec__ = None
    monkeypatch.setitem(sys.modules, "agentarena_games", module)


def environment(taskset: dict[str, Any], **config: Any) -> vf.Env:
    return vf.load_environment(vf.resolve_env_config({"taskset": {"id": "agentarena_games", **taskset}, **config}))


def episodes(
    script: Callable[[int, dict[str, Any]], Say], taskset: dict[str, Any], **config: Any
) -> tuple[list[vf.Episode], list[dict[str, Any]]]:
    """One episode of every task, and the requests that the server had."""

    async def run(url: str) -> list[vf.Episode]:
        env = environment(taskset, **config)
        client = vf.EvalClientConfig(base_url=url, api_key_var="AGENTARENA_TEST_KEY")
        context = vf.ModelContext(model="fake", client=client)
        async with env.serving():
            return [await env.run_slot(slot, context) for task in env.taskset for slot in env.slots(task)]

    with FakeServer(script) as fake, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENTARENA_TEST_KEY", "none")
        return asyncio.run(run(fake.url)), fake.requests


def test_the_reward_is_the_return_and_the_match_can_be_played_again(tmp_path: Path) -> None:
    """The model always plays the first legal move; every deal is played in both seats."""
    done, requests = episodes(plays, {"env": "KuhnPoker-v0", "deals": 3})
    assert [(one.task.data.deal, one.task.data.seat) for one in done] == [(deal, seat) for deal in range(3) for seat in (0, 1)]
    for one in done:
        assert one.ok, one.errors
        (trace,) = one.traces
        record = tmp_path / "match.jsonl"
        record.write_text(trace.info["record"] + "\n")
        outcome = verify(record)
        assert (outcome.ok, outcome.matches) == (True, 1)
        seat = one.task.data.seat
        match = Record.parse(trace.info["record"])
        assert trace.rewards["return"].value == match.returns[seat] != 0
        assert (match.seats[seat].agent, match.seats[1 - seat].agent, match.deal) == ("policy", "random", one.task.data.deal)
        assert trace.metrics["won"] == float(match.winner == seat)
        assert trace.metrics["forfeited"] == trace.metrics["faults"] == 0
    roles = [[message["role"] for message in body["messages"]] for body in requests]
    assert all(one[:2] == ["system", "user"] for one in roles)


def test_decisions_of_a_match_are_one_chat() -> None:
    done, requests = episodes(plays, {"env": "TicTacToe-v0", "deals": 1, "seats": [0], "opponents": ["minimax"]})
    (trace,) = done[0].traces
    assert trace.num_turns == len(requests) >= 3
    last = [message["role"] for message in requests[-1]["messages"]]
    assert last == ["system", *["user", "assistant"] * (len(requests) - 1), "user"]
    assert [message["content"] for message in requests[0]["messages"]] == [message["content"] for message in requests[-1]["messages"][:2]]


def test_the_model_holds_the_other_seats_untrained() -> None:
    done, requests = episodes(plays, {"env": "KuhnPoker-v0", "deals": 2, "seats": [1], "opponents": ["self"]})
    for one in done:
        assert one.ok, one.errors
        policy = next(trace for trace in one.traces if trace.agent.name == "player")
        other = next(trace for trace in one.traces if trace.agent.name == "opponent")
        assert policy.rewards["return"].value == -other.rewards["return"].value != 0
        assert (policy.agent.trainable, other.agent.trainable) == (True, False)
    assert len({body["messages"][1]["content"] for body in requests}) > 1


def test_an_unreadable_reply_is_asked_for_again_with_the_reason_then_the_seat_forfeits() -> None:
    """The second request hears the reason; one that never writes a move has the game's forfeit return, worse than a fold."""
    again, requests = episodes(
        lambda number, body: Say("I fold, I think") if number == 0 else Say(first_legal(body)), {"deals": 1, "seats": [0]}
    )
    assert again[0].ok
    assert again[0].traces[0].metrics["forfeited"] == 0
    assert "Your last reply was not accepted" in requests[1]["messages"][-1]["content"]
    never, requests = episodes(lambda number, body: Say("hello"), {"deals": 1, "seats": [0], "retries": 1})
    (trace,) = never[0].traces
    assert never[0].ok
    assert len(requests) == 2
    assert trace.metrics == {"won": 0.0, "forfeited": 1.0, "faults": 1.0, "truncated": 0.0}
    assert trace.rewards["return"].value <= -1


def test_a_limit_of_turns_is_a_forfeit() -> None:
    done, _ = episodes(plays, {"env": "TicTacToe-v0", "deals": 1, "seats": [0]}, player={"max_turns": 1})
    (trace,) = done[0].traces
    assert trace.metrics["forfeited"] == 1
    assert trace.rewards["return"].value < -1  # worse than any legal ending


def test_a_provider_that_fails_is_nobodys_fault() -> None:
    done, _ = episodes(lambda number, body: Say(status=400), {"deals": 1, "seats": [0]})
    assert not done[0].ok
    (trace,) = done[0].traces
    assert "return" not in trace.rewards
    assert trace.errors


@pytest.mark.parametrize(
    ("taskset", "message"),
    [
        ({"opponents": []}, "opponents must be a list"),
        ({"seats": [2]}, "seats must be from 0 to 1"),
        ({"opponents": ["dhumbal/aggressive"]}, "'dhumbal/aggressive' cannot play KuhnPoker-v0"),
    ],
)
def test_bad_tasksets_are_named(taskset: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        list(environment(taskset).taskset)
