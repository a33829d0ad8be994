"""Weight decay, checkpoints that are interrupted or too many, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import load_file  # noqa: E402

from agentarena.core.errors import UsageError  # noqa: E402
from agentarena.train import checkpoint  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.optimizer import optimizer  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "max_steps": 4, "matches": 8}
    return SelfPlayConfig(**{**fields, "learning_rate": 1e-3, "eval_steps": 0, "save_steps": 0, **changes})


def test_weight_decay_shrinks_matrices_and_leaves_vectors():
    matrix, vector = torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))
    adam = optimizer(config(Path("none"), learning_rate=0.1, weight_decay=0.5), [matrix, vector])
    matrix.grad, vector.grad = torch.zeros(2, 2), torch.zeros(2)
    adam.step()
    torch.testing.assert_close(matrix.detach(), torch.full((2, 2), 0.95))
    assert torch.equal(vector.detach(), torch.ones(2))
    assert type(optimizer(config(Path("none")), [matrix])) is torch.optim.Adam


def test_a_run_with_decay_and_warm_up_resumes_bitwise(tmp_path: Path):
    changes = {"weight_decay": 0.1, "warmup_steps": 2, "lr_scheduler_type": "cosine"}
    whole = selfplay(config(tmp_path / "whole", **changes))
    cut = SelfPlay(config(tmp_path / "cut", **changes))
    cut.update()
    checkpoint.save(cut.state, cut.config)
    again = selfplay(config(tmp_path / "cut", **changes))
    first, second = checkpoint.weights(whole.state.policy), checkpoint.weights(again.state.policy)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_only_the_newest_checkpoints_are_left(tmp_path: Path):
    selfplay(config(tmp_path, save_steps=1, save_total_limit=2))
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-3", "checkpoint-4"]


@pytest.mark.parametrize("place", ["safetensors.torch.save_file", "pathlib.Path.replace"])
def test_an_interrupted_save_leaves_the_former_checkpoint(tmp_path: Path, monkeypatch, place):
    run = SelfPlay(config(tmp_path, save_total_limit=1))
    run.update()
    first = checkpoint.save(run.state, run.config)
    run.update()

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, interrupted)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.save(run.state, run.config)
    assert checkpoint.last(tmp_path) == first
    assert SelfPlay(run.config).state.step == 1


def test_a_gradient_that_is_not_finite_ends_the_run_before_it_reaches_the_weights(tmp_path: Path, monkeypatch):
    run = SelfPlay(config(tmp_path))
    run.update()
    good = checkpoint.save(run.state, run.config)
    before = checkpoint.weights(run.state.policy)
    played = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    next(run.state.policy.model.parameters()).register_hook(lambda slope: slope * torch.inf)
    with pytest.raises(UsageError, match=rf"update 2: the norm of the gradient is (nan|inf); the last good checkpoint is {good}"):
        run.learner.learn(played)
    after = checkpoint.weights(run.state.policy)
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 0.25])
def test_a_process_that_is_killed_goes_on_to_the_same_weights(tmp_path: Path, wait):
    """SIGKILL some time after the first checkpoint has begun, then the same command again."""
    toml = tmp_path / "run.toml"
    toml.write_text(
        'max_steps = 8\nmatches = 32\nlearning_rate = 1e-3\neval_steps = 0\nsave_steps = 1\nestimator = "rae"\n'
        'games = { "KuhnPoker-v0" = 1.0 }\n[model]\nhidden_size = 16\nnum_hidden_layers = 1\nnum_attention_heads = 2\n'
        "intermediate_size = 32\nvocab_size = 400\n"
    )
    command = [sys.executable, "-m", "agentarena", "train", "selfplay", "--config", str(toml), "--quiet", "-s"]
    cut = [*command, f"output_dir={tmp_path / 'cut'}"]
    process = subprocess.Popen(cut, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "cut" / "checkpoint-1").exists():
        assert process.poll() is None
        time.sleep(0.005)
    time.sleep(wait)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    subprocess.run(cut, check=True, capture_output=True)
    selfplay(SelfPlayConfig.load(toml, output_dir=str(tmp_path / "whole")))
    first, second = (load_file(tmp_path / name / "checkpoint-8" / "model.safetensors") for name in ("whole", "cut"))
    assert all(torch.equal(first[name], second[name]) for name in first)
