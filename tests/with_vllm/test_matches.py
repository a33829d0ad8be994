"""Matches played by vLLM in this process."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import agentarena as aa
from agentarena.agents.llm import vllm as module
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Done, Request
from agentarena.core.agent import Reply, View
from agentarena.core.errors import BadOption
from agentarena.core.rng import stream


class Lent:
    """The session's engine, which outlives those it is lent to; keeps what it answers."""

    tokens = True

    def __init__(self, engine: Any) -> None:
        self.name, self.template, self.context, self.version = engine.name, engine.template, engine.context, engine.version
        self.completions: list[Completion] = []
        self.closed = 0
        self._engine = engine

    def submit(self, request: Request, done: Done) -> None:
        def taken(answer: Completion | Exception) -> None:
            if isinstance(answer, Completion):
                self.completions.append(answer)
            done(answer)

        self._engine.submit(request, taken)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("env", ["TicTacToe-v0", "LeducPoker-v0", "Dhumbal-v0"])
def test_held_to_the_legal_moves_a_model_never_errs(engine: Any, env: str) -> None:
    bot = LanguageAgent.of(Lent(engine), constrain=True, temperature=1.0, memory="last:2", max_tokens=64)
    runs = aa.play(env, [bot, "random"], matches=6, seed=2)
    assert len(runs.records) == 6
    for record in runs.records:
        assert not [fault for fault in record.faults if record.seats[fault["seat"]].index == 0]
        assert all(attempt["outcome"] == "read" for reply in record.replies for attempt in reply["attempts"])


def test_the_same_seed_gives_the_same_records_at_any_concurrency(engine: Any) -> None:
    def play(concurrency: int, temperature: float) -> list[str]:
        bot = LanguageAgent.of(Lent(engine), constrain=True, temperature=temperature, max_tokens=32, name="vllm")
        runs = aa.play("TicTacToe-v0", [bot, "random"], matches=8, seed=7, concurrency=concurrency)
        return [record.line() for record in runs.records]

    for temperature in (0.0, 1.0):
        assert play(1, temperature) == play(8, temperature)


@pytest.mark.parametrize("constrain", [True, False])
def test_a_match_of_30_turns_is_one_text_that_is_never_encoded_again(engine: Any, constrain: bool) -> None:
    """With this adapter most constrained replies are spelled in other tokens than their words would be encoded in."""
    listening = Lent(engine)
    bot = LanguageAgent.of(listening, constrain=constrain, memory="chat", adapter="other", temperature=2.0, max_tokens=24)
    game, memory = aa.game("KuhnPoker-v0"), {}
    state = game.start(stream(0, 1))
    for turn in range(30):
        bot.act([View(game, state, game.to_move(state)[0], seed=2, turn=turn, memory=memory)])
    completions = listening.completions
    for before, after in itertools.pairwise(completions):
        text = before.prompt_ids + before.token_ids
        assert after.prompt_ids[: len(text)] == text
    tokenizer = engine.template.tokenizer
    encoded = [tuple(tokenizer(tokenizer.decode(one.token_ids), add_special_tokens=False).input_ids) for one in completions]
    different = sum(ids != one.token_ids for ids, one in zip(encoded, completions, strict=True))
    assert different > 15 or not constrain


def test_replies_carry_their_samples(engine: Any) -> None:
    bot = LanguageAgent.of(Lent(engine), constrain=True, temperature=0.7, max_tokens=24, name="vllm:tiny")
    game = aa.game("TicTacToe-v0")
    (reply,) = bot.act([View(game, game.start(stream(0, 1)), 0, seed=3)])
    assert isinstance(reply, Reply)
    (sample,) = reply.samples
    assert (sample.policy, sample.version, sample.temperature) == ("vllm:tiny", "0", 0.7)
    assert len(sample.token_ids) == len(sample.logprobs) == len(sample.allowed_ids)
    assert engine.template.text(sample.token_ids) == reply.text


def test_agents_of_one_model_share_its_engine(engine: Any, monkeypatch: pytest.MonkeyPatch, adapter: Any) -> None:
    engines: list[Lent] = []
    settings_by_engine: list[dict[str, Any]] = []

    def make(model: str, **settings: Any) -> Lent:
        settings_by_engine.append(settings)
        engines.append(Lent(engine))
        return engines[-1]

    monkeypatch.setattr(module, "VLLMEngine", make)
    first = aa.agent("vllm:some/model?temperature=0.7&thinking=false&dtype=float32")
    second = aa.agent("vllm:some/model?constrain=true&thinking=false&dtype=float32")
    third = aa.agent(f"vllm:some/model?adapter={adapter}&block_size=32")
    assert len(engines) == 2
    assert "block_size" not in settings_by_engine[0]  # vLLM's own
    assert settings_by_engine[1]["block_size"] == 32
    assert first.name == "vllm:some/model?temperature=0.7&thinking=false"
    first.close()
    assert not engines[0].closed
    second.close()
    third.close()
    assert (engines[0].closed, engines[1].closed) == (1, 1)
    with pytest.raises(BadOption, match="no parameter 'temprature'"):
        aa.agent("vllm:some/model?temprature=1")
