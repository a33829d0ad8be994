"""The same agent in the same game gets the same fate, whoever drives the match: `aa.play`, a Gymnasium environment in which it
is an opponent, or a loop of one's own over `core.match.Match`, as a trainer has it."""

from __future__ import annotations

import functools
import time
from typing import Any

import numpy as np
import pytest
from fixtures.games import Duel, Market, Moles, Parley

import agentarena as aa
from agentarena.adapters.solo import ArenaSolo
from agentarena.agents.boundary import decide_one
from agentarena.agents.subprocess import Isolated
from agentarena.core.actions import Box, Product, Text, first_legal
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import AgentTimeout
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.registry import ENVS, game
from agentarena.core.rng import CHANCE, stream
from agentarena.matches.api import run

GAMES = [*(name for name in ENVS if game(name).info.seats > 1), "Duel", "Market", "Moles", "Parley"]
OURS = {"Duel": Duel, "Market": Market, "Moles": Moles, "Parley": Parley}


def _reply(text: str, finish: Any = "stop") -> Any:
    return lambda view: Reply(text, finish=finish)


def _readable(view: View) -> Reply:
    return Reply(view.write(first_legal(view.legal)))


def _readable_at_last(view: View) -> Reply:
    return _readable(view) if view.attempt == 2 else Reply("<answer>the move of moves</answer>")


def _illegal(view: View) -> Any:
    """Of the right type and out of range."""
    legal = view.legal
    if isinstance(legal, Box):
        return np.full(legal.shape, 1e300)
    if isinstance(legal, Text):
        return "x" * (legal.max_chars + 1)
    return {} if isinstance(legal, Product) else 10**6


def _raises(view: View) -> Any:
    raise ZeroDivisionError("divided by nothing")


def _late(view: View) -> Any:
    raise AgentTimeout("no answer within 1 s")


BEHAVIOURS = {
    "readable": _readable,
    "unreadable, then readable": _readable_at_last,
    "illegal": _illegal,
    "empty": _reply(""),
    "refused": _reply("I would rather not take part in this.", "refusal"),
    "truncated": _reply("Let me think. <answer>", "length"),
    "raises": _raises,
    "NaN": lambda view: float("nan"),
    "wrong type": lambda view: object(),
    "too slow": _late,
}
FAULTS = {"illegal": "nonsense", "raises": "raised", "wrong type": "nonsense", "too slow": "timeout"}
"""What must come of it in every game; of the others it depends on what the game reads."""


class First(Agent):
    """Plays the first legal move."""

    def choose(self, view: View) -> Any:
        return first_legal(view.legal)


class Behaves(First):
    """Does as told at its first decision, and plays the first legal move ever after."""

    def __init__(self, behaviour: str) -> None:
        self.behave = BEHAVIOURS[behaviour]

    def choose(self, view: View) -> Any:
        return super().choose(view) if view.turn else self.behave(view)


def _fate(match: Any, returns: Any, winner: Any, outcome: str) -> dict[str, Any]:
    """What came of a match, or of its record."""
    return {
        "actions": list(match.actions), "replies": match.replies, "faults": match.faults, "returns": list(returns), "winner": winner,
        "outcome": outcome,
    }  # fmt: skip


@functools.cache
def _seats(name: str) -> tuple[int, int]:
    """Who moves first, and who first of the others: the seat played from outside, and the seat of the agent under test."""
    rules = _game(name)
    state, order, rng = rules.start(stream(0, CHANCE, 0)), [], np.random.default_rng(0)
    while len(order) < 2:
        to_move = rules.to_move(state)
        order += [seat for seat in to_move if seat not in order]
        state = rules.step(state, {seat: first_legal(rules.legal(state, seat)) for seat in to_move}, rng)
    return order[0], order[1]


def _game(name: str) -> Any:
    return OURS[name]() if name in OURS else game(name)


def _as_opponent(name: str, agent: Agent) -> tuple[int, dict[str, Any]]:
    """The seed of the match that a Gymnasium environment played, and its fate."""
    own, other = _seats(name)
    rules = _game(name)
    agents = [agent if seat == other else First() for seat in range(rules.info.seats) if seat != own]
    env = ArenaSolo(rules, opponents=agents, seat=own)
    env.reset(seed=3)
    over = False
    while not over:
        assert env.match is not None
        _, _, terminated, truncated, _ = env.step(first_legal(env.match.legal(own)))
        over = terminated or truncated
    match = env.match
    assert match is not None
    return match.config.seed, _fate(match, *match.result())


def _in_play(name: str, agent: Agent, seed: int) -> dict[str, Any]:
    rules = _game(name)
    fixture = Fixture(0, 0, tuple(int(seat == _seats(name)[1]) for seat in range(rules.info.seats)))
    (record,) = run(rules, [First(), agent], [fixture], seed=seed).records
    return _fate(record, record.returns, record.winner, record.outcome)


def _in_a_loop(name: str, agent: Agent, seed: int) -> dict[str, Any]:
    other = _seats(name)[1]
    match = Match(RunConfig(_game(name), seed=seed), Fixture(0, 0, ()), trace=True)
    while not match.over:
        for seat in match.pending():
            match.answer(seat, decide_one(agent if seat == other else First(), match.view(seat)))
    turns = match.trajectory()
    for seat, value in enumerate(turns.returns):
        assert turns.initial[seat] + sum(turn.reward for turn in turns.of(seat)) == pytest.approx(value)
    return _fate(match, *match.result())


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("name", GAMES)
def test_the_same_fate_in_play_as_an_opponent_and_in_a_loop(name: str, behaviour: str) -> None:
    seed, as_opponent = _as_opponent(name, Behaves(behaviour))
    assert _in_play(name, Behaves(behaviour), seed) == as_opponent
    assert _in_a_loop(name, Behaves(behaviour), seed) == as_opponent
    other = _seats(name)[1]
    if behaviour in FAULTS:
        assert [(fault["seat"], fault["kind"]) for fault in as_opponent["faults"]] == [(other, FAULTS[behaviour])]
        assert as_opponent["outcome"] == "forfeited"
        assert as_opponent["returns"][other] == _game(name).info.forfeit_return
    if behaviour == "readable":
        assert not as_opponent["faults"]


def test_a_deadline_is_the_same_for_all() -> None:
    """A process of its own that is too slow: in `play` by its deadline, elsewhere by the one the agent was wrapped with."""
    name = "KuhnPoker-v0"
    agent = Isolated("tests/matches/test_matches_fates.py:Sleepy", deadline_s=0.3)
    try:
        seed, as_opponent = _as_opponent(name, agent)
        assert [fault["kind"] for fault in as_opponent["faults"]] == ["timeout"]
        assert _in_play(name, agent, seed) == as_opponent
        match = Match(RunConfig(game(name), seed=seed), Fixture(0, 0, ()))
        match.answer(0, first_legal(match.legal(0)))
        match.answer(1, decide_one(agent, match.view(1)))
        assert _fate(match, *match.result()) == as_opponent
    finally:
        agent.close()


class Sleepy(Agent):
    """Never answers in time."""

    def choose(self, view: View) -> Any:
        time.sleep(30)
        return view.sample()


def test_a_reply_read_at_the_second_attempt_wins_as_an_opponent_too() -> None:
    """An agent with one unreadable reply is asked again everywhere, and may win."""

    class Wins(Agent):
        def choose(self, view: View) -> Any:
            perfect = aa.agent("tictactoe/perfect").choose(view)
            return Reply("hm" if view.turn == 0 and view.attempt == 0 else view.write(perfect))

    env = ArenaSolo(game("TicTacToe-v0"), opponents=[Wins()], seat=1)
    total, over = 0.0, False
    env.reset(seed=0)
    while not over:
        assert env.match is not None
        _, reward, terminated, truncated, info = env.step(first_legal(env.match.legal(1)))
        total, over = total + reward, terminated or truncated
    assert total == -1.0
    assert "forfeit" not in info
