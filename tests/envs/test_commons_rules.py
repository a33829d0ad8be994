"""The commons' rules: institutions, faults, what is hidden, words, players."""

from __future__ import annotations

import math

import numpy as np
import pytest
from commons_helpers import PLAIN, RNG, same, step

import agentarena as aa
from agentarena.check.subject import walk
from agentarena.core.actions import Spoken
from agentarena.core.agent import Agent, Reply
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn
from agentarena.envs.commons import Commons, Move
from agentarena.envs.commons.information import sample_with_sum
from agentarena.envs.commons.options import ORDERS
from agentarena.envs.commons.rules import dynamics
from agentarena.envs.commons.rules.institutions import lower_median, plurality
from agentarena.envs.commons.state import HARVEST, OVER, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH

# --- the round -------------------------------------------------------------------------------------------------------------


def test_a_round_goes_through_its_phases_in_order():
    game = Commons(rounds=2, talk=3, players=3, alpha=0.1)
    state, visited = game.start(RNG), []
    while state.phase != OVER:
        visited.append((state.number, state.phase))
        state = same(game, state, Move(0.0, int(state.phase == WATCH) + (2 if state.phase == VOTE else 0)))
    once = [HARVEST, TALK, TALK, TALK, WATCH, SANCTION, REFLECT, PROPOSE, VOTE]
    assert visited == [(1, p) for p in once] + [(2, p) for p in (HARVEST, WATCH, SANCTION)]  # nothing without consequence at the end


def test_a_round_by_hand():
    """N = 3, alpha = .1, K = 1000, r = .5, c = 5: efforts 1, .5, 0 take 100, 50, 0; growth at K is 0."""
    game = Commons(players=3, alpha=0.1, rounds=5, voting="median", learning="none", reflection=False)
    state = game.start(RNG)
    state = step(game, state, {0: Move(1.0), 1: Move(0.5), 2: Move(0.0)})
    assert game.rewards(state) == (95.0, 45.0, -5.0)
    state = step(game, state, {0: Move(), 1: Move(0.0, 1), 2: Move(0.0, 1)})
    assert game.rewards(state) == (0.0, -1.0, -1.0)
    assert state.phase == SANCTION
    assert state.to_move == (1, 2)
    first, second = state.current.watched[1], state.current.watched[2]
    assert first != 1
    assert second != 2
    state = step(game, state, {1: Move(0.0, 1), 2: Move()})
    paid = [0.0, -2.0, 0.0]
    paid[first] -= 10.0
    assert game.rewards(state) == tuple(paid)
    assert state.phase == PROPOSE
    state = step(game, state, {0: Move(40.0), 1: Move(10.0), 2: Move(20.0)})
    assert (state.norm, state.number, state.stock) == (20.0, 2, 850.0)
    expected = np.array([95.0, 45.0, -5.0]) + np.array([0.0, -1.0, -1.0]) + np.array(paid)
    assert state.wealth == pytest.approx(expected.tolist())
    after = same(game, state, Move(0.2))
    # R' = 850 + .5 * 850 * .15 - .06 * 850
    assert after.current.left == pytest.approx(850 + 0.5 * 850 * 0.15 - 0.06 * 850)


def test_graduated_sanctions_cost_more_each_time():
    game = Commons(
        players=2,
        alpha=0.1,
        rounds=4,
        sanction="chosen",
        graduation=0.5,
        learning="none",
        reflection=False,
        voting="none",
        harvests="public",
    )
    state, fines = game.start(RNG), []
    while state.phase != OVER:
        if state.phase == SANCTION:
            state = step(game, state, {0: Move(0.0, 3), 1: Move()})
            fines.append(-game.rewards(state)[1])
        else:
            state = same(game, state)
    assert fines == [10.0, 15.0, 20.0, 25.0]


def test_votes():
    assert lower_median([3.0]) == 3.0
    assert lower_median([9.0, 1.0]) == 1.0
    assert plurality((-1.0, -1.0), (-1, -1)) == -1.0
    assert plurality((7.0, 2.0, 7.0, 2.0), (0, 1, 2, 3)) == 2.0  # a tie goes to the lower cap
    assert plurality((7.0, 2.0, 9.0), (2, 2, 1)) == 9.0


def test_learning_tells_and_does_not_force():
    game = Commons(players=2, alpha=0.1, rounds=3, sanction="none", voting="none", learning="better")
    state = step(game, game.start(RNG), {0: Move(0.2), 1: Move(0.9)})
    state = step(game, state, {0: Move(0.0, 0, "slow and steady"), 1: Move(0.0, 0, "take what you can")})
    assert state.current.number == 2
    assert state.past[0].model == (1, -1)
    events = {event.kind: event for event in game.news(step(game, state, {0: Move(0.1), 1: Move(0.8)})) if event.visible_to(0)}
    assert events["learned"].data["note"] == "take what you can"
    assert events["learned"].audience == (0,)
    assert events["learned"].data["effort"] == 0.8
    face = game.text.tell(events["learned"], 0)
    assert '"take what you can"' in face
    assert "alpha" not in face


@pytest.mark.parametrize("intensity", [0.0, 0.02])
def test_learning_follows_the_fermi_rule(intensity):
    game = Commons(players=2, alpha=0.1, rounds=2, sanction="none", voting="none", intensity=intensity, consumption=0.0)
    runs, learned = 4000, np.zeros(2)
    state = game.start(RNG)
    rng = np.random.default_rng(3)
    for _ in range(runs):
        learned += (
            np.array(
                game.step(
                    state, {0: {"amount": 0.2, "choice": 0, "words": ""}, 1: {"amount": 0.7, "choice": 0, "words": ""}}, rng
                ).current.model
            )
            >= 0
        )
    expected = 1 / (1 + math.exp(-intensity * 50.0))
    for share, p in zip(learned / runs, (expected, 1 - expected), strict=True):
        assert abs(share - p) < 4.5 * math.sqrt(p * (1 - p) / runs)


def test_starvation_is_final():
    game = Commons(
        players=3, alpha=0.1, rounds=6, starvation=True, harvests="public", endowment=7.0, voting="none", learning="none", reflection=False
    )
    state = step(game, game.start(RNG), {0: Move(0.5), 1: Move(0.0), 2: Move(0.5)})
    assert state.alive == (True, True, True)
    while state.number < 2:
        state = same(game, state)
    state = step(game, state, {0: Move(0.5), 1: Move(0.0), 2: Move(0.5)})
    assert state.alive == (True, False, True)
    assert 1 not in state.to_move
    with pytest.raises(OutOfTurn):
        game.step(state, {0: 0.0, 1: 0.0, 2: 0.0}, RNG)
    poor = Commons(players=2, alpha=0.1, rounds=6, starvation=True, harvests="public", **{**PLAIN, "consumption": 5.0})
    state = poor.step(poor.start(RNG), {0: 0.0, 1: 0.0}, RNG)
    assert (state.cause, poor.to_move(state)) == ("starved", ())


def test_the_newcomer_joins_late_and_has_heard_nothing():
    game = Commons.build("govsim_newcomer")
    state = game.start(RNG)
    assert state.to_move == (0, 1, 2, 3)
    while state.number < 3:
        chat = Move(7.0, 0, "seven each, always") if state.phase == TALK else Move(8.0 if state.phase == HARVEST else 0.0)
        state = same(game, state, chat)
    assert state.to_move == (0, 1, 2, 3, 4)
    assert state.stock == 100.0  # four of them took 8 of 100 each
    heard, missed = (game.information(state, seat) for seat in (0, 4))
    assert "seven each" in heard
    assert "seven each" not in missed
    assert dynamics.share(100, 5) == game.layout.read(game.observe(state, 4)).general["share"]


# --- faults: each a defined outcome -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, -0.1, 1.1, 1e300, "a", None, [0.5], True + 1.0])
def test_a_wrong_effort_is_refused_and_changes_nothing(wrong):
    game = Commons(players=2, alpha=0.1, **PLAIN)
    state = game.start(RNG)
    with pytest.raises(IllegalAction):
        game.step(state, {0: wrong, 1: 0.5}, RNG)
    assert state == game.start(RNG)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0, 2.0, "x"])
def test_a_wrong_amount_is_refused_in_parts_too(wrong):
    game = Commons(players=2, alpha=0.1)
    state = game.start(RNG)
    fine = {"amount": 0.5, "choice": 0, "words": ""}
    with pytest.raises(IllegalAction):
        game.step(state, {0: {**fine, "amount": wrong}, 1: fine}, RNG)
    with pytest.raises(IllegalAction):
        game.step(state, {0: {**fine, "words": "no time for words"}, 1: fine}, RNG)


def test_a_ballot_for_nobody_is_refused():
    for game in (
        Commons(players=3, alpha=0.1, sanction="none", learning="none", reflection=False),
        Commons(players=3, alpha=0.1, levels=4, sanction="none", learning="none", reflection=False),
    ):
        state = same(game, same(game, game.start(RNG)))
        assert state.phase == VOTE
        good = {seat: game.action(state, Move(0.0, 2)) for seat in range(3)}
        for choice in (0, 1, 5, -1):
            bad = {"amount": 0.0, "choice": choice, "words": ""} if not game.num_amounts else game.num_amounts + choice
            with pytest.raises(IllegalAction):
                game.step(state, {**good, 1: bad}, RNG)


def test_nobody_punishes_itself_or_the_absent():
    game = Commons.build("owg_both", talk=0)
    state = same(game, game.start(RNG), Move(8.0))
    assert state.phase == SANCTION
    for target in (0, 8, 100):
        with pytest.raises(IllegalAction):
            game.step(state, {**dict.fromkeys(range(8), game.num_amounts), 0: game.num_amounts + 2 + target}, RNG)


def test_too_many_units_or_words_are_refused():
    game = Commons.build("govsim_fishery")
    state = game.start(RNG)
    with pytest.raises(IllegalAction):
        game.step(state, {**dict.fromkeys(range(5), 10), 2: 101}, RNG)
    state = game.step(state, dict.fromkeys(range(5), 10), RNG)
    assert state.phase == TALK
    with pytest.raises(IllegalAction):
        game.step(state, {state.to_move[0]: Spoken(game.num_amounts, "x" * 401)}, RNG)


def test_nothing_happens_after_the_end():
    game = Commons.build("govsim_silent", rounds=1, reflection=False)
    over = game.step(game.start(RNG), dict.fromkeys(range(5), 1), RNG)
    with pytest.raises(MatchOver):
        game.step(over, dict.fromkeys(range(5), 1), RNG)


class Mute(Agent):
    """Never says anything that can be read."""

    def choose(self, view):
        return Reply("Hmm.")


def test_a_seat_that_never_answers_passes_or_forfeits_by_policy():
    # the policy "pass" harvests nothing and names the first legal move everywhere else
    results = aa.play(
        "Commons-v0",
        [Mute(), *["commons/sustainable"] * 4],
        matches=1,
        seed=0,
        preset="govsim_silent",
        on_unreadable=aa.OnUnreadable(retries=0, then="pass"),
    )
    (record,) = results.records
    mute = next(seat for seat, held in enumerate(record.seats) if "Mute" in held.agent or held.index == 0)
    assert record.seats[mute].return_ == 0.0
    assert all(seat.return_ > 100 for index, seat in enumerate(record.seats) if index != mute)
    forfeited = aa.play(
        "Commons-v0",
        [Mute(), *["commons/sustainable"] * 4],
        matches=1,
        seed=0,
        preset="govsim_silent",
        on_unreadable=aa.OnUnreadable(retries=0, then="forfeit"),
    )
    assert forfeited.records[0].outcome == "forfeited"


@pytest.mark.parametrize("preset", [None, "scarce_selfish", "govsim_fishery", "owg_both"])
def test_stocks_never_fall_below_zero_and_units_are_conserved(preset):
    game = Commons.build(preset)
    for seed in range(4):
        *_, last = walk(game, seed)
        for done in last.state.past:
            taken = [got for got in done.harvested if got >= 0]
            assert sum(taken) == pytest.approx(done.total)
            if game.resource != "static":
                assert done.left >= 0
                assert done.total <= done.stock + 1e-9
            if game.resource == "doubling":
                assert done.left == done.stock - done.total
        spent = [sum(done.cost[seat] for done in last.state.past) for seat in range(game.players)]
        if game.resource != "static":
            gained = [sum(done.harvested[seat] - game.consumption for done in last.state.past) for seat in range(game.players)]
            assert last.state.wealth == pytest.approx([a - b for a, b in zip(gained, spent, strict=True)])


@pytest.mark.parametrize(("options", "word"), [
    ({"alpha": 0.2}, "alpha"),
    ({"resource": "doubling", "capacity": 99.5}, "whole"),
    ({"stock": 2000.0}, "stock"),
    ({"levels": 5, "resource": "static"}, "levels"),
    ({"starvation": True}, "harvests"),
    ({"players": 1, "newcomer": 3}, "newcomer"),
    ({"order": "never"}, "order"),
])  # fmt: skip
def test_bad_options(options, word):
    with pytest.raises(BadOption, match=word):
        Commons(**options)


# --- arrays and rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
def test_arrays_agree_with_the_rules(order):
    rng = np.random.default_rng(4)
    games = [Commons(players=6, alpha=0.15, growth=0.4, order=order, rounds=30, **PLAIN) for _ in range(5)]
    stocks, states = np.full(5, 1000.0), [game.start(RNG) for game in games]
    for _ in range(30):
        efforts = rng.random((5, 6))
        stocks, caught = dynamics.harvest_and_regrow(stocks, efforts, alpha=0.15, rate=0.4, capacity=1000.0, order=order)
        states = [game.step(state, dict(enumerate(row.tolist())), RNG) for game, state, row in zip(games, states, efforts, strict=True)]
        assert [state.stock for state in states] == pytest.approx(stocks.tolist(), rel=1e-12)
        assert np.array([state.past[-1].harvested for state in states]) == pytest.approx(caught, rel=1e-12)


def test_the_array_core_is_fast():
    """Floor far below what the benchmark measures, so that it holds on a busy machine."""
    import time

    stock, efforts = np.full(256, 1000.0), np.random.default_rng(0).random((256, 100))
    rates = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(100):
            stock, _ = dynamics.harvest_and_regrow(stock, efforts, alpha=0.004, rate=0.5, capacity=1000.0)
        rates.append(256 * 100 * 100 / (time.process_time() - start))
    assert max(rates) > 1e7


# --- what is hidden ----------------------------------------------------------------------------------------------------------------


def test_redrawn_harvests_are_uniform_among_those_with_the_known_total():
    """Two whole numbers from 0 to 10 with sum 8: nine pairs, equally likely. Three: marginal of the first by counting."""
    rng, runs = np.random.default_rng(5), 9000
    counts = np.bincount([int(sample_with_sum(2, 8, 10, rng, True)[0]) for _ in range(runs)], minlength=9)
    assert len(counts) == 9
    assert np.abs(counts / runs - 1 / 9).max() < 4.5 * math.sqrt(1 / 9 * 8 / 9 / runs)
    ways = np.array([sum(0 <= 8 - a - b <= 4 for b in range(5)) for a in range(5)])
    counts = np.bincount([int(sample_with_sum(3, 8, 4, rng, True)[0]) for _ in range(runs)], minlength=5)
    p = ways / ways.sum()
    assert (np.abs(counts / runs - p) < 0.03).all()


def test_who_watched_knows_and_others_do_not():
    game = Commons(players=3, alpha=0.1, rounds=3, learning="none")
    state = step(game, game.start(RNG), {0: Move(0.1), 1: Move(0.9), 2: Move(0.3)})
    state = step(game, state, {0: Move(0.0, 1), 1: Move(), 2: Move()}, seed=1)
    watched = state.current.watched[0]
    other = 3 - watched
    row = game.layout.read(game.observe(state, 0)).column("harvested")
    assert row[watched] == pytest.approx(state.current.harvested[watched])
    assert row[other] == -1
    assert f"{state.current.harvested[watched]:g}" in game.text.view(state, 0)
    redrawn = [game.resample(state, 0, np.random.default_rng(k)) for k in range(3)]
    assert all(redrawn_state.current.harvested[watched] == state.current.harvested[watched] for redrawn_state in redrawn)
    assert all(sum(redrawn_state.current.harvested) == pytest.approx(state.current.total) for redrawn_state in redrawn)
