"""An optimizer step: what its parts add up to, what each option changes, and what several processes make of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.train import checkpoint, losses  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.critic import Critic  # noqa: E402
from agentarena.train.learner import Rows  # noqa: E402
from agentarena.train.objective import Choices, objective  # noqa: E402
from agentarena.train.policy import Samples  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)
ROOT = Path(__file__).parents[2]


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": {"TicTacToe-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "matches": 6, "learning_rate": 1e-2}
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


def gradient_of_first_step(folder: Path, **changes) -> tuple[np.ndarray, dict[str, float]]:
    run = SelfPlay(config(folder, max_grad_norm=1e9, **changes))
    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    figures = run.learner.learn(trajectories)
    return np.concatenate([parameter.grad.numpy().ravel() for parameter in run.state.policy.model.parameters()]), figures


def choices(**changes) -> Choices:
    """Two trajectories: one of two turns, one of one; ratios 2 and 1, advantages 1 and -1."""
    new = torch.tensor([[0.7, 0.0], [0.7, 0.0], [0.0, 0.0]], requires_grad=True)
    fields = {
        "mask": torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]),
        "old": torch.zeros(3, 2),
        "new": new,
        "entropy": torch.tensor([[0.5, 0.3], [0.2, 9.0], [0.6, 9.0]], requires_grad=True),
        "divergence": torch.zeros(3, 2),
        "advantages": torch.tensor([1.0, 1.0, -1.0]),
        "trajectories": torch.tensor([0, 0, 1]),
        "usual": torch.tensor([0.1, 0.0, 0.1]),
        "draws": torch.ones(3, 2),
    }
    return Choices(**{**fields, **changes})


# --- levels --------------------------------------------------------------------------------------------------------------


def test_the_ratio_of_a_sequence_is_that_of_all_turns_of_its_trajectory():
    c = choices()
    w = losses.trajectory_ratios(c.new, c.old, c.mask, c.trajectories)
    mean = np.exp((0.7 + 0.0 + 0.7) / 3)
    np.testing.assert_allclose(w.detach().numpy(), [[mean, mean], [mean, 1.0], [1.0, 1.0]], rtol=1e-6)


def test_the_ratio_of_a_turn_is_that_of_its_row(tmp_path):
    c = choices()
    _, figures = objective(config(tmp_path, importance_sampling_level="turn", epsilon=0.5), c, [c.new])
    assert figures["clip_ratio"] == pytest.approx(1 / 4)  # exp(.35) on the tokens of row 0, exp(.7) > 1.5 in row 1
    _, figures = objective(config(tmp_path, importance_sampling_level="token", epsilon=0.5), c, [c.new])
    assert figures["clip_ratio"] == pytest.approx(2 / 4)
    _, figures = objective(config(tmp_path, importance_sampling_level="sequence", epsilon=0.5), c, [c.new])
    assert figures["clip_ratio"] == pytest.approx(3 / 4)  # exp(1.4 / 3) > 1.5 on all three tokens of trajectory 0


# --- options of the loss ---------------------------------------------------------------------------------------------------


def test_the_bias_of_clipping_is_a_gradients_norm_and_divides_the_surrogate_where_it_is_above_one(tmp_path):
    c = choices()
    logged, figures = objective(config(tmp_path, clipping_bias="log"), c, [c.new])
    lost = np.exp(0.7) / 4  # two clipped tokens, each with w A / 4 in its own place
    assert float(figures["clipping_bias_norm"]) == pytest.approx(np.sqrt(2) * lost, rel=1e-6)
    corrected, _ = objective(config(tmp_path, clipping_bias="correct"), c, [c.new])
    assert corrected.item() == pytest.approx(logged.item())  # the norm is below 1
    large = choices(advantages=torch.tensor([10.0, 10.0, -10.0]))
    logged, figures = objective(config(tmp_path, clipping_bias="log"), large, [large.new])
    corrected, _ = objective(config(tmp_path, clipping_bias="correct"), large, [large.new])
    assert float(figures["clipping_bias_norm"]) > 1
    assert corrected.item() == pytest.approx(logged.item() / float(figures["clipping_bias_norm"]), rel=1e-5)


def test_nothing_clipped_is_nothing_lost(tmp_path):
    c = choices(new=torch.zeros(3, 2, requires_grad=True))
    _, figures = objective(config(tmp_path, clipping_bias="correct"), c, [c.new])
    assert float(figures["clipping_bias_norm"]) == 0.0


def test_the_band_pulls_entropy_towards_what_is_usual_of_the_turn(tmp_path):
    c = choices()
    loss, _ = objective(config(tmp_path, entropy_band_coef=1.0, entropy_band_high=2.0, epsilon=1e-6, beta=0.0), c, [c.new])
    without, _ = objective(config(tmp_path, epsilon=1e-6), c, [c.new])
    # means .4 and .6 in the rows of which a usual entropy of .1 is known: .2 and .4 above twice that
    assert (loss - without).item() == pytest.approx((0.2 + 0.4) / 2)
    (slope,) = torch.autograd.grad(loss - without, c.entropy)
    np.testing.assert_allclose(slope.numpy(), [[0.25, 0.25], [0.0, 0.0], [0.5, 0.0]], atol=1e-7)


def test_clip_cov_takes_tokens_out_of_the_gradient_and_leaves_the_value(tmp_path):
    fields = {"old": torch.tensor([[-0.1, -3.0], [-0.2, 0.0], [-2.0, 0.0]]), "advantages": torch.tensor([3.0, 3.0, -1.0])}
    new = fields["old"].clone().requires_grad_()
    all_dropped = choices(new=new, draws=torch.zeros(3, 2), **fields)
    settings = {"clip_cov": 1.0, "clip_cov_low": -100.0, "clip_cov_high": 100.0}
    loss, _ = objective(config(tmp_path, **settings), all_dropped, [new])
    plain, _ = objective(config(tmp_path), all_dropped, [new])
    assert loss.item() == pytest.approx(plain.item())
    (slope,) = torch.autograd.grad(loss, new)
    assert not slope.any()


def test_kl_cov_adds_a_divergence_from_the_policy_that_sampled(tmp_path):
    c = choices()
    loss, _ = objective(config(tmp_path, kl_cov=1.0, kl_cov_coef=2.0), c, [c.new])
    plain, _ = objective(config(tmp_path), c, [c.new])
    assert (loss - plain).item() == pytest.approx(2.0 * 2 * (np.exp(0.7) - 1 - 0.7) / 4, rel=1e-5)


# --- parts and processes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["token", "sequence", "sequence_sum"])
@pytest.mark.parametrize("level", ["token", "sequence"])
def test_accumulated_gradients_are_those_of_the_whole(tmp_path, how, level):
    settings = {"loss_type": how, "importance_sampling_level": level, "beta": 0.1, "entropy_coef": 0.05}
    whole, figures = gradient_of_first_step(tmp_path / "a", **settings)
    parts, same = gradient_of_first_step(tmp_path / "b", gradient_accumulation_steps=4, **settings)
    assert np.abs(whole - parts).max() < 1e-5 * np.abs(whole).max()
    assert same["entropy"] == pytest.approx(figures["entropy"], rel=0.05)


def test_rows_of_a_trajectory_stay_together_where_the_sequence_is_the_action():
    rows = Rows((), np.zeros(5), np.array([3, 0, 3, 0, 7]), np.array([0, 0, 1, 1, 0]))
    assert [unit.tolist() for unit in rows.units(True)] == [[1, 3], [0, 2], [4]]


SCRIPT = """
import sys
import numpy as np, torch
torch.set_num_threads(1)
sys.path.insert(0, "tests/train")
from test_learner import config
from dataclasses import replace
from pathlib import Path
from agentarena.train import parallel
from agentarena.train.recipe import selfplay
run = selfplay(config(Path(sys.argv[1]), max_steps=2, beta=0.1, estimator="turn_gae"))
if parallel.rank() == 0:
    np.save(sys.argv[2], np.concatenate([p.detach().numpy().ravel() for p in run.state.policy.model.parameters()]))
parallel.leave()
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    (tmp_path / "script.py").write_text(SCRIPT)
    for name, command in (("one", [sys.executable]), ("two", torchrun)):
        command = [*command, str(tmp_path / "script.py"), str(tmp_path / name), str(tmp_path / f"{name}.npy")]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
    one, two = (np.load(tmp_path / f"{name}.npy") for name in ("one", "two"))
    np.testing.assert_allclose(one, two, atol=1e-4)
    lines = (tmp_path / "two" / "log.jsonl").read_text().splitlines()
    assert len(lines) == 2  # the first process alone writes


# --- critic ----------------------------------------------------------------------------------------------------------------


def test_a_critic_learns_a_line_and_comes_back_from_its_tensors():
    rng = np.random.default_rng(0)
    states = torch.tensor(rng.normal(size=(64, 3)), dtype=torch.float32)
    targets = states.numpy() @ np.array([1.0, -2.0, 0.5]) + 1
    critic = Critic(3, 0.05)
    assert critic.values(states).tolist() == [0.0] * 64
    critic.fit(states, targets, 400)
    np.testing.assert_allclose(critic.values(states), targets, atol=0.05)
    again = Critic(3, 0.05)
    again.load(critic.tensors())
    assert critic.fit(states, targets, 3) == again.fit(states, targets, 3)
    assert critic.values(states).tolist() == again.values(states).tolist()


OPTIONS = {
    "critic": {"estimator": "turn_gae", "gamma": 1.0},
    "guards": {"clip_cov": 0.2, "clip_cov_low": -9.0, "clip_cov_high": 9.0, "kl_cov": 0.1, "num_iterations": 2},
    "band": {"entropy_band_coef": 0.5, "entropy_band_high": 0.5},
    "reward": {"reward_beta": 0.3, "ref_model_mixup_alpha": 0.2, "warmup_steps": 2, "lr_scheduler_type": "cosine"},
    "groups": {"estimator": "grpo", "num_generations": 3, "equal_groups": "drop", "reward_scale": {"TicTacToe-v0": 2.0}},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_run_with_every_option_goes_on_to_the_same_weights(tmp_path, name):
    whole = selfplay(config(tmp_path / "whole", max_steps=3, save_steps=1, **OPTIONS[name]))
    shorter = config(tmp_path / "cut", max_steps=3, save_steps=1, **OPTIONS[name])
    run = SelfPlay(shorter)
    run.update()
    checkpoint.save(run.state, shorter)
    again = selfplay(shorter)
    for one, other in zip(whole.state.policy.model.parameters(), again.state.policy.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert whole.state.statistics == again.state.statistics


def test_divergence_in_the_reward_is_what_the_turns_tokens_cost(tmp_path):
    run = SelfPlay(config(tmp_path, reward_beta=0.5))
    with torch.no_grad():
        for parameter in run.state.reference.model.parameters():
            parameter.mul_(1.1)
    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    batch = run.learner.batch(trajectories)
    one, turn = trajectories[3], trajectories[3].turns[1]
    alone = Samples.of(turn.samples)
    with torch.no_grad():
        gap = ((alone.old_logprobs - run.state.reference.logprobs(alone)) * alone.mask).sum()
    assert batch.rewards[3, 1] == pytest.approx(one.turns[1].reward - 0.5 * float(gap), abs=1e-5)


def test_equal_groups_are_counted_and_dropped(tmp_path):
    run = SelfPlay(config(tmp_path, estimator="grpo", num_generations=2, equal_groups="drop"))
    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    assert run.learner.learn([trajectories[0]] * 2)["equal_groups"] == 1.0
    assert run.learner.learn([trajectories[0]] * 2)["zero_advantages"] == 1.0


def test_the_bias_of_clipping_needs_the_minibatch_at_once(tmp_path):
    with pytest.raises(BadOption, match="gradient_accumulation_steps = 1"):
        config(tmp_path, clipping_bias="log", gradient_accumulation_steps=2)


def test_an_update_without_a_sample_changes_nothing(tmp_path):
    run = SelfPlay(config(tmp_path))
    before = [parameter.detach().clone() for parameter in run.state.policy.model.parameters()]
    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    silent = [replace(one, turns=tuple(replace(turn, samples=()) for turn in one.turns)) for one in trajectories]
    assert run.learner.learn(silent)["zero_advantages"] == 1.0
    for one, other in zip(before, run.state.policy.model.parameters(), strict=True):
        assert torch.equal(one, other)
