"""Matches played by vLLM in this process."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import agentarena as aa
from agentarena.agents.llm import vllm as module
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.core.errors import BadOption


class Lent:
    """The session's engine, which outlives those it is lent to."""

    tokens = True

    def __init__(self, engine: Any) -> None:
        self.name, self.template, self.context, self.submit = engine.name, engine.template, engine.context, engine.submit
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("env", ["TicTacToe-v0", "LeducPoker-v0", "Dhumbal-v0"])
def test_held_to_the_legal_moves_a_model_never_errs(engine: Any, env: str) -> None:
    bot = LanguageAgent(Lent(engine), constrain=True, temperature=1.0, memory="last:2", max_tokens=64)
    runs = aa.play(env, [bot, "random"], matches=6, seed=2)
    assert len(runs.records) == 6
    for record in runs.records:
        assert not [fault for fault in record.faults if record.seats[fault["seat"]].index == 0]
        assert all(attempt["outcome"] == "read" for reply in record.replies for attempt in reply["attempts"])


def test_the_same_seed_gives_the_same_records_at_any_concurrency(engine: Any) -> None:
    def play(concurrency: int, temperature: float) -> list[str]:
        bot = LanguageAgent(Lent(engine), constrain=True, temperature=temperature, max_tokens=32, name="vllm")
        runs = aa.play("TicTacToe-v0", [bot, "random"], matches=8, seed=7, concurrency=concurrency)
        return [record.line() for record in runs.records]

    for temperature in (0.0, 1.0):
        assert play(1, temperature) == play(8, temperature)


def test_a_chat_is_continued_token_by_token(engine: Any) -> None:
    bot = LanguageAgent(Lent(engine), constrain=True, memory="chat", max_tokens=32, record_tokens=True)
    (record,) = aa.play("TicTacToe-v0", [bot, "tictactoe/tactical"], matches=1, seed=1).records
    samples = [attempt["extra"] for reply in record.replies for attempt in reply["attempts"]]
    assert len(samples) >= 2
    for before, after in itertools.pairwise(samples):
        told = before["prompt_ids"] + before["token_ids"]
        assert after["prompt_ids"][: len(told)] == told


def test_agents_of_one_model_share_its_engine(engine: Any, monkeypatch: pytest.MonkeyPatch, adapter: Any) -> None:
    made: list[Lent] = []
    told: list[dict[str, Any]] = []

    def make(model: str, **settings: Any) -> Lent:
        told.append(settings)
        made.append(Lent(engine))
        return made[-1]

    monkeypatch.setattr(module, "VLLMEngine", make)
    first = aa.agent("vllm:some/model?temperature=0.7&thinking=false&dtype=float32")
    second = aa.agent("vllm:some/model?constrain=true&thinking=false&dtype=float32")
    third = aa.agent(f"vllm:some/model?adapter={adapter}&block_size=32")
    assert len(made) == 2
    assert "block_size" not in told[0]  # vLLM's own
    assert told[1]["block_size"] == 32
    assert first.name == "vllm:some/model?thinking=False&temperature=0.7"
    first.close()
    assert not made[0].closed
    second.close()
    third.close()
    assert (made[0].closed, made[1].closed) == (1, 1)
    with pytest.raises(BadOption, match="no parameter 'temprature'"):
        aa.agent("vllm:some/model?temprature=1")
