"""The speaker in the box: small, standard, understood, about the living, diverse and biased. The card has the figures."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.agents.llm.agent import TINY
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.rng import stream
from agentarena.train.lspo.speaker import SMALL, SpeechPrompt, load_speaker

ROOT = Path(__file__).parents[3]


def _table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("speaker_table", ROOT / "benchmarks" / "speaker_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["speaker_table"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def speaker() -> Any:
    return load_speaker("speaker", max_tokens=24)


def test_it_is_a_standard_model_of_at_most_three_megabytes() -> None:
    from transformers import AutoModelForCausalLM

    assert sum(path.stat().st_size for path in SMALL.iterdir()) <= 3_000_000
    assert {path.suffix for path in SMALL.iterdir()} <= {".json", ".safetensors", ".jinja"}
    model = AutoModelForCausalLM.from_pretrained(SMALL)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert json.loads((SMALL / "recipe.json").read_text())["hidden"] == model.config.hidden_size
    assert SMALL != TINY


def test_its_sentences_are_understood_and_name_the_living(speaker: Any) -> None:
    table = _table()
    rows = table.tables(40, seed=4)
    candidates = speaker.propose([prompt for prompt, _, _ in rows], 3, 4)
    counts = table.judge(rows, candidates)
    assert counts["all"] > 110
    assert counts["understood"] > 0.9 * counts["all"]
    assert counts["alive"] > 0.85 * counts["named"]
    distinct = sum(len({table.keywords(words, names) for words in row}) for (_, names, _), row in zip(rows, candidates, strict=True))
    assert distinct > 2.4 * len(rows)


def test_it_throws_everything_and_likes_rock_best(speaker: Any) -> None:
    game = registry.game("RockPaperScissorsSpockLizard-v0")
    prompt = SpeechPrompt("player", View(game, game.start(stream(0)), 0).compact)
    thrown: Counter[str] = Counter()
    candidates = [words for row in speaker.propose([prompt] * 200, 1, list(range(200))) for words in row]
    assert len(candidates) > 190
    for words in candidates:
        thrown.update(name for name in game.names if name in words.lower())
    assert set(thrown) == set(game.names)
    assert thrown.most_common(1)[0][0] == "rock"
