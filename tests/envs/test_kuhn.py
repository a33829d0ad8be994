"""Kuhn poker against its closed forms."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from fixtures.classic import compare_array_rules, mean_returns, of_agent, sight, states, uniform, value

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, NotSupported, OutOfTurn
from agentarena.envs.kuhn import KuhnPoker, State
from agentarena.envs.kuhn.bots import hand_of
from agentarena.evaluate.exact import nash_conv

GAME = KuhnPoker()
J, Q, K = 0, 1, 2


def after(cards, bets, game=GAME):
    """The state after these bets of this deal, played step by step."""
    state = State(cards, "")
    for letter in bets:
        state = game.step(state, {game.to_move(state)[0]: "pb".index(letter)}, np.random.default_rng(0))
    assert state == State(cards, bets)
    return state


@pytest.mark.parametrize(
    ("cards", "bets", "returns"),
    [
        ((K, J), "pp", (1, -1)),
        ((J, Q), "pp", (-1, 1)),
        ((J, K), "bp", (1, -1)),
        ((K, J), "bb", (2, -2)),
        ((Q, K), "bb", (-2, 2)),
        ((K, J), "pbp", (-1, 1)),
        ((K, J), "pbb", (2, -2)),
    ],
)
def test_every_way_to_end(cards, bets, returns):
    state = after(cards, bets)
    assert GAME.to_move(state) == ()
    assert GAME.rewards(state) == returns


def test_three_seats():
    game = KuhnPoker(players=3)
    # seat 1 bets after a pass; seat 2 calls, seat 0 folds: seats 1 and 2 compare, both put in 2
    state = after((3, 0, 2), "pbbp", game)
    assert game.rewards(state) == (-1.0, -2.0, 3.0)
    assert game.showdown(state) == (1, 2)
    assert game.rewards(State((3, 0, 2), "ppp")) == (2.0, -1.0, -1.0)
    assert game.rewards(State((3, 0, 2), "ppbpp")) == (-1.0, -1.0, 2.0)
    assert game.showdown(State((3, 0, 2), "ppbpp")) == ()


def test_the_deals():
    deals = GAME.chance(None, None)
    assert sorted(state.cards for _, state in deals) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    assert sum(chance for chance, _ in deals) == pytest.approx(1)
    rng = np.random.default_rng(0)
    drawn = Counter(GAME.start(rng).cards for _ in range(6000))
    assert all(abs(count - 1000) < 4 * np.sqrt(6000 * 5 / 36) for count in drawn.values())
    assert len(drawn) == 6


def test_uniform_play_exactly():
    assert value(GAME, [uniform(GAME)] * 2) == [Fraction(1, 8), Fraction(-1, 8)]


def test_twelve_information_sets():
    keys = {(seat, GAME.information(state, seat)) for state in states(GAME) for seat in GAME.to_move(state)}
    assert len(keys) == 12
    assert Counter(seat for seat, _ in keys) == {0: 6, 1: 6}


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.2, 1 / 3])
def test_the_equilibrium_family(alpha):
    bot = of_agent(GAME, agent(f"kuhnpoker/nash?alpha={alpha}"))
    assert float(value(GAME, [bot, bot])[0]) == pytest.approx(-1 / 18)
    assert float(value(GAME, [bot, uniform(GAME)])[0]) == pytest.approx(1 / 18 + alpha / 3)
    assert float(value(GAME, [uniform(GAME), bot])[0]) == pytest.approx(-1 / 6)
    # seat 0 earns the same -1/18 against every bluffing rate of its own, so no deviation within the family gains
    assert nash_conv(GAME, agent(f"kuhnpoker/nash?alpha={alpha}")) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("spec", "expected"), [("random", 11 / 12), ("kuhnpoker/always_pass", 2), ("kuhnpoker/always_bet", 2 / 3)])
def test_nash_conv_of_simple_players(spec, expected):
    assert nash_conv(GAME, agent(spec)) == pytest.approx(expected)


@pytest.mark.parametrize(("players", "expected"), [(3, 2.0625), (4, 3.4760416667)])
def test_nash_conv_of_uniform_play_with_more_seats(players, expected):
    # values of OpenSpiel's kuhn_poker(players=N)
    assert nash_conv(KuhnPoker(players=players), "uniform") == pytest.approx(expected)


@pytest.mark.parametrize("players", [2, 3, 4])
def test_hidden_cards_change_nothing_a_seat_sees(players):
    game, rng = KuhnPoker(players=players), np.random.default_rng(1)
    changed = 0
    every = list(states(game))
    for index in rng.integers(0, len(every), 300):
        for seat in range(players):
            other = game.resample(every[index], seat, rng)
            assert sight(game, other, seat) == sight(game, every[index], seat)
            changed += other != every[index]
    assert changed > 100


def test_equal_keys_are_equal_sight():
    seen: dict[tuple[int, str], tuple] = {}
    for state in states(GAME):
        for seat in (0, 1):
            known = sight(GAME, state, seat)
            first = seen.setdefault((seat, GAME.information(state, seat)), known)
            assert first == known


def test_resample_is_uniform_and_depends_on_what_is_known_alone():
    game = KuhnPoker(players=3)
    one, two = State((1, 0, 3), "pb"), State((1, 2, 0), "pb")
    again = [[game.resample(state, 0, np.random.default_rng(seed)) for seed in range(20)] for state in (one, two)]
    assert again[0] == again[1]
    rng = np.random.default_rng(2)
    drawn = Counter(game.resample(one, 0, rng).cards for _ in range(6000))
    assert set(drawn) == {(1, a, b) for a in (0, 2, 3) for b in (0, 2, 3) if a != b}
    assert all(abs(count - 1000) < 4 * np.sqrt(6000 * 5 / 36) for count in drawn.values())


def test_a_folded_card_stays_hidden_and_a_showdown_shows():
    folded, shown = State((K, J), "bp"), State((K, J), "bb")
    assert "J" not in GAME.text.look(folded, 0)
    assert "player 1 J" in GAME.text.look(shown, 0)
    assert GAME.known(folded, 0) == [K, -1]
    assert GAME.known(shown, 0) == [K, J]


def test_observation_layout():
    seen = GAME.observe(State((K, J), "pb"), 0)
    assert seen.tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0]
    assert hand_of(seen, 2) == (K, 2, (0, 1))


@pytest.mark.parametrize("players", [2, 3, 4])
def test_array_rules_agree(players):
    assert compare_array_rules(KuhnPoker(players=players), size=100, seed=players) > 200


def test_many_seats():
    game, rng = KuhnPoker(players=10), np.random.default_rng(0)
    state = game.start(rng)
    assert len(set(state.cards)) == 10
    while to_move := game.to_move(state):
        state = game.step(state, {to_move[0]: int(rng.integers(2))}, rng)
    assert sum(game.rewards(state)) == 0
    assert sight(game, game.resample(state, 3, rng), 3) == sight(game, state, 3)
    with pytest.raises(NotSupported, match="5 players"):
        game.chance(None, None)
    with pytest.raises(NotSupported, match="5 players"):
        game.batch()


def test_the_players_play():
    bots = ["kuhnpoker/nash", "kuhnpoker/honest", "kuhnpoker/always_bet", "kuhnpoker/always_pass"]
    returns = mean_returns(GAME, [agent(bots[0]), agent(bots[2])], 2000, seed=3)[:, 0]
    exact = float(value(GAME, [of_agent(GAME, agent(bots[0])), of_agent(GAME, agent(bots[2]))])[0])
    assert abs(returns.mean() - exact) < 4 * returns.std() / np.sqrt(2000)
    for bot in bots:
        policy = agent(bot).policy(View(GAME, State((K, J), "pb"), 0))
        assert sum(policy.values()) == pytest.approx(1)
    with pytest.raises(BadOption):
        agent("kuhnpoker/nash?alpha=0.5")
    with pytest.raises(NotSupported):
        agent("kuhnpoker/nash").policy(View(KuhnPoker(players=3), State((0, 1, 2), ""), 0))


def test_bad_moves():
    rng, state = np.random.default_rng(0), State((K, J), "p")
    for action in (2, -1, True, 1.0, "bet"):
        with pytest.raises(IllegalAction):
            GAME.step(state, {1: action}, rng)
    for actions in ({0: 0}, {}, {0: 0, 1: 0}):
        with pytest.raises(OutOfTurn):
            GAME.step(state, actions, rng)
    with pytest.raises(MatchOver):
        GAME.step(State((K, J), "pp"), {0: 0}, rng)
    with pytest.raises(BadOption):
        KuhnPoker(players=1)


def test_what_a_seat_of_three_sees_by_hand():
    """The seat; its card, then those of the next seats clockwise (0 to 3), known ones alone; the letters so far. Seat 2 holds card 3."""
    game = KuhnPoker(players=3)
    state = after((1, 0, 3), "p", game)
    none = [0, 0, 0, 0]
    assert game.observe(state, 2).tolist() == [0, 0, 1, *[0, 0, 0, 1], *none, *none, *[1, 0], *[0, 0] * 4]
    assert game.observe(state, 1).tolist() == [0, 1, 0, *[1, 0, 0, 0], *none, *none, *[1, 0], *[0, 0] * 4]
    shown = after((1, 0, 3), "pbpb", game)  # seats 1 and 0 have bet, seat 2 has folded
    assert game.observe(shown, 0).tolist() == [1, 0, 0, *[0, 1, 0, 0], *[1, 0, 0, 0], *none, *[1, 0, 0, 1, 1, 0, 0, 1, 0, 0]]
    assert game.observe(shown, 2).tolist() == [0, 0, 1, *[0, 0, 0, 1], *[0, 1, 0, 0], *[1, 0, 0, 0], *[1, 0, 0, 1, 1, 0, 0, 1, 0, 0]]
    assert game.observation_space(0).shape == (3 + 12 + 10,)
    assert (game.info.low, game.info.high, game.info.max_steps) == (-2, 4, 5)


def test_an_answer_to_a_bet_is_told_as_one():
    for bets, facing in (("p", False), ("b", False), ("bp", True), ("pb", False), ("pbp", True)):
        assert GAME.news(after((0, 1), bets))[0].data["facing"] is facing
