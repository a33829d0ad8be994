"""What a Dhumbal seat can and cannot know: observations, information keys, redrawn states."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agentarena.envs.dhumbal import Dhumbal, State
from agentarena.envs.dhumbal.actions import STOCK, TAKE
from agentarena.envs.dhumbal.observation import unseen
from agentarena.envs.dhumbal.state import UNKNOWN, bits

VARIANTS: list[dict[str, Any]] = [
    {},
    {"preset": "paper", "rounds": 2},
    {"preset": "yaniv", "rounds": 3},
    {"players": 7, "pickup": "any", "rounds": 2, "turn_cap": 150},
    {"players": 2, "pickup": "ends", "threshold": 1, "turn_cap": 150},
]


def at_random(game: Dhumbal, seed: int) -> list[State]:
    rng, choice = np.random.default_rng(seed), np.random.default_rng(seed + 1000)
    states = [game.start(rng)]
    while not states[-1].over:
        legal = states[-1].legal
        states.append(game.step(states[-1], {states[-1].seat: legal[int(choice.integers(len(legal)))]}, rng))
    return states


def face(game: Dhumbal, state: State, seat: int) -> tuple[object, ...]:
    """Everything the seat is shown."""
    news = tuple(event for event in game.news(state) if event.visible_to(seat))
    legal = game.legal(state, seat) if state.seat == seat else ()
    text = game.text.view(state, seat, news)
    return (game.observe(state, seat).tobytes(), text, game.information(state, seat), legal, news, game.to_move(state), game.rewards(state))


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_a_redrawn_state_looks_the_same_and_forgets_the_truth(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    for seed in range(3):
        for state in at_random(game, seed)[:: 7 if game.rounds == 1 else 29]:
            for seat in range(game.players):
                other = game.resample(state, seat, np.random.default_rng(seed))
                assert face(game, other, seat) == face(game, state, seat)
                once = game.resample(state, seat, np.random.default_rng(99))
                again = game.resample(other, seat, np.random.default_rng(99))
                assert once == again
                for twin in (other, once):
                    piles = [*twin.hands.cards, twin.piles.discards, sum(1 << card for card in twin.piles.stock[: twin.piles.left])]
                    assert sum(piles) == game.deck.all
                    assert [h.bit_count() for h in twin.hands.cards] == [h.bit_count() for h in state.hands.cards]
                    assert all(known & ~hand == 0 for known, hand in zip(twin.hands.known, twin.hands.cards, strict=True))


@pytest.mark.parametrize("options", VARIANTS[:3], ids=str)
def test_redrawn_states_play_on_to_the_end(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    rng = np.random.default_rng(0)
    for state in at_random(game, 4)[5:60:9]:
        twin = game.resample(state, 1, rng)
        while not twin.over:
            twin = game.step(twin, {twin.seat: twin.legal[int(rng.integers(len(twin.legal)))]}, rng)
            game.news(twin)
            assert all(game.information(twin, seat) for seat in range(game.players))


def swap_hidden(state: State, seat: int, rng: np.random.Generator) -> State:
    """The state with the cards of one other hand exchanged for cards of the stock, all unseen by `seat`."""
    others = [s for s in state.table.alive if s != seat]
    other = others[int(rng.integers(len(others)))]
    piles = state.piles
    mine = bits(state.hands.cards[other] & ~state.hands.known[other] & piles.pools[-1])
    stock = list(piles.stock[: piles.left])
    hand = state.hands.cards[other]
    for card, place in zip(mine, rng.permutation(piles.left).tolist(), strict=False):
        hand ^= 1 << card | 1 << stock[place]
        stock[place] = card
    hands = replace(state.hands, cards=tuple(hand if s == other else h for s, h in enumerate(state.hands.cards)))
    last = state.last
    if last.action == STOCK and last.seat != seat:
        last = replace(last, cards=(bits(hand)[0],))
    deal = tuple(hand if s == other else d for s, d in enumerate(state.table.deal))
    return replace(state, hands=hands, piles=replace(piles, stock=tuple(stock)), last=last, table=replace(state.table, deal=deal))


@pytest.mark.parametrize("options", VARIANTS[:2], ids=str)
def test_what_is_hidden_changes_nothing_that_is_shown(options: dict[str, Any]) -> None:
    game = Dhumbal.build(**options)
    rng = np.random.default_rng(6)
    changed = 0
    for state in at_random(game, 8)[:-1:5]:
        for seat in range(game.players):
            other = swap_hidden(state, seat, rng)
            changed += other.hands != state.hands
            if state.seat != seat and not state.taking:
                other = replace(other, legal=game.deck.moves(other.hands.cards[state.seat], game.threshold))
            assert face(game, other, seat) == face(game, state, seat)
            fresh = [game.resample(s, seat, np.random.default_rng(3)) for s in (state, other)]
            assert fresh[0] == fresh[1]
    assert changed > 20


def test_private_news_reach_their_owner_alone() -> None:
    game = Dhumbal()
    for state in at_random(game, 1):
        for event in game.news(state):
            if event.kind in ("hand", "drawn"):
                assert event.audience == (event.data["seat"],)
            else:
                assert event.audience is None
                assert event.kind != "draw" or set(event.data) == {"seat"}


def test_the_other_players_draws_are_unknown_in_a_redrawn_state() -> None:
    game = Dhumbal()
    state = game.start(np.random.default_rng(0))
    for action in (state.legal[0], STOCK):
        state = game.step(state, {state.seat: action}, np.random.default_rng(1))
    mover, watcher = state.last.seat, (state.last.seat + 1) % 4
    assert game.resample(state, watcher, np.random.default_rng(0)).last.cards == (UNKNOWN,)
    assert game.resample(state, mover, np.random.default_rng(0)).last == state.last


def test_picked_up_cards_are_public_until_they_are_thrown() -> None:
    game = Dhumbal(players=3)
    state = game.start(np.random.default_rng(2))
    seat = state.seat
    up = state.piles.newest[0]
    for action in (state.legal[0], TAKE):
        state = game.step(state, {state.seat: action}, np.random.default_rng(1))
    watcher = (seat + 1) % 3
    plane = game.observe(state, watcher)[game.layout["known"]].reshape(2, 52)
    assert plane[1].tolist() == [float(card == up) for card in range(52)]  # seats after the watcher: the third, then `seat`
    assert plane[0].sum() == 0
    assert not unseen(state, watcher) >> up & 1
    for seed in range(30):
        assert game.resample(state, watcher, np.random.default_rng(seed)).hands.cards[seat] >> up & 1


def after_a_reshuffle(game: Dhumbal) -> State:
    for seed in range(60):
        for state in at_random(game, seed):
            if len(state.piles.pools) > 1 and not state.over and state.piles.left > 8:
                return state
    raise AssertionError("no reshuffle in 60 rounds")


def test_hidden_cards_are_uniform_within_what_a_seat_knows() -> None:
    game = Dhumbal(players=3, threshold=1)
    state = after_a_reshuffle(game)
    seat, trials = state.seat, 4000
    places = unseen(state, seat)
    old, new = (places & ~state.piles.pools[-1]), (places & state.piles.pools[-1])
    assert old
    where: Counter[tuple[int, int]] = Counter()
    rng = np.random.default_rng(0)
    for _ in range(trials):
        twin = game.resample(state, seat, rng)
        assert sum(1 << card for card in twin.piles.stock) & old == 0  # the old stock was used up, so its cards are in hands
        for other in range(3):
            where.update((other, card) for card in bits(twin.hands.cards[other] & places))
    for pool in (old, new):
        for other in range(3):
            if other == seat or not pool:
                continue
            share = (state.hands.cards[other] & ~state.hands.known[other] & pool).bit_count() / pool.bit_count()
            error = np.sqrt(share * (1 - share) / trials)
            for card in bits(pool):
                assert abs(where[other, card] / trials - share) <= 4.5 * error  # some hundred comparisons
    assert np.array_equal(np.flatnonzero(game.observe(state, seat)[game.layout["stock"]]), bits(new))


def test_the_order_of_the_stock_is_uniform() -> None:
    game = Dhumbal(players=2)
    state = game.start(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    tops = Counter(game.resample(state, 0, rng).piles.stock[-1] for _ in range(5000))
    hidden = bits(unseen(state, 0))
    assert set(tops) == set(hidden)
    expected = 5000 / len(hidden)
    chi2 = sum((tops[card] - expected) ** 2 / expected for card in hidden)
    degrees = len(hidden) - 1
    assert abs(chi2 - degrees) < 4 * np.sqrt(2 * degrees)


def test_information_remembers_the_own_past_and_nothing_else() -> None:
    game = Dhumbal(players=2)
    start = game.start(np.random.default_rng(3))
    seat = start.seat
    first, second = start.legal[0], start.legal[1]
    a = game.step(start, {seat: first}, np.random.default_rng(0))
    b = game.step(start, {seat: second}, np.random.default_rng(0))
    assert game.information(a, seat) != game.information(b, seat)
    assert game.information(a, 1 - seat) != game.information(b, 1 - seat)  # discards are public
    one = game.step(a, {seat: STOCK}, np.random.default_rng(0))
    order = list(a.piles.stock)
    order[-1], order[-2] = order[-2], order[-1]
    two = game.step(replace(a, piles=replace(a.piles, stock=tuple(order))), {seat: STOCK}, np.random.default_rng(0))
    assert game.information(one, seat) != game.information(two, seat)
    assert game.information(one, 1 - seat) == game.information(two, 1 - seat)  # what another drew is not


def test_information_outlives_the_round() -> None:
    game = Dhumbal(players=2, rounds=2, threshold=64)
    keys = []
    for seed in (3, 4):
        state = game.start(np.random.default_rng(3))
        stock = list(state.piles.stock)
        stock[-2 - seed], stock[-1] = stock[-1], stock[-2 - seed]
        state, seat = replace(state, piles=replace(state.piles, stock=tuple(stock))), state.seat
        rng = np.random.default_rng(0)
        for move in (state.legal[0], STOCK):
            state = game.step(state, {state.seat: move}, rng)
        drawn = state.last.cards[0]
        state = game.step(state, {state.seat: state.legal[0]}, rng)
        state = game.step(state, {state.seat: STOCK}, rng)
        state = game.step(state, {state.seat: drawn}, rng)  # throw the one card that differs
        state = game.step(state, {state.seat: STOCK}, rng)
        state = game.step(state, {state.seat: 315}, np.random.default_rng(7))
        assert state.table.number == 2
        keys.append((game.information(state, seat), state.hands.cards[seat]))
    assert keys[0][1] == keys[1][1]
    assert keys[0][0] != keys[1][0]
