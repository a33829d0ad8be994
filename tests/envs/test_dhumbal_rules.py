"""Dhumbal's rules: turns, showdowns, options."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn, UnknownName
from agentarena.envs.dhumbal import Dhumbal, State
from agentarena.envs.dhumbal.actions import CALL, DISCARDS, STOCK, TAKE
from agentarena.envs.dhumbal.rules import _survivors, offered
from agentarena.envs.dhumbal.state import RANKS, SUITS, bits, card_name, mask_of

VARIANTS: list[dict[str, Any]] = [
    {},
    {"preset": "paper"},
    {"preset": "paper", "starter": "rotate", "rounds": 4},
    {"preset": "nepal", "rounds": 6},
    {"preset": "yaniv", "rounds": 6},
    {"players": 2, "pickup": "stock", "reshuffle": False, "forced": "nobody"},
    {"players": 5, "pickup": "ends", "empty": "takes", "rounds": 3, "starter": "winner"},
    {"players": 7, "pickup": "any", "jokers": 2, "pickup_after": 2, "ties": "seat", "rounds": 2},
    {"players": 3, "coins": 60, "rounds": 20, "threshold": 30},
    {"players": 3, "coins": 60, "rounds": 20, "threshold": 30, "broke": "plays"},
    {"players": 3, "scoring": "points", "limit": 60, "exact": "half", "rounds": 30, "reshuffle": False, "forced": "nobody"},
    {"players": 2, "threshold": 1, "turn_cap": 400},
]


def card(name: str) -> int:
    if name in ("RJ", "BJ"):
        return 52 + ("RJ", "BJ").index(name)
    return SUITS.index(name[-1]) * 13 + RANKS.index(name[:-1])


def cards(names: str) -> list[int]:
    return [card(name) for name in names.split()]


def position(game: Dhumbal, *hands: str, up: str = "KS", stock: str = "", seat: int = 0) -> State:
    """A first turn with these hands; the rest of the stock follows in order below the cards of `stock` (first is next)."""
    start = game.start(np.random.default_rng(0))
    held = tuple(mask_of(cards(names)) for names in hands)
    top = cards(stock)
    pile = 1 << card(up)
    rest = [c for c in range(game.deck.size) if not (sum(held) | pile | mask_of(top)) >> c & 1]
    order = (*rest, *reversed(top))
    newest = (card(up),)
    return replace(
        start,
        seat=seat,
        legal=game.deck.moves(held[seat], game.threshold),
        hands=replace(start.hands, cards=held),
        piles=replace(start.piles, stock=order, left=len(order), discards=pile, newest=newest, offer=offered(game, newest)),
        table=replace(start.table, first=seat, deal=held, up=card(up)),
    )


def play(game: Dhumbal, state: State, *moves: str) -> State:
    rng = np.random.default_rng(1)
    for move in moves:
        action = game.text.read(state, state.seat, move)
        assert isinstance(action, int), action
        state = game.step(state, {state.seat: action}, rng)
    return state


def at_random(game: Dhumbal, seed: int) -> list[State]:
    rng, choice = np.random.default_rng(seed), np.random.default_rng(seed + 1000)
    states = [game.start(rng)]
    while not states[-1].over:
        legal = states[-1].legal
        states.append(game.step(states[-1], {states[-1].seat: legal[int(choice.integers(len(legal)))]}, rng))
    return states


# --- every option, at random ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_random_play_keeps_every_card_and_every_coin(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    everything = game.deck.all
    for seed in range(4):
        states = at_random(game, seed)
        assert len(states) - 1 <= game.info.max_steps
        returns = np.zeros(game.players)
        for state in states:
            hands, stock = state.hands, mask_of(state.piles.stock[: state.piles.left])
            piles = [*hands.cards, state.piles.discards, stock]
            assert sum(p.bit_count() for p in piles) == game.deck.size
            assert mask_of([c for p in piles for c in bits(p)]) == everything
            assert all(known & ~hand == 0 for known, hand in zip(hands.known, hands.cards, strict=True))
            assert all(hand.bit_count() <= 5 for hand in hands.cards)
            assert sum(pool.bit_count() for pool in state.piles.pools) == game.deck.size
            assert stock & ~state.piles.pools[-1] == 0
            assert set(state.piles.newest) <= set(bits(state.piles.discards))
            assert game.observation_space(0).contains(game.observe(state, 0))
            rewards = game.rewards(state)
            returns += rewards
            if game.scoring == "coins":
                assert sum(rewards) == 0
                assert sum(state.table.purses) == game.players * game.coins
        assert all(game.info.low <= r <= game.info.high for r in returns)
        purses = np.array(states[-1].table.purses)
        assert np.array_equal(returns, purses - game.coins if game.scoring == "coins" else -purses)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_same_seed_same_play_and_states_survive_pickling(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    first, again = at_random(game, 5), at_random(pickle.loads(pickle.dumps(game)), 5)
    assert first == again
    assert pickle.loads(pickle.dumps(first[-1])) == first[-1]


def test_random_play_visits_every_kind_of_end() -> None:
    ends = {state.table.showdown.how for options in VARIANTS for state in at_random(Dhumbal.build(**options), 3) if state.table.showdown}
    assert ends == {"call", "empty", "turns", "stock"}


# --- a turn -----------------------------------------------------------------------------------------------------------


def test_a_turn_is_a_discard_and_then_a_card() -> None:
    game = Dhumbal(players=2)
    state = position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D", stock="9C")
    assert {game.text.name(a) for a in game.legal(state, 0)} == {
        *("discard 5H", "discard 6H", "discard 7H", "discard KD", "discard KC", "discard KD KC", "discard 5H 6H 7H")
    }
    state = play(game, state, "discard 5H 6H 7H")
    assert game.legal(state, 0) == (STOCK, TAKE)
    state = play(game, state, "take stock")
    assert state.hands.cards[0] == mask_of(cards("KD KC 9C"))
    assert state.seat == 1
    assert state.piles.newest == tuple(cards("5H 6H 7H"))


def test_the_own_card_comes_back_under_the_papers_pick_up_rule() -> None:
    hands = "5H 6H 7H KD KC", "AS 2S 3S 4S 6D"
    paper = Dhumbal.build("paper", players=2)
    back = play(paper, position(paper, *hands), "discard KD KC", "take discard")
    assert back.hands.cards[0] == mask_of(cards("5H 6H 7H KC"))  # the king just thrown, not the card of the player before
    assert back.hands.known[0] == mask_of(cards("KC"))
    standard = Dhumbal(players=2)
    other = play(standard, position(standard, *hands, up="3C"), "discard KD KC", "take discard")
    assert other.hands.cards[0] == mask_of(cards("5H 6H 7H 3C"))
    assert other.piles.offer == (card("KC"),)


@pytest.mark.parametrize(
    ("pickup", "offers"),
    [("previous", "7H"), ("ends", "7H 5H"), ("any", "7H 6H 5H"), ("stock", "")],
)
def test_what_the_next_player_is_offered(pickup: str, offers: str) -> None:
    game = Dhumbal(players=2, pickup=pickup)
    state = play(game, position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D"), "discard 5H 6H 7H", "take stock", "discard 6D")
    assert [card_name(c) for c in state.piles.offer] == offers.split()
    assert state.legal == (STOCK, *range(TAKE, TAKE + len(offers.split())))
    for i, name in enumerate(offers.split()):
        after = game.step(state, {1: TAKE + i}, np.random.default_rng(0))
        assert after.hands.known[1] == 1 << card(name)
        assert not after.piles.discards >> card(name) & 1
        assert after.piles.offer[:1] == ((card("6D"),) if pickup != "own_top" else ())


def test_a_set_of_two_offers_both_ends_once() -> None:
    game = Dhumbal(players=2, pickup="ends")
    state = play(game, position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D"), "discard KD KC", "take stock", "discard 6D")
    assert [card_name(c) for c in state.piles.offer] == ["KC", "KD"]
    state = play(game, state, "take discard 2", "discard 5H")
    assert [card_name(c) for c in state.piles.offer] == ["6D"]


def test_pick_up_may_wait_for_a_set_or_run() -> None:
    game = Dhumbal(players=2, pickup_after=2)
    state = play(game, position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D"), "discard 5H")
    assert state.legal == (STOCK,)
    state = play(game, state, "take stock", "discard AS 2S 3S 4S")
    assert state.legal == (STOCK, TAKE)
    state = play(game, state, "take stock", "discard KD KC", "take stock", "discard 6D")
    assert state.legal == (STOCK, TAKE)  # once dropped, always open


def test_an_empty_hand_ends_the_round_or_takes_a_card() -> None:
    hands = "KD KC", "AS 2S 3S 4S 6D"
    ends = Dhumbal(players=2)
    state = play(ends, position(ends, *hands), "discard KD KC")
    showdown = state.table.showdown
    assert (showdown.how, showdown.caller, showdown.winner, showdown.payments) == ("empty", 0, 0, (16, -16))
    takes = Dhumbal(players=2, empty="takes")
    state = play(takes, position(takes, *hands, stock="7C"), "discard KD KC", "take stock")
    assert state.hands.cards[0] == 1 << card("7C")
    assert state.seat == 1


def test_call_needs_the_threshold() -> None:
    game = Dhumbal(players=2)
    assert CALL in position(game, "AS 2S 3S 4S", "KD QC").legal
    assert CALL not in position(game, "AS 2S 3S 5S", "KD QC").legal
    assert CALL in position(Dhumbal(players=2, threshold=11), "AS 2S 3S 5S", "KD QC").legal
    assert CALL not in position(Dhumbal(players=2, threshold=5), "AS 2S 3S", "KD QC").legal


def test_court_cards_and_jokers_count_as_the_option_says() -> None:
    hands = "KD QD JD", "AS 2S 3S 4S 6D"
    assert Dhumbal(players=2).deck.value(mask_of(cards(hands[0]))) == 36
    assert Dhumbal(players=2, court="ten").deck.value(mask_of(cards(hands[0]))) == 30
    game = Dhumbal(players=2, jokers=2)
    state = position(game, "5H RJ 7H KD BJ", hands[1])
    assert game.deck.value(state.hands.cards[0]) == 25
    state = play(game, state, "discard 5H joker 7H")
    assert state.hands.cards[0] == mask_of(cards("KD BJ"))  # the red joker goes first
    assert state.piles.newest == tuple(cards("5H RJ 7H"))


# --- the showdown -----------------------------------------------------------------------------------------------------

SHOWDOWNS = [
    # hands of seats 0 to 3, caller, ties rule, winner, payments
    ("4S", "5S 5D", "9H", "KH QH", 0, "seat", 0, (44, -10, -9, -25)),
    ("4S", "4D", "9H", "KH QH", 0, "seat", 1, (-42, 42, 0, 0)),  # a tie is a failed call; the caller pays its own hand too
    ("4S", "3D", "9H", "KH QH", 0, "seat", 1, (-41, 41, 0, 0)),
    ("4S", "3D", "3H", "KH QH", 0, "seat", 1, (-35, 35, 0, 0)),
    ("3S", "3D", "4H", "KH QH", 2, "seat", 0, (35, 0, -35, 0)),  # the lowest seat among equals
    ("3S", "3D", "4H", "3H", 2, "turn", 3, (0, 0, -13, 13)),  # the first after the caller
    ("3S", "3D", "4H", "KH QH", 2, "turn", 0, (35, 0, -35, 0)),
    ("3S", "3D", "3C", "KH QH", 1, "turn", 2, (0, -34, 34, 0)),
    ("3S", "3D", "3C", "KH QH", 1, "seat", 0, (34, -34, 0, 0)),
]


@pytest.mark.parametrize("case", SHOWDOWNS)
def test_showdowns(case: tuple[Any, ...]) -> None:
    *hands, caller, ties, winner, payments = case
    game = Dhumbal(players=4, ties=ties)
    state = play(game, position(game, *hands, seat=caller), "call")
    showdown = state.table.showdown
    assert (showdown.how, showdown.caller, showdown.winner, showdown.payments) == ("call", caller, winner, payments)
    assert game.rewards(state) == tuple(map(float, payments))
    assert state.over
    assert game.winner(state, game.rewards(state)) == winner
    assert showdown.turns == 1
    with pytest.raises(MatchOver):
        game.step(state, {0: STOCK}, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("forced", "hands", "caller", "winner", "payments"),
    [
        ("caller", ("9S KS", "5D", "4D"), 2, 2, (-18, -5, 23)),
        ("caller", ("9S KS", "4D", "4C"), 1, 2, (0, -26, 26)),  # the first of the lowest counts as caller and fails
        ("nobody", ("9S KS", "5D", "4D"), -1, 2, (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("ties", ["seat", "turn"])
def test_the_turn_cap_forces_a_showdown(
    ties: str, forced: str, hands: tuple[str, ...], caller: int, winner: int, payments: tuple[int, ...]
) -> None:
    game = Dhumbal(players=3, turn_cap=1, forced=forced, ties=ties)
    state = play(game, position(game, *hands, up="2C", stock="9C"), "discard KS", "take stock")
    showdown = state.table.showdown
    assert (showdown.how, showdown.turns) == ("turns", 1)
    assert (showdown.caller, showdown.winner, showdown.payments) == (caller, winner, payments)


def test_points() -> None:
    game = Dhumbal(players=3, scoring="points", penalty=25)
    won = play(game, position(game, "4S", "5S 5D", "9H"), "call")
    assert game.rewards(won) == (0.0, -10.0, -9.0)
    failed = play(game, position(game, "4S", "4D", "9H"), "call")
    assert game.rewards(failed) == (-29.0, -4.0, -9.0)
    assert failed.table.purses == (29, 4, 9)


@pytest.mark.parametrize(("exact", "score", "alive"), [("out", 19, (0, 2)), ("half", 9, (0, 1, 2)), ("minus50", None, ())])
def test_landing_on_the_limit(exact: str, score: int | None, alive: tuple[int, ...]) -> None:
    limit = 19 if exact != "minus50" else 60
    game = Dhumbal(players=3, scoring="points", limit=limit, exact=exact, rounds=9, starter="winner")
    state = position(game, "4S", "10S 9D", "7H")
    if exact == "minus50":
        state = replace(state, table=replace(state.table, purses=(0, 41, 0)))
        score, alive = 10, (0, 1, 2)
    state = play(game, state, "call")
    assert state.table.purses == (0, score, 7)
    assert state.table.alive == alive
    assert state.seat == 0
    assert state.table.next_seat[0] == (2 if alive == (0, 2) else 1)


def test_elimination_by_points_ends_the_match() -> None:
    game = Dhumbal(players=2, scoring="points", limit=20, rounds=9)
    state = play(game, position(game, "4S", "KS QS"), "call")
    assert state.over
    assert (state.last.ended, state.last.dealt) == (True, False)
    assert game.winner(state, (0.0, -25.0)) == 0


def test_a_seat_without_coins_is_out_or_plays_on() -> None:
    hands = "4S", "KS QS", "KD QD"
    out = Dhumbal(players=3, coins=25, rounds=5)
    assert play(out, position(out, *hands), "call").over  # both others are broke
    richer = Dhumbal(players=3, coins=25, rounds=5, starter="fixed")
    state = play(richer, position(richer, "4S", "KS QS", "9D"), "call")
    assert state.table.purses == (59, 0, 16)
    assert state.table.alive == (0, 2)
    assert state.hands.cards[1] == 0
    on = Dhumbal(players=3, coins=25, rounds=5, broke="plays", starter="fixed")
    state = play(on, position(on, "4S", "KS QS", "9D"), "call")
    assert state.table.alive == (0, 1, 2)
    assert play(on, position(on, *hands), "call").over


@pytest.mark.parametrize(("starter", "second", "third"), [("fixed", 0, 0), ("rotate", 1, 2), ("winner", 2, 2)])
def test_who_starts_the_next_round(starter: str, second: int, third: int) -> None:
    game = Dhumbal(players=3, starter=starter, rounds=3)
    hands = "9S", "9D", "AH"
    state = play(game, position(game, "4S", "9D", "AH"), "call")
    assert state.seat == state.table.first == second
    assert (state.last.ended, state.last.dealt) == (True, True)
    again = position(game, *hands, seat=second)
    state = replace(again, table=replace(state.table, deal=again.hands.cards))
    assert play(game, state, "call").seat == third


def test_the_rotating_start_is_drawn_evenly() -> None:
    game = Dhumbal(players=4)
    firsts = np.bincount([game.start(np.random.default_rng(seed)).seat for seed in range(1200)], minlength=4)
    assert np.abs(firsts - 300).max() < 4 * np.sqrt(1200 * 0.25 * 0.75)
    assert {Dhumbal.build("paper").start(np.random.default_rng(seed)).seat for seed in range(20)} == {0}


def test_an_empty_stock_is_refilled_from_the_pile_but_for_its_top() -> None:
    game = Dhumbal(players=2)
    state = position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D", up="9D")
    spent = mask_of(state.piles.stock)
    state = replace(state, piles=replace(state.piles, left=0, discards=state.piles.discards | spent))
    after = play(game, state, "discard KD KC", "take stock")
    assert (after.last.reshuffled, after.last.ended) == (True, False)
    assert after.piles.newest == (card("KC"),)
    assert after.piles.discards == 1 << card("KC")
    assert after.piles.left == 52 - 9 - 1
    assert after.piles.pools[-1] == spent | mask_of(cards("9D KD"))
    assert after.piles.pools[0] == mask_of(cards("5H 6H 7H KC AS 2S 3S 4S 6D"))
    any_card = Dhumbal(players=2, pickup="any")
    after = play(any_card, state, "discard KD KC", "take stock")
    assert after.piles.newest == tuple(cards("KD KC"))  # what is on offer stays


def test_a_stock_that_runs_out_may_end_the_round() -> None:
    game = Dhumbal(players=2, reshuffle=False, scoring="points", forced="nobody")
    state = position(game, "5H 6H 7H KD", "AS 2S 3S 4S 6D", stock="AC")
    state = replace(state, piles=replace(state.piles, left=1, stock=(card("AC"),)))
    after = play(game, state, "discard KD", "take stock")
    assert (after.table.showdown.how, after.table.showdown.caller) == ("stock", -1)
    assert game.rewards(after) == (-19.0, -16.0)
    assert after.over


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_step_refuses_what_is_not_legal_and_changes_nothing() -> None:
    game = Dhumbal(players=2)
    state = position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D")
    rng = np.random.default_rng(0)
    before = pickle.dumps(state)
    for action in (0, CALL, STOCK, -1, 318, True, 1.0, "call", None):
        with pytest.raises(IllegalAction):
            game.step(state, {0: action}, rng)
    for actions in ({}, {1: 17}, {0: 17, 1: 17}):
        with pytest.raises(OutOfTurn):
            game.step(state, actions, rng)
    assert game.step(state, {0: np.int64(17)}, rng) == game.step(state, {0: 17}, rng)
    assert pickle.dumps(state) == before


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"players": 8}, "players"),
        ({"players": 1}, "players"),
        ({"threshold": 0}, "threshold"),
        ({"jokers": 1}, "jokers"),
        ({"pickup": "top"}, "pickup"),
        ({"limit": 100}, "points"),
        ({"scoring": "points", "exact": "half"}, "limit"),
        ({"scoring": "points", "exact": "minus50", "limit": 40}, "50"),
        ({"pickup": "stock", "pickup_after": 2}, "pickup_after"),
        ({"scoring": "points", "broke": "plays"}, "coins"),
        ({"rounds": 2.5}, "rounds"),
        ({"reshuffle": 1}, "reshuffle"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(BadOption, match=word):
        Dhumbal.build(**options)


def test_unknown_options_and_presets_are_refused() -> None:
    with pytest.raises(UnknownName, match="threshold"):
        Dhumbal.build(treshold=5)
    with pytest.raises(UnknownName, match="paper"):
        Dhumbal.build("papers")


def test_presets() -> None:
    assert Dhumbal.build("standard") == Dhumbal()
    paper = Dhumbal.build("paper")
    assert (paper.threshold, paper.pickup, paper.starter, paper.turn_cap, paper.ties) == (10, "own_top", "fixed", 100, "seat")
    assert (paper.empty, paper.forced, paper.coins, paper.players, paper.court) == ("ends", "caller", 10_000, 4, "rank")


def test_the_deal_uses_every_card_alike() -> None:
    game = Dhumbal(players=4)
    counts = np.zeros((5, 52))
    for seed in range(1500):
        state = game.start(np.random.default_rng(seed))
        for place, hand in enumerate((*state.hands.cards, state.piles.discards)):
            counts[place, bits(hand)] += 1
    for row, share in zip(counts, (*[5 / 52] * 4, 1 / 52), strict=True):
        assert np.abs(row - 1500 * share).max() < 5 * np.sqrt(1500 * share * (1 - share))  # 52 cards: five standard errors


def test_the_discard_list_is_what_step_accepts() -> None:
    game = Dhumbal(players=2)
    state = position(game, "5H 6H 7H KD KC", "AS 2S 3S 4S 6D")
    held = set(cards("5H 6H 7H KD KC"))
    for action in range(318):
        legal = action < 315 and set(DISCARDS[action]) <= held
        assert (action in state.legal) == legal


def test_of_ones_own_discard_the_top_card_alone_can_be_taken_back() -> None:
    """`own_top`: after one card that card, after a run of three its last."""
    game = Dhumbal(players=2, pickup="own_top")
    for thrown, top in (("KD", "KD"), ("5H 6H 7H", "7H")):
        state = position(game, "5H 6H 7H KD QC", "AS 2S 3S 4S 6D")
        state = play(game, state, f"discard {thrown}")
        assert state.legal == (STOCK, TAKE)
        after = game.step(state, {0: TAKE}, np.random.default_rng(0))
        assert after.hands.cards[0] >> card(top) & 1


def test_one_coin_is_enough_for_another_round() -> None:
    game = Dhumbal(players=3, coins=60, rounds=20)
    assert _survivors(game, (1, 0, 5), (0, 1, 2)) == (0, 2)
    assert _survivors(game, (-1, 0, 5), (0, 1, 2)) == (2,)
    assert _survivors(Dhumbal(players=3, coins=60, rounds=20, broke="plays"), (1, 0, 5), (0, 1, 2)) == (0, 1, 2)
    assert _survivors(Dhumbal(players=3, coins=60, rounds=20, broke="plays"), (0, -3, 5), (0, 1, 2)) == (2,)
