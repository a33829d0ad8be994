"""The commons' arithmetic against closed forms and published tables, to the printed digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.commons import Commons, State
from agentarena.envs.commons.analysis.metrics import equality, gini, measure
from agentarena.envs.commons.options import ORDERS
from agentarena.envs.commons.rules import dynamics
from agentarena.envs.commons.rules.institutions import chance_of_learning
from agentarena.envs.commons.state import HARVEST


def society(effort, rounds, *, game=None, **options):
    """All efforts equal, from the carrying capacity, by the rules; the last state."""
    plain = {"sanction": "none", "voting": "none", "learning": "none", "reflection": False, "consumption": 0.0, "theta": 0.0}
    game = game or Commons(**{**plain, "rounds": rounds, **options})
    play = Episode(game, stream(0, CHANCE, 0))
    while not play.over:
        play.step({seat: float(effort) for seat in play.to_move})
    return game, play.state


def village(policy, **options):
    """GovSim without words; `policy(stock, month)` says what every villager asks for."""
    game = Commons.build("govsim_silent", **options)
    play = Episode(game, stream(0, CHANCE, 0))
    while not play.over:
        state = play.state
        asks = policy(int(state.stock), state.number) if state.phase == HARVEST else game.num_amounts
        play.step(dict.fromkeys(play.to_move, asks))
    return game, play.state


# --- logistic growth: fixed points ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("effort", "stock", "harvest"), [(0.05, 75, 3.75), (0.10, 50, 5), (0.15, 25, 3.75)])
def test_steady_states_of_the_simultaneous_update(effort, stock, harvest):
    assert dynamics.steady_state(effort, 0.2, 100.0) == pytest.approx((stock, harvest), abs=1e-12)
    # and the rules get there: N = 1, alpha = 1
    _, state = society(effort, 800, players=1, alpha=1.0, growth=0.2, capacity=100.0)
    assert state.stock == pytest.approx(stock, abs=1e-6)
    assert state.past[-1].total == pytest.approx(harvest, abs=1e-6)


@pytest.mark.parametrize(("effort", "stock", "harvest", "growth", "capacity"), [
    (0.0909091, 55.0, 5.0, 0.2, 100.0),
    (0.1, 49.3827, 4.93827, 0.2, 100.0),
    (0.2, 625.0, 125.0, 0.5, 1000.0),
])  # fmt: skip
def test_steady_states_of_harvest_then_grow(effort, stock, harvest, growth, capacity):
    outcome = dynamics.steady_state(effort, growth, capacity, "harvest_then_grow")
    assert outcome == pytest.approx((stock, harvest), rel=2e-6)
    _, state = society(effort, 800, players=1, alpha=1.0, growth=growth, capacity=capacity, order="harvest_then_grow")
    assert (state.stock, state.past[-1].total) == pytest.approx(outcome, rel=1e-9)


@pytest.mark.parametrize("growth", [0.2, 0.5])
@pytest.mark.parametrize("effort", [0.02, 0.1, 0.15])
def test_growing_first_leaves_what_harvesting_first_leaves(growth, effort):
    early = dynamics.steady_state(effort, growth, 100.0, "harvest_then_grow")
    late = dynamics.steady_state(effort, growth, 100.0, "grow_then_harvest")
    assert late[0] == pytest.approx(early[0] * (1 - effort))  # S* = (1 - E) R*
    assert late[1] == pytest.approx(early[1])
    _, state = society(effort, 1500, players=1, alpha=1.0, growth=growth, capacity=100.0, order="grow_then_harvest")
    assert (state.stock, state.past[-1].total) == pytest.approx(late, rel=1e-6)


def test_greatest_yields():
    assert dynamics.msy(0.2, 100.0)[1] == 5.0
    assert dynamics.msy(0.4, 100.0)[1] == 10.0
    assert dynamics.msy(0.5, 1000.0) == (0.25, 125.0)
    assert dynamics.msy(0.5, 1000.0, "harvest_then_grow") == (0.2, 125.0)
    assert dynamics.msy(0.2, 1000.0) == (0.1, 50.0)
    efforts = np.linspace(0.0005, 0.4, 800)
    for order in ORDERS:  # nothing on a grid does better, and the best of the grid is next to the closed form
        best, most = dynamics.msy(0.5, 1000.0, order)
        yields = [dynamics.steady_state(e, 0.5, 1000.0, order)[1] for e in efforts]
        assert max(yields) <= most + 1e-9
        assert efforts[int(np.argmax(yields))] == pytest.approx(best, abs=5e-4)


@pytest.mark.parametrize("order", ORDERS)
def test_extinction(order):
    edge = dynamics.extinction_effort(0.2, order)
    assert dynamics.steady_state(edge, 0.2, 100.0, order) == (0.0, 0.0)
    just_below = dynamics.steady_state(edge - 1e-3, 0.2, 100.0, order)
    assert 0 < just_below[0] < 1.0
    _, above = society(edge + 0.02, 2000, players=1, alpha=1.0, growth=0.2, capacity=100.0, order=order)
    assert above.stock < 1e-9
    _, at = society(edge, 4000, players=1, alpha=1.0, growth=0.2, capacity=100.0, order=order)
    assert 0.05 < at.stock < 0.3  # algebraic, like 1 / (r t / K): 100 / (0.2 * 4000) = 0.125


def test_the_proposed_rich_and_scarce_societies():
    rich, scarce = Commons.build("rich_selfish"), Commons.build("scarce_selfish")
    assert dynamics.msy(rich.growth, rich.capacity) == (0.25, 125.0)
    assert 0.25 / (rich.alpha * rich.players) == pytest.approx(0.625)  # mean effort
    assert dynamics.steady_state(0.4, rich.growth, rich.capacity)[0] == pytest.approx(200.0)  # all-in
    assert dynamics.msy(scarce.growth, scarce.capacity)[1] == 50.0
    assert 0.1 / (scarce.alpha * scarce.players) == pytest.approx(0.25)
    assert (125.0 / rich.players, 50.0 / scarce.players) == (15.625, 6.25)  # greatest subsistence a seat


def test_scarce_all_in():
    _, state = society(1.0, 17, growth=0.2)
    assert [done.stock for done in state.past[:3]] == pytest.approx([1000, 600, 408])
    assert [done.total for done in state.past[:3]] == pytest.approx([400, 240, 163.2])
    assert f"{state.stock:.3f}" == "9.446"
    assert state.past[-1].stock >= 10 > state.stock


def test_scarce_at_other_efforts():
    _, state = society(0.625, 58, growth=0.2)
    assert f"{state.stock:.3f}" == "9.724"
    assert state.past[-1].stock >= 10
    _, state = society(0.5, 200, growth=0.2)
    assert f"{state.stock:.2f}" == "23.94"


def test_collapse_ends_the_match():
    game, state = society(1.0, 100, growth=0.2, theta=0.01)
    outcome = measure(game, state)
    assert (len(state.past), state.cause, outcome.survival_time, outcome.survived) == (17, "collapse", 17.0, False)


def test_the_greatest_yield_is_fully_efficient():
    game, state = society(0.25, 50, growth=0.2, stock=500.0)
    assert measure(game, state).efficiency == pytest.approx(1.0, abs=1e-12)
    assert state.stock == pytest.approx(500.0)


@pytest.mark.parametrize(("difference", "printed"), [(1, ".731059"), (2, ".880797")])
def test_fermi(difference, printed):
    assert f"{chance_of_learning(5.0, 5.0 + difference, 1.0):.6f}"[1:] == printed
    assert chance_of_learning(0.0, 2.0 * difference, 0.5) == chance_of_learning(0.0, difference, 1.0)
    assert chance_of_learning(1e300, -1e300, 1.0) < 1e-300


# --- GovSim --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stock", "part"), [(100, 10), (90, 9), (70, 7), (50, 5), (40, 4), (10, 1), (9, 0)])
def test_universalization_shares(stock, part):
    assert dynamics.share(stock, 5) == part
    f = dynamics.threshold(stock)
    assert 2 * (stock - f) >= stock > 2 * (stock - f - 1)  # the definition: the most that still doubles back


@pytest.mark.parametrize(("q", "months", "gain", "efficiency", "stocks"), [
    (5, 12, 60, 0.5, None),
    (8, 12, 96, 0.8, None),
    (10, 12, 120, 1.0, None),
    (11, 4, 39, 0.325, [100, 90, 70, 30]),
    (12, 3, 32, 0.2667, [100, 80, 40]),
    (13, 3, 28, None, None),
    (15, 2, 25, 0.2083, None),
    (20, 1, 20, 0.1667, None),
])  # fmt: skip
@pytest.mark.parametrize("scenario", ["govsim_silent", "govsim_fishery"])
def test_scripted_villages(q, months, gain, efficiency, stocks, scenario):
    options = {"talk": Commons.build(scenario).talk}
    game, state = village(lambda stock, month: min(q, stock // 5), **options)
    outcome = measure(game, state)
    assert (outcome.survival_time, outcome.gain, outcome.survived) == (months, gain, months == 12)
    assert outcome.equality == 1.0
    if efficiency is not None:
        assert round(outcome.efficiency, 4) == efficiency
    if stocks:
        assert [done.stock for done in state.past] == stocks
    assert state.cause == ("time" if months == 12 else "collapse")
    assert outcome.over_usage == (0.0 if q <= 10 else 1.0)


@pytest.mark.parametrize(("first", "kept", "total"), [(100, 100, 600), (40, 40, 240), (30, 30, 180), (45, 50, 295)])
def test_the_share_policy_never_rebuilds(first, kept, total):
    _, state = village(lambda stock, month: dynamics.share(stock, 5), stock=float(first))
    assert sum(done.total for done in state.past) == total
    assert state.past[-1].stock == kept
    assert len(state.past) == 12


def test_the_terminal_month_exploit():
    game, state = village(lambda stock, month: 20 if month == 12 else dynamics.share(stock, 5))
    outcome = measure(game, state)
    assert sum(done.total for done in state.past) == 650
    assert (outcome.gain, outcome.efficiency, outcome.survival_time, state.past[-1].left) == (130.0, 1.0, 12.0, 0.0)


def test_collapse_is_checked_before_doubling_and_strictly():
    for left, ends in ((5, False), (4, True)):
        game = Commons.build("govsim_silent")
        play = Episode(game, stream(0, CHANCE, 0))
        play.step({0: 100 - left, **dict.fromkeys((1, 2, 3, 4), 0)})
        assert play.over is ends
        if not ends:
            assert play.state.current.left == left


def test_the_three_scenarios_are_one_game():
    def run(name):
        game = Commons.build(name)
        play = Episode(game, stream(3, CHANCE, 0))
        rng = np.random.default_rng(5)
        while not play.over:
            play.step({s: int(rng.choice([a for a in game.legal(play.state, s) if a < 14 or a > 100])) for s in play.to_move})
        return play.state

    assert run("govsim_fishery") == run("govsim_pasture") == run("govsim_pollution")


def test_stochastic_allocation_hands_out_units_one_by_one():
    # wants 3, 1, 1 of 3 units. A seat that wants one gets it unless the other two take all three units: with 1 and 2 done,
    # exact by enumeration of the order of draws: P(seat 1 gets one) = 1 - P(it is never drawn)
    def never(wants, units):  # chance that seat 1 is not drawn while units last
        if units == 0:
            return 1.0
        waiting = [s for s, w in enumerate(wants) if w > 0]
        total = 0.0
        for s in waiting:
            if s != 1:
                rest = list(wants)
                rest[s] -= 1
                total += never(rest, units - 1) / len(waiting)
        return total

    expected = 1 - never([3, 1, 1], 3)
    rng, runs = np.random.default_rng(0), 20_000
    got = sum(int(dynamics.allocate(np.array([3, 1, 1]), 3, rng)[1]) for _ in range(runs)) / runs
    assert abs(got - expected) < 4.5 * math.sqrt(expected * (1 - expected) / runs)


def test_allocations_conserve_units():
    rng = np.random.default_rng(1)
    for _ in range(300):
        wants, stock = rng.integers(0, 60, 5), int(rng.integers(0, 101))
        for got in (dynamics.allocate(wants, stock, rng), dynamics.proportional(wants, stock)):
            assert got.sum() == min(stock, wants.sum())
            assert (got >= 0).all()
            assert (got <= wants).all()
    many = rng.integers(0, 60, (50, 5))
    stocks = rng.integers(0, 101, 50)
    rows = dynamics.proportional(many, stocks)
    assert all((rows[i] == dynamics.proportional(many[i], int(stocks[i]))).all() for i in range(50))


# --- the laboratory ----------------------------------------------------------------------------------------------------------------


def invest(tokens, each):
    game = Commons.build(f"owg{tokens}", rounds=1)
    play = Episode(game, stream(0, CHANCE, 0))
    rewards = play.step(dict.fromkeys(range(8), each))
    return game, play.state, rewards


def test_laboratory_optimum_nash_and_all_in():
    totals = np.arange(0, 81)
    rents = dynamics.rent(totals)
    assert (totals[rents.argmax()], rents.max()) == (36, 324.0)
    assert dynamics.rent(64) == 128.0
    assert f"{100 * dynamics.rent(64) / 324:.3f}" == "39.506"
    assert dynamics.rent(80) == -160.0
    assert dynamics.laboratory_pay(np.full(8, 4.5), 10)[0] == 90.5
    assert dynamics.laboratory_pay(np.full(8, 4.5), 25)[0] == 165.5


@pytest.mark.parametrize(("tokens", "pay"), [(10, 66.0), (25, 141.0)])
def test_laboratory_equilibrium(tokens, pay):
    game, state, rewards = invest(tokens, 8)
    assert rewards == (pay,) * 8
    assert f"{100 * measure(game, state).efficiency:.3f}" == "39.506"
    for other in range(tokens + 1):  # nobody gains by deviating from 8, given seven others at 8
        play = Episode(game, stream(0, CHANCE, 0))
        assert play.step({0: other, **dict.fromkeys(range(1, 8), 8)})[0] <= pay


def test_everything_invested_earns_less_than_nothing():
    game, state, _ = invest(10, 10)
    assert measure(game, state).efficiency == pytest.approx(-160 / 324)


# --- fixtures of inequality --------------------------------------------------------------------------------------------------------------


def test_gini_and_equality():
    rng = np.random.default_rng(2)
    x = rng.random(40)
    slow = np.abs(x[:, None] - x).sum() / (2 * len(x) * x.sum())
    assert gini(x) == pytest.approx(slow, rel=1e-12)
    assert equality([20, 0, 0, 0, 0]) == pytest.approx(0.2)
    assert gini([0, 0]) == 0.0


# --- deterrence -------------------------------------------------------------------------------------------------------------------------------


def test_expected_punishments_do_not_depend_on_the_number_of_seats():
    """A violator meets m p punishments a round in expectation: each of N-1 others watches it with chance m / (N - 1)."""
    watching, punishing, rounds = 0.6, 0.5, 1500
    for players in (3, 8):
        game = Commons(
            players=players, rounds=rounds, voting="none", learning="none", reflection=False, norm=0.0, capacity=1e6, growth=3.0, theta=0.0
        )
        play, rng = Episode(game, stream(1, CHANCE, 0)), np.random.default_rng(players)
        state: State
        while not play.over:
            state = play.state
            chance = {1: 1.0, 2: watching, 3: punishing}[state.phase]
            play.step(
                {
                    s: {
                        "amount": 0.01 * (state.phase == HARVEST),
                        "choice": int(state.phase != HARVEST and rng.random() < chance),
                        "words": "",
                    }
                    for s in play.to_move
                }
            )
        fines = [other for done in play.state.past for other in done.punished if other >= 0]
        per_seat = len(fines) / (rounds * players)
        expected = watching * punishing
        assert abs(per_seat - expected) < 4.5 * math.sqrt(expected * (1 - expected) / (rounds * players))
        cost = sum(sum(done.cost) for done in play.state.past)
        watched = sum(other >= 0 for done in play.state.past for other in done.watched)
        assert cost == pytest.approx(watched * game.watch_cost + len(fines) * (game.sanction_cost + game.fine))


@pytest.mark.parametrize(("extra", "deterred"), [(0.05, True), (0.2, False)])
def test_deterrence(extra, deterred):
    """gamma m p > alpha (e - e_norm) R: a myopic violator is deterred; gained and lost by the rules' own arithmetic."""
    game = Commons()
    watching, punishing, stock = 0.8, 0.5, 1000.0
    gain = game.alpha * extra * stock
    assert (game.fine * watching * punishing > gain) is deterred
    honest = dynamics.harvest_and_regrow(stock, np.full(8, 0.5), alpha=game.alpha, rate=0.5, capacity=1000.0)[1]
    greedy = dynamics.harvest_and_regrow(stock, np.array([0.5 + extra, *[0.5] * 7]), alpha=game.alpha, rate=0.5, capacity=1000.0)[1]
    assert greedy[0] - honest[0] == pytest.approx(gain)
