"""`make_vec` on array rules: continuous games beside the engine of tables, and policies on arrays as opponents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adapter_games import FastMajority
from test_vector import moves

import agentarena as aa
from agentarena.adapters.engines import ArrayEngine, TableEngine
from agentarena.core.agent import Agent, View
from agentarena.core.batch import Bounds
from agentarena.core.errors import UsageError
from agentarena.core.game import Game
from agentarena.core.registry import game


class Fixed(Agent):
    """One and the same action for each kind of legal set: the planner's and a worker's."""

    def __init__(self, rates: Any, hours: float) -> None:
        self.rates, self.hours = rates, hours

    def choose(self, view: View) -> Any:
        return self.rates if view.seat == 0 else np.array(self.hours)


class FixedNumbers:
    """The same on arrays."""

    def __init__(self, rates: list[float], hours: float) -> None:
        self.rates, self.hours = rates, hours

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        assert isinstance(masks, Bounds)
        planner = masks.high[:, 1:].any(axis=1) if masks.high.shape[1] > 1 else masks.high[:, 0] == 0
        return np.where(planner[:, None], np.array(self.rates), np.array([self.hours] + [0.0] * (len(self.rates) - 1)))


ECONOMIES: list[tuple[dict[str, Any], Any, list[float]]] = [
    ({"brackets": "us"}, np.arange(7) * 5.0, [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]),
    ({"planner": "delta", "warmup": 1}, {f"bracket_{j + 1}": j for j in range(3)}, [0.0, 1.0, 2.0]),
    ({"population": 1}, np.array([10.0, 20.0, 30.0]), [10.0, 20.0, 30.0]),
    ({"altruistic": 20, "adversarial": 20}, np.array([10.0, 20.0, 30.0]), [10.0, 20.0, 30.0]),
]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize(("options", "rates", "numbers"), ECONOMIES, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_continuous_games_on_arrays_and_on_tables(options: dict[str, Any], rates: Any, numbers: list[float], seat: int, mode: str) -> None:
    """Observations, rewards and infos of the two engines are equal, through restarts, bad actions and truncation."""
    rules = game("Economist-v0", years=3, weeks=2, **options)
    fast, slow = (
        aa.make_vec(rules, 4, seat=seat, opponents=opponents, autoreset_mode=mode, max_cycles=7)
        for opponents in (FixedNumbers(numbers, 41.5), Fixed(rates, 41.5))
    )
    assert (type(fast.engine), type(slow.engine)) == (ArrayEngine, TableEngine)
    assert (fast.single_observation_space, fast.action_space) == (slow.single_observation_space, slow.action_space)
    left, right = fast.reset(seed=1), slow.reset(seed=1)
    fast.action_space.seed(3)
    for step in range(25):
        np.testing.assert_equal(left, right)
        assert left[0] in fast.observation_space
        assert left[0].dtype == right[0].dtype
        actions = fast.action_space.sample()
        if step % 4 == 1 and isinstance(actions, np.ndarray):
            actions[1], actions[2] = np.nan, 100.5
        a, b = fast.step(actions), slow.step(actions)
        np.testing.assert_equal(a[1:4], b[1:4])
        final = {"final_obs", "final_info"}
        assert a[4].keys() == b[4].keys()
        if "final_obs" in a[4]:
            np.testing.assert_equal(a[4]["final_obs"].tolist(), b[4]["final_obs"].tolist())
            np.testing.assert_equal(a[4]["final_info"], b[4]["final_info"])
        left, right = (a[0], _without(a[4], final)), (b[0], _without(b[4], final))


def _without(infos: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in infos.items() if name not in names}


def test_a_wrong_number_of_numbers() -> None:
    vec = aa.make_vec("Economist-v0", 3, opponents="random", seed=0)
    vec.reset()
    with pytest.raises(UsageError, match=r"expected \(3, at most 3\)"):
        vec.step(np.zeros((2, 3), np.float32))


class Highest:
    """Names the highest legal action."""

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        return masks.shape[1] - 1 - masks[:, ::-1].argmax(axis=1)


class HighestAgent(Agent):
    def choose(self, view: View) -> int:
        return max(view.choices)


@pytest.mark.parametrize("seat", [0, 1, "rotate"])
@pytest.mark.parametrize("rules", ["TicTacToe-v0", "ConnectFour-v0", FastMajority()], ids=repr)
def test_policies_as_opponents(rules: str | Game[Any], seat: Any) -> None:
    """A policy on arrays and the same player as an agent make the same environment of a game without chance."""
    fast, slow = (aa.make_vec(rules, 5, opponents=opponents, seat=seat) for opponents in (Highest(), HighestAgent()))
    rng = np.random.default_rng(0)
    left, right = fast.reset(seed=1), slow.reset(seed=1)
    for _ in range(40):
        np.testing.assert_equal(left, right)
        actions = moves(fast, left[0], rng)
        a, b = fast.step(actions), slow.step(actions)
        np.testing.assert_equal(a[1:4], b[1:4])
        left, right = a[::4], b[::4]


def test_a_policy_for_each_seat() -> None:
    class Named:
        def __init__(self, action: int) -> None:
            self.action, self.rows = action, 0

        def act(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            self.rows += len(masks)
            return np.full(len(masks), self.action)

    low, high = Named(0), Named(1)
    vec = aa.make_vec(FastMajority(rounds=1), 6, opponents=[low, high], seat="rotate", seed=0)
    vec.reset()
    seen, _, _, _, _ = vec.step(np.zeros(6, int))
    assert (low.rows, high.rows) == (6, 6)
    assert seen["observation"][:, 2:].tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0]] * 2  # own, low, high; low, own, high; low, high, own
    vec = aa.make_vec(FastMajority(rounds=1), 6, opponents=[high, low], seat=1, seed=0)
    vec.reset()
    assert vec.step(np.zeros(6, int))[0]["observation"][:, 2:].tolist() == [[1, 0, 0]] * 6


def test_an_opponent_that_plays_illegally_forfeits() -> None:
    class Full:
        def act(self, observations: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return np.full(len(masks), 4)

    vec = aa.make_vec("TicTacToe-v0", 3, opponents=Full(), seed=0)
    vec.reset()
    _, rewards, terminated, _, infos = vec.step(np.array([4, 0, 4]))
    assert terminated.tolist() == [True, False, True]
    assert rewards.tolist() == [1.0, 0.0, 1.0]
    assert infos["forfeit"].tolist() == [[False, True], [False, False], [False, True]]
    assert infos["returns"][0].tolist() == [1.0, aa.game("TicTacToe-v0").info.forfeit_return]
