"""Slots of matches: who decides, what is gained, and that every reward reaches its seat."""

from __future__ import annotations

import pytest

pytest.importorskip("sb3_contrib")

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.registry import game
from agentarena.train.rl.env import ArenaVecEnv, Group


def _play(env: ArenaVecEnv, steps: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """Random play: sum of the gains of each slot and stream, and everything that was seen."""
    rng, total, seen = np.random.default_rng(seed), 0.0, []
    env.reset()
    for _ in range(steps):
        questions = env.questions()
        actions = (rng.random(questions.masks.shape) * questions.masks).argmax(1)
        gains, _ = env.advance(actions)
        total, seen = total + gains, [*seen, questions.observations]
    return np.asarray(total), seen


@pytest.mark.parametrize("name", ["KuhnPoker-v0", "TicTacToe-v0", "ConnectFour-v0"])
def test_self_play_in_turns(name: str) -> None:
    rules = game(name)
    env = ArenaVecEnv(rules, [Group("self", 6)], seed=1)
    env.reset()
    assert env.questions().streams.tolist() == [0] * 6
    gains, _ = _play(env, 200)
    assert env.streams == rules.info.seats
    assert np.abs(gains.sum(1)).max() < 1e-9  # zero-sum: what one stream gains the other loses
    assert all(match.seat == -1 for match in env.finished)
    assert env.finished


def test_gains_are_the_returns_of_finished_matches() -> None:
    """Slots that play whole matches in step: the gains add up to the returns, and the scale is a factor."""
    env = ArenaVecEnv(game("TicTacToe-v0"), [Group("self", 4), Group("random", 3, "random")], seat=1, seed=2, reward_scale=0.5)
    rng, total = np.random.default_rng(0), 0.0
    env.reset()
    open_gains = np.zeros((7, 2))
    for _ in range(60):
        questions = env.questions()
        gains, ended = env.advance((rng.random(questions.masks.shape) * questions.masks).argmax(1))
        open_gains += gains
        total += open_gains[ended].sum(0)
        open_gains[ended] = 0
    own = sum(match.returns[1] for match in env.finished if match.seat == 1)
    both = sum((match.returns for match in env.finished if match.seat < 0), np.zeros(2))
    assert total == pytest.approx(0.5 * np.array([both[0] + own, both[1]]))


def test_simultaneous_self_play_has_a_slot_for_each_seat() -> None:
    env = ArenaVecEnv(game("RockPaperScissors-v0"), [Group("self", 6)], seed=0)
    gains, _ = _play(env, 20)
    assert env.streams == 1
    assert np.abs(gains.reshape(3, 2).sum(1)).max() < 1e-9
    with pytest.raises(NotSupported, match="multiple of 2"):
        ArenaVecEnv(game("RockPaperScissors-v0"), [Group("self", 3)])


def test_the_learners_seat_rotates_against_others() -> None:
    env = ArenaVecEnv(game("KuhnPoker-v0"), [Group("kuhnpoker/nash", 4, "kuhnpoker/nash")], seat="rotate", seed=0)
    _play(env, 60)
    assert {match.seat for match in env.finished} == {0, 1}
    assert not any(match.forfeits.any() for match in env.finished)


def test_equal_seeds_are_equal_matches() -> None:
    groups = [Group("self", 3), Group("random", 2, "random")]
    one, two, other = (ArenaVecEnv(game("KuhnPoker-v0"), groups, seed=seed) for seed in (5, 5, 6))
    first, second, third = (np.stack(_play(env, 40)[1]) for env in (one, two, other))
    assert (first == second).all()
    assert not (first == third).all()


def test_it_is_an_environment_of_stable_baselines3() -> None:
    """MaskablePPO of sb3-contrib as it is trains against opponents: rewards, masks and ends by its own interface."""
    from sb3_contrib import MaskablePPO

    env = ArenaVecEnv(game("TicTacToe-v0"), [Group("random", 4, "random")], seed=0)
    MaskablePPO("MlpPolicy", env, n_steps=16, batch_size=32, n_epochs=1, device="cpu").learn(64)
    assert env.finished
    env.close()


def test_games_without_listed_numbers_are_refused() -> None:
    with pytest.raises(NotSupported, match="Discrete"):
        ArenaVecEnv(game("Economist-v0"), [Group("self", 4)])
