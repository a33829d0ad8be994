"""The benchmark of training on the household at a small size: its tokenizer, what it judges by, its tables, and that it resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import household_training

    return household_training


@pytest.fixture
def policies(benchmark: Any) -> Any:
    from benchmarks import household_policy

    return household_policy


def test_names_numbers_and_words_are_pieces_of_their_own(policies: Any) -> None:
    from agentarena.models.tokenizer import train

    texts = ["You arrive at desk 1. On the desk 1, you see a mug 12, and a pen 1.", "take mug 12 from desk 1"]
    tokenizer = train(texts * 50, 400, policies.pieces())
    pieces = [tokenizer.decode([token]) for token in tokenizer(texts[0]).input_ids]
    assert pieces == ["You arrive at", " desk 1", ". On the", " desk 1", ", you see a", " mug", " 12", ", and a", " pen", " 1", "."]
    assert [tokenizer.decode([token]) for token in tokenizer(texts[1]).input_ids] == ["take", " mug", " 12", " from", " desk 1"]


def test_prompts_of_equal_situations_at_two_steps_are_equal(policies: Any) -> None:
    from agentarena.models.tokenizer import train

    tokenizer = policies.timeless(
        train(["Nothing happens.\nYour task is to: look.\nAdmissible commands:\nlook"] * 9, 400, policies.pieces())
    )
    early, late = (f"Nothing happens.\nYour task is to: look.\nStep {step} of 30.\nAdmissible commands:\nlook" for step in (2, 17))
    assert tokenizer(early).input_ids == tokenizer(late).input_ids
    assert tokenizer.decode(tokenizer(early).input_ids) == "Nothing happens.\nYour task is to: look.\nAdmissible commands:\nlook"


def test_every_game_is_judged_as_often_and_two_policies_meet_the_same(policies: Any, benchmark: Any) -> None:
    from agentarena.models.tokenizer import train
    from agentarena.train.checkpoint import scratch
    from agentarena.train.config import ScratchModel

    tokenizer = train(["go to desk 1 and take a mug"] * 9, 400, policies.pieces())
    policy = scratch(ScratchModel(16, 1, 2, 32, 400), tokenizer, 0)
    games = policies.evaluate(policy, "valid_unseen", rounds=2, max_steps=2, games=3)
    assert [one.number for one in games] == [0, 0, 1, 1, 2, 2]
    assert all(one.steps == 2 and not one.won for one in games)
    assert games == policies.evaluate(policy, "valid_unseen", rounds=2, max_steps=2, games=3)


def test_variants_differ_in_advantages_and_entropy_alone(benchmark: Any) -> None:
    settings = {"updates": 3, "matches": 16}
    configs = {name: benchmark.configuration(name, 1, settings, Path("warm"), "out") for name in benchmark.VARIANTS}
    fields = {name: {field: getattr(config, field) for field in config.__slots__} for name, config in configs.items()}
    differing = {field for field in fields["GRPO"] if len({repr(one[field]) for one in fields.values()}) > 1}
    assert differing == {"estimator", "entropy_coef", "entropy_band_coef", "entropy_band_low", "entropy_band_high"}
    assert configs["GRPO"].num_generations == 8


def test_differences_are_paired_by_game(benchmark: Any) -> None:
    from benchmarks.household_tables import report

    def a_run(variant: str, seed: int, won: list[bool]) -> dict[str, Any]:
        games = [{"number": number, "kind": "pick", "won": one, "steps": 1} for number, one in enumerate(won)]
        return {"variant": variant, "seed": seed, "figures": {"games": {"valid_seen": games}, "curve": [], "commands": 9.0}}

    runs = [a_run("GRPO", seed, [True, False, False, False]) for seed in (0, 1)] + [
        a_run("EPO", seed, [True, True, True, False]) for seed in (0, 1)
    ]
    before = {"parameters": 5, "turns": 4, "matches": 3, "seconds": 2, "games": runs[0]["figures"]["games"]}
    lines = report(before, runs, ["GRPO", "GiGPO", "EPO"]).splitlines()
    half = 1.96 * np.std([0, 1, 1, 0], ddof=1) / 2
    assert f"| valid_seen | less GRPO, ± over games |  |  | +0.500 ± {half:.3f} |" in lines
    assert "| valid_seen | less GRPO, ± over seeds |  |  | +0.500 ± 0.000 |" in lines
    assert "| valid_seen | pick | 4 | 0.25 | 0.250 ± 0.000 | 0.750 ± 0.000 |" in lines


def test_a_quick_run_is_whole_and_not_repeated(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--quick", "--out", str(tmp_path)]
    benchmark.main(arguments)
    first = capsys.readouterr().out
    runs = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert [one["variant"] for one in runs] == list(benchmark.VARIANTS)
    assert all((tmp_path / folder / "model.safetensors").exists() for folder in ("warm", "GiGPO-0", "GiGPO-steps-0"))
    benchmark.main(arguments)
    assert capsys.readouterr().out == first[first.index("19,") :]


def test_one_game_is_learned_by_every_variant(
    benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import household_game

    benchmark.main(["--quick", "--only", "warm", "--out", str(tmp_path)])
    monkeypatch.setattr(household_game, "games", lambda policy, max_steps: {"pick": 2})
    arguments = ["--seeds", "2", "--updates", "1", "--matches", "8", "--kinds", "pick", "--out", str(tmp_path)]
    household_game.main(arguments)
    printed = capsys.readouterr().out
    assert "figure (2 pairs of game and seed)" in printed
    assert len((tmp_path / "game.jsonl").read_text().splitlines()) == 2 * len(benchmark.VARIANTS)
    household_game.main([*arguments, "--table"])
    assert capsys.readouterr().out == printed[printed.index("| figure") :]


def test_a_game_to_learn_is_one_that_is_sometimes_won(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import household_game

    monkeypatch.setattr(household_game, "wins", lambda policy, number, max_steps: number)
    games = household_game.games(None, 30)
    assert all(1 <= number <= 12 for number in games.values())
    monkeypatch.setattr(household_game, "wins", lambda policy, number, max_steps: 0)
    with pytest.raises(SystemExit, match="train it longer first"):
        household_game.games(None, 30)
