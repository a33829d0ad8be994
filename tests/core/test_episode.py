"""One game under way: when the news of a state is worked out, what an error leaves, when a match ends, and that resources are let go."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from agentarena.core.episode import Episode
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo


class Counting(Game[Any]):
    """One seat counts up to three; its news are worked out from the live state, as with a game that is stepped in place."""

    def __init__(self, forkable: bool = True) -> None:
        self.forkable = forkable
        self.released: list[Any] = []

    def observation_space(self, seat: int) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Discrete(4)

    def action_space(self, seat: int) -> gymnasium.Space[Any]:
        return gymnasium.spaces.Discrete(2)

    def observe(self, state: Any, seat: int) -> Any:
        return state[0]

    @property
    def info(self) -> GameInfo:
        return GameInfo(seats=1, low=0, high=3, unit="point", sum="general", max_steps=9, forkable=self.forkable)

    @property
    def text(self) -> Any:
        raise NotImplementedError

    def start(self, rng: np.random.Generator) -> Any:
        return [0]

    def to_move(self, state: Any) -> tuple[int, ...]:
        return () if state[0] == 3 else (0,)

    def legal(self, state: Any, seat: int) -> tuple[int, ...]:
        return (1,)

    def step(self, state: Any, actions: Any, rng: np.random.Generator) -> Any:
        if self.forkable:
            return [state[0] + actions[0]]
        state[0] += actions[0]  # spends the old state
        return state

    def rewards(self, state: Any) -> tuple[float, ...]:
        return (float(state[0] > 0),)

    def news(self, state: Any) -> tuple[Event, ...]:
        return (Event("count", {"at": state[0]}),)

    def truncated(self, state: Any) -> bool:
        return False

    def release(self, state: Any) -> None:
        self.released.append(state)


def _counted(episode: Episode) -> list[int]:
    return [event.data["at"] for event in episode.log]


@pytest.mark.parametrize("forkable", [True, False])
def test_the_log_is_that_of_each_state_also_where_a_step_spends_the_old_one(forkable: bool) -> None:
    with Episode(Counting(forkable), np.random.default_rng(0)) as episode:
        while not episode.over:
            episode.step({0: 1})
        assert _counted(episode) == [0, 1, 2, 3]
        assert (episode.returns, episode.rewards, episode.steps, episode.truncated) == ([3.0], (1.0,), 3, False)


@pytest.mark.parametrize("forkable", [True, False])
def test_resources_of_the_current_state_are_let_go_once(forkable: bool) -> None:
    game = Counting(forkable)
    with Episode(game, np.random.default_rng(0)) as episode:
        episode.step({0: 1})
        episode.close()
    assert game.released == [[1]]


class Broken(Counting):
    """Its rewards cannot be had after a step."""

    def rewards(self, state: Any) -> tuple[float, ...]:
        if state[0]:
            raise RuntimeError
        return (0.0,)


@pytest.mark.parametrize(("forkable", "left"), [(True, [0]), (False, [1])])
def test_an_error_leaves_the_old_state_where_it_is_not_spent(forkable: bool, left: list[int]) -> None:
    """What is let go afterwards is the state that is alive."""
    game = Broken(forkable)
    with Episode(game, np.random.default_rng(0)) as episode:
        with pytest.raises(RuntimeError):
            episode.step({0: 1})
        assert (episode.state, episode.steps, episode.to_move) == (left, 0, (0,))
    assert game.released == [left]


def test_a_match_is_cut_short_at_its_limit_and_not_before() -> None:
    for limit, cut in ((2, True), (3, False), (4, False)):
        with Episode(Counting(), np.random.default_rng(0), limit) as episode:
            while not episode.over:
                episode.step({0: 1})
            assert (episode.steps, episode.truncated) == (min(limit, 3), cut)


def test_each_seat_reads_what_is_new_to_it_once() -> None:
    with Episode(Counting(), np.random.default_rng(0)) as episode:
        episode.step({0: 1})
        assert episode.mark_read(0) == (0, 2)
        assert episode.unread(0) == ()
        episode.step({0: 1})
        assert [event.data["at"] for event in episode.unread(0)] == [2]
        assert episode.mark_read(0) == (2, 3)
