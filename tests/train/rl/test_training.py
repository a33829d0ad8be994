"""That it learns: on games whose best play is known, in seconds; and evaluations by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.core.registry import game
from agentarena.train.rl import RLConfig, train
from agentarena.train.rl.evaluate import Meeting, figures_of, meet
from agentarena.train.rl.trainer import _Run


def test_ppo_learns_kuhn_poker(tmp_path: Path) -> None:
    """NashConv of uniform play is 11/12; a few seconds of self-play bring it well below."""
    config = RLConfig(
        env="KuhnPoker-v0",
        total_steps=40_000,
        stage_steps=40_000,
        hidden=(32,),
        learning_rate=2e-3,
        ent_coef=0.1,
        eval_exact=True,
        output_dir=str(tmp_path),
    )
    assert train(config).figures["KuhnPoker-v0 nash_conv"] < 0.5


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_both_learn_to_beat_random_play(tmp_path: Path, algorithm: str) -> None:
    """Random play against itself earns 0 in tic-tac-toe, seats rotated; what is learned earns far more against it."""
    config = RLConfig(
        env="TicTacToe-v0",
        algorithm=algorithm,
        opponents={"random": 1.0},
        total_steps=24_000,
        stage_steps=24_000,
        num_envs=32,
        n_steps=32,
        hidden=(64,),
        learning_rate=2e-3,
        batch_size=256,
        exploration_fraction=0.6,
        eval=("random",),
        eval_matches=400,
        output_dir=str(tmp_path),
    )
    figures = train(config).figures
    assert figures["TicTacToe-v0 return against random"] > 0.5  # of random play: 0


def test_simultaneous_self_play_finds_the_dominant_action(tmp_path: Path) -> None:
    """In one round of the prisoner's dilemma defection is best whatever the other does: the only equilibrium, NashConv 0."""
    config = RLConfig(
        env="PrisonersDilemma-v0",
        options={"rounds": 1},
        total_steps=20_000,
        num_envs=64,
        n_steps=16,
        hidden=(16,),
        learning_rate=3e-3,
        ent_coef=0.0,
        eval_exact=True,
        output_dir=str(tmp_path),
    )
    assert train(config).figures["PrisonersDilemma-v0 nash_conv"] < 0.2


def test_meetings_by_hand() -> None:
    meeting = Meeting(np.array([0, 1, 0, 1]), np.array([1.0, 0.0, -1.0, 1.0]), np.array([1.0, 0.5, 0.0, 1.0]), np.array([5, 9, 6, 7]))
    figures = figures_of(meeting)
    assert figures["return"] == 0.25
    assert (figures["won"], figures["not lost"]) == (0.5, 0.75)
    assert (figures["return 0"], figures["return 1"]) == (0.0, 0.5)
    assert figures["won interval"][0] < 0.5 < figures["won interval"][1]
    alike = figures_of(Meeting(np.array([0, 1] * 5), np.array([1.0, -1.0] * 5), np.array([1.0, 0.0] * 5), np.array([5, 6] * 5)))
    assert not any(name.endswith("interval") for name in alike)  # the same two matches over and over


@pytest.mark.parametrize(("env", "opponent"), [("KuhnPoker-v0", "random"), ("KuhnPoker-v0", "kuhnpoker/nash"), ("Dhumbal-v0", "random")])
def test_meetings_on_arrays_and_by_matches(tmp_path: Path, env: str, opponent: str) -> None:
    small: dict[str, Any] = {"env": env, "hidden": (8,), "num_envs": 8, "n_steps": 8, "total_steps": 64, "output_dir": str(tmp_path)}
    policy = train(RLConfig(**small)).policy
    meeting = meet(game(env), policy, opponent, matches=20)
    assert set(meeting.seats.tolist()) == set(range(game(env).info.seats))
    assert set(meeting.points.tolist()) <= {0.0, 0.5, 1.0}
    again = meet(game(env), policy, opponent, matches=20)
    assert (meeting.returns == again.returns).all()


def test_rates_fall_to_nothing_where_they_are_linear(tmp_path: Path) -> None:
    """Before the last of four rounds a quarter of the run is left; constant ones stay."""
    small: dict[str, Any] = {"env": "KuhnPoker-v0", "hidden": (8,), "num_envs": 8, "n_steps": 8, "total_steps": 256, "learning_rate": 0.4}
    for schedule, factor in (("linear", 0.25), ("constant", 1.0)):
        for algorithm in ("ppo", "dqn"):
            more = {"algorithm": algorithm, "lr_schedule": schedule, "ent_schedule": schedule, "learning_starts": 0, "batch_size": 8}
            run = _Run(RLConfig(output_dir=str(tmp_path / f"{schedule}-{algorithm}"), **{**small, **more}))
            while run.progress.rounds < run.config.rounds:
                list(run.stage())
            (group,) = run.model.policy.optimizer.param_groups
            if algorithm == "ppo":
                assert run.model.ent_coef == pytest.approx(0.01 * factor)
                assert group["lr"] == pytest.approx(0.4 * factor)
            else:  # it follows within the round, too
                assert 0.4 * factor >= group["lr"] > (0.0 if schedule == "linear" else 0.39)


def test_figures_go_to_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    config = RLConfig(
        env="KuhnPoker-v0",
        hidden=(8,),
        num_envs=8,
        n_steps=8,
        total_steps=128,
        eval_exact=True,
        report_to=("tensorboard",),
        output_dir=str(tmp_path),
    )
    train(config)
    (events,) = (tmp_path / "tensorboard").iterdir()
    content = events.read_bytes()
    assert b"KuhnPoker-v0/nash_conv" in content
    assert b"explained_variance" in content


def test_torch_is_left_as_it_was(tmp_path: Path) -> None:
    """Neither the number of threads nor the generator of whoever calls it changes."""
    import torch

    torch.manual_seed(5)
    threads, expected = torch.get_num_threads(), torch.rand(3)
    torch.manual_seed(5)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002  # that nobody touches it is the test
    train(RLConfig(env="KuhnPoker-v0", hidden=(8,), num_envs=8, n_steps=8, total_steps=64, output_dir=str(tmp_path)))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_what_cannot_be_computed_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="eval_exact: NashConv of Dhumbal-v0 cannot be computed"):
        train(RLConfig(env="Dhumbal-v0", eval_exact=True, output_dir=str(tmp_path / "x")))
    assert not (tmp_path / "x").exists()
