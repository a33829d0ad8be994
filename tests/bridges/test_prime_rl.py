"""Advantages of tokens: each turn's, as often as it has tokens."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.bridges.prime_rl import token_advantages
from agentarena.core.errors import UsageError
from agentarena.train.advantages import Batch, marshal


def test_every_token_has_its_turns_advantage() -> None:
    assert token_advantages(np.array([[1.0, -2.0, 0.0], [3.0, 0.0, 0.0]]), [[1, 3, 0], [2]]) == [[1.0, -2.0, -2.0, -2.0], [3.0, 3.0]]


def test_turns_of_one_token_give_marshal_back_and_its_sums() -> None:
    rewards = np.array([[0.0, 1.0], [-1.0, 0.0]])
    of_turns = marshal(Batch(rewards, np.array([[1, 1], [1, 0]]), [0, 0], ["nim", "nim"], [0, 0]))
    rows = token_advantages(of_turns, [[1, 1], [1]])
    assert rows == [[1 - 1 / 3, 1 - 1 / 3], [-1 - 1 / 3]]
    assert sum(map(sum, rows)) == pytest.approx(0)


@pytest.mark.parametrize("lengths", [[[1, 1, 1]], [[-1]], [[1], [1]]])
def test_lengths_that_do_not_fit_are_refused(lengths: list[list[int]]) -> None:
    with pytest.raises(UsageError):
        token_advantages([[0.5, 0.5]], lengths)
