"""Dhumbal's cards and discards, against brute force and combinatorics."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from agentarena.envs.dhumbal import Dhumbal
from agentarena.envs.dhumbal.actions import CALL, DISCARDS, JOKER, STOCK, TAKE, action_name, deck
from agentarena.envs.dhumbal.state import JOKERS, bits, card_name, mask_of

HANDS = math.comb(52, 5)


def may_discard(cards: tuple[int, ...]) -> bool:
    """The rule in its plainest form: one card, one rank, or consecutive ranks of one suit."""
    ranks, suits = sorted(card % 13 for card in cards), {card // 13 for card in cards}
    if len(cards) == 1 or len(set(ranks)) == 1:
        return True
    return len(cards) >= 3 and len(suits) == 1 and ranks == list(range(ranks[0], ranks[0] + len(ranks)))


def may_discard_with_jokers(cards: tuple[int, ...]) -> bool:
    """A joker alone, or jokers that fill or lengthen a run of at least two natural cards."""
    natural = [card for card in cards if card < 52]
    wild = len(cards) - len(natural)
    if not wild:
        return may_discard(cards)
    if len(cards) == 1:
        return True
    ranks = sorted(card % 13 for card in natural)
    one_suit = len({card // 13 for card in natural}) == 1 and len(natural) >= 2
    return one_suit and len(cards) >= 3 and ranks[-1] - ranks[0] + 1 <= len(cards)


def subsets(hand: list[int]) -> list[tuple[int, ...]]:
    return [cards for size in range(1, len(hand) + 1) for cards in combinations(hand, size)]


def test_there_are_315_discards_and_318_actions() -> None:
    assert len(DISCARDS) == len({frozenset(cards) for cards in DISCARDS}) == 315
    assert [sum(1 for cards in DISCARDS if kind(cards)) for kind in (is_single, is_set, is_run)] == [52, 143, 120]
    assert Dhumbal().action_space(0).n == 318
    assert Dhumbal.build("paper").action_space(0).n == 318


def is_single(cards: tuple[int, ...]) -> bool:
    return len(cards) == 1


def is_set(cards: tuple[int, ...]) -> bool:
    return len(cards) > 1 and len({card % 13 for card in cards}) == 1


def is_run(cards: tuple[int, ...]) -> bool:
    return len(cards) > 1 and len({card // 13 for card in cards}) == 1


def test_the_discards_of_the_whole_deck_are_all_that_brute_force_finds() -> None:
    allowed = {frozenset(cards) for size in (1, 2, 3) for cards in combinations(range(52), size) if may_discard(cards)}
    assert allowed == {frozenset(cards) for cards in DISCARDS if len(cards) <= 3}


def test_legal_discards_equal_a_brute_force_over_all_subsets() -> None:
    rng, pack = np.random.default_rng(0), deck("rank", 0)
    for _ in range(1500):
        hand = sorted(rng.permutation(52)[: rng.integers(1, 6)].tolist())
        legal = pack.moves(mask_of(hand), 0)
        assert list(legal) == sorted(set(legal))
        assert sorted(DISCARDS[a] for a in legal) == sorted(cards for cards in subsets(hand) if may_discard(cards))


def test_legal_discards_of_suited_hands_equal_a_brute_force() -> None:
    pack = deck("rank", 0)
    for suit in range(4):
        for hand in combinations(range(13 * suit, 13 * suit + 13), 5):
            legal = pack.moves(mask_of(hand), 0)
            assert sum(1 for a in legal if a >= 195) == sum(1 for cards in subsets(list(hand)) if len(cards) > 2 and may_discard(cards))


def test_legal_discards_with_jokers_equal_a_brute_force() -> None:
    rng, pack = np.random.default_rng(1), deck("rank", 2)
    for trial in range(1500):
        jokers = [52, 53][: 1 + trial % 2] if trial % 3 else [53]
        suited = 13 * int(rng.integers(4)) + rng.permutation(13)[: 5 - len(jokers)]
        natural = suited if trial % 2 else rng.permutation(52)[: 5 - len(jokers)]
        hand = sorted([*natural.tolist(), *jokers])
        legal = pack.moves(mask_of(hand), 0)
        assert list(legal) == sorted(set(legal))
        expected = {tuple(c if c < 52 else -1 for c in cards) for cards in subsets(hand) if may_discard_with_jokers(cards)}
        got = [tuple(sorted(pack.discards[a], key=lambda c: c if c >= 0 else 99)) for a in legal]
        assert len(got) == len(set(got))
        assert set(got) == expected
        for action in legal:
            cards, mask = pack.thrown(action, mask_of(hand))
            assert set(cards) <= set(hand)
            assert mask == mask_of(cards)
            assert len(set(cards)) == len(cards) == pack.counts[action]


def test_jokers_add_their_own_actions_after_all_others() -> None:
    with_jokers = Dhumbal.build("yaniv")
    # in a suit: one joker with 2, 3 or 4 cards 23 + 31 + 37, two jokers with 2 or 3 cards 33 + 58 (count of spans)
    assert with_jokers.action_space(0).n == JOKER + 1 + 4 * (23 + 31 + 37 + 33 + 58)
    assert with_jokers.deck.discards[:315] == DISCARDS


def test_a_joker_fills_a_gap_and_then_lengthens_upwards() -> None:
    pack = deck("rank", 2)
    hand = mask_of([4, 6, 52, 53])
    names = {tuple(pack.thrown(a, hand)[0]) for a in pack.moves(hand, 0) if a > JOKER}
    assert names == {(4, 52, 6), (4, 52, 6, 53)}
    kings = mask_of([11, 12, 53])
    assert [pack.thrown(a, kings)[0] for a in pack.moves(kings, 0) if a > JOKER] == [(53, 11, 12)]
    assert pack.thrown(JOKER, JOKERS)[0] == (52,)


def test_hand_values_follow_the_published_counts() -> None:
    pack = deck("rank", 0)
    low = [mask_of(cards) for cards in combinations([s * 13 + r for s in range(4) for r in range(6)], 5)]  # rank 7 makes 11 at least
    values = [pack.value(hand) for hand in low]
    assert sum(v <= 5 for v in values) == 0
    assert sum(v <= 7 for v in values) == 32  # of 2 598 960 deals
    assert sum(v <= 10 for v in values) == 848
    assert sum(CALL in pack.moves(hand, 10) for hand in low) == 848
    assert sum(pack.values) / 52 * 5 == 35.0


def expected_discards() -> float:
    """Mean number of legal discards of five cards: linearity over the 315 discards."""
    return sum(math.comb(52 - len(cards), 5 - len(cards)) for cards in DISCARDS) / HANDS


def test_mean_number_of_legal_discards() -> None:
    rng, pack = np.random.default_rng(2), deck("rank", 0)
    assert expected_discards() == pytest.approx(5.63, abs=0.005)  # the published figure
    counts = [len(pack.moves(mask_of(rng.permutation(52)[:5].tolist()), 0)) for _ in range(8000)]
    assert np.mean(counts) == pytest.approx(expected_discards(), abs=4 * np.std(counts) / math.sqrt(8000))
    assert max(counts) <= 16
    four_of_a_kind = mask_of([0, 13, 26, 39, 5])
    assert len(pack.moves(four_of_a_kind, 0)) == 16


@pytest.mark.parametrize(("court", "total"), [("rank", 364), ("ten", 340)])
def test_values_of_the_deck(court: str, total: int) -> None:
    pack = deck(court, 2)
    assert sum(pack.values) == total
    assert pack.value(JOKERS) == 0
    assert all(pack.value(1 << card) == pack.values[card] for card in range(54))
    assert all(pack.worth[a] == sum(pack.values[c] for c in cards) for a, cards in enumerate(DISCARDS))


def test_names() -> None:
    assert len({card_name(card) for card in range(54)}) == 54
    size = int(Dhumbal.build("yaniv").action_space(0).n)
    assert len({action_name(action) for action in range(size)}) == size
    run = next(a for a, cards in enumerate(DISCARDS) if cards == (17, 18, 19))
    assert action_name(run) == "discard 5H 6H 7H"
    assert [action_name(a) for a in (CALL, STOCK, TAKE, JOKER)] == ["call", "take stock", "take discard", "discard joker"]


def test_bits() -> None:
    assert bits(mask_of([3, 51, 0])) == [0, 3, 51]
