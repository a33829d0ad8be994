"""What a forfeit costs and brings: the one rule, in matches, their turns and their records."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.array_games import Pairs
from fixtures.games import Duel, Moles, Parley

import agentarena as aa
from agentarena.core.errors import AgentTimeout
from agentarena.core.forfeits import forfeit_returns, sides_of, winning_side
from agentarena.core.game import GameInfo
from agentarena.core.match import Match, Player, RunConfig
from agentarena.core.record import Fixture
from agentarena.core.replay import replay


def info(kind: str, seats: int = 2, **facts: object) -> GameInfo:
    return GameInfo(seats=seats, low=-4, high=10, unit="coin", sum=kind, max_steps=5, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["zero", "constant"])
def test_the_other_of_two_sides_gets_what_a_win_is_worth(kind: str) -> None:
    rules = info(kind)
    price = rules.forfeit_return
    assert forfeit_returns(rules, [0, 1], [3.0, -3.0], [0]).tolist() == [price, 10.0]
    assert forfeit_returns(rules, [0, 1], [3.0, -3.0], [1]).tolist() == [10.0, price]
    teams = ["red", "blue", "red", "blue"]
    assert forfeit_returns(info(kind, 4), teams, [1.0, 2.0, 3.0, 4.0], [2]).tolist() == [-4.0, 10.0, price, 10.0]
    assert forfeit_returns(info(kind, 4), teams, [1.0, 2.0, 3.0, 4.0], [0, 2]).tolist() == [price, 10.0, price, 10.0]


@pytest.mark.parametrize(
    ("rules", "sides", "failed"),
    [
        (info("general"), [0, 1], [0]),
        (info("common"), [0, 1], [0]),
        (info("zero", 3), [0, 1, 2], [0]),
        (info("constant", 3), [0, 1, 2], [0, 2]),
        (info("zero"), [0, 1], [0, 1]),  # both sides in one step
        (info("zero", 4), ["a", "b", "a", "b"], [0, 1]),
    ],
)
def test_elsewhere_the_others_keep_what_they_have_earned(rules: GameInfo, sides: list[int | str], failed: list[int]) -> None:
    earned = [float(seat) + 0.5 for seat in range(rules.seats)]
    ends = forfeit_returns(rules, sides, earned, failed).tolist()
    assert ends == [rules.forfeit_return if seat in failed else earned[seat] for seat in range(rules.seats)]


def test_many_matches_at_once_are_each_by_the_same_rule() -> None:
    earned = np.arange(8.0).reshape(4, 2)
    for rules in (info("zero"), info("general")):
        ends = forfeit_returns(rules, [0, 1], earned, [1])
        assert ends.tolist() == [forfeit_returns(rules, [0, 1], row, [1]).tolist() for row in earned]
    assert earned.tolist() == np.arange(8.0).reshape(4, 2).tolist()


def test_the_side_that_wins() -> None:
    assert winning_side([0, 1], [1]) == 0
    assert winning_side(["wolves", "village", "village"], [0]) == "village"
    assert winning_side([0, 1], [0, 1]) is None
    assert winning_side([0, 1, 2], [0]) is None
    assert winning_side([0], [0]) is None
    assert sides_of(Pairs(), None) == ["east", "west", "east", "west"]
    assert sides_of(Parley(), None) == [0, 1, 2]


TWO_SIDED = ["TicTacToe-v0", "ConnectFour-v0", "KuhnPoker-v0", "LeducPoker-v0", "RockPaperScissors-v0", "BiasedRockPaperScissors-v0"]


@pytest.mark.parametrize("env", TWO_SIDED)
@pytest.mark.parametrize("loser", [0, 1])
def test_a_forfeit_is_worse_than_losing_and_a_win_by_forfeit_is_no_more_than_a_win(env: str, loser: int) -> None:
    game = aa.game(env)
    with Match(RunConfig(game, (Player("a", "1"), Player("b", "1")), 3), Fixture(0, 0, (0, 1)), trace=True) as match:
        while not match.over:
            for seat in match.pending():
                match.answer(seat, AgentTimeout("late") if seat == loser else match.legal(seat)[0])
        record, trajectory = match.record(), match.trajectory()
    assert record.outcome == "forfeited"
    assert record.winner == 1 - loser
    assert record.returns[loser] == game.info.forfeit_return < game.info.low
    assert record.returns[1 - loser] == game.info.high
    assert record.returns[1 - loser] + game.info.low == game.info.total  # a loss at its worst, mirrored
    assert replay(record) == record
    for seat in (0, 1):
        assert trajectory.initial[seat] + sum(turn.reward for turn in trajectory.of(seat)) == pytest.approx(record.returns[seat])
    assert trajectory.of(loser)[-1].fault == "timeout"


def test_a_win_by_forfeit_is_paid_to_the_winners_last_turn() -> None:
    """Duel: seat 1 earns 1 for the first round, then seat 0 fails before or after seat 1 has answered."""
    for order in ((0, 1), (1, 0)):
        with Match(RunConfig(Duel()), Fixture(0, 0), trace=True) as match:
            match.answer(0, 0)
            match.answer(1, 1)
            earned = list(match.episode.returns)
            for seat in order:
                match.answer(seat, "nonsense" if seat == 0 else 0)
                turns = match.trajectory()  # at any moment turns and returns agree
                for one in (0, 1):
                    assert turns.initial[one] + sum(turn.reward for turn in turns.of(one)) == pytest.approx(turns.returns[one])
            first, last = match.trajectory().of(1)
        assert (first.reward, last.reward) == (earned[1], Duel().info.high - earned[1])


def test_a_village_whose_wolf_forfeits_wins_and_keeps_what_it_has() -> None:
    """General-sum games do not say what a win is worth: the winners are named, returns stay."""
    rules = Moles()
    with Match(RunConfig(rules), Fixture(0, 0)) as match:
        mole = next(seat for seat in range(5) if rules.role(match.episode.state, seat) == "mole")
        for seat in range(5):
            match.answer(seat, AgentTimeout("late") if seat == mole else match.legal(seat)[0])
        returns, winner, outcome = match.result()
    assert (winner, outcome) == ("gardeners", "forfeited")
    assert returns == [rules.info.forfeit_return if seat == mole else 0.0 for seat in range(5)]
