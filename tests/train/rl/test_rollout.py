"""Advantages along streams: against a hand-computed case, a slow twin, and the usual estimator where there is one stream."""

from __future__ import annotations

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np

from agentarena.train.rl.rollout import stream_advantages


def test_two_seats_in_turn_by_hand() -> None:
    """Seats 0, 1, 0, then seat 0 wins: seat 1's only decision is credited with its loss, and no seat with the other's value."""
    values = np.array([[1.0], [2.0], [3.0]])
    gains = np.array([[[0.0, 0.0]], [[0.5, -0.5]], [[1.0, -1.0]]])
    ended = np.array([[False], [False], [True]])
    advantages, valid = stream_advantages(values, np.array([[0], [1], [0]]), gains, ended, np.zeros(1), np.array([0]), 0.9, 0.5)
    last = 1.0 - 3.0
    first = 0.5 + 0.9 * 3.0 - 1.0 + 0.9 * 0.5 * last  # its reward comes with the other seat's move
    assert advantages.ravel() == pytest.approx([first, -1.5 - 2.0, last])
    assert valid.all()


def test_the_last_decision_of_a_seat_that_is_not_asked_again_is_left_out() -> None:
    values = np.array([[1.0], [2.0], [3.0], [4.0]])
    args = (np.zeros((4, 1, 2)), np.zeros((4, 1), bool), np.array([7.0]), np.array([0]), 1.0, 1.0)
    advantages, valid = stream_advantages(values, np.array([[0], [1], [0], [1]]), *args)
    assert valid.ravel().tolist() == [True, True, True, False]
    # seat 0 ends with the value of the question that it is put, seat 1 with that of its decision that is left out
    assert advantages.ravel() == pytest.approx([7.0 - 1.0, 4.0 - 2.0, 7.0 - 3.0, 0.0])


def _slow(values, streams, gains, ended, last_values, last_streams, gamma, lam):  # type: ignore[no-untyped-def]
    """The same, decision by decision from the definition."""
    steps, slots, _ = gains.shape
    advantages, valid = np.zeros((steps, slots)), np.zeros((steps, slots), bool)

    def following(t, c):  # type: ignore[no-untyped-def]
        """Reward, value of the next decision, its time; `None` where nothing is known."""
        k, reward = streams[t, c], 0.0
        for u in range(t, steps):
            if u > t and streams[u, c] == k:
                return reward, values[u, c], u
            reward += gains[u, c, k]
            if ended[u, c]:
                return reward, 0.0, None
        return (reward, last_values[c], None) if last_streams[c] == k else None

    for c in range(slots):
        for t in range(steps - 1, -1, -1):
            ahead = following(t, c) if streams[t, c] >= 0 else None
            if ahead is not None:
                reward, value, u = ahead
                rest = 0.0 if u is None else advantages[u, c]
                advantages[t, c], valid[t, c] = reward + gamma * value - values[t, c] + gamma * lam * rest, True
    return advantages, valid


@pytest.mark.parametrize("seed", range(5))
def test_equals_its_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps, slots, count = 12, 7, 3
    args = (
        rng.normal(size=(steps, slots)),
        rng.integers(-1, count, (steps, slots)),
        rng.normal(size=(steps, slots, count)),
        rng.random((steps, slots)) < 0.2,
        rng.normal(size=slots),
        rng.integers(-1, count, slots),
        0.9,
        0.8,
    )
    expected, valid = _slow(*args)
    advantages, known = stream_advantages(*args)
    assert (known == valid).all()
    assert advantages == pytest.approx(expected)


def test_one_stream_is_the_estimator_of_stable_baselines3() -> None:
    import torch
    from gymnasium import spaces
    from stable_baselines3.common.buffers import RolloutBuffer

    rng = np.random.default_rng(3)
    steps, slots = 9, 4
    values, rewards = rng.normal(size=(steps, slots)).astype(np.float32), rng.normal(size=(steps, slots)).astype(np.float32)
    ended, last = rng.random((steps, slots)) < 0.3, rng.normal(size=slots).astype(np.float32)
    buffer = RolloutBuffer(steps, spaces.Box(0, 1, (1,)), spaces.Discrete(2), "cpu", gae_lambda=0.9, gamma=0.95, n_envs=slots)
    starts = np.vstack([np.zeros((1, slots)), ended[:-1]])
    for t in range(steps):
        zeros = torch.zeros(slots)
        buffer.add(np.zeros((slots, 1)), np.zeros((slots, 1)), rewards[t], starts[t], torch.as_tensor(values[t]), zeros)
    buffer.compute_returns_and_advantage(torch.as_tensor(last), ended[-1])
    streams = np.zeros((steps, slots), int)
    advantages, valid = stream_advantages(values, streams, rewards[:, :, None], ended, last, streams[0], 0.95, 0.9)
    assert valid.all()
    assert advantages == pytest.approx(buffer.advantages, abs=1e-5)
