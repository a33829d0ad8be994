"""The masked DQN: targets by hand, no illegal action ever, transitions by seat, and that it learns."""

from __future__ import annotations

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np
import torch

from agentarena.core.registry import game
from agentarena.train.rl.config import RLConfig
from agentarena.train.rl.dqn import make_dqn, masked_targets
from agentarena.train.rl.env import ArenaVecEnv, Group
from agentarena.train.rl.replay import MaskedReplay, Pending, Transitions


def test_targets_by_hand() -> None:
    rewards, ended = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([False, True, False])
    masks = torch.tensor([[True, True, False], [True, True, True], [False, True, True]])
    target = torch.tensor([[1.0, 4.0, 9.0], [1.0, 1.0, 1.0], [8.0, -2.0, -3.0]])
    online = torch.tensor([[5.0, 1.0, 9.0], [0.0, 0.0, 0.0], [9.0, 1.0, 2.0]])
    assert masked_targets(rewards, ended, masks, target, 0.5).tolist() == [1 + 0.5 * 4, 2.0, 3 - 0.5 * 2]
    assert masked_targets(rewards, ended, masks, target, 0.5, online).tolist() == [1 + 0.5 * 1, 2.0, 3 - 0.5 * 3]


def test_a_match_that_ended_has_no_next_decision_even_with_an_empty_mask() -> None:
    """The mask of an ended match is empty; nothing of it reaches the target."""
    nothing = torch.zeros(1, 2, dtype=torch.bool)
    target = masked_targets(torch.tensor([1.5]), torch.tensor([True]), nothing, torch.tensor([[torch.inf, 3.0]]), 1.0)
    assert target.tolist() == [1.5]


def _model(**settings: object) -> tuple[RLConfig, ArenaVecEnv]:
    config = RLConfig(env="TicTacToe-v0", algorithm="dqn", num_envs=8, hidden=(16,), batch_size=32, buffer_size=256, **settings)  # type: ignore[arg-type]
    return config, ArenaVecEnv(game("TicTacToe-v0"), [Group("self", 8)], seed=0)


def test_exploration_and_greedy_play_are_legal() -> None:
    config, env = _model()
    torch.manual_seed(0)
    model = make_dqn(config, env)
    env.reset()
    for rate in (0.0, 0.5, 1.0):
        model.exploration_rate = rate
        for _ in range(30):
            questions = env.questions()
            actions = model.explore(questions.observations, questions.masks)
            assert questions.masks[np.arange(8), actions].all()
            predicted, _ = model.predict(questions.observations, deterministic=True, action_masks=questions.masks)
            assert questions.masks[np.arange(8), predicted].all()
            env.advance(actions)
    assert not any(match.forfeits.any() for match in env.finished)


def test_random_actions_are_uniform_over_the_legal_ones() -> None:
    config, env = _model()
    model = make_dqn(config, env)
    model.exploration_rate = 1.0
    masks = np.tile(np.array([[True, False, True, False, False, True, False, False, False]]), (6000, 1))
    counts = np.bincount(model.explore(np.zeros((6000, 18), np.float32), masks), minlength=9)
    assert counts[[1, 3, 4, 6, 7, 8]].sum() == 0
    assert (np.abs(counts[[0, 2, 5]] - 2000) < 150).all()  # four standard deviations


def test_transitions_go_from_a_seats_decision_to_its_next() -> None:
    """Seat 0 plays action 5, seat 1 action 6, seat 0 action 7 and wins."""
    pending = Pending(slots=1, streams=2, width=1, actions=3)
    masks = np.array([[True, False, True]])
    seen = [np.array([[float(t)]], np.float32) for t in range(3)]
    complete: list[Transitions] = []
    for t, (stream, action, gains, ended) in enumerate(
        [(0, 5, [0.0, 0.0], False), (1, 6, [0.25, -0.25], False), (0, 7, [1.0, -1.0], True)]
    ):
        complete.append(pending.completed(seen[t], masks, np.array([stream])))
        pending.decided(seen[t], np.array([action]), np.array([stream]))
        complete.append(pending.gained(np.array([gains]), np.array([ended])))
    assert [len(rows.actions) for rows in complete] == [0, 0, 0, 0, 1, 2]
    first, last = complete[4], complete[5]
    assert (first.actions[0], first.rewards[0], first.next_observations[0, 0], first.ended[0]) == (5, 0.25, 2.0, False)
    assert first.next_masks.tolist() == masks.tolist()
    assert sorted(zip(last.actions.tolist(), last.rewards.tolist(), last.ended.tolist(), strict=True)) == [(6, -1.25, True), (7, 1.0, True)]


def test_the_buffer_holds_the_newest_transitions() -> None:
    from gymnasium import spaces

    def rows(*numbers: int) -> Transitions:
        n = np.array(numbers)
        return Transitions(n[:, None].astype(np.float32), n, n.astype(np.float32), n[:, None] * 1.0, np.ones((len(n), 2), bool), n > 99)

    replay = MaskedReplay(4, spaces.Box(0, 1, (1,)), spaces.Discrete(2))
    for part in (rows(1, 2, 3), rows(4, 5), rows()):
        replay.append(part)
    assert len(replay) == 4
    assert sorted(replay.arrays()["actions"].tolist()) == [2, 3, 4, 5]
    again = MaskedReplay(4, spaces.Box(0, 1, (1,)), spaces.Discrete(2))
    again.load(replay.arrays())
    for one in (replay, again):
        one.append(rows(6))
    assert {name: array.tolist() for name, array in again.arrays().items()} == {
        name: array.tolist() for name, array in replay.arrays().items()
    }
    assert sorted(again.arrays()["actions"].tolist()) == [3, 4, 5, 6]
    assert again.draw(5, np.random.default_rng(0)).actions.tolist() == replay.draw(5, np.random.default_rng(0)).actions.tolist()
    replay.append(rows(*range(10, 20)))
    assert sorted(replay.arrays()["actions"].tolist()) == [16, 17, 18, 19]
