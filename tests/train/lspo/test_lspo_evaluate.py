"""Win rates by side: who sits where, which deals are shared, and the exact figures of random and scripted play."""

from __future__ import annotations

import pytest

from agentarena.core.errors import NotSupported, UsageError
from agentarena.core.registry import game
from agentarena.core.replay import states
from agentarena.envs.werewolf.solver import village_win
from agentarena.train.lspo.evaluate import dealt_sides, play_sides, side_fixtures


def test_the_agent_holds_all_seats_of_its_side_and_no_other():
    rules = game("Werewolf-v0", preset="lspo7")
    sides = play_sides(rules, "werewolf/pack", "random", matches=6, seed=5)
    for record in sides.results.records:
        mine = {seat.team for seat in record.seats if seat.index == 0}
        others = {seat.team for seat in record.seats if seat.index == 1}
        assert len(mine) == len(others) == 1
        assert mine != others
    assert [(rate.side, rate.matches) for rate in sides.rates] == [("village", 6), ("wolves", 6)]
    with pytest.raises(UsageError, match="no matches on side 'monks'"):
        sides.on("monks")


def test_each_deal_is_played_once_on_each_side():
    rules = game("Werewolf-v0", preset="lspo4")
    fixtures = side_fixtures(rules, 20, seed=2)
    assert [fixture.deal for fixture in fixtures] == [deal for deal in range(20) for _ in range(2)]
    assert len({fixture.match for fixture in fixtures}) == 40
    for one, other in zip(fixtures[::2], fixtures[1::2], strict=True):
        assert tuple(1 - seat for seat in one.seats) == other.seats
    results = play_sides(rules, "random", "random", matches=20, seed=2).results
    for record in results.records:
        state = next(states(record))
        assert tuple(rules.team(state, seat) for seat in range(4)) == dealt_sides(rules, 2, record.deal)


def test_a_game_without_sides_is_refused():
    with pytest.raises(NotSupported, match="no two sides"):
        play_sides("KuhnPoker-v0", "random", "random", matches=1)


@pytest.mark.parametrize("preset", ["lspo4", "lspo7"])
def test_random_play_comes_to_the_exact_rate(preset):
    """The random rate of lspo4 is 1/3, of lspo7 .129674 (exact recursion, checked against a simulator of single votes)."""
    sides = play_sides("Werewolf-v0", "random", "random", matches=700, seed=11, preset=preset)
    exact = float(village_win(preset))
    for side, expected in (("village", exact), ("wolves", 1 - exact)):
        spread = (exact * (1 - exact) / 700) ** 0.5
        assert abs(sides.on(side).win_rate - expected) < 4 * spread
    assert sides.on("village").interval.low < sides.on("village").win_rate < sides.on("village").interval.high


def test_a_truthful_seer_beats_blind_wolves_as_computed_by_hand():
    """lspo4, all but the seer's words blind: 37/54.

    The seer dies (1/3): 1/3. It lives and tested the wolf or the living villager (2/3): both vote for the wolf, a win. It tested the
    dead: the villager, who trusts the seer, votes for the wolf; the seer does so with 1/2 (a win), else the wolf's blind vote makes it
    a loss or a tie of three: 1/2 + 1/4 * 1/3 = 7/12. In all 1/9 + 2/3 * (2/3 + 7/36).
    """
    sides = play_sides("Werewolf-v0", "werewolf/truthful", "werewolf/silent", matches=600, seed=3, preset="lspo4")
    assert abs(sides.on("village").win_rate - 37 / 54) < 0.08
