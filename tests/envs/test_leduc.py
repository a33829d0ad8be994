"""Leduc poker against known values."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from fixtures.classic import compare_array_rules, mean_returns, of_agent, sight, states, uniform, value

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn
from agentarena.envs.leduc import LeducPoker, State
from agentarena.envs.leduc.bots import hand_of
from agentarena.evaluate.exact import nash_conv

GAME = LeducPoker()
J, Q, K = 0, 1, 2
FOLD, CALL, RAISE = 0, 1, 2


def after(cards, bets):
    """The state after these bets of this deal, played step by step."""
    state = State(cards, "")
    for letter in bets.replace("/", ""):
        state = GAME.step(state, {GAME.to_move(state)[0]: "fcr".index(letter)}, np.random.default_rng(0))
    assert state == State(cards, bets)
    return state


@pytest.mark.parametrize(
    ("cards", "bets", "returns"),
    [
        ((K, Q, J), "cc/cc", (1, -1)),
        ((Q, Q, J), "rrc/rrc", (0, 0)),
        ((Q, K, Q), "crrc/crrc", (13, -13)),  # the pair of queens beats the king: 1 + 2 + 2 + 4 + 4 chips
        ((J, K, Q), "rc/rc", (-7, 7)),
        ((K, J, J), "cc/cc", (-1, 1)),
        ((K, J, Q), "rf", (1, -1)),
        ((K, J, Q), "crrf", (3, -3)),
        ((K, J, Q), "cc/crf", (-1, 1)),
        ((K, J, Q), "rc/rrf", (-7, 7)),
    ],
)
def test_ways_to_end(cards, bets, returns):
    state = after(cards, bets)
    assert GAME.to_move(state) == ()
    assert GAME.rewards(state) == returns


@pytest.mark.parametrize(
    ("bets", "seat", "legal"),
    [
        ("", 0, (CALL, RAISE)),
        ("c", 1, (CALL, RAISE)),
        ("r", 1, (FOLD, CALL, RAISE)),
        ("rr", 0, (FOLD, CALL)),
        ("crr", 1, (FOLD, CALL)),
        ("rrc/", 0, (CALL, RAISE)),
        ("crc/", 0, (CALL, RAISE)),
        ("cc/rr", 0, (FOLD, CALL)),
    ],
)
def test_who_may_do_what(bets, seat, legal):
    state = after((J, Q, K), bets)
    assert GAME.to_move(state) == (seat,)
    assert GAME.legal(state, seat) == legal


def test_the_deals_have_their_true_weights():
    deals = {state.cards: chance for chance, state in GAME.chance(None, None)}
    assert len(deals) == 24
    assert sum(deals.values()) == pytest.approx(1)
    for cards, chance in deals.items():
        assert chance == pytest.approx((8 if len(set(cards)) == 3 else 4) / 120)
    # three cards of six hold two of one rank in 60 % of the deals
    assert sum(chance for cards, chance in deals.items() if len(set(cards)) < 3) == pytest.approx(0.6)
    rng = np.random.default_rng(0)
    drawn = Counter(GAME.start(rng).cards for _ in range(12000))
    for cards, chance in deals.items():
        assert abs(drawn[cards] - 12000 * chance) < 4.5 * np.sqrt(12000 * chance)


def test_uniform_play_exactly():
    assert value(GAME, [uniform(GAME)] * 2) == [Fraction(-5, 64), Fraction(5, 64)]  # -.078125


def test_288_information_sets():
    keys = {(seat, GAME.information(state, seat)) for state in states(GAME) for seat in GAME.to_move(state)}
    assert len(keys) == 288
    assert Counter(seat for seat, _ in keys) == {0: 144, 1: 144}


def test_largest_loss_is_13():
    finals = [GAME.rewards(state) for state in states(GAME) if not GAME.to_move(state)]
    assert min(min(rewards) for rewards in finals) == -13
    assert max(len(state.bets.replace("/", "")) for state in states(GAME)) == GAME.info.max_steps


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("random", 4.747222222),
        ("leducpoker/always_call", 44 / 15),
        ("leducpoker/always_raise", 4.733333333),
        ("leducpoker/fold_or_check", 2.0),
    ],
)
def test_nash_conv_of_simple_players(spec, expected):
    assert nash_conv(GAME, agent(spec)) == pytest.approx(expected)


def test_hidden_cards_change_nothing_a_seat_sees():
    rng, changed = np.random.default_rng(1), 0
    every = list(states(GAME))
    for index in rng.integers(0, len(every), 500):
        for seat in (0, 1):
            other = GAME.resample(every[index], seat, rng)
            assert sight(GAME, other, seat) == sight(GAME, every[index], seat)
            changed += other != every[index]
    assert changed > 200


def test_the_public_card_is_hidden_before_it_is_turned():
    for public in (J, Q):
        for bets in ("", "c", "r", "rr", "crr"):
            one, two = after((K, Q, public), bets), after((K, Q, K), bets)
            assert sight(GAME, one, 0) == sight(GAME, two, 0)
            assert sight(GAME, one, 1) == sight(GAME, two, 1)
    one, two = after((K, Q, J), "cc/"), after((K, Q, K), "cc/")
    assert sight(GAME, one, 1) != sight(GAME, two, 1)


def test_equal_keys_are_equal_sight():
    seen: dict[tuple[int, str], tuple] = {}
    for state in states(GAME):
        for seat in (0, 1):
            known = sight(GAME, state, seat)
            assert seen.setdefault((seat, GAME.information(state, seat)), known) == known


def test_resample_draws_from_the_unseen_cards():
    rng = np.random.default_rng(3)
    # seat 1 holds a queen and sees a queen: unseen are two jacks and two kings, and nothing else
    drawn = Counter(GAME.resample(after((J, Q, Q), "cc/"), 1, rng).cards for _ in range(2000))
    assert set(drawn) == {(J, Q, Q), (K, Q, Q)}
    assert abs(drawn[J, Q, Q] - 1000) < 4 * np.sqrt(500)
    # before the public card: five unseen cards, 20 ordered pairs; e.g. (king, king) 2, (jack, king) 4, (queen, king) 2
    drawn = Counter(GAME.resample(after((Q, J, K), "r"), 0, rng).cards[1:] for _ in range(10000))
    for pair, ways in {(K, K): 2, (J, K): 4, (Q, K): 2, (J, J): 2, (K, J): 4, (J, Q): 2}.items():
        assert abs(drawn[pair] - 500 * ways) < 4.5 * np.sqrt(500 * ways)
    assert (Q, Q) not in drawn
    again = [GAME.resample(after(cards, "r"), 0, np.random.default_rng(5)) for cards in ((Q, J, K), (Q, K, K), (Q, Q, J))]
    assert again[0] == again[1] == again[2]


def test_observation_layout():
    seen = GAME.observe(after((K, J, Q), "rc/r"), 1)
    assert seen[:2].tolist() == [0, 1]
    assert seen[2:11].reshape(3, 3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert seen[11:13].tolist() == [3, 7]
    acts = seen[13:].reshape(2, 4, 3)
    assert acts.sum() == 3
    assert acts[0, 0, RAISE] == acts[0, 1, CALL] == acts[1, 0, RAISE] == 1
    assert hand_of(seen) == (J, Q, 4)
    assert hand_of(GAME.observe(after((K, J, Q), ""), 0)) == (K, -1, 0)


def test_words():
    state = after((K, J, Q), "rc/")
    assert GAME.text.look(state, 1).splitlines()[0] == "You are player 1 and hold J; the public card is Q."
    assert [GAME.text.tell(event, 0) for event in GAME.news(state)] == ["Player 1 called.", "The public card is Q."]
    assert [GAME.text.tell(event, 0) for event in GAME.news(after((K, J, Q), "cc/crf"))] == [
        "You folded.",
        "Player 1 won 1 chip from the other.",
    ]
    assert GAME.text.tell(GAME.news(after((K, J, Q), "cc/c"))[0], 1) == "Player 0 checked."


def test_array_rules_agree():
    assert compare_array_rules(GAME, size=300, seed=2) > 1000


def test_the_heuristic_beats_random():
    heuristic, rules = agent("leducpoker/heuristic"), of_agent(GAME, agent("leducpoker/heuristic"))
    exact = [float(value(GAME, seating)[seat]) for seat, seating in enumerate(([rules, uniform(GAME)], [uniform(GAME), rules]))]
    assert min(exact) > 0.3
    returns = mean_returns(GAME, [heuristic, agent("random")], 1000, seed=1)[:, 0]
    assert abs(returns.mean() - exact[0]) < 4 * returns.std() / np.sqrt(1000)
    for state in states(GAME):
        for seat in GAME.to_move(state):
            policy = heuristic.policy(View(GAME, state, seat))
            assert tuple(policy) == GAME.legal(state, seat)
            assert sum(policy.values()) == pytest.approx(1)
    with pytest.raises(BadOption):
        agent("leducpoker/heuristic?bluff=2")


def test_bad_moves():
    rng, state = np.random.default_rng(0), after((K, J, Q), "")
    for action in (FOLD, 3, True, 1.0, "call"):
        with pytest.raises(IllegalAction):
            GAME.step(state, {0: action}, rng)
    with pytest.raises(OutOfTurn):
        GAME.step(state, {1: CALL}, rng)
    with pytest.raises(MatchOver):
        GAME.step(after((K, J, Q), "rf"), {0: CALL}, rng)
