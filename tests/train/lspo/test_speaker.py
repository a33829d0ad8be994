"""Speakers: the batch beside generation row by row, what a candidate depends on, what is dropped, and engines beside models."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_speaker import prompts, small_speaker

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from agentarena.agents.llm.engine import Completion, Request
from agentarena.core.errors import AgentTimeout, BadOption, ServiceGone
from agentarena.models.speaker.corpus import TABLE
from agentarena.models.speaker.names import swap
from agentarena.models.speaker.prompts import SpeechPrompt, messages
from agentarena.train.lspo.generation import Continuations, draw
from agentarena.train.lspo.speaker import EngineSpeaker, LocalSpeaker, load_speaker, spec_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_speaker(tmp_path_factory.mktemp("speaker"))


@pytest.fixture(scope="module")
def speaker(folder: Path) -> Any:
    return load_speaker(folder, max_tokens=12, longest=2000)


# --- the batch ------------------------------------------------------------------------------------------------------------


def _greedy(model: Any, ids: list[int], length: int, ends: frozenset[int]) -> list[int]:
    """One text, token by token, everything read anew each time."""
    text: list[int] = []
    while len(text) < length:
        token = int(model(input_ids=torch.tensor([ids + text])).logits[0, -1].argmax())
        if token in ends:
            break
        text.append(token)
    return text


def test_a_batch_generates_what_each_row_alone_would(speaker: LocalSpeaker) -> None:
    rng = np.random.default_rng(0)
    prefixes = [rng.integers(3, 400, size=size).tolist() for size in (9, 30, 17)]
    model, ends = speaker._model, frozenset((2,))
    batch = Continuations(model, prefixes, room=40, pad=0)
    for sizes in ((3, 1, 6), (2, 8, 4)):  # one after another from the same cache
        suffixes = [rng.integers(3, 400, size=size).tolist() for size in sizes]
        texts = batch.sample(suffixes, ends, np.zeros((3, 8)), temperature=0)
        with torch.no_grad():
            assert texts == [_greedy(model, prefix + suffix, 8, ends) for prefix, suffix in zip(prefixes, suffixes, strict=True)]


def test_draws_follow_the_probabilities() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.3, 0.2]])).expand(1000, 3)
    uniforms = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    assert torch.bincount(draw(scores, uniforms, 1.0)).tolist() == [500, 300, 200]
    assert torch.bincount(draw(scores, uniforms, 1.0, top_p=0.7), minlength=3).tolist() == [625, 375, 0]
    assert set(draw(scores, uniforms, 0).tolist()) == {0}


# --- candidates ------------------------------------------------------------------------------------------------------------


def test_a_candidate_depends_on_its_prompt_and_seed_alone(speaker: LocalSpeaker) -> None:
    some = prompts(9)
    together = speaker.propose(some, 2, 5)
    assert together == [speaker.propose([prompt], 2, 5)[0] for prompt in some]
    assert together != speaker.propose(some, 2, 6)
    assert speaker.propose(some, 2, list(range(9)))[3] == speaker.propose([some[3]], 2, [3])[0]
    with pytest.raises(ValueError, match="a seed for each of 9 prompts"):
        speaker.propose(some, 2, [1])


def test_candidates_that_do_not_end_are_dropped_and_counted(folder: Path) -> None:
    speaker = load_speaker(folder, max_tokens=2, longest=2000)
    candidates = speaker.propose(prompts(20), 3, 0)
    kept = sum(map(len, candidates))
    assert speaker.counts["proposed"] == 60
    assert speaker.counts["overlong"] + speaker.counts["empty"] == 60 - kept > 0


def test_settings_out_of_range_are_refused(folder: Path) -> None:
    with pytest.raises(BadOption, match="temperature"):
        load_speaker(folder, temperature=-1)
    with pytest.raises(BadOption, match="max_tokens"):
        load_speaker(folder, max_tokens=0)
    with pytest.raises(BadOption, match="no speaker"):
        load_speaker("nobody")
    with pytest.raises(BadOption, match="no language model"):
        load_speaker("agentarena.envs.werewolf.bots:Bayes")


def test_names_are_hidden_from_the_model_and_put_back(folder: Path, tmp_path: Path) -> None:
    plain = load_speaker(folder, max_tokens=12, longest=2000)
    shutil.copytree(folder, tmp_path / "named")
    TABLE.write(tmp_path / "named")
    named = load_speaker(tmp_path / "named", max_tokens=12, longest=2000)
    some = prompts(12)  # in known names already
    table = {f"Player {number}": name for number, name in enumerate(TABLE.known)}
    numbered = [SpeechPrompt(one.role, swap(one.view, {name: number for number, name in table.items()})) for one in some]
    expected = [
        [words for words in row if not TABLE.strangers(words, TABLE.table(one.view))]
        for one, row in zip(some, plain.propose(some, 1, list(range(12))), strict=True)
    ]
    assert [[swap(words, table) for words in row] for row in named.propose(numbered, 1, list(range(12)))] == expected


# --- engines ------------------------------------------------------------------------------------------------------------------


class Scripted:
    """An engine that answers from a list and notes what it was asked."""

    name, tokens = "scripted", False

    def __init__(self, answers: list[Completion | Exception]) -> None:
        self.answers, self.requests, self.closed = answers, list[Request](), 0

    def submit(self, request: Request, done: Any) -> None:
        self.requests.append(request)
        done(self.answers[(len(self.requests) - 1) % len(self.answers)])

    def close(self) -> None:
        self.closed += 1


def test_an_engine_is_asked_for_one_candidate_after_another() -> None:
    engine = Scripted([Completion("I pass."), Completion(" I suspect\n Ben. "), AgentTimeout("late"), Completion("x" * 400)])
    speaker = EngineSpeaker(engine, rules="The rules.")
    assert speaker.propose([SpeechPrompt("seer", "Day 1.")], 4, 0) == [["I pass.", "I suspect Ben."]]
    assert speaker.counts == {"proposed": 4, "failed": 1, "overlong": 1}
    last = engine.requests[-1].messages
    assert last == messages(SpeechPrompt("seer", "Day 1.", ("I pass.", "I suspect Ben.")), "The rules.")
    assert len({request.seed for request in engine.requests}) == 4
    speaker.close()
    speaker.close()
    assert engine.closed == 1


def test_a_service_that_is_gone_ends_the_proposals() -> None:
    with pytest.raises(ServiceGone):
        EngineSpeaker(Scripted([ServiceGone("gone")])).propose([SpeechPrompt("seer", "Day 1.")], 1, 0)


def test_the_transformers_engine_proposes_what_the_batch_does(folder: Path) -> None:
    some = prompts(3)
    local = load_speaker(folder, temperature=0, max_tokens=12, longest=2000)
    engine = load_speaker(f"hf:{folder}", temperature=0, max_tokens=12, longest=2000)
    try:
        assert engine.propose(some, 2, 0) == local.propose(some, 2, 0)
    finally:
        engine.close()


def test_a_tuned_folder_is_asked_like_the_model_before() -> None:
    assert spec_of("hf:Qwen/Qwen3-8B", Path("runs/a")) == "hf:runs/a"
    assert spec_of("agentarena/models/speaker/weights", Path("runs/a")) == "runs/a"
