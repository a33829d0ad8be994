"""Rules of the tax economy: budget, faults, deltas, opinions, motives, elections, array rules, memory in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from economist_helpers import HOURS, disposable, play, rng, working

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import AgentFault, BadOption, IllegalAction, NotSupported, OutOfTurn, UsageError
from agentarena.envs.economist import Economist, State
from agentarena.envs.economist.observation import read_planner, read_worker
from agentarena.envs.economist.rules.taxes import taxes

# --- budget and order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [None, *Economist.presets])
def test_the_budget_balances_whatever_happens(preset: str | None) -> None:
    """Every dollar of tax comes back, nobody is left with less than nothing, rates stay within 0 and 100."""
    game = Economist.build(preset)
    for seed in range(3):
        last: State = play(game, seed)[-1]
        assert len(last.past) == game.years * game.weeks
        for week in last.past:
            tax = taxes(week.income, game.edges, np.array(week.rates) / 100)
            assert week.rebate * game.population == pytest.approx(tax.sum(), rel=1e-12, abs=1e-9)
            assert (week.income - tax + week.rebate).sum() == pytest.approx(week.income.sum(), rel=1e-12)
            assert (tax >= 0).all()
            assert (tax <= week.income).all()
            assert all(0 <= rate <= 100 for rate in week.rates)
            assert (week.income <= last.skills * 100 * (1 + 1e-12)).all()


def test_a_year_is_a_decree_and_weeks_of_work() -> None:
    game = Economist(years=2, weeks=2)
    to_move = [game.to_move(state) for state in play(game)]
    everyone = (1, 2, 3, 4, 5)
    assert to_move == [(0,), everyone, everyone, (0,), everyone, everyone, ()]


def test_warmup_keeps_the_first_rates() -> None:
    game = Economist(years=3, weeks=1, warmup=2, rates=(10.0, 20.0, 30.0))
    states = play(game)
    assert [game.to_move(state)[:1] for state in states] == [(1,), (1,), (0,), (1,), ()]
    assert states[2].rates == (10.0, 20.0, 30.0)


def test_week_by_hand() -> None:
    """Skills 250 to 5000, 20 % flat, 40 hours each: z = 10k, 20k, 40k, 80k, 200k, T = z/5, R = 14,000."""
    game = Economist.build("fixture", years=1, weeks=1)
    state = game.step(working(game, (20, 20, 20)), dict.fromkeys(range(1, 6), 40.0), rng())
    week = state.past[0]
    assert week.income.tolist() == [10_000, 20_000, 40_000, 80_000, 200_000]
    assert week.rebate == pytest.approx(14_000)
    effort = game.tastes.cost * 40**3.5
    assert week.utility.tolist() == pytest.approx([0.8 * z + 14_000 - effort for z in week.income])
    weights = 1 / week.income
    assert game.rewards(state)[0] == pytest.approx((weights * week.utility).sum() / weights.sum())
    assert game.rewards(state)[1:] == pytest.approx(tuple(week.utility))
    assert game.rewards(working(game)) == (0.0,) * 6


# --- faults ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [math.nan, math.inf, -math.inf, -1.0, 100.5, 1e300, "much", None, [40.0], np.array([40.0, 1.0])])
def test_bad_hours_are_refused(hours: Any) -> None:
    game = Economist()
    state = working(game)
    before = state.skills.copy()
    with pytest.raises(IllegalAction):
        game.step(state, {1: hours, 2: 40.0, 3: 40.0, 4: 40.0, 5: 40.0}, rng())
    assert state.past == ()
    assert np.array_equal(state.skills, before)


@pytest.mark.parametrize("rates", [[math.nan, 0, 0], [math.inf, 0, 0], [-5, 0, 0], [0, 0, 101], [10, 20], 30.0, "none", None])
def test_bad_rates_are_refused(rates: Any) -> None:
    game = Economist()
    with pytest.raises(IllegalAction):
        game.step(game.start(rng()), {0: rates}, rng())


def test_a_missing_worker_is_out_of_turn() -> None:
    game = Economist()
    with pytest.raises(OutOfTurn):
        game.step(working(game), dict.fromkeys(range(1, 5), 40.0), rng())
    with pytest.raises(OutOfTurn):
        game.step(working(game), {0: 40.0, **dict.fromkeys(range(1, 5), 40.0)}, rng())


def test_rounding_just_past_a_bound_is_the_bound() -> None:
    game = Economist()
    state = game.step(working(game), dict.fromkeys(range(1, 6), 100.00000001), rng())
    assert np.array_equal(state.past[0].income, state.skills * 100)


class Silent(Agent):
    """Never answers."""

    def choose(self, view: View) -> Any:
        raise AgentFault("no answer")


class Mumbler(Agent):
    """Answers in words that are no move."""

    def choose(self, view: View) -> Reply:
        return Reply("as much as I like")


@pytest.mark.parametrize("seat", [0, 3])
def test_a_seat_that_never_answers_forfeits(seat: int) -> None:
    players: list[Any] = ["economist/us", *["economist/rational"] * 5]
    players[seat] = Silent()
    record = aa.play("Economist-v0", players, matches=1, rotate=False).records[0]
    assert record.outcome == "forfeited"
    price = aa.game("Economist-v0").info.forfeit_return
    assert record.returns[seat] == price
    assert all(value > price for other, value in enumerate(record.returns) if other != seat)


@pytest.mark.parametrize("then", ["random", "pass"])
@pytest.mark.parametrize("seat", [0, 3])
def test_unreadable_replies_by_policy(seat: int, then: Any) -> None:
    """With "pass" a worker does not work and a planner taxes nobody; the match goes on and the budget balances."""
    players: list[Any] = ["economist/us", *["economist/rational"] * 5]
    players[seat] = Mumbler()
    policy = aa.OnUnreadable(retries=1, then=then)
    record = aa.play("Economist-v0", players, matches=1, rotate=False, on_unreadable=policy).records[0]
    assert record.outcome != "forfeited"
    moves = [move for step in record.actions for other, move in step if other == seat]
    if then == "pass":
        assert all(not np.any(move) for move in moves)
    assert all(fault["seat"] == seat for fault in record.faults)


# --- options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"population": 0},
        {"population": 10_001},
        {"rates": (10.0, 20.0)},
        {"rates": (-1.0,)},
        {"rates": (float("nan"),)},
        {"cutoffs": (10.0, 20.0)},
        {"cutoffs": (0.0, 20.0, 20.0)},
        {"skills": "given"},
        {"skills": "given", "skill_parameters": (1.0, 2.0, 3.0, 4.0, 0.0)},
        {"skills": "uniform", "skill_parameters": (5.0, 1.0)},
        {"skill_parameters": (1.0,)},
        {"altruistic": 60, "adversarial": 60},
        {"objective": "happiness"},
    ],
)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(BadOption):
        Economist(**options)


def test_own_brackets() -> None:
    game = Economist(cutoffs=(0, 20_000), rates=(10, 30))
    assert game.first_rates == (10.0, 30.0)
    assert game.action_space(0).shape == (2,)


def test_deltas_stop_at_the_ends() -> None:
    game = Economist(planner="delta", rates=(10.0, 50.0, 90.0))
    state = game.start(rng())
    after = game.step(state, {0: {"bracket_1": 0, "bracket_2": 1, "bracket_3": 4}}, rng())
    assert after.rates == (0.0, 40.0, 100.0)


def test_delta_rates_stay_multiples_of_ten() -> None:
    for state in play(Economist(planner="delta", years=8, weeks=1)):
        assert all(rate in range(0, 101, 10) for rate in state.rates)


# --- who is credited what -------------------------------------------------------------------------------------------------


def test_motives_are_spread_over_skills() -> None:
    game = Economist(population=100, altruistic=30, adversarial=20)
    assert [(game.motives == motive).sum() for motive in (1, -1, 0)] == [30, 20, 50]
    halves = game.motives.reshape(2, 50)
    assert abs(int((halves[0] == 1).sum()) - 15) <= 2
    assert abs(int((halves[0] == -1).sum()) - 10) <= 2
    state = working(game)
    state = game.step(state, dict.fromkeys(range(1, 101), 40.0), rng())
    welfare, *credited = game.rewards(state)
    for motive, paid, own in zip(game.motives, credited, state.past[0].utility, strict=True):
        assert paid == {1: welfare, -1: -welfare, 0: own}[int(motive)]


def test_discontent_costs_half_and_the_papers_rule_rewards_it_when_utility_is_negative() -> None:
    for rule, expected in (("loss", 1.5), ("paper", 0.5)):
        game = Economist(bounded=True, satisfaction=rule)
        state = working(game, (100.0, 100.0, 100.0))
        moves = {seat: {"hours": 100.0 if seat == 1 else 0.0, "satisfied": int(seat > 2)} for seat in range(1, 6)}
        after = game.step(state, moves, rng())
        week = after.past[0]
        assert week.utility[0] < 0 < week.utility[1]
        paid = game.rewards(after)[1:]
        assert paid[0] == pytest.approx(expected * week.utility[0])
        assert paid[1] == pytest.approx(0.5 * week.utility[1])
        assert paid[2:] == pytest.approx(tuple(week.utility[2:]))
        assert week.welfare == pytest.approx(float(game.week(state.skills, np.array([100.0, 0, 0, 0, 0]), state.rates).welfare))


# --- elections ------------------------------------------------------------------------------------------------------------


def ballots(game: Economist, *votes: int) -> dict[int, Any]:
    state = game.start(rng())
    parts = {name: (np.zeros(3) if name == "rates" else 0) for name in game.legal(state, 1).parts}  # type: ignore[attr-defined]
    return {seat: {**parts, "ballot": vote} for seat, vote in enumerate(votes, 1)}


def test_election_by_plurality() -> None:
    game = Economist(government="election", planner="absolute", rates=(40.0,))
    state = game.step(game.start(rng()), ballots(game, 3, 3, 1, 0, 2), rng())
    assert game.to_move(state) == (3,)
    assert state.votes == ((1, 1), (2, 1), (3, 2))
    move = {**ballots(game, 0)[1], "rates": np.array([5.0, 6.0, 7.0])}
    state = game.step(state, {3: move}, rng())
    assert state.rates == (5.0, 6.0, 7.0)
    assert game.to_move(state) == (1, 2, 3, 4, 5)


def test_ballots_for_nobody_change_nothing() -> None:
    game = Economist(government="election", planner="absolute", rates=(40.0,))
    state = game.step(game.start(rng()), ballots(game, 0, 0, 0, 0, 0), rng())
    assert state.phase == "work"
    assert state.rates == (40.0,) * 3
    assert "Nobody got a vote" in game.text.view(state, 1, game.news(state))


def test_ties_are_drawn_by_lot() -> None:
    game = Economist(government="election", planner="absolute")
    winners = [game.step(game.start(rng()), ballots(game, 1, 1, 2, 2, 0), rng(seed)).leader for seed in range(400)]
    assert set(winners) == {1, 2}
    assert abs(winners.count(1) - 200) < 45  # 4.5 standard errors


def test_platforms() -> None:
    game = Economist(government="platforms", planner="absolute", rates=(40.0,))
    start, silent = game.start(rng()), ballots(game, 0, 0, 0, 0, 0)
    nobody = game.step(start, silent, rng())
    assert nobody.phase == "work"
    assert nobody.rates == (40.0,) * 3
    stands = {**silent, 2: {**silent[2], "stand": 1, "rates": np.array([1.0, 2.0, 3.0])}, 4: {**silent[4], "stand": 1}}
    vote = game.step(start, stands, rng())
    assert vote.platforms == ((2, (1.0, 2.0, 3.0)), (4, (0.0, 0.0, 0.0)))
    with pytest.raises(IllegalAction):  # seat 1 does not stand
        game.step(vote, ballots(game, 1, 2, 2, 2, 2), rng())
    assert game.step(vote, ballots(game, 2, 4, 2, 0, 0), rng()).rates == (1.0, 2.0, 3.0)
    assert game.step(vote, silent, rng()).rates == (40.0,) * 3


# --- array rules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"brackets": "us"},
        {"planner": "delta", "warmup": 1},
        {"eta": 0.23, "objective": "isoelastic"},
        {"altruistic": 20, "adversarial": 20},
        {"draw": "random"},
    ],
)
def test_array_rules_are_the_scalar_rules(options: dict[str, Any]) -> None:
    game = Economist(years=3, weeks=2, **options)
    batch, draw = game.batch(), rng(4)
    count, size = len(game.edges), 6
    state = batch.start(size, draw)
    scalars = [batch.unbatch(state, row) for row in range(size)]
    while not batch.over(state).all():
        asked = batch.to_move(state)
        assert all(tuple(np.flatnonzero(asked[row])) == game.to_move(scalars[row]) for row in range(size))
        high = 5 if game.planner == "delta" and state.decree.any() else 101
        actions = draw.integers(0, high, (size, game.population + 1, count)).astype(float)
        state = batch.step(state, actions, draw)
        for row in range(size):
            moves: dict[int, Any] = {seat: actions[row, seat, 0] for seat in game.to_move(scalars[row])}
            if 0 in moves:
                moves = {
                    0: {f"bracket_{j + 1}": int(actions[row, 0, j]) for j in range(count)} if game.planner == "delta" else actions[row, 0]
                }
            scalars[row] = game.step(scalars[row], moves, draw)
            assert batch.rewards(state)[row] == pytest.approx(game.rewards(scalars[row]), rel=1e-12)
            for seat in (0, 1):
                assert batch.observe(state, seat)[row] == pytest.approx(game.observe(scalars[row], seat), rel=1e-6, abs=0)
    assert [tuple(game.to_move(scalar)) for scalar in scalars] == [()] * size
    again = batch.step(state, np.zeros((size, game.population + 1, count)), draw)
    assert batch.over(again).all()
    assert not batch.rewards(again).any()
    mixed = batch.replace(again, np.arange(size) < 2, batch.start(2, draw))
    assert batch.over(mixed).tolist() == [False, False, True, True, True, True]
    moved = batch.step(mixed, np.zeros((size, game.population + 1, count)), draw)
    assert batch.over(moved).tolist() == [False, False, True, True, True, True]


def test_array_rules_say_what_they_cannot_do() -> None:
    with pytest.raises(NotSupported, match="bounded=False"):
        Economist(bounded=True).batch()
    batch = Economist().batch()
    with pytest.raises(UsageError, match="differ in length"):
        batch.observe(batch.start(2, rng()), np.array([0, 1]))


# --- what is seen ---------------------------------------------------------------------------------------------------------


def test_vectors_name_their_numbers() -> None:
    game = Economist(bounded=True, altruistic=20)
    state = working(game)
    moves = {seat: {"hours": HOURS[seat - 1], "satisfied": seat % 2} for seat in range(1, 6)}
    state = game.step(state, moves, rng())
    after = disposable(game, state)
    planner = read_planner(game, game.observe(state, 0))
    assert planner.phase == "work"
    assert (planner.year, planner.week, planner.worked) == (0, 1, 1)
    assert planner.rates.tolist() == [0.3, 0.4, 0.5]
    assert planner.incomes == pytest.approx(state.past[0].income, rel=1e-6)
    assert planner.satisfied == pytest.approx(0.6)
    assert planner.shares.sum() == pytest.approx(1)
    assert planner.mean_utility == 0  # nobody's utility is public where personas are secret
    for seat in range(1, 6):
        worker = read_worker(game, game.observe(state, seat))
        assert worker.skill == pytest.approx(state.skills[seat - 1], rel=1e-6)
        assert worker.hours == pytest.approx(HOURS[seat - 1], abs=1e-4)
        assert worker.disposable == pytest.approx(after[seat - 1], rel=1e-5)
        assert worker.utility == pytest.approx(state.past[0].utility[seat - 1], rel=1e-5)
        assert worker.content == (seat % 2 == 1)
        assert worker.persona == state.personas[seat - 1]
        assert worker.motive == game.motives[seat - 1]


def test_secrets_stay_secret() -> None:
    """With drawn skills, what a seat is shown does not move when others' skills and hours do but incomes do not."""
    game = Economist(draw="random", bounded=True)
    state = working(game)
    moves = {seat: {"hours": HOURS[seat - 1], "satisfied": 1} for seat in range(1, 6)}
    state = game.step(state, moves, rng())
    other = game.resample(state, 2, rng(9))
    assert other.skills[1] == state.skills[1]
    assert (other.skills != state.skills).sum() == 4
    assert (state.past[0].income <= other.skills * 100 * (1 + 1e-12)).all()
    assert np.array_equal(game.observe(other, 2), game.observe(state, 2))
    assert game.text.view(other, 2) == game.text.view(state, 2)
