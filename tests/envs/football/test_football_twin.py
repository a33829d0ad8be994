"""The faster step of football against the rules, on numpy and on torch, with and without gradients, on any device."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from agentarena.envs.football import Football, Hexner
from agentarena.envs.football.rules.system import Motion
from agentarena.envs.football.twin import FastFootball, faster

GAMES = [
    Football(),
    Football(contact="sharp", substeps=2),
    Football(plays=("sweep_left", "sweep_right", "pass"), prior=(1.0, 1.0, 1.0), box=1.6),
    Football(roster="five", rate=9.0),
]


def _motion(game: Football, count: int) -> tuple[Motion, np.ndarray]:
    system, rng = game.system, np.random.default_rng(7)
    position, velocity = system.start
    near = position + rng.normal(0.0, 0.3, (count, *position.shape))
    near[0] *= 100.0  # nobody near anybody
    motion = Motion(near, velocity + rng.normal(size=near.shape), rng.random((count, system.types)))
    return motion, rng.uniform(-1.0, 1.0, near.shape) * system.bound


def _parts(result: tuple[Motion, Any, Any]) -> list[np.ndarray]:
    return [np.asarray(part) for part in (*result[0], *result[1:])]


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("count", [1, 700])
def test_the_same_numbers_as_the_rules(game: Football, count: int) -> None:
    torch = pytest.importorskip("torch")
    motion, control = _motion(game, count)
    fast = faster(game.system)
    assert isinstance(fast, FastFootball)
    before = [part.copy() for part in (*motion, control)]
    expected, ends = _parts(game.system.advance(motion, control)), game.system.terminal(motion)
    tensors = Motion(*map(torch.from_numpy, motion))
    for own, push in ((motion, control), (tensors, torch.from_numpy(control))):
        for ours, theirs in zip(_parts(fast.advance(own, push)), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)
        np.testing.assert_allclose(np.asarray(fast.terminal(own)), ends, rtol=0, atol=1e-13)
    assert all(np.array_equal(a, b) for a, b in zip(before, (*motion, control), strict=True)), "what was given is not written to"


def test_steps_share_no_arrays() -> None:
    """Arrays to work in are held for the next step, and what was returned before stays as it was."""
    motion, control = _motion(GAMES[0], 40)
    system = faster(GAMES[0].system)
    first = system.advance(motion, control)
    before = [part.copy() for part in _parts(first)]
    ends = system.terminal(motion).copy()
    system.advance(first[0], -control)
    assert all(np.array_equal(a, b) for a, b in zip(before, _parts(first), strict=True))
    np.testing.assert_array_equal(system.terminal(motion), ends)
    again = pickle.loads(pickle.dumps(system))
    np.testing.assert_array_equal(again.advance(motion, control)[0].position, before[0])


def test_gradients_are_those_of_the_rules() -> None:
    torch = pytest.importorskip("torch")
    game = GAMES[0]
    motion, control = _motion(game, 3)
    gradients = []
    for system in (game.system, faster(game.system)):
        push = torch.from_numpy(control).requires_grad_()
        after, cost, typed = system.advance(Motion(*map(torch.from_numpy, motion)), push)
        (cost.sum() + typed.sum() + system.terminal(after).sum()).backward()
        gradients.append(push.grad.numpy())
    assert np.abs(gradients[0]).max() > 0
    np.testing.assert_allclose(*gradients, rtol=1e-12, atol=1e-14)


def test_what_the_twin_does_not_know_is_left_to_the_rules() -> None:
    for game in (Football(contact="none"), Football.build("paper"), Hexner()):
        assert faster(game.system) is game.system
    system = faster(GAMES[0].system)
    motion, control = _motion(GAMES[0], 2)
    one = Motion(*(part[1] for part in motion))
    for ours, theirs in zip(_parts(system.advance(one, control[1])), _parts(GAMES[0].system.advance(motion, control)), strict=True):
        np.testing.assert_allclose(ours, theirs[1], atol=1e-13)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_device_plays_the_same_matches(device: str) -> None:
    torch = pytest.importorskip("torch")
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    game = Football(steps=4)
    batches = [game.batch(), game.batch(torch, device)]
    states = [batch.start(20, np.random.default_rng(0)) for batch in batches]
    rng = np.random.default_rng(1)
    for _ in range(game.steps):
        bounds = batches[0].legal(states[0])
        actions = rng.uniform(bounds.low, bounds.high)
        states = [batch.step(state, batch.arrays.asarray(actions), rng) for batch, state in zip(batches, states, strict=True)]
        assert str(states[1].position.device).startswith(device)
        for name in ("position", "velocity", "alive", "reward", "typed"):
            np.testing.assert_allclose(batches[1].arrays.to_numpy(getattr(states[1], name)), getattr(states[0], name), atol=1e-12)
    assert bool(batches[1].over(states[1]).all())
