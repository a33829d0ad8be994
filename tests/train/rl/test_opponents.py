"""Whom the learner meets: shares of the slots, draws from its checkpoints, prioritized by results, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.core.registry import game
from agentarena.train.rl import RLConfig, train
from agentarena.train.rl.env import Finished, Group
from agentarena.train.rl.opponents import Pool, check_opponents, points, slots_of


def test_shares_hold_on_average_and_nearly_in_every_stage() -> None:
    shares, rng = {"self": 0.5, "random": 0.3, "past": 0.2, "minimax": 0.0}, np.random.default_rng(0)
    drawn = [slots_of(shares, 7, 1, rng) for _ in range(4000)]
    assert all(sum(one.values()) == 7 for one in drawn)
    for name, share in shares.items():
        counts = np.array([one.get(name, 0) for one in drawn])
        assert abs(counts.mean() - 7 * share) < 0.03
        assert np.abs(counts - 7 * share).max() < 1


def test_simultaneous_self_play_gets_whole_matches() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = slots_of({"self": 0.5, "random": 0.25, "past": 0.25}, 9, 2, rng)
        assert counts["self"] % 2 == 0
        assert sum(counts.values()) == 9
    with pytest.raises(BadOption, match="num_envs=9 must be a multiple of 2"):
        slots_of({"self": 1.0}, 9, 2, rng)


def test_points() -> None:
    assert points(np.array([1.0, -1.0]), 0) == 1
    assert points(np.array([0.0, 0.0]), 1) == 0.5
    assert points(np.array([2.0, 5.0, 5.0]), 1) == 0.5
    assert points(np.array([2.0, 5.0, 5.0]), 0) == 0


def _pool() -> Pool:
    return Pool(Path("runs/x"), [(0, "a" * 64), (100, "b" * 64), (200, "c" * 64)])


def test_draws() -> None:
    config, rng, pool = RLConfig(env="KuhnPoker-v0"), np.random.default_rng(0), _pool()
    assert pool.draw("last", 2, config, rng) == [200, 200]
    counts = np.bincount(np.array(pool.draw("past", 3000, config, rng)) // 100, minlength=3)
    assert (np.abs(counts - 1000) < 105).all()  # four standard deviations
    newest = RLConfig(env="KuhnPoker-v0", past_size=2)
    assert set(pool.draw("past", 100, newest, rng)) == {100, 200}


def test_prioritized_draws_by_hand() -> None:
    """Two wins of two: w = 3/4. Two losses: 1/4. Never met: 1/2. With p = 2 the chances are 1 : 9 : 4."""
    pool, rng = _pool(), np.random.default_rng(0)
    groups = [Group("policy@aaaaaaaa", 1), Group("policy@bbbbbbbb", 1), Group("self", 1)]
    win, none = np.array([1.0, -1.0]), np.zeros(2, bool)
    pool.count(groups, [Finished(0, 0, win, none), Finished(0, 1, -win, none), Finished(1, 1, win, none), Finished(1, 0, -win, none)])
    pool.count(groups, [Finished(2, -1, win, none)])
    assert pool.results == {"a" * 64: [2.0, 2], "b" * 64: [0.0, 2]}
    drawn = pool.draw("prioritized", 14_000, RLConfig(env="KuhnPoker-v0", past_exponent=2.0), rng)
    counts = np.bincount(np.array(drawn) // 100, minlength=3)
    assert np.abs(counts - [1000, 9000, 4000]).max() < 250  # four standard deviations


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"opponents": {"dhumbal/aggressive": 1.0}}, "opponents: 'dhumbal/aggressive' cannot play KuhnPoker-v0"),
        ({"eval": ("minimax",)}, "eval: 'minimax' cannot play KuhnPoker-v0"),
        ({"seat": 2}, "seat=2, and KuhnPoker-v0 has the seats 0 to 1"),
    ],
    ids=["opponents", "eval", "seat"],
)
def test_what_does_not_fit_is_refused_before_the_run(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadOption, match=reason):
        check_opponents(RLConfig(env="KuhnPoker-v0", **settings), game("KuhnPoker-v0"))


@pytest.mark.parametrize("env", ["KuhnPoker-v0", "RockPaperScissors-v0", "Dhumbal-v0"])
def test_a_league_names_whom_it_met(tmp_path: Path, env: str) -> None:
    config = RLConfig(
        env=env,
        opponents={"self": 1.0, "past": 1.0, "random": 1.0},
        hidden=(8,),
        num_envs=12,
        n_steps=8,
        stage_steps=96,
        total_steps=288,
        output_dir=str(tmp_path),
    )
    train(config)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    run = json.loads((tmp_path / "run.json").read_text())
    names = {f"policy@{digest[:8]}" for _, digest in run["policies"]}
    assert len(lines) == 3
    for line in lines:
        assert sum(line["opponents"].values()) == 12
        assert set(line["opponents"]) <= {"self", "random", *names}
        assert line["faults"] == 0
    assert lines[0]["opponents"].keys() & names == {f"policy@{run['policies'][0][1][:8]}"}
    assert all(0 <= won <= met for won, met in run["results"].values())


def test_an_exploiter_meets_a_policy_file_and_bots(tmp_path: Path) -> None:
    """As a best-response oracle of PSRO: a mixture of spec strings, by weights."""
    small: dict[str, Any] = {"env": "KuhnPoker-v0", "hidden": (8,), "num_envs": 8, "n_steps": 8, "total_steps": 64}
    first = train(RLConfig(output_dir=str(tmp_path / "a"), **small))
    weights = {f"rl:{first.policy}": 0.5, "kuhnpoker/nash": 0.5}
    train(RLConfig(output_dir=str(tmp_path / "b"), opponents=weights, seat=0, **small))
    (line,) = [json.loads(text) for text in (tmp_path / "b" / "log.jsonl").read_text().splitlines()]
    assert line["opponents"] == {f"rl:{first.policy}": 4, "kuhnpoker/nash": 4}
    assert line["matches"] > 8
    assert "draws" not in line  # nothing of self-play
