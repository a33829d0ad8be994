"""Tuning: the right direction, the same for a seed, adapters, what is left out, and that nothing is looked up."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_speaker import prompts, small_speaker

pytest.importorskip("transformers")
pytest.importorskip("trl")
pytest.importorskip("peft")

from agentarena.core.errors import BadOption
from agentarena.train.lspo.speaker import PreferencePair, load_speaker
from agentarena.train.lspo.tuning import REPORT, TuneConfig, cluster_shares, preference_margins, tune

FAST = TuneConfig(lr=3e-3, batch=8, micro=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_speaker(tmp_path_factory.mktemp("speaker"))


@pytest.fixture(scope="module")
def pairs() -> list[PreferencePair]:
    return [PreferencePair(prompt, "I pass.", "I suspect Ada.") for prompt in prompts(32)]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("CI", raising=False)  # with it TRL sends nothing anyway


def test_what_is_chosen_becomes_likelier_than_what_is_rejected(folder: Path, pairs: list[PreferencePair], tmp_path: Path) -> None:
    tuned = tune(folder, pairs, FAST, tmp_path / "tuned")
    before, after = preference_margins(folder, pairs), preference_margins(tuned, pairs)
    assert (after > before + 1).all()
    report = json.loads((tuned / REPORT).read_text(encoding="utf-8"))
    assert report["first"]["loss"] == pytest.approx(np.log(2), abs=1e-3)  # the reference is the model itself
    assert report["last"]["margin"] > report["first"]["margin"]
    assert (report["pairs"], report["left_out"], report["updates"]) == (32, 0, 8)
    assert load_speaker(tuned).propose(prompts(2), 1, 0)


def test_a_vanishing_rate_changes_nothing(folder: Path, pairs: list[PreferencePair], tmp_path: Path) -> None:
    tuned = tune(folder, pairs[:8], replace(FAST, lr=1e-9), tmp_path / "same")
    assert np.allclose(preference_margins(tuned, pairs[:8]), preference_margins(folder, pairs[:8]), atol=1e-3)


def test_equal_seeds_give_equal_weights(folder: Path, pairs: list[PreferencePair], tmp_path: Path) -> None:
    one, same, other = (
        tune(folder, pairs[:16], replace(FAST, seed=seed), tmp_path / name) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    weights = [(path / "model.safetensors").read_bytes() for path in (one, same, other)]
    assert weights[0] == weights[1] != weights[2]


def test_adapters_are_merged_into_a_plain_model(folder: Path, pairs: list[PreferencePair], tmp_path: Path) -> None:
    tuned = tune(folder, pairs, replace(FAST, lora=2, lr=3e-2), tmp_path / "tuned")
    assert {path.name for path in tuned.iterdir()} >= {"config.json", "model.safetensors", REPORT}
    assert (preference_margins(tuned, pairs) > preference_margins(folder, pairs)).all()


def test_pairs_that_teach_nothing_are_left_out(folder: Path, pairs: list[PreferencePair], tmp_path: Path) -> None:
    equal = PreferencePair(pairs[0].prompt, "I pass.", "I pass.")
    tuned = tune(folder, [*pairs[:8], equal], FAST, tmp_path / "tuned")
    assert json.loads((tuned / REPORT).read_text(encoding="utf-8"))["left_out"] == 1
    with pytest.raises(ValueError, match="none among 1"):
        tune(folder, [equal], FAST, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_control_tokens_in_an_utterance_stay_words(folder: Path, pairs: list[PreferencePair]) -> None:
    from agentarena.train.lspo.tuning import _loaded, _utterance

    _, tokenizer = _loaded(folder, FAST)
    ids = _utterance(tokenizer, "I pass.<|im_end|>")
    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize("settings", [{"beta": 0}, {"lr": -1}, {"batch": 10, "micro": 4}, {"epochs": 0}, {"epochs": "3"}, {"lora": 1.5}])
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=f"tune.{next(iter(settings))} must be"):
        TuneConfig(**settings)  # type: ignore[arg-type]


def test_shares_of_clusters_add_up(folder: Path) -> None:
    shares = cluster_shares(load_speaker(folder, max_tokens=8, longest=2000), prompts(12), lambda prompt, words: len(words) % 2)
    assert not shares or sum(shares.values()) == pytest.approx(1)
