"""Policies against each other on array rules: their results are those of the scalar rules, and nobody is favoured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.array_games import Pairs

import agentarena as aa
from agentarena.agents.arrays import RandomPolicy, TorchPolicy, array_rules
from agentarena.core.batch import Bounds
from agentarena.core.errors import AgentNonsense, NotSupported, UsageError, WrongSeats
from agentarena.core.game import Game
from agentarena.core.registry import game
from agentarena.matches.arrays import ArrayResults, ArrayStep, play_arrays

GAMES: list[Game[Any]] = [
    game("KuhnPoker-v0"),
    game("TicTacToe-v0"),
    game("ConnectFour-v0", rows=4, columns=5, connect=3, draw=0.1),
    game("Economist-v0", years=2, weeks=2),
    game("Economist-v0", years=3, weeks=2, planner="delta", draw="random"),
    game("Economist-v0", years=2, weeks=2, population=1),
    Pairs(),
]


def replayed(rules: Game[Any], **arguments: Any) -> tuple[ArrayResults, list[list[float]], list[Any]]:
    """Results of `play_arrays`, and the returns and last states when the scalar rules play the same actions."""
    batch, rng = array_rules(rules), np.random.default_rng(0)
    scalars: dict[int, Any] = {}
    returns: dict[int, list[float]] = {}

    def follow(step: ArrayStep) -> None:
        for row, number in enumerate(step.match):
            if number < 0:
                continue
            if number not in scalars:
                scalars[number] = batch.unbatch(step.before, row)
                returns[number] = list(rules.rewards(scalars[number]))
            seats = rules.to_move(scalars[number])
            own = [step.actions[row, seat] if rules.info.simultaneous else step.actions[row] for seat in seats]
            actions = {seat: batch.scalar_action(step.before, row, seat, action) for seat, action in zip(seats, own, strict=True)}
            scalars[number] = rules.step(scalars[number], actions, rng)
            paid = rules.rewards(scalars[number])
            assert step.rewards[row].tolist() == pytest.approx(list(paid), rel=1e-12)
            returns[number] = [total + reward for total, reward in zip(returns[number], paid, strict=True)]
            assert bool(step.ended[row]) == (not rules.to_move(scalars[number]))

    results = play_arrays(rules, "random", on_step=follow, **arguments)
    return results, [returns[number] for number in sorted(returns)], [scalars[number] for number in sorted(scalars)]


@pytest.mark.parametrize("size", [7, 64])
@pytest.mark.parametrize("rules", GAMES, ids=repr)
def test_the_scalar_rules_say_the_same(rules: Game[Any], size: int) -> None:
    results, returns, states = replayed(rules, matches=40, seed=2, size=size)
    begun = [number for number in range(40) if results.lengths[number]]
    np.testing.assert_allclose(results.returns[begun], returns, rtol=1e-12)
    assert results.truncated[begun].tolist() == [rules.truncated(state) for state in states]
    for number, state in zip(begun, states, strict=True):
        winner = None if results.truncated[number] else rules.winner(state, tuple(results.returns[number].tolist()))
        expected = [winner is not None and winner in (seat, rules.team(state, seat)) for seat in range(rules.info.seats)]
        assert results.winners[number].tolist() == expected
    assert not results.forfeits.any()


def test_equal_arguments_give_equal_results_and_streams_are_apart() -> None:
    one, two, other = (play_arrays("LeducPoker-v0", "random", matches=300, seed=seed, size=50) for seed in (4, 4, 5))
    np.testing.assert_equal(one.returns, two.returns)
    np.testing.assert_equal(one.lengths, two.lengths)
    assert not np.array_equal(one.returns, other.returns)


@pytest.mark.parametrize("rules", [game("ConnectFour-v0"), Pairs()], ids=repr)
def test_torch_plays_the_same_matches(rules: Game[Any]) -> None:
    torch = pytest.importorskip("torch")
    one, two = (play_arrays(rules, "random", matches=200, seed=1, size=64, xp=xp) for xp in (None, torch))
    for name in ("returns", "winners", "lengths", "truncated"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_random_play_has_the_exact_value() -> None:
    """Seat 0 of tic-tac-toe under random play wins 737/1260, loses 121/420, draws 8/63 (exact, by enumeration)."""
    played = play_arrays("TicTacToe-v0", "random", matches=20_000, seed=3, size=500).returns[:, 0]
    for value, share in ((1.0, 737 / 1260), (-1.0, 121 / 420), (0.0, 8 / 63)):
        assert abs((played == value).mean() - share) < 4 * np.sqrt(share * (1 - share) / len(played))


class First:
    """The first legal action."""

    calls = 0

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        self.calls += 1
        return masks.argmax(axis=-1)


def test_policies_keep_their_seats_or_move_on() -> None:
    first, other = First(), RandomPolicy()
    fixed = play_arrays("TicTacToe-v0", [first, other], matches=60, seed=0)
    assert fixed.seats.tolist() == [[0, 1]] * 60
    assert first.calls == 5  # all matches at once, every other step
    turned = play_arrays("TicTacToe-v0", [first, other], matches=60, seed=0, rotate=True, size=10)
    assert turned.seats.tolist() == [[0, 1], [1, 0]] * 30
    both = play_arrays("TicTacToe-v0", [first, first], matches=3, seed=0)
    assert both.returns.tolist() == [[1.0, -1.0]] * 3  # X: 0, 2, 4, 6
    assert both.lengths.tolist() == [7] * 3
    assert both.seats.tolist() == [[0, 0]] * 3


def test_forfeits_end_matches_and_lose_them() -> None:
    class Third:
        def act(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return np.full(len(masks), 3)

    results = play_arrays("TicTacToe-v0", [First(), Third()], matches=4, seed=0)  # O takes 3 twice
    assert results.forfeits.tolist() == [[False, True]] * 4
    assert results.winners.tolist() == [[True, False]] * 4
    assert results.returns.tolist() == [[1.0, game("TicTacToe-v0").info.forfeit_return]] * 4
    assert results.lengths.tolist() == [3] * 4
    teams = play_arrays(Pairs(), [Third(), First(), First(), First()], matches=50, seed=0)
    assert teams.forfeits[:, 0].mean() > 0.5
    assert teams.winners[teams.forfeits[:, 0]].tolist() == [[False, True, False, True]] * int(teams.forfeits[:, 0].sum())


def test_torch_modules_play() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(84, 7))
    for xp in (None, torch):
        results = play_arrays("ConnectFour-v0", [TorchPolicy(net), RandomPolicy()], matches=100, seed=1, xp=xp)
        assert not results.forfeits.any()
    greedy = play_arrays("ConnectFour-v0", TorchPolicy(net, greedy=True), matches=5, seed=1)
    assert len(set(greedy.lengths.tolist())) == 1

    class Hours(torch.nn.Module):
        def forward(self, observations: Any) -> Any:
            return 1000.0 * observations[:, :1] - 500.0, None

    planner = FixedRates()
    economy = play_arrays("Economist-v0", [planner, *[TorchPolicy(Hours())] * 5], matches=3, seed=0)
    assert not economy.forfeits.any()
    assert np.isfinite(economy.returns).all()


class FixedRates:
    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        assert isinstance(masks, Bounds)
        return np.full(masks.low.shape, 30.0)


def test_a_torch_policy_draws_from_its_softmax() -> None:
    torch = pytest.importorskip("torch")

    class Constant(torch.nn.Module):
        def forward(self, observations: Any) -> Any:
            return torch.log(torch.tensor([0.1, 0.2, 0.3, 0.4])).expand(len(observations), 4)

    masks = np.tile(np.array([1, 0, 1, 1], np.int8), (40_000, 1))
    drawn = TorchPolicy(Constant()).act(np.zeros((40_000, 1)), masks, np.random.default_rng(0))
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    expected = np.array([0.1, 0.0, 0.3, 0.4]) / 0.8
    assert (np.abs(shares - expected) <= 4 * np.sqrt(expected * (1 - expected) / len(drawn))).all()
    assert isinstance(drawn, np.ndarray)
    sharper = TorchPolicy(Constant(), temperature=0.5).act(np.zeros((40_000, 1)), masks, np.random.default_rng(0))
    squared = np.array([0.01, 0.0, 0.09, 0.16]) / 0.26
    assert np.abs(np.bincount(sharper, minlength=4) / len(drawn) - squared).max() < 0.01


def test_a_policy_for_all_workers_sees_a_workers_vector() -> None:
    widths = []

    class Looks(RandomPolicy):
        needs_observations = True

        def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
            widths.append(observations.shape)
            return super().act(observations, masks, rng)

    rules = game("Economist-v0", years=1, weeks=1)
    looks = Looks()
    play_arrays(rules, [looks, *[looks] * 5], matches=4, seed=0)
    assert widths == [(4, *rules.observation_space(0).shape), (20, *rules.observation_space(1).shape)]


def test_bad_arguments() -> None:
    with pytest.raises(WrongSeats, match="expected 2 policies"):
        play_arrays("TicTacToe-v0", ["random"], matches=1)
    with pytest.raises(UsageError, match="does not play on arrays"):
        play_arrays("TicTacToe-v0", "mcts", matches=1)
    for bad in ({"matches": 0}, {"matches": True}, {"matches": 1, "size": 0}):
        with pytest.raises(UsageError, match="positive whole number"):
            play_arrays("TicTacToe-v0", "random", **bad)
    with pytest.raises(NotSupported, match="batch"):
        play_arrays("Werewolf-v0", "random", matches=1)

    class Short:
        def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
            return np.zeros(1, int)

    with pytest.raises(AgentNonsense, match=r"shape \(1,\) for 5 decisions"):
        play_arrays("TicTacToe-v0", Short(), matches=5)


def test_it_is_offered_at_the_top() -> None:
    assert aa.play_arrays is play_arrays
