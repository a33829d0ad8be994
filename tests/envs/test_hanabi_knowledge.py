"""What a seat of Hanabi may know, and that redrawing the rest is exactly as likely as the rules make it."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from agentarena.core.rng import stream
from agentarena.envs.hanabi import Hanabi, MiniHanabi, State
from agentarena.envs.hanabi.information import draw_hand
from agentarena.envs.hanabi.rules import legal_actions, orders

RULES = MiniHanabi()


PLACES = [(1, 0, 0), (0, 2, 1), (1, 2, 0), (0, 3, 1), (1, 3, 0), (0, 4, 1), (2, 4, 1), (0, 5, 1), (10, 5, 0)]
"""Positions by seed, moves and the seat that wonders."""


def reached(rules: Hanabi, seed: int, moves: int) -> State:
    """A position after some random moves (fewer when the match ends before)."""
    rng = np.random.default_rng(seed)
    state = rules.start(rng)
    for _ in range(moves):
        if state.seat < 0:
            break
        state = rules.step(state, {state.seat: state.legal[int(rng.integers(len(state.legal)))]}, rng)
    return state


def consistent(state: State, seat: int) -> set[bytes]:
    """Every deck with which the same moves give the seat the same information, by trying all 1120."""
    key, decks = RULES.information(state, seat), set()
    for deck in orders(RULES.cards):
        other, rng = RULES.deal(deck), np.random.default_rng(0)
        for move in state.moves:
            if move not in other.legal:
                break
            other = RULES.step(other, {other.seat: move}, rng)
        else:
            if RULES.information(other, seat) == key:
                decks.add(deck)
    return decks


@pytest.mark.parametrize(("seed", "moves", "seat"), PLACES)
def test_redrawn_decks_are_uniform_over_all_that_fit(seed: int, moves: int, seat: int) -> None:
    """Chi-square of redrawn decks against the uniform law over the decks found by trying all; 4.5 standard deviations."""
    state = reached(RULES, seed, moves)
    possible = consistent(state, seat)
    draws = 40 * len(possible)
    counts = Counter(RULES.resample(state, seat, stream(7, seed, i)).deck for i in range(draws))
    assert set(counts) <= possible
    chi_square = sum((counts[deck] - 40) ** 2 / 40 for deck in possible)
    freedom = len(possible) - 1
    assert chi_square <= freedom + 4.5 * math.sqrt(2 * freedom)


def test_the_positions_tried_leave_something_to_wonder_about() -> None:
    sizes = [len(consistent(reached(RULES, seed, moves), seat)) for seed, moves, seat in PLACES]
    assert min(sizes) >= 3
    assert max(sizes) >= 12


def test_equal_keys_mean_equal_sight_over_all_decks() -> None:
    """Of all decks, those with the seat's key are those with the same moves, news and observations all along."""
    state = reached(RULES, 8, 3)
    for seat in (0, 1):
        by_key = consistent(state, seat)
        by_sight = {deck for deck in orders(RULES.cards) if history(deck, state.moves, seat) == history(state.deck, state.moves, seat)}
        assert by_key == by_sight


def history(deck: bytes, moves: bytes, seat: int) -> list[str] | None:
    """All that a seat was ever shown, move by move; `None` where the moves are illegal."""
    state, rng, views = RULES.deal(deck), np.random.default_rng(0), []
    for move in (*moves, None):
        news = [[event.kind, dict(event.data)] for event in RULES.news(state) if event.visible_to(seat)]
        views.append(json.dumps([news, RULES.observe(state, seat).tolist(), state.legal if state.seat == seat else None]))
        if move is None:
            return views
        if move not in state.legal:
            return None
        state = RULES.step(state, {state.seat: move}, rng)
    return views


@pytest.mark.parametrize("seed", range(6))
def test_a_hand_is_drawn_as_by_listing_every_arrangement(seed: int) -> None:
    """Frequencies of hands against a count of all arrangements of distinct cards, in a larger game with random hints."""
    rng = stream(11, seed)
    counts = rng.integers(0, 4, 6)
    cards = [kind for kind, count in enumerate(counts) for _ in range(count)]
    picked = rng.permutation(len(cards))[:3]
    masks = tuple(1 << cards[i] | int(rng.integers(64)) for i in picked)
    exact = Counter(
        tuple(cards[i] for i in order)
        for order in itertools.permutations(range(len(cards)), 3)
        if all(mask >> cards[i] & 1 for mask, i in zip(masks, order, strict=True))
    )
    total, draws = sum(exact.values()), 4000
    drawn = Counter(tuple(draw_hand(masks, counts.tolist(), stream(12, seed, i))) for i in range(draws))
    assert set(drawn) <= set(exact)
    for hand, ways in exact.items():
        p = ways / total
        assert abs(drawn[hand] - draws * p) <= 5 * math.sqrt(draws * p * (1 - p)) + 1


@pytest.mark.parametrize("players", [2, 3, 5])
def test_redrawing_changes_nothing_that_the_seat_knows(players: int) -> None:
    rules = Hanabi(players=players, hand=4)
    changed = 0
    for seed in range(6):
        state = reached(rules, seed, 7 * seed)
        for seat in range(players):
            other = rules.resample(state, seat, stream(1, seed, seat))
            assert rules.information(other, seat) == rules.information(state, seat)
            assert np.array_equal(rules.observe(other, seat), rules.observe(state, seat))
            assert sorted(other.deck) == list(rules.cards)
            assert rules.resample(other, seat, stream(2)) == rules.resample(state, seat, stream(2))
            if other.seat >= 0 and other.seat != seat:
                assert other.legal == legal_actions(rules, other.deck, other.hands, other.seat, other.tokens)
            changed += other.deck != state.deck
    assert changed > 10


def test_all_orders_of_the_mini_deck_are_listed_once() -> None:
    listed = RULES.chance(None, None)
    assert len({state.deck for _, state in listed}) == len(listed) == math.factorial(8) // (math.factorial(3) ** 2)
    assert math.isclose(sum(probability for probability, _ in listed), 1.0)


def test_the_recorded_matches_hold_every_kind_of_ending() -> None:
    """The comparison with OpenSpiel covers lost lives, full piles, an exhausted deck and won tokens."""
    recorded = json.loads((Path(__file__).parent / "hanabi_openspiel.json").read_text())
    endings = Counter[str]()
    for entry in recorded.values():
        rules = Hanabi(**entry["options"])
        for match in entry["matches"]:
            rest = list(rules.cards)
            for kind in match["deals"]:
                rest.remove(kind)
            state, rng = rules.deal(bytes(match["deals"] + rest)), np.random.default_rng(0)
            for move in match["moves"]:
                state = rules.step(state, {state.seat: move}, rng)
                endings["token"] += state.token_won
            endings["lives" if not state.lives else "piles" if sum(state.fireworks) == rules.kinds else "deck"] += 1
    assert min(endings[name] for name in ("lives", "piles", "deck", "token")) >= 3, endings
