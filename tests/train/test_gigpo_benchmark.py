"""The benchmark of GiGPO at a small size: its task, its variants, and that a finished run is not repeated."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
SMALL = {"steps": 2, "matches": 8, "size": 2, "limit": 12}


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import train_gigpo

    return train_gigpo


def test_the_shortest_way_opens_the_door(benchmark: Any) -> None:
    from benchmarks.key_door import KeyDoor, State

    game, rng = KeyDoor(size=3, limit=9), np.random.default_rng(0)
    state = State(1, 1, key=False)
    for move in (0, 3, 2, 2, 1, 1):  # to the key in the north-east, and to the door in the south-west
        assert game.to_move(state) == (0,)
        assert game.rewards(state) == (0.0,)
        state = game.step(state, {0: move}, rng)
    assert game.to_move(state) == ()
    assert game.rewards(state) == (1.0,)


def test_out_of_moves_is_an_end_without_reward(benchmark: Any) -> None:
    from benchmarks.key_door import KeyDoor, State

    game = KeyDoor(size=3, limit=2)
    state = game.step(State(1, 1, key=False, moves=1), {0: 0}, np.random.default_rng(0))
    assert game.to_move(state) == ()
    assert game.rewards(state) == (0.0,)
    assert not game.truncated(state)


def advantages(benchmark: Any, variant: str, folder: Path, **changes: Any) -> np.ndarray:
    """Those of the first update."""
    config = dataclasses.replace(benchmark.configuration(variant, 0, SMALL, str(folder)), **changes)
    run = benchmark.SelfPlay(config)
    learner = run.learner = benchmark.AnchorLearner(config, run.state)
    learner.episodes = variant != benchmark.WITHOUT_EPISODES
    kept: list[np.ndarray] = []
    estimate = learner.advantages
    learner.advantages = lambda trajectories, batch=None: kept.append(estimate(trajectories, batch)) or kept[-1]
    run.update()
    return kept[0]


def test_halves_add_up_and_the_episode_half_is_grpo(benchmark: Any, tmp_path: Path) -> None:
    grpo = advantages(benchmark, "GRPO", tmp_path / "0")
    whole, steps = (advantages(benchmark, variant, tmp_path / variant) for variant in ("GiGPO", benchmark.WITHOUT_EPISODES))
    assert np.array_equal(advantages(benchmark, "GiGPO", tmp_path / "1", omega=0.0), grpo)
    np.testing.assert_allclose(grpo + steps, whole, atol=1e-12)
    assert np.abs(steps).max() > 0


def test_finished_runs_are_not_repeated(benchmark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--seeds", "1", "--steps", "1", "--matches", "8", "--size", "2", "--limit", "4", "--out", str(tmp_path / "runs.jsonl")]
    benchmark.main(arguments)
    first = capsys.readouterr().out
    assert first.count("seed 0") == 3
    benchmark.main(arguments)
    assert capsys.readouterr().out == first[first.index("| figure") :]
