"""Learning on public beliefs: what rounds learn from, runs that resume, and a game small enough to be solved in seconds."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from torch.distributions import Independent, Normal, kl_divergence

import agentarena as aa
from agentarena.core.errors import BadOption, UsageError
from agentarena.envs.football import Hexner
from agentarena.envs.football.solver import exact_value
from agentarena.train.belief_rl import BeliefRLConfig, train
from agentarena.train.belief_rl.learner import BeliefLearner
from agentarena.train.belief_rl.losses import divergence, entropy
from agentarena.train.belief_rl.rollout import collect, log_probability

TINY = {"rounds": 3, "matches": 16, "batch_size": 16, "epochs": 1, "hidden": (8,), "save_every": 1, "evaluate_every": 0}


def config(tmp_path, **changes) -> BeliefRLConfig:
    settings = {"env": "Hexner-v0", "preset": "public", "options": {"steps": 2}, "output_dir": str(tmp_path / "run"), **TINY}
    return BeliefRLConfig(**{**settings, **changes})


def test_gaussians_are_those_of_torch() -> None:
    mean, other, low, high, raw = torch.randn(5, 6, 3).unbind()
    own, theirs = low[0], high[0]
    p, q = (Independent(Normal(m, s.exp()), 1) for m, s in ((mean, own), (other, theirs)))
    assert torch.allclose(log_probability(raw, mean, own), p.log_prob(raw), atol=1e-5)
    assert torch.allclose(divergence(mean, own, other, theirs), kl_divergence(p, q), rtol=1e-4, atol=1e-4)
    assert torch.allclose(entropy(own), p.entropy()[0], atol=1e-5)


@pytest.mark.parametrize("kind", ["split", "sim"])
@pytest.mark.parametrize("belief", ["public", "hidden"])
def test_rollouts_hold_what_was_played(kind: str, belief: str, tmp_path) -> None:
    """Rewards add up to 0; mean rewards are those of the game; advantages are those of the plain formula."""
    learner = BeliefLearner(config(tmp_path, preset=None, options={"steps": 3, "belief": belief, "discretization": kind}))
    attack, defence = collect(learner.game, learner.policies, learner.critics, 4000, np.random.default_rng(0), 0.0)
    assert torch.equal(attack.rewards, -defence.rewards)
    assert bool(attack.valid.all())
    assert bool(attack.chosen.all())
    batch, rng = learner.game.batch(), np.random.default_rng(1)
    assert attack.inputs.shape == (3, 4000, learner.policies.shapes.inputs)
    attack.estimate(0.9)
    delta = attack.rewards + torch.cat([attack.values[1:], torch.zeros(1, 4000)]) - attack.values
    plain = delta[0] + 0.9 * delta[1] + 0.81 * delta[2]
    assert torch.allclose(attack.advantages[0], plain, atol=1e-4)
    assert torch.allclose(attack.returns, attack.advantages + attack.values)
    del batch, rng


def test_held_steps_are_even_and_are_not_learned_from(tmp_path) -> None:
    learner = BeliefLearner(config(tmp_path, options={"steps": 4}))
    attack, defence = collect(learner.game, learner.policies, learner.critics, 64, np.random.default_rng(0), 0.5, 2)
    assert not bool(attack.chosen[:2].any())
    assert bool(attack.chosen[3, 32:].all())
    assert bool(defence.chosen.all())
    types = learner.game.system.types
    assert bool((attack.inputs[:3, 32:, -types:] == 0.5).all())  # no belief has moved before the first step that is chosen
    assert not bool((attack.inputs[0, :32, -types:] == 0.5).any())


def test_the_mean_over_types_has_the_mean_of_what_is_paid(tmp_path) -> None:
    learner = BeliefLearner(config(tmp_path, options={"steps": 2, "prior": (0.2, 0.8)}))
    hidden = dataclasses.replace(learner.game)
    paid = []
    for seed in range(4):
        attack, _ = collect(hidden, learner.policies, learner.critics, 4000, np.random.default_rng(seed), 0.0)
        paid.append(attack.rewards.sum(0))
    means = torch.stack(paid)
    state = _played(learner, 16_000)
    error = np.hypot(state.std(), float(means.std())) / np.sqrt(16_000)
    assert float(means.mean()) == pytest.approx(state.mean(), abs=4 * error)
    assert float(means.std()) < state.std()


def _played(learner: BeliefLearner, size: int) -> np.ndarray:
    """The attackers' returns as the game pays them, of the same policies."""
    from agentarena.train.belief_rl import rollout

    game, total, rng = learner.game, 0.0, np.random.default_rng(9)
    batch = game.batch()
    state = batch.start(size, rng)
    with torch.no_grad():
        for _ in range(game.steps):
            state = batch.step(state, rollout._attack(game, learner.policies, state, rng)[1], rng)
            state = batch.step(state, rollout._defend(game, learner.policies, state, rng)[1], rng)
            total = total + batch.rewards(state)[:, 0]
    return np.asarray(total)


@pytest.mark.parametrize("method", ["ppo", "mmd"])
def test_a_run_that_goes_on_ends_with_the_same_bytes(method: str, tmp_path) -> None:
    whole = train(config(tmp_path, method=method, output_dir=str(tmp_path / "whole")))
    seen = []
    part = config(tmp_path, method=method, output_dir=str(tmp_path / "part"))
    broken = train(part, seen.append, lambda: True)
    assert broken.policies is None
    assert [figures["round"] for figures in seen] == [1]
    resumed = train(part)
    assert (tmp_path / "part" / "policies.safetensors").read_bytes() == (tmp_path / "whole" / "policies.safetensors").read_bytes()
    assert resumed.figures["play_cost"] == whole.figures["play_cost"]
    assert [json.loads(line)["round"] for line in (tmp_path / "part" / "log.jsonl").read_text().splitlines()] == [1, 2, 3]
    assert not aa.play(Hexner.build("public", steps=2), [whole.spec, "hexner/equilibrium"], matches=4).records[0].faults


def test_other_settings_and_damage_are_refused(tmp_path) -> None:
    train(config(tmp_path))
    with pytest.raises(UsageError, match="seed"):
        train(config(tmp_path, seed=1))
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"x" * 40)
    with pytest.raises(BadOption, match="no checkpoint"):
        train(config(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"method": "sarsa"}, "ppo, mmd"), ({"hidden": ()}, "layer"), ({"matches": 0}, "matches"), ({"output_dir": ""}, "output_dir")],
)
def test_settings_are_checked(changes, message: str, tmp_path) -> None:
    with pytest.raises(BadOption, match=message):
        config(tmp_path, **changes)


def test_only_games_on_the_field_are_trained(tmp_path) -> None:
    for env, options in (("TicTacToe-v0", {}), ("Football-v0", {"mode": "player"})):
        with pytest.raises(BadOption, match="Football-v0"):
            train(config(tmp_path, env=env, preset=None, options=options))
    with pytest.raises(BadOption, match="unknown setting"):
        BeliefRLConfig.of({"env": "Hexner-v0", "round": 3})
    assert BeliefRLConfig.of({"env": "Hexner-v0", "options.steps": 4, "hidden": [8]}).options == {"steps": 4}


def test_one_simultaneous_step_is_learned(tmp_path) -> None:
    """K = 1, both at once: the value is -10/11, and the attackers show their type. Both sides' means come within 0.05 of it."""
    settings = {"options": {"steps": 1, "belief": "public"}, "preset": None, "rounds": 60, "matches": 256, "batch_size": 128, "epochs": 4}
    run = train(config(tmp_path, learning_rate=5e-3, hidden=(32,), **settings))
    assert run.figures["play_cost"] == pytest.approx(exact_value(0.5, steps=1, discretization="sim").value, abs=0.05)
    assert run.figures["certainty_1"] > 0.95
