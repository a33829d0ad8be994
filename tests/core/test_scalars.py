"""Numbers that learners send: whole ones of any make are ints, everything else is judged as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import agentarena as aa
from agentarena.core.actions import Box, Product, Spoken, Text, violation
from agentarena.core.agent import Agent, View
from agentarena.core.registry import game
from agentarena.core.scalars import plain, plain_in

THREES = [
    3,
    3.0,
    np.int8(3),
    np.uint64(3),
    np.float16(3),
    np.array(3),
    np.array([3]),
    np.array([[3.0]]),
    torch.tensor(3),
    torch.tensor([3.0]),
    torch.tensor(3.0, dtype=torch.bfloat16),
]


@pytest.mark.parametrize("number", THREES, ids=repr)
def test_whole_numbers_are_ints(number: Any) -> None:
    assert plain(number, True) == 3
    assert type(plain(number, True)) is int


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.True_,
        np.array(True),
        torch.tensor(True),
        2.5,
        float("nan"),
        float("inf"),
        1e400,
        np.array([1, 2]),
        np.array([]),
        "3",
        None,
        3j,
    ],
)
def test_nothing_else_becomes_an_int(value: Any) -> None:
    assert type(plain(value, True)) is not int


def test_words_stay_on_an_int_and_other_objects_are_left_alone() -> None:
    spoken = Spoken(3, "Hello.")
    assert plain(spoken, True) is spoken

    class Hostile(float):
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

        __hash__ = float.__hash__

    hostile = Hostile(3.0)
    assert plain(hostile, True) is hostile


def test_tensors_are_arrays_where_numbers_are_real() -> None:
    array = plain(torch.tensor([0.5, 1.0], requires_grad=True), False)
    assert isinstance(array, np.ndarray)
    assert plain(0.5, False) == 0.5


WITHOUT_NUMBERS = {
    "on no device": torch.zeros((), device="meta"),
    "sparse": torch.ones(1).to_sparse(),
    "conjugated": torch.tensor([1j]).conj(),
    "huge": torch.zeros((), dtype=torch.bfloat16).expand(10**12),
    "broadcast": np.broadcast_to(0.5, 10**12),
}


@pytest.mark.parametrize("value", WITHOUT_NUMBERS.values(), ids=WITHOUT_NUMBERS)
@pytest.mark.parametrize("env_id", ["TicTacToe-v0", "RockPaperScissors-v0", "Economist-v0"])
def test_tensors_without_numbers_to_be_had_cost_their_seat_and_stop_nothing(env_id: str, value: Any) -> None:
    others = ["random"] * (game(env_id).info.seats - 1)
    record = aa.play(env_id, [Learner(lambda _: value), *others], matches=1).records[0]
    assert record.faults[0]["kind"] == "nonsense"
    env = aa.make(env_id)
    env.reset(seed=0)
    env.step(value)
    assert list(env.faults) in (["player_0"], [])  # in a round the forfeit waits for the others
    assert env.match is not None
    assert 0 in env.match.failed


def test_parts_of_an_action_may_be_numbers_of_learners() -> None:
    """Of a real-valued Commons: a number, a choice, and words."""
    legal = Product({"amount": Box(0.0, 1.0), "choice": (0, 1), "words": Text(9)})
    action = plain_in(legal, {"amount": torch.tensor(0.5), "choice": torch.tensor([1.0]), "words": "hi"})
    assert violation(legal, action) is None
    assert type(action["choice"]) is int
    pair = Product([(0, 1), (0, 1, 2)])
    assert plain_in(pair, torch.tensor([1.0, 2.0])) == plain_in(pair, [np.int8(1), 2.0]) == (1, 2)
    for other in ({"amount": 1}, {"else": 1}, (1, 2, 3), "ab", None, np.array(1), torch.tensor(1)):
        for where in (legal, pair):
            assert violation(where, plain_in(where, other)) is not None


class Learner(Agent):
    """Answers as learners do."""

    def __init__(self, make: Any) -> None:
        self.make, self.name = make, "learner"

    def choose(self, view: View) -> Any:
        return self.make(view.legal[0] if isinstance(view.legal, tuple) else view.legal)


@pytest.mark.parametrize("make", [float, np.float32, torch.tensor, lambda n: np.array([n])])
@pytest.mark.parametrize("env_id", ["TicTacToe-v0", "RockPaperScissors-v0"])
def test_agents_of_a_match_may_answer_with_them(make: Any, env_id: str) -> None:
    record = aa.play(env_id, [Learner(make), "random"], matches=1).records[0]
    assert not record.faults
    assert record.line() == aa.play(env_id, [Learner(int), "random"], matches=1).records[0].line()


def test_a_number_that_is_not_whole_is_a_fault() -> None:
    record = aa.play("TicTacToe-v0", [Learner(lambda n: n + 0.5), "random"], matches=1).records[0]
    assert record.faults[0]["kind"] == "nonsense"
