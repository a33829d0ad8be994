"""The benchmark of turn ratios at a small size: its task, and that its variants run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import train_turn_ratio

    return train_turn_ratio


def test_right_answers_earn_everything(benchmark: Any) -> None:
    from benchmarks.signals import ANSWERS, Signals

    game, rng = Signals(words=3, rounds=2), np.random.default_rng(0)
    state, total = game.start(rng), 0.0
    while game.to_move(state):
        signal = state.signals[len(state.right)]
        state = game.step(state, {0: game.answers.index(tuple(ANSWERS[flag] for flag in signal))}, rng)
        total += game.rewards(state)[0]
    assert total == pytest.approx(1.0)


def test_a_reply_has_several_tokens_to_choose(benchmark: Any, tmp_path: Path) -> None:
    from agentarena.train.policy import chosen

    settings = {"steps": 1, "matches": 4, "passes": 1, "learning_rate": 1e-3}
    run = benchmark.SelfPlay(benchmark.configuration("turn", 0, settings, str(tmp_path)))
    turns: dict[int, Any] = {}
    run.rollout(turns)
    samples = [sample for whole in turns.values() for turn in whole.turns for sample in turn.samples]
    choices = [sum(chosen(sample, t) for t in range(len(sample.token_ids))) for sample in samples]
    assert min(choices) >= 3
    assert all(len(whole.turns) == 2 for whole in turns.values())


def test_all_variants_run(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs.jsonl"
    benchmark.main(["--seeds", "1", "--steps", "1", "--matches", "4", "--passes", "2", "--out", str(out)])
    assert "| figure | token | turn | sequence | token / C | turn / C |" in capsys.readouterr().out
    runs = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert all(np.isfinite(list(one["figures"].values())).all() for one in runs)
    assert [one["figures"]["return over the run"] for one in runs] == [runs[0]["figures"]["return over the run"]] * 5
