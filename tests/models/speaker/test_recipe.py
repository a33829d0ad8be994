"""The recipe, for two steps: names and sentences in few tokens, a folder that loads, weights in half precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_speaker import lessons

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.models.pretrain import texts_of
from agentarena.models.speaker.corpus import TABLE
from agentarena.models.speaker.names import Names
from agentarena.models.speaker.recipe import PIECES, SPEAKER, teach
from agentarena.models.tokenizer import train


def test_a_known_name_is_one_token_wherever_it_stands() -> None:
    tokenizer = train(texts_of(lessons(2000)), SPEAKER.vocabulary, PIECES)
    for name in TABLE.known[:7]:
        (token,) = tokenizer(name).input_ids
        for text in (f"I think {name} is a werewolf.", f"Alive: Zoe, {name}.", f'\n{name}: "I pass."'):
            assert tokenizer(text).input_ids.count(token) == 1, text
    assert len(tokenizer("I do not believe Ada is a werewolf.").input_ids) <= 4


def test_two_steps_write_a_folder_of_half_precision(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    settings = replace(SPEAKER, steps=2, decisions=150, hidden=16, layers=1, heads=2, feed_forward=24, vocabulary=400, batch=8, micro=4)
    teach(settings, tmp_path / "speaker")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "speaker")
    assert model.dtype == torch.float16
    assert Names.read(tmp_path / "speaker") == TABLE
    assert len(AutoTokenizer.from_pretrained(tmp_path / "speaker")) <= 400
